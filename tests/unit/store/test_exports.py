from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from swath.core.errors import InvalidConfig, NotFound
from swath.formats.embeddings_csv import parse_embeddings_csv
from swath.store import catalog, tags
from swath.store.coco_export import export_coco
from swath.store.database import Store
from swath.store.exports import crop_files, export_embeddings_csv, export_filenames, export_tags
from swath.store.given_predictions import give_task
from swath.store.home import Home
from swath.store.predictions import task_schemas
from swath.store.sharing import find_dataset
from swath.testing.session_contract import make_additions, make_image_additions

Fixture = Any  # of conftest.py: CommitRun


@pytest.fixture
def committed(commit_run: Fixture) -> None:
    """Two images with three and two objects; four of them are crops."""
    commit_run(
        make_additions(
            {"a.jpg": 3, "b/a.jpg": 2}, selected=[("a.jpg", 0), ("a.jpg", 2), ("b/a.jpg", 0), ("b/a.jpg", 1)]
        )
    )


@pytest.fixture
def crop_tag(store: Store, committed: None) -> str:
    """A tag of the second and the last crop."""
    with store.writing() as connection:
        dataset = catalog.describe_dataset(store, "vehicles-crops").id
        return tags.create_tag(connection, dataset, name="two of them", members=np.array([1, 3])).name


def test_file_names_are_listed_by_index(store: Store, committed: None) -> None:
    assert export_filenames(store, "vehicles", None) == "a.jpg\nb/a.jpg\n"


def test_a_tag_narrows_every_export(store: Store, home: Home, crop_tag: str) -> None:
    samples = list(catalog.iter_samples(store, "vehicles-crops"))
    names = [samples[1].file_name, samples[3].file_name]
    assert export_filenames(store, "vehicles-crops", crop_tag).splitlines() == names
    assert [file.key for file in crop_files(store, "vehicles-crops", crop_tag)] == names
    table = parse_embeddings_csv(export_embeddings_csv(store, home, "vehicles-crops", crop_tag), "embeddings.csv")
    assert list(table.file_names) == names
    vectors = catalog.read_vectors(store, home, "vehicles-crops")
    assert (table.vectors.astype(np.float16) == vectors[[1, 3]]).all()
    assert len(json.loads(export_coco(store, "vehicles-crops", crop_tag))["annotations"]) == 2


@pytest.mark.parametrize("dataset", ["vehicles", "vehicles-crops"])
def test_embeddings_are_the_vectors_in_the_order_of_the_samples(
    store: Store, home: Home, committed: None, dataset: str
) -> None:
    table = parse_embeddings_csv(export_embeddings_csv(store, home, dataset, None), "embeddings.csv")
    assert list(table.file_names) == [sample.file_name for sample in catalog.iter_samples(store, dataset)]
    assert (table.vectors.astype(np.float16) == catalog.read_vectors(store, home, dataset)).all()


def test_coco_of_images_has_all_their_predictions(store: Store, committed: None) -> None:
    document = json.loads(export_coco(store, "vehicles", None))
    assert [(image["file_name"], image["width"], image["height"]) for image in document["images"]] == [
        ("a.jpg", 640, 480),
        ("b/a.jpg", 640, 480),
    ]
    assert [(category["id"], category["name"]) for category in document["categories"]] == [
        (0, "big wheel"),
        (1, "small wheel"),
    ]
    found = [(row["image_id"], row["category_id"], row["bbox"]) for row in document["annotations"]]
    of_image = {image["file_name"]: image["id"] for image in document["images"]}
    assert sorted(found) == sorted(
        (of_image[name], position % 2, [position, position, 20.5, 10.5])
        for name, count in (("a.jpg", 3), ("b/a.jpg", 2))
        for position in range(count)
    )


def test_coco_of_crops_has_only_the_boxes_of_the_crops(store: Store, committed: None) -> None:
    document = json.loads(export_coco(store, "vehicles-crops", None))
    assert [image["file_name"] for image in document["images"]] == ["a.jpg", "b/a.jpg"]
    assert sorted((row["image_id"], row["bbox"][0]) for row in document["annotations"]) == [
        (document["images"][0]["id"], 0),
        (document["images"][0]["id"], 2),
        (document["images"][1]["id"], 0),
        (document["images"][1]["id"], 1),
    ]


