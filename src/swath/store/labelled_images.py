"""Full images with labelled boxes, for exports: of an image dataset all predictions, of a crops dataset the boxes that
the chosen crops were cut by, on the images they were cut from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from swath.core.predictions import TaskSchema
from swath.store import catalog, schema
from swath.store.database import Store
from swath.store.datasets import Dataset, DatasetKind
from swath.store.sample_lookup import indices_of
from swath.store.samples import Sample, crop_of, iter_samples
from swath.store.sharing import find_dataset
from swath.store.subsets import Subset, pages_of

SAMPLES_AT_A_TIME = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledBox:
    """One box: `key` names the object, x0, y0, x1, y1 are px of the upright image, not clipped."""

    key: str
    task: str
    category_id: int
    score: float | None
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledImage:
    """An image and the boxes on it, by task and position in the prediction file."""

    image: Sample
    boxes: tuple[LabelledBox, ...]


class Labels:
    """What categories are called: by their names, `task/name` where there are several tasks, and by their ids where the
    schema (of now) does not have them. Labels are numbered from 0 by task and place in the schema; those that no schema
    has follow, in the order in which they are asked for."""

    def __init__(self, schemas: Sequence[TaskSchema]) -> None:
        self.tasks = tuple(task.task_name for task in schemas)
        self._label_of: dict[tuple[str, int], str] = {}
        self._number_of: dict[str, int] = {}
        for task in schemas:
            for category in task.categories:
                self._add(task.task_name, category.id, category.name)

    def of(self, task: str, category_id: int) -> str:
        """The label of a category."""
        label = self._label_of.get((task, category_id))
        return self._add(task, category_id, str(category_id)) if label is None else label

    def number_of(self, task: str, category_id: int) -> int:
        """The number of the label of a category."""
        return self._number_of[self.of(task, category_id)]

    @property
    def all(self) -> tuple[str, ...]:
        """The labels that are known so far, by number."""
        return tuple(self._number_of)

    def _add(self, task: str, category_id: int, name: str) -> str:
        label = f"{task}/{name}" if len(self.tasks) > 1 else name
        self._label_of[task, category_id] = label
        self._number_of.setdefault(label, len(self._number_of))
        return label


def labels_of(store: Store, dataset: str) -> Labels:
    """The labels of the categories of a dataset's tasks."""
    return Labels(catalog.task_schemas(store, dataset))


def labels_in_use(store: Store, dataset: str) -> Labels:
    """The same, with those categories that no schema has (any more) but samples do. Looks at every one of them."""
    labels = labels_of(store, dataset)
    with store.reading() as connection:
        found = find_dataset(connection, dataset)
        table = schema.crops if found.kind is DatasetKind.CROPS else schema.predictions
        query = sa.select(table.c.task, table.c.category_id).where(table.c.dataset_id == found.id).distinct()
        for task, category_id in sorted((task, category_id) for task, category_id in connection.execute(query)):
            labels.of(task, category_id)
    return labels


def iter_labelled_images(store: Store, dataset: str, subset: Subset) -> Iterator[LabelledImage]:
    """The images of a subset, read page by page: of an image dataset by index, of a crops dataset in the order in which
    they first appear among its crops, each with the boxes of all chosen crops of it."""
    with store.reading() as connection:
        found = find_dataset(connection, dataset)
    if isinstance(subset, str):
        subset = catalog.tag_indices(store, found.id, subset)
    pages = pages_of(iter_samples(store, found.id, subset), SAMPLES_AT_A_TIME)
    if found.kind is DatasetKind.CROPS:
        return _of_crops(store, found, subset, pages)
    return _of_images(store, found, pages)


def _of_images(store: Store, dataset: Dataset, pages: Iterable[list[Sample]]) -> Iterator[LabelledImage]:
    table = schema.predictions
    for page in pages:
        boxes: dict[int, list[LabelledBox]] = {image.index: [] for image in page}
        query = (
            sa.select(table.c.sample_index, *(table.c[name] for name in _BOX_COLUMNS))
            .where(table.c.dataset_id == dataset.id, table.c.sample_index.in_(list(boxes)))
            .order_by(table.c.sample_index, table.c.task, table.c.position)
        )
        with store.reading() as connection:
            for index, *box in connection.execute(query):
                boxes[index].append(_box(*box))
        yield from (LabelledImage(image=image, boxes=tuple(boxes[image.index])) for image in page)


def _of_crops(
    store: Store, dataset: Dataset, chosen: NDArray[np.int64] | None, pages: Iterable[list[Sample]]
) -> Iterator[LabelledImage]:
    """Crops of one image need not stand together: at the first of them all are looked up."""
    is_chosen = None if chosen is None else _mask_of(chosen)
    done: set[str] = set()
    for page in pages:
        parents = dict.fromkeys(crop_of(sample).parent_sample_id for sample in page)
        fresh = [image_id for image_id in parents if image_id not in done]
        done.update(fresh)
        images = _images(store, dataset.parent_id or "", fresh)
        boxes = _boxes_of_crops(store, dataset.id, fresh, is_chosen)
        for image_id in fresh:
            yield LabelledImage(image=images[image_id], boxes=tuple(boxes[image_id]))


def _images(store: Store, dataset_id: str, image_ids: Sequence[str]) -> dict[str, Sample]:
    """The images of these ids, by id."""
    with store.reading() as connection:
        indices = sorted(indices_of(connection, dataset_id, image_ids).values())
    return {image.id: image for image in iter_samples(store, dataset_id, np.array(indices, dtype=np.int64))}


def _boxes_of_crops(
    store: Store, dataset_id: str, image_ids: Sequence[str], is_chosen: NDArray[np.bool_] | None
) -> dict[str, list[LabelledBox]]:
    """The boxes of the chosen crops (a mask by index, None for all) of some images, by the id of the image."""
    table = schema.crops
    boxes: dict[str, list[LabelledBox]] = {image_id: [] for image_id in image_ids}
    query = (
        sa.select(table.c.sample_index, table.c.parent_sample_id, *(table.c[name] for name in _BOX_COLUMNS))
        .where(table.c.dataset_id == dataset_id, table.c.parent_sample_id.in_(image_ids))
        .order_by(table.c.position, table.c.sample_index)
    )
    with store.reading() as connection:
        for index, image_id, *box in connection.execute(query):
            if is_chosen is None or (index < len(is_chosen) and is_chosen[index]):
                boxes[image_id].append(_box(*box))
    return boxes


_BOX_COLUMNS = ("object_key", "task", "category_id", "score", "x0", "y0", "x1", "y1")


def _mask_of(indices: NDArray[np.int64]) -> NDArray[np.bool_]:
    mask = np.zeros(int(indices.max(initial=-1)) + 1, dtype=np.bool_)
    mask[indices] = True
    return mask


def _box(
    key: bytes, task: str, category_id: int, score: float | None, x0: float, y0: float, x1: float, y1: float
) -> LabelledBox:
    return LabelledBox(key=key.hex(), task=task, category_id=category_id, score=score, box=(x0, y0, x1, y1))
