"""What an embedding is made by, and the float16 form in which vectors are stored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STORED_DTYPE = np.dtype("<f2")
"""Vectors are stored, cached and compared as float16: a million of 128 are 256 MB, and a cached vector is bit for
bit the one that was selected on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderIdentity:
    """Everything about an embedder that changes its vectors.

    `digest` is the SHA-256 (64 hex digits) of the final graph together with the preprocessing version, input size,
    resize mode and, for graphs that do not normalise, the normalisation. Two embedders with the same digest give
    the same vectors; vectors of different digests never mix in one dataset.
    """

    name: str
    digest: str
    dimension: int
    input_size: int
    resize_mode: str  # "squash": both sides to input_size, aspect ratio not kept


def to_stored(vectors: NDArray[np.float32]) -> NDArray[np.float16]:
    """Round vectors (N, D) to the dtype they are stored in."""
    return np.ascontiguousarray(vectors, dtype=STORED_DTYPE)
