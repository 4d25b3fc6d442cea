"""Datasets as files for others: name lists, embeddings, COCO documents, and crops in folders per category."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.crops import clean_category
from swath.core.errors import Conflict, InvalidConfig, SourceUnavailable
from swath.formats.embeddings_csv import write_embeddings_csv
from swath.formats.filenames import write_filenames
from swath.formats.spreadsheet import csv_line
from swath.pipeline.ports import VectorBatch
from swath.store import catalog, tags
from swath.store.archives import CopiedEntry, Entry, TextEntry
from swath.store.database import Store
from swath.store.datasets import Dataset, DatasetKind, crops_datasets_of
from swath.store.embeddings import iter_vectors, segments_of
from swath.store.home import Home
from swath.store.samples import Sample, crop_of, iter_samples
from swath.store.sharing import find_dataset
from swath.store.subsets import Subset, iter_subset, pages_of
from swath.wire.exports import ExportUnit

ROWS_AT_A_TIME = 4096
"""Vectors that are in memory."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorBatches:
    """Vectors of `dimension` numbers, which are read when they are asked for."""

    dimension: int
    batches: Iterator[VectorBatch]


def crops_csv_head() -> str:
    """The first line of crops.csv."""
    return csv_line(_CROP_COLUMNS)


def export_filenames(store: Store, dataset: str, subset: Subset, *, unit: ExportUnit | None = None) -> str:
    """One file name per line, by index; with unit `images` those of the images that crops were cut from, each once.

    Raises InvalidConfig for crops of an image dataset.
    """
    return write_filenames(iter_file_names(store, dataset, subset, unit=unit))


def iter_file_names(store: Store, dataset: str, subset: Subset, *, unit: ExportUnit | None = None) -> Iterator[str]:
    """The names themselves, as they are read. Raises as above at the first step."""
    if unit is ExportUnit.CROPS:
        require_crops(store, dataset, field="options.unit")
    seen: set[str] = set()
    for sample in iter_subset(store, dataset, subset):
        if unit is not ExportUnit.IMAGES or sample.crop is None:
            yield sample.file_name
        elif sample.crop.parent_file_name not in seen:
            seen.add(sample.crop.parent_file_name)
            yield sample.crop.parent_file_name


def export_embeddings_csv(store: Store, home: Home, dataset: str, subset: Subset) -> Iterator[str]:
    """The embeddings file in pieces, rows by index. Raises Conflict for samples without embeddings."""
    # Indices first: samples that a run adds meanwhile are in neither column.
    indices = np.array([sample.index for sample in iter_subset(store, dataset, subset)], dtype=np.int64)
    names = [sample.file_name for sample in iter_subset(store, dataset, indices)]
    vectors = catalog.read_vectors(store, home, dataset)
    if len(indices) and not len(vectors):
        raise no_embeddings(_find(store, dataset))
    is_all = len(indices) == len(vectors)
    return write_embeddings_csv(names, vectors if is_all else vectors[indices])


def vector_batches(store: Store, home: Home, dataset: str, subset: Subset) -> VectorBatches:
    """The vectors of samples, by index, as they go into a file. Raises Conflict for samples without embeddings."""
    found = _find(store, dataset)
    indices = np.array([sample.index for sample in iter_subset(store, dataset, subset)], dtype=np.int64)
    with store.reading() as connection:
        dimension = next((segment.dimension for segment in segments_of(connection, found.id)), 0)
        if len(indices) and not dimension:
            raise no_embeddings(found)
        vectors = iter_vectors(connection, home, found.id, indices, rows_at_a_time=ROWS_AT_A_TIME)

    def batches() -> Iterator[VectorBatch]:
        pages = pages_of(iter_samples(store, found.id, indices), ROWS_AT_A_TIME)
        for page, rows in zip(pages, vectors, strict=True):
            yield VectorBatch(
                ids=[sample.id for sample in page], file_names=[sample.file_name for sample in page], vectors=rows
            )

    return VectorBatches(dimension=dimension, batches=batches())


