from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.core.maps.conftest import draw_clusters

from swath.core.browsing.projections import ProjectionMethod
from swath.core.maps.layout import Layout, make_map
from swath.core.maps.parallel import Parallel
from swath.core.maps.placing import place
from swath.core.maps.steps import ignore


def placed(new: np.ndarray, there: np.ndarray, points: np.ndarray, indices: np.ndarray | None = None) -> np.ndarray:
    numbers = np.arange(len(there), len(there) + len(new)) if indices is None else indices
    return place(new.astype(np.float32), numbers, there.astype(np.float32), points, parallel=Parallel(), on_step=ignore)


@pytest.mark.parametrize("method", [ProjectionMethod.PACMAP, ProjectionMethod.TSNE, ProjectionMethod.UMAP])
def test_new_samples_of_a_known_cluster_land_in_its_area(method: ProjectionMethod) -> None:
    found = draw_clusters(600, clusters=6)
    points = make_map(found.vectors[:400], Layout(method=method))
    new = placed(found.vectors[400:], found.vectors[:400], points)
    for cluster in range(6):
        area = points[found.cluster[:400] == cluster]
        landed = new[found.cluster[400:] == cluster]
        low, high = area.min(axis=0), area.max(axis=0)
        margin = 0.1 * (high - low).max()
        inside = ((landed > low - margin) & (landed < high + margin)).all(axis=1)
        assert inside.mean() > 0.97


def test_new_samples_do_not_pile_up_on_old_ones() -> None:
    found = draw_clusters(1200, clusters=3)
    points = make_map(found.vectors[:200], Layout(method=ProjectionMethod.PACMAP))
    new = placed(found.vectors[200:], found.vectors[:200], points)
    assert len(np.unique(new, axis=0)) == 1000
    # Of a thousand among two hundred, few are nearer to an old point than a tenth of the way between old points.
    old = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(old, np.inf)
    apart = np.linalg.norm(new[:, None] - points[None], axis=2).min(axis=1)
    assert (apart < 0.1 * np.median(old.min(axis=1))).mean() < 0.1


def test_an_equal_vector_comes_to_the_very_place_of_its_equal() -> None:
    found = draw_clusters(100)
    points = make_map(found.vectors, Layout(method=ProjectionMethod.UMAP))
    np.testing.assert_allclose(placed(found.vectors[[4, 50]], found.vectors, points), points[[4, 50]], atol=1e-4)


def test_a_sample_between_two_areas_comes_to_one_of_them_not_to_the_gap() -> None:
    left, right = np.zeros((20, 2)), np.full((20, 2), 1.0)
    random = np.random.default_rng(0)
    there = np.concatenate([left, right]) + random.normal(scale=0.01, size=(40, 2))
    points = np.concatenate([np.full((20, 2), -50.0), np.full((20, 2), 50.0)]) + random.normal(size=(40, 2))
    at = placed(np.full((30, 2), 0.5), there, points.astype(np.float32))
    assert (np.abs(np.abs(at) - 50) < 10).all()


def test_one_placed_sample_is_enough() -> None:
    at = placed(np.ones((3, 4)), np.zeros((1, 4)), np.array([[2.0, 5.0]], dtype=np.float32))
    np.testing.assert_allclose(at, [[2.0, 5.0]] * 3)


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    old=st.integers(1, 40),
    new=st.integers(1, 20),
    scale=st.sampled_from([1e-6, 1.0, 1e4]),
)
def test_a_place_is_finite_near_old_points_and_does_not_depend_on_who_else_is_new(
    seed: int, old: int, new: int, scale: float
) -> None:
    random = np.random.default_rng(seed)
    # Few values, so that some vectors are equal.
    there = random.integers(0, 3, size=(old, 3)) * scale
    points = (random.normal(size=(old, 2)) * 10).astype(np.float32)
    vectors = random.integers(0, 4, size=(new, 3)) * scale
    indices = random.integers(0, 2**31, size=new)
    at = placed(vectors, there, points, indices)
    assert np.isfinite(at).all()
    low, high = points.min(axis=0), points.max(axis=0)
    # A sample moves from the middle of old points by less than these are spread.
    reach = np.linalg.norm(high - low) + 1e-3
    assert ((at >= low - reach) & (at <= high + reach)).all()
    np.testing.assert_array_equal(placed(vectors[::-1], there, points, indices[::-1]), at[::-1])
