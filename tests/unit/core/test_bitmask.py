from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.bitmask import MOST_SAMPLES, full_mask, read_mask, write_mask
from swath.core.errors import InvalidConfig, TooLarge

index_sets = st.sets(st.integers(0, 2_000))


def as_number(indices: set[int]) -> int:
    return sum(1 << index for index in indices)


@given(index_sets)
def test_a_mask_is_the_number_with_the_bits_of_the_samples(indices: set[int]) -> None:
    mask = write_mask(np.array(list(indices), dtype=np.int64))
    assert mask == hex(as_number(indices))
    assert read_mask(mask, size=2_001).tolist() == sorted(indices)


@given(index_sets, st.integers(0, 9))
def test_leading_zeros_and_capitals_say_nothing(indices: set[int], zeros: int) -> None:
    digits = f"{as_number(indices):X}"
    assert read_mask(f"0x{'0' * zeros}{digits}").tolist() == sorted(indices)


@given(st.integers(0, 300))
def test_a_full_mask_is_that_of_all_samples(size: int) -> None:
    assert full_mask(size) == write_mask(np.arange(size)) == hex((1 << size) - 1)


def test_bits_count_from_the_right() -> None:
    assert write_mask(np.array([6, 0, 4, 3])) == "0x59"
    assert write_mask(np.array([], dtype=np.int32)) == "0x0"
    assert read_mask("0x0", size=0).tolist() == []


@pytest.mark.parametrize("text", ["", "0x", "59", "0b1011", "0x5g", " 0x5", "0x5\n", "-0x5", "0x٣", "0x5_9"])
def test_what_is_no_mask_is_refused(text: str) -> None:
    with pytest.raises(InvalidConfig, match="is no bit mask"):
        read_mask(text)


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_bit_beyond_the_dataset_is_refused(index: int, size: int) -> None:
    mask = write_mask(np.array([index]))
    if index < size:
        assert read_mask(mask, size=size).tolist() == [index]
    else:
        with pytest.raises(InvalidConfig, match=f"sample {index}.*has {size} samples"):
            read_mask(mask, size=size)


def test_a_mask_larger_than_any_dataset_is_refused_and_a_long_text_is_not_repeated() -> None:
    with pytest.raises(TooLarge):
        read_mask("0x" + "f" * (MOST_SAMPLES // 4 + 1))
    with pytest.raises(InvalidConfig) as refused:
        read_mask("0x" + "z" * 100_000)
    assert len(refused.value.message) < 200


def test_a_million_samples_take_no_time() -> None:
    indices = np.flatnonzero(np.random.default_rng(1).random(1_000_000) < 0.5)
    started = time.process_time()
    assert np.array_equal(read_mask(write_mask(indices), size=1_000_000), indices)
    assert time.process_time() - started < 0.5
