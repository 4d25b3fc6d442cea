"""Parquet tables are read back by another reader as they were given."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arro3.io import read_parquet

from swath.adapters.parquet import ParquetTables
from swath.core.errors import SourceUnavailable
from swath.pipeline.ports import VectorBatch


def read(data: bytes) -> dict[str, list[Any]]:
    table = read_parquet(io.BytesIO(data)).read_all()
    return {name: list(table.column(name).to_pylist()) for name in table.column_names}


def types(data: bytes) -> dict[str, str]:
    table = read_parquet(io.BytesIO(data)).read_all()
    return {name: str(table.schema.field(name).type) for name in table.column_names}


def test_columns_come_back_in_order_with_their_values() -> None:
    columns: dict[str, Any] = {
        "image": ["a.jpg", "ünïcödé/写真 🚗.jpg", "", 'quote".jpg'],
        "selected": np.array([True, False, True, False]),
        "row": np.array([0, -1, 2**62, 7]),
        "score": np.array([0.5, np.nan, np.inf, -0.0]),
    }
    found = read(ParquetTables().to_parquet(columns))
    assert list(found) == list(columns)
    assert found["image"] == columns["image"]
    assert found["selected"] == [True, False, True, False]
    assert found["row"] == [0, -1, 2**62, 7]
    assert np.array_equal(found["score"], columns["score"], equal_nan=True)


@pytest.mark.parametrize(
    "dtype",
    ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64", ">i4", ">f8"],
)
def test_numbers_of_every_width_keep_their_values(dtype: str) -> None:
    kind = np.dtype(dtype)
    values = [0, 1, np.iinfo(kind).max, np.iinfo(kind).min] if kind.kind in "iu" else [0.25, -1.5, 1e30]
    column = np.array(values, dtype=kind)
    assert read(ParquetTables().to_parquet({"x": column}))["x"] == column.tolist()


def test_half_floats_become_floats_every_reader_knows() -> None:
    data = ParquetTables().to_parquet({"x": np.array([0.5, 1 / 3], np.float16)})
    assert "Float32" in types(data)["x"]
    assert read(data)["x"] == [0.5, float(np.float16(1 / 3))]


def test_a_text_that_is_not_there_is_null() -> None:
    texts: Any = ["car", None, ""]
    assert read(ParquetTables().to_parquet({"x": texts}))["x"] == ["car", None, ""]


def test_views_are_written_as_they_look() -> None:
    grid = np.arange(12, dtype=np.float32).reshape(3, 4)
    found = read(ParquetTables().to_parquet({"column": grid[:, 1], "backwards": grid[::-1, 0]}))
    assert found == {"column": [1, 5, 9], "backwards": [8, 4, 0]}


def test_a_table_without_rows_keeps_its_columns() -> None:
    data = ParquetTables().to_parquet({"image": [], "score": np.zeros(0)})
    assert read(data) == {"image": [], "score": []}
    assert "Utf8" in types(data)["image"]


def test_the_same_table_gives_the_same_bytes() -> None:
    columns: dict[str, Any] = {"a": ["x"] * 1000, "b": np.arange(1000)}
    assert ParquetTables().to_parquet(columns) == ParquetTables().to_parquet(columns)


def test_repeated_values_take_little_room() -> None:
    data = ParquetTables().to_parquet({"category": ["vehicle"] * 100_000, "score": np.zeros(100_000)})
    assert len(data) < 10_000


def test_columns_of_different_lengths_are_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"differ in length: \{'a': 1, 'b': 2\}"):
        ParquetTables().to_parquet({"a": ["x"], "b": np.zeros(2)})


@pytest.mark.parametrize("column", [np.zeros((2, 2)), np.array(["x"]), np.array([object()]), np.zeros(1, complex)])
def test_a_column_of_another_kind_is_a_mistake_by_name(column: Any) -> None:
    with pytest.raises(ValueError, match="column `box`"):
        ParquetTables().to_parquet({"box": column})


def batch(*names: str) -> VectorBatch:
    vectors = np.arange(3 * len(names), dtype=np.float16).reshape(-1, 3)
    return VectorBatch(ids=[f"id of {name}" for name in names], file_names=names, vectors=vectors)


def test_vectors_are_lists_of_one_length(tmp_path: Path) -> None:
    path = tmp_path / "vectors.parquet"
    ParquetTables().write_vectors(path, iter([batch("a.jpg", "é 💥.jpg"), batch("b.jpg")]), dimension=3)
    found = read(path.read_bytes())
    assert found == {
        "file_name": ["a.jpg", "é 💥.jpg", "b.jpg"],
        "id": ["id of a.jpg", "id of é 💥.jpg", "id of b.jpg"],
        "vector": [[0, 1, 2], [3, 4, 5], [0, 1, 2]],
    }
    assert "FixedSizeList(3 x" in types(path.read_bytes())["vector"]
    assert "Float32" in types(path.read_bytes())["vector"]


def test_no_vectors_are_an_empty_table(tmp_path: Path) -> None:
    path = tmp_path / "vectors.parquet"
    ParquetTables().write_vectors(path, iter([]), dimension=3)
    assert read(path.read_bytes()) == {"file_name": [], "id": [], "vector": []}


def test_what_ends_the_vectors_is_told_as_it_is(tmp_path: Path) -> None:
    def failing() -> Iterator[VectorBatch]:
        yield batch("a.jpg")
        raise SourceUnavailable("the disk is gone")

    with pytest.raises(SourceUnavailable, match="the disk is gone"):
        ParquetTables().write_vectors(tmp_path / "vectors.parquet", failing(), dimension=3)
