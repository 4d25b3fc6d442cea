"""Documents of users, tokens, shares and datasources. A secret is in one of them only: the token that was just made.

Times are milliseconds since 1970 (UTC).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from swath.core.access import Scope
from swath.wire.run_config import Document
from swath.wire.runs import Id

Location = Annotated[str, Field(min_length=1, max_length=4096)]
Credentials = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=128)], Annotated[str, Field(max_length=16_384)]],
    Field(max_length=32),
]
"""Named secrets of a datasource. In answers every value is `********`."""

LONGEST_NAME = 128


class UserDocument(Document):
    """A user. `is_local` marks the owner of the home, who works on it without a token."""

    id: Id
    name: str
    is_local: bool
    created_at: int


class UserCreate(Document):
    name: str


class UserList(Document):
    items: tuple[UserDocument, ...]
    total: int


class MeDocument(Document):
    """Who asks, and what their token is good for."""

    user_id: Id
    user: str
    scope: Scope
    is_local: bool
    token_id: Id


class TokenDocument(Document):
    """What is known about a token. Of a secret only a digest is kept, and nobody is shown that."""

    id: Id
    user_id: Id
    user: str
    name: str
    scope: Scope
    kind: str = Field(description="`token`, or `session` for a browser that has logged in")
    created_at: int
    last_used_at: int | None = Field(description="to the minute")
    expires_at: int | None
    revoked_at: int | None


class NewToken(TokenDocument):
    """A token that was just made, with its secret: this answer is the only one that holds it."""

    secret: str = Field(repr=False)


class TokenCreate(Document):
    """A token to be made. Only owners name another user, or the scope `owner`."""

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    scope: Scope = Scope.MEMBER
    user: str | None = Field(default=None, description="name or id; whoever asks, if not given")
    expires_at: int | None = Field(default=None, ge=0, le=2**53, description="never, if not given")


class TokenList(Document):
    items: tuple[TokenDocument, ...]
    total: int


class LoginRequest(Document):
    """The code of a login link. It is good once, for ten minutes."""

    code: str = Field(min_length=1, max_length=200, repr=False)


class ShareDocument(Document):
    """A user with whom a dataset is shared."""

    user_id: Id
    user: str
    created_at: int


class ShareList(Document):
    items: tuple[ShareDocument, ...]
    total: int


class DatasourceDocument(Document):
    """Where the files of a dataset are. `location` is empty as long as no datasource is set."""

    location: str
    output_location: str = Field(description="where crops and thumbnails go")
    credentials: dict[str, str] = Field(description="a secret value is `********`; others, such as `region`, are shown")
    output_credentials: dict[str, str]


class DatasourceChange(Document):
    """A datasource to be set: a folder, or a bucket as `s3://…`, `gs://…`, `az://…` or `obs://…`.

    Credentials that are not given stay as long as the place does, and are forgotten with it; `{}` says that none are
    needed. Without `output_credentials` an output in the same bucket is opened with `credentials`.
    """

    location: Location
    output: Location | None = Field(default=None, description="`location`, if not given")
    credentials: Credentials | None = Field(default=None, repr=False)
    output_credentials: Credentials | None = Field(default=None, repr=False)


class DatasetCreate(Document):
    """An image dataset to be made, without samples. Without `datasource` no run can add to it until one is set."""

    name: str
    datasource: Location | None = Field(default=None, description="a folder or a bucket")
    output: Location | None = Field(default=None, description="where crops go; `datasource`, if not given")
    credentials: Credentials | None = Field(default=None, repr=False)
    output_credentials: Credentials | None = Field(default=None, repr=False)


class RightsDocument(Document):
    """What may be done with a place: null, or why not. `write` is to make new files, `overwrite` to replace some."""

    list: str | None
    read: str | None
    write: str | None
    overwrite: str | None


class VerifiedDatasource(Document):
    """What the server may do with the places of a dataset. `is_usable`: a run gets by with it.

    That takes listing and reading the input, and reading and writing the output.
    """

    is_usable: bool
    input: RightsDocument
    output: RightsDocument


class DatasetChange(Document):
    """What of a dataset is to change: its name."""

    name: str
