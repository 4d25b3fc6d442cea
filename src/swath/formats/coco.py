"""COCO detection documents: images, categories and boxes in one JSON, as labelling and evaluation tools take them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, NoReturn

import numpy as np
import orjson
from numpy.typing import NDArray

from swath.core.errors import InvalidPredictions
from swath.formats.json_text import all_numbers, is_integer, is_number, load_document, shown

MAX_IMAGE_ID = 2**63 - 1

WRITTEN_AT_ONCE = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class CocoImage:
    """One image. `id` is what annotations refer to; width and height are in pixels."""

    id: int
    file_name: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CocoCategory:
    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CocoDetections:
    """Images, categories and, as aligned columns, one row per annotation.

    `image_row` points into `images`; `boxes` are x, y, width, height in pixels; a missing score is NaN.
    """

    images: tuple[CocoImage, ...]
    categories: tuple[CocoCategory, ...]
    image_row: NDArray[np.int32]  # (N,)
    category_id: NDArray[np.int32]  # (N,)
    boxes: NDArray[np.float64]  # (N, 4)
    score: NDArray[np.float64]  # (N,)

    def __post_init__(self) -> None:
        lengths = {len(self.image_row), len(self.category_id), len(self.boxes), len(self.score)}
        if len(lengths) > 1:
            raise ValueError(f"columns of CocoDetections differ in length: {sorted(lengths)}")

    def __len__(self) -> int:
        return len(self.image_row)


def write_coco(detections: CocoDetections) -> bytes:
    """The document. Annotations are numbered from 1 in the order given; those without a score have no such key."""
    images = (
        {"id": image.id, "file_name": image.file_name, "width": image.width, "height": image.height}
        for image in detections.images
    )
    categories = ({"id": category.id, "name": category.name} for category in detections.categories)
    parts = (
        (b'{"images":', _array(images)),
        (b',"categories":', _array(categories)),
        (b',"annotations":', _array(_annotations(detections))),
    )
    return b"".join(name + array for name, array in parts) + b"}"


def _annotations(detections: CocoDetections) -> Iterator[dict[str, Any]]:
    image_ids = [image.id for image in detections.images]
    columns = zip(
        detections.image_row.tolist(),
        detections.category_id.tolist(),
        detections.boxes.tolist(),
        detections.score.tolist(),
        strict=True,
    )
    for number, (image_row, category_id, box, score) in enumerate(columns, start=1):
        annotation = {
            "id": number,
            "image_id": image_ids[image_row],
            "category_id": category_id,
            "bbox": box,
            "area": box[2] * box[3],
            "iscrowd": 0,
        }
        if score == score:
            annotation["score"] = score
        yield annotation


def _array(items: Iterator[dict[str, Any]]) -> bytes:
    """A JSON array, written piece by piece: all at once, a million items would hold up every other thread."""
    pieces = iter(lambda: list(islice(items, WRITTEN_AT_ONCE)), [])
    return b"[" + b",".join(orjson.dumps(piece)[1:-1] for piece in pieces) + b"]"


def parse_coco(data: bytes, file: str) -> CocoDetections:
    """The detections of a COCO document; keys nobody knows are left alone, segmentations and crowds are not read.

    Raises InvalidPredictions that names the first wrong place.
    """
    return _CocoReader(file).read(load_document(data, file))


class _CocoReader:
    """Reads the parts of one document; every complaint names the file."""

    def __init__(self, file: str) -> None:
        self._file = file

    def _refuse(self, json_path: str, value: Any, expected: str) -> NoReturn:
        raise InvalidPredictions(file=self._file, json_path=json_path, value=shown(value), expected=expected)

    def read(self, document: Any) -> CocoDetections:
        if not isinstance(document, dict):
            self._refuse("$", document, "an object with `images`, `categories` and `annotations`")
        images = tuple(self._image(entry, path) for entry, path in self._entries(document, "images"))
        categories = tuple(self._category(entry, path) for entry, path in self._entries(document, "categories"))
        row_of = {image.id: row for row, image in enumerate(images)}
        known = {category.id for category in categories}
        if len(row_of) < len(images):
            self._refuse("$.images", [image.id for image in images], "images with different ids")
        if len(known) < len(categories):
            self._refuse("$.categories", [category.id for category in categories], "categories with different ids")
        image_rows, category_ids, boxes, scores = [], [], [], []
        for entry, path in self._entries(document, "annotations"):
            image_id = self._integer(entry, "image_id", path, limit=MAX_IMAGE_ID)
            if image_id not in row_of:
                self._refuse(f"{path}.image_id", image_id, "the id of one of the `images`")
            category_id = self._integer(entry, "category_id", path)
            if category_id not in known:
                self._refuse(f"{path}.category_id", category_id, "the id of one of the `categories`")
            image_rows.append(row_of[image_id])
            category_ids.append(category_id)
            boxes.append(self._box(entry.get("bbox"), f"{path}.bbox"))
            scores.append(self._score(entry.get("score"), f"{path}.score"))
        return CocoDetections(
            images=images,
            categories=categories,
            image_row=np.array(image_rows, dtype=np.int32),
            category_id=np.array(category_ids, dtype=np.int32),
            boxes=np.array(boxes, dtype=np.float64).reshape(-1, 4),
            score=np.array(scores, dtype=np.float64),
        )

    def _entries(self, document: dict[str, Any], key: str) -> list[tuple[dict[str, Any], str]]:
        values = document.get(key)
        if not isinstance(values, list):
            self._refuse(f"$.{key}", values, "a list")
        for place, value in enumerate(values):
            if not isinstance(value, dict):
                self._refuse(f"$.{key}[{place}]", value, "an object")
        return [(value, f"$.{key}[{place}]") for place, value in enumerate(values)]

    def _image(self, entry: dict[str, Any], path: str) -> CocoImage:
        return CocoImage(
            id=self._integer(entry, "id", path, limit=MAX_IMAGE_ID),
            file_name=self._text(entry, "file_name", path),
            width=self._integer(entry, "width", path),
            height=self._integer(entry, "height", path),
        )

    def _category(self, entry: dict[str, Any], path: str) -> CocoCategory:
        return CocoCategory(id=self._integer(entry, "id", path), name=self._text(entry, "name", path))

    def _integer(self, entry: dict[str, Any], key: str, path: str, *, limit: int = 2**31 - 1) -> int:
        value = entry.get(key)
        if not (is_integer(value) and 0 <= value <= limit):
            self._refuse(f"{path}.{key}", value, f"a whole number from 0 to {limit}")
        return value

    def _text(self, entry: dict[str, Any], key: str, path: str) -> str:
        value = entry.get(key)
        if not (isinstance(value, str) and value):
            self._refuse(f"{path}.{key}", value, "a text of at least one character")
        return value

    def _box(self, value: Any, path: str) -> list[float]:
        is_box = isinstance(value, list) and len(value) == 4 and all_numbers(value) and min(value[2:]) >= 0
        if not is_box:
            self._refuse(path, value, "4 numbers [x, y, width, height], width and height of at least 0")
        return list(value)

    def _score(self, value: Any, path: str) -> float:
        if value is None:
            return float("nan")
        if not (is_number(value) and 0 <= value <= 1):
            self._refuse(path, value, "a number from 0 to 1")
        return float(value)
