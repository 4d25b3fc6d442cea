"""The rules of one prediction, checked place by place: slow, thorough, and what decides when files are doubtful."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from swath.core.boxes import BoxFormat
from swath.core.errors import InvalidPredictions
from swath.core.outcomes import FileOutcome
from swath.core.predictions import TYPES_WITH_BOXES, TaskSchema, TaskType
from swath.formats.json_text import MAX_VIOLATIONS, all_integers, all_numbers, is_integer, is_number, shown

ROUNDING = 1e-6
"""Scores and probabilities may leave 0 to 1 by this much (float32 does); they are clipped."""

NAN = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionProblem:
    """One thing that is wrong with a prediction file; `outcome` says of which kind it is."""

    outcome: FileOutcome
    file: str
    json_path: str
    value: str
    expected: str
    hint: str = ""


class InvalidPredictionFile(InvalidPredictions):
    """A prediction file that cannot be used; `problem` is the first thing wrong with it, `outcome` of which kind."""

    def __init__(self, problem: PredictionProblem, *, hint: str = "") -> None:
        super().__init__(
            file=problem.file,
            json_path=problem.json_path,
            value=problem.value,
            expected=problem.expected,
            hint=hint or problem.hint,
        )
        self.problem = problem

    @property
    def outcome(self) -> FileOutcome:
        return self.problem.outcome


@dataclass(slots=True)
class ProblemList:
    """Collects what is wrong with one file, up to `MAX_VIOLATIONS` places."""

    file: str
    problems: list[PredictionProblem] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        return len(self.problems) >= MAX_VIOLATIONS

    def add(
        self,
        json_path: str,
        value: str,
        expected: str,
        *,
        hint: str = "",
        outcome: FileOutcome = FileOutcome.PREDICTIONS_INVALID,
    ) -> None:
        if not self.is_full:
            self.problems.append(
                PredictionProblem(
                    outcome=outcome, file=self.file, json_path=json_path, value=value, expected=expected, hint=hint
                )
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionRow:
    """One prediction that keeps the rules."""

    category_id: int
    box: Sequence[float]  # 4 numbers as written, or NaN
    score: float  # 0 to 1, or NaN
    probabilities: tuple[float, ...] | None
    segmentation: tuple[int, ...] | None
    keypoints: tuple[float, ...] | None


class PredictionRules:
    """The rules that follow from a task's schema and from how the user says boxes are written."""

    __slots__ = (
        "_box_required",
        "_has_boxes",
        "box_format",
        "category_count",
        "category_ids",
        "schema",
        "sum_tolerance",
        "task_type",
    )

    def __init__(self, schema: TaskSchema, *, box_format: BoxFormat = BoxFormat.XYWH) -> None:
        self.schema = schema
        self.task_type = schema.task_type
        self.box_format = box_format
        self.category_ids = frozenset(category.id for category in schema.categories)
        self.category_count = len(schema.categories)
        # Rounded to three decimals, every probability may be off by half a thousandth.
        self.sum_tolerance = 0.01 + 0.0005 * self.category_count
        self._has_boxes = schema.task_type in TYPES_WITH_BOXES
        self._box_required = self._has_boxes and schema.task_type is not TaskType.KEYPOINT_DETECTION

    def check(self, prediction: Any, path: str, problems: ProblemList) -> PredictionRow | None:
        """The prediction's row, or None and at least one more problem in the list, which must not be full."""
        before = len(problems.problems)
        if not isinstance(prediction, dict):
            problems.add(path, shown(prediction), "an object with `category_id`")
            return None
        found = _Fields(prediction, path, problems)
        row = PredictionRow(
            category_id=self._category_id(found),
            box=self._box(found),
            score=self._score(found),
            probabilities=self._probabilities(found),
            segmentation=self._segmentation(found),
            keypoints=self._keypoints(found),
        )
        return row if len(problems.problems) == before else None

    def _category_id(self, found: _Fields) -> int:
        value = found.required("category_id", "a whole number, the id of a category of `schema.json`")
        if value is None:
            return -1
        if not is_integer(value):
            ids = {category.name: category.id for category in self.schema.categories}
            known = isinstance(value, str) and value in ids
            hint = f"the category `{value}` has the id {ids[value]}." if known else ""
            found.refuse("category_id", value, "a whole number, the id of a category of `schema.json`", hint=hint)
            return -1
        if value not in self.category_ids:
            found.refuse(
                "category_id",
                value,
                f"an id that `schema.json` of `{self.schema.task_name}` lists ({self._listed_ids()})",
                outcome=FileOutcome.PREDICTIONS_UNKNOWN_CATEGORY,
                hint="add the category to `schema.json`, or correct the ids in the file.",
            )
        return int(value)

    def _listed_ids(self) -> str:
        ids = sorted(self.category_ids)
        if len(ids) > 2 and ids[-1] - ids[0] == len(ids) - 1:
            return f"{ids[0]} to {ids[-1]}"
        listed = ", ".join(str(identifier) for identifier in ids[:8])
        return listed if len(ids) <= 8 else f"{listed}, … {ids[-1]}"

    def _box(self, found: _Fields) -> Sequence[float]:
        no_box = (NAN, NAN, NAN, NAN)
        if not self._has_boxes:
            return no_box
        corners = self.box_format is BoxFormat.XYXY
        expected = f"4 numbers {'[x0, y0, x1, y1]' if corners else '[x, y, width, height]'} in pixels"
        value = found.required("bbox", expected) if self._box_required else found.optional("bbox")
        if value is None or not found.check_numbers("bbox", value, expected):
            return no_box
        if len(value) != 4:
            found.refuse("bbox", value, expected)
            return no_box
        for place, side in ((2, "width"), (3, "height")):
            if self.box_format is BoxFormat.XYWH and value[place] < 0:
                found.refuse(f"bbox[{place}]", value[place], f"a {side} of at least 0")
            elif corners and value[place] < value[place - 2]:
                found.refuse(
                    f"bbox[{place}]",
                    value[place],
                    f"at least `bbox[{place - 2}]` ({shown(value[place - 2])}), as boxes are read as x0, y0, x1, y1",
                    hint="the run says `box_format: xyxy`; use `xywh` if these are widths and heights.",
                )
        return tuple(value)

    def _score(self, found: _Fields) -> float:
        value = found.optional("score")
        if value is None:
            return NAN
        if not (is_number(value) and -ROUNDING <= value <= 1 + ROUNDING):
            percent = is_number(value) and 1 < value <= 100
            hint = "divide percentages by 100." if percent else "leave `score` out if there is none."
            found.refuse("score", value, "a number from 0 to 1", hint=hint)
            return NAN
        return _clipped(value)

    def _probabilities(self, found: _Fields) -> tuple[float, ...] | None:
        expected = f"{self.category_count} numbers from 0 to 1, one per category of `schema.json`"
        value = found.optional("probabilities")
        if value is None or not found.check_numbers("probabilities", value, expected):
            return None
        if len(value) != self.category_count:
            found.refuse("probabilities", value, f"{expected}, not {len(value)}")
            return None
        for place, number in enumerate(value):
            if not -ROUNDING <= number <= 1 + ROUNDING:
                found.refuse(f"probabilities[{place}]", number, "a number from 0 to 1")
                return None
        total = sum(value)
        if abs(total - 1) > self.sum_tolerance:
            found.refuse(
                "probabilities",
                value,
                f"numbers that sum up to 1 (± {self.sum_tolerance:.3g}), not {total:.6g}",
                hint="leave `probabilities` out if every class was scored on its own.",
            )
            return None
        return tuple(_clipped(number) for number in value)

    def _segmentation(self, found: _Fields) -> tuple[int, ...] | None:
        if self.task_type not in (TaskType.INSTANCE_SEGMENTATION, TaskType.SEMANTIC_SEGMENTATION):
            return None
        expected = "a list of whole numbers of at least 0: run lengths, row by row, of 0s first"
        value = found.required("segmentation", expected)
        if value is None:
            return None
        if not isinstance(value, list) or (value and isinstance(value[0], list)):
            other = "COCO's compressed run lengths" if isinstance(value, dict) else "polygons"
            hint = f"{other} are not part of the format; write run lengths." if isinstance(value, list | dict) else ""
            found.refuse("segmentation", value, expected, hint=hint)
            return None
        if all_integers(value) and min(value, default=0) >= 0:
            return tuple(value)
        for place, number in enumerate(value):
            if not (is_integer(number) and number >= 0):
                found.refuse(f"segmentation[{place}]", number, "a whole number of at least 0")
                break
        return None

    def _keypoints(self, found: _Fields) -> tuple[float, ...] | None:
        if self.task_type is not TaskType.KEYPOINT_DETECTION:
            return None
        expected = "numbers [x, y, score, x, y, score, …], three per keypoint and at least one keypoint"
        value = found.required("keypoints", expected)
        if value is None or not found.check_numbers("keypoints", value, expected):
            return None
        if len(value) < 3 or len(value) % 3:
            found.refuse("keypoints", value, f"{expected}, not {len(value)}")
            return None
        for place in range(2, len(value), 3):
            if value[place] < 0:
                found.refuse(f"keypoints[{place}]", value[place], "a keypoint's score of at least 0")
        return tuple(float(number) for number in value)


