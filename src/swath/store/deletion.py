"""Deleting datasets: rows here, and a list of the files elsewhere that nobody needs any more."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.errors import Conflict, SwathError
from swath.pipeline.ports import Datasource
from swath.store import schema
from swath.store.database import Store
from swath.store.datasets import Dataset, DatasetKind, crops_datasets_of, refuse_while_used
from swath.store.embeddings import segments_of
from swath.store.export_jobs import forget_exports
from swath.store.home import Home
from swath.store.operations import forget_operations
from swath.store.projections import forget_projections
from swath.store.selections import forget_selections
from swath.store.sharing import find_dataset, require_owner
from swath.store.uploads import uploads_folder
from swath.store.views import forget_views

_TABLES = (
    schema.crops,
    schema.predictions,
    schema.sample_metadata,
    schema.active_learning_scores,
    schema.uploaded_embeddings,
    schema.metadata_configurations,
    schema.datasource_documents,
    schema.samples,
    schema.prediction_tasks,
    schema.vector_segments,
    schema.used_files,
    schema.tags,
    schema.dataset_shares,
    schema.datasource_credentials,
)
"""Tables whose rows belong to one dataset; those that point at others come before them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedDataset:
    """What is left of a dataset once its rows are gone: files for the caller to delete.

    `crop_files` and `thumbnails` are keys in the datasource `output_uri`; the files of an image dataset's samples
    belong to the user and are not listed. `home_files` are vectors, points of projections and exports, and the folder
    of what was uploaded.
    """

    name: str
    output_uri: str
    crop_files: tuple[str, ...]
    thumbnails: tuple[str, ...]
    home_files: tuple[Path, ...]


def delete_dataset(
    store: Store, home: Home, name_or_id: str, *, cascade: bool = False, user_id: str | None = None
) -> list[DeletedDataset]:
    """Delete a dataset, with `cascade` also the crops datasets of an image dataset; all of it or nothing.

    What runs have used for it is forgotten too, so that a new run starts afresh; the record of runs stays.
    The caller holds `home.lock`. Raises NotFound, NotAllowed if it is shared with `user_id`, and Conflict for an
    image dataset that has crops datasets and while a run that adds to it waits or is under way.
    """
    with store.writing() as connection:
        dataset = find_dataset(connection, name_or_id, user_id)
        if user_id is not None:
            require_owner(connection, dataset, user_id, to="delete it")
        children = crops_datasets_of(connection, dataset.id)
        if children and not cascade:
            names = ", ".join(f"`{child.name}`" for child in children)
            raise Conflict(
                f"dataset `{dataset.name}` has crops datasets: {names}",
                hint="Delete these first, or all of them at once with cascade.",
            )
        refuse_while_used(connection, [*children, dataset], to="delete the dataset")
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
        home_files=tuple(_home_files(connection, home, dataset.id)),
    )
    for forget in (forget_operations, forget_exports, forget_selections, forget_views, forget_projections):
        forget(connection, dataset.id)
    connection.execute(sa.update(schema.tags).where(schema.tags.c.dataset_id == dataset.id).values(parent_id=None))
    for table in _TABLES:
        connection.execute(sa.delete(table).where(table.c.dataset_id == dataset.id))
    connection.execute(sa.delete(schema.datasets).where(schema.datasets.c.id == dataset.id))
    return deleted


def _home_files(connection: Connection, home: Home, dataset_id: str) -> Iterator[Path]:
    for segment in segments_of(connection, dataset_id):
        yield home.vectors / segment.file_name
    segments, projections, exports = schema.projection_segments, schema.projections, schema.exports
    points = sa.select(segments.c.file_name).join_from(segments, projections)
    for file_name in connection.execute(points.where(projections.c.dataset_id == dataset_id)).scalars():
        yield home.projections / file_name
    for export_id in connection.execute(sa.select(exports.c.id).where(exports.c.dataset_id == dataset_id)).scalars():
        yield from sorted(home.exports.glob(f"{export_id}*"))
    uploaded = uploads_folder(home, dataset_id)
    if uploaded.is_dir():
        yield uploaded


def delete_files(deleted: DeletedDataset, open_datasource: Callable[[str], Datasource]) -> list[str]:
    """Delete what is left of a deleted dataset. Says, a line each, which files stay and why."""
    notes: list[str] = []
    files = [*deleted.crop_files, *deleted.thumbnails]
    try:
        if files:
            open_datasource(deleted.output_uri).delete(files)
    except SwathError as exc:
        notes.append(f"files of `{deleted.name}` in `{deleted.output_uri}` could not be deleted: {exc.message}")
    try:
        for path in deleted.home_files:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    except OSError as exc:
        notes.append(f"`{exc.filename}` could not be deleted: {exc.strerror}")
    return notes
