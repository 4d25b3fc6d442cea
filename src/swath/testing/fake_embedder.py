"""An embedder of pure numpy: mean colours on a 4 x 4 grid. Similar images get similar vectors."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from swath.core.embeddings import EmbedderIdentity

_GRID = 4
_DIMENSION = _GRID * _GRID * 3


class FakeEmbedder:
    """Vectors (N, 48) of length 1. `version` makes an embedder whose vectors must not mix with those of another."""

    def __init__(self, *, input_size: int = 32, version: str = "1") -> None:
        if input_size < _GRID or input_size % _GRID:
            raise ValueError(f"input_size must be a multiple of {_GRID}, got {input_size}")
        self._identity = EmbedderIdentity(
            name="fake",
            digest=hashlib.sha256(f"fake embedder {version} at {input_size}".encode()).hexdigest(),
            dimension=_DIMENSION,
            input_size=input_size,
            resize_mode="squash",
        )

    @property
    def identity(self) -> EmbedderIdentity:
        return self._identity

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Raises ValueError unless images are (N, S, S, 3) uint8."""
        size = self._identity.input_size
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (size, size, 3):
            raise ValueError(f"expected images (N, {size}, {size}, 3) uint8, got {images.shape} {images.dtype}")
        cell = size // _GRID
        cells = images.reshape(len(images), _GRID, cell, _GRID, cell, 3)
        # Sums of integers are exact; a half is taken off so that no image is the zero vector.
        colours = cells.sum(axis=(2, 4), dtype=np.int64).reshape(len(images), _DIMENSION) / (255 * cell * cell) - 0.4999
        lengths = np.sqrt((colours * colours).sum(axis=1, keepdims=True))
        vectors: NDArray[np.float32] = (colours / lengths).astype(np.float32)
        return vectors
