"""`embeddings.csv`."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from swath.core.errors import InvalidConfig
from swath.formats.embeddings_csv import ROWS_PER_CHUNK, parse_embeddings_csv, write_embeddings_csv


def written(names: list[str], vectors: np.ndarray, labels: list[int] | None = None) -> str:
    return "".join(write_embeddings_csv(names, vectors, labels))


def test_the_file_looks_as_the_official_client_writes_it() -> None:
    text = written(["a.jpg", "sub/b c.jpg"], np.array([[0.1, -2], [1e-7, 3]], dtype=np.float32), [0, 4])
    assert text == "filenames,embedding_0,embedding_1,labels\na.jpg,0.1,-2.0,0\nsub/b c.jpg,1e-7,3.0,4\n"


def test_any_csv_reader_finds_every_column() -> None:
    names = ["a,b.jpg", 'say "hi".jpg', "line\nbreak.jpg", " space.jpg", "\u4eba.jpg", "sep\u2028arator.jpg"]
    rows = list(csv.reader(_lines(written(names, np.ones((6, 3), np.float16))), strict=True))
    assert [row[0] for row in rows] == ["filenames", *names]
    assert {len(row) for row in rows} == {5}


def _lines(text: str) -> list[str]:
    return [f"{line}\n" for line in text.split("\n")[:-1]]


@pytest.mark.parametrize("name", ["=1+1.jpg", "+a.jpg", "-2+3+cmd|' /C calc'!A0", "@a.jpg", "\tx.jpg", "\rx.jpg"])
def test_no_cell_starts_like_a_formula(name: str) -> None:
    text = written([name], np.ones((1, 1), np.float32))
    cell = next(iter(csv.reader(_lines(text)[1:])))[0]
    assert cell == f"./{name}"
    assert parse_embeddings_csv([text], "e.csv").file_names == (name,)


def test_a_file_is_read_line_by_line_or_chunk_by_chunk() -> None:
    text = written(["a.jpg", "b\nc.jpg"], np.array([[1, 2], [3, 4]], dtype=np.float32))
    for pieces in ([text], _lines(text), _lines(text.replace("\n", "\r\n")), ["\ufeff" + text]):
        table = parse_embeddings_csv(pieces, "e.csv")
        assert table.vectors.tolist() == [[1, 2], [3, 4]]
        assert [name.replace("\r", "") for name in table.file_names] == ["a.jpg", "b\nc.jpg"]


def test_a_large_file_comes_in_chunks_and_no_row_is_lost() -> None:
    count = 2 * ROWS_PER_CHUNK + 3
    vectors = np.random.default_rng(0).normal(size=(count, 4)).astype(np.float32)
    names = [f"{row}.jpg" for row in range(count)]
    chunks = list(write_embeddings_csv(names, vectors))
    assert len(chunks) == 4
    table = parse_embeddings_csv(chunks, "e.csv")
    assert table.file_names == tuple(names)
    np.testing.assert_array_equal(table.vectors, vectors)


def test_no_samples_are_a_file_with_a_header() -> None:
    text = written([], np.zeros((0, 2), np.float32))
    assert text == "filenames,embedding_0,embedding_1,labels\n"
    assert parse_embeddings_csv([text], "e.csv").vectors.shape == (0, 2)


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="2 names, 1 vectors"):
        write_embeddings_csv(["a", "b"], np.ones((1, 2), np.float32))
    with pytest.raises(ValueError, match="0 labels"):
        write_embeddings_csv(["a"], np.ones((1, 2), np.float32), [])


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e39])
def test_a_vector_that_float32_cannot_hold_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="NaN or infinity"):
        written(["a"], np.array([[value]]))


HEADER = "filenames,embedding_0,embedding_1,labels\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "header"),
        ("filenames,labels\n", "header"),
        ("filenames,embedding_0,embedding_2,labels\n", "header"),
        ("filename,embedding_0,labels\n", "header"),
        (HEADER + "a.jpg,1,2\n", "Row 2 .* 3 fields instead of 4"),
        (HEADER + "a.jpg,1,2,0\nb.jpg,1,2,3,0\n", "Row 3 .* 5 fields"),
        (HEADER + "a.jpg,1,x,0\n", "Row 2 .*'x'"),
        (HEADER + "a.jpg,1,nan,0\n", "Row 2 .*NaN"),
        (HEADER + "a.jpg,1,1e60,0\n", "Row 2 .*infinity"),
        (HEADER + "a.jpg,1,2,car\n", "Row 2 .*whole number"),
        (HEADER + '"a.jpg,1,2,0\n', "not CSV"),
        (HEADER + '"a"x,1,2,0\n', "not CSV"),
    ],
)
def test_a_broken_file_is_refused_with_its_row(text: str, message: str) -> None:
    with pytest.raises(InvalidConfig, match=message):
        parse_embeddings_csv([text], "e.csv")


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda name: not name.startswith("./")  # keys never do
)
VECTORS = hnp.arrays(
    np.float32,
    st.tuples(st.integers(0, 5), st.integers(1, 4)),
    elements=st.floats(allow_nan=False, allow_infinity=False, width=32),
)


@given(VECTORS, st.data())
def test_vectors_and_names_read_back_exactly(vectors: np.ndarray, data: st.DataObject) -> None:
    names = data.draw(st.lists(NAMES, min_size=len(vectors), max_size=len(vectors)))
    labels = data.draw(st.lists(st.integers(-5, 10**9), min_size=len(vectors), max_size=len(vectors)))
    table = parse_embeddings_csv(write_embeddings_csv(names, vectors, labels), "e.csv")
    assert table.file_names == tuple(names)
    np.testing.assert_array_equal(table.vectors, vectors)
    assert table.labels == tuple(labels)


@given(st.text(max_size=60))
def test_any_text_is_a_table_or_refused(text: str) -> None:
    try:
        table = parse_embeddings_csv([HEADER, text], "e.csv")
    except InvalidConfig:
        return
    assert len(table.vectors) == len(table.file_names) == len(table.labels)
