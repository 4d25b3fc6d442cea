"""Sets of samples as one large number in hexadecimal: bit k, counted from the lowest, is the sample of index k.

`0x59` is 0b1011001: samples 0, 3, 4 and 6. The empty set is `0x0`.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from swath.core.errors import InvalidConfig, TooLarge

PREFIX: Final = "0x"

MOST_SAMPLES: Final = 1 << 26
"""Bits a mask may have if nobody says less: eight megabytes, sixteen million digits."""

_DIGITS = re.compile(r"0[xX][0-9a-fA-F]+")
_SHOWN = 40


def write_mask(indices: NDArray[np.integer]) -> str:
    """The mask of sample indices (M,), in any order and none below 0: `0x`, then lower-case digits without leading
    zeros.
    """
    if not len(indices):
        return f"{PREFIX}0"
    bits = np.zeros(int(indices.max()) + 1, dtype=np.bool_)
    bits[indices] = True
    return _written(np.packbits(bits, bitorder="little").tobytes())


def full_mask(size: int) -> str:
    """The mask of the first `size` samples."""
    top, rest = 1 << size % 4, size // 4
    return f"{PREFIX}{f'{top - 1:x}' if top > 1 or not rest else ''}{'f' * rest}"


def read_mask(text: str, *, size: int = MOST_SAMPLES, field: str = "bitMaskData") -> NDArray[np.int64]:
    """The indices (M,) in a mask, ascending. Leading zeros are allowed, and digits of either case.

    Raises InvalidConfig for text that is no mask and for a bit that is not below `size`, TooLarge for a mask of more
    digits than any dataset has use for; each before the text is turned into anything larger.
    """
    if len(text) > MOST_SAMPLES // 4 + len(PREFIX):
        raise TooLarge(f"`{field}` has {len(text):,} characters; a mask has up to {MOST_SAMPLES // 4:,} digits")
    if not _DIGITS.fullmatch(text):
        raise InvalidConfig(
            f"`{field}` is no bit mask: `{_shortened(text)}`", field=field, hint="Write `0x` and hexadecimal digits."
        )
    digits = text[len(PREFIX) :].lstrip("0")
    if not digits:
        return np.empty(0, dtype=np.int64)
    highest = 4 * (len(digits) - 1) + int(digits[0], 16).bit_length() - 1
    if highest >= size:
        raise InvalidConfig(
            f"`{field}` holds sample {highest:,}: the dataset has {size:,} samples, counted from 0", field=field
        )
    data = bytes.fromhex(digits.rjust(len(digits) + len(digits) % 2, "0"))
    bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8)[::-1], bitorder="little")
    return np.flatnonzero(bits).astype(np.int64, copy=False)


def _written(little_endian: bytes) -> str:
    return f"{PREFIX}{little_endian[::-1].hex().lstrip('0') or '0'}"


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
