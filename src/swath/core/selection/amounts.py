"""How many to pick: turns the user's number into a count."""

from __future__ import annotations

import math

from swath.core.errors import InvalidConfig


def resolve_amount(n_samples: int | float | None, available: int) -> int:
    """The number of units to pick from `available` ones.

    An int is a count, a float in (0, 1] a fraction of `available`: `max(1, floor(f * available + 0.5))`; so `1` is
    one unit and `1.0` all of them. None and -1 mean no limit. More than there is gives `available` (the caller says
    so to the user); nothing available gives 0. Raises InvalidConfig (field `n_samples`) for anything else.
    """
    if n_samples is None:
        return available
    if isinstance(n_samples, bool) or not isinstance(n_samples, int | float):
        raise _invalid(n_samples)
    if isinstance(n_samples, int):
        if n_samples == -1:
            return available
        if n_samples < 1:
            raise _invalid(n_samples)
        return min(n_samples, available)
    if n_samples == -1.0:
        return available
    if not 0.0 < n_samples <= 1.0:  # NaN fails this too
        raise _invalid(n_samples)
    return min(available, max(1, math.floor(n_samples * available + 0.5)))


def _invalid(n_samples: object) -> InvalidConfig:
    return InvalidConfig(
        f"Amount to select cannot be used: `n_samples` is `{n_samples}`",
        field="n_samples",
        hint="use a whole number from 1 for a count, or a decimal number above 0.0 and up to 1.0 for a fraction",
    )
