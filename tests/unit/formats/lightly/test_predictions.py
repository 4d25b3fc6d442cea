"""Prediction files as ugly as life."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.boxes import BoxFormat
from swath.core.errors import InvalidPredictions
from swath.core.outcomes import FileOutcome
from swath.core.predictions import Category, ImagePredictions, TaskSchema, TaskType
from swath.formats.lightly.prediction_rules import ProblemList
from swath.formats.lightly.predictions import (
    InvalidPredictionFile,
    PredictionReader,
    parse_predictions,
    validate_predictions,
    write_predictions,
)

FILE = ".lightly/predictions/vehicles/train/a.json"
IMAGE = "train/a.jpg"


def schema(task_type: TaskType = TaskType.OBJECT_DETECTION, ids: tuple[int, ...] = (0, 1, 7)) -> TaskSchema:
    categories = tuple(Category(id=identifier, name=f"category {identifier}") for identifier in ids)
    return TaskSchema(task_name="vehicles", task_type=task_type, categories=categories)


def box(**changes: Any) -> dict[str, Any]:
    plain = {"category_id": 1, "bbox": [10, 20.5, 30, 40], "score": 0.5}
    return {key: value for key, value in (plain | changes).items() if value is not ...}


def encode(*predictions: Any, **document: Any) -> bytes:
    return json.dumps({"file_name": IMAGE, "predictions": list(predictions)} | document).encode()


def parse(data: bytes, task_type: TaskType = TaskType.OBJECT_DETECTION, **options: Any) -> ImagePredictions:
    return parse_predictions(data, FILE, schema(task_type), **({"image_key": IMAGE} | options))


def refused(data: bytes, task_type: TaskType = TaskType.OBJECT_DETECTION, **options: Any) -> InvalidPredictionFile:
    with pytest.raises(InvalidPredictionFile) as caught:
        parse(data, task_type, **options)
    error = caught.value
    assert error.file == FILE
    assert len(error.value) <= 80
    assert error.expected
    return error


# --- what is read --------------------------------------------------------------------------------------------------


def test_predictions_become_columns_in_the_order_of_the_file() -> None:
    predictions = parse(encode(box(), box(category_id=7, bbox=[0, 0, 0.25, 1e3], score=1)))
    assert predictions.file_name == IMAGE
    assert predictions.category_ids.tolist() == [1, 7]
    assert predictions.category_ids.dtype == np.int32
    assert predictions.boxes.tolist() == [[10, 20.5, 30, 40], [0, 0, 0.25, 1000]]
    assert predictions.scores.tolist() == [0.5, 1]
    assert (predictions.probabilities, predictions.segmentations, predictions.keypoints) == ((), (), ())


def test_an_image_may_have_no_predictions() -> None:
    predictions = parse(encode())
    assert len(predictions) == 0
    assert predictions.boxes.shape == (0, 4)
    assert predictions.scores.shape == (0,)


def test_ten_thousand_predictions_are_read() -> None:
    assert len(parse(encode(*[box()] * 10_000))) == 10_000


def test_a_missing_score_is_nan() -> None:
    assert np.isnan(parse(encode(box(score=...))).scores).tolist() == [True]
    assert np.isnan(parse(encode(box(score=None))).scores).tolist() == [True]
    assert np.isnan(parse(encode(box(score=...), box())).scores).tolist() == [True, False]


@pytest.mark.parametrize(
    "file_name",
    [IMAGE, None, ..., f"./{IMAGE}", f"././{IMAGE}"],
)
def test_the_file_name_may_be_left_out_or_start_with_a_dot(file_name: Any) -> None:
    document = {"predictions": [box()]} if file_name is ... else {"file_name": file_name, "predictions": [box()]}
    assert len(parse(json.dumps(document).encode())) == 1


def test_accents_may_be_composed_either_way() -> None:
    composed, decomposed = "stra\u00dfe/caf\u00e9.jpg", "stra\u00dfe/cafe\u0301.jpg"
    for name, key in ((composed, decomposed), (decomposed, composed)):
        assert len(parse(encode(box(), file_name=name), image_key=key)) == 1


def test_a_byte_order_mark_and_unknown_keys_do_no_harm() -> None:
    data = b"\xef\xbb\xbf" + encode(box(area=3, iscrowd=False, label="x"), image_id=4, info={"a": [1]})
    assert len(parse(data)) == 1


def test_of_equal_keys_the_last_counts() -> None:
    data = b'{"predictions": [], "predictions": [{"category_id": 0, "category_id": 1, "bbox": [1, 2, 3, 4]}]}'
    assert parse(data).category_ids.tolist() == [1]


def test_boxes_may_start_outside_the_image_and_have_no_area() -> None:
    boxes = [[-5.5, -1e300, 10, 10], [0, 0, 0, 0], [1e300, 2**63, 5, 5]]
    assert parse(encode(*[box(bbox=numbers) for numbers in boxes])).boxes.tolist() == boxes


@pytest.mark.parametrize(("written", "read"), [(1 + 5e-7, 1.0), (-5e-7, 0.0), (1, 1.0), (0, 0.0)])
def test_a_score_off_by_rounding_is_clipped(written: float, read: float) -> None:
    assert parse(encode(box(score=written))).scores.tolist() == [read]


def test_probabilities_are_kept_and_may_be_rounded() -> None:
    predictions = parse(encode(box(probabilities=[0.3333, 0.3333, 0.3333]), box(probabilities=[0, 1, 0])))
    assert predictions.probabilities == ((0.3333, 0.3333, 0.3333), (0.0, 1.0, 0.0))
    mixed = parse(encode(box(), box(probabilities=[0, 1, 0]), box(probabilities=None)))
    assert mixed.probabilities == (None, (0.0, 1.0, 0.0), None)
    clipped = parse(encode(box(probabilities=[-1e-7, 1 + 1e-7, 0])))
    assert clipped.probabilities == ((0.0, 1.0, 0.0),)


def test_a_classification_needs_no_box() -> None:
    data = encode({"category_id": 7, "probabilities": [0, 0, 1]}, {"category_id": 0, "bbox": "ignored"})
    predictions = parse(data, TaskType.CLASSIFICATION)
    assert predictions.category_ids.tolist() == [7, 0]
    assert np.isnan(predictions.boxes).all()


def test_an_instance_segmentation_has_box_and_run_lengths() -> None:
    predictions = parse(encode(box(segmentation=[0, 5, 3]), box(segmentation=[])), TaskType.INSTANCE_SEGMENTATION)
    assert predictions.segmentations == ((0, 5, 3), ())
    assert predictions.boxes[0].tolist() == [10, 20.5, 30, 40]


def test_a_semantic_segmentation_has_run_lengths_only() -> None:
    predictions = parse(encode({"category_id": 0, "segmentation": [4, 2]}), TaskType.SEMANTIC_SEGMENTATION)
    assert predictions.segmentations == ((4, 2),)
    assert np.isnan(predictions.boxes).all()


def test_keypoints_may_come_without_a_box() -> None:
    data = encode(box(keypoints=[1, -2.5, 0.9, 3, 4, 2]), box(bbox=..., keypoints=[1, 2, 0]))
    predictions = parse(data, TaskType.KEYPOINT_DETECTION)
    assert predictions.keypoints == ((1.0, -2.5, 0.9, 3.0, 4.0, 2.0), (1.0, 2.0, 0.0))
    assert np.isnan(predictions.boxes).all(axis=1).tolist() == [False, True]


# --- what is refused, and how it is said ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prediction", "json_path", "value", "expected"),
    [
        (5, "$.predictions[1]", "5", "an object"),
        (None, "$.predictions[1]", "null", "an object"),
        ([1, 2, 3, 4], "$.predictions[1]", "[1, 2, 3, 4]", "an object"),
        ("category_id bbox", "$.predictions[1]", '"category_id bbox"', "an object"),
        (box(category_id=...), "$.predictions[1].category_id", "nothing", "a whole number"),
        (box(category_id=None), "$.predictions[1].category_id", "null", "a whole number"),
        (box(category_id="1"), "$.predictions[1].category_id", '"1"', "a whole number"),
        (box(category_id=1.0), "$.predictions[1].category_id", "1.0", "a whole number"),
        (box(category_id=True), "$.predictions[1].category_id", "true", "a whole number"),
        (box(category_id=[1]), "$.predictions[1].category_id", "[1]", "a whole number"),
        (box(category_id=10**400), "$.predictions[1].category_id", "1", "finite"),
        (box(bbox=...), "$.predictions[1].bbox", "nothing", "4 numbers [x, y, width, height]"),
        (box(bbox=None), "$.predictions[1].bbox", "null", "4 numbers"),
        (box(bbox=[1, 2, 3]), "$.predictions[1].bbox", "[1, 2, 3]", "4 numbers"),
        (box(bbox=[1, 2, 3, 4, 5]), "$.predictions[1].bbox", "[1, 2, 3, 4, 5]", "4 numbers"),
        (box(bbox="1234"), "$.predictions[1].bbox", '"1234"', "4 numbers"),
        (box(bbox={"x": 1, "y": 2, "w": 3, "h": 4}), "$.predictions[1].bbox", '{"x": 1', "4 numbers"),
        (box(bbox=[1, "2", 3, 4]), "$.predictions[1].bbox[1]", '"2"', "a finite number"),
        (box(bbox=[1, None, 3, 4]), "$.predictions[1].bbox[1]", "null", "a finite number"),
        (box(bbox=[1, False, 3, 4]), "$.predictions[1].bbox[1]", "false", "a finite number"),
        (box(bbox=[1, float("nan"), 3, 4]), "$.predictions[1].bbox[1]", "NaN", "a finite number"),
        (box(bbox=[1, 2, float("inf"), 4]), "$.predictions[1].bbox[2]", "Infinity", "a finite number"),
        (box(bbox=[1, 2, 3, -float("inf")]), "$.predictions[1].bbox[3]", "-Infinity", "a finite number"),
        (box(bbox=[1, 2, -0.1, 4]), "$.predictions[1].bbox[2]", "-0.1", "a width of at least 0"),
        (box(bbox=[1, 2, 3, -4]), "$.predictions[1].bbox[3]", "-4", "a height of at least 0"),
        (box(score=1.1), "$.predictions[1].score", "1.1", "a number from 0 to 1"),
        (box(score=-0.01), "$.predictions[1].score", "-0.01", "a number from 0 to 1"),
        (box(score="high"), "$.predictions[1].score", '"high"', "a number from 0 to 1"),
        (box(score=True), "$.predictions[1].score", "true", "a number from 0 to 1"),
        (box(score=float("nan")), "$.predictions[1].score", "NaN", "a finite number"),
        (box(probabilities=0.5), "$.predictions[1].probabilities", "0.5", "3 numbers from 0 to 1"),
        (box(probabilities=[0.5, 0.5]), "$.predictions[1].probabilities", "[0.5, 0.5]", "not 2"),
        (box(probabilities=[]), "$.predictions[1].probabilities", "[]", "not 0"),
        (box(probabilities=[0.5, "a", 0.5]), "$.predictions[1].probabilities[1]", '"a"', "a finite number"),
        (box(probabilities=[True, 0, 0]), "$.predictions[1].probabilities[0]", "true", "a finite number"),
        (box(probabilities=[0.5, 1.5, -1]), "$.predictions[1].probabilities[1]", "1.5", "from 0 to 1"),
        (box(probabilities=[0.9, 0.8, 0.7]), "$.predictions[1].probabilities", "[0.9, 0.8, 0.7]", "not 2.4"),
    ],
)  # fmt: skip
def test_a_broken_prediction_is_refused_with_its_place(
    prediction: Any, json_path: str, value: str, expected: str
) -> None:
    error = refused(encode(box(), prediction))
    assert error.json_path == json_path
    assert error.value.startswith(value)
    assert expected in error.expected
    assert error.outcome is FileOutcome.PREDICTIONS_INVALID


INSTANCES = TaskType.INSTANCE_SEGMENTATION
SEMANTIC = TaskType.SEMANTIC_SEGMENTATION
KEYPOINTS = TaskType.KEYPOINT_DETECTION


@pytest.mark.parametrize(
    ("task_type", "prediction", "json_path", "expected"),
    [
        (INSTANCES, box(), "$.predictions[0].segmentation", "run lengths"),
        (INSTANCES, box(bbox=..., segmentation=[1]), "$.predictions[0].bbox", "4 numbers"),
        (INSTANCES, box(segmentation=[1, -1]), "$.predictions[0].segmentation[1]", "at least 0"),
        (INSTANCES, box(segmentation=[1, 1.0]), "$.predictions[0].segmentation[1]", "whole number"),
        (INSTANCES, box(segmentation=[1, True]), "$.predictions[0].segmentation[1]", "whole number"),
        (INSTANCES, box(segmentation=[[1, 2, 3, 4]]), "$.predictions[0].segmentation", "run lengths"),
        (SEMANTIC, {"category_id": 0}, "$.predictions[0].segmentation", "run lengths"),
        (SEMANTIC, box(segmentation={"counts": "x"}), "$.predictions[0].segmentation", "run lengths"),
        (KEYPOINTS, box(), "$.predictions[0].keypoints", "three per keypoint"),
        (KEYPOINTS, box(keypoints=[]), "$.predictions[0].keypoints", "not 0"),
        (KEYPOINTS, box(keypoints=[1, 2, 3, 4]), "$.predictions[0].keypoints", "not 4"),
        (KEYPOINTS, box(keypoints=[1, 2, -1]), "$.predictions[0].keypoints[2]", "at least 0"),
        (KEYPOINTS, box(keypoints=[1, None, 1]), "$.predictions[0].keypoints[1]", "finite number"),
        (KEYPOINTS, box(bbox=[1, 2], keypoints=[1, 2, 1]), "$.predictions[0].bbox", "4 numbers"),
        (TaskType.CLASSIFICATION, {"category_id": 0, "probabilities": [1]}, "$.predictions[0].probabilities", "not 1"),
    ],
)  # fmt: skip
def test_every_type_of_task_has_its_own_rules(
    task_type: TaskType, prediction: Any, json_path: str, expected: str
) -> None:
    error = refused(encode(prediction), task_type)
    assert error.json_path == json_path
    assert expected in error.expected


def test_an_unknown_category_is_an_outcome_of_its_own() -> None:
    error = refused(encode(box(category_id=2)))
    assert error.outcome is FileOutcome.PREDICTIONS_UNKNOWN_CATEGORY
    assert error.json_path == "$.predictions[0].category_id"
    assert "0, 1, 7" in error.expected
    long = schema(ids=tuple(range(0, 160, 2)))
    _, problems = validate_predictions(encode(box(category_id=1)), FILE, long, image_key=IMAGE)
    assert "0, 2, 4, 6, 8, 10, 12, 14, … 158" in problems[0].expected
    _, problems = validate_predictions(encode(box(category_id=99)), FILE, schema(ids=(0, 1, 2, 3)), image_key=IMAGE)
    assert "0 to 3" in problems[0].expected


def test_a_category_given_by_name_is_told_its_id() -> None:
    assert "has the id 7" in refused(encode(box(category_id="category 7"))).hint


@pytest.mark.parametrize(
    ("file_name", "hint"),
    [
        ("train/b.jpg", ""),
        ("train/a.png", ""),
        ("train/A.jpg", ""),
        ("a.jpg", "from the root of the datasource"),
        ("/data/train/a.jpg", "from the root of the datasource"),
        ("train\\a.jpg", "from the root of the datasource"),
    ],
)
def test_a_file_that_names_another_image_is_an_outcome_of_its_own(file_name: str, hint: str) -> None:
    error = refused(encode(box(), file_name=file_name))
    assert error.outcome is FileOutcome.PREDICTIONS_OTHER_IMAGE
    assert error.json_path == "$.file_name"
    assert IMAGE in error.expected
    assert hint in error.hint
    assert bool(hint) == bool(error.hint)


@pytest.mark.parametrize("file_name", [5, ["train/a.jpg"], True, {"name": 1}])
def test_a_file_name_that_is_no_text_breaks_the_format(file_name: Any) -> None:
    error = refused(encode(file_name=file_name))
    assert (error.outcome, error.json_path) == (FileOutcome.PREDICTIONS_INVALID, "$.file_name")


@pytest.mark.parametrize(
    ("data", "value", "hint"),
    [
        (b"", "an empty file", ""),
        (b" \n", "an empty file", ""),
        (b'{"predictions": [', "line 1", ""),
        (b'{"predictions": []}}', "unexpected content", "one JSON document"),
        (b'{"predictions": [],\n}', "trailing comma", "remove the comma"),
        (b"{'predictions': []}", "line 1, column 2", "double quotes"),
        ('{"predictions": []}'.encode("utf-16"), "UTF-16", "UTF-8"),
        ('{"predictions": []}'.encode("utf-16-le"), "UTF-16", "UTF-8"),
        ('{"file_name": "caf\u00e9.jpg", "predictions": []}'.encode("latin-1"), "not UTF-8", "UTF-8"),
        (b"[" * 100_000, "nested too deep", ""),
        (b'{"predictions": ' + b"[" * 2000 + b"]" * 2000 + b"}", "nested too deep", ""),
        (b'{"file_name": "\\ud800", "predictions": []}', "surrogate", ""),
        (b"\xff\xd8\xff\xe0 JFIF", "not UTF-8", ""),
        (b'{"predictions": [' + b"9" * 5000 + b"]}", "infinity", ""),
    ],
)
def test_what_is_not_json_is_an_outcome_of_its_own(data: bytes, value: str, hint: str) -> None:
    error = refused(data)
    assert error.outcome is FileOutcome.PREDICTIONS_NOT_JSON
    assert error.json_path == "$"
    assert value in error.value
    assert hint in error.hint


@pytest.mark.parametrize(
    ("data", "json_path", "expected"),
    [
        (b"[]", "$", "an object like"),
        (b"null", "$", "an object like"),
        (b'"text"', "$", "an object like"),
        (b"{}", "$.predictions", "a list"),
        (b'{"predictions": null}', "$.predictions", "a list"),
        (b'{"predictions": {"0": {}}}', "$.predictions", "a list"),
        (b'{"predictions": [], "x": {"a b": [0, NaN]}}', '$.x["a b"][1]', "a finite number"),
    ],
)
def test_a_document_of_another_shape_breaks_the_format(data: bytes, json_path: str, expected: str) -> None:
    error = refused(data)
    assert error.outcome is FileOutcome.PREDICTIONS_INVALID
    assert error.json_path == json_path
    assert expected in error.expected


def test_lists_too_deep_in_a_prediction_are_shown_short() -> None:
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    assert refused(encode(box(bbox=[1, 2, 3, deep]))).value == "[[[[…]]]]"


def test_a_person_gets_one_sentence_and_a_next_step() -> None:
    error = refused(encode(box(score=87.5), box(score=12)))
    assert error.message == f"`{FILE}` at `$.predictions[0].score`: expected a number from 0 to 1, got 87.5"
    assert error.hint == "divide percentages by 100. 1 more place in the file is wrong too."


# --- all that is wrong ---------------------------------------------------------------------------------------------


def test_validation_lists_all_that_is_wrong_in_the_order_of_the_file() -> None:
    data = encode(box(bbox=[1, 2, -3, -4], score=2), box(), box(category_id=5), file_name="b.jpg")
    predictions, problems = validate_predictions(data, FILE, schema(), image_key=IMAGE)
    assert predictions is None
    assert [problem.json_path for problem in problems] == [
        "$.file_name",
        "$.predictions[0].bbox[2]",
        "$.predictions[0].bbox[3]",
        "$.predictions[0].score",
        "$.predictions[2].category_id",
    ]
    assert problems[-1].outcome is FileOutcome.PREDICTIONS_UNKNOWN_CATEGORY
    assert {problem.file for problem in problems} == {FILE}


def test_validation_names_every_nan_with_its_place() -> None:
    nan = float("nan")
    _, problems = validate_predictions(
        encode(box(bbox=[nan, 0, nan, 1], score=nan), box(score=nan)), FILE, schema(), image_key=IMAGE
    )
    assert [problem.json_path for problem in problems] == [
        "$.predictions[0].bbox[0]",
        "$.predictions[0].bbox[2]",
        "$.predictions[0].score",
        "$.predictions[1].score",
    ]


@pytest.mark.parametrize("bad", [box(score=2), box(score=float("nan"))])
def test_validation_stops_after_twenty_places(bad: dict[str, Any]) -> None:
    predictions, problems = validate_predictions(encode(*[bad] * 500), FILE, schema(), image_key=IMAGE)
    assert predictions is None
    assert len(problems) == 20


def test_a_file_of_exactly_twenty_wrong_places_is_not_read_in_part() -> None:
    predictions, problems = validate_predictions(
        encode(*[box(score=2)] * 20, *[box()] * 3), FILE, schema(), image_key=IMAGE
    )
    assert (predictions, len(problems)) == (None, 20)


# --- box formats ---------------------------------------------------------------------------------------------------


def test_corners_the_wrong_way_round_are_refused_if_boxes_are_corners() -> None:
    error = refused(encode(box(bbox=[10, 10, 20, 5])), box_format=BoxFormat.XYXY)
    assert error.json_path == "$.predictions[0].bbox[3]"
    assert "at least `bbox[1]` (10)" in error.expected
    assert len(parse(encode(box(bbox=[10, 10, 10, 20])), box_format=BoxFormat.XYXY)) == 1


def test_negative_far_corners_are_fine_if_boxes_are_corners() -> None:
    assert len(parse(encode(box(bbox=[-30, -30, -10, -5])), box_format=BoxFormat.XYXY)) == 1


def test_an_undecided_format_asks_for_finite_numbers_only() -> None:
    assert len(parse(encode(box(bbox=[10, 10, -5, 5])), box_format=BoxFormat.AUTO)) == 1
    assert refused(encode(box(bbox=[10, 10, "5", 5])), box_format=BoxFormat.AUTO).json_path.endswith("bbox[2]")


# --- the fast way and the thorough way -----------------------------------------------------------------------------

SIMPLE_VALUES = st.sampled_from(
    [0, 1, 2, 7, -1, 0.5, 1.0, 1.0000001, -0.0, 2**63, True, False, None, "1", "", [], {}, [1], float("nan"), 1e308]
)
LOOSE_LISTS = st.lists(SIMPLE_VALUES, max_size=5) | st.lists(st.floats(0, 1), min_size=3, max_size=4)
LOOSE_BOXES = st.fixed_dictionaries(
    {},
    optional={
        "category_id": st.sampled_from([0, 1, 7]) | SIMPLE_VALUES,
        "bbox": st.lists(st.floats(-10, 1000), min_size=4, max_size=4) | LOOSE_LISTS | SIMPLE_VALUES,
        "score": st.floats(0, 1) | SIMPLE_VALUES,
        "probabilities": st.sampled_from([[0.5, 0.25, 0.25], [0, 0, 1]]) | LOOSE_LISTS | SIMPLE_VALUES,
        "segmentation": LOOSE_LISTS,
        "keypoints": LOOSE_LISTS,
    },
)
GOOD_BOXES = st.fixed_dictionaries(
    {
        "category_id": st.sampled_from([0, 1, 7]),
        "bbox": st.lists(st.floats(0, 1000), min_size=4, max_size=4),
    },
    optional={"score": st.floats(0, 1), "probabilities": st.just([0.5, 0.25, 0.25])},
)


def assert_same(first: ImagePredictions, second: ImagePredictions) -> None:
    assert first.file_name == second.file_name
    for column in ("category_ids", "boxes", "scores"):
        left, right = getattr(first, column), getattr(second, column)
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)
    assert first.probabilities == second.probabilities
    assert first.segmentations == second.segmentations
    assert first.keypoints == second.keypoints


@given(st.lists(GOOD_BOXES | LOOSE_BOXES | SIMPLE_VALUES, max_size=4), st.sampled_from(BoxFormat))
def test_the_fast_way_reads_what_the_thorough_way_reads(entries: list[Any], box_format: BoxFormat) -> None:
    data = encode(*entries)
    reader = PredictionReader(schema(), box_format=box_format)
    fast, fast_problems = reader.validate(data, file=FILE, image_key=IMAGE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("swath.formats.lightly.predictions._read_plain", lambda *_: None)
        thorough, problems = reader.validate(data, file=FILE, image_key=IMAGE)
    assert fast_problems == problems
    assert (fast is None) == (thorough is None) == bool(problems)
    if fast is not None and thorough is not None:
        assert_same(fast, thorough)


def test_plain_files_are_read_the_fast_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise AssertionError("the thorough way was taken")

    monkeypatch.setattr("swath.formats.lightly.prediction_rules.PredictionRules.check", fail)
    assert len(parse(encode(box(), box(score=0)))) == 2
    assert len(parse(encode(box(probabilities=[0, 1, 0], score=...)))) == 1


# --- fuzzing -------------------------------------------------------------------------------------------------------

JSON_KEYS = st.sampled_from(["predictions", "file_name", "category_id", "bbox", "score", "keypoints", "x y", ""])
ANY_JSON = st.recursive(
    SIMPLE_VALUES | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(JSON_KEYS, inner, max_size=5),
    max_leaves=25,
)
TASK_TYPES = st.sampled_from(TaskType)


def check_bytes(data: bytes, task_type: TaskType) -> None:
    predictions, problems = validate_predictions(data, FILE, schema(task_type), image_key=IMAGE)
    assert (predictions is None) == bool(problems)
    if predictions is None:
        with pytest.raises(InvalidPredictions) as caught:
            parse(data, task_type)
        assert caught.value.json_path == problems[0].json_path
        assert len(caught.value.value) <= 80
    else:
        read = parse(data, task_type)
        assert len(read.boxes) == len(read.category_ids) == len(read.scores)


@given(st.binary(max_size=200), TASK_TYPES)
def test_any_bytes_are_predictions_or_refused(data: bytes, task_type: TaskType) -> None:
    check_bytes(data, task_type)


@given(ANY_JSON, TASK_TYPES)
def test_any_json_is_predictions_or_refused(value: Any, task_type: TaskType) -> None:
    check_bytes(json.dumps(value).encode(), task_type)


@given(st.lists(LOOSE_BOXES, max_size=3), TASK_TYPES)
def test_anything_like_predictions_is_predictions_or_refused(entries: list[Any], task_type: TaskType) -> None:
    check_bytes(encode(*entries), task_type)


@given(st.lists(GOOD_BOXES, min_size=1, max_size=3), st.data())
def test_a_file_cut_off_anywhere_is_refused(entries: list[Any], data: st.DataObject) -> None:
    whole = encode(*entries)
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert refused(whole[:cut]).outcome is FileOutcome.PREDICTIONS_NOT_JSON


# --- round trip ----------------------------------------------------------------------------------------------------


@st.composite
def image_predictions(draw: st.DrawFn, task_type: TaskType) -> ImagePredictions:
    count = draw(st.integers(0, 5))
    rows = range(count)
    coordinates = st.floats(-1e6, 1e6)
    sizes = st.floats(0, 1e6)
    boxes = [draw(st.tuples(coordinates, coordinates, sizes, sizes)) for _ in rows]
    no_box = (np.nan,) * 4
    if task_type in (TaskType.CLASSIFICATION, TaskType.SEMANTIC_SEGMENTATION):
        boxes = [no_box] * count
    if task_type is TaskType.KEYPOINT_DETECTION:
        boxes = [draw(st.sampled_from([values, no_box])) for values in boxes]
    shares = draw(st.lists(st.sampled_from([None, (0.5, 0.5, 0.0), (0.1, 0.2, 0.7)]), min_size=count, max_size=count))
    run_lengths = st.lists(st.integers(0, 2**60), max_size=5).map(tuple)
    triples = st.lists(st.tuples(coordinates, coordinates, sizes), min_size=1, max_size=3)
    has_segments = task_type in (TaskType.INSTANCE_SEGMENTATION, TaskType.SEMANTIC_SEGMENTATION)
    return ImagePredictions(
        file_name=draw(st.sampled_from([None, IMAGE])),
        category_ids=np.array([draw(st.sampled_from([0, 1, 7])) for _ in rows], dtype=np.int32),
        boxes=np.array(boxes, dtype=np.float64).reshape(count, 4),
        scores=np.array([draw(st.floats(0, 1) | st.just(np.nan)) for _ in rows], dtype=np.float64),
        probabilities=tuple(shares) if any(shares) else (),
        segmentations=tuple(draw(run_lengths) for _ in rows) if has_segments and count else (),
        keypoints=tuple(sum(draw(triples), ()) for _ in rows) if task_type is TaskType.KEYPOINT_DETECTION else (),
    )


@given(st.data(), TASK_TYPES)
def test_predictions_read_back_as_written(data: st.DataObject, task_type: TaskType) -> None:
    predictions = data.draw(image_predictions(task_type))
    assert_same(parse(write_predictions(predictions), task_type), predictions)


def test_a_problem_list_takes_no_more_than_its_share() -> None:
    problems = ProblemList("a.json")
    for place in range(50):
        problems.add(f"$[{place}]", "1", "2")
    assert problems.is_full
    assert [problem.json_path for problem in problems.problems] == [f"$[{place}]" for place in range(20)]
