"""What a run is asked to do: one document, whoever writes it (command line, API, old scripts)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError

from swath.core.errors import InvalidConfig
from swath.wire.documents import Document, as_invalid_config, refuse_unknown_keys
from swath.wire.selection import (
    Aggregate,
    BalanceStrategy,
    DiversityStrategy,
    EmbeddingsInput,
    MaxPerImage,
    MetadataInput,
    PredictionsInput,
    QueryTag,
    Quota,
    RandomInput,
    RandomStrategy,
    RepresentativeStrategy,
    ScoresInput,
    SelectionConfig,
    SelectionUnit,
    SimilarityStrategy,
    Strategies,
    Strategy,
    TargetRange,
    ThresholdStrategy,
    TypicalityStrategy,
    WeightsStrategy,
)
from swath.wire.selection_rules import check_selection, refuse_foreign_inputs

__all__ = [
    "Aggregate",
    "BalanceStrategy",
    "DatasourceConfig",
    "DiversityStrategy",
    "Document",
    "EmbeddingsInput",
    "MaxPerImage",
    "MetadataInput",
    "ObjectLevelConfig",
    "PredictionsInput",
    "QueryTag",
    "Quota",
    "RandomInput",
    "RandomStrategy",
    "RepresentativeStrategy",
    "RunConfig",
    "ScoresInput",
    "SelectionConfig",
    "SelectionUnit",
    "SimilarityStrategy",
    "Strategies",
    "Strategy",
    "TargetRange",
    "ThresholdStrategy",
    "TypicalityStrategy",
    "WeightsStrategy",
    "as_invalid_config",
    "check_selection",
    "parse_run_config",
]


class ObjectLevelConfig(Document):
    """Which predictions become objects, and how they are cropped. Filters are off unless set."""

    task_name: str = Field(min_length=1)
    crop_dataset_name: str | None = None
    padding: float = Field(default=0.0, ge=0, description="grows width and height of every box by this share")
    box_format: Literal["xywh", "xyxy", "auto"] = "xywh"
    min_score: float | None = Field(default=None, ge=0, le=1)
    categories: tuple[str, ...] | None = Field(default=None, min_length=1)
    min_size: float | None = Field(default=None, ge=0, description="pixels of the shorter side")
    max_overlap: float | None = Field(default=None, ge=0, le=1, description="IoU above which the lower score goes")


class DatasourceConfig(Document):
    """Where the files are. `output` is where crops go (default: the same place)."""

    location: str = Field(min_length=1)
    output: str | None = None
    process_all: bool = False
    relevant_filenames_file: str | None = None


class RunConfig(Document):
    """One run. Without `object_level` whole images are embedded and selected (unit `images`)."""

    datasource: DatasourceConfig
    dataset: str | None = None
    object_level: ObjectLevelConfig | None = None
    selection: SelectionConfig = SelectionConfig()
    embedder: str = "efficientnet-lite0"
    remove_exact_duplicates: bool = True


def parse_run_config(data: Mapping[str, Any]) -> RunConfig:
    """Validate a run configuration.

    Raises InvalidConfig that names the first wrong field, its value and what was expected, and also contradictions
    between fields.
    """
    refuse_foreign_inputs(data.get("selection"))
    refuse_unknown_keys(RunConfig, data)
    try:
        config = RunConfig.model_validate(data)
    except ValidationError as exc:
        raise as_invalid_config(exc) from exc
    _check_fields_agree(config)
    return config


def _check_fields_agree(config: RunConfig) -> None:
    selection = config.selection
    if config.object_level is None and selection.unit is SelectionUnit.OBJECTS:
        raise InvalidConfig(
            "Selecting objects needs a prediction task",
            field="object_level.task_name",
            hint="name one with `--task`, or select whole images with `--unit image`.",
        )
    check_selection(selection)
    if config.object_level is None:
        _check_tasks_are_named(selection)


def _check_tasks_are_named(selection: SelectionConfig) -> None:
    """A run without objects has no task that could be meant where none is named."""
    for number, strategy in enumerate(selection.strategies):
        given = getattr(strategy, "input", None)
        is_of_task = isinstance(given, PredictionsInput | ScoresInput) or (
            isinstance(given, EmbeddingsInput) and given.of == "objects"
        )
        if given is not None and is_of_task and given.task is None:
            field = f"selection.strategies[{number}].input.task"
            raise InvalidConfig(
                f"`{field}`: which prediction task `{given.type}` are of is not said, and the run has none",
                field=field,
                hint="Name a task of the datasource.",
            )
