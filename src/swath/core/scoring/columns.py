"""Scores of many samples side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreColumns:
    """Scores of N samples: column j is the score `names[j]`, a task and a score of it; NaN where there is none."""

    names: tuple[tuple[str, str], ...]
    values: NDArray[np.float64]  # (N, S)

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.names):
            raise ValueError(f"scores of shape {self.values.shape} for {len(self.names)} names")
        if len(set(self.names)) != len(self.names):
            raise ValueError("a score is named twice")

    def __len__(self) -> int:
        return len(self.values)

    def column(self, task: str, score: str) -> NDArray[np.float64]:
        """The values (N,) of one score; NaN for all where it is not among the names."""
        if (task, score) not in self.names:
            return np.full(len(self), np.nan)
        return self.values[:, self.names.index((task, score))]

    def take(self, rows: NDArray[np.int64]) -> ScoreColumns:
        """Those of the given rows, in that order."""
        return ScoreColumns(names=self.names, values=self.values[rows])


def no_scores(count: int) -> ScoreColumns:
    """Of samples that have none."""
    return ScoreColumns(names=(), values=np.empty((count, 0)))


def side_by_side(columns: Sequence[ScoreColumns], count: int) -> ScoreColumns:
    """Several scores of the same `count` samples as one."""
    return ScoreColumns(
        names=tuple(name for one in columns for name in one.names),
        values=np.concatenate([np.empty((count, 0)), *(one.values for one in columns)], axis=1),
    )
