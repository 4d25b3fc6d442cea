"""Datasets, made, found, shared and deleted by the official clients."""

from __future__ import annotations

import pytest
from tests.end_to_end.lightly.conftest import ScriptUser, Users
from tests.support.official_client import ClientRaised, OfficialClient, only_new

UNKNOWN_ID = "0123456789abcdef01234567"


def names(old_client: OfficialClient, code: str = "client.get_datasets()") -> list[str]:
    return [dataset["name"] for dataset in old_client(code)]


def test_a_dataset_is_made_and_listed(old_client: OfficialClient, user: ScriptUser) -> None:
    old_client("client.create_dataset('photos')")

    (made,) = old_client("client.get_datasets()")
    assert (made["name"], made["type"], made["n_samples"]) == ("photos", "Images", 0)
    assert made["id"] == old_client("client.dataset_id")
    assert old_client("client.dataset_type") == "Images"
    assert [dataset.name for dataset in user.native.datasets.list()] == ["photos"]


def test_making_a_client_prints_and_warns_nothing(old_client: OfficialClient) -> None:
    old_client("ApiWorkflowClient(token=token)")

    assert not [text for text in old_client.warnings if "version" in text.lower()]
    assert old_client.output == ""


def test_a_name_that_is_there_is_reused_by_the_old_client_and_refused_by_the_new(old_client: OfficialClient) -> None:
    old_client("client.create_dataset('photos')")
    dataset_id = old_client("client.dataset_id")
    old_client("client = ApiWorkflowClient(token=token)")

    if old_client.is_old:
        old_client("client.create_dataset('photos')")
        assert old_client("client.dataset_id") == dataset_id
    else:
        with pytest.raises(ClientRaised) as refused:
            old_client("client.create_dataset('photos')")
        assert refused.value.type == "ValueError"
    assert names(old_client) == ["photos"]


def test_a_name_that_is_taken_gets_a_number(old_client: OfficialClient) -> None:
    for _ in range(3):
        old_client("client.create_new_dataset_with_unique_name('photos')")

    assert sorted(names(old_client)) == ["photos", "photos_1", "photos_2"]


@pytest.mark.parametrize("kind", ["Videos", "Crops"])
def test_datasets_that_nobody_can_fill_are_refused_with_a_code(old_client: OfficialClient, kind: str) -> None:
    with pytest.raises(ClientRaised) as refused:
        old_client("client.create_dataset('clips', kind)", kind=kind)

    assert (refused.value.status, refused.value.code) == (422, "DATASET_NOT_SUPPORTED")


def test_datasets_are_found_by_id_and_by_name(old_client: OfficialClient) -> None:
    old_client("client.create_dataset('photos')")
    dataset_id = old_client("client.dataset_id")
    old_client("client = ApiWorkflowClient(token=token)")

    assert old_client("client.dataset_exists(dataset_id)", dataset_id=dataset_id) is True
    assert old_client("client.dataset_exists(unknown)", unknown=UNKNOWN_ID) is False
    assert old_client("client.get_dataset_by_id(dataset_id)")["name"] == "photos"
    old_client("client.set_dataset_id_by_name('photos')")
    assert old_client("client.dataset_id") == dataset_id
    with pytest.raises(ClientRaised, match="ValueError"):
        old_client("client.set_dataset_id_by_name('pictures')")


def test_a_dataset_that_is_unknown_cannot_be_worked_on(old_client: OfficialClient) -> None:
    with pytest.raises(ClientRaised, match="ValueError"):
        old_client("client.dataset_id = unknown", unknown=UNKNOWN_ID)


def test_without_an_id_the_dataset_changed_last_is_meant(old_client: OfficialClient, user: ScriptUser) -> None:
    old_client("client.create_dataset('photos')")
    old_client("client.create_dataset('pictures')")
    photos = user.native.datasets.get("photos").id
    assert user.ask("PUT", f"/datasets/{photos}", json={"name": "snapshots"}).status_code == 204
    old_client("client = ApiWorkflowClient(token=token)")

    assert old_client("client.get_dataset_by_id(client.dataset_id)")["name"] == "snapshots"


def test_shared_datasets_are_listed_apart(old_client: OfficialClient, user: ScriptUser, make_user: Users) -> None:
    other = make_user()
    theirs = other.native.datasets.create("theirs").id
    other.ask("POST", f"/datasets/{theirs}/collaboration/access", json={"accessType": "WRITE", "users": [user.name]})
    old_client("client.create_dataset('mine')")

    assert names(old_client, "client.get_datasets(shared=False)") == ["mine"]
    assert names(old_client, "client.get_datasets(shared=True)") == ["theirs"]
    assert sorted(names(old_client, "client.get_all_datasets()")) == ["mine", "theirs"]
    if not old_client.is_old:
        assert sorted(names(old_client, "client.get_datasets(shared=None)")) == ["mine", "theirs"]
        assert names(old_client, "client.get_datasets_iter(shared=True)") == ["theirs"]


@only_new
def test_datasets_are_asked_for_by_name(old_client: OfficialClient) -> None:
    old_client("client.create_dataset('photos 2022')")

    assert names(old_client, "client.get_datasets_by_name('photos 2022')") == ["photos 2022"]
    assert old_client("client.dataset_name_exists('photos 2022')") is True
    assert old_client("client.dataset_name_exists('photos')") is False
    assert old_client("client.dataset_name_exists('photos 2022', shared=None)") is True


def test_a_dataset_is_deleted(old_client: OfficialClient, user: ScriptUser) -> None:
    old_client("client.create_dataset('photos')")
    old_client("client.delete_dataset_by_id(client.dataset_id)")

    assert names(old_client) == []
    with pytest.raises(ClientRaised) as refused:
        old_client("client.delete_dataset_by_id(unknown)", unknown=UNKNOWN_ID)
    assert (refused.value.status, refused.value.code) == (404, "DATASET_UNKNOWN")


@only_new
def test_what_only_web_pages_asked_for_passes_the_strict_checks_too(old_client: OfficialClient) -> None:
    old_client("client.create_dataset('photos')\napi = client._datasets_api")
    dataset_id = old_client("client.dataset_id")

    assert names(old_client, "api.get_datasets_enriched(shared=False)") == ["photos"]
    assert names(old_client, "api.get_datasets_enriched_query_by_name('pho')") == ["photos"]
    assert names(old_client, "api.get_datasets_enriched_query_by_ids([client.dataset_id])") == ["photos"]
    assert names(old_client, "api.get_children_of_dataset_id(client.dataset_id)") == []
    old_client(
        "from lightly.openapi_generated.swagger_client.models import DatasetUpdateRequest\n"
        "api.update_dataset_by_id(client.dataset_id, DatasetUpdateRequest(name='pictures'))"
    )
    assert names(old_client) == ["pictures"]
    old_client("api.delete_dataset_by_id(dataset_id, force=True)", dataset_id=dataset_id)
    assert names(old_client) == []
