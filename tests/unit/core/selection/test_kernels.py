"""Rows of either precision are read alike, compiled or not."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from swath.core.selection.kernels import load_row


@numba.njit
def load_compiled(source: NDArray[np.generic], row: int, raw: NDArray[np.float32]) -> None:
    load_row(source, row, raw)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_a_row_is_loaded_exactly_compiled_or_not(dtype: type[np.floating]) -> None:
    values = np.array([[1, -2], [0.1, -0.0], [6e-8, -65504]], dtype=dtype)
    source = values.view(np.uint16) if dtype is np.float16 else values
    for row in range(len(values)):
        plain, compiled = np.empty((2, 2), dtype=np.float32)
        load_row(source, row, plain)
        load_compiled(source, row, compiled)
        assert plain.tobytes() == compiled.tobytes() == values[row].astype(np.float32).tobytes()
