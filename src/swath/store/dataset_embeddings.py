"""All embeddings of a dataset: the vectors that runs have made, and the files that people handed in."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.browsing import ProjectionMethod
from swath.store import schema
from swath.store.datasets import Dataset
from swath.store.projections import Projection, projection_of
from swath.store.uploaded_embeddings import UploadedEmbedding, list_uploaded_embeddings

NAME_OF_RUNS = "default_%Y%m%d_%Hh%Mm%Ss"
"""What workers of the format call theirs; scripts look for names that begin with `default`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetEmbedding:
    """One of them. `uploaded` is None for the vectors of runs; those are one embedding, whichever run added some."""

    id: str
    name: str
    created_at: int  # ms
    projection: Projection | None  # of the vectors of the dataset, if this one has them
    uploaded: UploadedEmbedding | None


def list_embeddings(connection: Connection, dataset: Dataset) -> list[DatasetEmbedding]:
    """The embeddings of a dataset, oldest first."""
    projection = projection_of(connection, dataset.id, ProjectionMethod.PCA)
    uploaded = list_uploaded_embeddings(connection, dataset.id)
    found = [
        DatasetEmbedding(
            id=file.id,
            name=file.name,
            created_at=file.created_at,
            projection=None if file.embedder_id is None else projection,
            uploaded=file,
        )
        for file in uploaded
    ]
    if all(file.embedder_id is None for file in uploaded):
        found += _of_runs(connection, dataset, projection)
    return sorted(found, key=lambda embedding: (embedding.created_at, embedding.id))


def find_embedding(connection: Connection, dataset: Dataset, embedding_id: str) -> DatasetEmbedding | None:
    """The embedding of an id, if the dataset has it."""
    found = list_embeddings(connection, dataset)
    return next((embedding for embedding in found if embedding.id == embedding_id), None)


def embedding_id_of_runs(dataset_id: str) -> str:
    """The id of the vectors that runs make for a dataset: always the same."""
    return hashlib.sha256(f"embedding of runs {dataset_id}".encode()).hexdigest()[:24]


def _of_runs(connection: Connection, dataset: Dataset, projection: Projection | None) -> list[DatasetEmbedding]:
    """The vectors of runs, named by the time of the run that added the last ones; none without such vectors."""
    segments, runs = schema.vector_segments, schema.runs
    query = (
        sa.select(sa.func.coalesce(runs.c.finished_at, runs.c.created_at))
        .join_from(segments, runs, runs.c.id == segments.c.run_id)
        .where(segments.c.dataset_id == dataset.id)
        .order_by(segments.c.sequence.desc())
        .limit(1)
    )
    created_at = connection.execute(query).scalar()
    if created_at is None:
        return []
    return [
        DatasetEmbedding(
            id=embedding_id_of_runs(dataset.id),
            name=time.strftime(NAME_OF_RUNS, time.gmtime(created_at / 1000)),
            created_at=created_at,
            projection=projection,
            uploaded=None,
        )
    ]
