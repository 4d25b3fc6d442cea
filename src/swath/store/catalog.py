"""What people and scripts ask about datasets: lists, details, samples and predictions in order, members of tags.

`user_id` is whoever asks; without one, ids reach every dataset and names are those that the local user sees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.errors import NotFound
from swath.core.predictions import TaskSchema
from swath.store import datasets as stored
from swath.store import embeddings, predictions, runs, samples, schema, tags
from swath.store.database import Store
from swath.store.datasets import Dataset, DatasetKind
from swath.store.embedders import embedder_by_id
from swath.store.hints import near_names
from swath.store.home import Home
from swath.store.sharing import find_dataset, visible_datasets
from swath.store.users import list_users, local_user
from swath.wire.datasets import CategoryCount, DatasetDetails, DatasetSummary, EmbedderSummary, RunSummary, TagSummary

_table = schema.datasets


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetTotals:
    """What only the rows of a dataset tell: it changes with the dataset's own version."""

    byte_size: int  # of all files
    stale_crops: int
    categories: tuple[CategoryCount, ...]  # by task, most frequent first


TotalsOf = Callable[[Connection, Dataset], DatasetTotals]


def list_datasets(store: Store, *, user_id: str | None = None) -> list[DatasetSummary]:
    """All datasets that a user (the local one) sees, oldest first."""
    with store.reading() as connection:
        found = visible_datasets(connection, user_id or local_user(connection).id)
        return _summaries(connection, found)


def summarize_dataset(store: Store, name_or_id: str, *, user_id: str | None = None) -> DatasetSummary:
    """The line of one dataset in a list. Raises NotFound."""
    with store.reading() as connection:
        return _summaries(connection, [find_dataset(connection, name_or_id, user_id)])[0]


def count_totals(connection: Connection, dataset: Dataset) -> DatasetTotals:
    """Reads a row per sample and one per crop or prediction: a second for a million."""
    categories, stale = _category_counts(connection, dataset)
    return DatasetTotals(byte_size=_byte_size(connection, dataset.id), stale_crops=stale, categories=tuple(categories))


def describe_dataset(
    store: Store, name_or_id: str, *, user_id: str | None = None, totals_of: TotalsOf = count_totals
) -> DatasetDetails:
    """Everything about one dataset. Raises NotFound, naming datasets that are spelt alike.

    `totals_of` is for who has counted before.
    """
    with store.reading() as connection:
        dataset = find_dataset(connection, name_or_id, user_id)
        children = stored.crops_datasets_of(connection, dataset.id)
        embedder = None
        if dataset.embedder_id is not None:
            identity = embedder_by_id(connection, dataset.embedder_id)
            embedder = EmbedderSummary(name=identity.name, digest=identity.digest, dimension=identity.dimension)
        totals = totals_of(connection, dataset)
        return DatasetDetails(
            **_summaries(connection, [dataset])[0].model_dump(),
            is_default=dataset.is_default,
            input_uri=dataset.input_uri,
            output_uri=dataset.output_uri,
            byte_size=totals.byte_size,
            stale_crops=totals.stale_crops,
            embedder=embedder,
            children=tuple(_summaries(connection, children)),
            categories=totals.categories,
            tags=tuple(tag_summary(tag) for tag in tags.list_tags(connection, dataset.id)),
            runs=tuple(run_summary(run) for run in runs.list_runs(connection, dataset.id)),
        )


def list_runs(store: Store, *, user_id: str | None = None) -> list[RunSummary]:
    """The runs of a user (the local one) and those on datasets they see, newest first."""
    with store.reading() as connection:
        viewer = user_id or local_user(connection).id
        seen = {dataset.id for dataset in visible_datasets(connection, viewer)}
        found = runs.list_runs(connection)
        return [run_summary(run) for run in found if run.owner_id == viewer or run.image_dataset_id in seen]


def iter_samples(
    store: Store, dataset: str, tag: str | None = None, *, user_id: str | None = None
) -> Iterator[samples.Sample]:
    """The samples of a dataset (of one of its tags) by index. Raises NotFound at the first step."""
    with store.reading() as connection:
        found = find_dataset(connection, dataset, user_id)
        indices = None if tag is None else _members(connection, found, tag)
    yield from samples.iter_samples(store, found.id, indices)


