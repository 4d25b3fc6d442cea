"""Representative: pick units so that every row has something like it among what is selected (facility location)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.errors import InvalidConfig
from swath.core.selection import native
from swath.core.selection.distances import Vectors
from swath.core.selection.neighbor_graph import OrderedRows, nearest_others
from swath.core.selection.objective import MapChunks
from swath.core.selection.units import RowsOfUnits, Units

REACH = 1.25
"""Similarity falls to 0 at this times the mean distance to the farthest neighbor of the graph.

So that far neighbors still count a little, and rows where they are dense do not outweigh all others. Chosen on data of
another seed than any figure that is told; from 1 to 1.5 the mean distance to the nearest pick differs by 1 %.
"""

FULL = 65_535
"""Similarities are whole numbers up to this, which is equality: sums are exact then, in whatever order."""

_LINKS = (native.I64, native.I32, native.U16)
_LINK = native.Kernel(
    "facility_link", native.I32, native.F32, native.INT, native.INT, native.INT, native.DOUBLE,
    native.OUT_U16, native.OUT_U8,
)  # fmt: skip
_PRESELECT = native.Kernel(
    "facility_preselect", native.I32, native.U16, native.INT, native.INT, native.U8, native.OUT_U16
)
_COUNT = native.Kernel(
    "facility_count", native.I32, native.U16, native.U8, native.INT, native.INT, native.U8, native.OUT_I64
)
_FILL = native.Kernel(
    "facility_fill", native.I32, native.U16, native.U8, native.INT, native.INT, native.U8,
    native.OUT_I64, native.OUT_I32, native.OUT_U16,
)  # fmt: skip
_JOIN = native.Kernel(
    "facility_join", *_LINKS, native.INT, native.I64, native.I32, native.OUT_I64, native.OUT_I32, native.OUT_U16
)
_TURN = native.Kernel("facility_turn", *_LINKS, native.INT, native.OUT_I64, native.OUT_I32, native.OUT_U16)
_GAINS = native.Kernel("facility_gains", *_LINKS, native.I32, native.U16, native.INT, native.INT, native.OUT_F64)
_ADD = native.Kernel(
    "facility_add", native.INT, *_LINKS, *_LINKS, native.I32, native.OUT_U16, native.OUT_F64,
    native.OUT_U8, native.OUT_I32,
)  # fmt: skip
_GREEDY = native.Kernel(
    "facility_greedy", *_LINKS, native.I32, native.OUT_U16, native.F64, native.I32, native.I64,
    native.INT, native.INT, native.OUT_I64,
)  # fmt: skip

_CHUNK = 1 << 14


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Representative:
    """The sum over all rows of `vectors` (N, D) and `preselected` (M, D) of their similarity to what is selected.

    The similarity of two rows is 1 where they are equal and falls in a straight line with their Euclidean distance, to
    0 at `REACH` times the mean distance to the `neighbors`-th neighbor. It counts where one row is among the nearest
    `neighbors` of the other; rows of equal content are one point of that graph, with the weight of all of them. Rows
    near nothing that is selected count 0. All rows of a unit are selected with it; without `units` each row is its own.

    float16 or float32, distances as the vectors are: nothing is normalised. Raises InvalidConfig for `neighbors` below
    1; what is wrong with the vectors is said (ValueError) when a selection starts.
    """

    vectors: Vectors
    units: Units | None = None
    preselected: Vectors | None = None
    strength: float = 1.0
    neighbors: int = 64

    def __post_init__(self) -> None:
        if self.neighbors < 1:
            raise InvalidConfig(
                f"Number of neighbors cannot be used: `{self.neighbors}`",
                field="neighbors",
                hint="use a whole number from 1; 64 is usual",
            )

    @property
    def unit_count(self) -> int:
        return len(self.vectors) if self.units is None else self.units.unit_count

    def pick(self, rank: NDArray[np.int64], *, count: int, map_chunks: MapChunks = map) -> NDArray[np.int64]:
        """The first `count` units (or as many as have rows), greedily, of equally good ones the lower `rank` (U,).

        Units that add nothing, as what is equal to a pick does, come last.
        """
        facilities = Facilities.of(self, map_chunks)
        picks = np.empty(min(count, len(rank)), dtype=np.int64)
        picked = _GREEDY(
            *facilities.links, facilities.weights, facilities.best, facilities.gains(map_chunks),
            facilities.of_unit, rank.astype(np.int64), len(rank), len(picks), picks,
        )  # fmt: skip
        return picks[:picked]

    def term(self, *, map_chunks: MapChunks = map) -> RepresentativeTerm:
        return RepresentativeTerm(Facilities.of(self, map_chunks), map_chunks)


Links = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint16]]
"""Lists one after the other: where each starts (n + 1,), what it lists (E,), and the similarities to it (E,)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facilities:
    """What each facility serves. Rows of equal content are one node; a facility is a node, or else a unit of rows."""

    links: Links
    """The nodes that each facility serves."""
    turned: Links | None
    """The facilities that serve each node, where that is not the same."""
    of_unit: NDArray[np.int32]  # (U,)
    """The facility of every unit; -1 for one without rows."""
    weights: NDArray[np.int32]
    """The number of candidates' rows of every node."""
    best: NDArray[np.uint16]
    """The similarity of every node to what was selected before; changes as a selection goes on."""
    total: float
    """The similarities of all rows, preselected ones too, to what was selected before."""

    @classmethod
    def of(cls, objective: Representative, map_chunks: MapChunks) -> Facilities:
        rows = OrderedRows.of(objective.vectors, objective.preselected, merges_equal=True, map_chunks=map_chunks)
        units = RowsOfUnits.of(objective.units, len(objective.vectors))
        node_of_row = rows.place_of_row[: len(objective.vectors)]
        weights = np.bincount(node_of_row, minlength=len(rows)).astype(np.int32)
        is_selected = np.zeros(len(rows), dtype=np.uint8)
        is_selected[rows.place_of_row[len(objective.vectors) :]] = 1
        links, best = _links_between_nodes(rows, is_selected, objective.neighbors, map_chunks)
        total = float(weights @ best.astype(np.int64)) + float(FULL * (len(rows.place_of_row) - len(node_of_row)))
        if units.single:
            return cls(links=links, turned=None, of_unit=node_of_row, weights=weights, best=best, total=total)
        joined = _joined(links, units, node_of_row)
        return cls(
            links=joined,
            turned=_turned(joined, len(rows)),
            of_unit=np.where(units.sizes > 0, np.arange(units.unit_count), -1).astype(np.int32),
            weights=weights,
            best=best,
            total=total,
        )

    def gains(self, map_chunks: MapChunks) -> NDArray[np.float64]:
        """What each facility would add now."""
        count = len(self.links[0]) - 1
        gains = np.empty(count)

        def measure(chunk: int) -> None:
            low, high = chunk * _CHUNK, min(count, (chunk + 1) * _CHUNK)
            _GAINS(*self.links, self.weights, self.best, low, high, gains)

        for _ in map_chunks(measure, range(-(-count // _CHUNK))):
            pass  # reading a result raises what went wrong in its chunk
        return gains


class RepresentativeTerm:
    """A `Term`: facility location in 65,535ths, exactly."""

    def __init__(self, facilities: Facilities, map_chunks: MapChunks) -> None:
        self._facilities = facilities
        self._serving = facilities.links if facilities.turned is None else facilities.turned
        self._gains = facilities.gains(map_chunks)
        self._is_touched = np.zeros(len(self._gains), dtype=np.uint8)
        self._touched = np.empty(len(self._gains), dtype=np.int32)
        has_rows = facilities.of_unit >= 0
        self._units = np.flatnonzero(has_rows)
        self._units_of_facility = RowsOfUnits.of(
            Units(unit_of_row=facilities.of_unit[has_rows], unit_count=len(self._gains)), len(self._units)
        )
        self.total = facilities.total
        self.gains = np.zeros(len(has_rows))
        self.gains[self._units] = self._gains[facilities.of_unit[self._units]]

    def add(self, unit: int) -> None:
        facilities = self._facilities
        facility = int(facilities.of_unit[unit])
        if facility < 0:
            return
        self.total += float(self._gains[facility])
        count = _ADD(
            facility, *facilities.links, *self._serving, facilities.weights, facilities.best, self._gains,
            self._is_touched, self._touched,
        )  # fmt: skip
        fallen = self._units[self._units_of_facility.rows_of(self._touched[:count].astype(np.int64))]
        self.gains[fallen] = self._gains[facilities.of_unit[fallen]]


def _links_between_nodes(
    rows: OrderedRows, is_selected: NDArray[np.uint8], neighbors: int, map_chunks: MapChunks
) -> tuple[Links, NDArray[np.uint16]]:
    """Each node with itself, its neighbors and those it is a neighbor of; and how well what is selected serves it."""
    places, similarities, lacks_back = _similarities(rows, neighbors, map_chunks)
    count, k = places.shape
    best = np.zeros(count, dtype=np.uint16)
    _PRESELECT(places, similarities, count, k, is_selected, best)
    is_open = 1 - is_selected
    counts = np.empty(count, dtype=np.int64)
    _COUNT(places, similarities, lacks_back, count, k, is_open, counts)
    starts = _starts(counts)
    served, served_similarities = np.empty(starts[-1], dtype=np.int32), np.empty(starts[-1], dtype=np.uint16)
    _FILL(places, similarities, lacks_back, count, k, is_open, starts[:-1].copy(), served, served_similarities)
    return (starts, served, served_similarities), best


def _similarities(
    rows: OrderedRows, neighbors: int, map_chunks: MapChunks
) -> tuple[NDArray[np.int32], NDArray[np.uint16], NDArray[np.uint8]]:
    """Neighbors (R, k) of every node, how similar they are, and which do not have the node among theirs."""
    count = len(rows)
    near = nearest_others(rows, max(0, min(neighbors, count - 1)), map_chunks=map_chunks)
    k = near.places.shape[1]
    reach = REACH * float(near.distances[:, -1].mean(dtype=np.float64)) if k else 1.0
    similarities, lacks_back = np.empty((count, k), dtype=np.uint16), np.empty((count, k), dtype=np.uint8)

    def link(chunk: int) -> None:
        low, high = chunk * _CHUNK, min(count, (chunk + 1) * _CHUNK)
        _LINK(near.places, near.distances, k, low, high, reach, similarities, lacks_back)

    for _ in map_chunks(link, range(-(-count // _CHUNK))):
        pass  # reading a result raises what went wrong in its chunk
    return near.places, similarities, lacks_back


def _joined(links: Links, units: RowsOfUnits, node_of_row: NDArray[np.int32]) -> Links:
    """Links of units: those of all their rows, to each node the most similar one."""
    nodes = node_of_row[units.rows]
    room = int(np.diff(links[0])[nodes].sum())
    starts = np.empty(units.unit_count + 1, dtype=np.int64)
    served, similarities = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.uint16)
    count = _JOIN(*links, units.unit_count, units.starts, nodes, starts, served, similarities)
    return starts, served[:count].copy(), similarities[:count].copy()


def _turned(links: Links, node_count: int) -> Links:
    starts = _starts(np.bincount(links[1], minlength=node_count))
    serving, similarities = np.empty(starts[-1], dtype=np.int32), np.empty(starts[-1], dtype=np.uint16)
    _TURN(*links, len(links[0]) - 1, starts[:-1].copy(), serving, similarities)
    return starts, serving, similarities


def _starts(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    starts = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts
