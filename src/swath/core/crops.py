"""From boxes to crops: the crop rule, the decode scale, and the keys and names of what comes out."""

from __future__ import annotations

import hashlib
import math
import re
import sys
import unicodedata

import numpy as np
from numpy.typing import NDArray

from swath.core.errors import InvalidConfig
from swath.core.objects import KEY_BYTES

CROP_RULE_VERSION = 1
"""Part of every crop and embedding key. Raise it when `crop_rectangles`, `decode_scales` or `scaled_rectangle` give
other results."""

ROUNDING_DECIMALS = 6
"""Edges are rounded to a millionth of a pixel before floor and ceil: 0.1 + 0.2 must not cost a row of pixels."""

MAX_CATEGORY_LENGTH = 40


def check_padding(padding: float) -> float:
    """Return the padding as a float, or raise InvalidConfig if it is not a finite number of at least 0."""
    if not (math.isfinite(padding) and padding >= 0):
        raise InvalidConfig(
            f"`object_level.padding` is a number of at least 0, got `{padding}`",
            field="object_level.padding",
            hint="0.1 makes every crop 10 % wider and higher than its box.",
        )
    return float(padding) + 0.0  # -0.0 is 0.0


def crop_rectangles(corners: NDArray[np.float64], *, padding: float, width: int, height: int) -> NDArray[np.int32]:
    """Integer crop rectangles x0, y0, x1, y1 (N, 4) of boxes with corners (N, 4) in an image of the given size.

    `padding` p grows width and height by p times themselves, half of it on each side, about the box as given
    (unclipped); the result is clipped at the image border and its edges go outward to whole pixels (floor, ceil).
    A box that has an area in common with the image never gives an empty rectangle; any other box, NaN included,
    gives zeros. A rectangle holds its clipped box up to the rounding of `ROUNDING_DECIMALS`.

    Raises InvalidConfig for a padding that is negative or not finite.
    """
    padding = check_padding(padding)
    boxes = np.asarray(corners, dtype=np.float64).reshape(-1, 4)
    low, high = boxes[:, :2], boxes[:, 2:]
    size = np.array([width, height], dtype=np.float64)
    touches = ((high > low) & (high > 0) & (low < size)).all(axis=1)
    with np.errstate(over="ignore", invalid="ignore"):
        grow = (high - low) * (padding / 2)
        low = np.floor(np.round(np.clip(low - grow, 0, size), ROUNDING_DECIMALS))
        high = np.ceil(np.round(np.clip(high + grow, 0, size), ROUNDING_DECIMALS))
    # A sliver thinner than the rounding, at the border or on a whole number, still gets its pixel.
    low = np.minimum(low, size - 1)
    high = np.maximum(high, low + 1)
    rects = np.zeros((len(boxes), 4), dtype=np.int32)
    rects[touches] = np.concatenate([low, high], axis=1)[touches]
    return rects


def context_rect(
    box: tuple[float, float, float, float], image_width: int, image_height: int, margin: float
) -> tuple[int, int, int, int]:
    """The surroundings x0, y0, x1, y1 (whole pixels) of a box (x0, y0, x1, y1, px) in an image of the given size.

    The box as given (unclipped) grows by `margin` times its longer side on every side; the result is clipped at the
    image border and its edges go outward to whole pixels. It is never empty, never leaves the image, and holds the
    part of the box that is inside. Pages compute the same rectangle, so this is plain arithmetic on doubles.

    Raises ValueError for a margin or an edge that is not finite, and for a margin below 0.
    """
    x0, y0, x1, y1 = box
    if not (margin >= 0 and all(map(math.isfinite, (*box, margin)))):
        raise ValueError(f"box {box} and margin {margin} have no surroundings")
    longer = min(max(x1 - x0, y1 - y0, 0.0), sys.float_info.max)  # infinity times a margin of 0 would be no number
    grow = margin * longer
    left, right = _outward(x0 - grow, x1 + grow, image_width)
    top, bottom = _outward(y0 - grow, y1 + grow, image_height)
    return left, top, right, bottom


def _outward(low: float, high: float, size: int) -> tuple[int, int]:
    """The whole pixels of a side of `size` pixels that an interval touches; the nearest one if it touches none."""
    first = min(math.floor(min(max(low, 0.0), size)), size - 1)
    return first, max(math.ceil(min(max(high, 0.0), size)), first + 1)


def decode_scales(rects: NDArray[np.int32], *, input_size: int, max_scale: int) -> NDArray[np.int64]:
    """The scale (N,) to decode each crop's image at: 1, 2, 4, … up to `max_scale` (1/scale of the size).

    The largest power of two that leaves the crop's shorter side at least twice `input_size`, so that the final
    resize still shrinks by two. It follows from the crop's own rectangle alone: the pixels of a crop never depend
    on which other crops its image has.
    """
    rows = np.asarray(rects).reshape(-1, 4)
    shorter = np.minimum(rows[:, 2] - rows[:, 0], rows[:, 3] - rows[:, 1])
    scales = np.ones(len(rows), dtype=np.int64)
    scale = 2
    while scale <= max_scale:
        scales[shorter >= scale * 2 * input_size] = scale
        scale *= 2
    return scales


