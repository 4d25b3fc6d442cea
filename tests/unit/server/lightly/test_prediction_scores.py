from __future__ import annotations

import numpy as np
import pytest
from starlette.testclient import TestClient
from tests.unit.server.conftest import CommitRun
from tests.unit.server.lightly.conftest import FacadeClient

from swath.core.scoring.columns import ScoreColumns
from swath.store.database import Store
from swath.store.sample_scores import record_scores
from swath.testing.session_contract import make_additions


@pytest.fixture
def dataset(facade: TestClient, commit_run: CommitRun, store: Store) -> str:
    """A dataset of three images, of which two have scores."""
    commit_run(make_additions({"a.jpg": 1, "b.jpg": 1, "c.jpg": 1}), user="anna")
    dataset: str = next(one["id"] for one in facade.get("/datasets").json() if one["name"] == "vehicles")
    scores = ScoreColumns(
        names=(("wheels", "uncertainty_margin"), ("weather", "uncertainty_entropy")),
        values=np.array([[0.5, np.nan], [0.25, 1.0]]),
    )
    with store.writing() as connection:
        record_scores(connection, dataset, np.array([0, 2], dtype=np.int32), scores)
    return dataset


def test_scores_of_runs_are_listed_by_task(facade: TestClient, dataset: str) -> None:
    listed = facade.get(f"/datasets/{dataset}/predictions/scores").json()
    keys = {"id", "datasetId", "predictionUUIDTimestamp", "taskName", "scoreType", "createdAt"}
    assert [set(one) for one in listed] == [keys, keys]
    names = {(one["taskName"], one["scoreType"]) for one in listed}
    assert names >= {("weather", "uncertainty_entropy"), ("wheels", "uncertainty_margin")}
    assert len({one["id"] for one in listed}) == len(listed)


def test_a_score_is_there_for_every_sample(facade: TestClient, dataset: str) -> None:
    at = f"/datasets/{dataset}/predictions/scores"
    found = {one["scoreType"]: facade.get(f"{at}/{one['id']}").json() for one in facade.get(at).json()}
    assert found["uncertainty_margin"]["scores"] == [0.5, 0.0, 0.25]
    assert found["uncertainty_entropy"]["scores"] == [0.0, 0.0, 1.0]
    assert facade.get(at).json() == facade.get(at).json()


def test_scores_that_are_not_there_are_unknown(facade: TestClient, facade_client: FacadeClient, dataset: str) -> None:
    for unknown in ("0" * 24, "odd"):
        answer = facade.get(f"/datasets/{dataset}/predictions/scores/{unknown}")
        assert (answer.status_code, answer.json()["code"]) == (404, "SCORE_UNKNOWN")
    other = facade_client(user="boris")
    assert other.get(f"/datasets/{dataset}/predictions/scores").status_code == 404
