"""Sets of sample indices as bitmaps, and back."""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap


def bitmap_of(indices: NDArray[np.integer]) -> BitMap:
    """The set of indices (M,), in any order, none below 0."""
    # An array of the standard library is copied as it is; of any other sequence every number becomes an object first.
    return BitMap(array("I", np.ascontiguousarray(indices, dtype=np.uint32).tobytes()))


def indices_of(bitmap: BitMap) -> NDArray[np.int64]:
    """The members (M,) of a set, ascending."""
    return np.asarray(bitmap.to_array(), dtype=np.int64)
