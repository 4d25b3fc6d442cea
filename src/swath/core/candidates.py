"""Choosing among samples: what there is to choose from, what strategies need to know of it, and what was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Vectors: TypeAlias = NDArray[np.float16] | NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NumberValues:
    """A number for every candidate; NaN where nobody knows one. `preselected` are those of what was chosen before."""

    values: NDArray[np.float64]  # (U,)
    preselected: NDArray[np.float64]  # (M,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CategoryValues:
    """What every candidate has of each category: row u is `categories[starts[u]:starts[u + 1]]`, ascending, with
    `amounts` of 0 or more beside them. `preselected` is the sum over what was chosen before.
    """

    names: tuple[str, ...]  # (C,)
    starts: NDArray[np.int64]  # (U + 1,)
    categories: NDArray[np.int32]  # (E,) places in `names`
    amounts: NDArray[np.float64]  # (E,)
    preselected: NDArray[np.float64]  # (C,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VectorValues:
    """Vectors of other things than the candidates themselves: row i is of candidate `unit_of_row[i]`.

    `preselected` are the vectors of what was chosen before.
    """

    vectors: Vectors  # (N, D)
    unit_of_row: NDArray[np.int64] | None  # (N,); None: row i is of candidate i
    preselected: Vectors  # (M, D)


StrategyValues: TypeAlias = NumberValues | CategoryValues | VectorValues


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StrategyInput:
    """What one strategy needs to know besides the candidates' own vectors. `query` are the vectors of a similarity."""

    values: StrategyValues | None = None
    query: Vectors | None = None  # (Q, D)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """Samples that may be chosen, one row each, and the vectors of those that count as chosen before."""

    sample_indices: NDArray[np.int64]  # (N,) ascending
    keys: NDArray[np.uint8]  # (N, 16) of their content: they settle ties, whatever the order
    vectors: NDArray[np.float16]  # (N, D)
    preselected: NDArray[np.float16]  # (M, D)
    inputs: tuple[StrategyInput, ...] = ()  # one for each strategy, in their order; none at all: nothing is needed
    image_of: NDArray[np.int64] | None = None  # (N,) a number for each crop's image, for limits per image
    categories: CategoryValues | None = None  # of each sample, for limits and figures

    def __post_init__(self) -> None:
        count, dimension = self.vectors.shape
        if self.sample_indices.shape != (count,) or self.keys.shape != (count, 16):
            raise ValueError(f"{len(self.sample_indices)} samples, {len(self.keys)} keys and {count} vectors")
        if self.preselected.ndim != 2 or (len(self.preselected) and self.preselected.shape[1] != dimension):
            raise ValueError(f"preselected vectors of shape {self.preselected.shape} beside {dimension} dimensions")

    def __len__(self) -> int:
        return len(self.sample_indices)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """What was chosen of `available` samples, in the order of choosing. `asked` is the count that was asked for, None
    if none was; `stopped_by` is why it ended."""

    sample_indices: NDArray[np.int64]  # (K,)
    available: int
    asked: int | None
    stopped_by: str
