"""A stable argsort of whole numbers that takes time in proportion to their number and width."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DIGIT_BITS = 16  # numpy's stable sort is a radix sort up to this width and several times slower above


def stable_argsort(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Row numbers (N,) that sort `keys` (N,); equal keys keep their order. Narrow keys sort faster."""
    widest = int(keys.max(initial=0)).bit_length()
    order = np.argsort(keys.astype(np.uint16), kind="stable")
    for shift in range(DIGIT_BITS, widest, DIGIT_BITS):
        digit = (keys >> np.uint64(shift)).astype(np.uint16)
        order = order.take(np.argsort(digit.take(order), kind="stable"))
    return order
