from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.unit.server.lightly.conftest import FacadeClient
from tests.unit.server.lightly.scheduling import error_of

CONFIG = {
    "workerType": "FULL",
    "docker": {"datasource.process_all": True, "any": [1, None, "ü\u0000"]},
    "lightly": None,
}


@pytest.mark.parametrize(("path", "version"), [("", "V0"), ("/v2", "V2"), ("/v3", "V3"), ("/vX", "V4")])
def test_a_configuration_is_given_back_as_it_came(facade: TestClient, path: str, version: str) -> None:
    body: dict[str, Any] = {"config": CONFIG, "creator": "USER_PIP", "version": version}
    answer = facade.post(f"/docker/worker/config{path}", json=body)
    assert answer.status_code == 201
    config_id = answer.json()["id"]
    found = facade.get(f"/docker/worker/config{path}/{config_id}").json()
    assert {**found, "createdAt": 0} == {"id": config_id, "version": version, "createdAt": 0, "config": CONFIG}
    assert found["createdAt"] > 10**12
    assert facade.get("/docker/worker/config").json() == ([found] if version == "V0" else [])


@pytest.mark.parametrize("version", ["V2", "V3", "V4"])
def test_an_address_for_all_takes_the_generation_from_the_body(facade: TestClient, version: str) -> None:
    config_id = facade.post("/docker/worker/config/vX", json={"version": version, "config": {}}).json()["id"]
    assert facade.get(f"/docker/worker/config/vX/{config_id}").json()["version"] == version


@pytest.mark.parametrize("body", [{"version": "V1", "config": {}}, {"version": "V4", "config": 1}, {"config": {}}, []])
def test_what_is_no_configuration_is_malformed(facade: TestClient, body: Any) -> None:
    assert error_of(facade.post("/docker/worker/config/vX", json=body)) == (400, "MALFORMED_REQUEST")


@pytest.mark.parametrize("value", ["NaN", "1e999", '"\\ud800"'])
def test_what_cannot_be_kept_is_refused(facade: TestClient, value: str) -> None:
    text = f'{{"config": {{"docker": {{"x": {value}}}}}}}'
    answer = facade.post("/docker/worker/config", content=text, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["code"] in ("DOCKER_WORKER_CONFIG_INVALID", "BAD_REQUEST")


def test_the_token_of_a_worker_is_not_kept(facade: TestClient) -> None:
    body = {"config": {"docker": {"token": "a-secret", "worker.worker_id": "1"}}}
    config_id = facade.post("/docker/worker/config", json=body).json()["id"]
    found = facade.get(f"/docker/worker/config/{config_id}").json()
    assert found["config"]["docker"] == {"token": "***", "worker.worker_id": "1"}


def test_configurations_of_others_are_not_there(facade: TestClient, facade_client: FacadeClient) -> None:
    config_id = facade.post("/docker/worker/config", json={"config": {}}).json()["id"]
    other = facade_client(user="berta")
    assert other.get("/docker/worker/config").json() == []
    for unknown in (config_id, "0" * 24, "odd"):
        answer = other.get(f"/docker/worker/config/{unknown}")
        assert error_of(answer) == (404, "DOCKER_WORKER_CONFIG_UNKNOWN")
