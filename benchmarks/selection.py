"""How fast selection is, beside other engines on the same data in the same process.

    python benchmarks/selection.py [--case 100k-128-10k] [--data clustered uniform] [--json]

Cases named N-D-K compare diversity, K picks of N vectors of D dimensions, with `lightly-mundig`: each engine is timed
`--repeats` times, the two in turn, and the medians count. `--numpy` adds a plain greedy of numpy. Every pick of ours
is checked in float64 (`selection_checks`): a deviation is one that was not the farthest at its time.

1m-128-100k, 10m-128-100k   Ours alone, the vectors in a memory-mapped file; peak memory in multiples of the file.
combined                    Diversity, balance, weights and typicality together at the first size: `ratio` says how many
                            times as long they take as diversity alone, the neighbours of typicality included;
                            `typicality_seconds` of it are those.
representative              Beside facility location of `apricot-select` (`selection_representative`).
growth                      How seconds grow with rows, picks and dimensions.

The other engines come from `benchmarks/requirements-peers.txt`; without them there are our own seconds only.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selection_checks import deviations, numpy_greedy
from selection_data import KINDS, make_vectors
from swath.core.selection import Balance, CategoryMatrix, Diversity, Picks, Weights, select

Result = dict[str, Any]
THREADS = os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    rows: int
    dimension: int
    picks: int


COMPARED = {
    "100k-128-10k": Size(rows=100_000, dimension=128, picks=10_000),
    "100k-512-2k": Size(rows=100_000, dimension=512, picks=2_000),
    "10k-128-1k": Size(rows=10_000, dimension=128, picks=1_000),
}
LARGE = {
    "1m-128-100k": Size(rows=1_000_000, dimension=128, picks=100_000),
    "10m-128-100k": Size(rows=10_000_000, dimension=128, picks=100_000),
}


def main() -> None:
    options = _arguments()
    with ThreadPoolExecutor(THREADS) as executor:
        if options.case in COMPARED:
            results = [_compare(COMPARED[options.case], kind, options, executor) for kind in options.data]
        elif options.case in LARGE:
            results = [_run_large(LARGE[options.case], kind, options.dtype) for kind in options.data]
        elif options.case == "combined":
            results = [_compare_combined(kind, options.repeats, executor) for kind in options.data]
        elif options.case == "growth":
            results = _measure_growth(options.data, options.repeats, executor)
        else:
            from selection_representative import compare_representative

            results = compare_representative(repeats=options.repeats, map_chunks=executor.map)
    if options.json:
        print(json.dumps({"results": results}))
    else:
        _print_table(results)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cases = [*COMPARED, *LARGE, "combined", "representative", "growth"]
    parser.add_argument("--case", choices=cases, default="100k-128-10k")
    parser.add_argument("--data", nargs="+", choices=KINDS, default=["clustered", "uniform"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--numpy", action="store_true", help="time a plain greedy of numpy as well")
    parser.add_argument("--dtype", choices=["float16", "float32"], default="float32", help="of the large files")
    parser.add_argument("--json", action="store_true", help="print results as JSON instead of a table")
    parser.add_argument("--alone", type=Path, help=argparse.SUPPRESS)  # a large case in a process of its own
    options = parser.parse_args()
    if options.alone:
        _select_from_file(options.alone, LARGE[options.case], options.dtype)
        raise SystemExit
    return options


def _compare(size: Size, kind: str, options: argparse.Namespace, executor: ThreadPoolExecutor) -> Result:
    vectors = make_vectors(kind, size.rows, size.dimension)
    picks = _diverse(vectors, size.picks, executor)  # also loads whatever is loaded once
    engines: dict[str, Callable[[], object]] = {"seconds": lambda: _diverse(vectors, size.picks, executor)}
    peer = _mundig(vectors, size.picks)
    if peer is not None:
        engines["peer_seconds"] = peer
    if options.numpy:
        engines["numpy_seconds"] = lambda: numpy_greedy(vectors, size.picks, int(picks.rows[0]))
    seconds = _timed_in_turn(engines, options.repeats)
    if not options.json:
        print(f"{kind}: " + ", ".join(f"{name} {_listed(times)}" for name, times in seconds.items()), flush=True)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    return {
        "data": kind,
        "peer": "lightly-mundig" if peer else None,
        "ratio": _ratio(seconds["peer_seconds"], seconds["seconds"]) if peer else None,
        **medians,
        "deviations": deviations(vectors, picks.rows, executor),
        "picks": len(picks),
    }


def _diverse(vectors: NDArray[np.floating], count: int, executor: ThreadPoolExecutor) -> Picks:
    return select([Diversity(vectors=vectors)], count=count, rank=np.arange(len(vectors)), map_chunks=executor.map)


def _mundig(vectors: NDArray[np.float32], count: int) -> Callable[[], object] | None:
    """The other engine, given its vectors in the form that it takes fastest; None where it is not installed."""
    try:
        from lightly_mundig import Selection
    except ModuleNotFoundError:
        return None
    as_lists = vectors.tolist()

    def run() -> object:
        selection = Selection()
        selection.add_diversifying_strategy(as_lists, 1.0)
        return selection.run_selection([], len(as_lists), count)

    return run


def _timed_in_turn(engines: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(repeats):
        for name, run in engines.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def _ratio(longer: Sequence[float], shorter: Sequence[float]) -> float:
    """The median over pairs."""
    return statistics.median(a / b for a, b in zip(longer, shorter, strict=True))


def _listed(times: Sequence[float]) -> str:
    return "/".join(f"{seconds:.3g}" for seconds in times)


def _run_large(size: Size, kind: str, dtype: str) -> Result:
    """In a process of its own, whose peak memory is that of the selection."""
    with tempfile.TemporaryDirectory(prefix="swath-benchmark-") as folder:
        file = Path(folder) / "vectors"
        make_vectors(kind, size.rows, size.dimension).astype(dtype, copy=False).tofile(file)
        case = next(name for name, other in LARGE.items() if other == size)
        command = [sys.executable, __file__, "--case", case, "--dtype", dtype, "--alone", str(file)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {"data": kind, "dtype": dtype, **json.loads(done.stdout)}


def _select_from_file(file: Path, size: Size, dtype: str) -> None:
    vectors = np.memmap(file, dtype=dtype, mode="r", shape=(size.rows, size.dimension))
    start = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as executor:
        picks = _diverse(vectors, size.picks, executor)
    seconds = time.perf_counter() - start
    peak = _peak_bytes()
    print(
        json.dumps(
            {
                "seconds": seconds,
                "picks": len(picks),
                "radius": float(picks.distances[-1]),
                "peak_mb": peak / 1e6,
                "peak_of_matrix": peak / vectors.nbytes,
            }
        )
    )


def _peak_bytes() -> int:
    """The most memory this process has had at once: the interpreter, and the pages of mapped files that it touched."""
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    status = Path("/proc/self/status").read_text()  # what getrusage says on Linux includes the process before `exec`
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _compare_combined(kind: str, repeats: int, executor: ThreadPoolExecutor) -> Result:
    from swath.core.selection import typicality

    size = COMPARED["100k-128-10k"]
    vectors = make_vectors(kind, size.rows, size.dimension)
    random = np.random.default_rng(1)
    categories = CategoryMatrix(
        starts=np.arange(size.rows + 1),
        categories=random.choice(10, size.rows, p=np.arange(1, 11) / 55).astype(np.int32),
        amounts=np.ones(size.rows),
        category_count=10,
    )
    weights = random.lognormal(size=size.rows)
    typicality_seconds: list[float] = []

    def combined() -> Picks:
        start = time.perf_counter()
        typical = typicality(vectors, map_chunks=executor.map)
        typicality_seconds.append(time.perf_counter() - start)
        objectives = [
            Diversity(vectors=vectors),
            Balance(categories=categories, target=np.full(10, 0.1)),
            Weights(values=weights),
            Weights(values=typical.values),
        ]
        return select(objectives, count=size.picks, rank=np.arange(size.rows), map_chunks=executor.map)

    seconds = _timed_in_turn(
        {"seconds": combined, "peer_seconds": lambda: _diverse(vectors, size.picks, executor)}, repeats
    )
    return {
        "data": kind,
        "peer": "diversity alone",
        "ratio": _ratio(seconds["seconds"], seconds["peer_seconds"]),
        **{name: statistics.median(times) for name, times in seconds.items()},
        "typicality_seconds": statistics.median(typicality_seconds),
        "picks": size.picks,
    }


def _measure_growth(kinds: Sequence[str], repeats: int, executor: ThreadPoolExecutor) -> list[Result]:
    start = Size(rows=25_000, dimension=128, picks=2_500)
    sizes = [
        replace(start, **{name: getattr(start, name) * factor})
        for name in ("rows", "dimension", "picks")
        for factor in (1, 2, 4)
    ]
    results: list[Result] = []
    for kind in kinds:
        for size in sizes:
            vectors = make_vectors(kind, size.rows, size.dimension)
            engines = {"seconds": partial(_diverse, vectors, size.picks, executor)}
            seconds = statistics.median(_timed_in_turn(engines, repeats)["seconds"])
            results.append({"data": kind, **asdict(size), "seconds": seconds})
    return results


def _print_table(results: Sequence[Result]) -> None:
    columns = list(dict.fromkeys(name for result in results for name in result))
    lines = [columns, *([_shown(result.get(column)) for column in columns] for result in results)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    for line in lines:
        print("  ".join(word.rjust(width) for word, width in zip(line, widths, strict=True)))


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
