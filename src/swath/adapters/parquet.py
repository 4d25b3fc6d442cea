"""Tables as Parquet files, which pandas, DuckDB, Excel's Power Query and the like open."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from arro3.core import (
    Array,
    DataType,
    Field,
    RecordBatch,
    RecordBatchReader,
    Schema,
    Table,
    fixed_size_list_array,
)
from arro3.io import write_parquet
from numpy.typing import NDArray

from swath.pipeline.ports import VectorBatch

COMPRESSION = "zstd(3)"

ROWS_PER_GROUP = 1 << 13
"""40 MB of vectors of 1,280 numbers."""


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
        write_parquet(table, file, compression=COMPRESSION)
        return file.getvalue()

    def write_vectors(self, path: Path, batches: Iterable[VectorBatch], *, dimension: int) -> None:
        """A Parquet file of the columns `file_name`, `id` and `vector`, a list of `dimension` float32. Memory is
        bounded by a group of rows, however many come."""
        values = Field("item", DataType.float32(), nullable=False)
        vector_type = DataType.list(values, dimension)
        texts = (Field("file_name", DataType.string(), nullable=False), Field("id", DataType.string(), nullable=False))
        schema = Schema([*texts, Field("vector", vector_type, nullable=False)])

        failures: list[BaseException] = []

        def rows() -> Iterator[RecordBatch]:
            for batch in _noting(failures, batches):
                flat = np.ascontiguousarray(batch.vectors, dtype=np.float32).reshape(-1)
                vectors = fixed_size_list_array(Array.from_numpy(flat), dimension, type=vector_type)
                columns = (*(Array(texts, DataType.string()) for texts in (batch.file_names, batch.ids)), vectors)
                yield RecordBatch.from_arrays(columns, schema=schema)

        try:
            write_parquet(
                RecordBatchReader.from_batches(schema, rows()),
                path,
                compression=COMPRESSION,
                dictionary_enabled=False,  # no two vectors are alike
                max_row_group_size=ROWS_PER_GROUP,
            )
        except Exception:
            if failures:
                # What ended the batches, which the library tells in words of its own.
                raise failures[0] from None
            raise


def _noting(failures: list[BaseException], batches: Iterable[VectorBatch]) -> Iterator[VectorBatch]:
    try:
        yield from batches
    except BaseException as exc:
        failures.append(exc)
        raise


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