def scaled_rectangle(rects: NDArray[np.int32], scale: int | NDArray[np.int64]) -> NDArray[np.int32]:
    """Rectangles (..., 4) in the frame decoded at 1/scale: edges outward to whole pixels.

    `scale` is one number, or one per rectangle (...). A rectangle that is not empty and lies in W x H stays not empty
    and lies in ceil(W / scale) x ceil(H / scale), the size of the decoded frame.
    """
    rows = np.asarray(rects, dtype=np.int64)
    divisor = np.asarray(scale, dtype=np.int64)[..., np.newaxis]
    low = rows[..., :2] // divisor
    high = -(-rows[..., 2:] // divisor)
    return np.concatenate([low, high], axis=-1).astype(np.int32)


def crop_keys(object_keys: NDArray[np.uint8], *, padding: float) -> NDArray[np.uint8]:
    """Keys (N, 16) of the crops of objects with keys (N, 16): object, padding and crop rule."""
    made_by = np.float64(check_padding(padding)).astype("<f8").tobytes() + CROP_RULE_VERSION.to_bytes(4, "little")
    keys = np.empty((len(object_keys), KEY_BYTES), dtype=np.uint8)
    for row, object_key in enumerate(np.ascontiguousarray(object_keys, dtype=np.uint8)):
        digest = hashlib.blake2b(object_key.tobytes(), digest_size=KEY_BYTES, person=b"swath-crop")
        digest.update(made_by)
        keys[row] = np.frombuffer(digest.digest(), dtype=np.uint8)
    return keys


def embedding_keys(
    *,
    embedder_digest: str,
    image_digest: bytes,
    rects: NDArray[np.int32],
    scales: NDArray[np.int64],
) -> NDArray[np.uint8]:
    """Cache keys (N, 16) of the vectors of crops of one image: everything that made them.

    That is the embedder, the crop rule, the image's content, the integer rectangle (N, 4) and the decode scale (N,).
    Box and padding enter through the rectangle they resolve to, so equal pixels share a vector.
    """
    if len(rects) != len(scales):
        raise ValueError(f"{len(rects)} rectangles but {len(scales)} scales")
    start = _embedding_key_start(b"crop", embedder_digest, image_digest)
    rows = np.concatenate([np.asarray(rects).reshape(-1, 4), np.asarray(scales).reshape(-1, 1)], axis=1)
    content = np.ascontiguousarray(rows, dtype="<i4")
    keys = np.empty((len(rows), KEY_BYTES), dtype=np.uint8)
    for row in range(len(rows)):
        digest = start.copy()
        digest.update(content[row].tobytes())
        keys[row] = np.frombuffer(digest.digest(), dtype=np.uint8)
    return keys


def whole_image_embedding_key(*, embedder_digest: str, image_digest: bytes, scale: int) -> NDArray[np.uint8]:
    """The cache key (16,) of the vector of a whole image, decoded at 1/scale."""
    digest = _embedding_key_start(b"image", embedder_digest, image_digest)
    digest.update(scale.to_bytes(4, "little"))
    return np.frombuffer(digest.digest(), dtype=np.uint8).copy()


def _embedding_key_start(kind: bytes, embedder_digest: str, image_digest: bytes) -> hashlib.blake2b:
    digest = hashlib.blake2b(digest_size=KEY_BYTES, person=b"swath-vector")
    for part in (kind, CROP_RULE_VERSION.to_bytes(4, "little"), embedder_digest.encode(), image_digest):
        # Lengths keep the parts apart: "ab" + "c" is not "a" + "bc".
        digest.update(len(part).to_bytes(4, "little"))
        digest.update(part)
    return digest


def crop_file_name(*, image_key: str, position: int, category_name: str, category_id: int, crop_key_hex: str) -> str:
    """`<image path>/<NNNN>_<category>_<8 hex digits of the crop key>.jpg`, relative to the crops' own folder.

    `position` is the place in the prediction file, at least four digits. The image path keeps its extension, so
    crops of `a.png` and `a.jpg` do not meet. The category is cleaned to at most 40 ASCII letters, digits, `_`, `-`.
    """
    category = clean_category(category_name, category_id=category_id)
    return f"{image_key}/{position:04d}_{category}_{crop_key_hex[:8]}.jpg"


def clean_category(name: str, *, category_id: int) -> str:
    """A category's name made fit for a file name; `category-<id>` where nothing of it would be left.

    Accents go (`Fußgänger` → `Fu-ganger`), runs of anything else become one `-`.
    """
    decomposed = unicodedata.normalize("NFKD", name)
    unaccented = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    cleaned = re.sub(r"[^A-Za-z0-9_-]+", "-", unaccented).strip("-")[:MAX_CATEGORY_LENGTH].rstrip("-")
    return cleaned or f"category-{category_id}"
