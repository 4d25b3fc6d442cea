"""Coordinates that do not depend on chance, and orders that do by intent."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from swath.core.browsing import PcaBasis, display_order


def stretched(count: int = 4_000) -> NDArray[np.float16]:
    """Vectors that vary most along dimension 2, then 0."""
    random = np.random.default_rng(0)
    return (random.normal(size=(count, 6)) * [2, 0.5, 4, 0.1, 0.3, 0.2] + 7).astype(np.float16)


def test_coordinates_are_along_the_two_directions_of_largest_variance() -> None:
    basis = PcaBasis.fit(stretched())
    assert basis.components.dtype == basis.mean.dtype == np.float32
    assert np.allclose(basis.components[0], [0, 0, 1, 0, 0, 0], atol=0.05)
    assert np.allclose(basis.components[1], [1, 0, 0, 0, 0, 0], atol=0.05)
    coordinates = basis.project(stretched())
    assert coordinates.dtype == np.float32
    assert coordinates.shape == (4_000, 2)
    assert np.allclose(coordinates.std(axis=0), [4, 2], rtol=0.05)
    assert np.allclose(coordinates.mean(axis=0), 0, atol=0.01)


def test_the_basis_does_not_depend_on_the_order_of_rows() -> None:
    vectors = stretched(20_000)
    basis, shuffled = PcaBasis.fit(vectors), PcaBasis.fit(np.random.default_rng(1).permutation(vectors))
    assert np.allclose(basis.components, shuffled.components, atol=1e-6)
    assert np.allclose(basis.mean, shuffled.mean, atol=1e-6)


@pytest.mark.parametrize("count", [2, 3, 40, 63, 64, 65, 200])
def test_fewer_vectors_than_dimensions_have_the_same_directions_as_the_slow_way_finds(count: int) -> None:
    random = np.random.default_rng(count)
    vectors = (random.normal(size=(count, 64)) * np.linspace(5, 0.1, 64)).astype(np.float16)
    centred = vectors.astype(np.float64) - vectors.astype(np.float64).mean(axis=0)
    wanted = np.linalg.svd(centred, full_matrices=False)[2][: min(2, count - 1)]
    components = PcaBasis.fit(vectors).components
    assert np.allclose(np.abs(components[: len(wanted)] @ wanted.T), np.eye(len(wanted)), atol=1e-5)
    assert not components[len(wanted) :].any()


def test_the_largest_entry_of_a_component_is_positive() -> None:
    for flipped in (stretched(), -stretched()):
        components = PcaBasis.fit(flipped).components
        assert (components[[0, 1], np.abs(components).argmax(axis=1)] > 0).all()


def test_a_sample_of_rows_gives_nearly_the_same_basis_and_always_the_same_one() -> None:
    vectors = stretched(20_000)
    sampled = PcaBasis.fit(vectors, sample_rows=5_000, seed=3)
    again = PcaBasis.fit(vectors, sample_rows=5_000, seed=3)
    assert sampled.components.tolist() == again.components.tolist()
    assert np.allclose(sampled.components, PcaBasis.fit(vectors).components, atol=0.05)
    assert sampled.mean.tolist() != PcaBasis.fit(vectors).mean.tolist()


@pytest.mark.parametrize(
    "vectors",
    [
        np.zeros((0, 5), dtype=np.float16),
        np.full((1, 5), 3.3, dtype=np.float16),
        np.full((10_000, 5), 0.1, dtype=np.float16),
        np.full((3, 5), 60_000, dtype=np.float16),
        np.full((7, 1), 1.7, dtype=np.float16),
    ],
    ids=["no row", "one row", "equal rows", "large equal rows", "one equal dimension"],
)
def test_vectors_that_do_not_vary_are_all_in_the_middle(vectors: NDArray[np.float16]) -> None:
    basis = PcaBasis.fit(vectors)
    assert not basis.components.any()
    assert basis.project(vectors).tolist() == [[0, 0]] * len(vectors)


def test_vectors_that_vary_in_one_direction_have_no_second_coordinate() -> None:
    one_dimension = np.arange(5, dtype=np.float16)[:, None]
    for vectors in (one_dimension, np.repeat(one_dimension, 4, axis=1)):
        coordinates = PcaBasis.fit(vectors).project(vectors)
        assert np.allclose(np.diff(coordinates[:, 0]), np.sqrt(vectors.shape[1]))
        assert not coordinates[:, 1].any()


def test_rows_that_are_not_finite_have_no_place_and_no_say() -> None:
    vectors = stretched()
    broken = np.vstack([vectors, np.full((1, 6), np.nan, dtype=np.float16), np.full((1, 6), np.inf, dtype=np.float16)])
    basis = PcaBasis.fit(broken)
    assert basis.components.tolist() == PcaBasis.fit(vectors).components.tolist()
    assert np.isnan(basis.project(broken)[-2:]).all()
    assert np.isfinite(basis.project(broken)[:-2]).all()


def test_a_display_order_is_a_permutation_that_its_seed_repeats() -> None:
    order = display_order(1_000, 7)
    assert order.dtype == np.int32
    assert sorted(order.tolist()) == list(range(1_000))
    assert order.tolist() == display_order(1_000, 7).tolist() != display_order(1_000, 8).tolist()
    assert display_order(0, 7).tolist() == []


def test_the_first_part_of_a_display_order_is_a_fair_sample() -> None:
    first_tenth = display_order(100_000, 0)[:10_000]
    by_region = np.bincount(first_tenth // 10_000, minlength=10)
    assert (np.abs(by_region - 1_000) < 150).all()
