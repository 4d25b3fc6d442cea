from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from swath.core.errors import InvalidConfig, NotFound
from swath.core.runs import RunState
from swath.settings import Settings, load_settings
from swath.store import catalog
from swath.store.session import open_run
from swath.testing.session_contract import make_additions
from swath.wire.selection_run import SampleSelection
from swath.wiring.selecting import SelectionRequest, select_again
from swath.wiring.workspace import open_workspace


class Silent:
    """An observer that keeps the stages it was told."""

    def __init__(self) -> None:
        self.stages: list[RunState] = []

    def stage(self, state: RunState, *, total: int | None, unit: str) -> None:
        self.stages.append(state)

    def advance(self, count: int = 1) -> None: ...

    def note(self, level: str, message: str) -> None: ...


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with a crops dataset of ten samples."""
    settings = load_settings({"SWATH_THREADS": "1"}, home=tmp_path / "home")
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
        session.commit(make_additions({"a.jpg": 6, "b.jpg": 4}))
        session.finish(RunState.COMPLETED, "done", "{}")
    return settings


def test_samples_are_chosen_again_in_this_process(settings: Settings) -> None:
    observer = Silent()
    crops = SelectionRequest(dataset="vehicles-crops", selection=SampleSelection(n_samples=4))
    first = select_again(replace(crops, new_tag="four"), settings, observer=observer)
    assert (first.state, first.selected, first.tag) == ("COMPLETED", 4, "four")
    assert observer.stages == [RunState.LOADING_DATASET, RunState.SAMPLING, RunState.SAVING_RESULTS]
    rest = replace(crops, selection=SampleSelection(n_samples=1.0), preselected_tag="four", new_tag="the others")
    second = select_again(rest, settings, observer=Silent())
    assert (second.candidates, second.preselected, second.selected) == (6, 4, 6)
    few = replace(crops, selection=SampleSelection(n_samples=2), input_tag="four", dry_run=True)
    third = select_again(few, settings, observer=Silent())
    assert (third.candidates, third.selected, third.tag) == (4, 2, None)
    with open_workspace(settings) as workspace:
        tagged = [catalog.tag_indices(workspace.store, "vehicles-crops", name) for name in ("four", "the others")]
        assert sorted([*tagged[0].tolist(), *tagged[1].tolist()]) == list(range(10))
        runs = catalog.list_runs(workspace.store)
    assert [run.state for run in runs] == ["COMPLETED"] * 4


def test_what_cannot_be_chosen_is_said_before_a_run_starts(settings: Settings) -> None:
    one = SelectionRequest(dataset="vehicles-crops", selection=SampleSelection(n_samples=1))
    for request, error, message in (
        (replace(one, dataset="vehicle"), NotFound, "there is no dataset `vehicle`"),
        (replace(one, input_tag="nobody"), NotFound, "there is no tag `nobody`"),
        (replace(one, selection=SampleSelection()), InvalidConfig, "Nothing says how many"),
    ):
        with pytest.raises(error, match=message):
            select_again(request, settings, observer=Silent())
    with open_workspace(settings) as workspace:
        assert len(catalog.list_runs(workspace.store)) == 1
