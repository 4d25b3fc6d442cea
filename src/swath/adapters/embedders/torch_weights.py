"""Reads the tensors of a PyTorch weights file (.pth, the format before 1.6) without torch, and executes nothing in it.

A .pth file is a row of pickles, and a pickle may call anything; this reader knows the two names that a plain state
dict needs and refuses all others.
"""

from __future__ import annotations

import pickle
import struct
from collections import OrderedDict
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.core.errors import EmbedderUnavailable

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_DTYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


def read_state_dict(data: bytes, *, source: str) -> dict[str, NDArray[Any]]:
    """The named tensors of a state dict, as arrays of their own.

    `source` names the file in errors. Raises EmbedderUnavailable if the bytes are not such a file, or if unpickling
    them would need anything but tensors.
    """
    stream = BytesIO(data)
    try:
        magic, protocol, _machine = (_TensorUnpickler(stream).load() for _ in range(3))
        if magic != _MAGIC or protocol != _PROTOCOL:
            raise ValueError(f"magic number {magic!r}, protocol {protocol!r}")
        placed: dict[str, _PlacedTensor] = _TensorUnpickler(stream).load()
        keys: list[str] = _TensorUnpickler(stream).load()
        dtypes = {tensor.storage: tensor.dtype for tensor in placed.values()}
        storages = {key: _read_storage(stream, dtypes[key]) for key in keys}
        return {name: _view(storages[tensor.storage], tensor) for name, tensor in placed.items()}
    except (pickle.UnpicklingError, struct.error, ValueError, KeyError, TypeError, AttributeError, EOFError) as exc:
        raise EmbedderUnavailable(
            f"`{source}` is not a PyTorch weights file that can be read: {exc}",
            hint="reinstall the package it came with",
        ) from exc


@dataclass(frozen=True, slots=True)
class _StorageType:
    name: str


@dataclass(frozen=True, slots=True)
class _PlacedTensor:
    """Where in which storage a tensor lies; offset and strides in elements."""

    storage: str
    dtype: np.dtype[Any]
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _place_tensor(
    storage: tuple[str, np.dtype[Any]], offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_rest: object
) -> _PlacedTensor:
    key, dtype = storage
    return _PlacedTensor(key, dtype, offset, shape, strides)


class _TensorUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _place_tensor
        if module == "torch" and name in _DTYPES:
            return _StorageType(name)
        raise pickle.UnpicklingError(f"refused to load `{module}.{name}`")

    def persistent_load(self, pid: Any) -> Any:
        # ("storage", type, key, location, number of elements, view): the bytes follow after all pickles.
        _kind, storage_type, key, _location, _count, _view_of = pid
        return key, _DTYPES[storage_type.name]


def _read_storage(stream: BytesIO, dtype: np.dtype[Any]) -> NDArray[Any]:
    (count,) = struct.unpack("<q", stream.read(8))
    raw = stream.read(count * dtype.itemsize)
    if count < 0 or len(raw) != count * dtype.itemsize:
        raise ValueError(f"the file ends within a tensor of {count} elements")
    return np.frombuffer(raw, dtype)


def _view(storage: NDArray[Any], tensor: _PlacedTensor) -> NDArray[Any]:
    # as_strided reads whatever it is pointed at, so the bounds are checked first.
    last = tensor.offset + sum((n - 1) * stride for n, stride in zip(tensor.shape, tensor.strides, strict=True))
    if tensor.offset < 0 or min((*tensor.shape, *tensor.strides), default=1) < 0 or last >= len(storage):
        raise ValueError(f"a tensor of shape {tensor.shape} reaches beyond its storage")
    byte_strides = [stride * storage.itemsize for stride in tensor.strides]
    return np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, byte_strides).copy()