def iter_predictions(
    store: Store, dataset: str, *, task: str, user_id: str | None = None
) -> Iterator[predictions.Prediction]:
    """The predictions of one task of an image dataset, by sample index and position."""
    with store.reading() as connection:
        found = find_dataset(connection, dataset, user_id)
        names = [schema.task_name for schema in predictions.task_schemas(connection, found.id)]
    if task not in names:
        raise NotFound(
            f"dataset `{found.name}` has no predictions of task `{task}`", hint=near_names(task, names, "task")
        )
    yield from predictions.iter_predictions(store, found.id, task=task)


def task_schemas(store: Store, dataset: str, *, user_id: str | None = None) -> list[TaskSchema]:
    """The tasks of an image dataset; of a crops dataset, the one its crops were cut by."""
    with store.reading() as connection:
        return _task_schemas(connection, find_dataset(connection, dataset, user_id))


def tag_indices(store: Store, dataset: str, tag: str, *, user_id: str | None = None) -> NDArray[np.int64]:
    """The sample indices (M,) of a tag, ascending. Raises NotFound."""
    with store.reading() as connection:
        return _members(connection, find_dataset(connection, dataset, user_id), tag)


def read_vectors(store: Store, home: Home, dataset: str, *, user_id: str | None = None) -> NDArray[np.float16]:
    """The vectors (N, D) of a dataset by sample index, memory-mapped where possible."""
    with store.reading() as connection:
        return embeddings.read_vectors(connection, home, find_dataset(connection, dataset, user_id).id)


def run_summary(run: runs.Run) -> RunSummary:
    return RunSummary(
        id=run.id,
        state=run.state.value,
        message=run.message,
        image_dataset=run.image_dataset_name,
        crop_dataset=run.crop_dataset_name,
        task=run.task,
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
    )


def _members(connection: Connection, dataset: Dataset, tag: str) -> NDArray[np.int64]:
    return tags.tag_members(connection, tags.find_tag(connection, dataset.id, tag))


def _summaries(connection: Connection, datasets: Sequence[Dataset]) -> list[DatasetSummary]:
    users = {user.id: user.name for user in list_users(connection)}
    parents = {dataset.parent_id for dataset in datasets if dataset.parent_id is not None}
    names = {dataset.id: dataset.name for dataset in stored.select_datasets(connection, _table.c.id.in_(parents))}
    return [
        DatasetSummary(
            id=dataset.id,
            owner_id=dataset.owner_id,
            owner=users[dataset.owner_id],
            name=dataset.name,
            kind=dataset.kind.value,
            sample_count=dataset.sample_count,
            parent_id=dataset.parent_id,
            parent=None if dataset.parent_id is None else names[dataset.parent_id],
            task=dataset.task,
            created_at=dataset.created_at,
            modified_at=dataset.modified_at,
        )
        for dataset in datasets
    ]


def tag_summary(tag: tags.Tag) -> TagSummary:
    return TagSummary(
        id=tag.id,
        name=tag.name,
        parent_id=tag.parent_id,
        size=tag.member_count,
        total_size=tag.total_size,
        revision=tag.revision,
        run_id=tag.run_id,
        created_at=tag.created_at,
        modified_at=tag.modified_at,
    )


def _task_schemas(connection: Connection, dataset: Dataset) -> list[TaskSchema]:
    if dataset.kind is DatasetKind.IMAGES:
        return predictions.task_schemas(connection, dataset.id)
    of_parent = predictions.task_schemas(connection, dataset.parent_id or "")
    return [task for task in of_parent if task.task_name == dataset.task]


def _category_counts(connection: Connection, dataset: Dataset) -> tuple[list[CategoryCount], int]:
    """Crops or predictions by category, and how many of the crops are stale."""
    names = {task.task_name: task.category_names for task in _task_schemas(connection, dataset)}
    is_crops = dataset.kind is DatasetKind.CROPS
    table = schema.crops if is_crops else schema.predictions
    stale = sa.func.sum(sa.case((table.c.stale, 1), else_=0)) if is_crops else sa.literal(0)
    query = (
        sa.select(table.c.task, table.c.category_id, sa.func.count(), stale)
        .where(table.c.dataset_id == dataset.id)
        .group_by(table.c.task, table.c.category_id)
    )
    rows = connection.execute(query).all()
    counts = [
        CategoryCount(task=task, category_id=category, name=names.get(task, {}).get(category), count=count)
        for task, category, count, _ in rows
    ]
    return sorted(counts, key=lambda entry: (entry.task, -entry.count, entry.category_id)), sum(row[3] for row in rows)


def _byte_size(connection: Connection, dataset_id: str) -> int:
    table = schema.samples
    total = sa.select(sa.func.sum(table.c.byte_size)).where(table.c.dataset_id == dataset_id)
    return int(connection.execute(total).scalar() or 0)
