"""Columns of numbers, texts and bytes with a JSON head, as one binary document.

This is how workers and the server hand each other what has many rows. The document is a zip archive whose members are
stored, not compressed: `head.json`, and one `<column>.npy` per array; a column of texts (UTF-8, lone surrogates kept)
or of bytes is two arrays, all bytes one after another and where each value ends. Whoever reads trusts nothing: bytes
that are no such document raise InvalidConfig, and reading takes no more memory than the document has bytes.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import DTypeLike, NDArray

from swath.core.errors import InvalidConfig

MEDIA_TYPE = "application/vnd.swath.columns"

MAX_MEMBERS = 64
MAX_HEAD_BYTES = 1 << 20
MAX_ARRAY_HEADER = 1024  # characters; those of arrays without fields have about a hundred

_HEAD = "head.json"
_COLUMN_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_KINDS = frozenset("biuf")
"""Kinds of dtype: bool, int, unsigned, float."""

Column = NDArray[np.generic] | Sequence[str] | Sequence[bytes]


def write_columns(columns: Mapping[str, Column], head: Mapping[str, Any] | None = None) -> bytes:
    """The document of named columns: arrays of numbers, or sequences of `str` or of `bytes`, of any lengths.

    An empty sequence that is not an array counts as one of texts or of bytes, whichever is asked for.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_member(_HEAD), json.dumps(dict(head or {})))
        for name, column in columns.items():
            if not _COLUMN_NAME.fullmatch(name):
                raise ValueError(f"a column cannot be called {name!r}")
            if isinstance(column, np.ndarray):
                _write_array(archive, name, column)
                continue
            values = [value if isinstance(value, bytes) else _to_bytes(value) for value in column]
            lengths = np.fromiter(map(len, values), dtype=np.int64, count=len(values))
            _write_array(archive, f"{name}.ends", np.cumsum(lengths))
            _write_array(archive, f"{name}.bytes", np.frombuffer(b"".join(values), dtype=np.uint8))
    return buffer.getvalue()


def _write_array(archive: zipfile.ZipFile, name: str, array: NDArray[np.generic]) -> None:
    if array.dtype.kind not in _KINDS:
        raise ValueError(f"column {name!r} is of {array.dtype}, which a document cannot hold")
    with archive.open(_member(f"{name}.npy"), "w", force_zip64=True) as member:
        npy.write_array(member, np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"))), allow_pickle=False)


def _member(name: str) -> zipfile.ZipInfo:
    """Without the time of writing: the same columns are the same bytes, whenever they are sent again."""
    return zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))


def _to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """A document that was read; every accessor raises InvalidConfig for a column that is not there or of another kind.

    `what` names the document in messages.
    """

    head: Mapping[str, Any]
    arrays: Mapping[str, NDArray[np.generic]]
    what: str

    def array(self, name: str, dtype: DTypeLike, shape: tuple[int | None, ...] = (None,)) -> NDArray[Any]:
        """Column `name` with exactly this dtype and shape; None stands for any length."""
        column = self.arrays.get(name)
        expected = np.dtype(dtype)
        if column is None:
            raise _wrong(self.what, f"it has no column `{name}`")
        fits = column.ndim == len(shape) and all(
            want is None or want == length for want, length in zip(shape, column.shape, strict=True)
        )
        if column.dtype != expected or not fits:
            wanted = ", ".join("any" if length is None else str(length) for length in shape)
            raise _wrong(self.what, f"column `{name}` is {column.dtype} {column.shape}, expected {expected} ({wanted})")
        return column

    def texts(self, name: str) -> tuple[str, ...]:
        """Column `name` of texts."""
        try:
            return tuple(value.decode("utf-8", "surrogatepass") for value in self.blobs(name))
        except UnicodeDecodeError as exc:
            raise _wrong(self.what, f"a text in column `{name}` is not UTF-8") from exc

    def blobs(self, name: str) -> tuple[bytes, ...]:
        """Column `name` of bytes."""
        content = self.array(f"{name}.bytes", np.uint8)
        ends = self.array(f"{name}.ends", np.int64)
        starts = np.concatenate([np.zeros(1, np.int64), ends])
        if (starts[1:] < starts[:-1]).any() or starts[-1] != len(content):
            raise _wrong(self.what, f"the values of column `{name}` end where they cannot")
        data = content.tobytes()
        return tuple(data[start:end] for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True))

    def count(self, name: str) -> int:
        """The whole number `name` of the head, at least 0."""
        value = self.head.get(name)
        if type(value) is not int or value < 0:
            raise _wrong(self.what, f"its head gives no `{name}`")
        return value


def read_columns(data: bytes, *, what: str) -> Columns:
    """Read a document from bytes that may be anything. Raises InvalidConfig, and nothing else."""
    try:
        return _read(data, what)
    except InvalidConfig:
        raise
    except Exception as exc:
        # Parsers of others meet bytes of others: whatever they raise, these are no columns.
        raise _wrong(what, "it is damaged or something else") from exc


def _read(data: bytes, what: str) -> Columns:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        _check_members(members, len(data), what)
        head = json.loads(archive.read(_HEAD))
        if not isinstance(head, dict):
            raise _wrong(what, "its head is no object")
        arrays = {
            member.filename.removesuffix(".npy"): _read_array(archive.read(member), what)
            for member in members
            if member.filename != _HEAD
        }
    return Columns(head=head, arrays=arrays, what=what)


def _check_members(members: Sequence[zipfile.ZipInfo], size: int, what: str) -> None:
    """Refuse archives that would grow when they are read, before any member is."""
    names = [member.filename for member in members]
    if len(members) > MAX_MEMBERS or len(set(names)) != len(names):
        raise _wrong(what, "it has too many members, or two of one name")
    if any(member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1 for member in members):
        raise _wrong(what, "a member is compressed or encrypted")
    # Members may overlap in a forged archive, and then each counts.
    if sum(member.file_size for member in members) > size:
        raise _wrong(what, "its members claim more bytes than it has")
    for member in members:
        is_head = member.filename == _HEAD
        if not is_head and not member.filename.endswith(".npy"):
            raise _wrong(what, f"it has a member `{member.filename[:80]}`")
        if is_head and member.file_size > MAX_HEAD_BYTES:
            raise _wrong(what, "its head is too long")


def _read_array(data: bytes, what: str) -> NDArray[np.generic]:
    """The array (read-only, over the same memory) of the bytes of an `.npy` file."""
    file = io.BytesIO(data)
    version = npy.read_magic(file)
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran_order, dtype = read_header(file, max_header_size=MAX_ARRAY_HEADER)
    count = 1
    for length in shape:
        count *= length
    if dtype.kind not in _KINDS or fortran_order or min(shape, default=0) < 0:
        raise _wrong(what, "an array is of a kind that does not belong there")
    if count * dtype.itemsize != len(data) - file.tell():
        raise _wrong(what, "an array has more or fewer bytes than its shape says")
    return np.frombuffer(data, dtype=dtype, offset=file.tell(), count=count).reshape(shape)


def _wrong(what: str, why: str) -> InvalidConfig:
    return InvalidConfig(f"{what} cannot be read: {why}")
