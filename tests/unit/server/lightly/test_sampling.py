from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient
from tests.unit.server.conftest import CommitRun
from tests.unit.server.lightly.conftest import FacadeClient

from swath.core.runs import RunState
from swath.store import runs
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.home import Home
from swath.store.selection_candidates import CandidateReader, selection_config_of
from swath.store.selection_runs import begin_here, keep_choice
from swath.store.users import local_user
from swath.store.workers import register_worker
from swath.testing.session_contract import make_additions
from swath.wire.run_config import DiversityStrategy, RandomStrategy, ScoresInput, Strategy, WeightsStrategy
from swath.wire.selection_run import Choice

SAMPLES = 6


@pytest.fixture
def dataset(facade: TestClient, stranger: TestClient) -> str:
    """A dataset of six samples with embeddings, of which 0 and 1 are in tag `few` and 0 to 3 in tag `some`."""
    dataset = str(facade.post("/datasets", json={"name": "photos"}).json()["id"])
    at = f"/datasets/{dataset}"
    for number in range(SAMPLES):
        facade.post(f"{at}/samples", json={"fileName": f"{number}.jpg"})
    initial = facade.post(f"{at}/tags/initial", json={"imgType": "meta"}).json()["id"]
    for name, mask in (("few", "0x3"), ("some", "0xf")):
        tag = {"name": name, "prevTagId": initial, "bitMaskData": mask, "totSize": SAMPLES}
        assert facade.post(f"{at}/tags", json=tag).status_code == 201
    url = facade.get(f"{at}/embeddings/writeCSVUrl", params={"name": "default"}).json()["signedWriteUrl"]
    rows = "".join(f"{number}.jpg,{number},{number**2},0\n" for number in range(SAMPLES))
    assert stranger.put(url, content=f"filenames,embedding_0,embedding_1,labels\n{rows}").status_code == 200
    return dataset


def tags(facade: TestClient, dataset: str) -> dict[str, str]:
    return {tag["name"]: tag["id"] for tag in facade.get(f"/datasets/{dataset}/tags").json()}


def ask(facade: TestClient, dataset: str, *, n: float | None = 2, distance: float = -1, **more: Any) -> Any:
    (embedding,) = facade.get(f"/datasets/{dataset}/embeddings").json()
    stop = {"nSamples": n, "minDistance": distance}
    request = {"newTagName": "chosen", "method": "CORESET", "config": {"stoppingCondition": stop}, **more}
    return facade.post(f"/datasets/{dataset}/embeddings/{embedding['id']}/sampling", json={**request, "rowCount": 6})


def error_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def do(store: Store, home: Home, job: str, chosen: list[int]) -> None:
    """Do a job as a worker would that chose these samples."""
    with store.writing() as connection:
        begin_here(connection, job)
    with store.reading() as connection:
        candidates = CandidateReader(connection, home, runs.find_run(connection, job)).everything()
    assert set(chosen) <= set(candidates.sample_indices.tolist())
    choice = Choice(
        sample_indices=np.array(chosen), available=len(candidates.sample_indices), asked=len(chosen), stopped_by=""
    )
    keep_choice(store, job, None, choice)


def test_a_job_ends_with_a_tag_that_holds_what_was_chosen_before(
    facade: TestClient, dataset: str, store: Store, home: Home
) -> None:
    known = tags(facade, dataset)
    response = ask(facade, dataset, n=3, queryTagId=known["some"], preselectedTagId=known["few"])
    assert response.status_code == 200
    assert set(response.json()) == {"jobId"}
    job = response.json()["jobId"]
    status = facade.get(f"/jobs/{job}").json()
    assert (status["status"], status["waitTimeTillNextPoll"]) == ("WAITING", 1)
    assert status["error"] == "waits for a worker: none is online"
    with store.reading() as connection:
        run = runs.find_run(connection, job)
        candidates = CandidateReader(connection, home, run).everything()
    assert candidates.sample_indices.tolist() == [2, 3]
    assert candidates.preselected.tolist() == [[0, 0], [1, 1]]
    # Three, of which two were chosen before.
    assert selection_config_of(run).selection.n_samples == 1
    do(store, home, job, [3])
    status = facade.get(f"/jobs/{job}").json()
    assert set(status) == {
        "id",
        "datasetId",
        "status",
        "waitTimeTillNextPoll",
        "createdAt",
        "lastModifiedAt",
        "finishedAt",
        "result",
    }
    assert (status["status"], status["datasetId"], status["result"]["type"]) == ("FINISHED", dataset, "SAMPLING")
    tag = facade.get(f"/datasets/{dataset}/tags/{status['result']['data']}").json()
    assert (tag["name"], tag["bitMaskData"]) == ("chosen", "0xb")
    (listed,) = facade.get("/jobs").json()
    assert (listed["id"], listed["jobId"], listed["jobType"], listed["status"]) == (job, job, "SAMPLING", "FINISHED")


