"""Which categories samples have, as strategies, limits and figures of a selection go by: crops have their own, images
those of their predictions. Categories of one name are one; one without a name goes by its id."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.candidates import CategoryPage
from swath.core.errors import InvalidConfig, NotFound
from swath.store import schema
from swath.store.datasets import Dataset, DatasetKind
from swath.store.hints import near_names
from swath.store.predictions import task_schemas
from swath.store.sample_rows import iter_sample_rows

_crops = schema.crops
_predictions = schema.predictions


def category_page(count: int, units: Sequence[int], labels: Sequence[str], names: Collection[str] = ()) -> CategoryPage:
    """The page of `count` samples of which the one at place `units[i]` has one more of `labels[i]`; `names` are those
    that there are besides."""
    every = sorted({*names, *labels})
    place_of = {name: place for place, name in enumerate(every)}
    codes = np.fromiter(map(place_of.__getitem__, labels), dtype=np.int64, count=len(labels))
    return _page(count, np.asarray(units, dtype=np.int64), codes, every)


def sample_categories(
    connection: Connection, dataset: Dataset, indices: NDArray[np.int64], *, task: str | None = None
) -> CategoryPage:
    """How many of each category some samples (n,), ascending, have: of a task, or of all. Names are all that schemas
    have, and those found."""
    names = _names(connection, dataset, task)
    table = _crops if dataset.kind is DatasetKind.CROPS else _predictions
    query = sa.select(table.c.sample_index, table.c.task, table.c.category_id).where(table.c.dataset_id == dataset.id)
    if task is not None:
        query = query.where(table.c.task == task)
    code_of: dict[tuple[str, int], int] = {}
    units: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
    codes: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
    for places, rows in iter_sample_rows(connection, query, table.c.sample_index, indices):
        units.append(places)
        keys = [(found, category_id) for _, found, category_id in rows]
        for key in keys:
            code_of.setdefault(key, len(code_of))
        codes.append(np.fromiter(map(code_of.__getitem__, keys), dtype=np.int64, count=len(keys)))
    labels = [names.get(key, str(key[1])) for key in code_of]
    every = sorted({*names.values(), *labels})
    place_of = {name: place for place, name in enumerate(every)}
    of_code = np.array([place_of[label] for label in labels], dtype=np.int64)
    found_codes = np.concatenate(codes)
    return _page(len(indices), np.concatenate(units), of_code[found_codes] if len(of_code) else found_codes, every)


def count_of(page: CategoryPage, names: Collection[str] | None) -> NDArray[np.float64]:
    """How many of these categories (None: of all) each sample of a page has (n,)."""
    amounts = page.amounts
    if names is not None:
        is_counted = np.array([name in names for name in page.names], dtype=np.bool_)
        amounts = amounts * is_counted[page.categories] if len(amounts) else amounts
    unit = np.repeat(np.arange(len(page.starts) - 1), np.diff(page.starts))
    return np.bincount(unit, weights=amounts, minlength=len(page.starts) - 1).astype(np.float64)


def task_of(connection: Connection, dataset: Dataset, task: str | None, *, field: str) -> str:
    """The task that is meant: of crops theirs, of images the one that is named, or the only one.

    Raises InvalidConfig for `field` where it cannot be, or is not clear; NotFound for one that nobody knows.
    """
    if dataset.kind is DatasetKind.CROPS:
        own = dataset.task or ""
        if task not in (None, own):
            raise InvalidConfig(
                f"`{field}`: the crops of `{dataset.name}` are of task `{own}`, got `{task}`",
                field=field,
                hint="Leave it out, or select among the images.",
            )
        return own
    tasks = [schema_.task_name for schema_ in task_schemas(connection, dataset.id)]
    if task is not None:
        if task not in tasks:
            raise NotFound(
                f"`{field}`: dataset `{dataset.name}` has no prediction task `{task}`",
                hint=near_names(task, tasks, "prediction task"),
            )
        return task
    if len(tasks) == 1:
        return tasks[0]
    raise InvalidConfig(
        f"`{field}`: which prediction task is meant must be said: dataset `{dataset.name}` has {len(tasks)}",
        field=field,
        hint=near_names("", tasks, "prediction task"),
    )


def check_categories(
    connection: Connection, dataset: Dataset, names: Collection[str], *, task: str | None, field: str
) -> None:
    """Raise InvalidConfig for `field` for the first name that no category of a task (None: of any) has."""
    known = set(_names(connection, dataset, task).values())
    for name in names:
        if name not in known and not _is_found(connection, dataset, name, task):
            raise InvalidConfig(
                f"`{field}`: there is no category `{name}`"
                + (f" in task `{task}`" if task is not None else f" in dataset `{dataset.name}`"),
                field=field,
                hint=near_names(name, sorted(known), "category"),
            )


def _names(connection: Connection, dataset: Dataset, task: str | None) -> Mapping[tuple[str, int], str]:
    """The names of categories by task and id: of a task, or of all that a dataset has anything of."""
    wanted = dataset.task if dataset.kind is DatasetKind.CROPS else task
    return {
        (schema_.task_name, category.id): category.name
        for schema_ in task_schemas(connection, dataset.parent_id or dataset.id)
        if wanted in (None, schema_.task_name)
        for category in schema_.categories
        if category.name
    }


def _is_found(connection: Connection, dataset: Dataset, name: str, task: str | None) -> bool:
    """Whether something is of a category that has no name in any schema, but this id."""
    if not (name.isascii() and name.isdigit() and len(name) < 10):
        return False
    table = _crops if dataset.kind is DatasetKind.CROPS else _predictions
    query = sa.select(table.c.task).where(table.c.dataset_id == dataset.id, table.c.category_id == int(name))
    if task is not None:
        query = query.where(table.c.task == task)
    named = _names(connection, dataset, task)
    return any((found, int(name)) not in named for found in connection.execute(query.distinct()).scalars())


def _page(count: int, units: NDArray[np.int64], codes: NDArray[np.int64], names: Sequence[str]) -> CategoryPage:
    """The page of as many of each category as there are pairs of a sample's place and a place in `names`."""
    pairs, amounts = np.unique(units * max(len(names), 1) + codes, return_counts=True)
    unit, category = np.divmod(pairs, max(len(names), 1))
    return CategoryPage(
        names=tuple(names),
        starts=np.searchsorted(unit, np.arange(count + 1)).astype(np.int64),
        categories=category.astype(np.int32),
        amounts=amounts.astype(np.float64),
    )
