"""What it takes to get at a bucket: names of credentials and settings, the same wherever they are given.

An access is a flat document of texts, for it is kept encrypted and shown masked as such. What is no secret (`SHOWN`)
may be shown as it is.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import replace

from swath.core.errors import InvalidConfig
from swath.wire.locations import Location, Scheme

S3_FIELDS = (
    "access_key_id",
    "secret_access_key",
    "session_token",
    "role_arn",  # assumed with the keys given, else with those of the machine
    "external_id",  # of the role
    "region",
    "endpoint",
    "kms_key",  # ARN of the key that new files are encrypted under
)
GCS_FIELDS = ("service_account", "project_id", "endpoint")  # service_account: the JSON of its key
AZURE_FIELDS = ("account_name", "account_key", "sas_token", "endpoint")

FIELDS: dict[Scheme, tuple[str, ...]] = {
    Scheme.FOLDER: (),
    Scheme.S3: S3_FIELDS,
    Scheme.OBS: S3_FIELDS,
    Scheme.GCS: GCS_FIELDS,
    Scheme.AZURE: AZURE_FIELDS,
}
"""What an access to a place of each kind may hold. All are optional."""

SHOWN = frozenset({"region", "endpoint", "role_arn", "kms_key", "project_id", "account_name"})
"""Fields that are no secrets."""

_NAMES = {"region": re.compile("[A-Za-z0-9-]{1,64}"), "account_name": re.compile("[A-Za-z0-9-]{1,64}")}
"""What becomes part of the name of a host."""


def with_account(place: Location, access: Mapping[str, str] | None) -> Location:
    """The place with the account that only its access names, as an operator's endpoints may name it."""
    if place.scheme is not Scheme.AZURE or place.account or access is None:
        return place
    return replace(place, account=access.get("account_name", ""))


def check_access(scheme: Scheme, access: Mapping[str, str], *, field: str = "credentials") -> dict[str, str]:
    """The access without empty fields. Raises InvalidConfig for a field that places of this kind do not have, for ones
    that are of no use without another and for names that cannot be; values are never repeated."""
    given = {name: value.strip() for name, value in access.items() if value.strip()}
    known = FIELDS[scheme]
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            names = ", ".join(f"`{one}`" for one in known) or "none"
            raise InvalidConfig(
                f"`{field}.{name}` is not known for `{scheme}://`",
                field=f"{field}.{name}",
                hint=f"Did you mean `{near[0]}`?" if near else f"There are {names}.",
            )
    for one, other in (("access_key_id", "secret_access_key"), ("secret_access_key", "access_key_id")):
        if one in given and other not in given:
            raise InvalidConfig(f"`{field}.{one}` needs `{field}.{other}`", field=f"{field}.{other}")
    for name, value in given.items():
        # They go into the heads of requests, where nothing else can stand.
        if name != "service_account" and not (value.isascii() and value.isprintable()):
            raise InvalidConfig(f"`{field}.{name}` holds characters that none has", field=f"{field}.{name}")
    for name, pattern in _NAMES.items():
        if name in given and not pattern.fullmatch(given[name]):
            raise InvalidConfig(f"`{field}.{name}` cannot be such a name", field=f"{field}.{name}")
    return given
