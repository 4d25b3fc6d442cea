"""How much memory a run takes as it grows: peak resident memory of whole runs, each in a process of its own.

    .venv/bin/python benchmarks/run_memory.py [--sizes 1000 10000 30000 50000] [--objects-per-image 100]

Every run embeds that many objects of drawn noise images and keeps 100 of them. Memory is flat if the streaming pass
grows by no more than what has to be kept for every object until the commit: its row in the object table and its vector
(float16), "explained". The whole run also selects.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import simplejpeg

from swath.core.runs import RunState
from swath.settings import Settings, available_cores
from swath.wire.run_config import parse_run_config

TASK = "noise"
SIDE = 320
KEPT = 100
VECTOR_BYTES = 128 * 2
TABLE_ROW_BYTES = 4 + 4 + 4 + 8 + 32 + 16 + 1 + 16
"""core/objects.py: image row, position, category, score, corners, rectangle, outcome, key."""


def make_images(folder: Path, *, images: int, objects: int, seed: int) -> None:
    """Images of coarse noise, each with `objects` boxes of random places and sizes."""
    random = np.random.default_rng(seed)
    predictions = folder / ".lightly" / "predictions" / TASK
    predictions.mkdir(parents=True)
    (predictions.parent / "tasks.json").write_text(json.dumps([TASK]))
    schema = {"task_type": "object-detection", "categories": [{"id": 0, "name": "thing"}]}
    (predictions / "schema.json").write_text(json.dumps(schema))
    for number in range(images):
        coarse = random.integers(0, 256, (SIDE // 16, SIDE // 16, 3), dtype=np.uint8)
        pixels = np.ascontiguousarray(coarse.repeat(16, axis=0).repeat(16, axis=1))
        (folder / f"{number:06d}.jpg").write_bytes(simplejpeg.encode_jpeg(pixels, quality=85, colorspace="RGB"))
        size = random.integers(16, 96, (objects, 2))
        start = random.integers(0, SIDE - size)
        boxes = np.concatenate([start, size], axis=1).tolist()
        entries = [{"category_id": 0, "bbox": box, "score": 0.5} for box in boxes]
        document = {"file_name": f"{number:06d}.jpg", "predictions": entries}
        (predictions / f"{number:06d}.json").write_text(json.dumps(document))


class PeakAtStages:
    """A run observer that notes the peak when the stage after the streaming pass begins."""

    def __init__(self) -> None:
        self.of_streaming = 0

    def stage(self, state: RunState, *, total: int | None, unit: str) -> None:
        if state is RunState.SAMPLING:
            self.of_streaming = peak_bytes()

    def advance(self, count: int = 1) -> None: ...

    def note(self, level: str, message: str) -> None: ...


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB


def run_alone(folder: Path, home: Path, threads: int) -> None:
    """The run, in this process; prints its objects and the peak in bytes as JSON."""
    from swath.wiring.runs import run_here

    settings = Settings(home=home, threads=threads, max_image_pixels=400_000_000, kill_at="")
    config = parse_run_config(
        {
            "datasource": {"location": str(folder)},
            "object_level": {"task_name": TASK},
            "selection": {"n_samples": KEPT},
            "dataset": "noise",
        }
    )
    observer = PeakAtStages()
    result = run_here(config, settings, observer=observer)
    if result.state != RunState.COMPLETED:
        sys.exit(f"the run ended as {result.state}: {result.message}")
    answer = {
        "objects": result.objects.embedded,
        "streaming": observer.of_streaming,
        "whole": peak_bytes(),
    }
    print(json.dumps(answer))


def measure(objects: int, per_image: int, threads: int) -> dict[str, int]:
    """What a run in a new process says of itself."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "images"
        make_images(folder, images=-(-objects // per_image), objects=per_image, seed=objects)
        command = [sys.executable, __file__, "--alone", str(folder), str(Path(name) / "home"), str(threads)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        answer: dict[str, int] = json.loads(done.stdout)
        return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[1_000, 10_000, 30_000, 50_000], help="objects of each run"
    )
    parser.add_argument("--objects-per-image", type=int, default=100)
    parser.add_argument("--threads", type=int, default=available_cores())
    parser.add_argument("--alone", nargs=3, metavar=("FOLDER", "HOME", "THREADS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone is not None:
        folder, home, threads = arguments.alone
        run_alone(Path(folder), Path(home), int(threads))
        return
    print("| objects | streaming pass, peak MB | grown by | explained | whole run, peak MB |")
    print("|---|---|---|---|---|")
    first: dict[str, int] | None = None
    for size in sorted(arguments.sizes):
        found = measure(size, arguments.objects_per_image, arguments.threads)
        first = first or found
        grown = (found["streaming"] - first["streaming"]) / 1e6
        explained = (found["objects"] - first["objects"]) * (VECTOR_BYTES + TABLE_ROW_BYTES) / 1e6
        peaks = f"{found['streaming'] / 1e6:.0f} | {grown:.1f} | {explained:.1f} | {found['whole'] / 1e6:.0f}"
        print(f"| {found['objects']} | {peaks} |", flush=True)


if __name__ == "__main__":
    main()
