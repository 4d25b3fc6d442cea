"""Datasets as files for others: name lists, embeddings, COCO documents, and crops in folders per category."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.crops import clean_category
from swath.core.errors import InvalidConfig
from swath.formats.coco import CocoCategory, CocoDetections, CocoImage, write_coco
from swath.formats.embeddings_csv import write_embeddings_csv
from swath.formats.filenames import write_filenames
from swath.store import catalog
from swath.store.database import Store
from swath.store.home import Home
from swath.store.samples import Crop, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class CropFile:
    """One crop of an export: where its file lies in the output datasource, and where it goes."""

    key: str
    category: str  # clean name of the folder
    name: str  # file name in that folder, unique there
    sample: Sample


def export_filenames(store: Store, dataset: str, tag: str | None) -> str:
    """One file name per line, by index."""
    return write_filenames(sample.file_name for sample in catalog.iter_samples(store, dataset, tag))


def export_embeddings_csv(store: Store, home: Home, dataset: str, tag: str | None) -> Iterator[str]:
    """The embeddings file in pieces, rows by index."""
    samples = list(catalog.iter_samples(store, dataset, tag))
    vectors = catalog.read_vectors(store, home, dataset)
    if tag is not None:
        vectors = vectors[catalog.tag_indices(store, dataset, tag)]
    return write_embeddings_csv([sample.file_name for sample in samples], vectors)


def export_coco(store: Store, dataset: str, tag: str | None) -> bytes:
    """A COCO document. Of an image dataset: its images with all their predictions; of crops: the images they are
    cut from with the boxes of the crops. Categories of several tasks are numbered anew, named `task/name`.
    """
    details = catalog.describe_dataset(store, dataset)
    samples = list(catalog.iter_samples(store, dataset, tag))
    if details.kind == "crops":
        return write_coco(_coco_of_crops(store, dataset, details.parent or "", samples))
    return write_coco(_coco_of_images(store, dataset, samples))


def crop_files(store: Store, dataset: str, tag: str | None) -> Iterator[CropFile]:
    """The crops of a crops dataset with a folder per category. Raises InvalidConfig for an image dataset."""
    details = catalog.describe_dataset(store, dataset)
    if details.kind != "crops":
        children = ", ".join(f"`{child.name}`" for child in details.children)
        raise InvalidConfig(
            f"`{details.name}` is an image dataset and has no crops",
            field="format",
            hint=f"its crops datasets: {children}." if children else "",
        )
    names = _category_names(store, dataset)
    for sample in catalog.iter_samples(store, dataset, tag):
        crop = _crop_of(sample)
        category = clean_category(names.get((crop.task, crop.category_id), ""), category_id=crop.category_id)
        # The index keeps names apart: two images in different folders may have the same name.
        name = f"{sample.index:07d}_{sample.file_name.rsplit('/', 1)[-1]}"
        yield CropFile(key=sample.file_name, category=category, name=name, sample=sample)


def _coco_of_images(store: Store, dataset: str, samples: list[Sample]) -> CocoDetections:
    row_of = {sample.index: row for row, sample in enumerate(samples)}
    schemas = catalog.task_schemas(store, dataset)
    images = tuple(
        CocoImage(id=sample.index + 1, file_name=sample.file_name, width=sample.width, height=sample.height)
        for sample in samples
    )
    several = len(schemas) > 1
    categories: list[CocoCategory] = []
    number: dict[tuple[str, int], int] = {}
    for schema in schemas:
        for category in schema.categories:
            coco_id = len(categories) + 1 if several else category.id
            number[schema.task_name, category.id] = coco_id
            name = f"{schema.task_name}/{category.name}" if several else category.name
            categories.append(CocoCategory(id=coco_id, name=name))
    columns = _Columns()
    for schema in schemas:
        for found in catalog.iter_predictions(store, dataset, task=schema.task_name):
            if found.sample_index in row_of and all(np.isfinite(found.box)):
                category_id = number[found.task, found.category_id]
                columns.add(row_of[found.sample_index], category_id, found.box, found.score)
    return columns.detections(images, tuple(categories))


def _coco_of_crops(store: Store, dataset: str, parent: str, samples: list[Sample]) -> CocoDetections:
    parents = {sample.id: sample for sample in catalog.iter_samples(store, parent)}
    wanted = {_crop_of(sample).parent_sample_id for sample in samples}
    kept = sorted((parents[key] for key in wanted), key=lambda sample: sample.index)
    row_of = {sample.id: row for row, sample in enumerate(kept)}
    images = tuple(
        CocoImage(id=sample.index + 1, file_name=sample.file_name, width=sample.width, height=sample.height)
        for sample in kept
    )
    categories = tuple(
        CocoCategory(id=category.id, name=category.name)
        for schema in catalog.task_schemas(store, dataset)
        for category in schema.categories
    )
    columns = _Columns()
    for sample in samples:
        crop = _crop_of(sample)
        columns.add(row_of[crop.parent_sample_id], crop.category_id, crop.box, crop.score)
    return columns.detections(images, categories)


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

    def detections(self, images: tuple[CocoImage, ...], categories: tuple[CocoCategory, ...]) -> CocoDetections:
        boxes: NDArray[np.float64] = np.array(self._corners, dtype=np.float64).reshape(-1, 4)
        boxes[:, 2:] -= boxes[:, :2]
        return CocoDetections(
            images=images,
            categories=categories,
            image_row=np.array(self._image_row, dtype=np.int32),
            category_id=np.array(self._category_id, dtype=np.int32),
            boxes=boxes,
            score=np.array(self._score, dtype=np.float64),
        )


def _category_names(store: Store, dataset: str) -> dict[tuple[str, int], str]:
    return {
        (schema.task_name, category.id): category.name
        for schema in catalog.task_schemas(store, dataset)
        for category in schema.categories
    }


def _crop_of(sample: Sample) -> Crop:
    if sample.crop is None:
        raise AssertionError(f"sample `{sample.file_name}` of a crops dataset is not a crop")
    return sample.crop
