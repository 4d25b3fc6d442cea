"""Boxes as labelling tools and trainers want them: inside their image, told as shares of its size."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareBox:
    """A box inside an image: its upper left corner and its size as shares (0 to 1) of the image's width and height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def center(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2


def clipped_share(box: tuple[float, float, float, float], *, width: int, height: int) -> ShareBox | None:
    """The part of a box (x0, y0, x1, y1 in px) that lies inside an image of this size (px).

    None where nothing of it does, where a corner is no finite number, and where nobody knows the size (0).
    """
    if width <= 0 or height <= 0 or not all(map(math.isfinite, box)):
        return None
    x0, x1 = (min(max(x, 0.0), float(width)) for x in (box[0], box[2]))
    y0, y1 = (min(max(y, 0.0), float(height)) for y in (box[1], box[3]))
    if x1 <= x0 or y1 <= y0:
        return None
    return ShareBox(x=x0 / width, y=y0 / height, width=(x1 - x0) / width, height=(y1 - y0) / height)
