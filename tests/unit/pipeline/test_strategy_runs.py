"""Whole runs with every kind of input: what is chosen, and what is said, is what a person computes by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from swath.pipeline.run import execute_run
from swath.store import catalog
from swath.store.attaching import attach_metadata
from swath.store.sample_scores import read_scores, scores_of_sample
from swath.store.sharing import find_dataset
from swath.store.tags import create_tag
from swath.testing.ugly_images import truncated
from swath.wire.metadata import MetadataChange
from swath.wire.run_config import parse_run_config

Fixture = Any  # of conftest.py: Workplace and image()
PREDICTIONS = ".lightly/predictions/"
BOX = [4, 4, 16, 16]


def put_task(place: Fixture, task: str, task_type: str, names: Sequence[str], *, tasks: Sequence[str]) -> None:
    categories = [{"id": 10 * number, "name": name} for number, name in enumerate(names)]
    place.put(f"{PREDICTIONS}tasks.json", json.dumps(list(tasks)).encode())
    place.put(
        f"{PREDICTIONS}{task}/schema.json", json.dumps({"task_type": task_type, "categories": categories}).encode()
    )


def put_found(place: Fixture, key: str, found: Sequence[dict[str, Any]], task: str = "vehicles") -> None:
    place.put(
        f"{PREDICTIONS}{task}/{key.rsplit('.', 1)[0]}.json",
        json.dumps({"file_name": key, "predictions": list(found)}).encode(),
    )


def put_street(place: Fixture, make_image: Any, found: dict[str, Sequence[dict[str, Any]]]) -> None:
    """Images with predictions of the task `vehicles`, which knows cars, buses and bikes."""
    put_task(place, "vehicles", "object-detection", ("car", "bus", "bike"), tasks=("vehicles", "weather"))
    for seed, (key, predictions) in enumerate(found.items()):
        place.put(key, make_image(seed))
        put_found(place, key, predictions)


def one(category: int = 0, box: Sequence[float] = BOX, **fields: Any) -> dict[str, Any]:
    return {"category_id": 10 * category, "bbox": list(box), **fields}


def crops_of(place: Fixture) -> list[tuple[str, int]]:
    """Image and position of every crop, in the order of their indices."""
    return sorted(
        (sample.crop.parent_file_name, sample.crop.position)
        for sample in catalog.iter_samples(place.store, "street-crops")
    )


def images_of(place: Fixture) -> list[str]:
    return sorted(sample.file_name for sample in catalog.iter_samples(place.store, "street"))


def scores_strategy(score: str, strategy: str = "weights", **fields: Any) -> dict[str, Any]:
    given = {"type": "scores", "score": score} | {name: fields.pop(name) for name in ("task",) if name in fields}
    return {"type": strategy, "input": given, **fields}


def codes(result: Any) -> dict[str, int]:
    return {finding.code: finding.count for finding in result.findings}


# --- scores ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def unsure(place: Fixture, make_image: Any) -> Any:
    """Four objects whose probabilities have the margins 0.9, 0.1, 0.5 and 0.3."""
    small = [0, 0, 9, 9]
    found = {
        "a.png": [
            one(score=0.9, probabilities=[0.93, 0.03, 0.04]),
            one(score=0.5, box=small, probabilities=[0.5, 0.4, 0.1]),
        ],
        "b.png": [
            one(score=0.7, probabilities=[0.7, 0.2, 0.1]),
            one(score=0.6, box=small, probabilities=[0.6, 0.3, 0.1]),
        ],
        "c.png": [],
    }
    put_street(place, make_image, found)
    return place


def test_weights_by_uncertainty_pick_the_most_unsure_objects(unsure: Fixture) -> None:
    result = unsure.run(strategies=[scores_strategy("uncertainty_margin")], n_samples=2)
    assert (result.state, result.selected) == ("COMPLETED", 2)
    assert crops_of(unsure) == [("a.png", 1), ("b.png", 1)]
    assert "probabilities_derived" not in codes(result)


def test_a_threshold_lets_only_unsure_objects_pass(unsure: Fixture) -> None:
    strategy = scores_strategy("uncertainty_margin", "threshold", threshold=0.45, operation="bigger")
    unsure.run(strategies=[strategy, {"type": "diversity"}], n_samples=10)
    assert crops_of(unsure) == [("a.png", 1), ("b.png", 0), ("b.png", 1)]


def test_an_image_is_as_unsure_as_its_most_unsure_object(unsure: Fixture) -> None:
    unsure.run(unit="images", strategies=[scores_strategy("uncertainty_margin")], n_samples=1)
    assert images_of(unsure) == ["a.png"]
    unsure.run(
        unit="images", strategies=[scores_strategy("uncertainty_margin")], n_samples=1, datasource={"process_all": True}
    )
    # What is there already is no candidate: the next most unsure one.
    assert len(images_of(unsure)) == 2


def test_scores_are_kept_with_images_and_crops(unsure: Fixture) -> None:
    unsure.run()
    with unsure.store.reading() as connection:
        images, crops = find_dataset(connection, "street"), find_dataset(connection, "street-crops")
        of_images = read_scores(connection, images.id, 2)
        of_crops = read_scores(connection, crops.id, 4)
    names = [sample.file_name for sample in catalog.iter_samples(unsure.store, "street")]
    by_name = dict(zip(names, of_images.column("vehicles", "uncertainty_margin").tolist(), strict=True))
    assert by_name == pytest.approx({"a.png": 0.9, "b.png": 0.7})
    assert of_images.column("vehicles", "object_frequency").tolist() == [1.0, 1.0]
    assert of_images.column("vehicles", "objectness_least_confidence") == pytest.approx([0.3, 0.35])
    places = [
        (sample.crop.parent_file_name, sample.crop.position)
        for sample in catalog.iter_samples(unsure.store, "street-crops")
    ]
    of_place = dict(zip(places, of_crops.column("vehicles", "uncertainty_margin").tolist(), strict=True))
    assert of_place == pytest.approx({("a.png", 0): 0.11, ("a.png", 1): 0.9, ("b.png", 0): 0.5, ("b.png", 1): 0.7})
    assert ("vehicles", "object_frequency") not in of_crops.names


def test_the_scores_of_an_image_that_changed_are_replaced(unsure: Fixture, make_image: Any) -> None:
    unsure.run()
    unsure.put("a.png", make_image(77))
    put_found(unsure, "a.png", [one(score=0.5, probabilities=[0.5, 0.5, 0.0])])
    unsure.run()
    with unsure.store.reading() as connection:
        images = find_dataset(connection, "street")
        index = [sample.file_name for sample in catalog.iter_samples(unsure.store, "street")].index("a.png")
        assert scores_of_sample(connection, images.id, index)["vehicles"]["uncertainty_margin"] == 1.0


def test_scores_without_probabilities_are_derived_and_said_to_be(place: Fixture, make_image: Any) -> None:
    found = {
        "a.png": [one(score=0.9), one(box=[0, 0, 9, 9], score=0.4)],
        "b.png": [one(score=0.6), one(box=[1, 1, 9, 9])],
    }
    put_street(place, make_image, found)
    result = place.run(strategies=[scores_strategy("uncertainty_least_confidence")], n_samples=1)
    # 1 - 0.4 is the least sure; what has no score at all counts 0.
    assert crops_of(place) == [("a.png", 1)]
    assert codes(result)["probabilities_derived"] == 3
    assert codes(result)["scores_unknown"] == 1


def test_scores_that_nobody_can_know_end_the_run_with_what_there_is(place: Fixture, make_image: Any) -> None:
    put_street(place, make_image, {"a.png": [one()], "b.png": [one(1), one(2)]})
    result = place.run(strategies=[scores_strategy("uncertainty_entropy")], n_samples=1)
    assert result.state == "FAILED"
    assert "no prediction of task `vehicles` has probabilities or a score" in result.message
    assert "`object_frequency`" in result.hint
    assert not [key for key in place.source.reads if key.endswith(".png")]
    result = place.run(strategies=[scores_strategy("object_frequency")], unit="images", n_samples=1)
    assert (result.state, images_of(place)) == ("COMPLETED", ["b.png"])


def test_a_score_that_a_task_does_not_have_is_refused_by_name(unsure: Fixture) -> None:
    result = unsure.run(strategies=[scores_strategy("uncertainty_entrpy")])
    assert result.message == (
        "`selection.strategies[0].input.score`: task `vehicles` (object-detection) has no score `uncertainty_entrpy`"
    )
    assert result.hint.startswith("did you mean `uncertainty_entropy`? its scores are `uncertainty_least_confidence`")
    assert not [key for key in unsure.source.reads if key.endswith(".png")]


# --- categories -----------------------------------------------------------------------------------------------------


def test_balance_counts_probabilities_where_they_are_given(place: Fixture, make_image: Any) -> None:
    # Called cars, all of them; but the last two are most likely buses and bikes in part.
    found = {
        "a.png": [one(score=0.9, probabilities=[1, 0, 0]), one(score=0.9, box=[0, 0, 9, 9], probabilities=[1, 0, 0])],
        "b.png": [
            one(score=0.4, probabilities=[0.4, 0.6, 0]),
            one(score=0.4, box=[0, 0, 9, 9], probabilities=[0.4, 0, 0.6]),
        ],
    }
    put_street(place, make_image, found)
    balance = {"type": "balance", "target": {"bus": 0.5, "bike": 0.5}}
    place.run(strategies=[balance], n_samples=2)
    assert crops_of(place) == [("b.png", 0), ("b.png", 1)]


def test_balance_takes_into_account_what_was_selected_before(place: Fixture, make_image: Any) -> None:
    put_street(place, make_image, {"a.png": [one(0), one(0, [0, 0, 9, 9])]})
    place.run(n_samples=2)
    place.put("b.png", make_image(9))
    put_found(place, "b.png", [one(0), one(1, [0, 0, 9, 9]), one(1, [2, 2, 9, 9])])
    result = place.run(strategies=[{"type": "balance", "target": {"car": 0.5, "bus": 0.5}}], n_samples=2)
    # Two cars are there: two buses make it even.
    assert crops_of(place)[2:] == [("b.png", 1), ("b.png", 2)]
    assert result.selected_categories == {"bus": 2}


def test_an_image_counts_with_all_its_objects(place: Fixture, make_image: Any) -> None:
    found = {
        "a.png": [one(0), one(0, [0, 0, 9, 9])],
        "b.png": [one(1), one(2, [0, 0, 9, 9])],
        "c.png": [one(0)],
    }
    put_street(place, make_image, found)
    place.run(unit="images", strategies=[{"type": "balance", "target": {"bus": 0.5, "bike": 0.5}}], n_samples=1)
    assert images_of(place) == ["b.png"]


def test_images_can_be_weighted_by_the_number_of_objects_of_some_categories(place: Fixture, make_image: Any) -> None:
    found = {
        "a.png": [one(0), one(0, [0, 0, 9, 9]), one(0, [3, 3, 9, 9])],
        "b.png": [one(1), one(2, [0, 0, 9, 9])],
        "c.png": [one(1)],
    }
    put_street(place, make_image, found)
    given = {"type": "predictions", "name": "category_count", "categories": ["bus", "bike"]}
    place.run(unit="images", strategies=[{"type": "weights", "input": given}], n_samples=1)
    assert images_of(place) == ["b.png"]


@pytest.mark.parametrize(
    ("strategy", "place_of_it"),
    [
        (
            {"type": "weights", "input": {"type": "predictions", "name": "category_count", "categories": ["tram"]}},
            "selection.strategies[0].input.categories",
        ),
        ({"type": "balance", "target": {"tram": 1.0}}, "selection.strategies[0].target"),
    ],
)
def test_an_unknown_category_is_refused_with_those_there_are(
    unsure: Fixture, strategy: dict[str, Any], place_of_it: str
) -> None:
    result = unsure.run(strategies=[strategy])
    assert result.message == f"`{place_of_it}`: task `vehicles` has no category `tram`"
    assert "`car`, `bus`, `bike`" in result.hint
    assert result.state == "FAILED"


def test_quotas_and_limits_per_image_hold(place: Fixture, make_image: Any) -> None:
    found = {
        key: [one(0), one(0, [0, 0, 9, 9]), one(1, [3, 3, 9, 9]), one(2, [8, 8, 9, 9])]
        for key in ("a.png", "b.png", "c.png")
    }
    put_street(place, make_image, found)
    context = place.context(n_samples=6)
    document = context.config.model_dump(mode="json")
    document["selection"] |= {"max_per_image": 2, "quotas": {"bike": {"at_least": 2}, "car": {"at_most": 1}}}
    result = execute_run(replace(context, config=parse_run_config(document)))
    assert result.state == "COMPLETED"
    picked = [key for key, _ in crops_of(place)]
    assert [picked.count(key) for key in ("a.png", "b.png", "c.png")] == [2, 2, 2]
    assert result.selected_categories["bike"] >= 2
    assert result.selected_categories.get("car", 0) <= 1


def test_categories_that_the_schema_had_before_are_nobodys(place: Fixture, make_image: Any) -> None:
    put_street(place, make_image, {"a.png": [one(0), one(2, [0, 0, 9, 9])]})
    place.run(n_samples=2)
    put_task(place, "vehicles", "object-detection", ("car", "bus"), tasks=("vehicles",))
    place.put("b.png", make_image(9))
    put_found(place, "b.png", [one(0), one(1, [0, 0, 9, 9])])
    place.source.delete([f"{PREDICTIONS}vehicles/a.json"])
    counts = {"type": "predictions", "name": "category_count", "categories": ["bus"]}
    strategies = [{"type": "balance", "distribution": "uniform"}, {"type": "weights", "input": counts}]
    result = place.run(strategies=strategies, n_samples=1)
    assert (result.state, result.selected_categories) == ("COMPLETED", {"bus": 1})


# --- other tasks ----------------------------------------------------------------------------------------------------


@pytest.fixture
def weather(place: Fixture, make_image: Any) -> Any:
    """Three images with one object each; two were classified: sunny, and rainy or snowy."""
    put_street(place, make_image, {key: [one(score=0.5)] for key in ("a.png", "b.png", "c.png")})
    put_task(place, "weather", "classification", ("sun", "rain", "snow"), tasks=("vehicles", "weather"))
    put_found(place, "a.png", [{"category_id": 0, "score": 0.98, "probabilities": [0.98, 0.01, 0.01]}], "weather")
    put_found(place, "b.png", [{"category_id": 10, "score": 0.5, "probabilities": [0, 0.5, 0.5]}], "weather")
    return place


def test_objects_inherit_the_scores_of_their_image_by_another_task(weather: Fixture) -> None:
    strategy = scores_strategy("uncertainty_margin", task="weather")
    result = weather.run(strategies=[strategy], n_samples=1)
    assert crops_of(weather) == [("b.png", 0)]
    assert codes(result)["task_predictions_lacking"] == 1
    with weather.store.reading() as connection:
        images = find_dataset(connection, "street")
        assert scores_of_sample(connection, images.id, 0)["weather"]["uncertainty_margin"] == 1.0


def test_whole_images_are_balanced_by_the_tasks_that_strategies_name(weather: Fixture) -> None:
    balance = {
        "type": "balance",
        "input": {"type": "predictions", "task": "weather"},
        "target": {"rain": 0.5, "snow": 0.5},
    }
    result = weather.run(task=None, strategies=[balance], n_samples=1)
    assert (result.state, images_of(weather)) == ("COMPLETED", ["b.png"])


def test_earlier_images_count_with_what_another_task_says_of_them(weather: Fixture, make_image: Any) -> None:
    balance = {
        "type": "balance",
        "input": {"type": "predictions", "task": "weather"},
        "target": {"sun": 0.5, "rain": 0.5},
    }
    weather.source.delete(["b.png", "c.png"])
    weather.run(task=None, n_samples=1)
    assert images_of(weather) == ["a.png"]
    for seed, (key, shares) in enumerate({"d.png": [1, 0, 0], "e.png": [0, 1, 0]}.items()):
        weather.put(key, make_image(40 + seed))
        put_found(weather, key, [{"category_id": 0, "probabilities": shares}], "weather")
    weather.run(task=None, strategies=[balance], n_samples=1)
    # It was sunny before: rain makes it even, whichever comes first by itself.
    assert images_of(weather) == ["a.png", "e.png"]


def test_a_task_none_of_whose_files_can_be_used_ends_the_run_by_name(weather: Fixture) -> None:
    for key in ("a", "b"):
        weather.put(f"{PREDICTIONS}weather/{key}.json", b"{")
    result = weather.run(strategies=[scores_strategy("uncertainty_margin", task="weather")])
    assert result.state == "FAILED"
    assert result.message.startswith("None of 3 images has predictions of task `weather` that can be used")


def test_an_unknown_task_is_refused_where_it_was_named(weather: Fixture) -> None:
    result = weather.run(strategies=[scores_strategy("uncertainty_margin", task="wether")])
    assert result.state == "FAILED"
    assert result.message.startswith("There is no prediction task `wether`")
    assert "did you mean `weather`" in result.hint


# --- metadata -------------------------------------------------------------------------------------------------------


def test_objects_can_be_chosen_by_the_size_of_their_crop(place: Fixture, make_image: Any) -> None:
    put_street(place, make_image, {"a.png": [one(box=[0, 0, 8, 8]), one(box=[0, 0, 30, 20]), one(box=[0, 0, 16, 16])]})
    area = {"type": "weights", "input": {"type": "metadata", "key": "lightly.area"}}
    place.run(strategies=[area], n_samples=1)
    assert crops_of(place) == [("a.png", 1)]


def test_images_can_be_chosen_by_their_own_size(place: Fixture, make_image: Any) -> None:
    put_street(place, make_image, {"a.png": [one()], "b.png": [one()]})
    place.put("b.png", make_image(5, 96, 32))
    wide = {
        "type": "threshold",
        "input": {"type": "metadata", "key": "lightly.aspectRatio"},
        "threshold": 2,
        "operation": "bigger",
    }
    place.run(task=None, strategies=[wide, {"type": "random"}], n_samples=2)
    assert images_of(place) == ["b.png"]


def test_an_unknown_key_is_refused_with_those_there_are(unsure: Fixture) -> None:
    result = unsure.run(strategies=[{"type": "weights", "input": {"type": "metadata", "key": "lightly.widht"}}])
    assert result.message == "`selection.strategies[0].input.key`: nothing is known under `lightly.widht`"
    assert result.hint == (
        "did you mean `lightly.width`? known are `lightly.width`, `lightly.height`, `lightly.aspectRatio`, "
        "`lightly.area`."
    )


def test_what_people_attached_to_images_counts_for_their_new_objects(unsure: Fixture) -> None:
    # One object of each image first, then people say something of the images, then the rest.
    unsure.run(n_samples=2, strategies=[scores_strategy("objectness_least_confidence", strength=-1.0)])
    assert crops_of(unsure) == [("a.png", 0), ("b.png", 0)]
    with unsure.store.writing() as connection:
        images = find_dataset(connection, "street")
        changes = [
            MetadataChange(file_name="a.png", metadata={"lux": 3, "place": "town"}),
            MetadataChange(file_name="b.png", metadata={"lux": 8, "place": "field"}),
        ]
        attach_metadata(connection, images, changes)
    by_lux = {"type": "weights", "input": {"type": "metadata", "key": "lux"}}
    again = {"process_all": True}
    texts = unsure.run(
        strategies=[{"type": "weights", "input": {"type": "metadata", "key": "place"}}], datasource=again
    )
    assert "holds texts like" in texts.message
    unsure.run(strategies=[by_lux], n_samples=1, datasource=again)
    assert crops_of(unsure) == [("a.png", 0), ("b.png", 0), ("b.png", 1)]
    balance = {"type": "balance", "input": {"type": "metadata", "key": "place"}, "target": {"town": 0.5, "field": 0.5}}
    unsure.run(strategies=[balance], n_samples=1, datasource=again)
    assert len(crops_of(unsure)) == 4


# --- vectors --------------------------------------------------------------------------------------------------------


def test_similarity_looks_for_the_samples_of_a_tag(place: Fixture, make_image: Any) -> None:
    put_street(place, make_image, {key: [one()] for key in ("a.png", "b.png", "c.png", "d.png")})
    place.run(n_samples=1, strategies=[{"type": "random"}])
    [(first, _)] = crops_of(place)
    with place.store.writing() as connection:
        crops = find_dataset(connection, "street-crops")
        create_tag(connection, crops.id, name="like this", members=np.array([0]))
    # A copy of the picked object in another image, to be found among the others.
    place.put("z.png", place.source.files[first] + b"trailing bytes make another file of it")
    put_found(place, "z.png", [one()])
    similar = {"type": "similarity", "query": {"dataset": "street-crops", "tag": "like this"}}
    result = place.run(n_samples=1, strategies=[similar], datasource={"process_all": True})
    assert result.state == "COMPLETED", result.message
    assert ("z.png", 0) in crops_of(place)


def test_a_query_that_is_not_there_is_refused_before_anything_is_read(unsure: Fixture) -> None:
    similar = {"type": "similarity", "query": {"dataset": "nowhere", "tag": "x"}}
    result = unsure.run(n_samples=1, strategies=[similar])
    assert result.state == "FAILED"
    assert "nowhere" in result.message
    assert not [key for key in unsure.source.reads if key.endswith(".png")]


def test_objects_can_be_compared_by_the_images_they_are_in(place: Fixture, make_image: Any) -> None:
    put_street(place, make_image, {key: [one(), one(box=[0, 0, 9, 9])] for key in ("a.png", "b.png", "c.png")})
    place.forget()
    of_images = {"type": "diversity", "input": {"type": "embeddings", "of": "images"}}
    result = place.run(strategies=[of_images], n_samples=3)
    # Objects of one image are as near as can be: one of each image goes first.
    assert [key for key, _ in crops_of(place)] == ["a.png", "b.png", "c.png"]
    # The images were embedded in the same pass as their objects, and are not counted among them.
    assert (result.objects.embedded, result.objects.cached) == (6, 0)
    assert sum(place.embedder.batches) == 9
    again = place.run(strategies=[of_images], n_samples=3, datasource={"process_all": True})
    assert (again.objects.embedded, again.objects.cached) == (0, 6)


def test_images_can_be_compared_by_the_objects_of_a_task(place: Fixture, make_image: Any) -> None:
    put_street(place, make_image, {key: [one()] for key in ("a.png", "b.png", "c.png")})
    put_found(place, "b.png", [])
    of_objects = {"type": "diversity", "input": {"type": "embeddings", "of": "objects", "task": "vehicles"}}
    result = place.run(task=None, strategies=[of_objects], n_samples=2)
    # The image without objects adds nothing, and goes last.
    assert (result.state, images_of(place)) == ("COMPLETED", ["a.png", "c.png"])
    place.put_image("d.png", 50)
    later = place.run(task=None, strategies=[of_objects], n_samples=1)
    assert (images_of(place), codes(later)) == (["a.png", "c.png", "d.png"], {"earlier_objects_unknown": 2})


def test_objects_of_another_task_are_no_measure_for_objects(weather: Fixture) -> None:
    of_objects = {"type": "diversity", "input": {"type": "embeddings", "of": "objects", "task": "weather"}}
    result = weather.run(strategies=[of_objects])
    assert result.state == "FAILED"
    assert "cannot be compared where those of `vehicles` are selected" in result.message
    assert "has no objects with a box" in weather.run(strategies=[of_objects], unit="images").message


# --- all together ---------------------------------------------------------------------------------------------------


def test_a_broken_image_in_the_middle_never_shifts_what_is_chosen(
    place: Fixture, other_place: Fixture, make_image: Any
) -> None:
    """Every input at once: scores, categories, sizes, other tasks and vectors of each object stay its own."""
    keys = [f"{number}.png" for number in range(8)]
    strategies = [
        {"type": "diversity"},
        {"type": "diversity", "input": {"type": "embeddings", "of": "images"}, "strength": 0.5},
        scores_strategy("uncertainty_margin"),
        scores_strategy("uncertainty_entropy", task="weather"),
        {"type": "balance", "distribution": "uniform"},
        {"type": "weights", "input": {"type": "metadata", "key": "lightly.area"}, "strength": 0.3},
        scores_strategy("uncertainty_margin", "threshold", threshold=0.05, operation="bigger"),
    ]
    for workplace, broken in ((place, "3.png"), (other_place, None)):
        shares = {
            key: [round(0.9 - 0.1 * number, 2), round(0.1 + 0.1 * number, 2), 0] for number, key in enumerate(keys)
        }
        found = {
            key: [
                one(number % 3, [number, 0, 12 + number, 12], score=0.5, probabilities=shares[key]),
                one((number + 1) % 3, [2, number, 20, 9], score=0.4, probabilities=shares[key][::-1]),
            ]
            for number, key in enumerate(keys)
        }
        put_street(workplace, make_image, found)
        put_task(workplace, "weather", "classification", ("sun", "rain", "snow"), tasks=("vehicles", "weather"))
        for number, key in enumerate(keys):
            classified = [{"category_id": 0, "score": round(0.4 + 0.05 * number, 2)}]
            put_found(workplace, key, classified, "weather")
        if broken is None:
            workplace.source.delete(["3.png", f"{PREDICTIONS}vehicles/3.json", f"{PREDICTIONS}weather/3.json"])
        else:
            workplace.put(broken, truncated(workplace.source.files[broken]))
        result = workplace.run(strategies=strategies, n_samples=5)
        assert (result.state, result.selected, result.images.unreadable) == ("COMPLETED", 5, int(broken is not None))
    assert crops_of(place) == crops_of(other_place)
