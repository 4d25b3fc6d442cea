"""Datasources as scripts configure them: seven kinds of storage, and what is told about them afterwards.

What comes in is taken leniently: older clients check nothing. What goes out is what strict clients read: each secret
is there and not empty, and each field has a value that its pattern allows, whatever was handed in.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from abc import abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import unquote, urlsplit

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, model_validator

from swath.core.errors import InvalidConfig
from swath.wire.datasource_access import check_access
from swath.wire.lightly.base import Answer, Request
from swath.wire.locations import Location, Scheme, parse_location

MASK = "hidden-by-the-server"
"""In place of every secret. Of letters and hyphens, since some must look like an identifier."""


class DatasourcePurpose(StrEnum):
    """What a storage is for: images, what is written, or both."""

    INPUT_OUTPUT = "INPUT_OUTPUT"
    INPUT = "INPUT"
    LIGHTLY = "LIGHTLY"


class DatasourceConfig(Request):
    """What all kinds have. Immutable; `secret_fields` are never shown."""

    secret_fields: ClassVar[tuple[str, ...]] = ()
    shown_as: ClassVar[tuple[tuple[str, re.Pattern[str], str | None], ...]] = ()
    """Fields, what strict clients accept there, and what they are told in place of anything else (None: nothing)."""

    purpose: DatasourcePurpose = DatasourcePurpose.INPUT_OUTPUT
    full_path: str = ""
    thumb_suffix: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, document: object) -> object:
        """Older clients send null for what they were not given."""
        return {k: v for k, v in document.items() if v is not None} if isinstance(document, dict) else document

    @abstractmethod
    def location(self) -> Location | None:
        """The place; None for storage of the server's own. Raises InvalidConfig."""

    def access(self) -> dict[str, str] | None:
        """What opens the place (`swath.wire.datasource_access`); None where nothing is needed. Raises InvalidConfig."""
        return None

    def without_secrets(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude=set(self.secret_fields), exclude_none=True)

    def secrets(self) -> dict[str, str]:
        return self.model_dump(mode="json", include=set(self.secret_fields), exclude_none=True)

    def answer(self, config_id: str | None) -> dict[str, Any]:
        """The document for clients: secrets masked, every field as strict ones want it."""
        shown: dict[str, str | None] = dict.fromkeys(self.secret_fields, MASK)
        for name, pattern, instead in self.shown_as:
            value = getattr(self, name)
            shown[name] = value if value is not None and pattern.search(value) else instead
        document = self.model_copy(update=shown).model_dump(mode="json", by_alias=True, exclude_none=True)
        return document if config_id is None else {"id": config_id, **document}

    def _bucket(self, scheme: Scheme, *, account: str = "") -> Location:
        """`bucket/prefix`, with or without the scheme in front."""
        path = self.full_path.strip()
        if "://" not in path:
            path = f"{scheme}://{path.lstrip('/')}"
        found = parse_location(path, field="fullPath")
        if found.scheme is not scheme:
            raise InvalidConfig(f"`{self.full_path}` is no place of this kind of storage", field="fullPath")
        if account and not found.account:
            start = f"{scheme}://{found.bucket}@{account}"
            return parse_location(f"{start}/{found.path}" if found.path else start, field="accountName")
        return found


def _text(value: object) -> object:
    """The key file of a service account may come as the object that it is."""
    return json.dumps(value) if isinstance(value, dict) else value


_ANY = re.compile(r".")
_ROLE = re.compile(r"^arn:aws:iam::[0-9]{12}:role.+$")
_KMS_KEY = re.compile(r"^arn:aws:kms:[a-zA-Z0-9-]*:[0-9]{12}:key.+$")
_URL = re.compile(r"^https?://.+$")

REGIONS = (
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "af-south-1",
    "ap-east-1",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ca-central-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-south-1",
    "eu-south-2",
    "eu-north-1",
    "me-south-1",
    "me-central-1",
    "sa-east-1",
    "us-gov-east",
    "us-gov-west",
)
"""The regions that strict clients can be told; others work as well."""

_REGION = re.compile(rf"^({'|'.join(REGIONS)})$")

_REAL_REGIONS = {"us-gov-east": "us-gov-east-1", "us-gov-west": "us-gov-west-1"}


