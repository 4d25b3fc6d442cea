"""Boxes as columns: corners, what becomes of a box at the image border, which format boxes are written in, overlap."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from swath.core.errors import InvalidConfig
from swath.core.objects import BoxOutcome

HALF_PIXEL = 0.5
"""Boxes are often rounded to a few decimals or whole pixels: less than this outside the image is rounding."""

OVERSHOOT = 0.02
"""Share of the image's side by which a detector may miss the border without anything being wrong with the format."""

MIN_BOXES = 10
"""Fewer boxes are no evidence. Ten unrelated boxes written as x, y, width, height all pass as corners about once in a
million datasets."""


class BoxFormat(StrEnum):
    """How the four numbers of a box are meant, in pixels from the top left corner of the upright image."""

    XYWH = "xywh"  # x, y, width, height: what the format says
    XYXY = "xyxy"  # x0, y0, x1, y1: what people often write
    AUTO = "auto"  # decided from the evidence of all boxes


def to_corners(boxes: NDArray[np.float64], box_format: BoxFormat) -> NDArray[np.float64]:
    """Corners x0, y0, x1, y1 (N, 4) of boxes (N, 4) as written; rows of NaN stay NaN.

    `box_format` must be decided: AUTO raises ValueError.
    """
    if box_format is BoxFormat.AUTO:
        raise ValueError("decide the box format before making corners (BoxFormatEvidence.decided_format)")
    corners = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    if box_format is BoxFormat.XYWH:
        with np.errstate(over="ignore"):
            corners[:, 2:] += corners[:, :2]
        # x + w of two huge numbers is infinite, and infinity minus infinity is NaN further on.
        limit = np.finfo(np.float64).max
        np.clip(corners, -limit, limit, out=corners)
    return corners


def judge_boxes(corners: NDArray[np.float64], *, width: int, height: int) -> NDArray[np.uint8]:
    """The BoxOutcome (N,) of boxes with corners (N, 4) in an image of the given size, before any filter.

    ZERO_AREA: no width or height, sides the wrong way round, or no box at all (NaN). OUTSIDE: no area in common with
    the image. CLIPPED: more than half a pixel of the box lies outside. Everything else is USED.
    """
    x0, y0, x1, y1 = np.asarray(corners, dtype=np.float64).reshape(-1, 4).T
    has_area = (x1 > x0) & (y1 > y0)
    inside = (x1 > 0) & (y1 > 0) & (x0 < width) & (y0 < height)
    cut = (x0 < -HALF_PIXEL) | (y0 < -HALF_PIXEL) | (x1 > width + HALF_PIXEL) | (y1 > height + HALF_PIXEL)
    return np.select(
        [~has_area, ~inside, cut], [BoxOutcome.ZERO_AREA, BoxOutcome.OUTSIDE, BoxOutcome.CLIPPED], BoxOutcome.USED
    ).astype(np.uint8)


