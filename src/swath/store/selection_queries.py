"""The query of a similarity: the samples of a tag, and their vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.embeddings import EmbedderIdentity
from swath.core.errors import Conflict
from swath.store.datasets import Dataset
from swath.store.embedders import embedder_by_id
from swath.store.embeddings import read_rows
from swath.store.home import Home
from swath.store.sharing import find_visible
from swath.store.tags import Tag, find_tag, tag_members


def query_vectors(
    connection: Connection, home: Home, dataset: str, tag: str, owner_id: str, embedder: EmbedderIdentity
) -> NDArray[np.float16]:
    """The vectors (Q, D) of a tag of a dataset, both by name or id, of those that a user sees, by sample index.

    Raises NotFound for what is not there or not seen; Conflict for a tag without samples and for vectors that
    `embedder` did not make; SourceUnavailable for a damaged file of vectors.
    """
    found, of_tag = find_query(connection, dataset, tag, owner_id)
    check_query_embedder(connection, found, embedder)
    return read_rows(connection, home, found.id, tag_members(connection, of_tag))


def find_query(connection: Connection, dataset: str, tag: str, owner_id: str) -> tuple[Dataset, Tag]:
    """Dataset and tag of a query. Raises NotFound, and Conflict for a tag without samples, as above."""
    found = find_visible(connection, dataset, owner_id)
    of_tag = find_tag(connection, found.id, tag)
    if not of_tag.member_count:
        raise Conflict(
            f"tag `{of_tag.name}` of dataset `{found.name}` has no samples that others could be similar to",
            hint="Name a tag with samples.",
        )
    return found, of_tag


def check_query_embedder(connection: Connection, query: Dataset, embedder: EmbedderIdentity) -> None:
    """Raise Conflict unless the vectors of a query's dataset are there, and of this embedder."""
    if query.embedder_id is None:
        raise Conflict(
            f"dataset `{query.name}` has no embeddings that others could be compared with",
            hint="Upload embeddings of all its samples, or name the tag of another dataset.",
        )
    there = embedder_by_id(connection, query.embedder_id)
    if there.digest != embedder.digest:
        raise Conflict(
            f"the query's dataset `{query.name}` holds vectors of embedder `{there.name}` (digest "
            f"{there.digest[:12]}), what is to be selected has vectors of `{embedder.name}` (digest "
            f"{embedder.digest[:12]}); they cannot be compared",
            hint="Name the tag of a dataset with vectors of the same embedder.",
        )
