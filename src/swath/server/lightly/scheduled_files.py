"""Whether the files that a run will need are there, looked at when it is scheduled rather than when it runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from swath.core.errors import InvalidConfig, InvalidPredictions, RunFailed, SwathError
from swath.core.predictions import TYPES_WITH_BOXES, TaskSchema
from swath.core.scoring.names import image_score_names
from swath.formats.lightly.metadata import METADATA_SCHEMA_KEY
from swath.formats.lightly.tasks import require_task
from swath.formats.relevant_filenames import parse_relevant_filenames
from swath.pipeline.known_metadata import CROP_KEYS, IMAGE_KEYS
from swath.pipeline.listing import read_relevant_filenames
from swath.pipeline.metadata_files import find_metadata
from swath.pipeline.ports import Datasource
from swath.pipeline.predictions import find_task_names, load_schema
from swath.server.datasources import open_files_of, uri_of
from swath.server.lightly.datasources import unusable
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.services import Services
from swath.store.credentials import Purpose
from swath.store.datasets import Dataset
from swath.store.earlier_values import read_attached
from swath.store.hints import near_names
from swath.wire.run_config import (
    BalanceStrategy,
    MetadataInput,
    PredictionsInput,
    RunConfig,
    ScoresInput,
    ThresholdStrategy,
    WeightsStrategy,
)


def check_files(services: Services, dataset: Dataset, config: RunConfig) -> None:
    """Look for the files that a configuration refers to, and whether the datasource can be read at all.

    Raises FacadeError 422 that says what is missing, or what cannot be reached.
    """
    try:
        sources = _open(services, dataset)
        next(iter(sources[-1].list_pages()), None)
    except SwathError as error:
        raise unusable(error) from error
    try:
        _check_references(sources, config)
        _check_metadata(services, dataset, sources, config)
    except (RunFailed, InvalidPredictions, InvalidConfig) as error:
        raise FacadeError.of(error, 422, ErrorCode.DOCKER_WORKER_CONFIG_REFERENCES_INVALID_FILES) from error
    except SwathError as error:
        raise unusable(error) from error


def _open(services: Services, dataset: Dataset) -> tuple[Datasource, ...]:
    """Where predictions and lists are looked for: the output first, then the input."""
    purposes: list[Purpose] = ["output", "input"] if uri_of(dataset, "output") != dataset.input_uri else ["input"]
    return tuple(open_files_of(services, dataset, purpose) for purpose in purposes)


def _check_references(sources: tuple[Datasource, ...], config: RunConfig) -> None:
    names = config.datasource.relevant_filenames_file
    if names is not None:
        parse_relevant_filenames(*read_relevant_filenames(sources, names))
    references = list(_references(config))
    if not references:
        return
    source, listed = find_task_names(sources)
    for task in dict.fromkeys(reference.task for reference in references):
        require_task(listed, task)
    schemas = {reference.task: load_schema(source, reference.task) for reference in references}
    for reference in references:
        reference.check(schemas[reference.task])


def _check_metadata(services: Services, dataset: Dataset, sources: tuple[Datasource, ...], config: RunConfig) -> None:
    """Raise RunFailed for a key of metadata that neither files beside the images nor their samples have."""
    inputs = [getattr(strategy, "input", None) for strategy in config.selection.strategies]
    asked = {given.key for given in inputs if isinstance(given, MetadataInput)}
    missing = asked - {*IMAGE_KEYS, *CROP_KEYS}
    files = find_metadata(sources) if missing else None
    known = set() if files is None else set(files.keys)
    if missing - known and dataset.sample_count:
        with services.store.reading() as connection:
            known.update(read_attached(connection, dataset.id, ()).keys)
    for key in sorted(missing - known):
        raise RunFailed(
            f"nothing is known of the images under `{key}`: `{METADATA_SCHEMA_KEY}` "
            f"{'does not exist' if files is None else 'does not list it'}, and no sample has it",
            hint=near_names(key, sorted(known), "key of metadata"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reference:
    """A task that a configuration names, and what it has to have to be of use there."""

    task: str
    has_boxes: bool = False
    score: str | None = None
    categories: tuple[str, ...] = ()

    def check(self, schema: TaskSchema) -> None:
        """Raise RunFailed for a task that has not got it."""
        kind = f"task `{self.task}` is of type `{schema.task_type}`"
        if self.has_boxes and schema.task_type not in TYPES_WITH_BOXES:
            raise RunFailed(
                f"{kind}, which has no boxes to cut objects from",
                hint="Name a task of detections, or of keypoints.",
            )
        scores = image_score_names(schema.task_type)
        if self.score is not None and self.score not in scores:
            raise RunFailed(f"{kind}, which has no score `{self.score}`", hint=near_names(self.score, scores, "score"))
        names = [category.name for category in schema.categories]
        for category in self.categories:
            if category not in names:
                raise RunFailed(
                    f"task `{self.task}` has no category `{category}`", hint=near_names(category, names, "category")
                )


def _references(config: RunConfig) -> Iterator[_Reference]:
    if config.object_level is not None:
        yield _Reference(task=config.object_level.task_name, has_boxes=True)
    for strategy in config.selection.strategies:
        match strategy:
            case (
                WeightsStrategy(input=ScoresInput(task=str(task), score=score))
                | ThresholdStrategy(input=ScoresInput(task=str(task), score=score))
            ):
                yield _Reference(task=task, score=score)
            case (
                WeightsStrategy(input=PredictionsInput(task=str(task), categories=categories))
                | ThresholdStrategy(input=PredictionsInput(task=str(task), categories=categories))
            ):
                yield _Reference(task=task, categories=categories or ())
            case BalanceStrategy(input=PredictionsInput(task=str(task)), target=target):
                yield _Reference(task=task, categories=tuple(target or ()))
