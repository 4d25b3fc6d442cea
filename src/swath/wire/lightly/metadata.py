"""What clients say about the metadata of samples: which parts of it are worth showing, and scores."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from pydantic_core import to_json

from swath.core.errors import InvalidConfig
from swath.wire.lightly.base import Answer, Milliseconds, ObjectId, Request

NonEmpty = Annotated[str, StringConstraints(min_length=1)]
ScoreType = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_+=,.@:\/-]+$", max_length=200)]

MOST_ENTRIES = 1_000

MOST_NESTED = 100
"""Lists and objects in each other: what is nested deeper could be kept, but not written as JSON again."""


class ValueDataType(StrEnum):
    """What a value is shown as."""

    NUMERIC_INT = "NUMERIC_INT"
    NUMERIC_FLOAT = "NUMERIC_FLOAT"
    CATEGORICAL_STRING = "CATEGORICAL_STRING"
    CATEGORICAL_INT = "CATEGORICAL_INT"
    CATEGORICAL_BOOLEAN = "CATEGORICAL_BOOLEAN"
    CATEGORICAL_DATETIME = "CATEGORICAL_DATETIME"
    CATEGORICAL_TIMESTAMP = "CATEGORICAL_TIMESTAMP"
    OTHER_STRING = "OTHER_STRING"


class ConfigurationEntry(Request):
    """One value: its name, where it stands in the metadata of a sample (`weather.temperature`), and what it is."""

    name: NonEmpty
    path: NonEmpty
    default_value: Any = None
    value_data_type: ValueDataType


class ConfigurationRequest(Request):
    """Values that belong together."""

    name: str = Field(max_length=200)
    configs: list[ConfigurationEntry] = Field(max_length=MOST_ENTRIES)


class ConfigurationAnswer(Answer):
    """The same, kept. Entries are as they came, with `defaultValue` even where it is null."""

    id: ObjectId
    name: str
    configs: list[dict[str, Any]]
    created_at: Milliseconds
    last_modified_at: Milliseconds


class ScoresRequest(Request):
    """One score per member of a tag, in the order of their indices."""

    score_type: ScoreType
    scores: list[float] = Field(min_length=1)


class ScoreTypeAnswer(Answer):
    """Scores without their values."""

    id: ObjectId
    tag_id: ObjectId
    score_type: str
    created_at: Milliseconds


class ScoresAnswer(ScoreTypeAnswer):
    """Scores with their values."""

    scores: list[float]


class PredictionScoreTypeAnswer(Answer):
    """Scores of a prediction task, without their values."""

    id: ObjectId
    dataset_id: ObjectId
    prediction_uuid_timestamp: Milliseconds = Field(serialization_alias="predictionUUIDTimestamp")
    task_name: str
    score_type: str
    created_at: Milliseconds


class PredictionScoresAnswer(PredictionScoreTypeAnswer):
    """The same with the values, one per sample."""

    scores: list[float]


def json_size(value: object, *, field: str) -> int:
    """How many bytes a value has as JSON. Raises InvalidConfig, naming `field`, for one that could not be given back:
    nested too deeply, or with half a character (a lone surrogate) in it.
    """
    level, depth = [value], 0
    while level := [inner for outer in level for inner in _inside(outer)]:
        depth += 1
        if depth > MOST_NESTED:
            raise InvalidConfig(f"`{field}` is nested more than {MOST_NESTED} levels deep", field=field)
    try:
        return len(to_json(value))
    except ValueError as exc:
        raise InvalidConfig(f"`{field}` cannot be written as JSON: {exc}", field=field) from exc


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
