"""Embeddings files that clients hand in: kept as they came, and the vectors of their dataset where it has no others.

An embedding is announced under a name, then its file arrives. The dataset takes its vectors from the file that came
last, unless a run has made vectors: then the file is only kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.formats.embeddings_csv import EmbeddingsTable, parse_embeddings_csv
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.datasets import dataset_by_id
from swath.store.embedders import embedder_by_id
from swath.store.files import naming_failures
from swath.store.home import Home
from swath.store.ids import new_id
from swath.store.samples import file_names_of
from swath.store.uploads import NO_RUN
from swath.store.vector_sets import VectorSet, forget_vectors, is_uploaded, record_vector_set, write_vector_set

MAX_NAME_LENGTH = 256

_table = schema.uploaded_embeddings


class RowsDisagree(InvalidConfig):
    """An embeddings file has another number of rows than its dataset has samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedEmbedding:
    """One file; `row_count` and `dimension` are None until it has arrived.

    `embedder_id` is set while its vectors are those of the dataset.
    """

    id: str
    dataset_id: str
    name: str
    file_name: str  # below the home's uploads folder
    row_count: int | None
    dimension: int | None
    embedder_id: str | None
    created_at: int  # ms

    @property
    def has_arrived(self) -> bool:
        return self.row_count is not None


def announce_embedding(connection: Connection, dataset_id: str, name: str) -> UploadedEmbedding:
    """Expect a file. One of that name that never arrived is taken up again.

    Raises InvalidConfig for a name that cannot be, Conflict for one whose file is there.
    """
    if not name.strip() or len(name) > MAX_NAME_LENGTH:
        raise InvalidConfig(f"the name of embeddings has 1 to {MAX_NAME_LENGTH} characters", field="name")
    query = sa.select(_table).where(_table.c.dataset_id == dataset_id, _table.c.name == name)
    row = connection.execute(query).one_or_none()
    if row is not None:
        found = UploadedEmbedding(**row._mapping)
        if found.has_arrived:
            raise Conflict(f"there are embeddings `{name}` already", hint="Choose another name.")
        return found
    embedding_id = new_id()
    connection.execute(
        sa.insert(_table).values(
            id=embedding_id,
            dataset_id=dataset_id,
            name=name,
            file_name=f"{dataset_id}/embeddings/{embedding_id}.csv",
            created_at=now_ms(),
        )
    )
    return find_uploaded_embedding(connection, dataset_id, embedding_id)


def list_uploaded_embeddings(connection: Connection, dataset_id: str) -> list[UploadedEmbedding]:
    """Those of a dataset whose files are there, oldest first."""
    query = (
        sa.select(_table)
        .where(_table.c.dataset_id == dataset_id, _table.c.row_count.is_not(None))
        .order_by(_table.c.created_at, _table.c.id)
    )
    return [UploadedEmbedding(**row._mapping) for row in connection.execute(query)]


def find_uploaded_embedding(connection: Connection, dataset_id: str, embedding_id: str) -> UploadedEmbedding:
    """One that was announced, whether its file is there or not. Raises NotFound."""
    query = sa.select(_table).where(_table.c.dataset_id == dataset_id, _table.c.id == embedding_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there are no embeddings `{embedding_id}` in this dataset")
    return UploadedEmbedding(**row._mapping)


def embeddings_file(home: Home, embedding: UploadedEmbedding) -> Path:
    """Where its file is, as it came; `has_arrived` says whether it is there."""
    return home.uploads / embedding.file_name


def receive_embeddings(store: Store, home: Home, embedding: UploadedEmbedding, arrived: Path) -> None:
    """Take a file that has arrived: check all of it, move it to its place, and let the dataset have its vectors.

    Raises RowsDisagree, InvalidConfig naming what is wrong with it, Conflict if samples were added meanwhile.
    """
    label = f"{embedding.name}.csv"
    # Bytes that are no text end up in names, which are then not those of samples.
    with naming_failures("read", arrived), arrived.open(encoding="utf-8", errors="replace", newline="") as lines:
        table = parse_embeddings_csv(lines, label)
    with store.reading() as connection:
        names = file_names_of(connection, embedding.dataset_id)
        becomes_vectors = _takes_uploaded_vectors(connection, embedding.dataset_id)
    rows = rows_by_sample(table, names, label)
    vectors = None
    if becomes_vectors and len(rows):
        vectors = write_vector_set(home, embedding.dataset_id, embedding.name, table.vectors[rows])
    path = embeddings_file(home, embedding)
    with naming_failures("write", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        arrived.replace(path)
    _record(store, embedding, table, vectors, sample_count=len(names))


def rows_by_sample(table: EmbeddingsTable, names: Sequence[str], label: str) -> NDArray[np.int64]:
    """The row (N,) of every sample, by its index. Raises RowsDisagree or InvalidConfig where they are not the same."""
    if len(table.file_names) != len(names):
        raise RowsDisagree(
            f"`{label}` has {len(table.file_names):,} rows, the dataset {len(names):,} samples",
            field="embeddings",
            hint="Give one row per sample.",
        )
    # Names that look like formulas, or have `./` in front, are the same files by another spelling.
    row_of = {name: row for row, name in enumerate(table.file_names)}
    if len(row_of) != len(table.file_names):
        twice = next(name for name, count in Counter(table.file_names).items() if count > 1)
        raise InvalidConfig(f"`{label}` has more than one row for `{twice}`", field="embeddings")
    missing = [name for name in names if name not in row_of]
    if missing:
        raise InvalidConfig(
            f"`{label}` has no row for {len(missing):,} samples of the dataset, such as `{missing[0]}`",
            field="embeddings",
        )
    return np.array([row_of[name] for name in names], dtype=np.int64)


def _takes_uploaded_vectors(connection: Connection, dataset_id: str) -> bool:
    dataset = dataset_by_id(connection, dataset_id)
    if dataset is None:
        raise NotFound("the dataset was deleted meanwhile")
    return dataset.embedder_id is None or is_uploaded(embedder_by_id(connection, dataset.embedder_id))


def _record(
    store: Store, embedding: UploadedEmbedding, table: EmbeddingsTable, vectors: VectorSet | None, *, sample_count: int
) -> None:
    with store.writing() as connection:
        dataset = dataset_by_id(connection, embedding.dataset_id)
        if dataset is None or dataset.sample_count != sample_count:
            raise Conflict("samples were added to the dataset meanwhile", hint="Upload the embeddings of all of them.")
        embedder_id = None
        if vectors is not None and _takes_uploaded_vectors(connection, dataset.id):
            embedder_id = record_vector_set(connection, vectors, run_id=NO_RUN)
        connection.execute(
            sa.update(_table)
            .where(_table.c.id == embedding.id)
            .values(row_count=len(table.file_names), dimension=table.vectors.shape[1], embedder_id=embedder_id)
        )


def delete_uploaded_embedding(connection: Connection, embedding: UploadedEmbedding) -> None:
    """Forget an embedding, and with it the vectors of the dataset if they are its own. The file is the caller's."""
    if embedding.embedder_id is not None:
        forget_vectors(connection, embedding.dataset_id)
    connection.execute(sa.delete(_table).where(_table.c.id == embedding.id))
