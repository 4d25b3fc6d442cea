from __future__ import annotations

import io
import time
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swath.core.errors import InvalidConfig
from swath.wire.columns import read_columns, write_columns

TEXTS = st.lists(st.text(st.characters(), max_size=8), max_size=20)
BLOBS = st.lists(st.binary(max_size=8), max_size=20)


def numbers() -> dict[str, np.ndarray]:
    return {
        "vector": np.arange(12, dtype=np.float16).reshape(3, 4),
        "key": np.arange(48, dtype=np.uint8).reshape(3, 16),
        "score": np.array([0.5, np.nan, 1.0]),
        "is_stale": np.array([True, False, True]),
    }


@settings(deadline=None)
@given(texts=TEXTS, blobs=BLOBS)
def test_texts_and_bytes_come_back_as_they_were(texts: list[str], blobs: list[bytes]) -> None:
    read = read_columns(write_columns({"name": texts, "digest": blobs}, {"total": 7}), what="it")
    assert read.texts("name") == tuple(texts)
    assert read.blobs("digest") == tuple(blobs)
    assert read.count("total") == 7


def test_lone_surrogates_of_file_names_come_back() -> None:
    assert read_columns(write_columns({"name": ["a\udcff.jpg"]}), what="it").texts("name") == ("a\udcff.jpg",)


def test_arrays_come_back_with_dtype_and_shape() -> None:
    read = read_columns(write_columns(numbers()), what="it")
    for name, column in numbers().items():
        np.testing.assert_array_equal(read.array(name, column.dtype, column.shape), column)


def test_arrays_that_are_not_contiguous_or_little_endian_come_back() -> None:
    column = np.arange(24, dtype=">i4").reshape(4, 6)[:, ::2]
    np.testing.assert_array_equal(
        read_columns(write_columns({"a": column}), what="it").array("a", "<i4", (4, 3)), column
    )


def test_the_same_columns_are_the_same_bytes_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    before = write_columns({"name": ["a"], **numbers()}, {"total": 1})
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(10**9))
    assert write_columns({"name": ["a"], **numbers()}, {"total": 1}) == before


def test_numpy_reads_the_document() -> None:
    with np.load(io.BytesIO(write_columns(numbers()))) as read:
        np.testing.assert_array_equal(read["vector"], numbers()["vector"])


@pytest.mark.parametrize(
    ("name", "dtype", "shape"),
    [("vector", "<f4", (3, 4)), ("vector", "<f2", (4, 4)), ("vector", "<f2", (12,)), ("missing", "<f2", (3, 4))],
)
def test_a_column_that_is_not_what_was_asked_for_is_named(name: str, dtype: str, shape: tuple[int, ...]) -> None:
    read = read_columns(write_columns(numbers()), what="part `x`")
    with pytest.raises(InvalidConfig, match=f"part `x`.*`{name}`"):
        read.array(name, dtype, shape)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_corrupted_bytes_are_refused_or_read_as_they_were(data: st.DataObject) -> None:
    document = bytearray(write_columns({"name": ["a", "bb"], **numbers()}, {"total": 1}))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(document) - 1))
        document[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(document)))
    for hostile in (bytes(document), bytes(document[:cut])):
        try:
            read = read_columns(hostile, what="it")
            read.texts("name")
            read.array("vector", "<f2", (3, 4))
            read.count("total")
        except InvalidConfig:
            continue


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_bytes_that_are_no_document_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidConfig, match="part `x`"):
        read_columns(data, what="part `x`")


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


def npy(header: str, content: bytes = b"") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + content


def array(shape: str, descr: str = "'<f2'", content: bytes = b"") -> bytes:
    """A document with one array whose header says this."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}"
    return archive({"head.json": b"{}", "a.npy": npy(header, content)})


GOOD = npy("{'descr': '<f2', 'fortran_order': False, 'shape': (2,)}", b"\0" * 4)


def test_a_plain_member_is_read() -> None:
    assert read_columns(archive({"head.json": b"{}", "a.npy": GOOD}), what="it").array("a", "<f2").tolist() == [0, 0]


@pytest.mark.parametrize(
    "hostile",
    [
        archive({"head.json": b"{}", "a.npy": b"\0" * 10_000_000}, zipfile.ZIP_DEFLATED),
        archive({"head.json": b"{}", **{f"a{number}.npy": GOOD for number in range(65)}}),
        archive({"head.json": b"[]"}),
        archive({"head.json": b"["}),
        archive({"head.json": b"[" * 100_000}),
        archive({"head.json": b'{"a": "' + b" " * (1 << 20) + b'"}'}),
        archive({"a.npy": GOOD}),
        archive({"head.json": b"{}", "../a": GOOD}),
        array("(1000000000000,)"),
        array(f"({'9' * 90},)"),
        array("(-2,)", content=b"\0" * 4),
        array("(0, 4)", content=b"\0"),
        array("(2,)", descr="'|O'", content=b"\0" * 16),
        array("(2,)", descr="[('x', '<f2')]", content=b"\0" * 4),
        archive({"head.json": b"{}", "a.npy": npy("(" * 900)}),
        archive({"head.json": b"{}", "a.npy": npy("{'descr': '<f2'}" + " " * 60_000)}),
    ],
)
def test_archives_made_to_harm_are_refused(hostile: bytes) -> None:
    with pytest.raises(InvalidConfig, match="it cannot be read"):
        read_columns(hostile, what="it")


@pytest.mark.parametrize("ends", [[2, 1], [1, 3], [-1, 2], [2, 4]])
def test_texts_that_end_where_they_cannot_are_refused(ends: list[int]) -> None:
    document = write_columns({"name": ["a", "b"]})
    forged = archive(
        {
            member: zipfile.ZipFile(io.BytesIO(document)).read(member)
            if member != "name.ends.npy"
            else npy("{'descr': '<i8', 'fortran_order': False, 'shape': (2,)}", np.array(ends, "<i8").tobytes())
            for member in ("head.json", "name.ends.npy", "name.bytes.npy")
        }
    )
    with pytest.raises(InvalidConfig, match="`name` end where they cannot"):
        read_columns(forged, what="it").texts("name")


def test_a_text_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="`name` is not UTF-8"):
        read_columns(write_columns({"name": [b"\xff"]}), what="it").texts("name")


def test_objects_are_no_column() -> None:
    with pytest.raises(ValueError, match="object"):
        write_columns({"name": np.array([None])})
