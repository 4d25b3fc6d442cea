"""Documents of maps: projections of a dataset's embeddings, what colours their points, and asking for new ones.

Also what the server and the worker that makes a map hand each other. Times are milliseconds since 1970 (UTC).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, JsonValue, StrictInt, ValidationError

from swath.core.browsing.bitmaps import LegendKind
from swath.core.browsing.projections import ProjectionMethod
from swath.core.errors import InvalidConfig
from swath.wire.browsing import Id
from swath.wire.columns import read_columns, write_columns
from swath.wire.run_config import Document, as_invalid_config
from swath.wire.run_result import RunResult
from swath.wire.runs import HIGHEST_PRIORITY, Labels

FEWEST_NEIGHBORS, MOST_NEIGHBORS = 2, 200
LEAST_PERPLEXITY, HIGHEST_PERPLEXITY = 2.0, 200.0
LARGEST_SEED = 2**31 - 1


class MapParameters(Document):
    """How a map is laid out. Each method knows some of these; what is left out has its usual value."""

    neighbors: Annotated[StrictInt, Field(ge=FEWEST_NEIGHBORS, le=MOST_NEIGHBORS)] | None = Field(
        default=None, description="of `pacmap` (10) and `umap` (15): more show the whole, fewer the details"
    )
    perplexity: Annotated[float, Field(ge=LEAST_PERPLEXITY, le=HIGHEST_PERPLEXITY)] | None = Field(
        default=None, description="of `tsne` (30): how many neighbours count, softly"
    )
    min_distance: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description="of `umap` (0.1): how close points may come"
    )
    seed: Annotated[StrictInt, Field(ge=0, le=LARGEST_SEED)] | None = Field(
        default=None, description="of every method (0): the same seed and vectors give the same map on one machine"
    )


_USUAL: Mapping[ProjectionMethod, Mapping[str, int | float]] = {
    ProjectionMethod.PACMAP: {"neighbors": 10, "seed": 0},
    ProjectionMethod.TSNE: {"perplexity": 30.0, "seed": 0},
    ProjectionMethod.UMAP: {"neighbors": 15, "min_distance": 0.1, "seed": 0},
}


def complete_parameters(method: ProjectionMethod, given: MapParameters) -> MapParameters:
    """What was given, and the usual values of what else the method knows.

    Raises InvalidConfig for a method that nobody can ask for, and for a parameter that it does not know, naming it as a
    request has it.
    """
    if method not in _USUAL:
        raise InvalidConfig(
            f"the map of method `{method.value}` is made with every commit",
            field="method",
            hint=f"Ask for one of {', '.join(f'`{other.value}`' for other in _USUAL)}.",
        )
    usual = _USUAL[method]
    asked = given.model_dump(exclude_none=True)
    for name in asked:
        if name not in usual:
            known = ", ".join(f"`{other}`" for other in usual)
            raise InvalidConfig(
                f"method `{method.value}` has no parameter `{name}`",
                field=f"parameters.{name}",
                hint=f"It has {known}.",
            )
    return MapParameters.model_validate({**usual, **asked})


def parse_map_parameters(data: Mapping[str, Any]) -> MapParameters:
    """Raises InvalidConfig that names the first wrong parameter, as a request has it."""
    try:
        return _WithParameters.model_validate({"parameters": data}).parameters
    except ValidationError as exc:
        raise as_invalid_config(exc) from exc


class _WithParameters(Document):
    """So that fields have the names they have in a request."""

    parameters: MapParameters


class NewProjection(Document):
    """Ask for a map. One of the same method that is there is made anew, and stays as it is until then."""

    method: ProjectionMethod = Field(description="`pca` is always there and cannot be asked for")
    parameters: MapParameters = MapParameters()
    priority: int = Field(default=0, ge=-HIGHEST_PRIORITY, le=HIGHEST_PRIORITY, description="higher ones go first")
    runs_on: Labels = Field(default=(), description="labels that a worker must have, all of them")


class ProjectionState(StrEnum):
    """`PENDING`: no points yet, a run will make them. `FAILED`: no points, that run ended without any."""

    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"


class ProjectionDocument(Document):
    """A map of a dataset's embeddings. Points and columns of one `version` never change.

    Samples that were added later are on a map once a run has put them there: until then there are fewer points than
    samples.
    """

    id: str
    dataset_id: str
    method: ProjectionMethod
    parameters: dict[str, int | float]
    state: ProjectionState
    message: str = Field(description="why there is no map, or why it could not be extended or made anew; else empty")
    run_id: str | None = Field(
        description="of the run that is making, remaking or extending it; of one that failed, of the run that did"
    )
    version: int
    point_count: int
    sample_count: int = Field(description="of the dataset")
    points_url: str | None = Field(description="null until it is ready")
    density_url: str | None = Field(description="a picture of it (PNG); null until it is ready")
    columns: tuple[str, ...]  # names that `columns/{name}` knows; there is also `selection:<id>`
    created_at: int
    modified_at: int


class ProjectionList(Document):
    items: tuple[ProjectionDocument, ...]
    total: int


class LegendEntryDocument(Document):
    """What a code stands for; `label` is empty unless `kind` is `label`."""

    code: int
    kind: LegendKind
    label: str
    count: int


class LegendDocument(Document):
    """The codes of one column. The column's bytes are at `url`, one per point of `points.bin`."""

    name: str
    version: str  # of the column
    url: str
    entries: tuple[LegendEntryDocument, ...]


# --- the run that makes or extends a map ----------------------------------------------------------------------------


class ProjectionRunConfig(Document):
    """What such a run is asked. One that extends takes the points that are there as they are and adds the others."""

    dataset_id: Id
    dataset_name: str
    projection_id: Id
    method: ProjectionMethod
    parameters: MapParameters
    extends: bool = False


class ProjectionRunResult(RunResult):
    """What such a run did: `placed` points came onto the map, which then had `points`."""

    projection: str | None = None
    method: str = ""
    placed: int = 0
    points: int = 0


def parse_projection_run_config(data: Mapping[str, JsonValue]) -> ProjectionRunConfig:
    """Read what is kept with a run. Raises InvalidConfig, say for one of another version."""
    try:
        return ProjectionRunConfig.model_validate(data)
    except ValidationError as exc:
        raise as_invalid_config(exc) from exc


def write_new_points(first_index: int, points: NDArray[np.float32]) -> bytes:
    """The columns document of points (n, 2) of the samples from `first_index` on."""
    return write_columns({"point": points.astype("<f4")}, {"first_index": first_index})


def read_new_points(data: bytes) -> tuple[int, NDArray[np.float32]]:
    """The other way round. Raises InvalidConfig for bytes that are no such document."""
    columns = read_columns(data, what="the points")
    return columns.count("first_index"), columns.array("point", np.float32, (None, 2))
