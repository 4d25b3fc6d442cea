"""Tags as scripts of the official clients see them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient
from tests.unit.server.conftest import CommitRun, UserClient
from tests.unit.server.lightly.conftest import FacadeClient

from swath.core.access import Scope
from swath.core.bitmask import write_mask
from swath.testing.session_contract import make_additions

KEYS = {"id", "datasetId", "prevTagId", "name", "bitMaskData", "totSize", "createdAt", "lastModifiedAt", "runId"}


class Tags:
    """The tags of a crops dataset of ten samples."""

    def __init__(self, client: TestClient) -> None:
        found = {dataset["name"]: dataset["id"] for dataset in client.get("/datasets").json()}
        self.client = client
        self.dataset_id = found["vehicles-crops"]
        self.path = f"/datasets/{self.dataset_id}/tags"

    def all(self) -> dict[str, dict[str, Any]]:
        answer = self.client.get(self.path)
        assert answer.status_code == 200, answer.text
        return {tag["name"]: tag for tag in answer.json()}

    def make(self, name: str, mask: str, *, parent: str = "initial-tag", **more: Any) -> str:
        body = {"name": name, "prevTagId": self.all()[parent]["id"], "bitMaskData": mask, "totSize": 10, **more}
        answer = self.client.post(self.path, json=body)
        assert answer.status_code == 201, answer.text
        assert answer.json().keys() == {"id"}
        return str(answer.json()["id"])

    def error(self, method: str, path: str = "", body: Any = None) -> tuple[int, str]:
        answer = self.client.request(method, f"{self.path}{path}", json=body)
        assert answer.json().keys() == {"code", "error"}
        return answer.status_code, answer.json()["code"]


@pytest.fixture
def tags(facade: TestClient, commit_run: CommitRun) -> Tags:
    commit_run(make_additions({"a.jpg": 10}), user="anna")
    return Tags(facade)


def test_the_tag_of_everything_has_all_bits_and_no_parent(tags: Tags) -> None:
    (initial,) = tags.all().values()
    assert initial.keys() == KEYS - {"prevTagId", "runId"}
    assert (initial["name"], initial["bitMaskData"], initial["totSize"]) == ("initial-tag", "0x3ff", 10)
    assert initial["datasetId"] == tags.dataset_id
    assert all(type(initial[name]) is int for name in ("totSize", "createdAt", "lastModifiedAt"))


def test_a_tag_is_made_read_and_deleted(tags: Tags) -> None:
    made = tags.make("cars @ night", "0x0059")
    tag = tags.client.get(f"{tags.path}/{made}").json()
    assert tag == tags.all()["cars @ night"]
    assert tag.keys() == KEYS - {"runId"}
    assert (tag["id"], tag["bitMaskData"]) == (made, "0x59")
    assert tag["prevTagId"] == tags.all()["initial-tag"]["id"]

    assert tags.client.request("DELETE", f"{tags.path}/{made}", json={}).status_code == 204
    assert list(tags.all()) == ["initial-tag"]
    assert tags.error("GET", f"/{made}") == (404, "TAG_UNKNOWN")


def test_an_empty_tag_is_zero(tags: Tags) -> None:
    made = tags.make("nothing", "0x0000")
    assert tags.client.get(f"{tags.path}/{made}").json()["bitMaskData"] == "0x0"


def test_the_run_that_a_tag_is_of_is_named(tags: Tags, commit_run: CommitRun) -> None:
    commit_run(make_additions({"b.jpg": 2}), user="anna")
    (added,) = (tag for name, tag in tags.all().items() if name != "initial-tag")
    assert (added["bitMaskData"], added["totSize"], len(added["runId"])) == ("0xc00", 12, 24)
    assert tags.all()["initial-tag"]["bitMaskData"] == "0xfff"


def test_a_tag_keeps_the_size_it_was_made_with(tags: Tags, commit_run: CommitRun) -> None:
    tags.make("cars", "0x1")
    commit_run(make_additions({"b.jpg": 2}), user="anna")
    assert (tags.all()["cars"]["bitMaskData"], tags.all()["cars"]["totSize"]) == ("0x1", 10)


REFUSED: list[tuple[dict[str, Any], tuple[int, str]]] = [
    ({"prevTagId": "0" * 24}, (400, "TAG_PREVTAG_NOT_IN_DATASET")),
    ({"prevTagId": "initial-tag"}, (400, "TAG_PREVTAG_NOT_IN_DATASET")),
    ({"queryTagId": "0" * 24}, (400, "TAG_QUERYTAG_NOT_IN_DATASET")),
    ({"preselectedTagId": "0" * 24}, (400, "TAG_PRESELECTEDTAG_NOT_IN_DATASET")),
    ({"name": "initial-tag"}, (409, "TAG_NAME_EXISTS")),
    ({"name": "ab"}, (422, "BAD_REQUEST")),
    ({"name": "-cars"}, (422, "BAD_REQUEST")),
    ({"name": "cars/night"}, (422, "BAD_REQUEST")),
    ({"bitMaskData": "0x400"}, (422, "BAD_REQUEST")),
    ({"bitMaskData": "0x" + "f" * 100_000}, (422, "BAD_REQUEST")),
    ({"bitMaskData": "cars"}, (422, "BAD_REQUEST")),
    ({"bitMaskData": 7}, (400, "MALFORMED_REQUEST")),
    ({"name": None}, (400, "MALFORMED_REQUEST")),
]


def test_a_tag_that_cannot_be_is_refused(tags: Tags) -> None:
    body = {"name": "cars", "prevTagId": tags.all()["initial-tag"]["id"], "bitMaskData": "0x1", "totSize": 10}
    for change, error in REFUSED:
        assert tags.error("POST", body={**body, **change}) == error, change
    assert list(tags.all()) == ["initial-tag"]


def test_only_leaves_are_deleted(tags: Tags) -> None:
    parent = tags.make("cars", "0x3")
    child = tags.make("red cars", "0x1", parent="cars")
    initial = tags.all()["initial-tag"]["id"]
    assert tags.error("DELETE", f"/{initial}") == (409, "TAG_UNDELETABLE_IS_INITIAL")
    assert tags.error("DELETE", f"/{parent}") == (409, "TAG_UNDELETABLE_NOT_A_LEAF")
    assert tags.error("DELETE", f"/{'0' * 24}") == (404, "TAG_UNKNOWN")
    assert tags.all()["red cars"]["prevTagId"] == parent
    for tag in (child, parent):
        assert tags.client.delete(f"{tags.path}/{tag}").status_code == 204
    assert list(tags.all()) == ["initial-tag"]


def test_a_tag_is_renamed_and_gets_other_members(tags: Tags) -> None:
    made = tags.make("cars", "0x3")
    assert tags.client.put(f"{tags.path}/{made}", json={"name": "vans"}).status_code == 204
    assert tags.all()["vans"]["bitMaskData"] == "0x3"
    body = {"name": "vans", "bitMaskData": "0x200", "updateCreator": "USER_WEBAPP"}
    assert tags.client.put(f"{tags.path}/{made}", json=body).status_code == 204
    assert tags.all()["vans"]["bitMaskData"] == "0x200"
    assert tags.error("PUT", f"/{made}", {"name": "initial-tag"}) == (409, "TAG_NAME_EXISTS")
    assert tags.error("PUT", f"/{made}", {"name": "vans", "bitMaskData": "0x400"}) == (422, "BAD_REQUEST")


def test_the_tag_of_everything_stays_so(tags: Tags) -> None:
    initial = tags.all()["initial-tag"]["id"]
    assert tags.error("PUT", f"/{initial}", {"name": "everything"}) == (409, "CONFLICT")
    assert tags.error("PUT", f"/{initial}", {"name": "initial-tag", "bitMaskData": "0x1"}) == (409, "CONFLICT")
    same = {"name": "initial-tag", "bitMaskData": "0x3ff"}
    assert tags.client.put(f"{tags.path}/{initial}", json=same).status_code == 204


def test_tags_are_combined_into_masks_and_tags(tags: Tags) -> None:
    one, two = tags.make("one", "0x3"), tags.make("two", "0x6")
    expected = {"UNION": ("0x7", "initial-tag"), "INTERSECTION": ("0x2", "one"), "DIFFERENCE": ("0x1", "one")}
    for operation, (mask, parent) in expected.items():
        body = {"tagId1": one, "tagId2": two, "operation": operation}
        for path in ("/arithmetics/bitmask", "/arithmetics"):
            answer = tags.client.post(f"{tags.path}{path}", json=body)
            assert (answer.status_code, answer.json()) == (200, {"bitMaskData": mask})
        made = tags.client.post(f"{tags.path}/arithmetics", json={**body, "newTagName": f"both {operation}"})
        assert (made.status_code, made.json().keys()) == (200, {"id"})
        both = tags.all()[f"both {operation}"]
        assert (both["id"], both["bitMaskData"]) == (made.json()["id"], mask)
        assert both["prevTagId"] == tags.all()[parent]["id"]


def test_combining_what_is_not_there_is_refused(tags: Tags) -> None:
    initial = tags.all()["initial-tag"]["id"]
    body = {"tagId1": initial, "tagId2": "0" * 24, "operation": "UNION"}
    assert tags.error("POST", "/arithmetics/bitmask", body) == (404, "TAG_UNKNOWN")
    wrong = {"tagId1": initial, "tagId2": initial, "operation": "PRODUCT"}
    assert tags.error("POST", "/arithmetics/bitmask", wrong) == (400, "MALFORMED_REQUEST")
    taken = {"tagId1": initial, "tagId2": initial, "operation": "UNION", "newTagName": "initial-tag"}
    assert tags.error("POST", "/arithmetics", taken) == (409, "TAG_NAME_EXISTS")


def test_changes_are_undone_where_the_native_interface_lists_them(tags: Tags, user_client: UserClient) -> None:
    tags.make("cars", "0x3")
    native = user_client()
    (operation,) = native.get(f"/api/datasets/{tags.dataset_id}/operations").json()["items"]
    assert native.post(f"/api/operations/{operation['id']}:undo").status_code == 200
    assert list(tags.all()) == ["initial-tag"]


def test_what_one_may_not_see_is_not_there(tags: Tags, facade_client: FacadeClient) -> None:
    reader = Tags(facade_client(Scope.READ_ONLY))
    initial = reader.all()["initial-tag"]["id"]
    assert reader.error("DELETE", f"/{initial}") == (403, "FORBIDDEN")
    tags.client = facade_client(user="bob")
    assert tags.error("GET") == (404, "DATASET_UNKNOWN")
    tags.path = "/datasets/vehicles-crops/tags"
    assert tags.error("GET") == (404, "DATASET_UNKNOWN")


def test_a_dataset_without_samples_has_no_tags(facade: TestClient) -> None:
    made = facade.post("/datasets", json={"name": "empty"}).json()["id"]
    assert facade.get(f"/datasets/{made}/tags").json() == []
    answer = facade.get(f"/datasets/{made}/tags/{'0' * 24}")
    assert (answer.status_code, answer.json()["code"]) == (404, "TAG_UNKNOWN")


def test_masks_of_many_samples_come_back_as_they_were(tags: Tags, commit_run: CommitRun) -> None:
    commit_run(make_additions({f"{number}.jpg": 100 for number in range(20)}), user="anna")
    members = np.flatnonzero(np.random.default_rng(3).random(2_010) < 0.5)
    tags.make("half", write_mask(members))
    assert tags.all()["half"]["bitMaskData"] == write_mask(members)