def export_tags(store: Store, dataset: str, subset: Subset) -> Iterator[str]:
    """A JSON document `{"dataset": name, "tags": [{"name", "file_names"}, …]}` in pieces, without initial-tag."""
    found = _find(store, dataset)
    yield f'{{"dataset": {json.dumps(found.name)}, "tags": ['
    separator = "\n"
    for document in tag_documents(store, dataset, subset):
        yield separator + document
        separator = ",\n"
    yield "\n]}\n"


def tag_documents(store: Store, dataset: str, subset: Subset, *, most_names: int | None = None) -> Iterator[str]:
    """One JSON object per tag, with the first `most_names` of its samples among those of the subset, or all."""
    found = _find(store, dataset)
    if isinstance(subset, str):
        subset = catalog.tag_indices(store, found.id, subset)
    with store.reading() as connection:
        listed = [tag for tag in tags.list_tags(connection, found.id) if not tag.is_initial]
    for tag in listed:
        with store.reading() as connection:
            members = tags.tag_members(connection, tag)
        if subset is not None:
            members = np.intersect1d(members, subset, assume_unique=True)
        names = [sample.file_name for sample in iter_samples(store, found.id, members[:most_names])]
        yield json.dumps({"name": tag.name, "file_names": names})


def members_by_tag(store: Store, dataset_id: str) -> dict[str, NDArray[np.int64]]:
    """The sample indices of every tag of a dataset but initial-tag, by name, oldest first."""
    with store.reading() as connection:
        return {
            tag.name: tags.tag_members(connection, tag)
            for tag in tags.list_tags(connection, dataset_id)
            if not tag.is_initial
        }


def crop_files(store: Store, dataset: str, subset: Subset) -> Iterator[CropFile]:
    """The crops of a crops dataset with a folder per category. Raises InvalidConfig for an image dataset."""
    require_crops(store, dataset)
    names = category_names(store, dataset)
    for sample in iter_subset(store, dataset, subset):
        crop = crop_of(sample)
        category_name = names.get((crop.task, crop.category_id)) or ""
        category = clean_category(category_name, category_id=crop.category_id)
        # The index keeps names apart: two images in different folders may have the same name.
        name = f"{sample.index:07d}_{sample.file_name.rsplit('/', 1)[-1]}"
        yield CropFile(key=sample.file_name, category=category, name=name, category_name=category_name, sample=sample)


def crop_entries(store: Store, dataset: str, subset: Subset) -> Iterator[Entry]:
    """The files of a zip of crops: the crops themselves and crops.csv. Raises InvalidConfig for an image dataset."""
    lines = [crops_csv_head()]
    for file in crop_files(store, dataset, subset):
        yield CopiedEntry(path=file.path, key=file.key)
        lines.append(file.csv_line)
    yield TextEntry(path=CROPS_CSV, text="".join(lines))


def require_crops(store: Store, dataset: str, *, field: str = "format") -> None:
    """Raise InvalidConfig, naming `field`, for an image dataset."""
    found = _find(store, dataset)
    if found.kind is DatasetKind.CROPS:
        return
    with store.reading() as connection:
        children = ", ".join(f"`{child.name}`" for child in crops_datasets_of(connection, found.id))
    raise InvalidConfig(
        f"`{found.name}` is an image dataset and has no crops",
        field=field,
        hint=f"its crops datasets: {children}." if children else "",
    )


def crops_are_gone(missing: Sequence[str], output_uri: str, *, exported: int) -> SourceUnavailable:
    """The error for crop files that are not where they were written."""
    return SourceUnavailable(
        f"{len(missing)} crop files are gone from `{output_uri}`, the first is `{missing[0]}`; "
        f"the other {exported} were exported",
        hint="delete the crops dataset and run again with --process-all to make them anew.",
    )


def category_names(store: Store, dataset: str) -> dict[tuple[str, int], str]:
    return {
        (schema.task_name, category.id): category.name
        for schema in catalog.task_schemas(store, dataset)
        for category in schema.categories
    }


def no_embeddings(dataset: Dataset) -> Conflict:
    return Conflict(
        f"dataset `{dataset.name}` has no embeddings", hint="They come with a run, or are uploaded for all its samples."
    )


def _find(store: Store, dataset: str) -> Dataset:
    with store.reading() as connection:
        return find_dataset(connection, dataset)
