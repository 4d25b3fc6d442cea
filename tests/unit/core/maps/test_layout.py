from __future__ import annotations

import numpy as np
import pytest
from tests.unit.core.maps.conftest import draw_clusters, kept_neighbours

from swath.core.browsing import PcaBasis
from swath.core.browsing.projections import ProjectionMethod
from swath.core.errors import InvalidConfig
from swath.core.maps.layout import FEWEST_ROWS, Layout, extend_map, make_map
from swath.core.maps.parallel import Parallel
from swath.core.maps.steps import Step

METHODS = [ProjectionMethod.PACMAP, ProjectionMethod.TSNE, ProjectionMethod.UMAP]

every_method = pytest.mark.parametrize("method", METHODS)


@pytest.mark.parametrize(
    ("layout", "of_the_library"),
    [
        (Layout(method=ProjectionMethod.PACMAP), 0.572),  # pacmap 0.9, from principal axes
        (Layout(method=ProjectionMethod.TSNE), 0.795),  # openTSNE 1.0
        (Layout(method=ProjectionMethod.UMAP, neighbors=15), 0.614),  # umap-learn 0.5
    ],
    ids=lambda value: str(getattr(value, "method", "")),
)
def test_a_map_keeps_as_many_neighbours_as_the_library_of_its_method(layout: Layout, of_the_library: float) -> None:
    found = draw_clusters(900, clusters=30)
    by_axes = kept_neighbours(found.vectors, PcaBasis.fit(found.vectors).project(found.vectors))
    by_method = kept_neighbours(found.vectors, make_map(found.vectors, layout))
    assert by_method > of_the_library - 0.04
    assert by_method > by_axes + 0.15


@every_method
def test_clusters_stay_apart(method: ProjectionMethod) -> None:
    found = draw_clusters(400, clusters=5)
    points = make_map(found.vectors, Layout(method=method))
    nearest_of_all = kept_clusters(points, found.cluster)
    assert nearest_of_all > 0.98


def kept_clusters(points: np.ndarray, cluster: np.ndarray) -> float:
    """The share of points whose nearest other point is of the same cluster."""
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return float((cluster[distances.argmin(axis=1)] == cluster).mean())


@every_method
def test_the_same_seed_gives_the_same_map_on_any_number_of_threads(
    method: ProjectionMethod, three_threads: Parallel
) -> None:
    vectors = draw_clusters(300).vectors
    first = make_map(vectors, Layout(method=method, seed=3))
    np.testing.assert_array_equal(make_map(vectors, Layout(method=method, seed=3), parallel=three_threads), first)
    assert not np.array_equal(make_map(vectors, Layout(method=method, seed=4)), first)


@every_method
@pytest.mark.parametrize("count", [0, 1, 2, 5, FEWEST_ROWS, 9, 20, 61])
def test_few_samples_have_a_map(method: ProjectionMethod, count: int) -> None:
    points = make_map(draw_clusters(count).vectors.reshape(count, 32), Layout(method=method))
    assert points.shape == (count, 2)
    assert points.dtype == np.float32
    assert np.isfinite(points).all()
    assert len(np.unique(points, axis=0)) == count


@every_method
@pytest.mark.parametrize("count", [3, 40])
def test_equal_vectors_are_all_in_one_place(method: ProjectionMethod, count: int) -> None:
    vectors = np.full((count, 16), 0.5, dtype=np.float16)
    np.testing.assert_array_equal(make_map(vectors, Layout(method=method)), np.zeros((count, 2), dtype=np.float32))


@every_method
def test_duplicates_do_no_harm(method: ProjectionMethod) -> None:
    once = draw_clusters(60).vectors
    points = make_map(np.concatenate([once, once, np.repeat(once[:1], 40, axis=0)]), Layout(method=method))
    assert np.isfinite(points).all()
    assert points.std(axis=0).min() > 0


@every_method
def test_vectors_of_one_dimension_have_a_map(method: ProjectionMethod) -> None:
    line = np.linspace(0, 1, 50, dtype=np.float16)[:, None]
    points = make_map(line, Layout(method=method))
    assert np.isfinite(points).all()
    assert kept_neighbours(line, points, k=4) > 0.5


@every_method
def test_vectors_that_are_not_finite_have_no_place(method: ProjectionMethod) -> None:
    vectors = draw_clusters(50).vectors
    vectors[[3, 17], [0, 5]] = [np.nan, np.inf]
    points = make_map(vectors, Layout(method=method))
    assert np.flatnonzero(np.isnan(points).all(axis=1)).tolist() == [3, 17]
    assert np.isfinite(np.delete(points, [3, 17], axis=0)).all()


@every_method
def test_a_map_is_centred(method: ProjectionMethod) -> None:
    points = make_map(draw_clusters(200).vectors, Layout(method=method))
    assert np.abs(points.mean(axis=0)).max() < 1e-3 * np.ptp(points)


@every_method
def test_steps_are_told_to_the_end(method: ProjectionMethod) -> None:
    steps: list[Step] = []
    make_map(draw_clusters(40).vectors, Layout(method=method), on_step=steps.append)
    assert {step.unit for step in steps} == {"samples", "steps"}
    assert (steps[-1].done, steps[-1].unit) == (steps[-1].total, "steps")


def test_whoever_watches_can_end_it() -> None:
    def stop(step: Step) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_map(draw_clusters(40).vectors, Layout(method=ProjectionMethod.UMAP), on_step=stop)


def test_of_too_many_samples_the_rest_comes_to_its_neighbours() -> None:
    found = draw_clusters(600, clusters=5)
    points = make_map(found.vectors, Layout(method=ProjectionMethod.PACMAP), most_rows=300)
    assert np.isfinite(points).all()
    assert kept_clusters(points, found.cluster) > 0.95
    assert kept_neighbours(found.vectors, points) > 0.15


def test_a_method_that_lays_nothing_out_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="`pca` lays nothing out"):
        make_map(draw_clusters(20).vectors, Layout(method=ProjectionMethod.PCA))


def test_an_extension_has_the_points_that_are_missing() -> None:
    found = draw_clusters(300, clusters=5)
    before = make_map(found.vectors[:250], Layout(method=ProjectionMethod.UMAP))
    before[7] = np.nan
    new = extend_map(found.vectors, before)
    assert new.shape == (50, 2)
    assert kept_clusters(np.concatenate([before[8:], new]), found.cluster[8:]) > 0.95


def test_an_extension_of_a_map_without_places_has_none() -> None:
    vectors = draw_clusters(10).vectors
    assert np.isnan(extend_map(vectors, np.full((4, 2), np.nan, dtype=np.float32))).all()
    assert np.isnan(extend_map(vectors, np.empty((0, 2), dtype=np.float32))).all()
    assert extend_map(vectors, np.zeros((10, 2), dtype=np.float32)).shape == (0, 2)


def test_an_extension_leaves_out_vectors_that_are_not_finite() -> None:
    vectors = draw_clusters(12).vectors
    vectors[11, 0] = np.nan
    new = extend_map(vectors, make_map(vectors[:10], Layout(method=ProjectionMethod.PACMAP)))
    assert np.isfinite(new).all(axis=1).tolist() == [True, False]
