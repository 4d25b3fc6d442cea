"""Diversity: pick what is farthest from everything selected so far (greedy k-center)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from swath.core.errors import InvalidConfig
from swath.core.selection.batched import BatchedNearest
from swath.core.selection.distances import Vectors, blocks, largest_magnitude
from swath.core.selection.kernels import Aggregate
from swath.core.selection.objective import MapChunks
from swath.core.selection.units import RowsOfUnits, Units

MinimumDistanceMode = Literal["stop", "filter"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Diversity:
    """Distances between rows of `vectors` (N, D), float16 or float32, Euclidean as they are: nothing is normalised.

    Without `units` each row is its own unit. The gain of a unit is the `aggregate` over its rows of the squared
    distance to the nearest selected row; all its rows count as selected once it is picked. `preselected` (M, D) are
    rows selected before; they are never picked.

    With `max` one new object is enough for an image, with `mean` known ones beside it count against it, with `sum`
    images of many objects come first.

    The distance of a unit is the root of its gain. A unit nearer than `minimum_distance` is not picked; exactly that
    far is far enough. Mode `stop` ends at the first best candidate that is too near, mode `filter` passes over all
    that are. As the best candidate is the farthest, both pick the same units here; they differ in units without rows
    (`filter` still takes them in the end), and once other objectives have a say in which candidate is best. 0 is no
    limit, and so is None.

    Raises ValueError for shapes, dtypes and numbers that cannot be (NaN and infinity: the first such row is named),
    InvalidConfig for settings a user chose.
    """

    vectors: Vectors
    units: Units | None = None
    preselected: Vectors | None = None
    strength: float = 1.0
    aggregate: Aggregate = "max"
    minimum_distance: float | None = None
    minimum_distance_mode: MinimumDistanceMode = "stop"
    largest: float = field(init=False, repr=False, default=0.0)
    """The largest absolute value of all vectors."""

    def __post_init__(self) -> None:
        _check_matrix("vectors", self.vectors)
        if self.preselected is not None:
            _check_matrix("preselected", self.preselected)
            if self.preselected.shape[1] != self.vectors.shape[1]:
                raise ValueError(
                    f"preselected has {self.preselected.shape[1]} dimensions, vectors have {self.vectors.shape[1]}"
                )
        if self.aggregate not in get_args(Aggregate):
            raise InvalidConfig(
                f"Aggregation over the objects of an image is not known: `{self.aggregate}`",
                field="aggregate",
                hint=f"use one of {', '.join(f'`{name}`' for name in get_args(Aggregate))}",
            )
        limit = self.minimum_distance
        if limit is not None and not (limit >= 0 and math.isfinite(limit)):
            raise InvalidConfig(
                f"Minimum distance cannot be used: `{limit}`",
                field="minimum_distance",
                hint="use a number from 0, or leave it out for no limit",
            )
        if self.minimum_distance_mode not in ("stop", "filter"):
            raise InvalidConfig(
                f"Mode of the minimum distance is not known: `{self.minimum_distance_mode}`",
                field="minimum_distance_mode",
                hint="use `stop` or `filter`",
            )
        largest = _largest_of("vectors", self.vectors)
        if self.preselected is not None:
            largest = max(largest, _largest_of("preselected", self.preselected))
        object.__setattr__(self, "largest", largest)

    @property
    def row_count(self) -> int:
        return len(self.vectors)

    @property
    def unit_count(self) -> int:
        return self.row_count if self.units is None else self.units.unit_count

    @property
    def lowest_gain(self) -> float:
        """The smallest gain whose root is not below the minimum distance."""
        limit = self.minimum_distance or 0.0
        gain = limit * limit
        while math.sqrt(gain) < limit:
            gain = math.nextafter(gain, math.inf)
        while gain > 0 and math.sqrt(math.nextafter(gain, 0.0)) >= limit:
            gain = math.nextafter(gain, 0.0)
        return gain

    def measure(self, units: RowsOfUnits, *, count: int, map_chunks: MapChunks) -> BatchedNearest:
        """Start measuring for about `count` picks."""
        rows_per_unit = max(1.0, self.row_count / max(1, units.unit_count))
        joining = count * rows_per_unit + (0 if self.preselected is None else len(self.preselected))
        return BatchedNearest(
            self.vectors,
            self.preselected,
            units,
            self.largest,
            map_chunks,
            aggregate=self.aggregate,
            expected_rows=int(joining) + 1,
        )


def _check_matrix(name: str, vectors: Vectors) -> None:
    if vectors.ndim != 2 or vectors.dtype not in (np.float16, np.float32):
        raise ValueError(f"{name} must be float16 or float32 of shape (N, D), got {vectors.dtype} {vectors.shape}")


def _largest_of(name: str, vectors: Vectors) -> float:
    largest = largest_magnitude(vectors)
    if math.isfinite(largest):
        return largest
    for block in blocks(vectors):
        bad = ~np.isfinite(vectors[block]).all(axis=1)
        if bad.any():
            raise ValueError(f"row {block.start + int(bad.argmax())} of {name} holds NaN or infinity")
    raise AssertionError("a matrix of finite numbers has a finite largest magnitude")
