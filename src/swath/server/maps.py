"""Projections as people look at them: points in the order they are shown in, and which of them a polygon holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from swath.core.browsing import PolygonIndex, display_order
from swath.core.errors import NotFound
from swath.server.browsing import BrowsedDataset
from swath.server.services import Services

if TYPE_CHECKING:
    from swath.store.projections import Projection


class BrowsedMap:
    """One version of one projection of a dataset."""

    def __init__(self, services: Services, browsed: BrowsedDataset, projection: Projection) -> None:
        self._services = services
        self._browsed = browsed
        self.projection = projection

    def points(self) -> NDArray[np.float32]:
        """Coordinates (N, 2) by sample index; NaN for samples that have no point."""

        from swath.store.projections import read_points

        def read() -> NDArray[np.float32]:
            points = np.full((len(self._browsed), 2), np.nan, dtype=np.float32)
            with self._services.store.reading() as connection:
                found = read_points(connection, self._services.home, self.projection)[: len(points)]
            points[: len(found)] = found
            return points

        return self._browsed.kept_array(("points", *self._key), read)

    def polygon_index(self) -> PolygonIndex:
        def make() -> PolygonIndex:
            points = self.points()
            return PolygonIndex.build(points[:, 0].copy(), points[:, 1].copy())

        def size(index: PolygonIndex) -> int:
            return index.ordinals.nbytes + index.x.nbytes + index.y.nbytes + index.cell_start.nbytes

        return self._browsed.kept(("polygon index", *self._key), make, size_of=size)

    def display_order(self) -> NDArray[np.int32]:
        """The sample index of each point that is shown (N,): random, so that any first part is a fair sample."""
        seed = int(self.projection.id, 16) + self.projection.version
        return self._browsed.kept_array(("display order", *self._key), lambda: display_order(len(self._browsed), seed))

    @property
    def _key(self) -> tuple[str, int]:
        return self.projection.id, self.projection.version


def open_map(services: Services, browsed: BrowsedDataset, projection_id: str) -> BrowsedMap:
    """A projection of a dataset as it is now. Raises NotFound."""
    from swath.store.projections import find_projection

    with services.store.reading() as connection:
        projection = find_projection(connection, projection_id)
    if projection.dataset_id != browsed.dataset.id:
        raise NotFound(f"dataset `{browsed.dataset.name}` has no projection `{projection_id}`")
    return BrowsedMap(services, browsed, projection)
