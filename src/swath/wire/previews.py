"""Documents of previews: what a datasource holds and what a run would make of it, before anything is stored.

Boxes are x0, y0, x1, y1 in pixels of the upright image, not clipped. The URLs stand below the address of the server.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from swath.wire.access import Credentials, Location
from swath.wire.run_config import Document
from swath.wire.run_result import FindingDocument
from swath.wire.runs import Id
from swath.wire.validation import FileProblem

MOST_OBJECTS_SHOWN = 1000
"""Of one image."""

BoxFormatName = Literal["xywh", "xyxy", "auto"]


class PreviewRequest(Document):
    """What to look at: a place (`datasource`, with `credentials` if it is a bucket), or an image dataset's images."""

    datasource: Location | None = Field(default=None, description="a folder or a bucket")
    credentials: Credentials | None = Field(default=None, repr=False, description="they open `datasource`")
    dataset: str | None = Field(default=None, max_length=200, description="name or id of an image dataset")
    task: str | None = Field(
        default=None, min_length=1, max_length=1000, description="the prediction task; the first usable one, if null"
    )
    box_format: BoxFormatName = "xywh"

    @model_validator(mode="after")
    def _names_one_place(self) -> PreviewRequest:
        if (self.datasource is None) == (self.dataset is None):
            raise ValueError("give either `datasource` or `dataset`")
        if self.dataset is not None and self.credentials is not None:
            raise ValueError("`credentials` go with `datasource`; a dataset has its own")
        return self


class PreviewCategory(Document):
    id: int
    name: str


class PreviewTask(Document):
    """A prediction task. `is_usable`: an object-level run can use it; if not, `problem` says why."""

    name: str
    task_type: str | None  # null: the schema cannot be read
    is_usable: bool
    problem: str | None
    categories: tuple[PreviewCategory, ...]


class PreviewObject(Document):
    """One prediction of an image, with what a run without filters would make of it.

    `index` is its row in the columns of the preview's `objects`. Boxes of which no crop is cut have none, and no
    `crop_url`; without a box at all, `box` is null too.
    """

    index: int | None
    category_id: int
    category: str
    score: float | None
    box: tuple[float, float, float, float] | None
    outcome: Literal["used", "clipped", "outside", "zero_area"]
    crop_url: str | None  # takes `padding` and `size`


class PreviewImage(Document):
    """One image. `problem` says why it, or its prediction file, cannot be used; its size is null if it is no image."""

    index: int
    key: str
    width: int | None
    height: int | None
    picture_url: str  # takes `max_size`
    problem: str | None
    object_count: int
    objects: tuple[PreviewObject, ...] = Field(max_length=MOST_OBJECTS_SHOWN)  # the first of them


class PreviewObjects(Document):
    """All objects of the checked images that a run without filters would cut, as aligned columns.

    The filters of a run keep a row if its category is among `categories`, `score >= min_score` (null passes none) and
    `shorter_side >= min_size`.
    """

    category_id: tuple[int, ...]
    score: tuple[float | None, ...]
    shorter_side: tuple[float, ...]  # px, of the part of the box inside its image
    image: tuple[int, ...]  # which of the checked images, from 0


class PreviewDocument(Document):
    """What a place holds. It is kept in memory until `expires_at`, for who asked.

    The checked images are the first by name that have a prediction file; `images` begins with them.
    """

    id: Id
    expires_at: int
    datasource: str
    images_listed: int
    is_listing_complete: bool  # whether there may be more images
    tasks: tuple[PreviewTask, ...]
    task: str | None  # the one that was looked at
    box_format: Literal["xywh", "xyxy"]  # as boxes were read: what `auto` means here
    images: tuple[PreviewImage, ...] = Field(max_length=20)
    images_checked: int  # whose predictions were read
    findings: tuple[FindingDocument, ...]
    problems: tuple[FileProblem, ...]
    objects: PreviewObjects
