"""Datasets as strict clients want them: no key too many, ints that are ints, lists that end."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient
from tests.unit.server.conftest import CommitRun
from tests.unit.server.lightly.conftest import FacadeClient

from swath.core.access import Scope
from swath.store import schema
from swath.store.database import Store
from swath.testing.session_contract import make_additions

REQUIRED = {"id", "name", "userId", "type", "nSamples", "sizeInBytes", "datasources", "createdAt", "lastModifiedAt"}

UNKNOWN_ID = "0123456789abcdef01234567"


def make(facade: TestClient, name: str = "photos", **fields: Any) -> str:
    answer = facade.post("/datasets", json={"name": name, "type": "Images", **fields})
    assert answer.status_code == 201, answer.text
    assert set(answer.json()) == {"id"}
    return str(answer.json()["id"])


def names(facade: TestClient, path: str = "/datasets", **params: Any) -> list[str]:
    answer = facade.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return [dataset["name"] for dataset in answer.json()]


def error_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.fixture
def curated(commit_run: CommitRun) -> None:
    """Datasets `vehicles` and `vehicles-crops` of anna, with two images and three crops."""
    commit_run(make_additions({"a.jpg": 2, "b.jpg": 1}), user="anna")


def by_name(facade: TestClient, name: str) -> dict[str, Any]:
    [found] = facade.get(f"/datasets/query/name/{name}", params={"exact": "True"}).json()
    assert isinstance(found, dict)
    return found


def test_an_empty_dataset_says_what_clients_require_and_no_more(facade: TestClient) -> None:
    dataset_id = make(facade)

    document = facade.get(f"/datasets/{dataset_id}").json()
    assert set(document) == REQUIRED
    assert (document["id"], document["name"], document["type"]) == (dataset_id, "photos", "Images")
    assert (document["nSamples"], document["sizeInBytes"], document["datasources"]) == (0, 0, [])


def test_images_can_be_loaded_once_there_are_samples(facade: TestClient, curated: None) -> None:
    images, crops = by_name(facade, "vehicles"), by_name(facade, "vehicles-crops")

    assert set(images) == REQUIRED | {"imgType"}
    assert set(crops) == REQUIRED | {"imgType", "parentDatasetId"}
    assert (images["imgType"], images["type"], images["nSamples"]) == ("full", "Images", 2)
    assert (crops["imgType"], crops["type"], crops["nSamples"]) == ("full", "Crops", 3)
    assert crops["parentDatasetId"] == images["id"]
    assert images["sizeInBytes"] > 0


def test_what_an_upload_left_of_images_is_said(facade: TestClient, curated: None, store: Store) -> None:
    with store.writing() as connection:
        connection.execute(sa.update(schema.datasets).values(stored_as="thumbnail"))

    assert by_name(facade, "vehicles")["imgType"] == "thumbnail"


def test_processed_until_is_told_in_seconds(facade: TestClient, store: Store) -> None:
    make(facade)
    with store.writing() as connection:
        connection.execute(sa.update(schema.datasets).values(processed_until=1_700_000_000_999))

    assert by_name(facade, "photos")["datasourceProcessedUntilTimestamp"] == 1_700_000_000


def test_the_size_of_files_follows_changes(facade: TestClient, commit_run: CommitRun) -> None:
    commit_run(make_additions({"a.jpg": 1}), user="anna")
    before = by_name(facade, "vehicles")["sizeInBytes"]
    commit_run(make_additions({"b.jpg": 1}), user="anna")

    assert by_name(facade, "vehicles")["sizeInBytes"] > before


def test_a_dataset_that_is_not_there_is_unknown(facade: TestClient, facade_client: FacadeClient) -> None:
    somebody_elses = make(facade_client(user="bert"))

    for dataset_id in (UNKNOWN_ID, somebody_elses, "dataset_id_xyz", "photos"):
        assert error_of(facade.get(f"/datasets/{dataset_id}")) == (404, "DATASET_UNKNOWN")


def test_a_name_is_taken_once(facade: TestClient, facade_client: FacadeClient) -> None:
    make(facade)

    assert error_of(facade.post("/datasets", json={"name": "photos"})) == (409, "DATASET_NAME_EXISTS")
    make(facade_client(user="bert"))


@pytest.mark.parametrize("name", ["a.b", "a/b", "ab", "-abc", "", "photos\n"])
def test_a_name_that_clients_could_not_read_is_refused(facade: TestClient, name: str) -> None:
    answer = facade.post("/datasets", json={"name": name})

    assert error_of(answer) == (400, "MALFORMED_REQUEST")
    assert "`name`" in answer.json()["error"]


@pytest.mark.parametrize("kind", ["Videos", "Crops"])
def test_datasets_that_nobody_can_fill_are_not_made(facade: TestClient, kind: str) -> None:
    assert error_of(facade.post("/datasets", json={"name": "clips", "type": kind})) == (422, "DATASET_NOT_SUPPORTED")


def test_a_type_that_is_none_is_refused_and_none_at_all_means_images(facade: TestClient) -> None:
    assert error_of(facade.post("/datasets", json={"name": "photos", "type": "images"})) == (400, "MALFORMED_REQUEST")
    make(facade, type=None)
    assert by_name(facade, "photos")["type"] == "Images"


def test_keys_that_are_not_known_are_passed_over(facade: TestClient) -> None:
    make(facade, creator="USER_PIP", imgType="full", somethingNew=1)


def test_lists_hold_everything_if_no_page_is_asked_for(facade: TestClient) -> None:
    for number in range(7):
        make(facade, f"photos {number}")

    assert names(facade, shared="False") == [f"photos {number}" for number in reversed(range(7))]


def test_a_page_begins_at_a_row_and_past_the_end_there_is_none(facade: TestClient) -> None:
    for number in range(5):
        make(facade, f"photos {number}")

    assert names(facade, pageSize=2, pageOffset=2) == ["photos 2", "photos 1"]
    assert names(facade, pageSize=2, pageOffset=4) == ["photos 0"]
    assert names(facade, pageSize=2, pageOffset=6) == []
    assert names(facade, "/datasets/query/name/photos", pageSize=3, pageOffset=3) == ["photos 1", "photos 0"]
    assert names(facade, "/datasets/query/name/photos", pageSize=3, pageOffset=6) == []


@pytest.mark.parametrize("page", [{"pageSize": 0}, {"pageSize": -1}, {"pageOffset": -1}, {"pageSize": "many"}])
def test_pages_that_make_no_sense_are_refused(facade: TestClient, page: dict[str, Any]) -> None:
    assert error_of(facade.get("/datasets", params=page)) == (400, "MALFORMED_REQUEST")


def test_names_are_found_whole_or_by_how_they_begin(facade: TestClient) -> None:
    for name in ("photos", "photos_1", "other photos"):
        make(facade, name)

    assert names(facade, "/datasets/query/name/photos", exact="True") == ["photos"]
    assert names(facade, "/datasets/query/name/photos", exact="False") == ["photos_1", "photos"]
    assert names(facade, "/datasets/query/name/other%20photos", exact="True") == ["other photos"]
    assert names(facade, "/datasets/query/name/no/such", exact="True") == []


def test_there_are_no_assets_of_a_team(facade: TestClient) -> None:
    make(facade)

    assert names(facade, getAssetsOfTeam="True") == []
    assert names(facade, getAssetsOfTeamInclusiveSelf="True") == ["photos"]


def test_a_dataset_is_renamed_by_its_owner(facade: TestClient) -> None:
    dataset_id = make(facade)
    make(facade, "taken")

    assert facade.put(f"/datasets/{dataset_id}", json={"name": "pictures"}).status_code == 204
    assert by_name(facade, "pictures")["id"] == dataset_id
    assert facade.put(f"/datasets/{dataset_id}", json={"name": "pictures"}).status_code == 204
    assert error_of(facade.put(f"/datasets/{dataset_id}", json={"name": "taken"})) == (409, "DATASET_NAME_EXISTS")
    assert error_of(facade.put(f"/datasets/{dataset_id}", json={"name": "a.b"})) == (400, "MALFORMED_REQUEST")


def test_a_dataset_is_deleted_with_the_body_that_old_clients_send(facade: TestClient) -> None:
    dataset_id = make(facade)

    assert facade.request("DELETE", f"/datasets/{dataset_id}", json={}).status_code == 204
    assert error_of(facade.delete(f"/datasets/{dataset_id}")) == (404, "DATASET_UNKNOWN")


def test_crops_are_not_deleted_unasked(facade: TestClient, curated: None) -> None:
    dataset_id = by_name(facade, "vehicles")["id"]

    answer = facade.delete(f"/datasets/{dataset_id}")
    assert error_of(answer) == (409, "ILLEGAL_ACTION_RESOURCE_IN_USE")
    assert "`vehicles-crops`" in answer.json()["error"]
    assert facade.delete(f"/datasets/{dataset_id}", params={"force": "True"}).status_code == 204
    assert names(facade) == []


def test_a_crops_dataset_is_deleted_alone(facade: TestClient, curated: None) -> None:
    dataset_id = by_name(facade, "vehicles-crops")["id"]

    assert facade.delete(f"/datasets/{dataset_id}").status_code == 204
    assert names(facade) == ["vehicles"]


def test_children_are_the_crops_datasets(facade: TestClient, curated: None) -> None:
    images, crops = by_name(facade, "vehicles"), by_name(facade, "vehicles-crops")

    assert facade.get(f"/datasets/{images['id']}/children").json() == [crops]
    assert facade.get(f"/datasets/{crops['id']}/children").json() == []
    assert error_of(facade.get(f"/datasets/{UNKNOWN_ID}/children")) == (404, "DATASET_UNKNOWN")


def test_enriched_datasets_say_what_hangs_on_them(facade: TestClient, curated: None) -> None:
    make(facade, "empty")
    empty, crops, images = facade.get("/datasets/enriched").json()

    assert set(empty) == REQUIRED | {"samples", "nTags", "nEmbeddings"}
    assert (empty["samples"], empty["nTags"], empty["nEmbeddings"]) == ([], 0, 0)
    assert (len(crops["samples"]), crops["nEmbeddings"]) == (3, 1)
    assert images["nTags"] >= 1
    ids = [images["id"], UNKNOWN_ID]
    assert facade.get("/datasets/enriched/query/ids", params={"datasetIds": ids}).json() == [images]
    assert names(facade, "/datasets/enriched/query/name/vehicles", exact="True") == ["vehicles"]
    assert names(facade, "/datasets/enriched/query/name/vehicles", pageSize=1, pageOffset=2) == []


def test_who_may_only_look_changes_nothing(facade: TestClient, facade_client: FacadeClient) -> None:
    dataset_id = make(facade)
    looking = facade_client(Scope.READ_ONLY)

    assert names(looking) == ["photos"]
    for answer in (
        looking.put(f"/datasets/{dataset_id}", json={"name": "other"}),
        looking.delete(f"/datasets/{dataset_id}"),
        looking.post("/datasets", json={"name": "other"}),
        looking.post(f"/datasets/{dataset_id}/collaboration/access", json={"accessType": "WRITE", "users": []}),
    ):
        assert error_of(answer) == (403, "FORBIDDEN")
    assert error_of(facade_client(Scope.WORKER).get("/datasets")) == (403, "FORBIDDEN")
