from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from swath.core.access import Scope
from swath.core.additions import RunAdditions
from swath.server.services import Services
from swath.store.catalog import iter_samples
from swath.store.database import Store
from swath.store.samples import Sample
from swath.store.sharing import find_dataset
from swath.store.tags import create_tag, delete_tag, find_tag
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: CommitRun, UserClient


def with_values(additions: RunAdditions, seed: int) -> RunAdditions:
    """The same objects with scores, boxes and sizes that differ, ties and missing ones among them."""
    assert additions.predictions is not None
    generator = np.random.default_rng(seed)
    count = len(additions.predictions)
    corners = np.sort(generator.integers(0, 60, (count, 2, 2)), axis=1).reshape(count, 4).astype(np.float64)
    rects = corners.astype(np.int32)
    rects[:, 2:] += 1
    predictions = replace(
        additions.predictions,
        score=generator.choice([np.nan, 0.1, 0.5, 0.9], count),
        corners=corners,
        crop_rects=rects,
    )
    images = replace(additions.images, widths=generator.integers(100, 103, len(additions.images)).astype(np.int32))
    return replace(additions, predictions=predictions, images=images)


@pytest.fixture
def crops(store: Store, commit_run: Fixture) -> list[Sample]:
    """The samples of `vehicles-crops`, added by two runs."""
    commit_run(with_values(make_additions({"b.jpg": 7, "Ä_100%.jpg": 5, "a/c.jpg": 6}), 1))
    commit_run(with_values(make_additions({"d.jpg": 4, "B.jpg": 5}), 2))
    with store.writing() as connection:
        dataset = find_dataset(connection, "vehicles-crops")
        create_tag(connection, dataset.id, name="odd", members=np.arange(1, 27, 2))
        create_tag(connection, dataset.id, name="first", members=np.arange(10))
    return list(iter_samples(store, "vehicles-crops"))


def query(client: TestClient, document: dict[str, Any], dataset: str = "vehicles-crops") -> dict[str, Any]:
    answer = client.post(f"/api/datasets/{dataset}/samples:query", json=document)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def indices(client: TestClient, asked: dict[str, Any], dataset: str = "vehicles-crops") -> list[int]:
    return [item["index"] for item in query(client, {"filter": asked}, dataset)["items"]]


def test_a_sample_says_what_it_is(client: TestClient, crops: list[Sample]) -> None:
    found = query(client, {"limit": 1, "with_tags": True})
    sample = crops[0]
    assert sample.crop is not None
    assert found["total"] == 27
    assert found["items"] == [
        {
            "id": sample.id,
            "dataset_id": client.get("/api/samples/" + sample.id).json()["dataset_id"],
            "index": 0,
            "file_name": sample.file_name,
            "width": sample.width,
            "height": sample.height,
            "byte_size": 100,
            "thumbnail_url": f"/api/samples/{sample.id}/thumbnail?v={sample.crop.object_key.hex()[:16]}",
            "file_url": f"/api/samples/{sample.id}/file",
            "run_id": sample.run_id,
            "created_at": sample.created_at,
            "crop": {
                "parent_dataset_id": client.get("/api/samples/" + sample.crop.parent_sample_id).json()["dataset_id"],
                "parent_sample_id": sample.crop.parent_sample_id,
                "parent_file_name": "a/c.jpg",
                "parent_width": sample.crop.parent_width,
                "parent_height": sample.crop.parent_height,
                "context_url": f"/api/samples/{sample.id}/context?v={sample.crop.object_key.hex()[:16]}",
                "task": "wheels",
                "category_id": 0,
                "category": "big wheel",
                "score": sample.crop.score,
                "box": list(sample.crop.box),
                "crop_rect": list(sample.crop.crop_rect),
                "padding": 0.1,
                "position": 0,
                "stale": False,
            },
            "tags": ["first"],
            "boxes": None,
        }
    ]


