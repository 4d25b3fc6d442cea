"""Choosing again among the samples of a dataset: what there is to choose from, and what was chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """Samples that may be chosen, one row each, and the vectors of those that count as chosen before."""

    sample_indices: NDArray[np.int64]  # (N,) ascending
    keys: NDArray[np.uint8]  # (N, 16) of their content: they settle ties, whatever the order
    vectors: NDArray[np.float16]  # (N, D)
    preselected: NDArray[np.float16]  # (M, D)

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
