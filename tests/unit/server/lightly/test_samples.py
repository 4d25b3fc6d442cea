"""Samples, their order and the links to them, as scripts of the official clients see them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient
from tests.unit.server.conftest import CommitRun
from tests.unit.server.lightly.conftest import FacadeClient

from swath.server.services import Services
from swath.store import sample_names
from swath.store.sample_metadata import SampleMetadata, keep_sample_metadata
from swath.testing.session_contract import make_additions

JPEG = b"\xff\xd8 a file \xff\xd9"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A datasource that holds `a.jpg` and nothing else."""
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(JPEG)
    return folder


@pytest.fixture
def ids(facade: TestClient, commit_run: CommitRun, source: Path) -> dict[str, str]:
    """Ids by name: an image dataset of three images, and a crops dataset of their seven objects."""
    additions = make_additions({"a.jpg": 3, "b.jpg": 4, "c d/#1?.jpg": 0})
    commit_run(additions, user="anna", input_uri=str(source), output_uri=str(source))
    return {dataset["name"]: dataset["id"] for dataset in facade.get("/datasets").json()}


def get(client: TestClient, path: str, **params: Any) -> Any:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def test_mappings_list_names_and_ids_in_the_order_of_bits(facade: TestClient, ids: dict[str, str]) -> None:
    path = f"/datasets/{ids['vehicles']}"
    names = get(facade, f"{path}/mappings", field="fileName")
    sample_ids = get(facade, f"{path}/mappings", field="_id")
    assert names == ["a.jpg", "b.jpg", "c d/#1?.jpg"]
    samples = get(facade, f"{path}/samples")
    assert [(sample["index"], sample["id"], sample["fileName"]) for sample in samples] == [
        (index, *pair) for index, pair in enumerate(zip(sample_ids, names, strict=True))
    ]


def test_pages_are_counted_in_rows_and_end_with_an_empty_one(
    facade: TestClient, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_names, "PAGE_SIZE", 2)
    path = f"/datasets/{ids['vehicles-crops']}"
    for lists, params in (("mappings", {"field": "_id"}), ("samples/partial", {}), ("samples", {"sortBy": "_id"})):
        whole = get(facade, f"{path}/{lists}", **params)
        pages = [get(facade, f"{path}/{lists}", pageSize=3, pageOffset=start, **params) for start in (0, 3, 6, 9)]
        assert [len(page) for page in pages] == [3, 3, 1, 0]
        assert [row for page in pages for row in page] == whole
        assert len(whole) == 7


def test_an_image_is_told_in_exactly_these_keys(facade: TestClient, ids: dict[str, str]) -> None:
    sample, *_ = get(facade, f"/datasets/{ids['vehicles']}/samples")
    assert type(sample.pop("createdAt")) is type(sample.pop("lastModifiedAt")) is int
    assert sample == {
        "id": sample["id"],
        "type": "IMAGE",
        "datasetId": ids["vehicles"],
        "fileName": "a.jpg",
        "thumbName": ".lightly/thumbnails/a.jpg",
        "index": 0,
        "metaData": {"sizeInBytes": 1000},
    }


def test_a_crop_says_what_it_was_cut_from(facade: TestClient, ids: dict[str, str]) -> None:
    parents = get(facade, f"/datasets/{ids['vehicles']}/mappings", field="_id")
    crop = get(facade, f"/datasets/{ids['vehicles-crops']}/samples")[4]
    assert crop["type"] == "CROP"
    assert type(crop["cropData"].pop("predictionUUIDTimestamp")) is int
    singleton = get(facade, f"/datasets/{ids['vehicles']}/predictions/samples/{parents[1]}")[1]
    assert crop["cropData"] == {
        "parentId": parents[1],
        "predictionIndex": 1,
        "predictionTaskName": "wheels",
        "predictionTaskCategoryId": singleton["categoryId"],
        "predictionTaskScore": singleton["score"],
    }
    assert (singleton["cropDatasetId"], singleton["cropSampleId"]) == (ids["vehicles-crops"], crop["id"])


def test_the_index_of_a_prediction_counts_those_of_all_tasks(
    facade: TestClient, ids: dict[str, str], commit_run: CommitRun, source: Path
) -> None:
    commit_run(
        make_additions({"b.jpg": 2}, task="axles"),
        user="anna",
        task="axles",
        crop_dataset_name="axles",
        input_uri=str(source),
        output_uri=str(source),
    )
    parent = get(facade, f"/datasets/{ids['vehicles']}/mappings", field="_id")[1]
    singletons = get(facade, f"/datasets/{ids['vehicles']}/predictions/samples/{parent}")
    assert [singleton["taskName"] for singleton in singletons] == ["axles"] * 2 + ["wheels"] * 4
    crops = [
        crop
        for crop in get(facade, f"/datasets/{ids['vehicles-crops']}/samples")
        if crop["cropData"]["parentId"] == parent
    ]
    assert [crop["cropData"]["predictionIndex"] for crop in crops] == [2, 3, 4, 5]
    assert [singletons[crop["cropData"]["predictionIndex"]]["cropSampleId"] for crop in crops] == [
        crop["id"] for crop in crops
    ]


