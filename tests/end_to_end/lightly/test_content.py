"""What a run left, read by the official clients: tags, names, exports, files, embeddings, predictions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from PIL import Image
from tests.end_to_end.conftest import PhotoFolder
from tests.support.deployment import Deployment
from tests.support.official_client import ClientRaised, OfficialClient, only_new

from swath.core.additions import RunAdditions
from swath.core.runs import RunState
from swath.formats.embeddings_csv import parse_embeddings_csv
from swath.store.database import open_store
from swath.store.home import Home, open_home
from swath.store.session import open_run
from swath.testing.session_contract import make_image_additions
from swath.testing.tiny_onnx import TinyModel, write_tiny_model

MANY = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """An image dataset that a worker has filled, its crops, and a dataset of many names without files."""

    photos: PhotoFolder
    images: str
    crops: str
    many: str


def many_images() -> RunAdditions:
    """Names that fill more than a page of characters, which clients take for a page of rows."""
    return make_image_additions([f"a folder with a long name/{number:04d} {'x' * 30}.jpg" for number in range(MANY)])


def commit_many(home: Home) -> None:
    store = open_store(home.database_url)
    with home.lock(pytest.fail):
        run = open_run(
            store,
            home,
            run_config_json="{}",
            image_dataset_name="many",
            input_uri="/data",
            output_uri="/data",
            task=None,
            crop_dataset_name=None,
        )
        run.commit(many_images())
        run.finish(RunState.COMPLETED, "done", "{}")
    store.close()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    deployment = Deployment(tmp_path_factory.mktemp("live"), "")
    try:
        commit_many(open_home(deployment.home.root))
        deployment.start_server()
        yield deployment
    finally:
        deployment.close()


@pytest.fixture(scope="module")
def world(live: Deployment) -> World:
    photos = PhotoFolder(live.folder / "photos")
    photos.add_many(4)
    photos.add("a folder/ü #1 100%.jpg")
    model = write_tiny_model(live.folder / "model.onnx", TinyModel())
    worker = live.start_worker()
    live.complete(live.schedule(photos, model))
    live.stop(worker)
    ids = {dataset.name: dataset.id for dataset in live.client.datasets.list()}
    return World(photos=photos, images=ids["photos"], crops=ids["photos-crops"], many=ids["many"])


@pytest.fixture
def script(client_process: OfficialClient, live: Deployment, world: World) -> OfficialClient:
    """Either client as the owner of these datasets, with the image dataset set."""
    client_process.start_anew(live.url, live.token)
    client_process("client.dataset_id = dataset_id", dataset_id=world.images)
    return client_process


def name_of(script: OfficialClient, what: str) -> str:
    """A name that the other client does not use."""
    return f"{what} {script.version}"


def loaded(url: str) -> bytes:
    answer = httpx2.get(url, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return answer.content


def test_names_are_those_of_the_images(script: OfficialClient, world: World) -> None:
    names = script("client.get_filenames()")
    assert set(names) <= {str(path.relative_to(world.photos.root)) for path in world.photos.root.rglob("*.jpg")}
    assert len(names) == len(set(names)) > 0


def test_the_tag_of_everything_is_everything(script: OfficialClient) -> None:
    names = script("client.get_filenames()")
    (initial,) = (tag for tag in script("client.get_all_tags()") if tag["name"] == "initial-tag")
    assert script("client.get_tag_by_name('initial-tag')") == initial
    assert script("client.get_tag_by_id(tag_id)", tag_id=initial["id"]) == initial
    assert script("client.get_filenames_in_tag(client.get_tag_by_name('initial-tag'))") == names
    with pytest.raises(ClientRaised) as missing:
        script("client.get_tag_by_name('nothing')")
    assert missing.value.type == "TagDoesNotExistError"


def test_a_tag_is_made_of_names_read_and_deleted(script: OfficialClient) -> None:
    names = script("client.get_filenames()")
    picked = name_of(script, "picked")
    made = script(
        "tag = client.create_tag_from_filenames(names, picked); tag", names=[names[2], names[0]], picked=picked
    )
    script("tag = client.get_tag_by_id(tag.id)")
    assert script("tag.name") == picked
    assert script("client.get_filenames_in_tag(tag)") == [names[0], names[2]]
    assert script("client.get_filenames_in_tag(tag, client.get_filenames())") == [names[0], names[2]]
    # What a tag has more than the one it was made from.
    assert script("client.get_filenames_in_tag(tag, exclude_parent_tag=True)") == []
    assert script("client.export_filenames_by_tag_id(tag.id)") == f"{names[0]}\n{names[2]}"
    assert script("client.export_filenames_by_tag_name(picked)") == f"{names[0]}\n{names[2]}"

    with pytest.raises(ClientRaised) as initial:
        script("client.delete_tag_by_id(client.get_tag_by_name('initial-tag').id)")
    assert initial.value.code == "TAG_UNDELETABLE_IS_INITIAL"
    script("client.delete_tag_by_id(tag_id)", tag_id=made["id"])
    assert picked not in [tag["name"] for tag in script("client.get_all_tags()")]


def test_a_tag_with_children_is_not_deleted_and_a_child_says_what_its_parent_lacks(script: OfficialClient) -> None:
    names = script("client.get_filenames()")
    script("client.create_tag_from_filenames(names, parent)", names=names[:1], parent=name_of(script, "parent"))
    script("parent_id = client.get_tag_by_name(parent).id")
    script(
        "client.create_tag_from_filenames(names, child, parent_tag_id=parent_id)",
        names=names[:2],
        child=name_of(script, "child"),
    )
    with pytest.raises(ClientRaised) as refused:
        script("client.delete_tag_by_id(parent_id)")
    assert refused.value.code == "TAG_UNDELETABLE_NOT_A_LEAF"
    assert script("client.get_filenames_in_tag(client.get_tag_by_name(child), exclude_parent_tag=True)") == names[1:2]
    script("client.delete_tag_by_id(client.get_tag_by_name(child).id)")
    script("client.delete_tag_by_id(parent_id)")


@only_new
def test_a_tag_is_deleted_by_name(script: OfficialClient) -> None:
    script("client.create_tag_from_filenames(client.get_filenames()[:1], 'doomed')")
    script("client.delete_tag_by_name('doomed')")
    assert "doomed" not in [tag["name"] for tag in script("client.get_all_tags()")]


def test_tags_of_crops_have_their_names_too(script: OfficialClient, world: World) -> None:
    script("client.dataset_id = crops", crops=world.crops)
    names = script("client.get_filenames()")
    assert script("client.export_filenames_by_tag_name('initial-tag')") == "\n".join(names)
    script("client.create_tag_from_filenames(names, picked)", names=names[1:3], picked=name_of(script, "crops"))
    assert script("client.get_filenames_in_tag(client.get_tag_by_name(picked))") == names[1:3]


def test_an_export_of_many_names_ends(script: OfficialClient, world: World) -> None:
    script("client.dataset_id = many", many=world.many)
    names = script("client.get_filenames()")
    assert len(names) == MANY
    text = script("client.export_filenames_by_tag_name('initial-tag')")
    assert len(text) > 5_000
    assert text.split("\n") == names


def test_tasks_for_label_studio_show_the_images(script: OfficialClient, world: World) -> None:
    names = script("client.get_filenames()")
    tasks = script("client.export_label_studio_tasks_by_tag_name('initial-tag')")
    assert [task["id"] for task in tasks] == list(range(len(names)))
    key = "lightlyFileName" if script.is_old else "lightly_file_name"
    assert [task["data"][key] for task in tasks] == names
    assert loaded(tasks[0]["data"]["image"]) == (world.photos.root / names[0]).read_bytes()
    tag_id = script("client.get_tag_by_name('initial-tag').id")
    assert script("client.export_label_studio_tasks_by_tag_id(tag_id)", tag_id=tag_id) == tasks


def test_rows_for_labelbox_show_the_images(script: OfficialClient, world: World) -> None:
    names = script("client.get_filenames()")
    rows = script("client.export_label_box_data_rows_by_tag_name('initial-tag')")
    assert [row["externalId"] for row in rows] == names
    assert loaded(rows[-1]["imageUrl"]) == (world.photos.root / names[-1]).read_bytes()


@only_new
def test_rows_for_the_newer_labelbox_show_the_images(script: OfficialClient, world: World) -> None:
    names = script("client.get_filenames()")
    rows = script("client.export_label_box_v4_data_rows_by_tag_name('initial-tag')")
    assert [(row["global_key"], row["media_type"]) for row in rows] == [(name, "IMAGE") for name in names]
    assert loaded(rows[0]["row_data"]) == (world.photos.root / names[0]).read_bytes()


@only_new
def test_names_places_and_urls_stand_side_by_side(script: OfficialClient, world: World) -> None:
    names = script("client.get_filenames()")
    rows = script("client.export_filenames_and_read_urls_by_tag_name('initial-tag')")
    assert [row["fileName"] for row in rows] == names
    assert [row["datasourceUrl"] for row in rows] == [f"{world.photos.root}/{name}" for name in names]
    assert [loaded(row["readUrl"]) for row in rows] == [(world.photos.root / name).read_bytes() for name in names]


def test_a_dataset_is_downloaded(script: OfficialClient, world: World, tmp_path: Path) -> None:
    names = script("client.get_filenames()")
    script("client.download_dataset(folder)", folder=str(tmp_path / "images"))
    for name in names:
        with Image.open(tmp_path / "images" / name) as copy, Image.open(world.photos.root / name) as image:
            assert copy.size == image.size


def test_the_crops_of_a_dataset_are_downloaded(script: OfficialClient, world: World, tmp_path: Path) -> None:
    script("client.dataset_id = crops", crops=world.crops)
    script("client.download_dataset(folder)", folder=str(tmp_path / "crops"))
    for name in script("client.get_filenames()"):
        with Image.open(tmp_path / "crops" / name) as copy, Image.open(world.photos.root / name) as crop:
            assert copy.size == crop.size


def test_the_embedding_of_a_run_is_the_latest(script: OfficialClient) -> None:
    script("client.set_embedding_id_to_latest()")
    if script.is_old:
        (embedding,) = script("client._embeddings_api.get_embeddings_by_dataset_id(client.dataset_id)")
    else:
        (embedding,) = script("client.get_all_embedding_data()")
        assert script("client.get_embedding_data_by_name(name)", name=embedding["name"]) == embedding
    assert embedding["name"].startswith("default_")
    assert script("client.embedding_id") == embedding["id"]
    assert script("client.get_embedding_by_name('default')")["id"] == embedding["id"]


def test_the_latest_of_several_embeddings_is_found(script: OfficialClient, world: World, tmp_path: Path) -> None:
    """Old clients take the last of the list for it, new ones the first."""
    script("client.dataset_id = crops", crops=world.crops)
    rows = [f"{name},{row},0" for row, name in enumerate(script("client.get_filenames()"))]
    (tmp_path / "mine.csv").write_text("\n".join(["filenames,embedding_0,labels", *rows]) + "\n")
    script("client.upload_embeddings(path, name)", path=str(tmp_path / "mine.csv"), name=name_of(script, "mine"))
    script("client.set_embedding_id_to_latest()")
    assert script("client.embedding_id") == script("client.get_embedding_by_name(name)")["id"]


@only_new
def test_the_vectors_of_a_run_are_downloaded(script: OfficialClient, live: Deployment, tmp_path: Path) -> None:
    vectors = live.client.datasets.get("photos").embeddings()
    script("client.download_embeddings_csv(path)", path=str(tmp_path / "one.csv"))
    script(
        "client.download_embeddings_csv_by_id(client.get_all_embedding_data()[0].id, path)",
        path=str(tmp_path / "two.csv"),
    )
    text = (tmp_path / "one.csv").read_text()
    assert (tmp_path / "two.csv").read_text() == text
    table = parse_embeddings_csv([text], "one.csv")
    assert list(table.file_names) == script("client.get_filenames()")
    assert np.array_equal(table.vectors, vectors.astype(np.float32))


@only_new
def test_what_is_generated_of_the_interface_reads_every_answer(script: OfficialClient, world: World) -> None:
    """Answers that no method of the client asks for: its classes still refuse what they do not know."""
    script("from lightly.openapi_generated.swagger_client import api")
    script("samples = api.SamplesApi(client.api_client)")
    images = script("samples.get_samples_by_dataset_id(client.dataset_id)")
    assert [sample["index"] for sample in images] == list(range(len(images)))
    assert script("samples.get_sample_by_id(client.dataset_id, sample_id)", sample_id=images[0]["id"]) == images[0]
    partial = "samples.get_samples_partial_by_dataset_id(client.dataset_id, mode=mode)"
    assert [row["file_name"] for row in script(partial, mode="fileNames")] == [row["file_name"] for row in images]
    assert [row["id"] for row in script(partial, mode="ids")] == [row["id"] for row in images]
    crops = script("samples.get_samples_by_dataset_id(crops)", crops=world.crops)
    assert {crop["type"] for crop in crops} == {"CROP"}

    script("tags = api.TagsApi(client.api_client); tag_id = client.get_tag_by_name('initial-tag').id")
    assert script("tags.get_filenames_by_tag_id(client.dataset_id, tag_id)") == script("client.get_filenames()")
    sama = script("tags.export_tag_to_sama_tasks(client.dataset_id, tag_id, include_meta_data=True)")
    assert [task["data"]["lightly_file_name"] for task in sama] == script("client.get_filenames()")
    studio = script("tags.export_tag_to_label_studio_tasks(client.dataset_id, tag_id, include_meta_data=True)")
    assert [task["data"]["lightly_meta_info"]["file_name"] for task in studio] == script("client.get_filenames()")
    pairs = script("tags.export_tag_to_basic_filenames_and_read_urls(client.dataset_id, tag_id)")
    assert [pair["file_name"] for pair in pairs] == script("client.get_filenames()")

    script("predictions = api.PredictionsApi(client.api_client)")
    schemas = script("predictions.get_prediction_task_schemas_by_dataset_id(client.dataset_id)")
    assert "vehicles" in [schema["name"] for schema in schemas["schemas"]]
    parent = crops[0]["crop_data"]["parent_id"]
    singletons = script("predictions.get_predictions_by_sample_id(client.dataset_id, parent)", parent=parent)
    singleton = singletons[crops[0]["crop_data"]["prediction_index"]]
    assert (singleton["crop_dataset_id"], singleton["crop_sample_id"]) == (world.crops, crops[0]["id"])

    script("client.set_embedding_id_to_latest(); maps = api.Embeddings2dApi(client.api_client)")
    (summary,) = script("maps.get_embeddings2d_by_embedding_id(client.dataset_id, client.embedding_id)")
    points = script("maps.get_embedding2d_by_id(client.dataset_id, client.embedding_id, id)", id=summary["id"])
    assert len(points["coordinates_dimension1"]) == len(images)


@only_new
def test_predictions_are_given(script: OfficialClient) -> None:
    script("from lightly.openapi_generated.swagger_client import models")
    script(
        """
