"""Samples as documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from sqlalchemy.engine import Connection

from swath.core.browsing import SampleColumns
from swath.store.database import Store
from swath.store.datasets import Dataset, DatasetKind
from swath.store.predictions import task_schemas
from swath.store.sample_lookup import boxes_on_images
from swath.store.samples import Sample, iter_samples
from swath.store.tags import list_tags, tag_bitmap
from swath.wire.browsing import CropDocument, PredictedBox, SampleDocument

CategoryNames = Mapping[tuple[str, int], str | None]
"""By task and category id."""


def picture_version(sample: Sample) -> str:
    """Names the pixels of a sample: of an image by its bytes, of a crop by the object, which holds those."""
    content = sample.digest if sample.crop is None else sample.crop.object_key
    return content.hex()[:16]


def names_in(columns: SampleColumns) -> CategoryNames:
    """The names of categories as a dataset that is being browsed has them."""
    return {(category.task, category.category_id): category.name for category in columns.categories}


def names_of(connection: Connection, dataset: Dataset) -> CategoryNames:
    """The same from the database, for a dataset whose columns need not be read for a single sample."""
    schemas = task_schemas(connection, dataset.parent_id or dataset.id)
    return {
        (schema.task_name, category_id): name
        for schema in schemas
        for category_id, name in schema.category_names.items()
    }


def sample_documents(
    store: Store,
    dataset: Dataset,
    indices: Sequence[int],
    names: CategoryNames,
    *,
    with_tags: bool = False,
    with_boxes: bool = False,
) -> list[SampleDocument]:
    """The samples of these indices, in their order."""
    rows = {sample.index: sample for sample in read_samples(store, dataset, indices)}
    tags = _tags_of(store, dataset, indices) if with_tags else {}
    boxes = _boxes_of(store, dataset, indices, names) if with_boxes and dataset.kind is DatasetKind.IMAGES else {}
    return [
        sample_document(
            rows[index],
            dataset,
            names,
            tags=tuple(tags[index]) if with_tags else None,
            boxes=boxes.get(index),
        )
        for index in indices
        if index in rows  # all are, unless the dataset has just been deleted
    ]


def read_samples(store: Store, dataset: Dataset, indices: Sequence[int]) -> Iterator[Sample]:
    """The samples of these indices, by index."""
    return iter_samples(store, dataset.id, np.unique(np.array(indices, dtype=np.int64)))


def sample_document(
    sample: Sample,
    dataset: Dataset,
    names: CategoryNames,
    *,
    tags: tuple[str, ...] | None = None,
    boxes: tuple[PredictedBox, ...] | None = None,
) -> SampleDocument:
    address = f"/api/samples/{sample.id}"
    return SampleDocument(
        id=sample.id,
        dataset_id=dataset.id,
        index=sample.index,
        file_name=sample.file_name,
        width=sample.width,
        height=sample.height,
        byte_size=sample.byte_size,
        thumbnail_url=f"{address}/thumbnail?v={picture_version(sample)}",
        file_url=f"{address}/file",
        run_id=sample.run_id,
        created_at=sample.created_at,
        crop=_crop_document(sample, dataset, names),
        tags=tags,
        boxes=boxes,
    )


def _crop_document(sample: Sample, dataset: Dataset, names: CategoryNames) -> CropDocument | None:
    crop = sample.crop
    if crop is None:
        return None
    return CropDocument(
        parent_dataset_id=dataset.parent_id or "",
        parent_sample_id=crop.parent_sample_id,
        parent_file_name=crop.parent_file_name,
        parent_width=crop.parent_width,
        parent_height=crop.parent_height,
        context_url=f"/api/samples/{sample.id}/context?v={picture_version(sample)}",
        task=crop.task,
        category_id=crop.category_id,
        category=names.get((crop.task, crop.category_id)),
        score=crop.score,
        box=crop.box,
        crop_rect=crop.crop_rect,
        padding=crop.padding,
        position=crop.position,
        stale=crop.stale,
    )


def _tags_of(store: Store, dataset: Dataset, indices: Sequence[int]) -> dict[int, list[str]]:
    """The names of the tags that each of some samples is in, but for the one that all are in."""
    found: dict[int, list[str]] = {index: [] for index in indices}
    with store.reading() as connection:
        for tag in list_tags(connection, dataset.id):
            if tag.is_initial:
                continue
            members = tag_bitmap(connection, tag)
            for index in indices:
                if index in members:
                    found[index].append(tag.name)
    return found


def _boxes_of(
    store: Store, dataset: Dataset, indices: Sequence[int], names: CategoryNames
) -> dict[int, tuple[PredictedBox, ...]]:
    """What was predicted on each of some images, by their indices."""
    with store.reading() as connection:
        found = boxes_on_images(connection, dataset.id, indices)
    return {
        index: tuple(
            PredictedBox(
                task=box.task,
                position=box.position,
                category_id=box.category_id,
                category=names.get((box.task, box.category_id)),
                score=box.score,
                box=box.box,
                is_cropped=box.is_cropped,
            )
            for box in boxes
        )
        for index, boxes in found.items()
    }
