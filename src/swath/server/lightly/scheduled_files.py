"""Whether the files that a run will need are there, looked at when it is scheduled rather than when it runs."""

from __future__ import annotations

from swath.core.errors import InvalidConfig, InvalidPredictions, RunFailed, SwathError
from swath.core.predictions import TYPES_WITH_BOXES
from swath.formats.lightly.tasks import require_task
from swath.formats.relevant_filenames import parse_relevant_filenames
from swath.pipeline.listing import read_relevant_filenames
from swath.pipeline.ports import Datasource
from swath.pipeline.predictions import find_task_names, load_schema
from swath.server.datasources import open_files_of, uri_of
from swath.server.lightly.datasources import unusable
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.services import Services
from swath.store.credentials import Purpose
from swath.store.datasets import Dataset
from swath.wire.run_config import RunConfig


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
    if config.object_level is not None:
        task = config.object_level.task_name
        source, listed = find_task_names(sources)
        require_task(listed, task)
        schema = load_schema(source, task)
        if schema.task_type not in TYPES_WITH_BOXES:
            raise RunFailed(
                f"task `{task}` is of type `{schema.task_type}`, which has no boxes to cut objects from",
                hint="Name a task of detections, or of keypoints.",
            )