def test_a_job_waits_for_its_turn_where_a_worker_is_online(facade: TestClient, dataset: str, store: Store) -> None:
    with store.writing() as connection:
        register_worker(connection, owner_id=local_user(connection).id, name="one", now=now_ms())
    job = ask(facade, dataset).json()["jobId"]
    assert facade.get(f"/jobs/{job}").json()["error"] == "waits for its turn"


def test_a_job_that_failed_says_why(facade: TestClient, dataset: str, store: Store) -> None:
    job = ask(facade, dataset).json()["jobId"]
    with store.writing() as connection:
        begin_here(connection, job)
    assert facade.get(f"/jobs/{job}").json()["status"] == "RUNNING"
    with store.writing() as connection:
        runs.finish_run(connection, job, RunState.FAILED, message="the disk is full", result=None)
    status = facade.get(f"/jobs/{job}").json()
    assert (status["status"], status["error"]) == ("FAILED", "the disk is full")


@pytest.mark.parametrize(
    ("method", "n", "distance", "strategy", "count"),
    [
        ("CORESET", 2, -1, DiversityStrategy(), 2),
        ("CORESET", 3.0, 0.5, DiversityStrategy(minimum_distance=0.5), 3),
        ("CORESET", -1, 0.5, DiversityStrategy(minimum_distance=0.5), None),
        ("CORESET", 0.5, None, DiversityStrategy(), 3),
        ("RANDOM", 2, 0.5, RandomStrategy, 2),
    ],
)
def test_methods_are_strategies_of_a_selection_run(
    facade: TestClient, dataset: str, store: Store, method: str, n: float, distance: float, strategy: Any, count: Any
) -> None:
    response = ask(facade, dataset, n=n, distance=distance, method=method)
    assert response.status_code == 200, response.text
    with store.reading() as connection:
        selection = selection_config_of(runs.find_run(connection, response.json()["jobId"])).selection
    assert selection.n_samples == count
    (found,) = selection.strategies
    assert isinstance(found, strategy) if isinstance(strategy, type) else found == strategy


def give_scores(facade: TestClient, dataset: str, tag: str, **scores: list[float]) -> None:
    """Upload scores by type, as clients do before they choose."""
    for score_type, values in scores.items():
        body = {"scoreType": score_type, "scores": values}
        answer = facade.post(f"/datasets/{dataset}/tags/{tags(facade, dataset)[tag]}/scores", json=body)
        assert answer.status_code == 201, answer.text


def strategies_of(store: Store, response: Any) -> tuple[Strategy, ...]:
    assert response.status_code == 200, response.text
    with store.reading() as connection:
        return selection_config_of(runs.find_run(connection, response.json()["jobId"])).selection.strategies


def by_score(name: str) -> WeightsStrategy:
    return WeightsStrategy(input=ScoresInput(score=name))


def test_scores_that_were_given_for_a_tag_are_chosen_by(facade: TestClient, dataset: str, store: Store) -> None:
    give_scores(facade, dataset, "initial-tag", entropy=[1, 2, 3, 4, 5, 6])
    give_scores(facade, dataset, "some", spread=[1, 2, 3, 4])
    coral = ask(facade, dataset, n=3, distance=0.5, method="CORAL")
    assert strategies_of(store, coral) == (DiversityStrategy(minimum_distance=0.5), by_score("entropy"))
    some = tags(facade, dataset)["some"]
    active = ask(facade, dataset, method="ACTIVE_LEARNING", newTagName="other", queryTagId=some)
    assert strategies_of(store, active) == (by_score("spread"),)


def test_of_several_scores_the_named_or_the_usual_one_counts(facade: TestClient, dataset: str, store: Store) -> None:
    give_scores(facade, dataset, "some", object_frequency=[1, 2, 3, 4], zebra=[1, 2, 3, 4])
    options: dict[str, Any] = {"method": "ACTIVE_LEARNING", "queryTagId": tags(facade, dataset)["some"]}
    first = ask(facade, dataset, **options, newTagName="first")
    assert strategies_of(store, first) == (by_score("object_frequency"),)
    give_scores(facade, dataset, "some", uncertainty_margin=[1, 2, 3, 4])
    usual = ask(facade, dataset, **options, newTagName="usual")
    assert strategies_of(store, usual) == (by_score("uncertainty_margin"),)
    named = ask(facade, dataset, **options, newTagName="named", scoreType="zebra")
    assert strategies_of(store, named) == (by_score("zebra"),)


