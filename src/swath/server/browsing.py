"""What the server keeps in memory of the datasets that people look at.

Everything is derived from the columns of one dataset as they were at one time. A dataset that has changed is read
anew when it is next asked for; what was derived from its old columns goes with them. The first look at a million
samples takes seconds, and so does whatever is built at its first use; later ones find it here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.browsing import (
    FacetIndex,
    MetadataColumn,
    NeighborIndex,
    SampleColumns,
    SampleFilter,
    SortKey,
    filtered,
    full_order,
)
from swath.core.browsing import mask as mask_of
from swath.core.browsing.columns import PREDICTION_COLUMNS, SAMPLE_COLUMNS
from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.server.memo import Memo
from swath.store import schema
from swath.store.database import Store
from swath.store.datasets import Dataset, dataset_by_id
from swath.store.embeddings import read_vectors, segments_of
from swath.store.hints import near_names
from swath.store.home import Home
from swath.store.ids import new_id
from swath.store.metadata_columns import load_metadata, load_score_columns
from swath.store.neighbor_files import load_index, store_index
from swath.store.sample_columns import load_columns

DEFAULT_MAX_BYTES = 2 << 30
"""Four datasets of a million crops with their neighbour indexes."""

DISTANCES_AT_ONCE = 1 << 14  # vectors widened to float32 at a time

Value = TypeVar("Value")
Version = tuple[int, ...]


class Browser:
    """The caches of one server. Any thread may ask; what is asked for by several is made once."""

    def __init__(self, *, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self._memo = Memo(max_bytes)

    def open(self, store: Store, home: Home, dataset_id: str, version: Version | None = None) -> BrowsedDataset:
        """A dataset as it is now, or as of a version that was read a moment ago.

        Must not be called within a transaction: it may take seconds and uses its own. Raises NotFound if the dataset
        has been deleted.
        """
        if version is None:
            with store.reading() as connection:
                version = dataset_version(connection, _dataset(connection, dataset_id))

        def load() -> _Snapshot:
            self._memo.discard(lambda key: isinstance(key, _SnapshotKey) and key.dataset_id == dataset_id)
            with store.reading() as connection:
                dataset = _dataset(connection, dataset_id)
                return _Snapshot(serial=new_id(), dataset=dataset, columns=load_columns(connection, dataset))

        key = _SnapshotKey(dataset_id=dataset_id, version=version, serial="", what=None)
        snapshot = self._memo.get(key, load, size_of=lambda made: _column_bytes(made.columns))
        return BrowsedDataset(store=store, home=home, memo=self._memo, snapshot=snapshot)

    @property
    def byte_count(self) -> int:
        """Memory that is kept."""
        return self._memo.byte_count


@dataclass(frozen=True, slots=True, kw_only=True)
class _SnapshotKey:
    """Of the columns of a dataset (serial is empty) or something derived from the snapshot with that serial."""

    dataset_id: str
    version: Version
    serial: str
    what: Hashable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Snapshot:
    serial: str  # two snapshots of one version may differ by what was committed in between
    dataset: Dataset
    columns: SampleColumns


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NamedFilter:
    """A filter, and a name for it and all it depends on: filters of one name pass the same samples of one snapshot.

    The name is empty for the filter that lets everything pass.
    """

    key: str
    filter: SampleFilter


class BrowsedDataset:
    """One dataset at one time: its columns, and what was derived from them.

    Arrays it hands out are shared: nobody may change them.
    """

    def __init__(self, *, store: Store, home: Home, memo: Memo, snapshot: _Snapshot) -> None:
        self._store = store
        self._home = home
        self._memo = memo
        self._serial = snapshot.serial
        self.dataset = snapshot.dataset
        self.columns = snapshot.columns

    def __len__(self) -> int:
        return len(self.columns)

    def kept(self, what: Hashable, make: Callable[[], Value], *, size_of: Callable[[Value], int]) -> Value:
        """Something derived from these columns; `what` names it and everything else it depends on."""
        key = _SnapshotKey(dataset_id=self.dataset.id, version=(), serial=self._serial, what=what)
        return self._memo.get(key, make, size_of=size_of)

    def kept_array(self, what: Hashable, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        return self.kept(what, make, size_of=_array_bytes)

    def facet_index(self) -> FacetIndex:
        def size(index: FacetIndex) -> int:
            # The pairs of predictions are five arrays of 8 bytes.
            return sum(map(_array_bytes, index.bins.values())) + 40 * len(self.columns.prediction_sample)

        return self.kept("facet index", lambda: FacetIndex.build(self.columns), size_of=size)

    def mask(self, asked: NamedFilter) -> NDArray[np.bool_]:
        """The samples (N,) that pass a filter."""
        return self.kept_array(("mask", asked.key), lambda: mask_of(self.columns, asked.filter))

    def metadata(self) -> Mapping[str, MetadataColumn]:
        """What people attached to the samples, of crops to their images, and the scores that each sample has itself:
        columns by key, read at their first use."""

        def read() -> Mapping[str, MetadataColumn]:
            parent_id, parent = self.dataset.parent_id, self.columns.parent
            count = len(self.columns) if parent_id is None else int(parent.max(initial=-1)) + 1
            with self._store.reading() as connection:
                found = load_metadata(connection, parent_id or self.dataset.id, count)
                scores = load_score_columns(connection, self.dataset.id, len(self.columns))
            if parent_id is not None:
                found = {key: column.of_children(parent) for key, column in found.items()}
            return dict(sorted((found | scores).items()))

        return self.kept("metadata", read, size_of=lambda found: sum(column.byte_count for column in found.values()))

    def metadata_column(self, key: str, *, field: str) -> MetadataColumn:
        """The column of one key. Raises InvalidConfig, naming `field`, for one that no sample has."""
        columns = self.metadata()
        if key not in columns:
            raise InvalidConfig(
                f"no sample of dataset `{self.dataset.name}` has metadata `{key}`",
                field=field,
                hint=near_names(key, list(columns), "metadata"),
            )
        return columns[key]

    def order(
        self,
        asked: NamedFilter,
        sort_key: SortKey,
        *,
        descending: bool,
        reference: int | None = None,
        metadata_key: str | None = None,
    ) -> NDArray[np.int32]:
        """The indices (K,) of the samples that pass a filter, in order: by their distance from the sample of index
        `reference`, or by the metadata under a key, where that is asked for."""
        codes = None if metadata_key is None else self.metadata_column(metadata_key, field="sort.metadata_key").codes

        def sort_all() -> NDArray[np.int32]:
            distance = None if reference is None else self._distances_from(reference)
            return full_order(self.columns, sort_key, descending=descending, distance=distance, metadata=codes)

        how = (sort_key, descending, reference, metadata_key)
        order = self.kept_array(("order", *how), sort_all)
        if not asked.key:
            return order
        return self.kept_array(("filtered", asked.key, *how), lambda: filtered(order, self.mask(asked)))

    def vectors(self) -> NDArray[np.float16]:
        """The vectors (N, D) of all samples, (0, 0) if there are none. Checked against their checksums once."""

        def read() -> NDArray[np.float16]:
            with self._store.reading() as connection:
                found = read_vectors(connection, self._home, self.dataset.id)
            # More may have been committed since the columns were read.
            return found[: len(self.columns)]

        return self.kept("vectors", read, size_of=lambda found: 0 if _is_mapped(found) else found.nbytes)

    def neighbor_index(self) -> NeighborIndex:
        """The index of the vectors, from its file if there is one. Raises Conflict if there are no vectors."""

        def make() -> NeighborIndex:
            vectors = self.vectors()
            if not len(vectors):
                raise Conflict(
                    f"dataset `{self.dataset.name}` has no embeddings", hint="They come with the run that adds samples."
                )
            name = f"{self.dataset.id}-{self._vectors_digest(len(vectors))}"
            found = load_index(self._home, name)
            if found is not None:
                try:
                    return NeighborIndex.from_arrays(found, vectors)
                except (KeyError, ValueError):
                    pass  # of an older version: made anew
            index = NeighborIndex.build(vectors)
            store_index(self._home, name, index.to_arrays(), replaces=f"{self.dataset.id}-")
            return index

        def size(index: NeighborIndex) -> int:
            return sum(map(_array_bytes, index.to_arrays().values()))

        return self.kept("neighbor index", make, size_of=size)

    def _vectors_digest(self, row_count: int) -> str:
        """Names the vectors by the checksums of their files."""
        digest = hashlib.sha256(str(row_count).encode())
        with self._store.reading() as connection:
            for segment in segments_of(connection, self.dataset.id):
                digest.update(segment.sha256)
        return digest.hexdigest()[:32]

    def _distances_from(self, index: int) -> NDArray[np.float32]:
        """Euclidean distances (N,) from the vector of one sample; NaN where a vector is not finite."""
        vectors = self.vectors()
        if len(vectors) != len(self.columns):
            raise Conflict(
                f"dataset `{self.dataset.name}` cannot be sorted by distance: it has no embeddings",
                hint="They come with the run that adds samples.",
            )
        target = vectors[index].astype(np.float32)
        squared = np.empty(len(vectors), dtype=np.float32)
        for start in range(0, len(vectors), DISTANCES_AT_ONCE):
            difference = vectors[start : start + DISTANCES_AT_ONCE].astype(np.float32)
            difference -= target
            np.einsum("ij,ij->i", difference, difference, out=squared[start : start + len(difference)])
        return np.sqrt(squared)


def dataset_version(connection: Connection, dataset: Dataset) -> Version:
    """Changes with every commit that concerns a dataset: crops also turn stale by commits to their images."""
    parent_modified = 0
    if dataset.parent_id is not None:
        table = schema.datasets
        query = sa.select(table.c.modified_at).where(table.c.id == dataset.parent_id)
        parent_modified = connection.execute(query).scalar_one()
    return dataset.sample_count, dataset.modified_at, parent_modified


def _dataset(connection: Connection, dataset_id: str) -> Dataset:
    dataset = dataset_by_id(connection, dataset_id)
    if dataset is None:
        raise NotFound(f"there is no dataset `{dataset_id}` any more")
    return dataset


def _column_bytes(columns: SampleColumns) -> int:
    return sum(getattr(columns, name).nbytes for name in (*SAMPLE_COLUMNS, *PREDICTION_COLUMNS))


def _array_bytes(array: NDArray[Any]) -> int:
    return array.nbytes


def _is_mapped(array: NDArray[Any]) -> bool:
    return isinstance(array, np.memmap)