class _Fields:
    """The fields of one prediction, with complaints that say where they are."""

    __slots__ = ("_path", "_prediction", "_problems")

    def __init__(self, prediction: dict[str, Any], path: str, problems: ProblemList) -> None:
        self._prediction = prediction
        self._path = path
        self._problems = problems

    def optional(self, key: str) -> Any:
        """The value, None where there is none; null is the same as leaving a field out."""
        return self._prediction.get(key)

    def required(self, key: str, expected: str) -> Any:
        value = self._prediction.get(key)
        if value is None:
            absent = "nothing" if key not in self._prediction else "null"
            self._problems.add(f"{self._path}.{key}", absent, expected)
        return value

    def refuse(
        self,
        key: str,
        value: Any,
        expected: str,
        *,
        hint: str = "",
        outcome: FileOutcome = FileOutcome.PREDICTIONS_INVALID,
    ) -> None:
        self._problems.add(f"{self._path}.{key}", shown(value), expected, hint=hint, outcome=outcome)

    def check_numbers(self, key: str, value: Any, expected: str) -> bool:
        """Whether the value is a list of numbers; complains about the list or its first item that is none."""
        if not isinstance(value, list):
            self.refuse(key, value, expected)
            return False
        if all_numbers(value):
            return True
        place = next(place for place, number in enumerate(value) if not is_number(number))
        self.refuse(f"{key}[{place}]", value[place], "a finite number")
        return False


def _clipped(number: float) -> float:
    return float(min(max(number, 0.0), 1.0))
