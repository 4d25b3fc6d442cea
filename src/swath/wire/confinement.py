"""What may open a bucket for those who do not own the machine that opens it.

Their requests go out from that machine, so they could reach what only it can reach: other services of its network, the
metadata of a cloud, the roles that its own credentials may take on. What they give is checked before it is kept, and
again whenever it is used, for names change their addresses.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from swath.core.errors import InvalidConfig


def check_confined_access(
    access: Mapping[str, str],
    *,
    listed_endpoints: Collection[str] = (),
    delegated_roles: Collection[str] = (),
    field: str = "credentials",
) -> None:
    """Raise InvalidConfig, naming the field, for an access that only the owner of the machine may use.

    An endpoint is one that the operator listed, or an https address that is public. A role without keys is one of
    those that the machine's own credentials may take on for everybody (patterns with `*`), at a listed endpoint only.
    """
    endpoint = access.get("endpoint", "").rstrip("/")
    is_listed = endpoint in {one.rstrip("/") for one in listed_endpoints}
    if endpoint and not is_listed:
        require_public_address(endpoint, field=f"{field}.endpoint")
    check_role(access, delegated_roles, field=field)
    if endpoint and not is_listed and _is_taken_on_by_machine(access):
        raise InvalidConfig(
            "the credentials of this machine, which would take on the role, are not shown to that endpoint",
            field=f"{field}.endpoint",
            hint="Give keys with the role, or ask the operator to list the endpoint in `SWATH_ENDPOINTS`.",
        )


def check_role(access: Mapping[str, str], delegated_roles: Collection[str], *, field: str = "credentials") -> None:
    """Raise InvalidConfig for a role that the machine's own credentials would take on, unless everybody may do so."""
    role = access.get("role_arn", "")
    if _is_taken_on_by_machine(access) and not any(fnmatchcase(role, one) for one in delegated_roles):
        raise InvalidConfig(
            f"`{role}` cannot be taken on here without keys: the credentials of this machine are for its owner",
            field=f"{field}.role_arn",
            hint="Give keys with it, or ask the operator to list the role in `SWATH_DELEGATED_ROLES`.",
        )


def _is_taken_on_by_machine(access: Mapping[str, str]) -> bool:
    return bool(access.get("role_arn")) and not access.get("access_key_id")


def require_public_address(url: str, *, field: str) -> None:
    """Raise InvalidConfig unless a URL is https and each address of its host is of the public Internet."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
    except ValueError:
        host, port = "", 0
    if not host or parts.scheme != "https" or parts.username or parts.password:
        raise InvalidConfig(
            f"`{field}` is not the https address of a store",
            field=field,
            hint="Others can be used once the server's operator lists them in `SWATH_ENDPOINTS`.",
        )
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise InvalidConfig(f"the host `{host}` of `{field}` is not known", field=field) from None
    # One address is enough to be led there.
    if not all(ipaddress.ip_address(address[4][0]).is_global for address in found):
        raise InvalidConfig(
            f"the host `{host}` of `{field}` is not on the public Internet",
            field=field,
            hint="The server's operator can list it in `SWATH_ENDPOINTS`.",
        )
