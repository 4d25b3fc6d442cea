"""The compiled kernels: one shared library in the package, made by `native/build.py` from `native/*.c`.

The library holds every kernel for several instruction sets (levels) and says which of them the machine can run; the
best is used. Calls release the GIL. Arrays are handed over as they are: an argument of another dtype, or one that is
not contiguous, is a TypeError, never a copy. Lengths are for the callers of kernels to look after.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import lru_cache
from importlib.resources import as_file, files
from typing import Any, Literal

import numpy as np

from swath.core.errors import SwathError

LIBRARY = "libkernels.so"


class BrokenInstall(SwathError):
    """The kernels, which every whole installation of Swath has, are missing or cannot be loaded."""


def _array(dtype: str, *flags: Literal["WRITEABLE"]) -> Any:
    return np.ctypeslib.ndpointer(dtype=dtype, flags=["C_CONTIGUOUS", "ALIGNED", *flags])


ROWS = np.ctypeslib.ndpointer(flags="C_CONTIGUOUS")
"""A matrix as somebody stored it, of any dtype (another argument says which) and at any address."""

U8, U16, I32, I64, F32, F64 = (_array(dtype) for dtype in ("u1", "u2", "i4", "i8", "f4", "f8"))
OUT_U8, OUT_U16, OUT_I32, OUT_I64, OUT_F32, OUT_F64 = (
    _array(dtype, "WRITEABLE") for dtype in ("u1", "u2", "i4", "i8", "f4", "f8")
)
INT, FLOAT, DOUBLE = ctypes.c_int64, ctypes.c_float, ctypes.c_double


class Library:
    """The kernels of one level. Raises BrokenInstall if the library is not there."""

    def __init__(self, level: str | None = None) -> None:
        self._library = _open()
        self.level = levels()[0] if level is None else level
        self._functions: dict[Kernel, Callable[..., int]] = {}

    def function(self, kernel: Kernel) -> Callable[..., int]:
        found = self._functions.get(kernel)
        if found is None:
            try:
                found = self._library[f"{kernel.name}_{self.level}"]
            except AttributeError:
                raise _broken(f"`{LIBRARY}` has no kernel `{kernel.name}` for `{self.level}`") from None
            found.argtypes, found.restype = kernel.arguments, ctypes.c_int64
            self._functions[kernel] = found
        return found


class Kernel:
    """A compiled function `name` (in C: `KERNEL(name)`), called with the kinds of `arguments` that stand above.

    Returns what it returns, an int. Raises MemoryError if it got no memory, ctypes.ArgumentError for an argument that
    is not of its kind.
    """

    def __init__(self, name: str, *arguments: Any) -> None:
        self.name, self.arguments = name, arguments

    def __call__(self, *values: Any) -> int:
        result = library().function(self)(*values)
        if result < 0:
            raise MemoryError(f"no memory for the kernel `{self.name}`")
        return result


@lru_cache(maxsize=1)
def library() -> Library:
    """The kernels of the best level, loaded when they are first needed."""
    return Library()


@lru_cache(maxsize=1)
def levels() -> tuple[str, ...]:
    """The levels that this machine can run, best first."""
    detect = _open().swath_levels
    detect.restype = ctypes.c_char_p
    return tuple(detect().decode().split())


@lru_cache(maxsize=1)
def _open() -> ctypes.CDLL:
    with as_file(files(__package__) / LIBRARY) as path:
        try:
            return ctypes.CDLL(str(path))
        except OSError as exc:
            raise _broken(f"The compiled kernels of the selection cannot be loaded: {exc}") from exc


def _broken(message: str) -> BrokenInstall:
    return BrokenInstall(message, hint="install Swath again; in a checkout of its sources, run `make native`")
