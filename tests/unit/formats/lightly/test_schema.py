"""`schema.json`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.errors import InvalidPredictions
from swath.core.predictions import Category, TaskSchema, TaskType
from swath.formats.lightly.schema import parse_schema, write_schema

FILE = ".lightly/predictions/vehicles/schema.json"


def document(**changes: Any) -> dict[str, Any]:
    plain = {"task_type": "object-detection", "categories": [{"id": 0, "name": "car"}, {"id": 7, "name": "bus"}]}
    return {key: value for key, value in (plain | changes).items() if value is not ...}


def parse(value: Any) -> TaskSchema:
    return parse_schema(json.dumps(value).encode(), FILE, "vehicles")


def test_categories_keep_their_ids_and_their_order() -> None:
    schema = parse(
        document(categories=[{"id": 9, "name": "bicycle with space"}, {"id": 2, "name": "人", "supercategory": "x"}])
    )
    assert schema.task_name == "vehicles"
    assert schema.task_type is TaskType.OBJECT_DETECTION
    assert schema.category_names == {9: "bicycle with space", 2: "人"}


@pytest.mark.parametrize("task_type", list(TaskType))
def test_every_official_task_type_is_known(task_type: TaskType) -> None:
    assert parse(document(task_type=str(task_type))).task_type is task_type


def test_task_description_is_the_old_name_of_the_type() -> None:
    assert parse(document(task_type=..., task_description="classification")).task_type is TaskType.CLASSIFICATION
    assert parse(document(task_description="classification")).task_type is TaskType.OBJECT_DETECTION


def test_keypoints_have_names_and_a_skeleton() -> None:
    category = {"id": 0, "name": "person", "keypointNames": ["nose", "left eye"], "keypointSkeleton": [[0, 1]]}
    schema = parse(document(task_type="keypoint-detection", categories=[category]))
    assert schema.categories == (
        Category(id=0, name="person", keypoint_names=("nose", "left eye"), keypoint_skeleton=((0, 1),)),
    )
    empty = parse(document(categories=[{"id": 0, "name": "p", "keypointNames": None, "keypointSkeleton": None}]))
    assert empty.categories == (Category(id=0, name="p"),)


CAR = {"id": 0, "name": "car"}
SKELETON = "$.categories[0].keypointSkeleton"


@pytest.mark.parametrize(
    ("value", "json_path", "part"),
    [
        ([], "$", "an object"),
        (document(task_type=...), "$.task_type", "`object-detection`"),
        (document(task_type="object_detection"), "$.task_type", "one of `classification`"),
        (document(task_type=None), "$.task_type", "one of"),
        (document(task_type=["object-detection"]), "$.task_type", "one of"),
        (document(categories=...), "$.categories", "at least one category"),
        (document(categories=[]), "$.categories", "at least one category"),
        (document(categories={"0": "car"}), "$.categories", "at least one category"),
        (document(categories=["car"]), "$.categories[0]", "an object"),
        (document(categories=[{"name": "car"}]), "$.categories[0].id", "a whole number"),
        (document(categories=[{"id": "0", "name": "car"}]), "$.categories[0].id", "a whole number"),
        (document(categories=[CAR, {"id": True, "name": "b"}]), "$.categories[1].id", "a whole number"),
        (document(categories=[{"id": 1.0, "name": "car"}]), "$.categories[0].id", "a whole number"),
        (document(categories=[{"id": -1, "name": "car"}]), "$.categories[0].id", "from 0"),
        (document(categories=[{"id": 2**31, "name": "car"}]), "$.categories[0].id", "2147483647"),
        (document(categories=[{"id": 10**30, "name": "car"}]), "$.categories[0].id", "2147483647"),
        (document(categories=[{"id": 0}]), "$.categories[0].name", "at least one character"),
        (document(categories=[{"id": 0, "name": ""}]), "$.categories[0].name", "at least one character"),
        (document(categories=[{"id": 0, "name": 5}]), "$.categories[0].name", "a text"),
        (document(categories=[CAR, {"id": 1, "name": "x"}, {"id": 0, "name": "van"}]), "$.categories[2].id", "`car`"),
        (document(categories=[CAR | {"keypointNames": "nose"}]), "$.categories[0].keypointNames", "a list of names"),
        (document(categories=[CAR | {"keypointSkeleton": 3}]), SKELETON, "a list of pairs"),
        (document(categories=[CAR | {"keypointSkeleton": [[0, 1], [2]]}]), f"{SKELETON}[1]", "a pair"),
        (document(categories=[CAR | {"keypointSkeleton": [[0, -1]]}]), f"{SKELETON}[0]", "a pair"),
    ],
)  # fmt: skip
def test_a_broken_schema_is_refused_with_its_place(value: Any, json_path: str, part: str) -> None:
    with pytest.raises(InvalidPredictions) as caught:
        parse(value)
    assert caught.value.json_path == json_path
    assert part in caught.value.expected
    assert caught.value.file == FILE


def test_both_categories_of_a_duplicate_id_are_named() -> None:
    with pytest.raises(InvalidPredictions, match=r"`car`.*`van` have the same"):
        parse(document(categories=[CAR, {"id": 0, "name": "van"}]))


def test_a_misspelled_type_gets_a_suggestion() -> None:
    with pytest.raises(InvalidPredictions) as caught:
        parse(document(task_type="Object_Detection"))
    assert caught.value.hint == "did you mean `object-detection`?"


CATEGORIES = st.lists(
    st.builds(
        Category,
        id=st.integers(0, 2**31 - 1),
        name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
        keypoint_names=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=3).map(tuple),
        keypoint_skeleton=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=3).map(tuple),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda category: category.id,
)


@given(CATEGORIES.map(tuple), st.sampled_from(TaskType))
def test_a_schema_reads_back_as_written(categories: tuple[Category, ...], task_type: TaskType) -> None:
    schema = TaskSchema(task_name="any", task_type=task_type, categories=categories)
    assert parse_schema(write_schema(schema), FILE, "any") == schema


KEYS = st.sampled_from(["task_type", "categories", "id", "name"])
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(list(TaskType)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner),
    max_leaves=12,
)


@given(ANY_JSON)
def test_any_json_is_a_schema_or_refused(value: Any) -> None:
    try:
        result: TaskSchema | InvalidPredictions = parse(value)
    except InvalidPredictions as error:
        result = error
    if isinstance(result, InvalidPredictions):
        assert result.json_path.startswith("$")
        assert len(result.value) <= 80
    else:
        assert result.categories
