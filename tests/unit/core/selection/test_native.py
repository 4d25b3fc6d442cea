"""The compiled library: that it is the one of the sources, and that it takes only what it was told it gets."""

from __future__ import annotations

import ctypes
import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from swath.core.selection import native

NATIVE = Path(__file__).parents[4] / "native"

DISTANCES_TO_POINT = native.Kernel(
    "distances_to_point", native.ROWS, native.INT, native.INT, native.INT, native.INT, native.F64, native.OUT_F64
)


@pytest.fixture(scope="module")
def building() -> ModuleType:
    spec = importlib.util.spec_from_file_location("swath_native_build", NATIVE / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_library_is_that_of_the_sources(building: ModuleType) -> None:
    assert building.is_fresh(), "run `make native`"


def test_a_library_of_other_sources_is_not_fresh(building: ModuleType, tmp_path: Path) -> None:
    old = tmp_path / "libkernels.so"
    assert not building.is_fresh(old)
    old.write_bytes(
        building.LIBRARY.read_bytes().replace(building.digest(building.native_target()).encode(), b"0" * 64)
    )
    assert not building.is_fresh(old)
    assert not building.is_fresh(target="aarch64-macos.11.0")


def test_the_levels_end_with_the_plainest_and_each_has_every_kernel(building: ModuleType) -> None:
    assert native.levels()[-1] == "v1"
    assert set(native.levels()) <= set(building.LEVELS[building.native_target().split("-")[0]])
    for level in native.levels():
        assert native.Library(level).function(DISTANCES_TO_POINT)


@pytest.mark.parametrize(
    "out",
    [np.empty(2, np.float32), np.empty(4)[::2], np.empty(3, np.uint8)[1:].view(), [0.0, 0.0], None],
    ids=["dtype", "strides", "bytes", "list", "nothing"],
)
def test_arguments_of_another_kind_are_refused(out: object) -> None:
    with pytest.raises(ctypes.ArgumentError):
        DISTANCES_TO_POINT(np.zeros((2, 3), np.float32), 0, 3, 0, 2, np.zeros(8), out)


def test_arrays_that_must_not_be_written_are_refused() -> None:
    out = np.empty(2)
    out.flags.writeable = False
    with pytest.raises(ctypes.ArgumentError, match="WRITEABLE"):
        DISTANCES_TO_POINT(np.zeros((2, 3), np.float32), 0, 3, 0, 2, np.zeros(8), out)


def test_a_library_that_is_not_there_is_said_to_be_missing_and_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "LIBRARY", "nowhere.so")
    native._open.cache_clear()
    try:
        with pytest.raises(native.BrokenInstall, match=r"nowhere\.so") as caught:
            native.Library("v1")
        assert "make native" in caught.value.hint
    finally:
        native._open.cache_clear()


def test_a_kernel_that_the_library_lacks_is_named() -> None:
    with pytest.raises(native.BrokenInstall, match="`knead`"):
        native.Kernel("knead")()
