"""Points in polygons against the rule applied to every point and edge."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from swath.core.browsing import PolygonIndex, polygons


def brute_force(x: NDArray[np.float32], y: NDArray[np.float32], polygon: NDArray[np.float64]) -> list[int]:
    inside = []
    for ordinal, (px, py) in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        odd = False
        with np.errstate(all="ignore"):
            for i in range(len(polygon)):
                (xi, yi), (xj, yj) = polygon[i], polygon[i - 1]
                if (yi > py) != (yj > py) and px < (xj - xi) * (py - yi) / (yj - yi) + xi:
                    odd = not odd
        if odd:
            inside.append(ordinal)
    return inside


def check(x: NDArray[np.float32], y: NDArray[np.float32], polygon: NDArray[np.float64]) -> None:
    expected = brute_force(x, y, polygon) if len(polygon) >= 3 else []
    found = PolygonIndex.build(x, y).inside(polygon)
    assert found.dtype == np.int64
    assert found.tolist() == expected


# A coarse grid puts points on vertices, on edges and at the heights of vertices.
GRID = st.integers(-4, 4).map(float)
HALVES = st.integers(-9, 9).map(lambda number: number / 2)
ANY_POINT = st.floats(width=32, allow_nan=False, allow_infinity=False)
ANY_VERTEX = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=300, deadline=None)
@given(
    points=arrays(np.float32, st.tuples(st.integers(0, 60), st.just(2)), elements=GRID),
    polygon=arrays(np.float64, st.tuples(st.integers(0, 9), st.just(2)), elements=HALVES),
)
def test_points_on_vertices_and_edges_follow_the_rule(
    points: NDArray[np.float32], polygon: NDArray[np.float64]
) -> None:
    check(points[:, 0], points[:, 1], polygon)


@settings(max_examples=300, deadline=None)
@given(
    points=arrays(np.float32, st.tuples(st.integers(0, 40), st.just(2)), elements=ANY_POINT),
    polygon=arrays(np.float64, st.tuples(st.integers(0, 9), st.just(2)), elements=ANY_VERTEX),
)
def test_coordinates_of_any_size_follow_the_rule(points: NDArray[np.float32], polygon: NDArray[np.float64]) -> None:
    check(points[:, 0], points[:, 1], polygon)


@settings(max_examples=300, deadline=None)
@given(
    points=arrays(np.float32, st.tuples(st.integers(0, 40), st.just(2)), elements=GRID),
    polygon=arrays(
        np.float64, st.tuples(st.integers(3, 6), st.just(2)), elements=GRID | st.sampled_from([1.7e308, -1.7e308])
    ),
)
def test_edges_too_long_for_float64_follow_the_rule(points: NDArray[np.float32], polygon: NDArray[np.float64]) -> None:
    check(points[:, 0], points[:, 1], polygon)


@settings(deadline=None)
@given(
    points=arrays(np.float32, st.tuples(st.integers(1, 40), st.just(2)), elements=st.floats(-1, 1, width=32)),
    data=st.data(),
)
def test_polygons_through_the_points_themselves_follow_the_rule(
    points: NDArray[np.float32], data: st.DataObject
) -> None:
    vertices = data.draw(st.lists(st.integers(0, len(points) - 1), max_size=12))
    check(points[:, 0], points[:, 1], points[vertices].astype(np.float64))


@pytest.mark.parametrize("spread", ["uniform", "clustered", "on a line", "in one place", "in few places"])
def test_thousands_of_points_in_long_polygons_follow_the_rule(spread: str) -> None:
    random = np.random.default_rng(1)
    points = {
        "uniform": random.random((20_000, 2)),
        "clustered": random.random((50, 2))[random.integers(0, 50, 20_000)] + random.normal(0, 0.002, (20_000, 2)),
        "on a line": np.repeat(random.random((20_000, 1)), 2, axis=1),
        "in one place": np.full((20_000, 2), 0.5),
        "in few places": random.integers(0, 3, (20_000, 2)) / 2,
    }[spread].astype(np.float32)
    x, y = points[:, 0].copy(), points[:, 1].copy()
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    lasso = 0.5 + np.column_stack([np.cos(angles), np.sin(angles)]) * random.uniform(0.2, 0.45, (60, 1))
    index = PolygonIndex.build(x, y)
    for polygon in (lasso, random.random((60, 2)), np.round(random.random((60, 2)) * 4) / 4):
        odd = np.zeros(len(x), dtype=np.bool_)
        for (xi, yi), (xj, yj) in zip(polygon, np.roll(polygon, 1, axis=0), strict=True):
            with np.errstate(all="ignore"):
                crossing = (xj - xi) * (y.astype(np.float64) - yi) / (yj - yi) + xi
            odd ^= ((yi > y) != (yj > y)) & (x < crossing)
        assert (index.inside_mask(polygon) == odd).all()
        assert (index.inside(polygon) == np.flatnonzero(odd)).all()


def test_working_in_small_portions_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(2)
    index = PolygonIndex.build(*random.random((2, 5_000), dtype=np.float32))
    polygon = random.random((40, 2))
    expected = index.inside(polygon).tolist()
    assert 0 < len(expected) < 5_000
    monkeypatch.setattr(polygons, "PAIRS_AT_ONCE", 7)
    monkeypatch.setattr(polygons, "POINTS_AT_ONCE", 11)
    assert index.inside(polygon).tolist() == expected


def test_only_a_few_points_near_the_polygon_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    index = PolygonIndex.build(*random.random((2, 100_000), dtype=np.float32))
    looked_at = 0
    ranges = polygons._ranges_in_portions

    def counted(first: NDArray[np.int64], end: NDArray[np.int64], portion: int):  # type: ignore[no-untyped-def]
        nonlocal looked_at
        for row, number in ranges(first, end, portion):
            if portion == polygons.POINTS_AT_ONCE:
                looked_at += len(number)
            yield row, number

    monkeypatch.setattr(polygons, "_ranges_in_portions", counted)
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    inside = index.inside(0.5 + 0.4 * np.column_stack([np.cos(angles), np.sin(angles)]))
    assert abs(len(inside) / 100_000 - 0.16 * np.pi) < 0.01
    assert looked_at < 50_000, "60 edges and 100,000 points make 6,000,000 pairs"


def test_ten_thousand_vertices_are_no_trouble() -> None:
    random = np.random.default_rng(4)
    x, y = random.random((2, 40), dtype=np.float32)
    check(x, y, random.random((10_000, 2)))


def test_fewer_than_three_vertices_enclose_nothing() -> None:
    index = PolygonIndex.build(np.zeros(5, dtype=np.float32), np.zeros(5, dtype=np.float32))
    for polygon in (np.empty((0, 2)), np.array([[-1.0, -1.0]]), np.array([[-1.0, -1.0], [1.0, 1.0]])):
        assert index.inside(polygon).tolist() == []


def test_points_without_a_place_are_in_no_polygon() -> None:
    x = np.array([0, np.nan, 0, np.inf, -np.inf, 0], dtype=np.float32)
    y = np.array([0, 0, np.nan, 0, 0, -np.inf], dtype=np.float32)
    assert PolygonIndex.build(x, y).inside(np.array([[-9.0, -9.0], [9.0, -9.0], [0.0, 9.0]])).tolist() == [0]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_vertices_that_are_not_finite_are_refused(bad: float) -> None:
    index = PolygonIndex.build(np.zeros(1, dtype=np.float32), np.zeros(1, dtype=np.float32))
    with pytest.raises(ValueError, match="finite"):
        index.inside(np.array([[0, 0], [1, bad], [1, 1]]))


def test_a_polygon_of_another_shape_is_refused() -> None:
    index = PolygonIndex.build(np.zeros(1, dtype=np.float32), np.zeros(1, dtype=np.float32))
    with pytest.raises(ValueError, match="shape"):
        index.inside(np.zeros((4, 3)))


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        PolygonIndex.build(np.zeros(2, dtype=np.float32), np.zeros(3, dtype=np.float32))
