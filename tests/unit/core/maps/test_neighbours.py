from __future__ import annotations

import numpy as np
import pytest

from swath.core.maps import neighbours
from swath.core.maps.neighbours import nearest_rows
from swath.core.maps.parallel import Parallel
from swath.core.maps.steps import Step, ignore


@pytest.mark.parametrize(("count", "k"), [(2, 1), (7, 6), (100, 10), (333, 40)])
def test_neighbours_are_the_nearest_ones(
    count: int, k: int, three_threads: Parallel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "QUERIES_AT_ONCE", 50)
    monkeypatch.setattr(neighbours, "ROWS_AT_ONCE", 64)
    rows = np.random.default_rng(count).normal(size=(count, 12)).astype(np.float32)
    found = nearest_rows(rows, rows, k, excludes_self=True, parallel=three_threads, on_step=ignore)
    distances = np.linalg.norm(rows[:, None].astype(np.float64) - rows[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    np.testing.assert_array_equal(found.rows, np.argsort(distances, axis=1)[:, :k])
    np.testing.assert_allclose(found.distances, np.sort(distances, axis=1)[:, :k], rtol=1e-5)


def test_other_rows_may_be_asked_for_and_a_row_is_then_its_own_nearest() -> None:
    rows = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    found = nearest_rows(rows[[3, 8]], rows, 3, excludes_self=False, parallel=Parallel(), on_step=ignore)
    assert found.rows[:, 0].tolist() == [3, 8]
    assert found.distances[:, 0].tolist() == [0, 0]


def test_of_equal_rows_the_first_ones_are_found() -> None:
    rows = np.ones((20, 3), dtype=np.float32)
    found = nearest_rows(rows, rows, 2, excludes_self=True, parallel=Parallel(), on_step=ignore)
    assert found.rows[5].tolist() == [0, 1]
    assert found.rows[0].tolist() == [1, 2]
    assert not found.distances.any()


def test_progress_counts_samples() -> None:
    rows = np.random.default_rng(0).normal(size=(3000, 4)).astype(np.float32)
    steps: list[Step] = []
    nearest_rows(rows, rows, 2, excludes_self=True, parallel=Parallel(), on_step=steps.append)
    assert [step.done for step in steps] == [1024, 2048, 3000]
    assert {(step.total, step.unit) for step in steps} == {(3000, "samples")}
