"""Until when files have been processed, and processing them again."""

from __future__ import annotations

import dataclasses

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient
from tests.unit.server.conftest import CommitRun, UserClient
from tests.unit.server.lightly.conftest import FacadeClient

from swath.core.additions import RunAdditions
from swath.store import schema
from swath.store.database import Store
from swath.testing.session_contract import make_additions

MODIFIED_AT = {"unknown.jpg": 0, "old.jpg": 5_000, "new.jpg": 10_700}


def additions(task: str = "wheels", **more: int) -> RunAdditions:
    """A run that has dealt with the files above."""
    made = make_additions(dict.fromkeys(MODIFIED_AT | more, 1), task=task)
    times = MODIFIED_AT | more
    return dataclasses.replace(
        made,
        used_files=tuple(dataclasses.replace(file, modified_at=times[file.key]) for file in made.used_files),
    )


@pytest.fixture
def path(facade: TestClient, commit_run: CommitRun) -> str:
    """Of a dataset with two crops datasets."""
    commit_run(additions(), user="anna")
    commit_run(additions("cars"), user="anna", task="cars")
    [dataset] = [one["id"] for one in facade.get("/datasets").json() if one["name"] == "vehicles"]
    return f"/datasets/{dataset}/datasource/processedUntilTimestamp"


def until(facade: TestClient, path: str) -> int:
    answer = facade.get(path)
    assert answer.status_code == 200
    assert answer.json().keys() == {"processedUntilTimestamp"}
    return int(answer.json()["processedUntilTimestamp"])


def put(facade: TestClient, path: str, moment: int) -> None:
    assert facade.put(path, json={"processedUntilTimestamp": moment}).status_code == 204


def recorded(store: Store) -> dict[str, int]:
    """For how many targets each file is recorded."""
    table = schema.used_files
    with store.reading() as connection:
        query = sa.select(table.c.file_key, sa.func.count()).group_by(table.c.file_key)
        return {row[0]: row[1] for row in connection.execute(query)}


def test_a_new_dataset_has_processed_nothing(facade: TestClient) -> None:
    dataset = facade.post("/datasets", json={"name": "vehicles"}).json()["id"]
    assert until(facade, f"/datasets/{dataset}/datasource/processedUntilTimestamp") == 0


def test_it_is_the_second_of_the_newest_file_that_was_dealt_with(
    facade: TestClient, path: str, commit_run: CommitRun
) -> None:
    assert until(facade, path) == 10
    commit_run(additions("cars", **{"newest.jpg": 12_000}), user="anna", task="cars")
    assert until(facade, path) == 12


def test_what_was_set_is_told_again(facade: TestClient, path: str) -> None:
    put(facade, path, 1_660_000_000)
    assert until(facade, path) == 1_660_000_000


def test_what_can_only_be_milliseconds_is_taken_as_such(facade: TestClient, path: str) -> None:
    put(facade, path, 1_660_000_000_999)
    assert until(facade, path) == 1_660_000_000


def test_putting_back_what_was_told_changes_nothing(facade: TestClient, path: str, store: Store) -> None:
    before = recorded(store)
    put(facade, path, until(facade, path))
    assert recorded(store) == before == dict.fromkeys(MODIFIED_AT, 2)


def test_files_changed_later_are_new_again_to_every_target(facade: TestClient, path: str, store: Store) -> None:
    put(facade, path, 9)
    assert recorded(store) == {"unknown.jpg": 2, "old.jpg": 2}
    assert until(facade, path) == 9
    put(facade, path, 4)
    assert recorded(store) == {"unknown.jpg": 2}


def test_zero_makes_all_files_new_again(facade: TestClient, path: str, store: Store) -> None:
    put(facade, path, 0)
    assert recorded(store) == {}
    assert until(facade, path) == 0


def test_another_look_at_all_files_adds_nothing_twice(
    facade: TestClient, path: str, store: Store, commit_run: CommitRun
) -> None:
    before = {one["name"]: one["nSamples"] for one in facade.get("/datasets").json()}
    put(facade, path, 0)
    receipt = commit_run(additions(), user="anna")
    assert (receipt.images_added, receipt.crops_added) == (0, 0)
    assert {one["name"]: one["nSamples"] for one in facade.get("/datasets").json()} == before


def test_other_datasets_are_left_alone(facade: TestClient, path: str, store: Store, commit_run: CommitRun) -> None:
    commit_run(additions(), name="boats", user="anna")
    put(facade, path, 0)
    assert recorded(store) == dict.fromkeys(MODIFIED_AT, 1)


@pytest.mark.parametrize("body", [{}, {"processedUntilTimestamp": -1}, {"processedUntilTimestamp": "soon"}, []])
def test_what_is_no_time_is_refused(facade: TestClient, path: str, body: object) -> None:
    answer = facade.put(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED_REQUEST")


def test_only_the_owner_says_what_is_processed(
    facade: TestClient, facade_client: FacadeClient, user_client: UserClient, path: str
) -> None:
    bert = facade_client(user="bert")
    assert bert.put(path, json={"processedUntilTimestamp": 0}).status_code == 404
    assert user_client().put("/api/datasets/vehicles/shares/bert").status_code == 204
    assert until(bert, path) == 10
    answer = bert.put(path, json={"processedUntilTimestamp": 0})
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