category = models.PredictionTaskSchemaCategory(id=3, name='van')
schema = models.PredictionTaskSchemaSimple(name='vans', type='OBJECT_DETECTION', categories=[category])
client.create_or_update_prediction_task_schema(models.PredictionTaskSchema(schema), prediction_version_id=0)
"""
    )
    singleton: dict[str, Any] = {
        "type": "OBJECT_DETECTION",
        "taskName": "vans",
        "categoryId": 3,
        "score": 0.5,
        "bbox": [1, 2, 3, 4],
    }
    script(
        """
from lightly.openapi_generated.swagger_client import api
sample = api.MappingsApi(client.api_client).get_sample_mappings_by_dataset_id(client.dataset_id, '_id')[0]
van = models.PredictionSingleton.from_dict(singleton)
client.create_or_update_prediction(sample, [van, van], prediction_version_id=0)
""",
        singleton=singleton,
    )
    found = script("api.PredictionsApi(client.api_client).get_predictions_by_sample_id(client.dataset_id, sample)")
    assert [one["bbox"] for one in found if one["task_name"] == "vans"] == [[1, 2, 3, 4]] * 2
    with pytest.raises(ClientRaised) as refused:
        script(
            """
schema = models.PredictionTaskSchemaSimple(name='vans', type='OBJECT_DETECTION', categories=[category, category])
client.create_or_update_prediction_task_schema(models.PredictionTaskSchema(schema), prediction_version_id=0)
"""
        )
    assert refused.value.code == "PREDICTION_TASK_SCHEMA_CATEGORIES_NOT_UNIQUE"