def test_a_dataset_without_predictions_has_images_only(store: Store, commit_run: Fixture) -> None:
    commit_run(make_image_additions(["a.jpg", "b.jpg"]), task=None)
    document = json.loads(export_coco(store, "vehicles", None))
    assert (len(document["images"]), document["annotations"], document["categories"]) == (2, [], [])


def test_categories_of_several_tasks_do_not_meet(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 2}))
    commit_run(make_additions({"a.jpg": 2}, task="doors"), task="doors")
    document = json.loads(export_coco(store, "vehicles", None))
    names = {category["id"]: category["name"] for category in document["categories"]}
    assert sorted(names.values()) == ["doors/big wheel", "doors/small wheel", "wheels/big wheel", "wheels/small wheel"]
    used = [names[row["category_id"]] for row in document["annotations"]]
    assert sorted(used) == sorted(names.values())


def test_a_category_that_its_schema_has_lost_keeps_its_number(store: Store, committed: None) -> None:
    with store.writing() as connection:
        dataset = find_dataset(connection, "vehicles")
        (schema,) = task_schemas(connection, dataset.id)
        give_task(connection, dataset, replace(schema, categories=schema.categories[:1]))
    document = json.loads(export_coco(store, "vehicles", None))
    assert [(category["id"], category["name"]) for category in document["categories"]] == [(0, "big wheel"), (1, "1")]
    assert {row["category_id"] for row in document["annotations"]} == {0, 1}


def test_crops_get_a_folder_per_category_and_a_name_of_their_own(store: Store, committed: None) -> None:
    files = list(crop_files(store, "vehicles-crops", None))
    assert [file.category for file in files] == ["big-wheel", "big-wheel", "big-wheel", "small-wheel"]
    assert len({(file.category, file.name) for file in files}) == 4
    for index, file in enumerate(files):
        assert file.name == f"{index:07d}_{file.key.rsplit('/', 1)[-1]}"
        assert file.sample.file_name == file.key


def test_an_image_dataset_has_no_crops_but_says_which_has(store: Store, committed: None) -> None:
    with pytest.raises(InvalidConfig, match="`vehicles` is an image dataset and has no crops") as caught:
        list(crop_files(store, "vehicles", None))
    assert caught.value.hint == "its crops datasets: `vehicles-crops`."


def test_a_dataset_or_tag_that_is_not_there_is_named(store: Store, committed: None) -> None:
    with pytest.raises(NotFound, match="bicycles"):
        export_filenames(store, "bicycles", None)
    with pytest.raises(NotFound, match="no such tag"):
        export_filenames(store, "vehicles", "no such tag")


def test_a_name_with_a_comma_and_quotes_comes_back(store: Store, home: Home, commit_run: Fixture) -> None:
    additions = make_image_additions(["a.jpg", "b.jpg"])
    names = ('=1+1,"x".jpg', "b,c.jpg")
    commit_run(replace(additions, images=replace(additions.images, file_names=names), used_files=()), task=None)
    table = parse_embeddings_csv(export_embeddings_csv(store, home, "vehicles", None), "embeddings.csv")
    assert table.file_names == names


def test_indices_narrow_every_export(store: Store, home: Home, crop_tag: str) -> None:
    chosen = np.array([1, 3])
    for export in (export_filenames, export_coco):
        assert export(store, "vehicles-crops", chosen) == export(store, "vehicles-crops", crop_tag)
    by_indices = list(export_embeddings_csv(store, home, "vehicles-crops", chosen))
    assert by_indices == list(export_embeddings_csv(store, home, "vehicles-crops", crop_tag))
    none = np.array([], dtype=np.int64)
    assert export_filenames(store, "vehicles-crops", none) == ""
    assert len(list(crop_files(store, "vehicles-crops", none))) == 0


def test_tags_are_exported_with_the_names_of_their_samples(store: Store, crop_tag: str) -> None:
    names = export_filenames(store, "vehicles-crops", crop_tag).splitlines()
    document = json.loads("".join(export_tags(store, "vehicles-crops", None)))
    assert document == {"dataset": "vehicles-crops", "tags": [{"name": crop_tag, "file_names": names}]}
    narrowed = json.loads("".join(export_tags(store, "vehicles-crops", np.array([0, 1]))))
    assert narrowed["tags"] == [{"name": crop_tag, "file_names": names[:1]}]
