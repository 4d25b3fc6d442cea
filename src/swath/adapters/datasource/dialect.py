"""What sets one kind of store apart from another: the requests it takes and the answers it gives."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from swath.adapters.datasource.exchange import Answer, Request


class Right(StrEnum):
    """What somebody may be allowed to do in a bucket."""

    LIST = "LIST"
    READ = "READ"
    WRITE = "WRITE"
    OVERWRITE = "OVERWRITE"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """One object as a store tells of it; `key` is the whole key, from the root of the bucket."""

    key: str
    size: int
    version: str
    modified_at: int  # ms since 1970 (UTC); 0: the store does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of a listing. `folders` (with a slash at the end) are there if the listing was not to go into them."""

    objects: Sequence[StoredObject]
    folders: Sequence[str] = ()
    next_token: str = ""  # of the page after it; empty: this is the last one


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingQuery:
    """What to list: keys that start with `prefix` (any text) and sort after `after`, not below folders if `flat` is
    False, from the page that `token` names."""

    prefix: str
    after: str = ""
    flat: bool = True
    token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a store refuses, for a person; holds no secret."""

    reason: str
    hint: str = ""


class CredentialsUnavailable(Exception):
    """Credentials that have to be fetched first (a role, a token) could not be."""

    def __init__(self, explanation: Explanation) -> None:
        super().__init__(explanation.reason)
        self.explanation = explanation


class Dialect(Protocol):
    """Makes signed requests for objects of one bucket and reads the answers. Safe to use from several threads.

    Whatever signs may raise CredentialsUnavailable.
    """

    permissions: Mapping[Right, str]
    """What the store calls each right."""

    lists_after: bool
    """Whether listings can begin after a given key."""

    @property
    def is_anonymous(self) -> bool:
        """Whether requests go out without any credentials."""
        ...

    @property
    def url(self) -> str:
        """Of the bucket."""
        ...

    def list_objects(self, query: ListingQuery) -> Request: ...

    def page(self, answer: Answer) -> Page:
        """Raises ValueError if the answer is no listing."""
        ...

    def look_up(self, key: str) -> Request: ...

    def found(self, key: str, answer: Answer) -> StoredObject:
        """Raises ValueError if the answer does not tell of an object."""
        ...

    def read(self, key: str, start: int, end: int, version: str) -> Request:
        """Bytes [start, end), end > start, of a version ("": of any)."""
        ...

    def version_of(self, answer: Answer) -> str:
        """The version of the object that was read."""
        ...

    def write(self, key: str, data: bytes, *, create: bool) -> Request:
        """Write an object; with `create` only if there is none of that key: refused with 409 or 412 else."""
        ...

    def delete(self, key: str) -> Request: ...

    def read_url(self, key: str, expires_s: int) -> str | None: ...

    def code(self, answer: Answer) -> str:
        """The store's own word for what is wrong, "" if it says none."""
        ...

    def is_missing_bucket(self, answer: Answer) -> bool:
        """Whether it says that the bucket itself is not there."""
        ...

    def explain(self, code: str, answer: Answer) -> Explanation | None:
        """Why the credentials (or the address) do not do; None if it is no more than a right that they lack."""
        ...

    def adapts_to(self, answer: Answer) -> bool:
        """Learn from an answer (in which region the bucket is); True if the same request is worth another try."""
        ...


def content_type_of(key: str) -> str:
    """So that a browser shows a picture under its URL instead of saving it."""
    return mimetypes.guess_type(key)[0] or "application/octet-stream"


def shown_code(code: str) -> str:
    """A store's word as it may be shown: words alone, for anything longer could repeat what it was sent."""
    return code if code and len(code) <= 60 and code.replace(".", "").replace("_", "").isalnum() else ""
