"""Words that many messages share."""

from __future__ import annotations


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 image`, `2,000 images`; `plural` where it is not made with an s."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {plural or f'{noun}s'}"


def why_it_ended(
    stopped_by: str, *, noun: str, selected: int, asked: int | None, available: int, eligible: int | None = None
) -> str:
    """What is worth saying about the end of a selection, in brackets after a blank; nothing where it went as asked.

    Of `available` candidates `eligible` passed all thresholds (None: there were none).
    """
    why = {
        "minimum_distance": f"stopped early: the best {noun} left is closer than the minimum distance to a selected "
        "one",
        "minimum_value": f"stopped early: the best {noun} left is less typical than the minimum",
        "maximum_sum": f"stopped by its maximum: the sum over the selected {noun}s has reached it",
        "limits": f"stopped early: the limits let no other {noun} be selected",
    }.get(stopped_by)
    if why is None:
        why = _shortage(noun, selected, asked, available, available if eligible is None else eligible)
    return f" ({why})" if why else ""


def _shortage(noun: str, selected: int, asked: int | None, available: int, eligible: int) -> str:
    if available == 0:
        return f"no {noun} that is not there already"
    if eligible == 0:
        return f"no {noun} passes the thresholds"
    if asked is None or asked <= selected:
        return ""
    few = f"there are only {available:,}" if eligible == available else f"only {eligible:,} pass the thresholds"
    return f"{asked:,} were asked for, {few}: all are kept"
