"""What a selection is asked: how many, by which strategies, within which limits."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StrictFloat, StrictInt, field_validator

from swath.wire.documents import Document


class SelectionUnit(StrEnum):
    """What a selection picks: single objects, or images (with all their objects)."""

    OBJECTS = "objects"
    IMAGES = "images"


class Aggregate(StrEnum):
    """How the values of an image's objects become one value of the image."""

    MEAN = "mean"
    MAX = "max"
    SUM = "sum"


# --- inputs ---------------------------------------------------------------------------------------------------------


class EmbeddingsInput(Document):
    """Vectors: of what is chosen, of the objects of a task (several of one image), or of full images."""

    type: Literal["embeddings"] = "embeddings"
    of: Literal["units", "objects", "images"] = Field(
        default="units",
        description="`units`: what a run compares anyway, objects if it has a task; `objects` and `images` say which",
    )
    task: str | None = Field(
        default=None, min_length=1, max_length=1000, description="of `objects`: their prediction task"
    )


class ScoresInput(Document):
    """Active-learning scores of a prediction task, or ones that were uploaded under a name."""

    type: Literal["scores"] = "scores"
    score: str = Field(min_length=1, max_length=200, description="say `uncertainty_entropy` or `object_frequency`")
    task: str | None = Field(
        default=None, min_length=1, max_length=1000, description="prediction task; the one of the run if none is given"
    )
    frequency_penalty: float = Field(
        default=0.25, ge=0, le=1, description="of `object_frequency`: what each further object of a category counts"
    )
    min_score: float = Field(default=0.9, ge=0, le=1, description="of `object_frequency`: the lowest score")


class MetadataInput(Document):
    """What is known of samples under a key: numbers, or texts and booleans where categories are asked for."""

    type: Literal["metadata"] = "metadata"
    key: str = Field(min_length=1, max_length=1000, description="say `weather` or `lightly.width`")


class PredictionsInput(Document):
    """How predictions are spread over the categories of a task, or how many there are."""

    type: Literal["predictions"] = "predictions"
    name: Literal["class_distribution", "category_count"] = Field(
        default="class_distribution",
        description="`class_distribution` for `balance`; `category_count`, a number, for `weights` and `threshold`",
    )
    task: str | None = Field(
        default=None, min_length=1, max_length=1000, description="prediction task; the one of the run if none is given"
    )
    categories: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="of `category_count`: count predictions of these only"
    )


class RandomInput(Document):
    """A random number from 0 to 1 for each unit; the same seed gives the same."""

    type: Literal["random"] = "random"
    seed: int = Field(default=0, ge=0, le=2**63 - 1)


KnownNumberInput = Annotated[ScoresInput | MetadataInput | PredictionsInput, Field(discriminator="type")]
NumberInput = Annotated[ScoresInput | MetadataInput | PredictionsInput | RandomInput, Field(discriminator="type")]
CategoryInput = Annotated[PredictionsInput | MetadataInput, Field(discriminator="type")]


class QueryTag(Document):
    """The samples that similarity looks for: those of a tag of a dataset, both by name or id."""

    dataset: str = Field(min_length=1, max_length=1000)
    tag: str = Field(min_length=1, max_length=1000)


class TargetRange(Document):
    """Bounds of a sum over what is selected: a candidate that would take it above `max_sum` is passed over; a sum that
    stays below `min_sum` is reported."""

    min_sum: float | None = None
    max_sum: float | None = None


# --- strategies -----------------------------------------------------------------------------------------------------


class _Strategy(Document):
    strength: float = Field(
        default=1.0,
        ge=-1e9,
        le=1e9,
        description="how much it has to say beside others: its exponent in the product of all; 0 nothing, "
        "below 0 the opposite",
    )