def test_a_page_of_everything_by_index_reads_no_columns(
    client: TestClient, crops: list[Sample], services: Services
) -> None:
    pages = [{"offset": 0}, {"offset": 20, "limit": 5, "with_tags": True}, {"offset": 25}, {"offset": 99}]
    pages += [{**page, "sort": {"key": "index", "descending": True}} for page in pages]
    by_index = [query(client, page) for page in pages]
    assert [len(page["items"]) for page in by_index[:4]] == [27, 5, 2, 0]
    assert services.browser.byte_count == 0
    # A filter that all pass takes the other way.
    assert [query(client, {**page, "filter": {"min_width": 0}}) for page in pages] == by_index
    assert services.browser.byte_count > 0


def test_filters_by_names_ids_tags_and_text(client: TestClient, crops: list[Sample]) -> None:
    def expected(passes: Any) -> list[int]:
        return [sample.index for sample in crops if passes(sample)]

    parent = next(sample.crop.parent_sample_id for sample in crops if sample.crop)
    last_run = crops[-1].run_id
    assert indices(client, {}) == list(range(27))
    assert indices(client, {"categories": ["small wheel"]}) == expected(lambda one: one.crop.category_id == 1)
    by_id = {"categories": [{"category_id": 1, "task": "wheels"}]}
    assert indices(client, by_id) == expected(lambda one: one.crop.category_id == 1)
    assert indices(client, {"categories": []}) == []
    assert indices(client, {"min_score": 0.5}) == expected(lambda one: (one.crop.score or 0) >= 0.5)
    assert indices(client, {"runs": [last_run]}) == expected(lambda one: one.run_id == last_run)
    assert indices(client, {"runs": ["0" * 24]}) == []
    assert indices(client, {"parents": [parent]}) == expected(lambda one: one.crop.parent_sample_id == parent)
    assert indices(client, {"file_name": "b.JPG"}) == expected(lambda one: "b.jpg" in one.file_name.lower())
    assert indices(client, {"file_name": "_100%"}) == expected(lambda one: "_100%" in one.file_name)
    assert indices(client, {"file_name": "_100_"}) == []
    assert indices(client, {"file_name": "ä_"}) == []  # only letters of ASCII have two cases
    assert indices(client, {"tags": {"all_of": ["odd", "first"]}}) == [1, 3, 5, 7, 9]
    assert indices(client, {"tags": {"any_of": ["odd", "first"], "none_of": ["initial-tag"]}}) == []
    assert indices(client, {"tags": {"any_of": ["first"], "none_of": ["odd"]}}) == [0, 2, 4, 6, 8]
    assert indices(client, {"tags": {"any_of": []}}) == []
    assert indices(client, {"tags": {"all_of": ["initial-tag"]}, "stale": True}) == []


def test_tells_which_samples_are_at_some_places_of_an_order(client: TestClient, crops: list[Sample]) -> None:
    asked = {"filter": {"min_score": 0.5}, "sort": {"key": "score", "descending": True}}
    all_of_it = [sample["index"] for sample in query(client, asked)["items"]]
    assert 5 < len(all_of_it) < len(crops)
    for part in ({}, {"offset": 2, "limit": 3}, {"offset": 4}, {"offset": 999}, {"limit": 0}):
        answer = client.post("/api/datasets/vehicles-crops/samples:members", json={**asked, **part})
        first = part.get("offset", 0)
        expected = sorted(all_of_it[first : first + part.get("limit", len(crops))])
        bits = np.unpackbits(np.frombuffer(answer.content, dtype=np.uint8), bitorder="little")
        assert np.flatnonzero(bits).tolist() == expected
        assert answer.headers["Swath-Count"] == str(len(expected))


