"""What a run did: the document `swath run --json` prints, kept with the run and shown by the API."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class _Result(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DatasetResult(_Result):
    """One of the two datasets after the run; `added` counts samples this run added."""

    id: str
    name: str
    samples: int
    added: int


class ImageCounts(_Result):
    """Images by what became of them. `used`: readable, and its prediction file (if the run reads any) is valid."""

    listed: int = 0
    new: int = 0
    unreadable: int = 0
    duplicate: int = 0
    without_predictions: int = 0
    bad_predictions: int = 0
    used: int = 0


class ObjectCounts(_Result):
    """Objects of the used images. found = used + outside + zero_area + filtered.

    `clipped` ones are among the used: a part of their box lay outside the image. `embedded` and `cached` count work
    done; together they are the used ones, and objects of images that were found to be duplicates only afterwards.
    """

    found: int = 0
    used: int = 0
    clipped: int = 0
    outside: int = 0
    zero_area: int = 0
    filtered: int = 0
    embedded: int = 0
    cached: int = 0


class FindingDocument(_Result):
    """One thing a person should know about the input."""

    code: str
    severity: str
    message: str
    hint: str = ""
    examples: list[str] = Field(default_factory=list)
    count: int = 0


class RepeatedRequests(_Result):
    """Requests to the storage that failed and were made again. One storage for both counts as input."""

    input: int = 0
    output: int = 0


class BesideRandom(_Result):
    """A figure of what was selected, and what random selections of as many of the same candidates have on average."""

    selected: float
    random: float


class CategoryShare(_Result):
    """Of one category: how many the candidates have, how many are selected, and how many a random selection has on
    average. Objects count once; of images their predictions do, which may be parts of one.
    """

    available: float
    selected: float
    random: float


class TargetReached(_Result):
    """Of one category of a balance: the share asked for and the share of everything selected, with what was before."""

    strategy: int = Field(description="which of the strategies, counted from 0")
    category: str
    wanted: float
    reached: float
    available: float = Field(description="how many the candidates have")


class SelectionQuality(_Result):
    """How good a selection is. Candidates are those that passed all thresholds. Distances are Euclidean, from each of
    them (of images: from each of their objects) to the nearest of everything selected, with what was selected before.
    """

    measured_on: int = Field(
        description="vectors that distances were measured on: all, or a random part where they are very many"
    )
    cover_radius: BesideRandom | None = Field(default=None, description="the largest distance")
    mean_distance: BesideRandom | None = None
    categories_covered: BesideRandom | None = Field(
        default=None, description="categories of which at least one was selected now"
    )
    categories_available: int = Field(default=0, description="categories that the candidates have")
    class_distribution: dict[str, CategoryShare] = Field(
        default_factory=dict, description="by category, those that most candidates have first"
    )
    targets: list[TargetReached] = Field(default_factory=list, description="of every strategy `balance`")


class RunResult(_Result):
    """The whole result; every key is always there."""

    run: str | None = None
    state: str
    message: str
    hint: str = ""
    image_dataset: DatasetResult | None = None
    crop_dataset: DatasetResult | None = None
    images: ImageCounts = Field(default_factory=ImageCounts)
    objects: ObjectCounts = Field(default_factory=ObjectCounts)
    candidates: int = 0
    selected: int = 0
    selected_categories: dict[str, int] = Field(default_factory=dict)
    quality: SelectionQuality | None = None
    repeated_requests: RepeatedRequests = Field(default_factory=RepeatedRequests)
    stage_seconds: dict[str, float] = Field(default_factory=dict)
    findings: list[FindingDocument] = Field(default_factory=list)
    paths: dict[str, str] = Field(default_factory=dict)
