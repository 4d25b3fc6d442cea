"""What a run is asked to do: one document, whoever writes it (command line, API, old scripts)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, ValidationError, field_validator

from swath.core.errors import InvalidConfig


class Document(BaseModel):
    """Base of all configuration documents: unknown keys are errors, values do not change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SelectionUnit(StrEnum):
    """What a selection picks: single objects, or images (with all their objects)."""

    OBJECTS = "objects"
    IMAGES = "images"


class Aggregate(StrEnum):
    """How the values of an image's objects become one value of the image."""

    MEAN = "mean"
    MAX = "max"
    SUM = "sum"


class EmbeddingsInput(Document):
    """Vectors: of the samples themselves, of the objects of a task (several of one image), or of the full images."""

    type: Literal["embeddings"] = "embeddings"
    of: Literal["units", "objects", "images"] = Field(
        default="units",
        description="`units`: what a run compares anyway, objects if it has a task; `objects` and `images` say which",
    )
    task: str | None = Field(default=None, min_length=1, description="of `objects`: their prediction task")


class ScoresInput(Document):
    """Active-learning scores of a prediction task, or ones that were uploaded under a name."""

    type: Literal["scores"] = "scores"
    score: str = Field(min_length=1, max_length=200)
    task: str | None = Field(default=None, min_length=1)
    frequency_penalty: float = Field(default=0.25, ge=0, le=1, description="of `object_frequency`")
    min_score: float = Field(default=0.9, ge=0, le=1, description="of `object_frequency`")


class MetadataInput(Document):
    """What is known of samples under a key: numbers, or texts and booleans where categories are asked for."""

    type: Literal["metadata"] = "metadata"
    key: str = Field(min_length=1, max_length=1000)


class PredictionsInput(Document):
    """How predictions are spread over the categories of a task, or how many there are."""

    type: Literal["predictions"] = "predictions"
    name: Literal["class_distribution", "category_count"] = "class_distribution"
    task: str | None = Field(default=None, min_length=1)
    categories: tuple[str, ...] | None = Field(default=None, min_length=1, description="of `category_count`: only these")


class RandomInput(Document):
    """A random number from 0 to 1 per unit; the same seed gives the same."""

    type: Literal["random"] = "random"
    seed: int = Field(default=0, ge=0)


class QueryTag(Document):
    """The samples that similarity looks for: those of a tag of a dataset, both by name or id."""

    dataset: str = Field(min_length=1, max_length=1000)
    tag: str = Field(min_length=1, max_length=1000)


class TargetRange(Document):
    """Bounds of a sum over what is selected."""

    min_sum: float | None = None
    max_sum: float | None = None


NumberInput = Annotated[
    ScoresInput | MetadataInput | PredictionsInput | RandomInput, Field(discriminator="type")
]
CategoryInput = Annotated[PredictionsInput | MetadataInput, Field(discriminator="type")]


class _Strategy(Document):
    strength: float = Field(default=1.0, ge=-1e9, le=1e9, description="exponent in the product of all strategies")


class DiversityStrategy(_Strategy):
    """Pick what is farthest from everything picked before (greedy k-center)."""

    type: Literal["diversity"] = "diversity"
    input: EmbeddingsInput = EmbeddingsInput()
    aggregate: Aggregate = Field(default=Aggregate.MAX, description="of the objects of an image")
    minimum_distance: float | None = Field(
        default=None, ge=0, description="stop when everything left is closer than this"
    )
    minimum_distance_mode: Literal["stop", "filter"] = Field(
        default="stop",
        description="`stop`: end when the best candidate is too close; `filter`: pass over all that are",
    )


class RepresentativeStrategy(_Strategy):
    """Pick what most of the others are like (facility location on a graph of neighbours)."""

    type: Literal["representative"] = "representative"
    input: EmbeddingsInput = EmbeddingsInput()
    num_nearest_neighbors: int = Field(default=64, ge=2, le=1000)


class TypicalityStrategy(_Strategy):
    """Prefer what has near neighbours."""

    type: Literal["typicality"] = "typicality"
    input: EmbeddingsInput = EmbeddingsInput()
    aggregate: Aggregate = Aggregate.MEAN
    num_nearest_neighbors: int = Field(default=20, ge=2, le=1000)
    minimum_typicality: float | None = Field(default=None, gt=0, le=1)