def short_sides(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """The shorter side (N,) of each box in pixels, as given (not clipped); NaN where there is no box."""
    sides = _sides(corners)
    return np.minimum(sides[:, 0], sides[:, 1])


def visible_short_sides(corners: NDArray[np.float64], *, width: int, height: int) -> NDArray[np.float64]:
    """The shorter side (N,) in pixels of the part of each box that lies in an image of the given size."""
    limits = np.array([width, height, width, height], dtype=np.float64)
    return short_sides(np.clip(corners, 0, limits))


def suppress_overlaps(
    corners: NDArray[np.float64], scores: NDArray[np.float64], max_overlap: float
) -> NDArray[np.bool_]:
    """Which boxes (N,) stay when of two that overlap by an IoU above `max_overlap` the lower score goes.

    Greedy from the highest score down, over all categories together; a missing score (NaN) is the lowest, equal
    scores go by position. A box that went removes no other. IoU equal to `max_overlap` is allowed. At most N²/2
    overlaps are computed, a row at a time. Raises InvalidConfig if `max_overlap` is not from 0 to 1.
    """
    if not 0 <= max_overlap <= 1:
        raise InvalidConfig(
            f"`object_level.max_overlap` is an overlap from 0 to 1, got `{max_overlap}`",
            field="object_level.max_overlap",
        )
    boxes = np.asarray(corners, dtype=np.float64).reshape(-1, 4)
    keep = np.ones(len(boxes), dtype=np.bool_)
    waiting = np.argsort(-np.nan_to_num(scores, nan=-np.inf), kind="stable")
    while len(waiting) > 1:
        best, rest = waiting[0], waiting[1:]
        goes = _overlaps(boxes[best], boxes[rest]) > max_overlap
        keep[rest[goes]] = False
        waiting = rest[~goes]
    return keep


def _overlaps(box: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union (N,) of one box (4,) with others (N, 4); 0 where neither has an area."""
    with np.errstate(over="ignore", invalid="ignore"):
        low = np.maximum(others[:, :2], box[:2])
        high = np.minimum(others[:, 2:], box[2:])
        intersection = np.prod(np.maximum(high - low, 0.0), axis=1)
        areas = np.prod(np.maximum(_sides(others), 0.0), axis=1)
        union = areas + np.prod(np.maximum(box[2:] - box[:2], 0.0)) - intersection
        overlaps: NDArray[np.float64] = np.divide(intersection, union, out=np.zeros_like(union), where=union > 0)
    return overlaps


def _sides(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(over="ignore", invalid="ignore"):
        return corners[:, 2:] - corners[:, :2]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxFormatEvidence:
    """What the boxes of some images say about the format they are written in. Evidence of images adds up with `+`.

    "Overflows" and "fits" allow for a detector's overshoot: half a pixel, or 2 % of the image's side if that is more.
    """

    total: int = 0
    overflow_as_xywh: int = 0  # right or bottom edge beyond the image if the box is x, y, width, height
    fits_as_xyxy_only: int = 0  # of those: x1 > x0, y1 > y0 and inside the image if it is x0, y0, x1, y1
    invalid_as_xyxy: int = 0  # of all: not so
    within_unit_square: int = 0  # all four numbers from 0 to 1, not all whole: looks relative to the image's size

    def __add__(self, other: BoxFormatEvidence) -> BoxFormatEvidence:
        return BoxFormatEvidence(
            total=self.total + other.total,
            overflow_as_xywh=self.overflow_as_xywh + other.overflow_as_xywh,
            fits_as_xyxy_only=self.fits_as_xyxy_only + other.fits_as_xyxy_only,
            invalid_as_xyxy=self.invalid_as_xyxy + other.invalid_as_xyxy,
            within_unit_square=self.within_unit_square + other.within_unit_square,
        )

    @property
    def suspects_xyxy(self) -> bool:
        """Whether the boxes look like x0, y0, x1, y1: of at least `MIN_BOXES` boxes 20 % or more overflow as x, y,
        width, height, while 95 % or more are valid as corners.

        Neither alone is enough. True widths and heights are larger than x and y only for boxes near the top left, so
        few datasets pass the second test by chance; a detector that overshoots everywhere passes the first.
        """
        return (
            self.total >= MIN_BOXES
            and self.overflow_as_xywh >= 0.20 * self.total
            and self.total - self.invalid_as_xyxy >= 0.95 * self.total
        )

    @property
    def suspects_relative(self) -> bool:
        """Whether the boxes look relative (0 to 1) instead of in pixels: 95 % or more of at least `MIN_BOXES`."""
        return self.total >= MIN_BOXES and self.within_unit_square >= 0.95 * self.total

    @property
    def decided_format(self) -> BoxFormat:
        """What `auto` means for these boxes: XYWH, the format's own rule, unless they look like XYXY."""
        return BoxFormat.XYXY if self.suspects_xyxy else BoxFormat.XYWH


def box_format_evidence(
    boxes: NDArray[np.float64], widths: NDArray[np.number], heights: NDArray[np.number]
) -> BoxFormatEvidence:
    """Evidence of boxes (N, 4) as written, in images of the given widths (N,) and heights (N,), in pixels.

    `widths` and `heights` may be single numbers for boxes of one image. Rows without a box (NaN) do not count.
    """
    rows = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    is_box = np.isfinite(rows).all(axis=1)
    limits = np.empty((len(rows), 2))
    limits[:, 0], limits[:, 1] = widths, heights
    first, second, limits = rows[is_box, :2], rows[is_box, 2:], limits[is_box]
    slack = np.maximum(HALF_PIXEL, OVERSHOOT * limits)
    with np.errstate(over="ignore"):
        overflows = (first + second > limits + slack).any(axis=1)
    fits = ((second > first) & (first >= -slack) & (second <= limits + slack)).all(axis=1)
    numbers = rows[is_box]
    relative = ((numbers >= 0) & (numbers <= 1)).all(axis=1) & (numbers != np.rint(numbers)).any(axis=1)
    return BoxFormatEvidence(
        total=len(numbers),
        overflow_as_xywh=int(overflows.sum()),
        fits_as_xyxy_only=int((overflows & fits).sum()),
        invalid_as_xyxy=int((~fits).sum()),
        within_unit_square=int(relative.sum()),
    )
