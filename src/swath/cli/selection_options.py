"""How much to select and by which strategy: what the options of `swath run` and `swath select` say."""

from __future__ import annotations

import math
from typing import Any

from swath.core.errors import InvalidConfig


def read_amount(text: str | None) -> int | float | None:
    """`100` is a count, `0.1` and `1.0` are fractions: the point makes the difference."""
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidConfig(
            f"`--n-samples` is a count (100) or a fraction (0.1), got `{text}`", field="selection.n_samples"
        )
    return number


def read_strategy(name: str, *, seed: int, min_distance: float | None) -> dict[str, Any]:
    if one_of("--strategy", name, {"diversity": "diversity", "random": "random"}) == "diversity":
        # The official configurations write -1 for "off".
        limit = None if min_distance is not None and min_distance == -1 else min_distance
        return {"type": "diversity", "minimum_distance": limit}
    if min_distance is not None:
        raise InvalidConfig("`--min-distance` goes with `--strategy diversity`", field="selection.strategies")
    return {"type": "random", "seed": seed}


def one_of(option: str, value: str, choices: dict[str, str]) -> str:
    found = choices.get(value) or (value if value in choices.values() else None)
    if found is None:
        raise InvalidConfig(f"`{option}` is one of {', '.join(f'`{name}`' for name in choices)}, got `{value}`")
    return found
