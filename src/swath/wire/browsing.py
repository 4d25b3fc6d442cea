"""Documents of browsing: what is asked of the samples of a dataset, and what is answered.

Times are milliseconds since 1970 (UTC), boxes are x0, y0, x1, y1 in pixels of the upright image, indices count the
samples of a dataset from 0.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt, model_validator

from swath.core.browsing.facets import HistogramName
from swath.core.browsing.metadata import MetadataKind
from swath.core.browsing.ordering import SortKey
from swath.wire.run_config import Document

MOST_PER_PAGE = 1000
MOST_NEIGHBORS = 1000
MOST_LISTED = 1_000_000
"""Ids or indices in one list; more than that is a bitmap, a polygon or a tag."""

LONGEST_TEXT = 1000
LONGEST_METADATA_TEXT = 100_000
MOST_VERTICES = 100_000
MOST_PARTS = 50

Id = Annotated[str, Field(pattern="^[0-9a-f]{24}$")]
Index = Annotated[StrictInt, Field(ge=0, le=2**31 - 1)]
Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Milliseconds = Annotated[int, Field(ge=0, le=2**62)]
Position = Annotated[float, Field(ge=-1e30, le=1e30)]


class CategoryRef(Document):
    """One category of a prediction task; without `task`, of every task."""

    category_id: Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
    task: Text | None = None


class TagCondition(Document):
    """Tags by name or id: in any of some, in all of some, in none of some."""

    any_of: tuple[Text, ...] | None = Field(default=None, max_length=1000)
    all_of: tuple[Text, ...] = Field(default=(), max_length=1000)
    none_of: tuple[Text, ...] = Field(default=(), max_length=1000)


class MetadataCondition(Document):
    """What the metadata of a sample (of a crop: of its image) must have under one key.

    Keys of nested objects are joined by dots: `weather.sky`. Of texts and booleans `any_of` lists what is admitted, of
    numbers `min` and `max` are the ends of a range that includes both. A sample without the key satisfies nothing.
    """

    key: Text
    any_of: tuple[StrictBool | Annotated[str, Field(max_length=LONGEST_METADATA_TEXT)], ...] | None = Field(
        default=None, max_length=10_000
    )
    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> MetadataCondition:
        if self.any_of is None and self.min is None and self.max is None:
            raise ValueError("give `any_of`, or `min` or `max`")
        if self.any_of is not None and (self.min is not None or self.max is not None):
            raise ValueError("`any_of` is for texts and booleans, `min` and `max` are for numbers: give one of both")
        return self


class FilterDocument(Document):
    """What samples must satisfy, every line of it. What is left out asks for nothing; an empty list admits nothing.

    Ranges include both ends. Of images, categories and scores are those of their predictions: one prediction must
    satisfy both.
    """

    categories: tuple[Text | CategoryRef, ...] | None = Field(
        default=None, max_length=10_000, description="any of these: names, or ids with their task"
    )
    min_score: float | None = None
    max_score: float | None = None
    min_width: Count | None = Field(default=None, description="pixels")
    max_width: Count | None = None
    min_height: Count | None = None
    max_height: Count | None = None
    min_shorter_side: Count | None = None
    max_shorter_side: Count | None = None
    min_area: Annotated[int, Field(ge=0, le=2**62)] | None = Field(default=None, description="square pixels")
    max_area: Annotated[int, Field(ge=0, le=2**62)] | None = None
    min_box_area: float | None = Field(default=None, description="share of the image that a crop's box covers, 0 to 1")
    max_box_area: float | None = None
    min_aspect_ratio: float | None = Field(default=None, description="width divided by height")
    max_aspect_ratio: float | None = None
    min_object_count: Count | None = Field(default=None, description="predictions of an image")
    max_object_count: Count | None = None
    stale: bool | None = Field(default=None, description="whether the image of a crop has changed since")
    runs: tuple[Id, ...] | None = Field(default=None, max_length=10_000, description="added by any of these runs")
    created_after: Milliseconds | None = None
    created_before: Milliseconds | None = None
    parents: tuple[Id, ...] | None = Field(
        default=None, max_length=MOST_LISTED, description="crops of any of these images (sample ids)"
    )
    file_name: Text | None = Field(
        default=None, description="part of the file name; small and capital letters of ASCII are the same"
    )
    tags: TagCondition | None = None
    metadata: tuple[MetadataCondition, ...] = Field(default_factory=tuple, max_length=50)
    selection_id: Id | None = Field(default=None, description="members of a stored selection")


class ProjectionPart(Document):
    """Names a projection as it was seen: points and their places belong to one version of it."""

    projection_id: Id
    version: Count


class PolygonPart(ProjectionPart):
    """The samples whose point lies in a polygon: even-odd rule, vertices (x, y) in turn, the last joins the first."""

    points: tuple[tuple[Position, Position], ...] = Field(max_length=MOST_VERTICES)


class BitmapPart(Document):
    """The samples whose bit is set, counted from the lowest bit of the first byte.

    With a projection, bit i is the i-th point of `points.bin` of that version; without, the sample of index i, and it
    may end with the last member.
    """

    base64: str = Field(max_length=64 * 1024 * 1024)
    projection_id: Id | None = None
    version: Count | None = None

    @model_validator(mode="after")
    def _projection_has_a_version(self) -> BitmapPart:
        if (self.projection_id is None) != (self.version is None):
            raise ValueError("`projection_id` and `version` belong together: give both or neither")
        return self


class SelectorPart(Document):
    """One set of samples, told in exactly one way."""

    filter: FilterDocument | None = None
    polygon: PolygonPart | None = None
    bitmap: BitmapPart | None = None
    ids: tuple[Id, ...] | None = Field(default=None, max_length=MOST_LISTED)
    indices: tuple[Index, ...] | None = Field(default=None, max_length=MOST_LISTED)
    selection_id: Id | None = None
    view_id: Id | None = None
    tag: Text | None = Field(default=None, description="name or id")

    @model_validator(mode="after")
    def _is_told_in_one_way(self) -> SelectorPart:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            names = ", ".join(f"`{name}`" for name in type(self).model_fields)
            raise ValueError(f"a part has exactly one of {names}; got {len(given)} of them")
        return self


class Selector(Document):
    """A set of samples: what lies in all parts (everything if there are none), except single samples."""

    all_of: tuple[SelectorPart, ...] = Field(default=(), max_length=MOST_PARTS)
    except_ids: tuple[Id, ...] = Field(default=(), max_length=MOST_LISTED)


class Sort(Document):
    """The order of samples. Equal ones follow their index; those without a value come last, in both directions.

    `reference_sample_id` is what `distance` is measured from: a sample of the same dataset. `metadata_key` is what
    `metadata` sorts by.
    """

    key: SortKey = SortKey.INDEX
    descending: bool = False
    reference_sample_id: Id | None = None
    metadata_key: Text | None = None

    @model_validator(mode="after")
    def _distance_has_a_reference(self) -> Sort:
        if (self.key is SortKey.DISTANCE) != (self.reference_sample_id is not None):
            raise ValueError("`reference_sample_id` goes with the key `distance`, and only with it")
        return self

    @model_validator(mode="after")
    def _metadata_has_a_key(self) -> Sort:
        if (self.key is SortKey.METADATA) != (self.metadata_key is not None):
            raise ValueError("`metadata_key` goes with the key `metadata`, and only with it")
        return self


class SampleQuery(Document):
    """One page of the samples that pass a filter."""

    filter: FilterDocument = FilterDocument()
    sort: Sort = Sort()
    offset: Count = 0
    limit: int = Field(default=200, ge=1, le=MOST_PER_PAGE)
    with_tags: bool = Field(default=False, description="names of the tags that each sample is in")
    with_boxes: bool = Field(default=False, description="of images: what was predicted on each")


class MembersQuery(Document):
    """Some of the samples that pass a filter: from one place of their order on."""

    filter: FilterDocument = FilterDocument()
    sort: Sort = Sort()
    offset: Count = 0
    limit: Count = Field(default=2**31 - 1, description="how many")


class FacetsQuery(Document):
    """What to count under a filter."""

    filter: FilterDocument = FilterDocument()


class CropDocument(Document):
    """What a crop is a crop of."""

    parent_dataset_id: str
    parent_sample_id: str
    parent_file_name: str
    parent_width: int  # px, upright
    parent_height: int
    context_url: str  # the crop with its surroundings; takes `size` and `margin`, names the version of the picture
    task: str
    category_id: int
    category: str | None  # its name, if the schema of the task has one
    score: float | None
    box: tuple[float, float, float, float]  # not clipped
    crop_rect: tuple[int, int, int, int]  # what was cut out
    padding: float
    position: int  # in the prediction file
    stale: bool  # the image has changed since


class PredictedBox(Document):
    """A prediction of an image, as far as it takes to draw it."""

    task: str
    position: int  # in the prediction file
    category_id: int
    category: str | None
    score: float | None
    box: tuple[float, float, float, float]  # not clipped
    is_cropped: bool  # a crop was made of it


class SampleDocument(Document):
    """One sample; `crop` is null for images. The URLs stand below the address of the server."""

    id: str
    dataset_id: str
    index: int
    file_name: str
    width: int  # px
    height: int
    byte_size: int
    thumbnail_url: str  # names the version of the picture: what it answers never changes
    file_url: str
    run_id: str
    created_at: int
    crop: CropDocument | None
    tags: tuple[str, ...] | None = None  # names, where asked for
    boxes: tuple[PredictedBox, ...] | None = None  # of an image, where asked for


class SamplePage(Document):
    """Some of `total` samples, in order."""

    items: tuple[SampleDocument, ...]
    total: int


class CropLink(Document):
    """A crop made of a prediction."""

    dataset_id: str
    dataset_name: str
    sample_id: str


class PredictionDocument(Document):
    """One prediction of an image, and the crops that were made of it."""

    task: str
    position: int  # in the prediction file
    category_id: int
    category: str | None
    score: float | None
    box: tuple[float, float, float, float]  # not clipped
    outcome: str
    crops: tuple[CropLink, ...]


class PredictionList(Document):
    items: tuple[PredictionDocument, ...]
    total: int


class SampleDetails(SampleDocument):
    """One sample with everything around it: the name of its dataset, its tags, what people attached to it (of a crop:
    to its image) and, of an image, its predictions."""

    dataset_name: str
    metadata: dict[str, Any]
    predictions: tuple[PredictionDocument, ...] | None  # null for crops


class CategoryFacet(Document):
    task: str
    category_id: int
    name: str | None
    count: int


class RunFacet(Document):
    run_id: str
    count: int


class TagFacet(Document):
    id: str
    name: str
    count: int


class Bins(Document):
    """Counts of the bins between `edges` (one more than bins); `missing` have no value."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    missing: int


