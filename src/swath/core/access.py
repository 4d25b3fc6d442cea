"""Who asks, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a token is good for. Which datasets it reaches is a matter of its user, never of its scope."""

    OWNER = "owner"  # everything, users and tokens and workers of others included
    MEMBER = "member"  # datasets and runs of its user, and workers for these
    WORKER = "worker"  # the worker protocol only
    READ_ONLY = "read-only"  # looking at what its user sees


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The user behind a request. `token_id` is the token it came with; `is_local` says the user owns this home."""

    user_id: str
    user_name: str
    scope: Scope
    token_id: str
    is_local: bool
