"""Deleting datasets: rows here, and a list of the files elsewhere that nobody needs any more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.errors import Conflict
from swath.store import schema
from swath.store.database import Store
from swath.store.datasets import Dataset, DatasetKind, crops_datasets_of, find_dataset
from swath.store.embeddings import segments_of
from swath.store.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedDataset:
    """What is left of a dataset once its rows are gone: files for the caller to delete.

    `crop_files` and `thumbnails` are keys in the datasource `output_uri`; the files of an image dataset's samples
    belong to the user and are not listed.
    """

    name: str
    output_uri: str
    crop_files: tuple[str, ...]
    thumbnails: tuple[str, ...]
    vector_files: tuple[Path, ...]


def delete_dataset(store: Store, home: Home, name_or_id: str, *, cascade: bool = False) -> list[DeletedDataset]:
    """Delete a dataset, with `cascade` also the crops datasets of an image dataset; all of it or nothing.

    What runs have used for it is forgotten too, so that a new run starts afresh; the record of runs stays.
    The caller holds `home.lock`. Raises NotFound, and Conflict for an image dataset that has crops datasets.
    """
    with store.writing() as connection:
        dataset = find_dataset(connection, name_or_id)
        children = crops_datasets_of(connection, dataset.id)
        if children and not cascade:
            names = ", ".join(f"`{child.name}`" for child in children)
            raise Conflict(
                f"dataset `{dataset.name}` has crops datasets: {names}",
                hint="Delete these first, or all of them at once with cascade.",
            )
        return [_delete(connection, home, doomed) for doomed in (*children, dataset)]


def _delete(connection: Connection, home: Home, dataset: Dataset) -> DeletedDataset:
    samples = schema.samples
    files = connection.execute(
        sa.select(samples.c.file_name, samples.c.thumbnail_key)
        .where(samples.c.dataset_id == dataset.id)
        .order_by(samples.c.sample_index)
    ).all()
    is_crops = dataset.kind is DatasetKind.CROPS
    deleted = DeletedDataset(
        name=dataset.name,
        output_uri=dataset.output_uri,
        crop_files=tuple(name for name, _ in files) if is_crops else (),
        thumbnails=tuple(thumbnail for _, thumbnail in files if thumbnail),
        vector_files=tuple(home.vectors / segment.file_name for segment in segments_of(connection, dataset.id)),
    )
    # Rows that point at others go before them.
    for table in (
        schema.crops,
        schema.predictions,
        schema.samples,
        schema.prediction_tasks,
        schema.vector_segments,
        schema.used_files,
    ):
        connection.execute(sa.delete(table).where(table.c.dataset_id == dataset.id))
    connection.execute(sa.update(schema.tags).where(schema.tags.c.dataset_id == dataset.id).values(parent_id=None))
    connection.execute(sa.delete(schema.tags).where(schema.tags.c.dataset_id == dataset.id))
    connection.execute(sa.delete(schema.datasets).where(schema.datasets.c.id == dataset.id))
    return deleted