class _S3(DatasourceConfig):
    s3_region: str = ""
    s3_kms_key: str | None = Field(default=None, alias="s3ServerSideEncryptionKMSKey")

    def location(self) -> Location | None:
        return self._bucket(Scheme.S3)

    def _s3_access(self, **more: str) -> dict[str, str]:
        region = _REAL_REGIONS.get(self.s3_region, self.s3_region)
        return check_access(Scheme.S3, {"region": region, "kms_key": self.s3_kms_key or "", **more})


class S3Config(_S3):
    """A bucket, with keys."""

    secret_fields = ("s3_access_key_id", "s3_secret_access_key")
    shown_as = (("s3_region", _REGION, REGIONS[0]), ("s3_kms_key", _KMS_KEY, None))

    type: Literal["S3"] = "S3"
    s3_access_key_id: str = ""
    s3_secret_access_key: str = ""

    def access(self) -> dict[str, str] | None:
        return self._s3_access(access_key_id=self.s3_access_key_id, secret_access_key=self.s3_secret_access_key)


class S3DelegatedAccessConfig(_S3):
    """A bucket, with a role that the server takes on."""

    secret_fields = ("s3_external_id",)
    shown_as = (
        ("s3_region", _REGION, REGIONS[0]),
        ("s3_kms_key", _KMS_KEY, None),
        ("s3_role", _ROLE, "arn:aws:iam::000000000000:role/not-a-role"),
    )

    type: Literal["S3DelegatedAccess"] = "S3DelegatedAccess"
    s3_external_id: str = ""
    s3_role: str = Field(default="", alias="s3ARN")

    def access(self) -> dict[str, str] | None:
        return self._s3_access(role_arn=self.s3_role, external_id=self.s3_external_id)


class GCSConfig(DatasourceConfig):
    """A bucket of Google Cloud Storage, with the key of a service account."""

    secret_fields = ("gcs_credentials",)
    shown_as = (("gcs_project_id", _ANY, "unknown"),)

    type: Literal["GCS"] = "GCS"
    gcs_project_id: str = ""
    gcs_credentials: Annotated[str, BeforeValidator(_text)] = ""

    def location(self) -> Location | None:
        return self._bucket(Scheme.GCS)

    def access(self) -> dict[str, str] | None:
        access = {"service_account": self.gcs_credentials, "project_id": self.gcs_project_id}
        return check_access(Scheme.GCS, access)


class AzureConfig(DatasourceConfig):
    """A container of Azure, with a SAS token or the key of its account."""

    secret_fields = ("account_key",)
    shown_as = (("account_name", _ANY, "unknown"),)

    type: Literal["AZURE"] = "AZURE"
    account_name: str = ""
    account_key: str = ""

    def location(self) -> Location | None:
        return self._bucket(Scheme.AZURE, account=self.account_name)

    def access(self) -> dict[str, str] | None:
        secret = "account_key" if _is_account_key(self.account_key) else "sas_token"
        access = {"account_name": self.account_name, secret: self.account_key.lstrip("?")}
        return check_access(Scheme.AZURE, access)


class OBSConfig(DatasourceConfig):
    """A bucket behind an endpoint of its own."""

    secret_fields = ("obs_access_key_id", "obs_secret_access_key")
    shown_as = (("obs_endpoint", _URL, "https://unknown.invalid"),)

    type: Literal["OBS"] = "OBS"
    obs_endpoint: str = ""
    obs_access_key_id: str = ""
    obs_secret_access_key: str = ""

    def location(self) -> Location | None:
        return self._bucket(Scheme.OBS)

    def access(self) -> dict[str, str] | None:
        return check_access(
            Scheme.OBS,
            {
                "endpoint": self.obs_endpoint,
                "access_key_id": self.obs_access_key_id,
                "secret_access_key": self.obs_secret_access_key,
            },
        )


class LocalConfig(DatasourceConfig):
    """A folder below the first one that the server may read."""

    shown_as = (("web_server_location", _URL, None),)

    type: Literal["LOCAL"] = "LOCAL"
    web_server_location: str | None = None

    def location(self) -> Location | None:
        """Relative. Older clients give the URL under which they serve the folder: its path is what counts."""
        path = self.full_path.strip()
        if re.match(r"https?://", path, re.IGNORECASE):
            path = unquote(urlsplit(path).path)
        elif "://" in path:
            raise InvalidConfig(f"`{self.full_path}` is no path", field="fullPath")
        return Location(scheme=Scheme.FOLDER, path=path.strip("/") or ".")


