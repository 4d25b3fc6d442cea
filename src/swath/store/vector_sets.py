"""Vectors that people made elsewhere as the vectors of a dataset: all of them at once, or none."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.embeddings import EmbedderIdentity, to_stored
from swath.core.errors import InvalidConfig
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.embedders import ensure_embedder
from swath.store.embeddings import AddedVectors, Segment, record_segments, write_segment
from swath.store.home import Home
from swath.store.projections import PointFile, fit_points, forget_projections, record_points

NO_INPUT = 0
"""Input size of an "embedder" that has none: its vectors were uploaded."""

_datasets = schema.datasets


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorSet:
    """Vectors of every sample of a dataset in files that no row names yet."""

    embedder: EmbedderIdentity
    segment: Segment
    points: PointFile


def is_uploaded(embedder: EmbedderIdentity) -> bool:
    return embedder.input_size == NO_INPUT


def write_vector_set(home: Home, dataset_id: str, name: str, vectors: NDArray[np.float32]) -> VectorSet:
    """Write vectors (N, D) by sample index, and their map. Raises InvalidConfig, SourceUnavailable."""
    with np.errstate(over="ignore"):
        stored = to_stored(vectors)
    if not np.isfinite(stored).all():
        raise InvalidConfig(
            f"embeddings `{name}` hold numbers beyond {np.finfo(stored.dtype).max:,.0f}, the largest that is kept",
            field="embeddings",
            hint="Scale all of them down, or to length one.",
        )
    # Of this dataset alone, whoever else uploads the same: what made the vectors nobody knows, and names are private.
    digest = hashlib.sha256(f"uploaded to {dataset_id} as {name}\0".encode() + stored.tobytes()).hexdigest()
    return VectorSet(
        embedder=EmbedderIdentity(
            name=f"uploaded: {name}",
            digest=digest,
            dimension=stored.shape[1],
            input_size=NO_INPUT,
            resize_mode="",
        ),
        segment=write_segment(home, dataset_id, AddedVectors(vectors=stored)),
        points=fit_points(home, dataset_id, stored),
    )


def record_vector_set(connection: Connection, found: VectorSet, *, run_id: str) -> str:
    """Let these be the vectors of their dataset, in place of those it had. Returns the id of the embedder."""
    dataset_id = found.segment.dataset_id
    forget_vectors(connection, dataset_id)
    embedder_id = ensure_embedder(connection, found.embedder)
    record_segments(connection, [found.segment], embedder_id=embedder_id, run_id=run_id)
    record_points(connection, [found.points], embedder_id=embedder_id, run_id=run_id)
    _set_embedder(connection, dataset_id, embedder_id)
    return embedder_id


def forget_vectors(connection: Connection, dataset_id: str) -> None:
    """A dataset has no vectors any more, and no map; the next sweep takes the files."""
    segments, uploaded = schema.vector_segments, schema.uploaded_embeddings
    connection.execute(sa.delete(segments).where(segments.c.dataset_id == dataset_id))
    forget_projections(connection, dataset_id)
    connection.execute(sa.update(uploaded).where(uploaded.c.dataset_id == dataset_id).values(embedder_id=None))
    _set_embedder(connection, dataset_id, None)


def _set_embedder(connection: Connection, dataset_id: str, embedder_id: str | None) -> None:
    # With the time of the change: whoever keeps copies of the vectors looks anew.
    values = {"embedder_id": embedder_id, "modified_at": now_ms()}
    connection.execute(sa.update(_datasets).where(_datasets.c.id == dataset_id).values(**values))
