from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from swath.core.browsing.projections import ProjectionMethod
from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.core.runs import RunState
from swath.settings import Settings, load_settings
from swath.store.projections import projection_of, read_points
from swath.store.session import open_run
from swath.store.sharing import find_dataset
from swath.testing.session_contract import make_additions
from swath.wire.maps import MapParameters
from swath.wiring.mapping import MapRequest, make_map
from swath.wiring.workspace import open_workspace

CROPS = "vehicles-crops"


class Silent:
    """An observer that keeps the stages it was told."""

    def __init__(self) -> None:
        self.stages: list[tuple[RunState, str]] = []
        self.done = 0

    def stage(self, state: RunState, *, total: int | None, unit: str) -> None:
        self.stages.append((state, unit))

    def advance(self, count: int = 1) -> None:
        self.done += count

    def note(self, level: str, message: str) -> None: ...


def add(settings: Settings, images: dict[str, int]) -> None:
    with open_workspace(settings) as workspace, workspace.home.lock(pytest.fail):
        session = open_run(
            workspace.store,
            workspace.home,
            run_config_json="{}",
            image_dataset_name="vehicles",
            input_uri="/data",
            output_uri="/data",
            task="wheels",
        )
        session.commit(make_additions(images))
        session.finish(RunState.COMPLETED, "done", "{}")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with a crops dataset of twelve samples."""
    settings = load_settings({"SWATH_THREADS": "2"}, home=tmp_path / "home")
    add(settings, {"a.jpg": 7, "b.jpg": 5})
    return settings


def request(
    method: str = "pacmap", dataset: str = CROPS, *, extends: bool = False, parameters: MapParameters | None = None
) -> MapRequest:
    return MapRequest(
        dataset=dataset,
        method=ProjectionMethod(method),
        parameters=parameters or MapParameters(),
        extends=extends,
    )


def points_of(settings: Settings) -> np.ndarray:
    with open_workspace(settings) as workspace, workspace.store.reading() as connection:
        projection = projection_of(connection, find_dataset(connection, CROPS).id, ProjectionMethod.PACMAP)
        assert projection is not None
        return read_points(connection, workspace.home, projection)


def test_a_map_is_made_and_extended_in_this_process(settings: Settings) -> None:
    observer = Silent()
    result = make_map(request(), settings, observer=observer)
    assert (result.state, result.message) == ("COMPLETED", "placed 12 samples of vehicles-crops on its pacmap map")
    assert observer.stages == [
        (RunState.LOADING_DATASET, "samples"),
        (RunState.TRAINING, "samples"),
        (RunState.TRAINING, "steps"),
        (RunState.SAVING_RESULTS, "samples"),
    ]
    assert observer.done > 400
    before = points_of(settings)
    add(settings, {"c.jpg": 3})
    extended = make_map(request(extends=True), settings, observer=Silent())
    assert (extended.placed, extended.points) == (3, 15)
    assert points_of(settings)[:12].tobytes() == before.tobytes()


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        (request(dataset="nobody"), NotFound, "there is no dataset `nobody`"),
        (request("pca"), InvalidConfig, "made with every commit"),
        (request("tsne", parameters=MapParameters(neighbors=4)), InvalidConfig, "no parameter `neighbors`"),
        (request("umap", extends=True), NotFound, "dataset `vehicles-crops` has no umap map"),
        (request("pca", extends=True), Conflict, "extended by every commit"),
    ],
)
def test_what_cannot_be_made_is_refused(
    settings: Settings, asked: MapRequest, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        make_map(asked, settings, observer=Silent())


def test_a_map_that_misses_nobody_is_not_extended(settings: Settings) -> None:
    make_map(request(), settings, observer=Silent())
    with pytest.raises(Conflict, match="every sample of dataset `vehicles-crops` is on its pacmap map"):
        make_map(request(extends=True), settings, observer=Silent())
