from __future__ import annotations

import numpy as np

from swath.core.maps.pairs import Pairs, added_up, both_ways


def as_lists(pairs: Pairs) -> list[list[tuple[int, float]]]:
    return [
        [(int(pairs.partners[at]), round(float(pairs.weights[at]), 4)) for at in range(start, end)]
        for start, end in zip(pairs.starts[:-1].tolist(), pairs.starts[1:].tolist(), strict=True)
    ]


def test_a_pair_is_found_from_either_side() -> None:
    pairs = both_ways(np.array([2, 0]), np.array([0, 3]), np.array([0.5, 0.25]), 4)
    assert as_lists(pairs) == [[(2, 0.5), (3, 0.25)], [], [(0, 0.5)], [(0, 0.25)]]


def test_equal_pairs_become_one() -> None:
    twice = both_ways(np.array([0, 1, 0]), np.array([1, 0, 2]), np.array([0.5, 0.4, 0.3]), 3)
    assert as_lists(added_up(twice, fuzzy=False)) == [[(1, 0.9), (2, 0.3)], [(0, 0.9)], [(0, 0.3)]]
    assert as_lists(added_up(twice, fuzzy=True)) == [[(1, 0.7), (2, 0.3)], [(0, 0.7)], [(0, 0.3)]]


def test_no_pairs_are_no_pairs() -> None:
    none = both_ways(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), 2)
    assert as_lists(added_up(none, fuzzy=True)) == [[], []]
