from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from swath.pipeline.selecting import Selected, first_of_each_key, image_keys, is_among, select_units
from swath.wire.run_config import SelectionConfig


def keys_of(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (count, 16), dtype=np.uint8)


def vectors_of(count: int) -> NDArray[np.float16]:
    return np.random.default_rng(2).standard_normal((count, 8)).astype(np.float16)


def choose(config: dict[str, Any], count: int, **options: Any) -> Selected:
    arguments: dict[str, Any] = {
        "vectors": vectors_of(count),
        "keys": keys_of(count),
        "preselected": np.zeros((0, 8), np.float16),
        "unit_of_row": None,
        "threads": 2,
    }
    return select_units(SelectionConfig.model_validate(config), **{**arguments, **options})


@pytest.mark.parametrize(
    ("n_samples", "picked", "asked", "stopped_by"),
    [
        (1, 1, 1, "count"),
        (1.0, 10, 10, "count"),
        (0.25, 3, 3, "count"),
        (0.001, 1, 1, "count"),
        (25, 10, 25, "count"),
        (None, 10, None, "count"),
    ],
)
def test_amounts(n_samples: float | None, picked: int, asked: int | None, stopped_by: str) -> None:
    chosen = choose({"n_samples": n_samples}, 10)
    assert (len(chosen.units), chosen.asked, chosen.available, chosen.stopped_by) == (picked, asked, 10, stopped_by)
    assert len(set(chosen.units.tolist())) == picked


def test_nothing_to_choose_from_chooses_nothing() -> None:
    chosen = choose({"n_samples": 5}, 0)
    assert (len(chosen.units), chosen.asked, chosen.available, chosen.stopped_by) == (0, 5, 0, "exhausted")
    assert choose({"n_samples": 0.5}, 0).asked == 0


def test_diversity_keeps_away_from_what_was_selected_before() -> None:
    vectors = np.array([[1, 0], [0.9, 0.1], [0, 1]], np.float16)
    chosen = choose({"n_samples": 1}, 3, vectors=vectors, preselected=np.array([[1, 0]], np.float16))
    assert chosen.units.tolist() == [2]
    assert chosen.distances[0] == pytest.approx(2**0.5, abs=1e-3)


def test_a_minimum_distance_stops_early() -> None:
    vectors = np.array([[0, 0], [0.01, 0], [5, 0]], np.float16)
    chosen = choose({"strategies": [{"type": "diversity", "minimum_distance": 1}]}, 3, vectors=vectors)
    assert (len(chosen.units), chosen.stopped_by) == (2, "minimum_distance")


def test_random_follows_its_seed_and_the_keys_not_the_order_of_rows() -> None:
    def random(seed: int, **options: Any) -> list[int]:
        return choose({"n_samples": 5, "strategies": [{"type": "random", "seed": seed}]}, 30, **options).units.tolist()

    assert random(1) == random(1)
    assert random(1) != random(2)
    order = np.random.default_rng(3).permutation(30)
    shuffled = random(1, keys=keys_of(30)[order], vectors=vectors_of(30)[order])
    assert order[shuffled].tolist() == random(1)


@given(seed=st.integers(0, 1000), count=st.integers(1, 25), share=st.floats(0.05, 1))
def test_diversity_picks_the_same_objects_whatever_the_order_of_rows(seed: int, count: int, share: float) -> None:
    straight = choose({"n_samples": share}, count)
    order = np.random.default_rng(seed).permutation(count)
    shuffled = choose({"n_samples": share}, count, keys=keys_of(count)[order], vectors=vectors_of(count)[order])
    assert order[shuffled.units].tolist() == straight.units.tolist()


def test_images_are_chosen_with_their_objects_and_those_without_come_last() -> None:
    rows = np.array([0, 0, 2, 2, 2])
    chosen = choose({"n_samples": 1.0}, 5, keys=keys_of(3), unit_of_row=rows)
    assert chosen.available == 3
    assert sorted(chosen.units.tolist()) == [0, 1, 2]
    assert chosen.units[-1] == 1  # the image without an object


def test_the_first_row_of_each_key_counts() -> None:
    keys = keys_of(3)[[2, 0, 2, 1, 0]]
    assert first_of_each_key(keys).tolist() == [True, True, False, True, False]
    assert first_of_each_key(keys[:0]).tolist() == []


def test_which_keys_are_among_others() -> None:
    keys = keys_of(4)
    assert is_among(keys, keys[[3, 1]]).tolist() == [False, True, False, True]
    assert is_among(keys, keys[:0]).tolist() == [False] * 4
    assert is_among(keys[:0], keys).tolist() == []
    nearly = keys.copy()
    nearly[:, 15] ^= 1
    assert not is_among(keys, nearly).any()


def test_keys_of_images_are_the_start_of_their_digests() -> None:
    keys = image_keys([bytes(range(32)), bytes(32)])
    assert keys.tolist() == [list(range(16)), [0] * 16]
    assert image_keys([]).shape == (0, 16)
