"""Which of a million points lie in a polygon somebody drew: exactly those that the browser finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_BANDS = 2048
MOST_COLUMNS = 256
PAIRS_AT_ONCE = 500_000  # edges and the bands they cross; bounds memory
POINTS_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Edges:
    """Edges from the previous vertex j to vertex i, none of them horizontal."""

    xi: NDArray[np.float64]  # (E,)
    yi: NDArray[np.float64]
    xj: NDArray[np.float64]
    yj: NDArray[np.float64]
    low: NDArray[np.float64]  # the smaller y; a crossed y lies in [low, high)
    high: NDArray[np.float64]

    @classmethod
    def of(cls, polygon: NDArray[np.float64]) -> _Edges:
        previous = np.roll(polygon, 1, axis=0)
        crosses_any = polygon[:, 1] != previous[:, 1]
        (xi, yi), (xj, yj) = polygon[crosses_any].T, previous[crosses_any].T
        return cls(xi=xi, yi=yi, xj=xj, yj=yj, low=np.minimum(yi, yj), high=np.maximum(yi, yj))

    def crossing(self, edge: NDArray[np.intp], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where edges (M,) cross the heights y (M,): the x that points are compared with.

        Every operation rounds monotonically, so the result is monotone in y to the last bit. The bounds below rest
        on that. It is NaN only where a difference of vertices overflows.
        """
        xi, yi = self.xi.take(edge), self.yi.take(edge)
        with np.errstate(all="ignore"):
            return (self.xj.take(edge) - xi) * (y - yi) / (self.yj.take(edge) - yi) + xi


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PolygonIndex:
    """Points sorted into a grid of cells: bands of y, each divided into the same columns of x.

    Bands and columns hold about the same number of points each. A point is in a polygon if an odd number of edges
    passes it on the right (even-odd rule). For an edge that crosses a whole band this is known, without looking,
    of all cells of the band but those near the edge; only the points in these are looked at one by one.
    """

    count: int  # points, N
    ordinals: NDArray[np.int64]  # (M,) the points that can be in a polygon, by cell
    x: NDArray[np.float32]  # (M,) of these
    y: NDArray[np.float32]  # (M,)
    band_low: NDArray[np.float64]  # (bands,) least y in the band
    band_high: NDArray[np.float64]  # (bands,) greatest y
    column_low: NDArray[np.float64]  # (columns,) least x in the column
    column_high: NDArray[np.float64]  # (columns,) greatest x
    cell_start: NDArray[np.int64]  # (bands * columns + 1,) first place of each cell, band by band

    @classmethod
    def build(cls, x: NDArray[np.float32], y: NDArray[np.float32]) -> PolygonIndex:
        """Index the points x, y (N,). Those with a coordinate that is not finite lie in no polygon."""
        if x.ndim != 1 or x.shape != y.shape:
            raise ValueError(f"x and y must have one shape (points,), got {x.shape} and {y.shape}")
        ordinals = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        x_finite, y_finite = x.take(ordinals), y.take(ordinals)
        bands_wanted = min(MOST_BANDS, 2 * int(np.sqrt(len(ordinals))) + 1)
        band, band_low, band_high = _parts_of_equal_size(y_finite, bands_wanted)
        column, column_low, column_high = _parts_of_equal_size(x_finite, min(MOST_COLUMNS, bands_wanted))
        cell = band * len(column_low) + column
        order = np.argsort(cell, kind="stable")
        cell_start = np.zeros(len(band_low) * len(column_low) + 1, dtype=np.int64)
        np.cumsum(np.bincount(cell, minlength=len(cell_start) - 1), out=cell_start[1:])
        return cls(
            count=len(x),
            ordinals=ordinals.take(order),
            x=x_finite.take(order),
            y=y_finite.take(order),
            band_low=band_low,
            band_high=band_high,
            column_low=column_low,
            column_high=column_high,
            cell_start=cell_start,
        )

    def inside(self, polygon: NDArray[np.float64]) -> NDArray[np.int64]:
        """Ordinals (K,), ascending, of the points in `polygon` (V, 2); raises as `inside_mask` does."""
        return np.flatnonzero(self.inside_mask(polygon))

    def inside_mask(self, polygon: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which points (N,) lie in `polygon` (V, 2), x and y of its vertices in turn; the last joins the first.

        A point crosses the edge from vertex j to the next, i, if, in float64,
        `(yi > y) != (yj > y) && x < (xj - xi) * (y - yi) / (yj - yi) + xi`, and is inside after an odd number of
        crossings. Edges may cross each other. Fewer than three vertices enclose nothing. Raises ValueError if the
        shape is another or a vertex is not finite.
        """
        vertices = np.asarray(polygon, dtype=np.float64)
        if vertices.size and (vertices.ndim != 2 or vertices.shape[1] != 2):
            raise ValueError(f"a polygon must have shape (vertices, 2), got {vertices.shape}")
        if not np.isfinite(vertices).all():
            raise ValueError("the vertices of a polygon must be finite numbers")
        inside = np.zeros(self.count, dtype=np.bool_)
        if len(vertices) < 3 or not len(self.ordinals):
            return inside
        inside[self.ordinals] = self._parities(_Edges.of(vertices))
        return inside

    def _parities(self, edges: _Edges) -> NDArray[np.bool_]:
        """Whether each point (M,), in the order of the index, has an odd number of crossings."""
        bands, columns = len(self.band_low), len(self.column_low)
        first_band = np.searchsorted(self.band_high, edges.low, side="left")
        end_band = np.searchsorted(self.band_low, edges.high, side="left")
        # Entry (b, c) counts the edges that pass all cells of band b left of column c.
        passing = np.zeros((bands, columns + 1), dtype=np.int64)
        odd = np.zeros(len(self.ordinals), dtype=np.bool_)
        for edge, band in _ranges_in_portions(first_band, end_band, PAIRS_AT_ONCE):
            first_near, end_near, spans_band = self._columns_near(edges, edge, band)
            passing += np.bincount((band * (columns + 1) + first_near)[spans_band], minlength=passing.size).reshape(
                passing.shape
            )
            # Where the edge ends within the band, the height of every point left of it matters too.
            first_cell = band * columns + np.where(spans_band, first_near, 0)
            first_place = self.cell_start.take(first_cell)
            end_place = self.cell_start.take(np.maximum(band * columns + end_near, first_cell))
            self._cross_one_by_one(odd, edges, edge, first_place, end_place)
        passed_by = np.cumsum(passing[:, ::-1], axis=1)[:, ::-1][:, 1:]  # edges beyond the cell's column
        cell_is_odd = (passed_by & 1).astype(np.bool_).ravel()
        return odd ^ np.repeat(cell_is_odd, np.diff(self.cell_start))

    def _columns_near(
        self, edges: _Edges, edge: NDArray[np.intp], band: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
        """For each edge and band (M,): the columns [first, end) that hold points on both sides of the edge, and
        whether every height in the band crosses the edge. Columns before are left of it, those after right of it."""
        low, high = edges.low.take(edge), edges.high.take(edge)
        band_low, band_high = self.band_low.take(band), self.band_high.take(band)
        at_bottom = edges.crossing(edge, np.maximum(band_low, low))
        at_top = edges.crossing(edge, np.minimum(band_high, high))
        unknown = np.isnan(at_bottom) | np.isnan(at_top)
        leftmost = np.where(unknown, -np.inf, np.minimum(at_bottom, at_top))
        rightmost = np.where(unknown, np.inf, np.maximum(at_bottom, at_top))
        first_near = np.searchsorted(self.column_high, leftmost, side="left")
        end_near = np.searchsorted(self.column_low, rightmost, side="left")
        return first_near, end_near, (low <= band_low) & (band_high < high)

    def _cross_one_by_one(
        self,
        odd: NDArray[np.bool_],
        edges: _Edges,
        edge: NDArray[np.intp],
        first_place: NDArray[np.int64],
        end_place: NDArray[np.int64],
    ) -> None:
        """Flip `odd` (M,) for each point of the places [first, end) that crosses its edge, by the formula itself."""
        for which, place in _ranges_in_portions(first_place, end_place, POINTS_AT_ONCE):
            of_edge = edge.take(which)
            x, y = self.x.take(place).astype(np.float64), self.y.take(place).astype(np.float64)
            crosses = (edges.yi.take(of_edge) > y) != (edges.yj.take(of_edge) > y)
            crosses &= x < edges.crossing(of_edge, y)
            np.bitwise_xor.at(odd, place.compress(crosses), True)


def _parts_of_equal_size(
    values: NDArray[np.float32], parts: int
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Part of each value (N,), and the least and greatest value of each part. Parts are intervals; equal values
    share one, so there may be fewer than asked for, but none is empty."""
    ascending = np.sort(values)
    starts = np.unique(ascending[np.arange(parts) * len(values) // parts]) if len(values) else ascending
    part = np.searchsorted(starts, values, side="right") - 1
    ends = np.searchsorted(ascending, starts[1:], side="left")
    greatest = ascending[np.append(ends, len(values)).astype(np.intp) - 1] if len(values) else ascending
    return part, starts.astype(np.float64), greatest.astype(np.float64)


def _ranges_in_portions(
    first: NDArray[np.integer[Any]], end: NDArray[np.integer[Any]], portion: int
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """The numbers in the ranges [first, end) (R,), beside the row of the range each is from, `portion` at a time.

    A range may be split; empty and reversed ones hold nothing.
    """
    length = np.maximum(end - first, 0).astype(np.intp)
    total_before = np.concatenate([[0], np.cumsum(length)])
    for start in range(0, int(total_before[-1]), portion):
        stop = min(start + portion, int(total_before[-1]))
        rows = np.arange(
            np.searchsorted(total_before, start, side="right") - 1, np.searchsorted(total_before, stop, side="left")
        )
        taken_from = np.maximum(total_before[rows], start)
        row = np.repeat(rows, np.minimum(total_before[rows + 1], stop) - taken_from)
        yield row, np.arange(start, stop) - total_before.take(row) + first.take(row)
