from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from swath.core.selection.nearest import nearest_selected


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("preselected_count", [None, 0, 500])
def test_distances_are_those_of_a_plain_comparison(way: str, dtype: type, preselected_count: int | None) -> None:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((900, 11)).astype(dtype)
    preselected = None if preselected_count is None else random.standard_normal((preselected_count, 11)).astype(dtype)
    rows = random.permutation(900)[:450]
    selected = vectors[rows] if preselected is None else np.concatenate([vectors[rows], preselected])
    differences = vectors.astype(np.float64)[:, None] - selected.astype(np.float64)
    expected = np.sqrt((differences**2).sum(axis=2).min(axis=1))
    np.testing.assert_allclose(nearest_selected(vectors, rows, preselected), expected, rtol=1e-14)
    with ThreadPoolExecutor(2) as executor:
        some = nearest_selected(vectors, rows, preselected, queries=np.array([7, 3, 899]), map_chunks=executor.map)
    np.testing.assert_allclose(some, expected[[7, 3, 899]], rtol=1e-14)
    assert (nearest_selected(vectors, rows, preselected)[rows] == 0).all()


def test_beside_nothing_all_is_infinitely_far() -> None:
    nothing = np.zeros(0, np.int64)
    assert np.isinf(nearest_selected(np.ones((3, 2), np.float32), nothing)).all()
    assert len(nearest_selected(np.zeros((0, 2), np.float32), nothing)) == 0


def test_without_dimensions_all_are_alike() -> None:
    assert nearest_selected(np.zeros((3, 0), np.float32), np.array([1])).tolist() == [0, 0, 0]
