"""Attaching metadata, and filtering, counting, sorting and colouring by them, against reading the documents."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from swath.core.access import Scope
from swath.server.events import Event
from swath.server.services import Services
from swath.store.datasets import dataset_by_name
from swath.store.sample_metadata import SampleMetadata, keep_sample_metadata
from swath.store.sharing import find_dataset, share_dataset
from swath.store.users import find_user, local_user
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: CommitRun, UserClient

IMAGES = "/api/datasets/vehicles"
CROPS = "/api/datasets/vehicles-crops"

HTML = '<img src=x onerror="alert(1)">'

DOCUMENTS: dict[str, dict[str, Any]] = {
    "a.jpg": {"weather": {"sky": "grey", "temp": 3.5}, "night": True, "mixed": 1, "speed": 10},
    "b.jpg": {"weather": {"sky": HTML, "temp": -2}, "night": False, "mixed": "1", "speed": 10},
    "c.jpg": {"weather": {"sky": "Ärger 💥"}, "mixed": True, "speed": 30, "list": [1, "x"]},
    "d.jpg": {"weather": {"sky": "grey", "temp": 10**30}},
    "e.jpg": {},
}
OBJECTS = {"a.jpg": 3, "b.jpg": 1, "c.jpg": 2, "d.jpg": 1, "e.jpg": 2}


@pytest.fixture(autouse=True)
def datasets(commit_run: Fixture) -> None:
    commit_run(make_additions(OBJECTS))


@pytest.fixture
def attached(client: TestClient) -> None:
    changes = [{"file_name": name, "metadata": metadata} for name, metadata in DOCUMENTS.items()]
    answer = client.put(f"{IMAGES}/metadata", json=changes)
    assert answer.json() == {"updated": 5, "unknown_count": 0, "unknown": []}


def names_of(client: TestClient, *conditions: dict[str, Any], dataset: str = IMAGES, **query: Any) -> list[str]:
    """The file names of what passes conditions, of crops those of their images."""
    answer = client.post(f"{dataset}/samples:query", json={"filter": {"metadata": list(conditions)}, **query})
    assert answer.status_code == 200, answer.text
    return [
        one["file_name"] if one["crop"] is None else one["crop"]["parent_file_name"] for one in answer.json()["items"]
    ]


def facets_of(client: TestClient, *conditions: dict[str, Any], dataset: str = IMAGES) -> dict[str, dict[str, Any]]:
    answer = client.post(f"{dataset}/samples:facets", json={"filter": {"metadata": list(conditions)}})
    assert answer.status_code == 200, answer.text
    return {facet["key"]: facet for facet in answer.json()["metadata"]}


def values_of(facet: dict[str, Any]) -> list[tuple[Any, int]]:
    return [(entry["value"], entry["count"]) for entry in facet["values"]]


# Filtering


@pytest.mark.usefixtures("attached")
@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"key": "weather.sky", "any_of": ["grey"]}, "ad"),
        ({"key": "weather.sky", "any_of": [HTML, "Ärger 💥", "green"]}, "bc"),
        ({"key": "weather.sky", "any_of": []}, ""),
        ({"key": "night", "any_of": [True]}, "a"),
        ({"key": "night", "any_of": [True, False]}, "ab"),
        ({"key": "night", "any_of": ["true"]}, ""),
        ({"key": "mixed", "any_of": ["1"]}, "ab"),
        ({"key": "mixed", "any_of": [True]}, "c"),
        ({"key": "speed", "min": 10}, "abc"),
        ({"key": "speed", "min": 10.5, "max": 30}, "c"),
        ({"key": "weather.temp", "max": 3.5}, "ab"),
        ({"key": "weather.temp", "min": 1e29}, "d"),
        ({"key": "list", "any_of": ['[1,"x"]']}, "c"),
    ],
)
def test_images_are_filtered_by_what_was_attached(client: TestClient, condition: dict[str, Any], expected: str) -> None:
    assert names_of(client, condition) == [f"{name}.jpg" for name in expected]
    of_crops = [f"{name}.jpg" for name in expected for _ in range(OBJECTS[f"{name}.jpg"])]
    assert names_of(client, condition, dataset=CROPS) == of_crops


@pytest.mark.usefixtures("attached")
def test_all_conditions_must_hold_also_those_of_one_key(client: TestClient) -> None:
    grey, cold = {"key": "weather.sky", "any_of": ["grey"]}, {"key": "weather.temp", "max": 100}
    assert names_of(client, grey, cold) == ["a.jpg"]
    assert names_of(client, grey, {"key": "weather.sky", "any_of": [HTML]}) == []


@pytest.mark.usefixtures("attached")
@pytest.mark.parametrize(
    ("condition", "field", "hint"),
    [
        (
            {"key": "weather.skyy", "any_of": ["a"]},
            "filter.metadata[0].key",
            "Did you mean `weather.sky` or `weather.temp`?",
        ),
        ({"key": "speed", "any_of": ["10"]}, "filter.metadata[0].any_of", "Give `min` and `max`."),
        ({"key": "night", "min": 1}, "filter.metadata[0]", "List values in `any_of`."),
    ],
)
def test_what_cannot_be_asked_of_a_key_is_refused(
    client: TestClient, condition: dict[str, Any], field: str, hint: str
) -> None:
    answer = client.post(f"{IMAGES}/samples:query", json={"filter": {"metadata": [condition]}})
    assert (answer.status_code, answer.json()["field"], answer.json()["hint"]) == (422, field, hint)


@pytest.mark.parametrize(
    "condition", [{"key": "k"}, {"key": "k", "any_of": ["a"], "min": 1}, {"key": "k", "any_of": [1]}, {"key": ""}]
)
def test_a_condition_asks_for_one_thing(client: TestClient, condition: dict[str, Any]) -> None:
    answer = client.post(f"{IMAGES}/samples:query", json={"filter": {"metadata": [condition]}})
    assert answer.status_code == 422


@pytest.mark.usefixtures("attached")
def test_a_selector_can_hold_such_a_filter(client: TestClient) -> None:
    selector = {"all_of": [{"filter": {"metadata": [{"key": "night", "any_of": [True]}]}}]}
    answer = client.post(f"{CROPS}/tags", json={"name": "at night", "selector": selector})
    assert answer.json()["tag"]["size"] == 3


# Counting


@pytest.mark.usefixtures("attached")
def test_values_are_counted_most_frequent_first(client: TestClient) -> None:
    facets = facets_of(client)
    assert list(facets) == ["list", "mixed", "night", "speed", "weather.sky", "weather.temp"]
    sky = facets["weather.sky"]
    assert (sky["kind"], sky["others"], sky["missing"], sky["histogram"]) == ("text", 0, 1, None)
    assert values_of(sky) == [("grey", 2), (HTML, 1), ("Ärger 💥", 1)]
    assert values_of(facets["night"]) == [(False, 1), (True, 1)]
    assert values_of(facets["mixed"]) == [("1", 2), ("true", 1)]
    assert values_of(facets_of(client, dataset=CROPS)["weather.sky"]) == [("grey", 4), ("Ärger 💥", 2), (HTML, 1)]


@pytest.mark.usefixtures("attached")
def test_numbers_have_a_histogram(client: TestClient) -> None:
    facet = facets_of(client)["speed"]
    assert (facet["kind"], facet["values"], facet["missing"]) == ("number", [], 2)
    histogram = facet["histogram"]
    assert histogram["edges"] == [float(edge) for edge in range(10, 31)]
    assert (histogram["counts"][0], histogram["counts"][-1], sum(histogram["counts"])) == (2, 1, 3)


@pytest.mark.usefixtures("attached")
def test_the_counts_of_a_key_ignore_what_the_filter_says_of_it(client: TestClient) -> None:
    grey = {"key": "weather.sky", "any_of": ["grey"]}
    facets = facets_of(client, grey)
    assert values_of(facets["weather.sky"]) == [("grey", 2), (HTML, 1), ("Ärger 💥", 1)]
    assert sum(facets["speed"]["histogram"]["counts"]) == 1
    assert values_of(facets["night"]) == [(True, 1), (False, 0)]


def test_of_many_values_the_frequent_ones_and_the_chosen_ones_are_shown(
    client: TestClient, commit_run: Fixture
) -> None:
    commit_run(make_additions({f"{number:03d}.jpg": 1 for number in range(120)}), "many")
    changes = [
        {"file_name": f"{number:03d}.jpg", "metadata": {"place": f"p{min(number, 99):02d}"}} for number in range(120)
    ]
    client.put("/api/datasets/many/metadata", json=changes)
    facet = facets_of(client, dataset="/api/datasets/many")["place"]
    assert (len(facet["values"]), facet["values"][0], facet["others"]) == (50, {"value": "p99", "count": 21}, 50)
    chosen = {"key": "place", "any_of": ["p98"]}
    facet = facets_of(client, chosen, dataset="/api/datasets/many")["place"]
    assert (facet["values"][-1], facet["others"]) == ({"value": "p98", "count": 1}, 49)


def test_a_dataset_without_metadata_has_no_such_facets(client: TestClient) -> None:
    assert facets_of(client) == {}
    assert facets_of(client, dataset=CROPS) == {}


# Sorting and colouring


@pytest.mark.usefixtures("attached")
@pytest.mark.parametrize(
    ("key", "descending", "expected"),
    [("weather.temp", False, "badce"), ("weather.temp", True, "dabce"), ("weather.sky", False, "badce")],
)
def test_samples_are_sorted_by_a_key(client: TestClient, key: str, descending: bool, expected: str) -> None:
    sort = {"key": "metadata", "metadata_key": key, "descending": descending}
    assert names_of(client, sort=sort) == [f"{name}.jpg" for name in expected]
    assert list(dict.fromkeys(names_of(client, sort=sort, dataset=CROPS))) == [f"{name}.jpg" for name in expected]


@pytest.mark.usefixtures("attached")
@pytest.mark.parametrize(
    "sort", [{"key": "metadata"}, {"key": "name", "metadata_key": "night"}, {"key": "metadata", "metadata_key": "x"}]
)
def test_a_sort_by_metadata_names_a_key_that_is_there(client: TestClient, sort: dict[str, Any]) -> None:
    assert client.post(f"{IMAGES}/samples:query", json={"sort": sort}).status_code == 422


@pytest.mark.usefixtures("attached")
def test_points_are_coloured_by_a_key(client: TestClient) -> None:
    [projection] = client.get(f"{CROPS}/projections").json()["items"]
    columns = f"/api/projections/{projection['id']}/columns"
    legend = client.get(f"{columns}/metadata:weather.sky").json()
    counts = [(entry["kind"], entry["label"], entry["count"]) for entry in legend["entries"]]
    assert sorted(counts) == [
        ("label", HTML, 1),
        ("label", "grey", 4),
        ("label", "Ärger 💥", 2),
        ("missing", "", 2),
    ]
    speeds = client.get(f"{columns}/metadata:speed").json()["entries"]
    assert [(one["label"], one["count"]) for one in speeds if one["count"]] == [("10", 4), ("29", 2), ("", 3)]
    codes = np.frombuffer(client.get(legend["url"]).content, dtype=np.uint8)
    assert len(codes) == 9
    missing = client.get(f"{columns}/metadata:wether.sky")
    assert (missing.status_code, missing.json()["hint"]) == (404, "Did you mean `weather.sky` or `weather.temp`?")


# Attaching


@pytest.mark.usefixtures("attached")
def test_a_sample_shows_what_was_attached_to_it_and_a_crop_what_to_its_image(client: TestClient) -> None:
    assert client.get(f"{IMAGES}/samples/1").json()["metadata"] == DOCUMENTS["b.jpg"]
    crop = client.get(f"{CROPS}/samples/3").json()
    assert crop["crop"]["parent_file_name"] == "b.jpg"
    assert crop["metadata"] == DOCUMENTS["b.jpg"]
    assert client.get(f"{IMAGES}/samples/4").json()["metadata"] == {}


@pytest.mark.usefixtures("attached")
def test_documents_are_merged_and_null_removes(client: TestClient) -> None:
    sample_id = client.get(f"{IMAGES}/samples/0").json()["id"]
    changes = [
        {"sample_id": sample_id, "metadata": {"weather": {"sky": "blue", "temp": None, "wind": 1}, "speed": None}},
        {"file_name": "a.jpg", "metadata": {"weather": {"wind": {"from": "west"}}, "night": [1, None]}},
    ]
    assert client.put(f"{IMAGES}/metadata", json=changes).json()["updated"] == 1
    assert client.get(f"{IMAGES}/samples/0").json()["metadata"] == {
        "weather": {"sky": "blue", "wind": {"from": "west"}},
        "night": [1, None],
        "mixed": 1,
    }


def test_what_is_attached_is_there_for_who_looks_next(client: TestClient) -> None:
    assert facets_of(client, dataset=CROPS) == {}
    for value in ("x", "y", "z"):
        client.put(f"{IMAGES}/metadata", json=[{"file_name": "b.jpg", "metadata": {"k": value}}])
        assert values_of(facets_of(client)["k"]) == [(value, 1)]
        assert values_of(facets_of(client, dataset=CROPS)["k"]) == [(value, 1)]


def test_listeners_hear_of_the_images_and_of_their_crops(client: TestClient, services: Services) -> None:
    ids = [client.get(path).json()["id"] for path in (IMAGES, CROPS)]

    def attach() -> None:
        for name in ("b.jpg", "nobody.jpg"):
            client.put(f"{IMAGES}/metadata", json=[{"file_name": name, "metadata": {"k": 1}}])

    async def listen() -> list[Event]:
        listener = services.events.subscribe("token")
        await asyncio.to_thread(attach)
        return services.events.take(listener)[1]

    assert [(event.kind, event.id) for event in asyncio.run(listen())] == [("dataset", one) for one in ids]


def test_names_that_are_not_there_are_counted_and_named(client: TestClient) -> None:
    changes = [{"file_name": f"x{number:02d}.jpg", "metadata": {"k": 1}} for number in range(30)]
    changes += [{"sample_id": "0" * 24, "metadata": {"k": 1}}, {"file_name": "a.jpg", "metadata": {"k": 1}}]
    answer = client.put(f"{IMAGES}/metadata", json=changes).json()
    assert (answer["updated"], answer["unknown_count"]) == (1, 31)
    assert answer["unknown"] == [f"x{number:02d}.jpg" for number in range(20)]


def test_names_that_no_database_could_hold_are_not_there_either(client: TestClient) -> None:
    names = ["a\0.jpg", "é" * 4000, "'; --", "%"]
    changes = [{"file_name": name, "metadata": {"k\0": "v\0"}} for name in names]
    answer = client.put(f"{IMAGES}/metadata", json=[*changes, {"file_name": "a.jpg", "metadata": {"k\0": "v\0"}}])
    assert answer.json() == {"updated": 1, "unknown_count": 4, "unknown": names}
    assert client.get(f"{IMAGES}/samples/0").json()["metadata"] == {"k\0": "v\0"}


def test_metadata_of_crops_belongs_to_their_images(client: TestClient) -> None:
    answer = client.put(f"{CROPS}/metadata", json=[{"file_name": "a.jpg", "metadata": {}}])
    assert (answer.status_code, answer.json()["hint"]) == (422, "Attach it to the images: dataset `vehicles`.")


def deep(levels: int) -> dict[str, Any]:
    return {"a": deep(levels - 1)} if levels else {}


@pytest.mark.parametrize(
    "body",
    [
        b'[{"file_name": "a.jpg", "metadata": {"k": NaN}}]',
        b'[{"file_name": "a.jpg", "metadata": {"k": [Infinity]}}]',
        b'[{"file_name": "a.jpg", "metadata": [1]}]',
        b'[{"file_name": "a.jpg"}]',
        b'[{"metadata": {}}]',
        b'[{"file_name": "a.jpg", "sample_id": "000000000000000000000000", "metadata": {}}]',
        b'[{"file_name": "a.jpg", "metadata": {"k": "' + b"x" * (300 << 10) + b'"}}]',
        b'[{"file_name": "a.jpg", "metadata": ' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}]",
        b'[{"file_name": "a.jpg", "metadata": {"good": 1}}, {"file_name": "b.jpg", "metadata": 7}]',
    ],
)
def test_what_cannot_be_kept_is_refused_and_nothing_changes(client: TestClient, body: bytes) -> None:
    answer = client.put(f"{IMAGES}/metadata", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert client.get(f"{IMAGES}/samples/0").json()["metadata"] == {}


def test_only_the_owner_of_images_attaches_metadata(
    client: TestClient, user_client: Fixture, services: Services
) -> None:
    other = user_client(Scope.MEMBER, "anna")
    change = [{"file_name": "a.jpg", "metadata": {"k": 1}}]
    assert other.put(f"{IMAGES}/metadata", json=change).status_code == 404
    with services.store.writing() as connection:
        dataset = dataset_by_name(connection, "vehicles", owner_id=local_user(connection).id)
        assert dataset is not None
        share_dataset(connection, dataset, find_user(connection, "anna"))
    assert other.put(f"{IMAGES}/metadata", json=change).status_code == 403
    assert user_client(Scope.READ_ONLY, "local").put(f"{IMAGES}/metadata", json=change).status_code == 403


def test_what_scripts_attached_in_odd_ways_is_shown_all_the_same(client: TestClient, services: Services) -> None:
    """Old scripts can send what JSON has no word for."""
    odd = {"nan": float("nan"), "half": "\ud800", "big": 10**40, "deep": deep(40), "k\udc00": "v"}
    with services.store.writing() as connection:
        dataset = find_dataset(connection, "vehicles")
        keep_sample_metadata(connection, dataset.id, 0, SampleMetadata(custom=odd))
    shown = client.get(f"{IMAGES}/samples/0").json()["metadata"]
    assert (shown["nan"], shown["half"], shown["big"], shown["k?"]) == (None, "?", 10**40, "v")
    facets = facets_of(client)
    assert values_of(facets["half"]) == [("?", 1)]
    assert facets["big"]["kind"] == "number"
    assert "nan" not in facets
    assert names_of(client, {"key": "k?", "any_of": ["v"]}) == ["a.jpg"]
