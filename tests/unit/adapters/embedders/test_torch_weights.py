from __future__ import annotations

import collections
import os
import pickle
import struct
from io import BytesIO

import numpy as np
import pytest

from swath.adapters.embedders.efficientnet_lite0 import weights_path
from swath.adapters.embedders.torch_weights import read_state_dict
from swath.core.errors import EmbedderUnavailable

MAGIC = 0x1950A86A20F9469CFC6C


class Global:
    """Pickles as the name of something that is not installed here."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class Tensor:
    def __init__(self, key: str, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
        self.key, self.offset, self.shape, self.strides = key, offset, shape, strides


class _TorchPickler(pickle._Pickler):
    """Writes what torch.save wrote before 1.6, without torch."""

    def persistent_id(self, obj):
        return obj.pid if isinstance(obj, Storage) else None

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, Global):
            self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        elif isinstance(obj, Tensor):
            self.save(Global("torch._utils", "_rebuild_tensor_v2"))
            self.save((Storage(obj.key), obj.offset, obj.shape, obj.strides, False, collections.OrderedDict()))
            self.write(pickle.REDUCE)
        else:
            super().save(obj, save_persistent_id)


class Storage:
    def __init__(self, key: str) -> None:
        self.pid = ("storage", Global("torch", "FloatStorage"), key, "cpu", 0, None)


def weights_file(tensors, storages) -> bytes:
    stream = BytesIO()
    for document in (MAGIC, 1001, {"little_endian": True}, tensors, list(storages)):
        _TorchPickler(stream, protocol=2).dump(document)
    for values in storages.values():
        stream.write(struct.pack("<q", len(values)) + np.asarray(values, dtype="<f4").tobytes())
    return stream.getvalue()


def test_tensors_are_read_with_their_offset_and_strides():
    tensors = {"whole": Tensor("a", 0, (2, 3), (3, 1)), "transposed": Tensor("a", 1, (2, 2), (1, 3))}
    state = read_state_dict(weights_file(tensors, {"a": range(6)}), source="x.pth")
    np.testing.assert_array_equal(state["whole"], np.arange(6).reshape(2, 3))
    np.testing.assert_array_equal(state["transposed"], [[1, 4], [2, 5]])


def test_the_installed_weights_have_all_tensors_of_the_network():
    state = read_state_dict(weights_path().read_bytes(), source="weights")
    assert len(state) == 296
    assert state["_conv_head.weight"].shape == (1280, 320, 1, 1)
    assert all(np.isfinite(values).all() for values in state.values())


class Malicious:
    def __reduce__(self):
        return os.mkdir, ("made-by-a-pickle",)


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps(Malicious(), protocol=2),
        b"",
        b"not a pickle",
        pickle.dumps(1, protocol=2) * 3,
        pickle.dumps([MAGIC], protocol=2),
    ],
    ids=["calls_a_function", "empty", "text", "another_magic_number", "too_few_pickles"],
)
def test_a_file_that_is_no_state_dict_is_refused_and_nothing_runs(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EmbedderUnavailable, match=r"x\.pth"):
        read_state_dict(data, source="x.pth")
    assert list(tmp_path.iterdir()) == []


def test_a_state_dict_with_other_objects_in_it_is_refused():
    with pytest.raises(EmbedderUnavailable, match=r"builtins\.eval"):
        read_state_dict(weights_file({"a": Global("builtins", "eval")}, {}), source="x.pth")


@pytest.mark.parametrize(
    ("offset", "shape", "strides"), [(0, (3, 3), (3, 1)), (5, (2,), (1,)), (-1, (1,), (1,)), (3, (2,), (-1,))]
)
def test_a_tensor_that_reaches_beyond_its_storage_is_refused(offset, shape, strides):
    with pytest.raises(EmbedderUnavailable, match="beyond its storage"):
        read_state_dict(weights_file({"t": Tensor("a", offset, shape, strides)}, {"a": range(6)}), source="x.pth")


def test_a_truncated_file_is_refused():
    data = weights_file({"t": Tensor("a", 0, (6,), (1,))}, {"a": range(6)})
    with pytest.raises(EmbedderUnavailable, match="ends within a tensor"):
        read_state_dict(data[:-4], source="x.pth")
