from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from swath.core.browsing.columns import NO_CODE, CategoryLabel, SampleColumns
from swath.store.catalog import iter_predictions, iter_samples
from swath.store.database import Store
from swath.store.datasets import dataset_by_id
from swath.store.sample_columns import load_columns
from swath.store.sharing import find_dataset
from swath.testing.session_contract import make_additions, make_image_additions

Fixture = Any  # of conftest.py: CommitRun


def columns_of(store: Store, name: str) -> SampleColumns:
    with store.reading() as connection:
        return load_columns(connection, find_dataset(connection, name))


def test_columns_of_crops_say_what_the_samples_say(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"b.jpg": 3, "Z.jpg": 1, "ä.jpg": 2}))
    commit_run(make_additions({"a.jpg": 2}))
    columns = columns_of(store, "vehicles-crops")
    samples = list(iter_samples(store, "vehicles-crops"))
    images = {sample.id: sample for sample in iter_samples(store, "vehicles")}

    assert len(columns) == len(samples) == 8
    assert columns.width.tolist() == [sample.width for sample in samples]
    assert columns.height.tolist() == [sample.height for sample in samples]
    assert columns.byte_size.tolist() == [sample.byte_size for sample in samples]
    assert columns.created_at.tolist() == [sample.created_at for sample in samples]
    assert [columns.run_ids[code] for code in columns.run] == [sample.run_id for sample in samples]
    crops = [sample.crop for sample in samples if sample.crop]
    assert [columns.categories[code].category_id for code in columns.category] == [crop.category_id for crop in crops]
    np.testing.assert_array_equal(columns.score, [np.nan if crop.score is None else crop.score for crop in crops])
    assert columns.parent.tolist() == [images[crop.parent_sample_id].index for crop in crops]
    areas = [(crop.box[2] - crop.box[0]) * (crop.box[3] - crop.box[1]) / (640 * 480) for crop in crops]
    np.testing.assert_allclose(columns.box_area, areas, rtol=1e-6)
    assert columns.object_count.tolist() == [0] * 8
    assert not columns.has_predictions


def test_names_are_ranked_by_code_point(store: Store, commit_run: Fixture) -> None:
    commit_run(make_image_additions(["b.jpg", "ä.jpg", "B.jpg", "猫.jpg", "a b.jpg"]), task=None)
    commit_run(make_image_additions(["A.jpg", "a-b.jpg", "é.jpg"]), task=None)
    names = [sample.file_name for sample in iter_samples(store, "vehicles")]
    by_rank = [names[index] for index in np.argsort(columns_of(store, "vehicles").name_rank)]
    assert by_rank == sorted(names)


def test_parents_are_ranked_by_their_names(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"m.jpg": 1, "z.jpg": 1}))
    commit_run(make_additions({"a.jpg": 1, "Z.jpg": 1}))
    columns = columns_of(store, "vehicles-crops")
    parents = [sample.crop.parent_file_name for sample in iter_samples(store, "vehicles-crops") if sample.crop]
    assert [parents[index] for index in np.argsort(columns.parent_rank)] == ["Z.jpg", "a.jpg", "m.jpg", "z.jpg"]


def test_images_have_the_predictions_of_all_tasks(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 3, "b.jpg": 0}))
    commit_run(make_additions({"b.jpg": 1, "c.jpg": 2}, task="doors"), task="doors", crop_dataset_name="doors-crops")
    columns = columns_of(store, "vehicles")
    assert columns.categories == (
        CategoryLabel(task="doors", category_id=0, name="big wheel"),
        CategoryLabel(task="doors", category_id=1, name="small wheel"),
        CategoryLabel(task="wheels", category_id=0, name="big wheel"),
        CategoryLabel(task="wheels", category_id=1, name="small wheel"),
    )
    found = sorted(zip(columns.prediction_sample.tolist(), columns.prediction_category.tolist(), strict=True))
    expected = [
        (prediction.sample_index, (0 if task == "doors" else 2) + prediction.category_id)
        for task in ("doors", "wheels")
        for prediction in iter_predictions(store, "vehicles", task=task)
    ]
    assert found == sorted(expected)
    assert columns.object_count.tolist() == [3, 1, 2]
    assert columns.category.tolist() == [NO_CODE] * 3
    assert np.isnan(columns.score).all()
    assert np.isnan(columns.box_area).all()


def test_a_category_without_a_name_or_without_objects_has_a_code(store: Store, commit_run: Fixture) -> None:
    additions = make_additions({"a.jpg": 2})
    assert additions.predictions is not None
    odd = replace(additions.predictions, category_id=np.array([-3, 1], np.int32))
    commit_run(replace(additions, predictions=odd))
    expected = (
        CategoryLabel(task="wheels", category_id=-3, name=None),
        CategoryLabel(task="wheels", category_id=0, name="big wheel"),
        CategoryLabel(task="wheels", category_id=1, name="small wheel"),
    )
    for name in ("vehicles", "vehicles-crops"):
        assert columns_of(store, name).categories == expected
    assert columns_of(store, "vehicles-crops").category.tolist() == [0, 2]


def test_a_box_covers_no_more_than_its_image(store: Store, commit_run: Fixture) -> None:
    additions = make_additions({"a.jpg": 1, "b.jpg": 1})
    assert additions.predictions is not None
    corners = np.array([[-100.0, -100.0, 320.0, 1e9], [0.0, 0.0, 640.0, 480.0]])
    commit_run(replace(additions, predictions=replace(additions.predictions, corners=corners)))
    assert columns_of(store, "vehicles-crops").box_area.tolist() == [0.5, 1.0]


def test_stale_crops_are_seen_and_mark_their_datasets_modified(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 1, "b.jpg": 1}))
    with store.reading() as connection:
        before = find_dataset(connection, "vehicles")
    # The image has changed, but nothing of it is kept.
    commit_run(replace_used(make_additions({"a.jpg": 1}, versions={"a.jpg": 2}), make_additions({"c.jpg": 1})))
    with store.reading() as connection:
        after = dataset_by_id(connection, before.id)
    assert after is not None
    assert after.modified_at > before.modified_at
    assert columns_of(store, "vehicles-crops").stale.tolist() == [True, False, False]


def replace_used(changed: Any, additions: Any) -> Any:
    return replace(additions, used_files=(*additions.used_files, *changed.used_files))


def test_an_empty_dataset_has_empty_columns(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 1}, selected=[]))
    assert len(columns_of(store, "vehicles-crops")) == 0
    assert len(columns_of(store, "vehicles-crops").categories) == 2
