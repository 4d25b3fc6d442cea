"""What `native/combined.c` reads: its structs, filled from arrays that live as long as they do."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from numpy.typing import NDArray

from swath.core.selection.native import DOUBLE, F32, I64, INT, OUT_F64, OUT_I64, Kernel

_ADDRESS = ctypes.c_void_p

scores_of_terms = Kernel("scores_of_terms", INT, INT, I64, INT, INT, OUT_F64)
values_of_groups = Kernel("values_of_groups", INT, INT, INT)
best_of_round = Kernel("best_of_round", INT)
lower_selected = Kernel("lower_selected", F32, INT, INT, F32, DOUBLE, OUT_F64, OUT_I64)


class Struct(ctypes.Structure):
    """A struct whose pointers are set from arrays, which it keeps from going away."""

    def hold(self, **arrays: NDArray[Any]) -> None:
        kept = self.__dict__.setdefault("kept", {})
        for name, array in arrays.items():
            if not array.flags.c_contiguous:
                raise TypeError(f"{name} is not contiguous")
            kept[name] = array
            setattr(self, name, array.ctypes.data)

    def point(self, **arrays: StructArray[Any]) -> None:
        """Set pointers to arrays of structs."""
        kept = self.__dict__.setdefault("kept", {})
        for name, array in arrays.items():
            kept[name] = array
            setattr(self, name, array.address)

    def held(self, name: str) -> NDArray[Any]:
        """The array that a pointer points to."""
        array: NDArray[Any] = self.__dict__["kept"][name]
        return array

    @property
    def address(self) -> int:
        return ctypes.addressof(self)


class TermStruct(Struct):
    _fields_ = (
        ("strength", DOUBLE),
        ("alone", INT),
        ("total", DOUBLE),
        ("total_at_start", DOUBLE),
        ("gains", _ADDRESS),
        ("favourite", _ADDRESS),
        ("most", _ADDRESS),
        ("least", _ADDRESS),
    )


class BalanceStruct(Struct):
    _fields_ = (
        ("strength", DOUBLE),
        ("categories", INT),
        ("target", _ADDRESS),
        ("amounts", _ADDRESS),
        ("groups", INT),
        ("starts", _ADDRESS),
        ("entries", _ADDRESS),
        ("entry_amounts", _ADDRESS),
        ("group_of_unit", _ADDRESS),
        ("group_of_bucket", _ADDRESS),
        ("values", _ADDRESS),
        ("is_exact", _ADDRESS),
        ("amounts_at_start", _ADDRESS),
        ("largest_sum", DOUBLE),
        ("least_entropy", DOUBLE),
        ("most_entropy", DOUBLE),
    )


class NearnessStruct(Struct):
    _fields_ = (
        ("numbers", _ADDRESS),
        ("half", INT),
        ("depth", INT),
        ("aggregate", INT),
        ("starts", _ADDRESS),
        ("rows", _ADDRESS),
        ("nearest", _ADDRESS),
        ("seen", _ADDRESS),
        ("gains", _ADDRESS),
        ("joined", _ADDRESS),
        ("joined_count", INT),
        ("lowest", DOUBLE),
        ("values", _ADDRESS),
    )


class RoundStruct(Struct):
    _fields_ = (
        ("units", INT),
        ("terms", INT),
        ("nearnesses", INT),
        ("balances", INT),
        ("buckets", INT),
        ("alive", _ADDRESS),
        ("order", _ADDRESS),
        ("term", _ADDRESS),
        ("nearness", _ADDRESS),
        ("balance", _ADDRESS),
        ("upper", _ADDRESS),
        ("factors", _ADDRESS),
        ("highest", _ADDRESS),
        ("lowest", _ADDRESS),
        ("first", _ADDRESS),
        ("exact_balance", INT),
        ("best", INT),
        ("score", DOUBLE),
    )


AnyStruct = TypeVar("AnyStruct", bound=Struct)


class StructArray(Generic[AnyStruct]):
    """Structs side by side, as C has arrays of them. They are copies of those given, whose arrays they share."""

    def __init__(self, kind: type[AnyStruct], structs: Sequence[AnyStruct]) -> None:
        self._originals = structs
        self._array = (kind * max(1, len(structs)))(*structs)

    def __len__(self) -> int:
        return len(self._originals)

    def __getitem__(self, place: int) -> AnyStruct:
        struct: AnyStruct = self._array[place]
        return struct

    def held(self, place: int, name: str) -> NDArray[Any]:
        """The array that a pointer of a struct points to."""
        return self._originals[place].held(name)

    @property
    def address(self) -> int:
        return ctypes.addressof(self._array)
