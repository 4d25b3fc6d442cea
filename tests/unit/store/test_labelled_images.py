from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from swath.store import catalog, labelled_images
from swath.store.database import Store
from swath.store.label_studio_export import label_studio_config, label_studio_tasks
from swath.store.labelled_images import Labels, iter_labelled_images, labels_in_use, labels_of
from swath.store.subsets import Subset
from swath.testing.session_contract import make_additions
from swath.wire.exports import ExportUnit

Fixture = Any  # of conftest.py: CommitRun

IMAGES, CROPS = "vehicles", "vehicles-crops"


def found_in(store: Store, dataset: str, subset: Subset) -> list[tuple[str, list[float]]]:
    """The images in order, and the left edges of their boxes, which are positions in the prediction file."""
    return [
        (one.image.file_name, [box.box[0] for box in one.boxes]) for one in iter_labelled_images(store, dataset, subset)
    ]


@pytest.fixture(params=[1, 1000])
def page_size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelled_images, "SAMPLES_AT_A_TIME", request.param)


@pytest.fixture
def committed(commit_run: Fixture) -> None:
    """Crops of two runs: the second one adds some of the image that the first one began with."""
    commit_run(make_additions({"a.jpg": 4, "b.jpg": 2}, selected=[("a.jpg", 2), ("b.jpg", 0), ("b.jpg", 1)]))
    commit_run(make_additions({"a.jpg": 4, "c.jpg": 1}, selected=[("a.jpg", 0), ("a.jpg", 3), ("c.jpg", 0)]))


@pytest.mark.usefixtures("committed", "page_size")
def test_images_have_all_their_predictions(store: Store) -> None:
    assert found_in(store, IMAGES, None) == [("a.jpg", [0, 1, 2, 3]), ("b.jpg", [0, 1]), ("c.jpg", [0])]
    assert found_in(store, IMAGES, np.array([1])) == [("b.jpg", [0, 1])]


@pytest.mark.usefixtures("committed", "page_size")
def test_an_image_comes_once_with_all_chosen_crops_of_it(store: Store) -> None:
    assert found_in(store, CROPS, None) == [("a.jpg", [0, 2, 3]), ("b.jpg", [0, 1]), ("c.jpg", [0])]
    first_and_last = np.array([0, 2, 4], dtype=np.int64)
    assert found_in(store, CROPS, first_and_last) == [("a.jpg", [2, 3]), ("b.jpg", [1])]
    assert found_in(store, CROPS, np.empty(0, dtype=np.int64)) == []


@pytest.mark.usefixtures("committed")
def test_unknown_categories_are_known_by_their_id_and_numbered_last() -> None:
    labels = Labels(())
    assert [labels.number_of("t", 7), labels.number_of("t", 3), labels.number_of("t", 7)] == [0, 1, 0]
    assert labels.all == ("7", "3")


def test_labels_of_several_tasks_name_their_task(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 2}))
    commit_run(make_additions({"a.jpg": 2}, task="doors"), task="doors")
    assert labels_of(store, IMAGES).all == (
        "doors/big wheel",
        "doors/small wheel",
        "wheels/big wheel",
        "wheels/small wheel",
    )
    assert labels_in_use(store, CROPS).all == ("big wheel", "small wheel")
    config = label_studio_config(store, IMAGES, unit=ExportUnit.IMAGES)
    [task] = label_studio_tasks(
        store, IMAGES, None, unit=ExportUnit.IMAGES, include_metadata=False, url_of=lambda sample: sample.file_name
    )
    [prediction] = task["predictions"]
    assert prediction["model_version"] == "doors, wheels"
    used = [result["value"]["rectanglelabels"][0] for result in prediction["result"]]
    assert len(used) == len({result["id"] for result in prediction["result"]}) == 4
    assert all(f'<Label value="{label}"/>' in config for label in used)


@pytest.mark.usefixtures("committed")
def test_a_tag_can_be_the_subset(store: Store) -> None:
    assert found_in(store, CROPS, "initial-tag") == found_in(store, CROPS, None)
    assert catalog.summarize_dataset(store, CROPS).sample_count == 6
