"""Masks as bits and categories as colour codes: the two compact forms in which a browser gets a million values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.core.browsing.columns import NO_CODE

MOST_CODES = 256  # codes are uint8


def pack_mask(mask: NDArray[np.bool_]) -> bytes:
    """The mask (N,) as ceil(N / 8) bytes: bit i, counted from the lowest of the first byte, is value i."""
    return np.packbits(mask, bitorder="little").tobytes()


def unpack_mask(data: bytes, count: int) -> NDArray[np.bool_]:
    """The mask (count,) that `pack_mask` packed. Raises ValueError if `data` is not one of `count` values."""
    expected = (count + 7) // 8
    if len(data) != expected:
        raise ValueError(f"a bitmap of {count:,} values has {expected:,} bytes, got {len(data):,}")
    if count % 8 and data[-1] >> (count % 8):
        raise ValueError(f"a bitmap of {count:,} values must have no bit beyond them")
    return np.unpackbits(np.frombuffer(data, dtype=np.uint8), count=count, bitorder="little").view(np.bool_)


class LegendKind(StrEnum):
    """What an entry of a legend stands for."""

    LABEL = "label"
    MISSING = "missing"  # no value
    OTHER = "other"  # all labels for which no code was left


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendEntry:
    """What one code stands for; `label` is empty unless `kind` is `LABEL`."""

    kind: LegendKind
    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CodedColumn:
    """Colour codes of values and what they mean: entry c of the legend is code c."""

    codes: NDArray[np.uint8]  # (N,)
    legend: tuple[LegendEntry, ...]


def column_codes(values: NDArray[np.integer[Any]], labels: Sequence[str], *, max_codes: int = 20) -> CodedColumn:
    """Code `values` (N,), which are places in `labels` or NO_CODE, with at most `max_codes` codes.

    Codes are given by count, largest first, then by label; values that do not occur get none. If more values occur
    than there are codes, the last code stands for all the rest. Raises ValueError on a value without a label.
    """
    if not 1 <= max_codes <= MOST_CODES:
        raise ValueError(f"`max_codes` must be from 1 to {MOST_CODES}, got {max_codes}")
    if len(values) and not (int(values.min()) >= NO_CODE and int(values.max()) < len(labels)):
        raise ValueError(f"values must be from {NO_CODE} to {len(labels) - 1}")
    counts = np.bincount(values.astype(np.intp) + 1, minlength=len(labels) + 1)  # counts[0] are the missing ones
    entries = {
        slot: LegendEntry(
            kind=LegendKind.LABEL if slot else LegendKind.MISSING,
            label=labels[slot - 1] if slot else "",
            count=int(counts[slot]),
        )
        for slot in np.flatnonzero(counts).tolist()
    }
    ranked = sorted(entries, key=lambda slot: (-entries[slot].count, entries[slot].label, slot))
    named = ranked if len(ranked) <= max_codes else ranked[: max_codes - 1]
    legend = [entries[slot] for slot in named]
    if len(named) < len(ranked):
        rest = sum(entries[slot].count for slot in ranked[len(named) :])
        legend.append(LegendEntry(kind=LegendKind.OTHER, label="", count=rest))

    # Rolled by one, so that NO_CODE, -1, wraps around to its slot at the end.
    code_of_slot = np.full(len(labels) + 1, max(len(legend) - 1, 0), dtype=np.uint8)
    code_of_slot[named] = np.arange(len(named), dtype=np.uint8)
    codes = np.roll(code_of_slot, -1).take(values, mode="wrap")
    return CodedColumn(codes=codes, legend=tuple(legend))
