"""What a preview is made of: tasks, images, and the columns of their objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from swath.core.boxes import BoxFormat, to_corners, visible_short_sides
from swath.core.objects import BoxOutcome
from swath.core.outcomes import Finding
from swath.core.predictions import ImagePredictions, TaskSchema
from swath.pipeline.judging import NO_FILTERS, judge_objects
from swath.pipeline.ports import FileEntry
from swath.wire.validation import FileProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedTask:
    """A task that `tasks.json` lists. `problem` says why no object-level run can use it; None if one can."""

    name: str
    schema: TaskSchema | None
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedImage:
    """An image; `size` is its width and height in pixels, upright, None if it cannot be read. `problem` says why that
    or its prediction file is no good."""

    entry: FileEntry
    size: tuple[int, int] | None
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedObjects:
    """The predictions of the checked images whose size is known, as aligned columns in the order of the images."""

    image: NDArray[np.int32]  # (N,) place among the images
    category_id: NDArray[np.int32]  # (N,)
    score: NDArray[np.float64]  # (N,) NaN where there is none
    corners: NDArray[np.float64]  # (N, 4) px, not clipped
    outcome: NDArray[np.uint8]  # (N,) BoxOutcome without any filter
    shorter_side: NDArray[np.float64]  # (N,) px of the part inside the image: what `min_size` is about

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Which of them (N,) a run without filters cuts out."""
        return self.outcome <= BoxOutcome.CLIPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a place holds. The first `checked` images are those whose predictions were read, by name."""

    uri: str
    images_listed: int
    is_listing_complete: bool
    tasks: tuple[PreviewedTask, ...]
    task: TaskSchema | None
    task_name: str | None
    box_format: BoxFormat
    images: tuple[PreviewedImage, ...]
    checked: int
    objects: PreviewedObjects
    findings: tuple[Finding, ...]
    problems: tuple[FileProblem, ...]


def judged_objects(
    images: Sequence[PreviewedImage], predictions: Sequence[ImagePredictions | None], box_format: BoxFormat
) -> PreviewedObjects:
    """The columns of all images that have predictions and a size, each judged as a run judges it."""
    parts = [_no_objects()]
    for place, (image, found) in enumerate(zip(images, predictions, strict=True)):
        if found is None or image.size is None:
            continue
        width, height = image.size
        corners = to_corners(found.boxes, box_format)
        outcome, _ = judge_objects(
            corners, found.scores, found.category_ids, width=width, height=height, rules=NO_FILTERS
        )
        parts.append(
            PreviewedObjects(
                image=np.full(len(found), place, dtype=np.int32),
                category_id=found.category_ids,
                score=found.scores,
                corners=corners,
                outcome=outcome,
                shorter_side=visible_short_sides(corners, width=width, height=height),
            )
        )
    return PreviewedObjects(
        **{column.name: np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(parts[0])}
    )


def _no_objects() -> PreviewedObjects:
    return PreviewedObjects(
        image=np.zeros(0, dtype=np.int32),
        category_id=np.zeros(0, dtype=np.int32),
        score=np.zeros(0),
        corners=np.zeros((0, 4)),
        outcome=np.zeros(0, dtype=np.uint8),
        shorter_side=np.zeros(0),
    )
