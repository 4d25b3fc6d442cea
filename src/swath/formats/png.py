"""Writing pictures of few colours as PNG: enough for what the server draws itself."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BIT_DEPTH, _INDEXED = 8, 3
_COMPRESSION = 6


def write_indexed_png(indices: NDArray[np.uint8], palette: NDArray[np.uint8]) -> bytes:
    """The PNG of a picture (height, width) of places in `palette` (at most 256, RGBA)."""
    height, width = indices.shape
    if not (0 < len(palette) <= 256 and palette.shape[1] == 4):
        raise ValueError(f"a palette has 1 to 256 colours of four numbers, got {palette.shape}")
    if not indices.size or int(indices.max()) >= len(palette):
        raise ValueError(f"a picture of {indices.shape} with places up to {indices.max(initial=0)} cannot be written")
    # Each line begins with the filter it was written by: 0, none.
    lines = np.zeros((height, width + 1), dtype=np.uint8)
    lines[:, 1:] = indices
    return b"".join(
        [
            _SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, _BIT_DEPTH, _INDEXED, 0, 0, 0)),
            _chunk(b"PLTE", palette[:, :3].astype(np.uint8).tobytes()),
            _chunk(b"tRNS", palette[:, 3].astype(np.uint8).tobytes()),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), _COMPRESSION)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
