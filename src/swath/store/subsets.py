"""Which samples of a dataset an export is of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from swath.store import catalog, samples
from swath.store.database import Store
from swath.store.samples import Sample
from swath.store.sharing import find_dataset

Item = TypeVar("Item")

Subset: TypeAlias = str | NDArray[np.int64] | None
"""A tag by name or id, ascending sample indices (M,), or all."""


def iter_subset(store: Store, dataset: str, subset: Subset) -> Iterator[Sample]:
    """The samples of an export by index. Raises NotFound at the first step."""
    if isinstance(subset, np.ndarray):
        with store.reading() as connection:
            dataset_id = find_dataset(connection, dataset).id
        return samples.iter_samples(store, dataset_id, subset)
    return catalog.iter_samples(store, dataset, subset)


def pages_of(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items in lists of `size`, the last one shorter: what is looked up for each is looked up for many at once."""
    rest = iter(items)
    while page := list(islice(rest, size)):
        yield page
