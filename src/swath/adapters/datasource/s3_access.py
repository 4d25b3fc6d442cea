"""What it takes to get at S3: keys, the machine's own credentials, or a role that either may assume."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError

from swath.adapters.datasource.dialect import CredentialsUnavailable, Explanation
from swath.adapters.datasource.s3 import DEFAULT_REGION, Keys, S3Dialect, explained
from swath.core.errors import InvalidConfig
from swath.wire.endpoints import check_endpoint
from swath.wire.locations import Location, Scheme

ROLE_DURATION_S = 3600
"""How long an assumed role is asked for: what every role allows. It is renewed well before."""


def s3_dialect(bucket: Location, access: Mapping[str, str] | None, endpoint: str) -> S3Dialect:
    """The dialect of a bucket. Raises InvalidConfig."""
    given = access or {}
    is_obs = bucket.scheme is Scheme.OBS
    region = given.get("region", "")
    session: Any = None
    if access is None or ("role_arn" in given and "access_key_id" not in given):
        session = _machine_session()
        region = region or session.region_name or ""
        endpoint = endpoint or (_machine_endpoint(session) if access is None else "")
    if is_obs and not endpoint:
        raise InvalidConfig(
            f"`{bucket.uri}` needs an `endpoint`",
            field="credentials.endpoint",
            hint="For example `https://obs.eu-west-101.myhuaweicloud.eu`.",
        )
    keys = _keys(given, session)
    if "role_arn" in given:
        keys = _role_keys(given, keys, region or DEFAULT_REGION, endpoint)
    return S3Dialect(
        bucket.bucket,
        endpoint=endpoint,
        region=region,
        kms_key=given.get("kms_key", ""),
        is_obs=is_obs,
        credentials=keys or _nothing,
        is_anonymous=keys is None,
    )


def _nothing() -> None:
    return None


def _keys(given: Mapping[str, str], session: Any) -> Callable[[], Keys | None] | None:
    """Where keys come from, None if there are none."""
    if "access_key_id" in given:
        fixed = Keys(
            access_key_id=given["access_key_id"].strip(),
            secret_access_key=given["secret_access_key"].strip(),
            session_token=given.get("session_token", "").strip(),
        )
        return lambda: fixed
    return None if session is None else _found_keys(session)


def _machine_session() -> Any:
    try:
        return boto3.Session()
    except BotoCoreError as exc:  # a profile that is not there, a file that cannot be read
        raise InvalidConfig(
            f"This machine's settings for S3 cannot be used (`{type(exc).__name__}`)",
            hint="Check the environment variables `AWS_*` and the files in `~/.aws`.",
        ) from None


def _machine_endpoint(session: Any) -> str:
    # botocore knows the precedence of AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL and the files; making a client asks it.
    url = str(session.client("s3", region_name=session.region_name or DEFAULT_REGION).meta.endpoint_url)
    return "" if ".amazonaws.com" in url else check_endpoint(url, field="AWS_ENDPOINT_URL")


def _found_keys(session: Any) -> Callable[[], Keys | None] | None:
    """What botocore finds, renewed by it as it ages; None if there is nothing."""
    try:
        found = session.get_credentials()
    except (BotoCoreError, ClientError) as exc:
        raise InvalidConfig(
            f"This machine's credentials for S3 cannot be used (`{type(exc).__name__}`)",
            hint="Check the environment variables `AWS_*` and the files in `~/.aws`.",
        ) from None
    return None if found is None else lambda: _frozen(found, "this machine's credentials")


def _role_keys(
    given: Mapping[str, str], base: Callable[[], Keys | None] | None, region: str, endpoint: str
) -> Callable[[], Keys | None]:
    """The keys of an assumed role, assumed anew before they expire."""
    if base is None:
        raise InvalidConfig(
            f"The role `{given['role_arn']}` needs somebody to assume it, and this machine has no credentials",
            field="credentials.role_arn",
            hint="Give `access_key_id` and `secret_access_key`, or run where there are credentials.",
        )
    asked = {
        "RoleArn": given["role_arn"],
        "RoleSessionName": f"swath-{secrets.token_hex(4)}",
        "DurationSeconds": ROLE_DURATION_S,
    }
    if given.get("external_id"):
        asked["ExternalId"] = given["external_id"]

    def assume() -> dict[str, str]:
        keys = base()
        assert keys is not None
        client = boto3.Session(
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            aws_session_token=keys.session_token or None,
            region_name=region,
            # Nothing of the machine's files: a profile there must not change what was given.
            botocore_session=botocore.session.Session(profile=None),
        ).client("sts", endpoint_url=endpoint or None, config=Config(retries={"mode": "standard", "max_attempts": 5}))
        role = client.assume_role(**asked)["Credentials"]
        return {
            "access_key": role["AccessKeyId"],
            "secret_key": role["SecretAccessKey"],
            "token": role["SessionToken"],
            "expiry_time": role["Expiration"].isoformat(),
        }

    role = DeferredRefreshableCredentials(refresh_using=assume, method="sts-assume-role")
    return lambda: _frozen(role, f"the role `{given['role_arn']}`")


def _frozen(found: Any, what: str) -> Keys:
    """The keys of this instant, renewed if due. Raises CredentialsUnavailable."""
    try:
        keys = found.get_frozen_credentials()
        return Keys(access_key_id=keys.access_key, secret_access_key=keys.secret_key, session_token=keys.token or "")
    except ClientError as exc:
        code = str(exc.response.get("Error", {}).get("Code", ""))
    except BotoCoreError as exc:
        code = type(exc).__name__
    raise CredentialsUnavailable(_why_not(code, what))


def _why_not(code: str, what: str) -> Explanation:
    if code == "AccessDenied":
        return Explanation(
            reason=f"{what} may not be assumed",
            hint="Check its trust policy: it names who may assume it, and the external id.",
        )
    known = explained(code)
    return Explanation(
        reason=f"{what} cannot be had: {known.reason if known else f'`{code}`'}", hint=known.hint if known else ""
    )