class SimilarityStrategy(_Strategy):
    """Prefer what is near the samples of a query."""

    type: Literal["similarity"] = "similarity"
    input: EmbeddingsInput = EmbeddingsInput()
    aggregate: Aggregate = Aggregate.MAX
    query: QueryTag


class WeightsStrategy(_Strategy):
    """Prefer high numbers."""

    type: Literal["weights"] = "weights"
    input: NumberInput
    maximum_sum: float | None = Field(default=None, ge=0, description="stop when the sum of what is picked reaches it")
    target_range: TargetRange | None = None


class ThresholdStrategy(Document):
    """Only what is above or below a number can be picked at all."""

    type: Literal["threshold"] = "threshold"
    input: NumberInput
    threshold: float
    operation: Literal["smaller", "smaller_equal", "bigger", "bigger_equal"]


class BalanceStrategy(_Strategy):
    """Bring what is selected close to a distribution of categories."""

    type: Literal["balance"] = "balance"
    input: CategoryInput = PredictionsInput()
    distribution: Literal["target", "uniform", "input"] | None = Field(
        default=None, description="`target` if there is one, else `uniform`"
    )
    target: dict[str, float] | None = None


class RandomStrategy(_Strategy):
    """Pick at random; the same seed picks the same."""

    type: Literal["random"] = "random"
    seed: int = 0


Strategy = Annotated[
    DiversityStrategy
    | RepresentativeStrategy
    | TypicalityStrategy
    | SimilarityStrategy
    | WeightsStrategy
    | ThresholdStrategy
    | BalanceStrategy
    | RandomStrategy,
    Field(discriminator="type"),
]


class Quota(Document):
    """How many of one category are picked, of objects."""

    at_least: int | None = Field(default=None, ge=0)
    at_most: int | None = Field(default=None, ge=0)


MaxPerImage = Annotated[int, Field(ge=1)]


class SelectionConfig(Document):
    """How many to add, and by which strategies. `n_samples`: an int is a count, a float in (0, 1] a fraction."""

    n_samples: StrictInt | StrictFloat | None = None
    unit: SelectionUnit = SelectionUnit.OBJECTS
    strategies: tuple[Strategy, ...] = (DiversityStrategy(),)
    max_per_image: MaxPerImage | None = Field(default=None, description="objects picked of one image, at most")
    quotas: dict[str, Quota] | None = Field(default=None, description="by name of category, of objects")

    @field_validator("n_samples", mode="before")
    @classmethod
    def _count_or_fraction(cls, value: object) -> object:
        # Checked before the union is: its own errors would be one per member, under names nobody wrote.
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 1):
            return value
        if isinstance(value, float) and 0 < value <= 1:
            return value
        raise ValueError("expected a whole number of at least 1 for a count, or a fraction above 0 and at most 1.0")


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


def check_selection(selection: SelectionConfig) -> None:
    """Raise InvalidConfig if nothing says how many to select, or by which strategy."""
    limits = [getattr(strategy, "minimum_distance", None) for strategy in selection.strategies]
    if selection.n_samples is None and all(limit is None for limit in limits):
        raise InvalidConfig(
            "Nothing says how many to select",
            field="selection.n_samples",
            hint="give `--n-samples` (0.1 is a tenth, 100 is a count), a `--min-distance`, or both.",
        )
    if not selection.strategies:
        raise InvalidConfig("`selection.strategies` is empty: at least one is needed", field="selection.strategies")


def as_invalid_config(exc: ValidationError) -> InvalidConfig:
    """The error for a document that cannot be used: its first fault, in the words of a person."""
    errors = exc.errors(include_url=False)
    error = errors[0]
    field = _field_name(error["loc"])
    value = error.get("input")
    shown = "" if isinstance(value, dict) or value is None else f", got `{value}`"
    more = len(errors) - 1
    hint = f"{more} more field{'s are' if more > 1 else ' is'} wrong too." if more else ""
    return InvalidConfig(f"`{field}`: {error['msg'].removeprefix('Value error, ')}{shown}", field=field, hint=hint)


def _field_name(location: tuple[int | str, ...]) -> str:
    """The place as a person would write it: without the kind of strategy, which pydantic puts after its number."""
    before = (None, *location)
    parts = [part for earlier, part in zip(before, location, strict=False) if not isinstance(earlier, int)]
    return ".".join(str(part) for part in parts)
