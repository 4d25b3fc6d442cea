"""Tables as Parquet files, which pandas, DuckDB, Excel's Power Query and the like open."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
from arro3.core import Array, DataType, Table
from arro3.io import write_parquet
from numpy.typing import NDArray


class ParquetTables:
    """Answers TableWriter with Zstandard-compressed Parquet."""

    def to_parquet(self, columns: Mapping[str, Sequence[str] | NDArray[np.generic]]) -> bytes:
        """A Parquet file of columns of equal length: texts (None where there is none), or arrays (N,) of booleans,
        integers or floats. Float16 becomes float32, which every reader knows. Raises ValueError for other columns.
        """
        lengths = {name: len(column) for name, column in columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns differ in length: {lengths}")
        table = Table.from_pydict({name: _arrow(name, column) for name, column in columns.items()})
        file = io.BytesIO()
        write_parquet(table, file, compression="zstd(3)")
        return file.getvalue()


def _arrow(name: str, column: Sequence[str] | NDArray[np.generic]) -> Array:
    if not isinstance(column, np.ndarray):
        return Array(column, DataType.string())
    if column.ndim != 1 or column.dtype.kind not in "biuf":
        raise ValueError(
            f"column `{name}` is {column.shape} {column.dtype}; expected (N,) booleans, integers or floats"
        )
    # Native byte order in one piece: Arrow borrows the memory.
    dtype = np.dtype(np.float32) if column.dtype == np.float16 else column.dtype.newbyteorder("=")
    return Array.from_numpy(np.ascontiguousarray(column, dtype=dtype))