class DiversityStrategy(_Strategy):
    """Pick what is farthest from everything picked before (greedy k-center)."""

    type: Literal["diversity"] = "diversity"
    input: EmbeddingsInput = EmbeddingsInput()
    aggregate: Aggregate = Field(default=Aggregate.MAX, description="of the objects of an image")
    minimum_distance: float | None = Field(
        default=None, ge=0, description="nothing is picked that is closer than this to what is; 0 is no limit"
    )
    minimum_distance_mode: Literal["stop", "filter"] = Field(
        default="stop",
        description="`stop`: end when the best candidate is too close; `filter`: pass over all that are",
    )


class RepresentativeStrategy(_Strategy):
    """Pick what most of the others are like (facility location on a graph of neighbours)."""

    type: Literal["representative"] = "representative"
    input: EmbeddingsInput = EmbeddingsInput()
    num_nearest_neighbors: int = Field(
        default=64, ge=2, le=1000, description="what each vector is compared with; more is slower and a little better"
    )


class TypicalityStrategy(_Strategy):
    """Prefer what has near neighbours; with a strength below 0, what has none."""

    type: Literal["typicality"] = "typicality"
    input: EmbeddingsInput = EmbeddingsInput()
    aggregate: Aggregate = Field(default=Aggregate.MEAN, description="of the objects of an image")
    num_nearest_neighbors: int = Field(default=20, ge=2, le=1000, description="neighbours that count")
    minimum_typicality: float | None = Field(
        default=None, gt=0, le=1, description="end when the best candidate is less typical than this"
    )


class SimilarityStrategy(_Strategy):
    """Prefer what is near the samples of a query."""

    type: Literal["similarity"] = "similarity"
    input: EmbeddingsInput = EmbeddingsInput()
    aggregate: Aggregate = Field(default=Aggregate.MAX, description="of the objects of an image")
    query: QueryTag


class WeightsStrategy(_Strategy):
    """Prefer high numbers."""

    type: Literal["weights"] = "weights"
    input: NumberInput
    maximum_sum: float | None = Field(
        default=None, ge=0, description="end when the sum over what is picked reaches this"
    )
    target_range: TargetRange | None = Field(default=None, description="bounds of the sum over what is picked")


class ThresholdStrategy(Document):
    """Only what is above or below a number can be picked at all; what has no number cannot."""

    type: Literal["threshold"] = "threshold"
    input: KnownNumberInput
    threshold: float
    operation: Literal["smaller", "smaller_equal", "bigger", "bigger_equal"] = Field(
        description="`bigger` keeps numbers above the threshold"
    )


class BalanceStrategy(_Strategy):
    """Bring what is selected, with what was before, close to a distribution of categories."""

    type: Literal["balance"] = "balance"
    input: CategoryInput = PredictionsInput()
    distribution: Literal["target", "uniform", "input"] | None = Field(
        default=None,
        description="`target`: the shares given; `uniform`: the same for all; `input`: that of the candidates. "
        "`target` if there is one, else `uniform`",
    )
    target: dict[str, float] | None = Field(
        default=None, description="share of each category; categories that are not named divide what is left of 1"
    )


class RandomStrategy(_Strategy):
    """Pick at random; the same seed picks the same."""

    type: Literal["random"] = "random"
    seed: int = Field(default=0, ge=0, le=2**63 - 1)


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

MOST_STRATEGIES = 20
Strategies = Annotated[tuple[Strategy, ...], Field(max_length=MOST_STRATEGIES)]

# --- limits ---------------------------------------------------------------------------------------------------------


class Quota(Document):
    """How many objects of one category are picked, of those that are new."""

    at_least: int | None = Field(default=None, ge=0, le=2**53)
    at_most: int | None = Field(default=None, ge=0, le=2**53)


MaxPerImage = Annotated[int, Field(ge=1, le=2**53)]

# --- all of it ------------------------------------------------------------------------------------------------------


class SelectionConfig(Document):
    """How many to add, and by which strategies. `n_samples`: an int is a count, a float in (0, 1] a fraction."""

    n_samples: StrictInt | StrictFloat | None = None
    unit: SelectionUnit = SelectionUnit.OBJECTS
    strategies: Strategies = (DiversityStrategy(),)
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
