"""Prediction files: one JSON per image, `{"file_name": …, "predictions": […]}`, read fast and judged exactly."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import orjson

from swath.core.boxes import BoxFormat
from swath.core.outcomes import FileOutcome
from swath.core.predictions import ImagePredictions, TaskSchema, TaskType
from swath.formats.json_text import UnreadableJson, all_integers, all_numbers, load_json, shown
from swath.formats.lightly.prediction_rules import (
    InvalidPredictionFile,
    PredictionProblem,
    PredictionRow,
    PredictionRules,
    ProblemList,
)

__all__ = [
    "InvalidPredictionFile",
    "PredictionProblem",
    "PredictionReader",
    "parse_predictions",
    "validate_predictions",
    "write_predictions",
]


class PredictionReader:
    """Reads the prediction files of one task; make one and use it for all files. Safe to use from threads.

    `box_format` is how boxes are meant. With XYWH a negative width or height breaks the format, with XYXY a right edge
    left of the left one (or bottom above top); with AUTO four finite numbers will do until the format is decided.
    Boxes may start left of or above the image: detectors write that, and crops are clipped.
    """

    def __init__(self, schema: TaskSchema, *, box_format: BoxFormat = BoxFormat.XYWH) -> None:
        self._rules = PredictionRules(schema, box_format=box_format)

    def parse(self, data: bytes, *, file: str, image_key: str) -> ImagePredictions:
        """The predictions of one image. Raises InvalidPredictionFile for anything that breaks the format.

        The error's `outcome` says which kind of break it is: PREDICTIONS_NOT_JSON, PREDICTIONS_INVALID,
        PREDICTIONS_UNKNOWN_CATEGORY or PREDICTIONS_OTHER_IMAGE (`file_name` names another image than `image_key`).
        """
        predictions, problems = self.validate(data, file=file, image_key=image_key)
        if predictions is None:
            more = len(problems) - 1
            also = f"{more} more place{'s' if more > 1 else ''} in the file {'are' if more > 1 else 'is'} wrong too."
            hints = [hint for hint in (problems[0].hint, also if more else "") if hint]
            raise InvalidPredictionFile(problems[0], hint=" ".join(hints))
        return predictions

    def validate(
        self, data: bytes, *, file: str, image_key: str
    ) -> tuple[ImagePredictions | None, list[PredictionProblem]]:
        """The predictions and no problem, or None and what is wrong with the file, at most 20 places in its order."""
        problems = ProblemList(file)
        try:
            document = load_json(data)
        except UnreadableJson as exc:
            outcome = FileOutcome.PREDICTIONS_INVALID if exc.is_json else FileOutcome.PREDICTIONS_NOT_JSON
            for violation in exc.violations:
                problems.add(
                    violation.json_path, violation.value, violation.expected, hint=violation.hint, outcome=outcome
                )
            return None, problems.problems
        entries = _entries(document, problems, image_key)
        if entries is None:
            return None, problems.problems
        file_name = document.get("file_name")
        if not problems.problems:
            predictions = _read_plain(entries, self._rules, file_name)
            if predictions is not None:
                return predictions, []
        rows: list[PredictionRow] = []
        for position, entry in enumerate(entries):
            row = self._rules.check(entry, f"$.predictions[{position}]", problems)
            if row is not None:
                rows.append(row)
            if problems.is_full:
                break
        if problems.problems:
            return None, problems.problems
        return _columns(rows, file_name), []


def parse_predictions(
    data: bytes,
    file: str,
    schema: TaskSchema,
    *,
    image_key: str,
    box_format: BoxFormat = BoxFormat.XYWH,
) -> ImagePredictions:
    """The predictions of one image; see PredictionReader.parse, which is faster for many files."""
    return PredictionReader(schema, box_format=box_format).parse(data, file=file, image_key=image_key)


def validate_predictions(
    data: bytes,
    file: str,
    schema: TaskSchema,
    *,
    image_key: str,
    box_format: BoxFormat = BoxFormat.XYWH,
) -> tuple[ImagePredictions | None, list[PredictionProblem]]:
    """The predictions, or all that is wrong with the file; see PredictionReader.validate."""
    return PredictionReader(schema, box_format=box_format).validate(data, file=file, image_key=image_key)


def _entries(document: Any, problems: ProblemList, image_key: str) -> list[Any] | None:
    """The list of predictions of a document; None, with a problem, if there is none to look at."""
    if type(document) is not dict:
        problems.add("$", shown(document), 'an object like `{"file_name": "a.jpg", "predictions": []}`')
        return None
    file_name = document.get("file_name")
    if file_name is not None and file_name != image_key:
        _check_file_name(file_name, image_key, problems)
    entries = document.get("predictions")
    if type(entries) is not list:
        value = shown(entries) if "predictions" in document else "nothing"
        problems.add("$.predictions", value, "a list; an empty one for an image without predictions")
        return None
    return entries


def _check_file_name(file_name: Any, image_key: str, problems: ProblemList) -> None:
    if not isinstance(file_name, str):
        problems.add("$.file_name", shown(file_name), f"the image's path as text, `{image_key}`")
    elif _plain_name(file_name) != _plain_name(image_key):
        tail = file_name.replace("\\", "/").rsplit("/", 1)[-1] == image_key.rsplit("/", 1)[-1]
        problems.add(
            "$.file_name",
            shown(file_name),
            f"`{image_key}`, the image this file lies beside",
            outcome=FileOutcome.PREDICTIONS_OTHER_IMAGE,
            hint="`file_name` is the path from the root of the datasource, with `/`." if tail else "",
        )


def _plain_name(name: str) -> str:
    """A name without what does not change which file it means: `./` before it, the way accents are composed."""
    while name.startswith("./"):
        name = name[2:]
    return unicodedata.normalize("NFC", name)


def _read_plain(entries: list[Any], rules: PredictionRules, file_name: str | None) -> ImagePredictions | None:
    """The fast way for what nearly all files are: object detections that keep every rule to the letter.

    None where there is any doubt; PredictionRules decides then. Whole columns are checked at once, as a loop over
    every number costs more than parsing the JSON.
    """
    if rules.task_type is not TaskType.OBJECT_DETECTION:
        return None
    category_ids: list[Any] = []
    boxes: list[Any] = []
    scores: list[Any] = []
    probabilities: list[tuple[float, ...]] = []
    try:
        for entry in entries:
            box = entry["bbox"]
            if type(box) is not list or len(box) != 4:
                return None
            boxes += box
            category_ids.append(entry["category_id"])
            if "score" in entry:
                scores.append(entry["score"])
            if "probabilities" in entry:
                shares = entry["probabilities"]
                if not _are_probabilities(shares, rules):
                    return None
                probabilities.append(tuple(map(float, shares)))
    except (KeyError, TypeError):
        return None
    count = len(category_ids)
    if not (
        all_integers(category_ids)
        and rules.category_ids.issuperset(category_ids)
        and all_numbers(boxes)
        and len(scores) in (0, count)
        and len(probabilities) in (0, count)
        and all_numbers(scores)
        and (not scores or (min(scores) >= 0 and max(scores) <= 1))
    ):
        return None
    columns = np.array(boxes, dtype=np.float64).reshape(count, 4)
    if rules.box_format is BoxFormat.XYWH:
        if count and (min(boxes[2::4]) < 0 or min(boxes[3::4]) < 0):
            return None
    elif rules.box_format is BoxFormat.XYXY and (columns[:, 2:] < columns[:, :2]).any():
        return None
    return ImagePredictions(
        file_name=file_name,
        category_ids=np.array(category_ids, dtype=np.int32),
        boxes=columns,
        scores=np.array(scores, dtype=np.float64) if scores else np.full(count, np.nan),
        probabilities=tuple(probabilities),
    )


def _are_probabilities(shares: Any, rules: PredictionRules) -> bool:
    return (
        type(shares) is list
        and len(shares) == rules.category_count
        and all_numbers(shares)
        and min(shares) >= 0
        and max(shares) <= 1
        and abs(sum(shares) - 1) <= rules.sum_tolerance
    )


def _columns(rows: list[PredictionRow], file_name: str | None) -> ImagePredictions:
    """Rows as columns; a column of which no row has anything is left empty."""
    probabilities = tuple(row.probabilities for row in rows)
    segmentations = tuple(row.segmentation for row in rows)
    keypoints = tuple(row.keypoints for row in rows)
    return ImagePredictions(
        file_name=file_name,
        category_ids=np.array([row.category_id for row in rows], dtype=np.int32),
        boxes=np.array([row.box for row in rows], dtype=np.float64).reshape(len(rows), 4),
        scores=np.array([row.score for row in rows], dtype=np.float64),
        probabilities=probabilities if any(value is not None for value in probabilities) else (),
        segmentations=segmentations if any(value is not None for value in segmentations) else (),
        keypoints=keypoints if any(value is not None for value in keypoints) else (),
    )


def write_predictions(predictions: ImagePredictions) -> bytes:
    """A prediction file that reads back as these predictions; what a row does not have is left out."""
    document: dict[str, Any] = {} if predictions.file_name is None else {"file_name": predictions.file_name}
    boxes = predictions.boxes.tolist()
    scores = predictions.scores.tolist()
    has_box = np.isfinite(predictions.boxes[:, 0])
    columns: list[tuple[str, tuple[Any, ...]]] = [
        ("probabilities", predictions.probabilities),
        ("segmentation", predictions.segmentations),
        ("keypoints", predictions.keypoints),
    ]
    entries: list[dict[str, Any]] = []
    for row, category_id in enumerate(predictions.category_ids.tolist()):
        entry: dict[str, Any] = {"category_id": category_id}
        if has_box[row]:
            entry["bbox"] = boxes[row]
        if scores[row] == scores[row]:
            entry["score"] = scores[row]
        for key, column in columns:
            if column and column[row] is not None:
                entry[key] = column[row]
        entries.append(entry)
    document["predictions"] = entries
    return orjson.dumps(document)
