"""With whom a dataset is shared, as the official clients know it."""

from __future__ import annotations

from swath.wire.lightly.base import Answer, Milliseconds, ObjectId, Request
from swath.wire.lightly.datasets import AccessType


class SharedAccessConfigCreateRequest(Request):
    """Everybody who sees the dataset from now on."""

    access_type: AccessType
    users: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


class SharedAccessConfigData(Answer):
    """Who sees a dataset. `owner` is an id, `users` are names: those of users who are named by it e-mail addresses."""

    id: ObjectId
    owner: str
    access_type: AccessType
    users: tuple[str, ...]
    teams: tuple[str, ...]
    created_at: Milliseconds
    last_modified_at: Milliseconds
