from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from swath.core.selection import native, neighbor_graph
from swath.core.selection.distances import Vectors, squared_distances
from swath.core.selection.neighbor_graph import Neighbors, OrderedRows, nearest_others

NEVER_EXACT = 0.0


@pytest.fixture
def many_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells for inputs of any size, so that small ones take the way of large ones."""
    monkeypatch.setattr(neighbor_graph, "ONE_CELL_UP_TO", 0)


def clusters(count: int, dimension: int, *, seed: int = 0, dtype: type = np.float32) -> Vectors:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(12, dimension))
    return (centres[rng.integers(12, size=count)] + 0.2 * rng.normal(size=(count, dimension))).astype(dtype)


def distances_to_others(vectors: Vectors, k: int) -> NDArray[np.float32]:
    """The k least distances (N, k) of every row to others, ascending."""
    table = np.stack([squared_distances(vectors, row) for row in vectors])
    np.fill_diagonal(table, np.inf)
    return np.sqrt(np.sort(table, axis=1)[:, :k]).astype(np.float32)


def by_row(rows: OrderedRows, found: Neighbors) -> NDArray[np.float32]:
    return found.distances[rows.place_of_row]


def check(vectors: Vectors, k: int, **options: float) -> None:
    rows = OrderedRows.of(vectors)
    found = nearest_others(rows, k, **options)
    assert found.exact
    np.testing.assert_array_equal(by_row(rows, found), distances_to_others(vectors, k))
    itself = np.arange(len(rows))[:, None]
    assert not (found.places == itself).any()
    assert all(len(set(places)) == k for places in found.places.tolist())
    between = np.linalg.norm(
        rows.at(found.places.ravel()) - rows.at(np.repeat(itself[:, 0], k).astype(np.int32)), axis=1
    )
    np.testing.assert_allclose(between.reshape(found.distances.shape), found.distances, rtol=1e-5, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(2, 70),
    dimension=st.integers(1, 40),
    seed=st.integers(0, 1000),
    half=st.booleans(),
    on_a_grid=st.booleans(),
    offset=st.sampled_from([0.0, 1000.0]),
    data=st.data(),
)
def test_neighbors_are_the_nearest_others_whatever_the_data(
    count: int, dimension: int, seed: int, half: bool, on_a_grid: bool, offset: float, data: st.DataObject
) -> None:
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)) + offset
    if on_a_grid:
        vectors = np.rint(vectors)
    k = data.draw(st.integers(1, count - 1))
    with pytest.MonkeyPatch.context() as patch:
        if data.draw(st.booleans()):
            patch.setattr(neighbor_graph, "ONE_CELL_UP_TO", 0)
        check(vectors.astype(np.float16 if half else np.float32), k)


@pytest.mark.usefixtures("many_cells")
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_cells_that_are_ruled_out_hold_no_neighbor(dtype: type) -> None:
    check(clusters(700, 24, dtype=dtype), 9)


@pytest.mark.usefixtures("many_cells")
def test_with_few_cells_to_look_at_most_neighbors_are_still_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbor_graph, "PROBES", 8)
    vectors = clusters(6000, 24)
    rows = OrderedRows.of(vectors)
    found = nearest_others(rows, 10, exact_up_to=NEVER_EXACT)
    expected = nearest_others(rows, 10).distances
    assert not found.exact
    assert (found.distances >= expected).all()
    recall = (found.distances <= expected[:, -1:]).mean()
    assert 0.9 < recall < 1


@pytest.mark.usefixtures("many_cells")
def test_cells_that_hold_too_few_rows_are_not_the_only_ones_to_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbor_graph, "PROBES", 1)
    vectors = clusters(500, 8)
    found = nearest_others(OrderedRows.of(vectors), 400, exact_up_to=NEVER_EXACT)
    assert (np.diff(np.sort(found.places, axis=1), axis=1) > 0).all()
    assert np.isfinite(found.distances).all()


@pytest.mark.usefixtures("many_cells")
@pytest.mark.parametrize("exact_up_to", [NEVER_EXACT, np.inf])
def test_neither_the_order_of_rows_nor_threads_leave_a_trace(exact_up_to: float) -> None:
    vectors = np.round(clusters(2500, 6), 1)  # many ties, some equal rows
    order = np.random.default_rng(1).permutation(len(vectors))
    rows, shuffled = OrderedRows.of(vectors), OrderedRows.of(vectors[order])
    found = nearest_others(rows, 12, exact_up_to=exact_up_to)
    with ThreadPoolExecutor(3) as executor:
        again = nearest_others(shuffled, 12, exact_up_to=exact_up_to, map_chunks=executor.map)
    np.testing.assert_array_equal(again.distances, found.distances)
    np.testing.assert_array_equal(shuffled.at(again.places.ravel()), rows.at(found.places.ravel()))


def test_equal_rows_are_neighbors_at_distance_0_or_one_row_if_they_are_merged() -> None:
    vectors = np.array([[1, 2], [0, 0], [1, 2], [-0.0, 0.0], [1, 2]], dtype=np.float32)
    rows = OrderedRows.of(vectors)
    np.testing.assert_array_equal(
        by_row(rows, nearest_others(rows, 2)),
        np.sqrt(np.array([[0, 0], [0, 5], [0, 0], [0, 5], [0, 0]], dtype=np.float32)),
    )
    merged = OrderedRows.of(vectors, merges_equal=True)
    assert len(merged) == 2
    assert merged.place_of_row[0] == merged.place_of_row[2] == merged.place_of_row[4]
    assert merged.place_of_row[1] == merged.place_of_row[3] != merged.place_of_row[0]
    np.testing.assert_array_equal(merged.at(merged.place_of_row), vectors)


def test_rows_that_have_more_equals_than_neighbors_are_0_away_from_all() -> None:
    vectors = np.zeros((20_000, 16), dtype=np.float32)
    found = nearest_others(OrderedRows.of(vectors), 30)
    assert not found.distances.any()


def test_rows_of_a_second_matrix_of_another_dtype_are_neighbors_too() -> None:
    first, second = clusters(40, 5), clusters(30, 5, seed=1, dtype=np.float16)
    both = np.concatenate([first, second.astype(np.float32)])
    rows = OrderedRows.of(first, second)
    np.testing.assert_array_equal(by_row(rows, nearest_others(rows, 7)), distances_to_others(both, 7))
    np.testing.assert_array_equal(rows.at(rows.place_of_row), both)


def test_vectors_may_lie_in_a_file(tmp_path: Path) -> None:
    vectors = clusters(300, 16)
    vectors.tofile(tmp_path / "vectors")
    mapped = np.memmap(tmp_path / "vectors", dtype=np.float32, mode="r", shape=vectors.shape)
    rows = OrderedRows.of(mapped)
    np.testing.assert_array_equal(by_row(rows, nearest_others(rows, 5)), distances_to_others(vectors, 5))


def test_rows_that_are_not_side_by_side_in_memory_are_read_rightly() -> None:
    vectors = np.asfortranarray(clusters(50, 4))
    rows = OrderedRows.of(vectors)
    np.testing.assert_array_equal(by_row(rows, nearest_others(rows, 5)), distances_to_others(vectors, 5))


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("dimension", [0, 2])
def test_few_rows_have_as_many_neighbors_as_there_are_others(count: int, dimension: int) -> None:
    rows = OrderedRows.of(np.zeros((count, dimension), dtype=np.float32))
    assert nearest_others(rows, max(0, count - 1)).distances.shape == (count, max(0, count - 1))
    with pytest.raises(ValueError, match=f"{count} rows cannot have {count + 1} neighbors"):
        nearest_others(rows, count + 1)


def test_rows_that_hold_nan_are_named_with_their_matrix() -> None:
    good, bad = clusters(5, 3), clusters(5, 3)
    bad[3, 1] = np.nan
    with pytest.raises(ValueError, match="row 3 of vectors holds NaN or infinity"):
        OrderedRows.of(bad)
    with pytest.raises(ValueError, match="row 3 of preselected"):
        OrderedRows.of(good, bad)
    with pytest.raises(ValueError, match="preselected has 2 dimensions, vectors have 3"):
        OrderedRows.of(good, good[:, :2])
    with pytest.raises(ValueError, match="float64"):
        OrderedRows.of(good.astype(np.float64))  # type: ignore[arg-type]


@pytest.mark.usefixtures("many_cells")
@pytest.mark.parametrize("size", [1e-30, 1e30, 1e37])
def test_numbers_may_be_as_small_or_large_as_float32_has_them(size: float) -> None:
    vectors = (clusters(200, 8) * size).astype(np.float32)
    rows = OrderedRows.of(vectors)
    found = nearest_others(rows, 5)
    np.testing.assert_allclose(by_row(rows, found), distances_to_others(vectors, 5), rtol=1e-6)


@pytest.mark.usefixtures("many_cells")
@pytest.mark.parametrize("spread", [1.0, 0.01])  # hardly any pair gets through the filter; or nearly all of a cluster
@pytest.mark.parametrize("level", native.levels())
def test_every_instruction_set_finds_the_nearest(level: str, spread: float, monkeypatch: pytest.MonkeyPatch) -> None:
    library = native.Library(level)
    monkeypatch.setattr(native, "library", lambda: library)
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(7, 130))
    vectors = centres[rng.integers(7, size=900)] + spread * rng.normal(size=(900, 130))
    check(vectors.astype(np.float32), 20)


@pytest.mark.parametrize("dimension", [65_536, 65_537])
def test_rows_of_more_numbers_than_sums_of_products_of_bytes_can_hold_are_found_too(dimension: int) -> None:
    check(clusters(30, dimension), 4)


@pytest.mark.usefixtures("many_cells")
@pytest.mark.parametrize("level", native.levels())
def test_every_instruction_set_finds_the_same(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = OrderedRows.of(np.round(clusters(600, 11), 1), clusters(40, 11, dtype=np.float16))
    expected = nearest_others(rows, 8)
    library = native.Library(level)
    monkeypatch.setattr(native, "library", lambda: library)
    found = nearest_others(rows, 8)
    np.testing.assert_array_equal(found.distances, expected.distances)
    np.testing.assert_array_equal(found.places, expected.places)