class HistogramDocument(Bins):
    """A histogram of something that all samples are asked for."""

    name: HistogramName


class MetadataValueCount(Document):
    value: str | bool
    count: int


class MetadataFacet(Document):
    """The values of one key of the metadata: of numbers a histogram, of texts and booleans the most frequent values
    (those that the filter names always), with how many samples have others (`others`) or none (`missing`)."""

    key: str
    kind: MetadataKind
    values: tuple[MetadataValueCount, ...]  # empty for numbers
    others: int
    missing: int
    histogram: Bins | None  # null for texts and booleans


class FacetsDocument(Document):
    """Counts under a filter. Each ignores what the filter says of its own kind, so it says what a choice would add;
    those of tags say what would be left."""

    total: int
    categories: tuple[CategoryFacet, ...]
    runs: tuple[RunFacet, ...]
    tags: tuple[TagFacet, ...]
    stale: int
    not_stale: int
    histograms: tuple[HistogramDocument, ...]
    metadata: tuple[MetadataFacet, ...]


class NeighborQuery(Document):
    """The samples nearest to a sample of any dataset with the same embedder, or to a vector."""

    sample_id: Id | None = None
    vector: tuple[Position, ...] | None = Field(default=None, min_length=1, max_length=65_536)
    k: int = Field(default=12, ge=1, le=MOST_NEIGHBORS)
    filter: FilterDocument = FilterDocument()

    @model_validator(mode="after")
    def _has_one_reference(self) -> NeighborQuery:
        if (self.sample_id is None) == (self.vector is None):
            raise ValueError("give either `sample_id` or `vector`")
        return self


class Neighbor(Document):
    """A sample and its distance (Euclidean, between vectors as they are stored)."""

    sample: SampleDocument
    distance: float


class NeighborList(Document):
    """Nearest first."""

    items: tuple[Neighbor, ...]
    total: int


class SelectionRequest(Document):
    selector: Selector


class SelectionCount(Document):
    """How many samples a selector means, and how many images they are of."""

    count: int
    image_count: int


class SelectionDocument(Document):
    """A stored set of samples. It keeps what was found; the selector says how."""

    id: str
    dataset_id: str
    selector: Selector
    count: int
    example_ids: tuple[str, ...]  # of the first few
    created_at: int


Dtype = Literal["float16", "float32"]