@pytest.mark.parametrize("method", ["CORAL", "ACTIVE_LEARNING"])
def test_without_scores_nothing_is_chosen_by_them(facade: TestClient, dataset: str, method: str) -> None:
    response = ask(facade, dataset, method=method)
    assert error_of(response) == (422, "SCORE_UNKNOWN")
    assert "`upload_scores`" in response.json()["error"]
    give_scores(facade, dataset, "initial-tag", entropy=[1, 2, 3, 4, 5, 6])
    response = ask(facade, dataset, method=method, scoreType="margin")
    assert error_of(response) == (422, "SCORE_UNKNOWN")
    assert "it has `entropy`" in response.json()["error"]


def test_what_cannot_be_chosen_is_refused_by_name(facade: TestClient, dataset: str) -> None:
    known = tags(facade, dataset)
    nowhere = "0" * 24
    refusals: list[tuple[dict[str, Any], int, str]] = [
        ({"method": "GUESSING"}, 400, "MALFORMED_REQUEST"),
        ({"newTagName": "few"}, 409, "TAG_NAME_EXISTS"),
        ({"newTagName": "x"}, 422, "BAD_REQUEST"),
        ({"queryTagId": nowhere}, 400, "TAG_QUERYTAG_NOT_IN_DATASET"),
        ({"preselectedTagId": nowhere}, 400, "TAG_PRESELECTEDTAG_NOT_IN_DATASET"),
        ({"preselectedTagId": known["few"]}, 422, "BAD_REQUEST"),
        ({"n": -1}, 422, "BAD_REQUEST"),
    ]
    for changes, status, code in refusals:
        assert error_of(ask(facade, dataset, **changes)) == (status, code), changes
    request = {"newTagName": "chosen", "method": "RANDOM", "config": {"stoppingCondition": {"nSamples": 2}}}
    response = facade.post(f"/datasets/{dataset}/embeddings/{nowhere}/sampling", json=request)
    assert error_of(response) == (404, "EMBEDDING_UNKNOWN")
    assert facade.get("/jobs").json() == []


def test_embeddings_of_fewer_samples_than_there_are_cannot_be_chosen_by(facade: TestClient, dataset: str) -> None:
    facade.post(f"/datasets/{dataset}/samples", json={"fileName": "new.jpg"})
    assert error_of(ask(facade, dataset)) == (422, "EMBEDDING_ROW_COUNT_INVALID")


def test_samples_without_embeddings_cannot_be_chosen_natively_either(facade: TestClient, user_client: Any) -> None:
    dataset = facade.post("/datasets", json={"name": "photos"}).json()["id"]
    facade.post(f"/datasets/{dataset}/samples", json={"fileName": "a.jpg"})
    response = user_client().post("/api/runs:select", json={"dataset": dataset, "selection": {"n_samples": 1}})
    assert response.status_code == 409
    assert "has no embeddings" in response.json()["detail"]


def test_crops_are_chosen_as_objects(facade: TestClient, commit_run: CommitRun, store: Store, home: Home) -> None:
    commit_run(make_additions({"a.jpg": 2, "b.jpg": 2}), user="anna")
    crops = next(one["id"] for one in facade.get("/datasets").json() if one["name"] == "vehicles-crops")
    job = ask(facade, crops).json()["jobId"]
    do(store, home, job, [1, 2])
    status = facade.get(f"/jobs/{job}").json()
    assert (status["status"], status["datasetId"]) == ("FINISHED", crops)
    assert facade.get(f"/datasets/{crops}/tags/{status['result']['data']}").json()["bitMaskData"] == "0x6"


def test_a_job_is_seen_by_who_sees_its_dataset(facade: TestClient, facade_client: FacadeClient, dataset: str) -> None:
    job = ask(facade, dataset).json()["jobId"]
    boris = facade_client(user="boris")
    assert error_of(boris.get(f"/jobs/{job}")) == (404, "JOB_UNKNOWN")
    assert boris.get("/jobs").json() == []
    assert error_of(facade.get(f"/jobs/{'0' * 24}")) == (404, "JOB_UNKNOWN")
    assert error_of(facade.get("/jobs/nothing")) == (404, "JOB_UNKNOWN")