def test_what_people_and_clients_said_of_a_sample_comes_back(
    facade: TestClient, ids: dict[str, str], services: Services
) -> None:
    known = SampleMetadata(
        custom={"weather": {"rain": True}},
        measured={"sharpness": 12.5, "sizeInBytes": 7},
        exif={"Model": "X"},
        video_frame={"sourceVideo": "a.mp4"},
    )
    with services.store.writing() as connection:
        keep_sample_metadata(connection, ids["vehicles"], 1, known)
    samples = get(facade, f"/datasets/{ids['vehicles']}/samples")
    assert samples[1]["type"] == "VIDEO_FRAME"
    assert samples[1]["customMetaData"] == {"weather": {"rain": True}}
    assert samples[1]["metaData"] == {"sharpness": 12.5, "sizeInBytes": 7}
    assert samples[1]["exif"] == {"Model": "X"}
    assert samples[1]["videoFrameData"] == {"sourceVideo": "a.mp4"}
    assert "customMetaData" not in samples[0]


def test_partial_samples_hold_what_their_mode_says(facade: TestClient, ids: dict[str, str]) -> None:
    path = f"/datasets/{ids['vehicles']}/samples/partial"
    names = get(facade, path, mode="fileNames")
    assert [row["fileName"] for row in names] == ["a.jpg", "b.jpg", "c d/#1?.jpg"]
    assert {tuple(row) for row in names} == {("id", "fileName")}
    assert get(facade, path, mode="ids") == [{"id": row["id"]} for row in names]
    assert get(facade, path, mode="full") == get(facade, f"/datasets/{ids['vehicles']}/samples")


def test_samples_are_found_by_name_and_by_id(facade: TestClient, ids: dict[str, str]) -> None:
    path = f"/datasets/{ids['vehicles']}/samples"
    (named,) = get(facade, path, fileName="c d/#1?.jpg")
    assert (named["index"], named["fileName"]) == (2, "c d/#1?.jpg")
    assert get(facade, f"{path}/{named['id']}") == named
    assert get(facade, path, fileName="d.jpg") == []
    by_id = [sample["id"] for sample in get(facade, path, sortBy="_id")]
    assert by_id == sorted(by_id)


def test_what_is_not_there_is_told_by_its_code(
    facade: TestClient, ids: dict[str, str], facade_client: FacadeClient
) -> None:
    unknown = "0" * 24
    crop, *_ = get(facade, f"/datasets/{ids['vehicles-crops']}/mappings", field="_id")
    expected = {
        f"/datasets/{unknown}/samples": (404, "DATASET_UNKNOWN"),
        "/datasets/vehicles/samples": (404, "DATASET_UNKNOWN"),
        f"/datasets/{ids['vehicles']}/samples/{unknown}": (404, "SAMPLE_UNKNOWN"),
        f"/datasets/{ids['vehicles']}/samples/a.jpg": (404, "SAMPLE_UNKNOWN"),
        f"/datasets/{ids['vehicles']}/samples/{crop}/readurl": (404, "SAMPLE_UNKNOWN"),
        f"/datasets/{ids['vehicles']}/mappings": (400, "MALFORMED_REQUEST"),
    }
    for path, error in expected.items():
        answer = facade.get(path)
        assert (answer.status_code, answer.json()["code"]) == error, path
    for path, params in {
        "mappings": {"field": "name"},
        "samples/partial": {"mode": "some"},
        "samples": {"pageOffset": "-1"},
        f"samples/{crop}/readurl": {"type": "half"},
    }.items():
        answer = facade.get(f"/datasets/{ids['vehicles']}/{path}", params=params)
        assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED_REQUEST"), path
    stranger = facade_client(user="bob").get(f"/datasets/{ids['vehicles']}/samples")
    assert (stranger.status_code, stranger.json()["code"]) == (404, "DATASET_UNKNOWN")


def test_a_read_url_opens_the_file_without_a_token(
    facade: TestClient, stranger: TestClient, ids: dict[str, str]
) -> None:
    first, *_ = get(facade, f"/datasets/{ids['vehicles']}/mappings", field="_id")
    url = get(facade, f"/datasets/{ids['vehicles']}/samples/{first}/readurl", type="full")
    assert httpx2.URL(url).is_absolute_url
    assert stranger.get(url).content == JPEG
    assert get(facade, f"/datasets/{ids['vehicles']}/samples/{first}/readurl", type="thumb").endswith(".jpg")
