"""Small selections for tests: candidates with keys, vectors and what strategies ask of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.core.candidates import CategoryValues, NumberValues, StrategyInput
from swath.pipeline.selecting import Selected, select_units
from swath.wire.selection import SelectionConfig


def keys_of(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (count, 16), dtype=np.uint8)


def vectors_of(count: int) -> NDArray[np.float16]:
    return np.random.default_rng(2).standard_normal((count, 8)).astype(np.float16)


def choose(config: dict[str, Any], count: int, **options: Any) -> Selected:
    arguments: dict[str, Any] = {
        "vectors": vectors_of(count),
        "keys": keys_of(count),
        "preselected": np.zeros((0, 8), np.float16),
        "unit_of_row": None,
        "threads": 2,
    }
    return select_units(SelectionConfig.model_validate(config), **{**arguments, **options})


def numbers(values: Sequence[float], preselected: Sequence[float] = ()) -> StrategyInput:
    return StrategyInput(
        values=NumberValues(
            values=np.array(values, dtype=np.float64), preselected=np.array(preselected, dtype=np.float64)
        )
    )


def categories(of_units: Sequence[Sequence[str] | str], preselected: Sequence[str] = ()) -> CategoryValues:
    """Of every unit the names of its categories, or of its only one; each counts 1."""
    lists = [[one] if isinstance(one, str) else list(one) for one in of_units]
    names = tuple(sorted({name for one in lists for name in one} | set(preselected)))
    return CategoryValues(
        names=names,
        starts=np.concatenate([[0], np.cumsum([len(one) for one in lists])]).astype(np.int64),
        categories=np.array([names.index(name) for one in lists for name in sorted(one)], dtype=np.int32),
        amounts=np.ones(sum(len(one) for one in lists)),
        preselected=np.array([list(preselected).count(name) for name in names], dtype=np.float64),
    )
