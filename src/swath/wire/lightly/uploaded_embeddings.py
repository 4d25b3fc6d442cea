"""What clients say about embeddings that they hand in."""

from __future__ import annotations

from swath.wire.lightly.base import Answer, ObjectId, Request
from swath.wire.lightly.embeddings import DimensionalityReduction


class WriteCsvUrlAnswer(Answer):
    """Where to send the file of an embedding."""

    signed_write_url: str
    embedding_id: ObjectId


class RowCountRequest(Request):
    """How many rows the file had, as whoever sent it knows."""

    row_count: float


class MapRequest(Request):
    """By what method a map is wanted."""

    dimensionality_reduction_method: DimensionalityReduction