def test_a_page_of_images_tells_what_was_predicted_on_each_and_what_was_cropped(
    client: TestClient, crops: list[Sample]
) -> None:
    found = query(client, {"with_boxes": True, "offset": 1, "limit": 3}, dataset="vehicles")["items"]
    sorted_by_name = query(client, {"with_boxes": True, "sort": {"key": "name"}}, dataset="vehicles")["items"]
    assert {image["id"]: image["boxes"] for image in found}.items() <= {
        image["id"]: image["boxes"] for image in sorted_by_name
    }.items()
    assert len(found) == 3
    for image in found:
        alone = client.get(f"/api/samples/{image['id']}/predictions").json()["items"]
        expected = [{key: one[key] for key in image["boxes"][0] if key != "is_cropped"} for one in alone]
        assert [{key: one[key] for key in one if key != "is_cropped"} for one in image["boxes"]] == expected
        assert [one["is_cropped"] for one in image["boxes"]] == [bool(one["crops"]) for one in alone]
    assert {one["is_cropped"] for image in found for one in image["boxes"]} == {True}
    assert query(client, {"limit": 1}, dataset="vehicles")["items"][0]["boxes"] is None
    assert query(client, {"with_boxes": True, "limit": 1})["items"][0]["boxes"] is None
    client.delete("/api/datasets/vehicles-crops").raise_for_status()
    left = query(client, {"with_boxes": True, "offset": 1, "limit": 3}, dataset="vehicles")["items"]
    assert {one["is_cropped"] for image in left for one in image["boxes"]} == {False}


def test_images_are_filtered_by_their_predictions(client: TestClient, crops: list[Sample], store: Store) -> None:
    with_best = {sample.crop.parent_file_name for sample in crops if sample.crop and sample.crop.score == 0.9}
    images = list(iter_samples(store, "vehicles"))
    found = indices(client, {"min_score": 0.9}, "vehicles")
    assert found == [image.index for image in images if image.file_name in with_best]
    assert indices(client, {"min_object_count": 6}, "vehicles") == [0, 1]


SORT_VALUES = {
    "index": lambda sample: sample.index,
    "name": lambda sample: sample.file_name,
    "score": lambda sample: sample.crop.score,
    "area": lambda sample: sample.width * sample.height,
    "width": lambda sample: sample.width,
    "height": lambda sample: sample.height,
    "category": lambda sample: ["big wheel", "small wheel"][sample.crop.category_id],
    "created": lambda sample: sample.created_at,
    "parent": lambda sample: sample.crop.parent_file_name,
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_page_is_that_of_a_slow_reference(client: TestClient, crops: list[Sample], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(SORT_VALUES)))
    descending = data.draw(st.booleans())
    least = data.draw(st.sampled_from([None, 0.1, 0.5, 0.9]))
    widest = data.draw(st.sampled_from([None, 10, 40]))
    tags = data.draw(st.sampled_from([None, {"any_of": ["odd"]}, {"none_of": ["first", "odd"]}]))
    offset, limit = data.draw(st.integers(0, 30)), data.draw(st.integers(1, 30))

    def passes(sample: Sample) -> bool:
        assert sample.crop is not None
        is_odd, is_first = sample.index % 2 == 1, sample.index < 10
        return (
            (least is None or (sample.crop.score is not None and sample.crop.score >= least))
            and (widest is None or sample.width <= widest)
            and (tags is None or (is_odd if "any_of" in tags else not is_odd and not is_first))
        )

    passing = [sample for sample in crops if passes(sample)]
    value = SORT_VALUES[key]
    # Stable, in both directions, and what has no value comes last.
    ordered = sorted((one for one in passing if value(one) is not None), key=value, reverse=descending)
    ordered += [one for one in passing if value(one) is None]

    asked = {"min_score": least, "max_width": widest, "tags": tags}
    found = query(
        client,
        {
            "filter": {name: bound for name, bound in asked.items() if bound is not None},
            "sort": {"key": key, "descending": descending},
            "offset": offset,
            "limit": limit,
        },
    )
    assert found["total"] == len(passing)
    assert [item["id"] for item in found["items"]] == [one.id for one in ordered[offset : offset + limit]]


def test_samples_are_sorted_by_distance_from_one_of_them(
    client: TestClient, crops: list[Sample], services: Services
) -> None:
    sort = {"key": "distance", "reference_sample_id": crops[5].id}
    found = [item["index"] for item in query(client, {"sort": sort})["items"]]
    dataset_id = client.get("/api/samples/" + crops[5].id).json()["dataset_id"]
    vectors = services.browser.open(services.store, services.home, dataset_id).vectors().astype(np.float64)
    distances = np.linalg.norm(vectors - vectors[5], axis=1)
    assert found == np.argsort(distances, kind="stable").tolist()
    assert found[0] == 5


