"""Bits that survive the trip, and codes that say what they stand for."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from swath.core.browsing import LegendKind, column_codes, pack_mask, unpack_mask


@settings(deadline=None)
@given(mask=arrays(np.bool_, st.integers(0, 70)))
def test_a_mask_comes_back_as_it_was(mask: np.ndarray) -> None:
    data = pack_mask(mask)
    back = unpack_mask(data, len(mask))
    assert back.dtype == np.bool_
    assert back.tolist() == mask.tolist()
    assert [data[i // 8] >> (i % 8) & 1 for i in range(len(mask))] == mask.tolist()


def test_a_bitmap_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="9 values has 2 bytes, got 1"):
        unpack_mask(b"\xff", 9)
    with pytest.raises(ValueError, match="8 values has 1 bytes, got 2"):
        unpack_mask(b"\xff\x00", 8)


def test_a_bit_beyond_the_values_is_refused() -> None:
    assert unpack_mask(b"\x07", 3).all()
    with pytest.raises(ValueError, match="no bit beyond"):
        unpack_mask(b"\x0f", 3)


LABELS = ["car", "truck", "bus", "car", "van"]


@settings(deadline=None)
@given(
    values=st.lists(st.integers(-1, len(LABELS) - 1), max_size=60),
    max_codes=st.integers(1, 7),
)
def test_every_code_stands_for_what_the_legend_says(values: list[int], max_codes: int) -> None:
    coded = column_codes(np.array(values, dtype=np.int32), LABELS, max_codes=max_codes)
    by_count = sorted(
        Counter(values).items(), key=lambda item: (-item[1], LABELS[item[0]] if item[0] >= 0 else "", item[0])
    )
    assert len(coded.legend) == min(len(by_count), max_codes)
    assert coded.codes.dtype == np.uint8
    fits = len(by_count) <= max_codes
    code_of = {}
    for place, (value, count) in enumerate(by_count):
        is_named = fits or place < max_codes - 1
        code_of[value] = place if is_named else max_codes - 1
        entry = coded.legend[code_of[value]]
        if is_named:
            assert entry.count == count
            assert entry.kind is (LegendKind.MISSING if value == -1 else LegendKind.LABEL)
            assert entry.label == ("" if value == -1 else LABELS[value])
        else:
            assert entry.kind is LegendKind.OTHER
    assert coded.codes.tolist() == [code_of[value] for value in values]
    assert sum(entry.count for entry in coded.legend) == len(values)


def test_a_value_without_a_label_is_refused() -> None:
    with pytest.raises(ValueError, match="from -1 to 4"):
        column_codes(np.array([5]), LABELS)


@pytest.mark.parametrize("max_codes", [0, 257])
def test_codes_must_fit_into_a_byte(max_codes: int) -> None:
    with pytest.raises(ValueError, match=f"got {max_codes}"):
        column_codes(np.array([0]), LABELS, max_codes=max_codes)
