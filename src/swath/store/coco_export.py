"""Datasets as COCO documents."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from swath.core.predictions import TaskSchema
from swath.formats.coco import CocoCategory, CocoDetections, CocoImage, write_coco
from swath.store import catalog
from swath.store.database import Store
from swath.store.labelled_images import iter_labelled_images
from swath.store.subsets import Subset


def export_coco(store: Store, dataset: str, subset: Subset) -> bytes:
    """A COCO document. Of an image dataset: its images with all their predictions; of crops: the images they are
    cut from with the boxes of the crops. Categories of several tasks are numbered anew, named `task/name`.
    """
    return write_coco(coco_detections(store, dataset, subset))


def coco_detections(store: Store, dataset: str, subset: Subset, *, most_images: int | None = None) -> CocoDetections:
    """What the document holds: images by index, of the first `most_images` of the subset where that is given."""
    categories = _Categories(catalog.task_schemas(store, dataset))
    columns = _Columns()
    images: list[CocoImage] = []
    for row, one in enumerate(islice(iter_labelled_images(store, dataset, subset), most_images)):
        image = one.image
        images.append(CocoImage(id=image.index + 1, file_name=image.file_name, width=image.width, height=image.height))
        for box in one.boxes:
            if np.isfinite(box.box).all():
                columns.add(row, categories.id_of(box.task, box.category_id), box.box, box.score)
    return columns.detections(images, categories.all)


class _Categories:
    """The categories of all tasks. Those of several tasks are numbered anew and named after their task."""

    def __init__(self, schemas: Sequence[TaskSchema]) -> None:
        self._has_several_tasks = len(schemas) > 1
        self._found: dict[tuple[str, int], CocoCategory] = {}
        for schema in schemas:
            for category in schema.categories:
                self._add(schema.task_name, category.id, category.name)

    @property
    def all(self) -> tuple[CocoCategory, ...]:
        return tuple(self._found.values())

    def id_of(self, task: str, category_id: int) -> int:
        """The number of a category. A schema that was replaced may have lost that of what was predicted before."""
        known = self._found.get((task, category_id))
        return (known or self._add(task, category_id, str(category_id))).id

    def _add(self, task: str, category_id: int, name: str) -> CocoCategory:
        number = len(self._found) + 1 if self._has_several_tasks else category_id
        category = CocoCategory(id=number, name=f"{task}/{name}" if self._has_several_tasks else name)
        self._found[task, category_id] = category
        return category


class _Columns:
    """Annotations gathered row by row, turned into columns at the end."""

    def __init__(self) -> None:
        self._image_row: list[int] = []
        self._category_id: list[int] = []
        self._corners: list[tuple[float, float, float, float]] = []
        self._score: list[float] = []

    def add(
        self, image_row: int, category_id: int, corners: tuple[float, float, float, float], score: float | None
    ) -> None:
        self._image_row.append(image_row)
        self._category_id.append(category_id)
        self._corners.append(corners)
        self._score.append(float("nan") if score is None else score)

    def detections(self, images: Sequence[CocoImage], categories: tuple[CocoCategory, ...]) -> CocoDetections:
        """The columns with images by their number; annotations follow them."""
        order = np.argsort([image.id for image in images], kind="stable").astype(np.int32)
        image_row = np.argsort(order).astype(np.int32)[np.array(self._image_row, dtype=np.int32)]
        annotations = np.argsort(image_row, kind="stable")
        boxes: NDArray[np.float64] = np.array(self._corners, dtype=np.float64).reshape(-1, 4)[annotations]
        boxes[:, 2:] -= boxes[:, :2]
        return CocoDetections(
            images=tuple(images[row] for row in order.tolist()),
            categories=categories,
            image_row=image_row[annotations],
            category_id=np.array(self._category_id, dtype=np.int32)[annotations],
            boxes=boxes,
            score=np.array(self._score, dtype=np.float64)[annotations],
        )
