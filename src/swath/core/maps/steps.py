"""How far a layout is, told as it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`done` of `total` units (`samples` or `steps`) of what is being done."""

    done: int
    total: int
    unit: str


OnStep = Callable[[Step], None]
"""Called often. What it raises ends the work."""


def ignore(step: Step) -> None:
    """For who does not watch."""