def test_a_later_run_is_seen_at_once(client: TestClient, crops: list[Sample], commit_run: Fixture) -> None:
    assert query(client, {})["total"] == 27
    commit_run(make_additions({"e.jpg": 2}))
    assert query(client, {})["total"] == 29
    assert indices(client, {"file_name": "/e.jpg/"}) == [27, 28]


def test_a_changed_tag_is_seen_at_once(client: TestClient, crops: list[Sample], store: Store) -> None:
    assert indices(client, {"tags": {"all_of": ["first"]}}) == list(range(10))
    with store.writing() as connection:
        dataset = find_dataset(connection, "vehicles-crops")
        delete_tag(connection, find_tag(connection, dataset.id, "first"))
        create_tag(connection, dataset.id, name="first", members=np.array([20]))
    assert indices(client, {"tags": {"all_of": ["first"]}}) == [20]


def test_facets_count_what_each_choice_would_show(client: TestClient, crops: list[Sample]) -> None:
    asked = {"filter": {"categories": ["big wheel"], "tags": {"all_of": ["odd"]}}}
    answer = client.post("/api/datasets/vehicles-crops/samples:facets", json=asked)
    assert answer.status_code == 200
    found = answer.json()
    odd = [sample for sample in crops if sample.index % 2]
    big = [sample for sample in odd if sample.crop and sample.crop.category_id == 0]
    assert found["total"] == len(big)
    assert {(one["name"], one["count"]) for one in found["categories"]} == {
        ("big wheel", len(big)),
        ("small wheel", len(odd) - len(big)),
    }
    assert {one["name"]: one["count"] for one in found["tags"] if "added" not in one["name"]} == {
        "initial-tag": len(big),
        "odd": len(big),
        "first": sum(sample.index < 10 for sample in big),
    }
    assert [one["count"] for one in found["runs"]] == [
        sum(sample.run_id == run["run_id"] for sample in big) for run in found["runs"]
    ]
    assert (found["stale"], found["not_stale"]) == (0, len(big))
    scores = next(one for one in found["histograms"] if one["name"] == "score")
    assert sum(scores["counts"]) + scores["missing"] == len(big)
    assert len(scores["edges"]) == len(scores["counts"]) + 1


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"filter": {"categories": ["big weel"]}}, "filter.categories"),
        ({"filter": {"categories": [{"category_id": 9}]}}, "filter.categories"),
        ({"filter": {"colour": "red"}}, "filter.colour"),
        ({"filter": {"min_width": -1}}, "filter.min_width"),
        ({"filter": {"parents": ["x"]}}, "filter.parents[0]"),
        ({"limit": 1001}, "limit"),
        ({"limit": 0}, "limit"),
        ({"offset": -1}, "offset"),
        ({"sort": {"key": "colour"}}, "sort.key"),
        ({"sort": {"key": "distance"}}, "sort"),
        ({"sort": {"key": "name", "reference_sample_id": "0" * 24}}, "sort"),
    ],
)
def test_bad_input_is_named(client: TestClient, crops: list[Sample], document: dict[str, Any], field: str) -> None:
    answer = client.post("/api/datasets/vehicles-crops/samples:query", json=document)
    assert answer.status_code == 422
    assert answer.json()["field"] == field


@pytest.mark.parametrize("asked", [{"tags": {"any_of": ["nothing"]}}, {"selection_id": "0" * 24}])
def test_what_a_filter_names_must_be_there(client: TestClient, crops: list[Sample], asked: dict[str, Any]) -> None:
    answer = client.post("/api/datasets/vehicles-crops/samples:query", json={"filter": asked})
    assert answer.status_code == 404


