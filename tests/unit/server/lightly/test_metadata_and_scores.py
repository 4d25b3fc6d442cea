from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

ENTRIES = [
    {"name": "Weather", "path": "weather.scenario", "defaultValue": None, "valueDataType": "CATEGORICAL_STRING"},
    {"name": "People", "path": "people[0].n", "defaultValue": 0, "valueDataType": "NUMERIC_INT"},
]


@pytest.fixture
def dataset(facade: TestClient) -> str:
    """A dataset of three samples, one of them in tag `one`."""
    dataset = str(facade.post("/datasets", json={"name": "photos"}).json()["id"])
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        facade.post(f"/datasets/{dataset}/samples", json={"fileName": name})
    initial = facade.post(f"/datasets/{dataset}/tags/initial", json={"imgType": "meta"}).json()["id"]
    tag = {"name": "one", "prevTagId": initial, "bitMaskData": "0x2", "totSize": 3}
    facade.post(f"/datasets/{dataset}/tags", json=tag)
    return dataset


def tags(facade: TestClient, dataset: str) -> dict[str, str]:
    return {tag["name"]: tag["id"] for tag in facade.get(f"/datasets/{dataset}/tags").json()}


def error_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_a_configuration_of_metadata_is_kept_and_given_back(facade: TestClient, dataset: str) -> None:
    at = f"/datasets/{dataset}/configuration/metadata"
    created = facade.post(at, json={"name": "mine", "configs": ENTRIES})
    assert created.status_code == 201
    found = facade.get(f"{at}/{created.json()['id']}").json()
    assert set(found) == {"id", "name", "configs", "createdAt", "lastModifiedAt"}
    assert found["configs"] == ENTRIES
    assert facade.get(at).json() == [found]
    assert facade.put(f"{at}/{found['id']}", json={"name": "other", "configs": ENTRIES[1:]}).status_code == 204
    (changed,) = facade.get(at).json()
    assert (changed["id"], changed["name"], changed["configs"]) == (found["id"], "other", ENTRIES[1:])


def test_an_odd_configuration_of_metadata_is_refused(facade: TestClient, dataset: str) -> None:
    at = f"/datasets/{dataset}/configuration/metadata"
    for wrong in ({"valueDataType": "COLOUR"}, {"path": ""}, {"name": ""}):
        response = facade.post(at, json={"name": "mine", "configs": [{**ENTRIES[0], **wrong}]})
        assert error_of(response) == (400, "MALFORMED_REQUEST")
    assert error_of(facade.get(f"{at}/{'0' * 24}")) == (404, "METADATA_CONFIGURATION_UNKNOWN")
    response = facade.put(f"{at}/nothing", json={"name": "x", "configs": []})
    assert error_of(response) == (404, "METADATA_CONFIGURATION_UNKNOWN")


@pytest.mark.parametrize(
    "value",
    ['{"a": "\\ud800"}', '{"\\ud800": 1}', "[" * 200 + "]" * 200, "[" * 900 + "]" * 900, "[" * 9000 + "]" * 9000],
)
def test_what_could_not_be_given_back_is_not_taken(facade: TestClient, dataset: str, value: str) -> None:
    entry = f'{{"name": "n", "path": "p", "valueDataType": "OTHER_STRING", "defaultValue": {value}}}'
    bodies = {
        "configuration/metadata": f'{{"name": "x", "configs": [{entry}]}}',
        "samples": f'{{"fileName": "new.jpg", "customMetaData": {{"a": {value}}}}}',
    }
    for path, body in bodies.items():
        headers = {"Content-Type": "application/json"}
        response = facade.post(f"/datasets/{dataset}/{path}", content=body, headers=headers)
        assert error_of(response) == (422, "BAD_REQUEST")
    assert facade.get(f"/datasets/{dataset}").json()["nSamples"] == 3


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "1e999", "1" * 50, '"\\u0000"', "[" * 90 + "]" * 90, "null"])
def test_odd_values_are_given_back(facade: TestClient, dataset: str, value: str) -> None:
    body = f'{{"fileName": "new.jpg", "customMetaData": {{"a": {value}}}}}'
    headers = {"Content-Type": "application/json"}
    sample = facade.post(f"/datasets/{dataset}/samples", content=body, headers=headers).json()["id"]
    found = facade.get(f"/datasets/{dataset}/samples/{sample}").json()["customMetaData"]["a"]
    assert found == (None if value in ("NaN", "-Infinity", "1e999") else json.loads(value))


def test_scores_are_kept_by_type_and_given_back(facade: TestClient, dataset: str) -> None:
    at = f"/datasets/{dataset}/tags/{tags(facade, dataset)['initial-tag']}/scores"
    created = facade.post(at, json={"scoreType": "uncertainty_margin", "scores": [0.5, 1, 0.25]})
    assert created.status_code == 201
    (listed,) = facade.get(at).json()
    assert set(listed) == {"id", "tagId", "scoreType", "createdAt"}
    assert (listed["id"], listed["scoreType"]) == (created.json()["id"], "uncertainty_margin")
    again = facade.post(at, json={"scoreType": "uncertainty_margin", "scores": [1, 2, 3]}).json()["id"]
    assert again == listed["id"]
    found = facade.get(f"{at}/{again}").json()
    assert set(found) == {"id", "tagId", "scoreType", "scores", "createdAt"}
    assert found["scores"] == [1, 2, 3]


@pytest.mark.parametrize("scores", [[0.5], [0.5, 1, 2, 3]])
def test_as_many_scores_as_a_tag_has_samples_are_wanted(facade: TestClient, dataset: str, scores: list[float]) -> None:
    at = f"/datasets/{dataset}/tags/{tags(facade, dataset)['initial-tag']}/scores"
    assert error_of(facade.post(at, json={"scoreType": "margin", "scores": scores})) == (422, "SCORES_CANNOT_BE_SET")


def test_odd_scores_are_refused(facade: TestClient, dataset: str) -> None:
    at = f"/datasets/{dataset}/tags/{tags(facade, dataset)['one']}/scores"
    odd = '{"scoreType": "margin", "scores": [NaN]}'
    assert facade.post(at, content=odd, headers={"Content-Type": "application/json"}).status_code in (400, 422)
    assert error_of(facade.post(at, json={"scoreType": "a b", "scores": [1]})) == (400, "MALFORMED_REQUEST")
    assert error_of(facade.post(at, json={"scoreType": "margin", "scores": []})) == (400, "MALFORMED_REQUEST")
    assert error_of(facade.get(f"{at}/{'0' * 24}")) == (404, "SCORE_UNKNOWN")
    unknown = f"/datasets/{dataset}/tags/{'0' * 24}/scores"
    assert error_of(facade.post(unknown, json={"scoreType": "margin", "scores": [1]})) == (404, "TAG_UNKNOWN")


def test_a_tag_with_scores_can_be_deleted(facade: TestClient, dataset: str) -> None:
    tag = tags(facade, dataset)["one"]
    facade.post(f"/datasets/{dataset}/tags/{tag}/scores", json={"scoreType": "margin", "scores": [1]})
    assert facade.delete(f"/datasets/{dataset}/tags/{tag}").status_code == 204
