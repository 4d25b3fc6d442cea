"""Samples as documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from swath.server.browsing import BrowsedDataset
from swath.server.filters import tag_membership
from swath.store.database import Store
from swath.store.datasets import Dataset
from swath.store.samples import Sample, iter_samples
from swath.store.tags import list_tags
from swath.wire.browsing import CropDocument, SampleDocument

CategoryNames = Mapping[tuple[str, int], str | None]
"""By task and category id."""


def picture_version(sample: Sample) -> str:
    """Names the pixels of a sample: of an image by its bytes, of a crop by the object, which holds those."""
    content = sample.digest if sample.crop is None else sample.crop.object_key
    return content.hex()[:16]


def category_names(browsed: BrowsedDataset) -> CategoryNames:
    return {(category.task, category.category_id): category.name for category in browsed.columns.categories}


def sample_documents(
    store: Store, browsed: BrowsedDataset, indices: Sequence[int], *, with_tags: bool = False
) -> list[SampleDocument]:
    """The samples of these indices, in their order."""
    rows = {sample.index: sample for sample in read_samples(store, browsed.dataset, indices)}
    tags = _tags_of(store, browsed, indices) if with_tags else {}
    names = category_names(browsed)
    return [
        sample_document(rows[index], browsed.dataset, names, tags=tuple(tags[index]) if with_tags else None)
        for index in indices
        if index in rows  # all are, unless the dataset has just been deleted
    ]


def read_samples(store: Store, dataset: Dataset, indices: Sequence[int]) -> Iterator[Sample]:
    """The samples of these indices, by index."""
    return iter_samples(store, dataset.id, np.unique(np.array(indices, dtype=np.int64)))


def sample_document(
    sample: Sample, dataset: Dataset, names: CategoryNames, *, tags: tuple[str, ...] | None = None
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
    )


def _crop_document(sample: Sample, dataset: Dataset, names: CategoryNames) -> CropDocument | None:
    crop = sample.crop
    if crop is None:
        return None
    return CropDocument(
        parent_dataset_id=dataset.parent_id or "",
        parent_sample_id=crop.parent_sample_id,
        parent_file_name=crop.parent_file_name,
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


def _tags_of(store: Store, browsed: BrowsedDataset, indices: Sequence[int]) -> dict[int, list[str]]:
    """The names of the tags that each of some samples is in, but for the one that all are in."""
    found: dict[int, list[str]] = {index: [] for index in indices}
    wanted = np.array(indices, dtype=np.int64)
    with store.reading() as connection:
        tags = [tag for tag in list_tags(connection, browsed.dataset.id) if not tag.is_initial]
    for tag in tags:
        members = tag_membership(store, browsed, tag)  # ascending indices
        places = np.searchsorted(members, wanted)
        is_member = np.append(members, -1)[places] == wanted
        for index in wanted[is_member].tolist():
            found[index].append(tag.name)
    return found
