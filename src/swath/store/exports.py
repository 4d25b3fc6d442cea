"""Datasets as files for others: name lists, embeddings, COCO documents, and crops in folders per category."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from swath.core.crops import clean_category
from swath.core.errors import Conflict, InvalidConfig, SourceUnavailable
from swath.formats.coco import CocoCategory, CocoDetections, CocoImage, write_coco
from swath.formats.embeddings_csv import write_embeddings_csv
from swath.formats.filenames import write_filenames
from swath.formats.spreadsheet import csv_line
from swath.store import catalog, samples, tags
from swath.store.database import Store
from swath.store.datasets import Dataset, DatasetKind, crops_datasets_of
from swath.store.home import Home
from swath.store.samples import Crop, Sample
from swath.store.sharing import find_dataset

Subset: TypeAlias = str | NDArray[np.int64] | None
"""Which samples of a dataset: a tag by name or id, ascending sample indices (M,), or all."""

CROPS_CSV = "crops.csv"
_CROP_COLUMNS = ("file", "crop", "image", "task", "category", "score", "x0", "y0", "x1", "y1", "stale")


@dataclass(frozen=True, slots=True, kw_only=True)
class CropFile:
    """One crop of an export: where its file lies in the output datasource, and where it goes."""

    key: str
    category: str  # clean name of the folder
    name: str  # file name in that folder, unique there
    category_name: str  # as the schema has it; empty if it has none
    sample: Sample

    @property
    def path(self) -> str:
        """Where it goes, below the folder of the export."""
        return f"{self.category}/{self.name}"

    @property
    def csv_line(self) -> str:
        """Its line of crops.csv."""
        crop = crop_of(self.sample)
        names = (self.path, self.key, crop.parent_file_name, crop.task, self.category_name)
        return csv_line([*names, crop.score, *crop.box, crop.stale])


def crops_csv_head() -> str:
    """The first line of crops.csv."""
    return csv_line(_CROP_COLUMNS)


def iter_subset(store: Store, dataset: str, subset: Subset) -> Iterator[Sample]:
    """The samples of an export by index. Raises NotFound at the first step."""
    if isinstance(subset, np.ndarray):
        return samples.iter_samples(store, _find(store, dataset).id, subset)
    return catalog.iter_samples(store, dataset, subset)


def export_filenames(store: Store, dataset: str, subset: Subset) -> str:
    """One file name per line, by index."""
    return write_filenames(sample.file_name for sample in iter_subset(store, dataset, subset))


def export_embeddings_csv(store: Store, home: Home, dataset: str, subset: Subset) -> Iterator[str]:
    """The embeddings file in pieces, rows by index. Raises Conflict for samples without embeddings."""
    # Indices first: samples that a run adds meanwhile are in neither column.
    indices = np.array([sample.index for sample in iter_subset(store, dataset, subset)], dtype=np.int64)
    names = [sample.file_name for sample in iter_subset(store, dataset, indices)]
    vectors = catalog.read_vectors(store, home, dataset)
    if len(indices) and not len(vectors):
        raise Conflict(
            f"dataset `{_find(store, dataset).name}` has no embeddings",
            hint="They come with a run, or are uploaded for all its samples.",
        )
    is_all = len(indices) == len(vectors)
    return write_embeddings_csv(names, vectors if is_all else vectors[indices])


def export_tags(store: Store, dataset: str, subset: Subset) -> Iterator[str]:
    """A JSON document `{"dataset": name, "tags": [{"name", "file_names"}, …]}` in pieces, without initial-tag."""
    found = _find(store, dataset)
    members = members_by_tag(store, found.id)
    names = {sample.index: sample.file_name for sample in iter_subset(store, dataset, subset)}
    yield f'{{"dataset": {json.dumps(found.name)}, "tags": ['
    separator = "\n"
    for tag_name, indices in members.items():
        document = {"name": tag_name, "file_names": [names[index] for index in indices.tolist() if index in names]}
        yield separator + json.dumps(document)
        separator = ",\n"
    yield "\n]}\n"


def members_by_tag(store: Store, dataset_id: str) -> dict[str, NDArray[np.int64]]:
    """The sample indices of every tag of a dataset but initial-tag, by name, oldest first."""
    with store.reading() as connection:
        return {
            tag.name: tags.tag_members(connection, tag)
            for tag in tags.list_tags(connection, dataset_id)
            if not tag.is_initial
        }


def export_coco(store: Store, dataset: str, subset: Subset) -> bytes:
    """A COCO document. Of an image dataset: its images with all their predictions; of crops: the images they are
    cut from with the boxes of the crops. Categories of several tasks are numbered anew, named `task/name`.
    """
    found = _find(store, dataset)
    chosen = list(iter_subset(store, dataset, subset))
    if found.kind is DatasetKind.CROPS:
        return write_coco(_coco_of_crops(store, dataset, found.parent_id or "", chosen))
    return write_coco(_coco_of_images(store, dataset, chosen))


def crop_files(store: Store, dataset: str, subset: Subset) -> Iterator[CropFile]:
    """The crops of a crops dataset with a folder per category. Raises InvalidConfig for an image dataset."""
    found = _find(store, dataset)
    if found.kind is not DatasetKind.CROPS:
        with store.reading() as connection:
            children = ", ".join(f"`{child.name}`" for child in crops_datasets_of(connection, found.id))
        raise InvalidConfig(
            f"`{found.name}` is an image dataset and has no crops",
            field="format",
            hint=f"its crops datasets: {children}." if children else "",
        )
    names = category_names(store, dataset)
    for sample in iter_subset(store, dataset, subset):
        crop = crop_of(sample)
        category_name = names.get((crop.task, crop.category_id)) or ""
        category = clean_category(category_name, category_id=crop.category_id)
        # The index keeps names apart: two images in different folders may have the same name.
        name = f"{sample.index:07d}_{sample.file_name.rsplit('/', 1)[-1]}"
        yield CropFile(key=sample.file_name, category=category, name=name, category_name=category_name, sample=sample)


def crops_are_gone(missing: Sequence[str], output_uri: str, *, exported: int) -> SourceUnavailable:
    """The error for crop files that are not where they were written."""
    return SourceUnavailable(
        f"{len(missing)} crop files are gone from `{output_uri}`, the first is `{missing[0]}`; "
        f"the other {exported} were exported",
        hint="delete the crops dataset and run again with --process-all to make them anew.",
    )


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

    def add_category(task: str, category_id: int, category: str) -> None:
        number[task, category_id] = len(categories) + 1 if several else category_id
        name = f"{task}/{category}" if several else category
        categories.append(CocoCategory(id=number[task, category_id], name=name))

    for schema in schemas:
        for category in schema.categories:
            add_category(schema.task_name, category.id, category.name)
    columns = _Columns()
    for schema in schemas:
        for found in catalog.iter_predictions(store, dataset, task=schema.task_name):
            if found.sample_index in row_of and all(np.isfinite(found.box)):
                if (found.task, found.category_id) not in number:
                    # A schema that was replaced may have lost the category of what was predicted before.
                    add_category(found.task, found.category_id, str(found.category_id))
                category_id = number[found.task, found.category_id]
                columns.add(row_of[found.sample_index], category_id, found.box, found.score)
    return columns.detections(images, tuple(categories))


def _coco_of_crops(store: Store, dataset: str, parent: str, samples: list[Sample]) -> CocoDetections:
    parents = {sample.id: sample for sample in catalog.iter_samples(store, parent)}
    wanted = {crop_of(sample).parent_sample_id for sample in samples}
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
        crop = crop_of(sample)
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


def category_names(store: Store, dataset: str) -> dict[tuple[str, int], str]:
    return {
        (schema.task_name, category.id): category.name
        for schema in catalog.task_schemas(store, dataset)
        for category in schema.categories
    }


def crop_of(sample: Sample) -> Crop:
    if sample.crop is None:
        raise AssertionError(f"sample `{sample.file_name}` of a crops dataset is not a crop")
    return sample.crop


def _find(store: Store, dataset: str) -> Dataset:
    with store.reading() as connection:
        return find_dataset(connection, dataset)
