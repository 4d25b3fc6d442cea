"""Predictions and their tasks, as scripts of the official clients see and give them."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.unit.server.conftest import CommitRun, UserClient

from swath.testing.session_contract import make_additions

OLD_CLIENT = {"User-Agent": "Swagger-Codegen/1.0.0/python"}
CAR = {"type": "OBJECT_DETECTION", "taskName": "cars", "categoryId": 1, "score": 0.5, "bbox": [1, 2, 30.5, 40]}
SCHEMA = {
    "name": "cars",
    "type": "OBJECT_DETECTION",
    "categories": [{"id": 1, "name": "car"}, {"id": 7, "name": "van"}],
}


class Images:
    """An image dataset of two images, three objects of task `wheels` on the first."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.ids = {one["name"]: one["id"] for one in client.get("/datasets").json()}
        self.path = f"/datasets/{self.ids['vehicles']}"
        self.samples: list[str] = client.get(f"{self.path}/mappings", params={"field": "_id"}).json()

    def of(self, sample: int, **params: Any) -> list[dict[str, Any]]:
        answer = self.client.get(f"{self.path}/predictions/samples/{self.samples[sample]}", params=params)
        assert answer.status_code == 200, answer.text
        return list(answer.json())

    def post(self, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        answer = self.client.post(
            f"{self.path}/predictions/{path}", json=body, params={"predictionUUIDTimestamp": 12345}
        )
        return answer.status_code, answer.json()

    def give(self, sample: int, body: Any) -> tuple[int, dict[str, Any]]:
        return self.post(f"samples/{self.samples[sample]}", body)

    def error(self, path: str, body: Any) -> tuple[int, str]:
        status, answer = self.post(path, body)
        return status, answer["code"]


@pytest.fixture
def images(facade: TestClient, commit_run: CommitRun) -> Images:
    commit_run(make_additions({"a.jpg": 3, "b.jpg": 0}), user="anna")
    return Images(facade)


def test_schemas_are_a_bare_list_for_old_clients_only(images: Images) -> None:
    path = f"{images.path}/predictions/tasks"
    schemas = images.client.get(path, headers=OLD_CLIENT).json()
    new = images.client.get(path, headers={"User-Agent": "Lightly/1.4.11 (Linux)"}).json()
    assert new == {"predictionUUIDTimestamp": new["predictionUUIDTimestamp"], "schemas": schemas}
    assert type(new["predictionUUIDTimestamp"]) is int
    (wheels,) = schemas
    assert wheels.keys() == {"name", "type", "categories"}
    assert (wheels["name"], wheels["type"]) == ("wheels", "OBJECT_DETECTION")
    assert all(category.keys() == {"id", "name"} for category in wheels["categories"])
    assert images.client.get(f"{path}/wheels").json() == wheels
    unknown = images.client.get(f"{path}/cars/2")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "PREDICTION_TASK_SCHEMA_UNKNOWN")


def test_predictions_of_runs_are_boxes_with_the_crops_made_of_them(images: Images) -> None:
    found = images.of(0)
    keys = {"type", "taskName", "cropDatasetId", "cropSampleId", "categoryId", "score", "bbox"}
    assert [one.keys() for one in found] == [keys] * 3
    assert {(one["type"], one["taskName"]) for one in found} == {("OBJECT_DETECTION", "wheels")}
    assert {one["cropDatasetId"] for one in found} == {images.ids["vehicles-crops"]}
    assert images.of(0, taskName="cars") == []
    assert images.client.get(f"{images.path}/predictions/samples").json() == [found, []]
    pages = {"pageSize": 1, "pageOffset": 1, "taskName": "wheels", "lean": "True"}
    assert images.client.get(f"{images.path}/predictions/samples", params=pages).json() == [[]]


def test_a_task_is_made_and_predictions_are_given(images: Images, user_client: UserClient) -> None:
    status, made = images.post("tasks", SCHEMA)
    assert (status, made.keys(), len(made["id"])) == (201, {"id"}, 24)
    assert images.post("tasks", SCHEMA) == (201, made)
    assert images.client.get(f"{images.path}/predictions/tasks/cars").json() == SCHEMA

    assert images.give(1, [CAR, {**CAR, "categoryId": 7}]) == (201, {"id": images.samples[1]})
    assert images.of(1) == [CAR, {**CAR, "categoryId": 7}]
    native = user_client().get(f"/api/samples/{images.samples[1]}/predictions").json()["items"]
    assert [one["category"] for one in native] == ["car", "van"]


def test_given_predictions_replace_those_of_their_tasks_only(images: Images) -> None:
    images.post("tasks", SCHEMA)
    wheels = images.of(0)
    images.give(0, [CAR, CAR])
    assert images.of(0) == [CAR, CAR, *wheels]
    images.give(0, [{**CAR, "score": 1}])
    assert images.of(0) == [{**CAR, "score": 1.0}, *wheels]
    images.give(0, [])
    assert images.of(0) == [{**CAR, "score": 1.0}, *wheels]


