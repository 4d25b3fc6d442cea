"""Embeddings as clients know them."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from swath.wire.lightly.base import Answer, Milliseconds, ObjectId


class DimensionalityReduction(StrEnum):
    """How vectors become points."""

    PCA = "PCA"
    TSNE = "TSNE"
    UMAP = "UMAP"


class EmbeddingAnswer(Answer):
    """One embedding of every sample of a dataset; `is2d`: there is a map of it."""

    id: ObjectId
    name: str
    is_processed: bool
    created_at: Milliseconds
    is2d: bool = Field(serialization_alias="is2d")


class Embedding2dAnswer(Answer):
    """A map of an embedding; coordinates only where a single one is asked for."""

    id: ObjectId
    dataset_id: ObjectId
    embedding_id: ObjectId
    name: str
    created_at: Milliseconds
    dimensionality_reduction_method: DimensionalityReduction