def test_a_sample_is_found_by_index_and_by_id(client: TestClient, crops: list[Sample]) -> None:
    by_index = client.get("/api/datasets/vehicles-crops/samples/3")
    assert by_index.status_code == 200
    assert by_index.json()["id"] == crops[3].id
    assert by_index.json()["tags"] == ["odd", "first"]
    assert by_index.json()["predictions"] is None
    assert client.get(f"/api/datasets/vehicles-crops/samples/{crops[3].id}").json() == by_index.json()
    assert client.get(f"/api/samples/{crops[3].id}").json() == by_index.json()


def test_an_image_and_its_crops_lead_to_each_other(
    client: TestClient, crops: list[Sample], commit_run: Fixture
) -> None:
    commit_run(make_additions({"b.jpg": 3}, task="doors"), task="doors", crop_dataset_name="some-doors")
    crop = next(sample for sample in crops if sample.crop and sample.crop.parent_file_name == "b.jpg")
    assert crop.crop is not None
    image = client.get(f"/api/samples/{crop.crop.parent_sample_id}").json()
    assert (image["file_name"], image["crop"], image["dataset_name"]) == ("b.jpg", None, "vehicles")
    predictions = client.get(f"/api/samples/{image['id']}/predictions").json()
    assert predictions["items"] == image["predictions"]
    assert [(one["task"], one["position"]) for one in predictions["items"]] == [
        *(("doors", position) for position in range(3)),
        *(("wheels", position) for position in range(7)),
    ]
    first = next(one for one in image["predictions"] if one["task"] == "wheels" and one["position"] == 0)
    dataset_id = client.get(f"/api/samples/{crop.id}").json()["dataset_id"]
    assert first["crops"] == [{"dataset_id": dataset_id, "dataset_name": "vehicles-crops", "sample_id": crop.id}]
    assert client.get(f"/api/samples/{crop.id}/predictions").json() == {"items": [], "total": 0}


@pytest.mark.parametrize("sample", ["27", "-1", "nothing", "0" * 24, "9" * 30, "٣", "1.0"])
def test_what_is_no_sample_is_not_found(client: TestClient, crops: list[Sample], sample: str) -> None:
    assert client.get(f"/api/datasets/vehicles-crops/samples/{sample}").status_code == 404
    assert client.get(f"/api/samples/{sample}").status_code == 404


def test_samples_of_others_do_not_exist(user_client: Fixture, crops: list[Sample], commit_run: Fixture) -> None:
    anna = user_client(Scope.MEMBER, "anna")
    hidden = user_client(Scope.OWNER, "local").get(f"/api/samples/{crops[0].id}").json()["dataset_id"]
    # Not even to somebody whose own dataset has their dataset's id as its name.
    commit_run(make_additions({"mine.jpg": 1}), name=hidden, user="anna")
    body: dict[str, Any] = {}
    for dataset in ("vehicles", "vehicles-crops"):
        assert anna.post(f"/api/datasets/{dataset}/samples:query", json=body).status_code == 404
        assert anna.post(f"/api/datasets/{dataset}/samples:facets", json=body).status_code == 404
        assert anna.get(f"/api/datasets/{dataset}/samples/0").status_code == 404
    unknown = anna.get(f"/api/samples/{'0' * 24}").json()
    for path in ("", "/predictions", "/neighbors", "/file", "/thumbnail"):
        answer = anna.get(f"/api/samples/{crops[0].id}{path}")
        assert answer.status_code == 404
        assert answer.json()["detail"] == unknown["detail"].replace("0" * 24, crops[0].id)
    foreign = {"sort": {"key": "distance", "reference_sample_id": crops[0].id}}
    assert anna.post(f"/api/datasets/{hidden}/samples:query", json=foreign).status_code == 404


def test_a_worker_token_is_not_enough_to_look(user_client: Fixture, crops: list[Sample]) -> None:
    worker = user_client(Scope.WORKER, "local")
    assert worker.post("/api/datasets/vehicles-crops/samples:query", json={}).status_code == 403
    reader = user_client(Scope.READ_ONLY, "local")
    assert reader.post("/api/datasets/vehicles-crops/samples:query", json={}).status_code == 200