def test_given_again_a_prediction_keeps_the_crop_made_of_it(images: Images) -> None:
    wheels = images.of(0)
    assert images.give(0, [{**one, "score": 0.25} for one in wheels[1:]])[0] == 201
    assert images.of(0) == [{**one, "score": 0.25} for one in wheels[1:]]


def test_boxes_reach_no_coordinate_below_zero(images: Images) -> None:
    images.post("tasks", SCHEMA)
    images.give(1, [{**CAR, "bbox": [-5, -5.5, 20, 30]}, {**CAR, "bbox": [-50, 3, 20, 30]}])
    assert [one["bbox"] for one in images.of(1)] == [[0, 0, 15, 24.5], [0, 3, 0, 30]]


def test_every_type_of_prediction_comes_back_as_it_was(images: Images) -> None:
    common = {"taskName": "cars", "categoryId": 1, "score": 0.5, "probabilities": [0.5, 0.5]}
    given = [
        {**common, "type": "CLASSIFICATION"},
        {**common, "type": "OBJECT_DETECTION", "bbox": [1, 2, 3, 4]},
        {**common, "type": "SEMANTIC_SEGMENTATION", "segmentation": [0, 5, 7]},
        {**common, "type": "INSTANCE_SEGMENTATION", "segmentation": [0, 5, 7], "bbox": [1, 2, 3, 4]},
        {**common, "type": "KEYPOINT_DETECTION", "keypoints": [1, 2, 0.5]},
        {**common, "type": "KEYPOINT_DETECTION", "keypoints": [1, 2, 0.5], "bbox": [1, 2, 3, 4]},
    ]
    images.post("tasks", SCHEMA)
    assert images.give(1, given)[0] == 201
    assert images.of(1) == given
    lean = images.client.get(f"{images.path}/predictions/samples", params={"taskName": "cars", "lean": "True"}).json()
    assert lean == [[], [{key: one[key] for key in one if key != "segmentation"} for one in given]]


def test_keypoints_are_told_of_keypoint_tasks_only(images: Images) -> None:
    person = {"id": 0, "name": "person", "keypointNames": ["nose", "eye"], "keypointSkeleton": [[0, 1]]}
    images.post("tasks", {"name": "people", "type": "KEYPOINT_DETECTION", "categories": [person]})
    assert images.client.get(f"{images.path}/predictions/tasks/people").json()["categories"] == [person]
    images.post("tasks", {"name": "people", "type": "OBJECT_DETECTION", "categories": [person]})
    assert images.client.get(f"{images.path}/predictions/tasks/people").json()["categories"] == [
        {"id": 0, "name": "person"}
    ]


def test_schemas_that_cannot_be_are_refused(images: Images) -> None:
    car = {"id": 1, "name": "car"}
    not_unique = (400, "PREDICTION_TASK_SCHEMA_CATEGORIES_NOT_UNIQUE")
    assert images.error("tasks", {**SCHEMA, "categories": [car, {"id": 1, "name": "van"}]}) == not_unique
    assert images.error("tasks", {**SCHEMA, "categories": [car, {"id": 2, "name": "car"}]}) == not_unique
    for change in ({"type": "BOXES"}, {"name": "ca rs"}, {"name": ""}, {"categories": [{"id": -1, "name": "car"}]}):
        assert images.error("tasks", {**SCHEMA, **change}) == (400, "MALFORMED_REQUEST"), change
    images.path = f"/datasets/{images.ids['vehicles-crops']}"
    assert images.error("tasks", SCHEMA) == (400, "DATASET_NOT_SUPPORTED")


def test_predictions_that_cannot_be_are_refused_and_change_nothing(images: Images) -> None:
    images.post("tasks", SCHEMA)
    before = images.of(0)
    path = f"samples/{images.samples[0]}"
    unknown_task = {**CAR, "taskName": "vans"}
    assert images.error(path, [CAR, unknown_task]) == (404, "PREDICTION_TASK_SCHEMA_UNKNOWN")
    assert images.error(path, [CAR, {**CAR, "categoryId": 2}]) == (400, "BAD_REQUEST")
    assert images.error(f"samples/{'0' * 24}", [CAR]) == (404, "SAMPLE_UNKNOWN")
    for change in ({"score": 1.5}, {"bbox": [1, 2, 3]}, {"bbox": None}, {"categoryId": 2**40}, {"type": "BOX"}):
        assert images.error(path, [{**CAR, **change}]) == (400, "MALFORMED_REQUEST"), change
    assert images.of(0) == before
