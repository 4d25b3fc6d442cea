"""Threads, two ways of updating, reading the matrix where it lies."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from swath.core.selection import Diversity, select
from swath.core.selection.batched import BatchedNearest
from swath.core.selection.units import RowsOfUnits


def clustered(count: int, dimension: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    centres = random.standard_normal((40, dimension))
    return (centres[random.integers(0, 40, count)] + 0.05 * random.standard_normal((count, dimension))).astype("f4")


@pytest.mark.slow
def test_four_selections_at_once_sharing_one_executor_are_safe() -> None:
    problems = [clustered(6000, 32, seed) for seed in range(4)]
    rank = np.arange(6000)
    alone = [select([Diversity(vectors=vectors)], count=500, rank=rank).rows for vectors in problems]
    together: list[np.ndarray | None] = [None] * 4
    start = threading.Barrier(4)
    with ThreadPoolExecutor(3) as executor:

        def run(number: int) -> None:
            start.wait()
            together[number] = select(
                [Diversity(vectors=problems[number])], count=500, rank=rank, map_chunks=executor.map
            ).rows

        threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for expected, got in zip(alone, together, strict=True):
        np.testing.assert_array_equal(expected, got)


def test_both_ways_of_updating_give_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = clustered(6000, 32, seed=9)
    rank = np.arange(6000)
    used: list[bool] = []
    neighbours = BatchedNearest._neighbours

    def watched(self: BatchedNearest, batch: object) -> object:
        found = neighbours(self, batch)  # type: ignore[arg-type]
        used.append(found is not None)
        return found

    monkeypatch.setattr(BatchedNearest, "_neighbours", watched)
    mixed = select([Diversity(vectors=vectors)], count=900, rank=rank)
    assert any(used), "the triangle inequality should pay on tight clusters"
    assert not all(used)
    monkeypatch.setattr(BatchedNearest, "_neighbours", lambda self, batch: None)
    dense = select([Diversity(vectors=vectors)], count=900, rank=rank)
    np.testing.assert_array_equal(mixed.rows, dense.rows)
    np.testing.assert_array_equal(mixed.distances, dense.distances)


def test_the_matrix_is_read_where_it_lies() -> None:
    vectors = np.zeros((100, 16), np.float16)
    measure = BatchedNearest(vectors, None, RowsOfUnits.of(None, 100), 0.0, map)
    assert np.shares_memory(measure._source, vectors)


def test_every_half_precision_number_is_read_exactly(way: str) -> None:
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    every = every[np.isfinite(every)][:, None]
    picks = select(
        [Diversity(vectors=every, preselected=np.zeros((1, 1), np.float16))], count=1, rank=np.arange(len(every))
    )
    assert picks.distances.tolist() == [65504.0]
    measure = BatchedNearest(every, np.zeros((1, 1), np.float16), RowsOfUnits.of(None, len(every)), 65504.0, map)
    np.testing.assert_array_equal(measure.gains, every[:, 0].astype(np.float64) ** 2)


def test_a_failing_chunk_is_not_swallowed() -> None:
    def failing_map(function: object, chunks: range) -> list[None]:
        raise RuntimeError("out of threads")

    with pytest.raises(RuntimeError, match="out of threads"):
        select([Diversity(vectors=clustered(100, 8, 0))], count=5, rank=np.arange(100), map_chunks=failing_map)


def test_importing_the_package_loads_no_library_and_selecting_no_compiler() -> None:
    code = (
        "import sys, numpy as np\n"
        "from swath.core.selection import Diversity, native, select\n"
        "assert native._open.cache_info().currsize == 0\n"
        "vectors = np.eye(50, dtype=np.float16)\n"
        "select([Diversity(vectors=vectors)], count=20, rank=np.arange(50))\n"
        "assert 'numba' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_other_threads_go_on_while_a_selection_runs() -> None:
    vectors = np.random.default_rng(0).standard_normal((30_000, 64), dtype=np.float32)
    ticks = 0
    done = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.wait(0.001):
            ticks += 1

    thread = threading.Thread(target=tick)
    thread.start()
    started = time.perf_counter()
    select([Diversity(vectors=vectors)], count=1500, rank=np.arange(len(vectors)))
    seconds = time.perf_counter() - started
    done.set()
    thread.join()
    assert ticks > seconds * 100  # an undisturbed thread ticks some 900 times a second


def test_memory_mapped_rows_at_odd_addresses_are_read_where_they_lie(tmp_path: Path, way: str) -> None:
    vectors = clustered(500, 13, seed=3)
    for dtype in (np.float16, np.float32):
        stored = vectors.astype(dtype)
        file = tmp_path / "vectors.bin"
        file.write_bytes(b"?" + stored.tobytes())
        mapped = np.memmap(file, dtype=dtype, mode="r", offset=1, shape=stored.shape)
        assert mapped.ctypes.data % 2 == 1
        rank = np.arange(len(stored))
        expected = select([Diversity(vectors=stored)], count=200, rank=rank)
        picks = select([Diversity(vectors=mapped)], count=200, rank=rank)
        np.testing.assert_array_equal(picks.rows, expected.rows)
        np.testing.assert_array_equal(picks.distances, expected.distances)
