"""The page on the prediction format: its examples keep the rules it states."""

from __future__ import annotations

import re
from pathlib import Path

from swath.core.outcomes import FileOutcome
from swath.core.predictions import TaskType
from swath.formats.lightly.predictions import parse_predictions
from swath.formats.lightly.schema import parse_schema
from swath.formats.lightly.tasks import parse_tasks, require_task

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "prediction-format.md").read_text(encoding="utf-8")


def test_the_examples_are_read() -> None:
    tasks, schema, predictions = (text.encode() for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
    task = require_task(parse_tasks(tasks), "vehicles_object_detections")
    parsed = parse_predictions(
        predictions, "000123.json", parse_schema(schema, "schema.json", task), image_key="train/000123.jpg"
    )
    assert parsed.category_ids.tolist() == [0, 3]


def test_every_task_type_and_every_outcome_of_a_prediction_file_is_named() -> None:
    named = set(re.findall(r"`([a-z_-]+)`", PAGE))
    assert named.issuperset(TaskType)
    assert named.issuperset(outcome for outcome in FileOutcome if outcome.startswith("predictions_"))
