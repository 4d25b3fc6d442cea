"""Projections as people look at them: points in the order they are shown in, which of them a polygon holds, and what
they may be coloured by."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.core.browsing import (
    NO_CODE,
    CodedColumn,
    ColorScheme,
    LegendEntry,
    LegendKind,
    MetadataColumn,
    MetadataKind,
    PolygonIndex,
    column_codes,
    density_levels,
    density_palette,
    display_order,
)
from swath.core.browsing.metadata import number_text
from swath.core.errors import NotFound
from swath.formats.png import write_indexed_png
from swath.server.browsing import BrowsedDataset
from swath.server.filters import members_of_selection, tag_membership
from swath.server.services import Services
from swath.store.datasets import DatasetKind
from swath.store.hints import near_names
from swath.store.projections import Projection, find_projection, read_points
from swath.store.tags import find_tag

MOST_CATEGORIES = 20
"""Colours that people can tell apart, and then some; the rest is one."""

SCORE_EDGES = np.arange(1, 10) / 10
SCORE_LABELS = tuple(f"{low / 10:.1f} – {(low + 1) / 10:.1f}" for low in range(10))
OBJECT_COUNT_EDGES = np.array([1, 2, 3, 5, 10, 20, 50])
OBJECT_COUNT_LABELS = ("0", "1", "2", "3 – 4", "5 – 9", "10 – 19", "20 – 49", "50 and more")

COLUMNS_OF_CROPS = ("category", "score", "run", "stale")
COLUMNS_OF_IMAGES = ("object_count", "run")
TAG_PREFIX, SELECTION_PREFIX, METADATA_PREFIX = "tag:", "selection:", "metadata:"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MapColumn:
    """Codes (M,) of the points that are shown, in their order; `version` is another one for other codes."""

    codes: NDArray[np.uint8]
    legend: tuple[LegendEntry, ...]
    version: str


class BrowsedMap:
    """One version of one projection of a dataset."""

    def __init__(self, services: Services, browsed: BrowsedDataset, projection: Projection) -> None:
        self._services = services
        self.browsed = browsed
        self.projection = projection

    def points(self) -> NDArray[np.float32]:
        """Coordinates (M, 2) by sample index; NaN for a sample that has no place (yet), as for all after the last."""

        def read() -> NDArray[np.float32]:
            with self._services.store.reading() as connection:
                return read_points(connection, self._services.home, self.projection)

        return self.browsed.kept_array(("points", *self._key), read)

    def display_order(self) -> NDArray[np.int32]:
        """The sample index of each point that is shown (M,): random, so that any first part is a fair sample."""
        seed = int(self.projection.id, 16) + self.projection.version

        def make() -> NDArray[np.int32]:
            x, y = self.points().T
            has_place = np.isfinite(x) & np.isfinite(y)
            order = display_order(len(has_place), seed)
            shown: NDArray[np.int32] = order[has_place[order]]
            return shown

        return self.browsed.kept_array(("display order", *self._key), make)

    def density_png(self, size: int, scheme: ColorScheme) -> bytes:
        """A square picture of how densely the points lie, `size` pixels wide."""

        def draw() -> bytes:
            return write_indexed_png(density_levels(self.points(), size), density_palette(scheme))

        return self.browsed.kept(("density", *self._key, size, scheme), draw, size_of=len)

    def inside(self, polygon: NDArray[np.float64]) -> NDArray[np.bool_]:
        """The samples (N,) whose point lies in a polygon (V, 2)."""
        inside = self._polygon_index().inside_mask(polygon)
        selected = np.zeros(len(self.browsed), dtype=np.bool_)
        selected[: len(inside)] = inside[: len(selected)]
        return selected

    def column(self, name: str) -> MapColumn:
        """What the points can be coloured by. Raises NotFound for a name that means nothing here."""
        if name.startswith(TAG_PREFIX):
            return self._flags(name, *self._tag(name.removeprefix(TAG_PREFIX)))
        if name.startswith(SELECTION_PREFIX):
            return self._flags(name, *self._selection(name.removeprefix(SELECTION_PREFIX)))
        if name.startswith(METADATA_PREFIX):
            column = self._metadata(name.removeprefix(METADATA_PREFIX))
            return self._kept_column((name,), lambda: _coded_metadata(column))
        if name not in self.column_names:
            forms = ("tag:<name>", "selection:<id>", "metadata:<key>")
            known = ", ".join(f"`{known}`" for known in (*self.column_names, *forms))
            raise NotFound(f"there is no column `{name}`", hint=f"There are {known}.")
        return self._kept_column((name,), lambda: self._coded(name))

    @property
    def column_names(self) -> tuple[str, ...]:
        """Those that need no tag or selection."""
        return COLUMNS_OF_CROPS if self.browsed.dataset.kind is DatasetKind.CROPS else COLUMNS_OF_IMAGES

    def _coded(self, name: str) -> CodedColumn:
        columns = self.browsed.columns
        match name:
            case "category":
                labels = [category.label for category in columns.categories]
                return column_codes(columns.category, labels, max_codes=MOST_CATEGORIES)
            case "run":
                return column_codes(columns.run, columns.run_ids, max_codes=MOST_CATEGORIES)
            case "stale":
                return _coded_in_order(columns.stale.astype(np.int32), ("as its image is", "stale"))
            case "score":
                bins = np.searchsorted(SCORE_EDGES.astype(np.float32), columns.score, side="right")
                return _coded_in_order(np.where(np.isnan(columns.score), NO_CODE, bins), SCORE_LABELS)
            case _:
                bins = np.searchsorted(OBJECT_COUNT_EDGES, columns.object_count, side="right")
                return _coded_in_order(bins, OBJECT_COUNT_LABELS)

    def _tag(self, name_or_id: str) -> tuple[tuple[str, int], NDArray[Any]]:
        with self._services.store.reading() as connection:
            tag = find_tag(connection, self.browsed.dataset.id, name_or_id)
        return (tag.id, tag.revision), tag_membership(self._services.store, self.browsed, tag)

    def _selection(self, selection_id: str) -> tuple[tuple[str, int], NDArray[Any]]:
        with self._services.store.reading() as connection:
            return (selection_id, 0), members_of_selection(connection, self.browsed, selection_id)

    def _metadata(self, key: str) -> MetadataColumn:
        columns = self.browsed.metadata()
        if key not in columns:
            hint = near_names(key, list(columns), "metadata")
            raise NotFound(f"no sample of dataset `{self.browsed.dataset.name}` has metadata `{key}`", hint=hint)
        return columns[key]

    def _flags(self, name: str, key: tuple[str, int], members: NDArray[Any]) -> MapColumn:
        def make() -> CodedColumn:
            is_member = np.zeros(len(self.browsed), dtype=np.int32)
            is_member[members] = 1
            return _coded_in_order(is_member, ("no", "yes"))

        return self._kept_column((name, *key), make)

    def _kept_column(self, key: tuple[str | int, ...], make: Callable[[], CodedColumn]) -> MapColumn:
        def arrange() -> MapColumn:
            coded = make()
            codes = coded.codes.take(self.display_order())
            version = hashlib.sha256(repr((self._key, coded.legend)).encode() + codes.tobytes()).hexdigest()[:16]
            return MapColumn(codes=codes, legend=coded.legend, version=version)

        return self.browsed.kept(("map column", *self._key, *key), arrange, size_of=lambda made: made.codes.nbytes)

    def _polygon_index(self) -> PolygonIndex:
        def make() -> PolygonIndex:
            x, y = self.points().T
            return PolygonIndex.build(np.ascontiguousarray(x), np.ascontiguousarray(y))

        def size(index: PolygonIndex) -> int:
            return index.ordinals.nbytes + index.x.nbytes + index.y.nbytes + index.cell_start.nbytes

        return self.browsed.kept(("polygon index", *self._key), make, size_of=size)

    @property
    def _key(self) -> tuple[str, int]:
        return self.projection.id, self.projection.version


def open_map(services: Services, browsed: BrowsedDataset, projection_id: str) -> BrowsedMap:
    """A projection of a dataset as it is now. Raises NotFound."""
    with services.store.reading() as connection:
        projection = find_projection(connection, projection_id)
    if projection.dataset_id != browsed.dataset.id:
        raise NotFound(f"dataset `{browsed.dataset.name}` has no projection `{projection_id}`")
    found = BrowsedMap(services, browsed, projection)
    if len(found.points()) <= len(browsed):
        return found
    # A run has added samples since the columns were read; its commit added points and samples together.
    return BrowsedMap(services, services.browser.open(services.store, services.home, browsed.dataset.id), projection)


def _coded_metadata(column: MetadataColumn) -> CodedColumn:
    """Texts and booleans by how many samples have them, numbers by their bins, in order."""
    if column.kind is not MetadataKind.NUMBER or column.slots is None:
        return column_codes(column.codes, column.labels, max_codes=MOST_CATEGORIES)
    bins = np.where(column.codes == NO_CODE, NO_CODE, column.slots.astype(np.int32))
    return _coded_in_order(bins, _labels_of_bins(column))


def _labels_of_bins(column: MetadataColumn) -> tuple[str, ...]:
    """What people read for each bin: whole numbers that have one each by themselves, else the edges."""
    low, high = column.edges[:-1].tolist(), column.edges[1:].tolist()
    is_whole = bool((column.numbers == np.floor(column.numbers)).all())
    if is_whole and all(end - start == 1 for start, end in zip(low, high, strict=True)):
        return tuple(map(number_text, low))
    return tuple(f"{number_text(start)} – {number_text(end)}" for start, end in zip(low, high, strict=True))


def _coded_in_order(values: NDArray[np.integer[Any]], labels: Sequence[str]) -> CodedColumn:
    """Places in `labels`, or NO_CODE, as they are: entry c of the legend is label c, and the last one no value."""
    codes = np.where(values == NO_CODE, len(labels), values).astype(np.uint8)
    counts = np.bincount(codes, minlength=len(labels) + 1).tolist()
    legend = [
        LegendEntry(kind=LegendKind.LABEL, label=label, count=count)
        for label, count in zip(labels, counts, strict=False)
    ]
    if counts[-1]:
        legend.append(LegendEntry(kind=LegendKind.MISSING, label="", count=counts[-1]))
    return CodedColumn(codes=codes, legend=tuple(legend))
