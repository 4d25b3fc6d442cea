"""Ids of everything in the database: 24 lower-case hex digits, as the official clients demand."""

from __future__ import annotations

import re
import secrets
import time

ID = re.compile(r"[0-9a-f]{24}")

_COUNTER_SPACE = 1 << 24


def new_ids(count: int) -> list[str]:
    """`count` ids that are unique and sort in the order given.

    4 bytes of time in seconds, 5 random bytes, 3 bytes of counter: ids made together are neighbours, so that adding
    many rows appends to the index of ids instead of touching pages all over it.
    """
    ids: list[str] = []
    while len(ids) < count:
        prefix = f"{int(time.time()):08x}{secrets.token_hex(5)}"
        batch = min(count - len(ids), _COUNTER_SPACE)
        ids += [f"{prefix}{number:06x}" for number in range(batch)]
    return ids


def new_id() -> str:
    return new_ids(1)[0]


def is_id(text: str) -> bool:
    return ID.fullmatch(text) is not None
