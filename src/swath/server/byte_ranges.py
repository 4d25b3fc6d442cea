"""Parts of files, as `Range` headers ask for them (RFC 9110, section 14)."""

from __future__ import annotations

import re

_SINGLE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE | re.ASCII)


class UnsatisfiableRange(Exception):
    """The range that is asked for begins beyond the end of the file."""


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The bytes [start, end) of a file of `size` bytes that a header asks for; None: all of it.

    Several ranges at once, other units and what cannot be understood are answered with the whole file, as the
    standard allows. Raises UnsatisfiableRange.
    """
    matched = _SINGLE_RANGE.fullmatch(header or "")
    if matched is None or matched.groups() == ("", ""):
        return None
    first, last = matched.groups()
    if not first:
        if int(last) == 0 or size == 0:
            raise UnsatisfiableRange
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise UnsatisfiableRange
    return int(first), min(size, int(last) + 1 if last else size)


def matches_etag(header: str | None, etag: str) -> bool:
    """Whether an `If-None-Match` header names the version that there is, which then need not be sent again."""
    if header is None:
        return False
    return header.strip() == "*" or etag in [part.strip().removeprefix("W/") for part in header.split(",")]
