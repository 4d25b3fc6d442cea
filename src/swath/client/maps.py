"""Maps of a dataset's embeddings: ask for one, extend it, read its points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.client.documents import read
from swath.client.runs import Run
from swath.client.transport import Transport
from swath.core.browsing.projections import ProjectionMethod
from swath.core.errors import Conflict
from swath.wire.maps import ProjectionDocument, ProjectionList, ProjectionState
from swath.wire.runs import RunDocument


class Projection:
    """A map on the server as it was when it was last asked for; `refresh` asks again.

    `document` has everything the server says about it.
    """

    def __init__(self, transport: Transport, document: ProjectionDocument) -> None:
        self._transport = transport
        self.document = document

    @property
    def id(self) -> str:
        return self.document.id

    @property
    def method(self) -> ProjectionMethod:
        return self.document.method

    @property
    def state(self) -> ProjectionState:
        return self.document.state

    @property
    def run(self) -> Run | None:
        """The run that is making, remaking or extending it; of a map that failed, the run that did."""
        if self.document.run_id is None:
            return None
        return Run(self._transport, read(RunDocument, self._transport.get(f"/runs/{self.document.run_id}")))

    def refresh(self) -> Projection:
        """Ask the server how the map is now; returns itself."""
        self.document = read(ProjectionDocument, self._transport.get(f"/projections/{self.id}"))
        return self

    def wait(self, *, timeout: float | None = None) -> Projection:
        """Wait until no run is on the map any more; returns itself, refreshed.

        Raises RunFailed or RunCancelled if the run did not complete, TimeoutError after `timeout` seconds.
        """
        run = self.run
        if run is not None:
            run.wait(timeout=timeout)
        return self.refresh()

    def points(self) -> NDArray[np.float32]:
        """The points (sample count, 2) by sample index; NaN for a sample that has no place yet.

        Raises Conflict as long as there are none.
        """
        document = self.refresh().document
        if document.points_url is None:
            raise Conflict(f"the {self.method.value} map has no points: it is {self.state.value}")
        query = {"v": document.version}
        data = self._transport.get_bytes(f"/projections/{self.id}/points.bin", query)
        count = len(data) // 12
        points = np.full((document.sample_count, 2), np.nan, dtype=np.float32)
        indices = np.frombuffer(data, "<u4", count, offset=8 * count)
        points[indices] = np.frombuffer(data, "<f4", 2 * count).reshape(2, count).T
        return points

    def extend(self) -> Run:
        """Ask for a run that puts the samples that are missing onto the map; those that are there stay.

        Raises Conflict if none is missing, or a run is on the map.
        """
        answer = self._transport.post(f"/projections/{self.id}:extend", {})
        self.document = read(ProjectionDocument, answer)
        run = self.run
        assert run is not None, "a map that is extended without a run"
        return run

    def delete(self) -> None:
        """Raises Conflict for the map of PCA."""
        self._transport.delete(f"/projections/{self.id}")

    def __repr__(self) -> str:
        return f"<Projection {self.method.value} {self.state.value} of {self.document.point_count} points>"


def make_projection(transport: Transport, dataset_id: str, method: ProjectionMethod | str, request: Any) -> Projection:
    """See `Dataset.make_projection`."""
    body = {"method": ProjectionMethod(method).value, **request}
    answer = transport.post(f"/datasets/{dataset_id}/projections", body)
    return Projection(transport, read(ProjectionDocument, answer))


def list_projections(transport: Transport, dataset_id: str) -> list[Projection]:
    """See `Dataset.projections`."""
    found = read(ProjectionList, transport.get(f"/datasets/{dataset_id}/projections"))
    return [Projection(transport, document) for document in found.items]
