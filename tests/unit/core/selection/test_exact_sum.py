from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from swath.core.selection.exact_sum import ExactSum

NUMBERS = st.lists(st.floats(0.0, 1e150), max_size=30)


@given(kept=NUMBERS, gone=NUMBERS)
def test_what_was_subtracted_again_leaves_no_trace(kept: list[float], gone: list[float]) -> None:
    total = ExactSum()
    for number in [*kept, *gone]:
        total.add(number)
    for number in reversed(gone):
        total.subtract(number)
    assert float(total) == math.fsum(kept)
