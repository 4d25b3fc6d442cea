"""Documents of metadata: what people attach to the images of a dataset."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from swath.wire.browsing import Id
from swath.wire.run_config import Document

MOST_CHANGES = 100_000
"""Images in one request."""

MOST_LEVELS = 32
"""Of objects and lists within each other."""


class MetadataChange(Document):
    """What is known of one image from now on, named by its file or its id.

    It is merged into what is known (JSON Merge Patch, RFC 7396): objects are merged, anything else is replaced, and
    null removes a key.
    """

    file_name: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    sample_id: Id | None = None
    metadata: dict[str, Any]

    @model_validator(mode="after")
    def _names_one_image(self) -> MetadataChange:
        if (self.file_name is None) == (self.sample_id is None):
            raise ValueError("give either `file_name` or `sample_id`")
        return self

    @field_validator("metadata")
    @classmethod
    def _can_be_kept(cls, metadata: dict[str, Any]) -> dict[str, Any]:
        _check(metadata, "metadata", MOST_LEVELS)
        return metadata


class AttachedMetadata(Document):
    """What became of metadata that was sent: how many images have it now, and which names and ids the dataset does not
    have (the first few of them)."""

    updated: int
    unknown_count: int
    unknown: tuple[str, ...]


def presentable(value: Any, levels: int = MOST_LEVELS) -> Any:
    """What was kept, as a document that every reader of JSON takes: numbers that are none become null, halves of
    characters question marks, and what is nested deeper than `levels` its text."""
    match value:
        case str():
            return value if value.isascii() else value.encode("utf-8", "replace").decode()
        case float():
            return value if math.isfinite(value) else None
        case dict() | list() if levels == 0:
            return json.dumps(value)
        case dict():
            return {presentable(key): presentable(inner, levels - 1) for key, inner in value.items()}
        case list():
            return [presentable(inner, levels - 1) for inner in value]
        case _:
            return value


def _check(value: Any, place: str, levels: int) -> None:
    """Raise ValueError for what is no JSON or nested too deep."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"`{place}` is {value}, which is no number")
    if isinstance(value, Mapping | list) and levels == 0:
        raise ValueError(f"`{place[:100]}…` is nested deeper than {MOST_LEVELS} levels")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _check(inner, f"{place}.{key}", levels - 1)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, inner in enumerate(value):
            _check(inner, f"{place}[{index}]", levels - 1)
