"""Words that many messages share."""

from __future__ import annotations


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 image`, `2,000 images`; `plural` where it is not made with an s."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {plural or f'{noun}s'}"