class LightlyConfig(DatasourceConfig):
    """Storage of the server's own: what scripts upload."""

    type: Literal["LIGHTLY"] = "LIGHTLY"

    def location(self) -> Location | None:
        return None


AnyDatasourceConfig = Annotated[
    S3Config | S3DelegatedAccessConfig | GCSConfig | AzureConfig | OBSConfig | LocalConfig | LightlyConfig,
    Field(discriminator="type"),
]

# Errors do not repeat what was given: some of it is secret.
_ADAPTER: TypeAdapter[AnyDatasourceConfig] = TypeAdapter(
    AnyDatasourceConfig, config=ConfigDict(hide_input_in_errors=True)
)


def read_datasource_config(document: Mapping[str, Any]) -> AnyDatasourceConfig:
    """The configuration of a document with names of either spelling: of the wire, or as it was kept."""
    return _ADAPTER.validate_python(dict(document))


def describe_place(location: Location, access: Mapping[str, str], purpose: DatasourcePurpose) -> AnyDatasourceConfig:
    """The configuration that a script would have given for a place that was set in another way; holds no secrets."""
    path = f"{location.bucket}/{location.path}"
    match location.scheme:
        case Scheme.S3 if access.get("role_arn"):
            region, role = access.get("region", ""), access["role_arn"]
            return S3DelegatedAccessConfig(purpose=purpose, full_path=path, s3_region=region, s3ARN=role)
        case Scheme.S3:
            return S3Config(purpose=purpose, full_path=path, s3_region=access.get("region", ""))
        case Scheme.GCS:
            return GCSConfig(purpose=purpose, full_path=path, gcs_project_id=access.get("project_id", ""))
        case Scheme.AZURE:
            return AzureConfig(purpose=purpose, full_path=path, account_name=location.account)
        case Scheme.OBS:
            return OBSConfig(purpose=purpose, full_path=path, obs_endpoint=access.get("endpoint", ""))
        case Scheme.FOLDER:
            return LocalConfig(purpose=purpose, full_path=location.path)


def _is_account_key(text: str) -> bool:
    """The key of an account is base64; a SAS token is the query of a URL."""
    if "sig=" in text or "&" in text:
        return False
    try:
        return len(base64.b64decode(text, validate=True)) >= 32
    except (binascii.Error, ValueError):
        return False


class DatasourceConfigVerifyDataErrors(Answer):
    """Why something may not be done, for a person; without secrets."""

    can_read: str | None = None
    can_write: str | None = None
    can_list: str | None = None
    can_overwrite: str | None = None


class DatasourceConfigVerifyData(Answer):
    """What may be done with the datasource of a dataset."""

    can_read: bool
    can_write: bool
    can_list: bool
    can_overwrite: bool
    errors: DatasourceConfigVerifyDataErrors | None = None


class DatasourceRow(Answer):
    """A file, and where anybody can load it for a while."""

    file_name: str
    read_url: str


class DatasourceListing(Answer):
    """A page of files. `cursor` asks for the next one while `has_more`."""

    has_more: bool
    cursor: str
    data: tuple[DatasourceRow, ...]


class DivideAndConquerCursorData(Answer):
    """Cursors of parts of a listing, which may be read side by side."""

    cursors: tuple[str, ...]


class ProcessedUntilTimestamp(Answer):
    """Unix seconds: what clients send and compare, whatever the format's description says."""

    processed_until_timestamp: Annotated[int, Field(ge=0)]


class ProcessedUntilTimestampRequest(Request):
    """As above. What can only be milliseconds is taken as such."""

    processed_until_timestamp: Annotated[int, Field(ge=0, le=10**15)]

    @property
    def seconds(self) -> int:
        until = self.processed_until_timestamp
        return until if until < _FIRST_MILLISECONDS else until // 1000


_FIRST_MILLISECONDS = 10**11  # as seconds: the year 5138; as milliseconds: 1973
