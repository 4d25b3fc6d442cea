"""What is attached to samples, measured of them or scored, as numbers and as categories of a selection."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np
import orjson
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.browsing.metadata import MOST_DISTINCT, Scalar, flattened, scalar_text
from swath.core.candidates import CategoryPage
from swath.core.errors import InvalidConfig
from swath.core.scoring import OBJECT_FREQUENCY
from swath.store import schema
from swath.store.datasets import Dataset, DatasetKind
from swath.store.hints import near_names
from swath.store.metadata_columns import SCORES_KEY, score_key
from swath.store.sample_rows import iter_sample_rows, parent_indices
from swath.store.selection_categories import category_page

MEASURED_PREFIX = "lightly."
SCORES_PREFIX = f"{SCORES_KEY}."

LONGEST_LABEL = 1_000

SAMPLES_SEARCHED = 5_000
"""Samples whose keys are listed for one that nobody has."""

_metadata = schema.sample_metadata
_samples = schema.samples
_crops = schema.crops

Values = list[Scalar | None]
"""One for each of some samples; None where nobody knows any."""

_SOURCES: Mapping[str, str] = {"custom": "", "scores": SCORES_PREFIX, "measured": MEASURED_PREFIX}
"""Columns of what is known, and what their keys start with. What people attach does not hide the others."""

_MEASURED: Mapping[str, Callable[[int, int, int], float | None]] = {
    "lightly.width": lambda width, height, size: width or None,
    "lightly.height": lambda width, height, size: height or None,
    "lightly.aspectRatio": lambda width, height, size: width / height if width and height else None,
    "lightly.area": lambda width, height, size: width * height or None,
    "lightly.sizeInBytes": lambda width, height, size: size,
}
"""Of pixels and bytes of the file, of images or of crops as they were cut out; nobody may know width and height."""


def known_values(connection: Connection, dataset: Dataset, key: str, indices: NDArray[np.int64]) -> Values:
    """What is known under a key of some samples (n,), ascending. Crops have what their image has, where they have
    nothing of their own; but how sure their own prediction is says no other."""
    if key in _MEASURED:
        return _measured(connection, dataset.id, key, indices)
    found = _attached(connection, dataset.id, key, indices)
    if dataset.kind is DatasetKind.IMAGES or _is_of_predictions(key, dataset.task or ""):
        return found
    missing = np.array([value is None for value in found], dtype=np.bool_)
    if not missing.any():
        return found
    images, place = np.unique(parent_indices(connection, dataset.id, indices[missing]), return_inverse=True)
    of_images = _attached(connection, dataset.parent_id or "", key, images)
    for at, image in zip(np.flatnonzero(missing).tolist(), place.reshape(-1).tolist(), strict=True):
        found[at] = of_images[image]
    return found


def _is_of_predictions(key: str, task: str) -> bool:
    """Whether a key is of scores that single predictions of a task have, and not images alone."""
    return key.startswith(score_key(task, "")) and key != score_key(task, OBJECT_FREQUENCY)


def numbers_under(
    connection: Connection, dataset: Dataset, key: str, indices: NDArray[np.int64], *, field: str
) -> NDArray[np.float64]:
    """Those numbers (n,), a boolean being 0 or 1, NaN where there are none. Raises InvalidConfig for `field`, naming a
    sample, where there is nothing but texts."""
    values = known_values(connection, dataset, key, indices)
    numbers = np.array([np.nan if value is None or isinstance(value, str) else value for value in values], dtype=float)
    texts = [place for place, value in enumerate(values) if isinstance(value, str)]
    if texts and np.isnan(numbers).all():
        name = _file_name(connection, dataset.id, int(indices[texts[0]]))
        raise InvalidConfig(
            f"`{field}`: expected numbers, but `{key}` of `{name}` is `{str(values[texts[0]])[:100]}`",
            field=field,
            hint="Weights and thresholds go by numbers; texts can be balanced.",
        )
    return numbers


def categories_under(
    connection: Connection,
    dataset: Dataset,
    key: str,
    indices: NDArray[np.int64],
    *,
    field: str,
    names: Collection[str] = (),
) -> CategoryPage:
    """Those values as categories, and `names` besides. Raises InvalidConfig for `field`, naming a sample, for a number
    that is not whole, and for more different values than anybody balances."""
    values = known_values(connection, dataset, key, indices)
    for place, value in enumerate(values):
        if isinstance(value, float) and not value.is_integer():
            name = _file_name(connection, dataset.id, int(indices[place]))
            raise InvalidConfig(
                f"`{field}`: expected texts, booleans or whole numbers, but `{key}` of `{name}` is `{value}`",
                field=field,
                hint="Numbers go with weights and thresholds; attach ranges as texts to balance them.",
            )
    units = [unit for unit, value in enumerate(values) if value is not None]
    labels = [scalar_text(value)[:LONGEST_LABEL] for value in values if value is not None]
    if len(set(labels)) > MOST_DISTINCT:
        raise InvalidConfig(
            f"`{field}`: `{key}` has more than {MOST_DISTINCT:,} different values, which names samples and does not "
            "group them",
            field=field,
            hint="Balance by a key that many samples have the same value of.",
        )
    return category_page(len(indices), units, labels, names)


def unknown_key(
    connection: Connection, dataset: Dataset, key: str, indices: NDArray[np.int64], *, field: str
) -> InvalidConfig:
    """The error for a key that none of some samples (n,) has, with those that are spelt alike."""
    keys = known_keys(connection, dataset, indices)
    if key in keys:
        keys.remove(key)  # of others, or null
    return InvalidConfig(
        f"`{field}`: nothing is known under `{key}` of any of the {len(indices):,} samples to choose from",
        field=field,
        hint=near_names(key, sorted(keys), "key of metadata"),
    )


def known_keys(connection: Connection, dataset: Dataset, indices: NDArray[np.int64]) -> set[str]:
    """The keys under which something is known of some samples (n,): of the first few thousand."""
    searched = indices[:SAMPLES_SEARCHED]
    keys = set(_MEASURED)
    keys.update(*(document for _, document in _documents(connection, dataset.id, searched)))
    if dataset.kind is DatasetKind.CROPS:
        images = np.unique(parent_indices(connection, dataset.id, searched))
        keys.update(*(document for _, document in _documents(connection, dataset.parent_id or "", images)))
    return keys


def stored_scores(connection: Connection, dataset: Dataset, indices: NDArray[np.int64]) -> set[tuple[str, str]]:
    """The task and name of the scores that are known of some samples (n,): of the first few thousand."""
    query = sa.select(_metadata.c.sample_index, _metadata.c.scores).where(
        _metadata.c.dataset_id == dataset.id, _metadata.c.scores.is_not(None)
    )
    found: set[tuple[str, str]] = set()
    for _, rows in iter_sample_rows(connection, query, _metadata.c.sample_index, indices[:SAMPLES_SEARCHED]):
        for _, text in rows:
            found.update((task, name) for task, scores in _read(text).items() for name in scores)
    return found


def _attached(connection: Connection, dataset_id: str, key: str, indices: NDArray[np.int64]) -> Values:
    values: Values = [None] * len(indices)
    for place, document in _documents(connection, dataset_id, indices, key=key):
        values[place] = document.get(key)
    return values


def _documents(
    connection: Connection, dataset_id: str, indices: NDArray[np.int64], *, key: str | None = None
) -> Iterator[tuple[int, Mapping[str, Scalar]]]:
    """What is known of some samples (n,) by their place, flat; with a key, at least what is known under it."""
    sources = {name: prefix for name, prefix in _SOURCES.items() if key is None or key.startswith(prefix)}
    columns = [_metadata.c[name] for name in sources]
    query = sa.select(_metadata.c.sample_index, *columns).where(
        _metadata.c.dataset_id == dataset_id, sa.or_(*(column.is_not(None) for column in columns))
    )
    for places, rows in iter_sample_rows(connection, query, _metadata.c.sample_index, indices):
        for place, (_, *texts) in zip(places.tolist(), rows, strict=True):
            document: dict[str, Scalar] = {}
            for prefix, text in zip(sources.values(), texts, strict=True):
                if text is not None:
                    document |= {f"{prefix}{name}": value for name, value in flattened(_read(text)).items()}
            yield place, document


def _measured(connection: Connection, dataset_id: str, key: str, indices: NDArray[np.int64]) -> Values:
    measure = _MEASURED[key]
    columns = (_samples.c.width, _samples.c.height, _samples.c.byte_size)
    query = sa.select(_samples.c.sample_index, *columns).where(_samples.c.dataset_id == dataset_id)
    values: Values = [None] * len(indices)
    for places, rows in iter_sample_rows(connection, query, _samples.c.sample_index, indices):
        for place, (_, width, height, size) in zip(places.tolist(), rows, strict=True):
            values[place] = measure(width, height, size)
    return values


def _read(text: str) -> Mapping[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = json.loads(text)  # knows NaN, and nests deeper
    return found if isinstance(found, dict) else {}


def _file_name(connection: Connection, dataset_id: str, index: int) -> str:
    of_sample = sa.and_(_samples.c.dataset_id == dataset_id, _samples.c.sample_index == index)
    return str(connection.execute(sa.select(_samples.c.file_name).where(of_sample)).scalar_one())
