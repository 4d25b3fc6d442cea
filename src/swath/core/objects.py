"""Objects in columns: one table for all predictions of a run, and the stable key of each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

KEY_BYTES = 16
"""Object and crop keys are 128-bit digests: rows of a (N, 16) uint8 array, 32 hex digits as text."""


class BoxOutcome(IntEnum):
    """What became of one box. `USED` and `CLIPPED` are cropped; the others are not."""

    USED = 0
    CLIPPED = 1  # cropped, after the part outside the image was cut off
    OUTSIDE = 2  # no part of the box lies in the image
    ZERO_AREA = 3  # width or height is zero
    FILTERED = 4  # min_score, categories, min_size or max_overlap left it out
    PENDING = 255  # its image has not been looked at (unreadable, duplicate, or the run is under way)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectTable:
    """Objects as aligned columns; row i of every column is the same object.

    `image_row` points into the list of images the table was made with; `position` is the place in the prediction
    file; `corners` are x0, y0, x1, y1 in pixels of the upright image, not clipped; `crop_rects` are the integer
    crop rectangles x0, y0, x1, y1 (zeros where the box is not cropped).
    """

    image_row: NDArray[np.int32]  # (N,)
    position: NDArray[np.int32]  # (N,)
    category_id: NDArray[np.int32]  # (N,)
    score: NDArray[np.float64]  # (N,) 0 to 1, NaN where the file gives none
    corners: NDArray[np.float64]  # (N, 4)
    crop_rects: NDArray[np.int32]  # (N, 4)
    outcome: NDArray[np.uint8]  # (N,) BoxOutcome
    key: NDArray[np.uint8]  # (N, 16)

    def __post_init__(self) -> None:
        lengths = {field.name: len(getattr(self, field.name)) for field in fields(self)}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns of an ObjectTable differ in length: {lengths}")

    def __len__(self) -> int:
        return len(self.image_row)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> ObjectTable:
        """The table of the given rows (numbers or mask), in that order."""
        return ObjectTable(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def object_keys(
    *,
    image_digest: bytes,
    task_name: str,
    category_ids: NDArray[np.int32],
    corners: NDArray[np.float64],
) -> NDArray[np.uint8]:
    """Keys (N, 16) of the objects of one image, in the order given.

    A key depends on the image's content, the task, the category, the box and, for equal boxes of one category, how
    many came before: never on the file's name or on the other objects.
    """
    start = hashlib.blake2b(image_digest, digest_size=KEY_BYTES, person=b"swath-object")
    start.update(task_name.encode("utf-8", "surrogatepass"))
    keys = np.empty((len(category_ids), KEY_BYTES), dtype=np.uint8)
    seen: dict[bytes, int] = {}
    category_bytes = np.ascontiguousarray(category_ids, dtype="<i4")
    # + 0.0 turns -0.0 into 0.0: equal boxes must have equal bytes.
    corner_bytes = np.ascontiguousarray(corners + 0.0, dtype="<f8")
    for row in range(len(category_ids)):
        content = category_bytes[row].tobytes() + corner_bytes[row].tobytes()
        occurrence = seen.get(content, 0)
        seen[content] = occurrence + 1
        digest = start.copy()
        digest.update(content)
        digest.update(occurrence.to_bytes(4, "little"))
        keys[row] = np.frombuffer(digest.digest(), dtype=np.uint8)
    return keys


def rank_of_keys(keys: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The rank (N,) of each row's key (N, 16) in byte order; equal keys keep their input order."""
    words = np.ascontiguousarray(keys).view(">u8").reshape(len(keys), 2)
    order = np.lexsort((words[:, 1], words[:, 0]))
    rank = np.empty(len(keys), dtype=np.int64)
    rank[order] = np.arange(len(keys), dtype=np.int64)
    return rank
