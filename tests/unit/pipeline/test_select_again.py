from __future__ import annotations

import numpy as np
import pytest

from swath.core.candidates import Candidates
from swath.pipeline.select_again import choose
from swath.wire.run_config import DiversityStrategy, RandomStrategy, SelectionConfig


def candidates(count: int = 40, *, dimension: int = 8, preselected: int = 0) -> Candidates:
    rng = np.random.default_rng(0)
    return Candidates(
        sample_indices=np.arange(count, dtype=np.int64) * 3,
        keys=rng.integers(0, 256, (count, 16), dtype=np.uint8),
        vectors=rng.standard_normal((count, dimension)).astype(np.float16),
        preselected=rng.standard_normal((preselected, dimension)).astype(np.float16),
    )


def test_samples_are_chosen_by_their_index_in_the_dataset() -> None:
    choice = choose(SelectionConfig(n_samples=5), candidates(), threads=1)
    assert len(set(choice.sample_indices.tolist())) == 5
    assert set(choice.sample_indices.tolist()) <= set(range(0, 120, 3))
    assert (choice.available, choice.asked) == (40, 5)


@pytest.mark.parametrize("strategy", [DiversityStrategy(), RandomStrategy(seed=3)])
def test_the_order_of_the_candidates_has_no_say(strategy: DiversityStrategy | RandomStrategy) -> None:
    config = SelectionConfig(n_samples=0.25, strategies=(strategy,))
    given = candidates(preselected=3)
    order = np.random.default_rng(1).permutation(len(given))
    shuffled = Candidates(
        sample_indices=given.sample_indices[order],
        keys=given.keys[order],
        vectors=given.vectors[order],
        preselected=given.preselected,
    )
    first, second = choose(config, given, threads=1), choose(config, shuffled, threads=2)
    assert first.sample_indices.tolist() == second.sample_indices.tolist()
    assert len(first.sample_indices) == 10


def test_what_was_chosen_before_keeps_what_is_like_it_from_being_chosen() -> None:
    given = candidates(2)
    vectors = np.array([[0, 0], [10, 10]], dtype=np.float16)
    beside_the_first = Candidates(
        sample_indices=given.sample_indices,
        keys=given.keys,
        vectors=vectors,
        preselected=np.array([[0.5, 0]], dtype=np.float16),
    )
    assert choose(SelectionConfig(n_samples=1), beside_the_first, threads=1).sample_indices.tolist() == [3]


def test_more_than_there_is_cannot_be_chosen() -> None:
    choice = choose(SelectionConfig(n_samples=100), candidates(4), threads=1)
    assert sorted(choice.sample_indices.tolist()) == [0, 3, 6, 9]
    assert choice.asked == 100


def test_columns_that_disagree_are_refused() -> None:
    given = candidates(4, preselected=1)
    with pytest.raises(ValueError, match="3 samples"):
        Candidates(
            sample_indices=given.sample_indices[:3],
            keys=given.keys,
            vectors=given.vectors,
            preselected=given.preselected,
        )
    with pytest.raises(ValueError, match="preselected vectors"):
        Candidates(
            sample_indices=given.sample_indices,
            keys=given.keys,
            vectors=given.vectors,
            preselected=given.preselected[:, :3],
        )
