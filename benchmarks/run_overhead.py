"""What an object-level run costs beside the work that cannot be avoided, and what a second run costs with warm caches.

    .venv/bin/python benchmarks/run_overhead.py DATASOURCE TASK [--repeat 4] [--rounds 5] [--profile]

The photos are copied `--repeat` times with distinct bytes. Each round is, in this process and in this order: the
unavoidable work on one thread (CPU seconds, `time.thread_time`), a run with an empty home, the unavoidable work on all
threads at once, a warm run that selects other objects, and the unavoidable work on one thread again (the mean of the
two single-thread figures counts).

unavoidable  decode + crop + resize + inference of every crop, by the same adapters, one decode per image and scale
ideal        unavoidable / threads; "of all threads at once": the same, measured while all threads work, which costs
             more where processors share a core
streaming    wall seconds of the stage that reads, decodes, crops and embeds (also reads files, hashes, fills caches)
whole run    wall seconds of everything: opening the home, listing, predictions, streaming, selection, crop files and
             thumbnails of what is kept, vectors of the kept images, artifacts, commit. Nothing is subtracted.
"CPU" ratios compare processor seconds of this process with the unavoidable ones: they do not suffer from others who
use the machine, and do not see waiting.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import numpy as np
from numpy.typing import NDArray

from repeated_photos import repeat_photos
from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.adapters.embedders import RECOMMENDED_BATCH, load_embedder
from swath.core.crops import crop_rectangles, decode_scales, scaled_rectangle
from swath.core.runs import RunState
from swath.pipeline.ports import Embedder
from swath.settings import Settings, available_cores
from swath.wire.run_config import RunConfig, parse_run_config
from swath.wire.run_result import RunResult
from swath.wiring.runs import run_here

Row = dict[str, float]


@dataclass(slots=True)
class StageClock:
    """A run observer that notes wall and processor seconds of every stage."""

    wall: dict[RunState, float] = field(default_factory=dict)
    cpu: dict[RunState, float] = field(default_factory=dict)
    _now: tuple[RunState, float, float] | None = None

    def stage(self, state: RunState, *, total: int | None, unit: str) -> None:
        self.close()
        self._now = (state, time.perf_counter(), time.process_time())

    def advance(self, count: int = 1) -> None: ...

    def note(self, level: str, message: str) -> None: ...

    def close(self) -> None:
        if self._now is not None:
            state, wall, cpu = self._now
            self.wall[state] = self.wall.get(state, 0.0) + time.perf_counter() - wall
            self.cpu[state] = self.cpu.get(state, 0.0) + time.process_time() - cpu
            self._now = None


@dataclass(frozen=True, slots=True)
class Unavoidable:
    """CPU seconds on one thread."""

    decode: float
    crop: float
    inference: float

    @property
    def total(self) -> float:
        return self.decode + self.crop + self.inference


@dataclass(frozen=True, slots=True)
class PlannedImage:
    path: Path
    rects: NDArray[np.int32]  # (n, 4)
    scales: NDArray[np.int64]  # (n,)


def plan_images(folder: Path, task: str, input_size: int) -> list[PlannedImage]:
    """The crops of every image; not part of any time."""
    codec = PillowCodec()
    planned = []
    for path in sorted(folder.glob("*.jpg")):
        info = codec.probe(path.read_bytes())
        document = folder / ".lightly" / "predictions" / task / f"{path.stem}.json"
        boxes = (
            [entry["bbox"] for entry in json.loads(document.read_text())["predictions"]] if document.is_file() else []
        )
        corners = np.array([[x, y, x + w, y + h] for x, y, w, h in boxes], dtype=np.float64).reshape(-1, 4)
        rects = crop_rectangles(corners, padding=0.0, width=info.width, height=info.height)
        rects = rects[rects.any(axis=1)]
        scales = decode_scales(rects, input_size=input_size, max_scale=info.max_scale)
        planned.append(PlannedImage(path=path, rects=rects, scales=scales))
    return planned


def do_unavoidable(planned: Sequence[PlannedImage], embedder: Embedder) -> Unavoidable:
    """Decode, crop, resize and embed everything on this thread; files are read beforehand, image by image, untimed."""
    codec, size = PillowCodec(), embedder.identity.input_size
    decode = crop = inference = 0.0
    waiting: list[NDArray[np.uint8]] = []
    for image in planned:
        data = image.path.read_bytes()
        for scale in np.unique(image.scales).tolist() or [1]:
            start = time.thread_time()
            pixels = codec.decode(data, scale=scale)
            decoded = time.thread_time()
            rects = scaled_rectangle(image.rects[image.scales == scale], scale).tolist()
            waiting += [codec.crop_resized(pixels, rect, size) for rect in rects]
            crop += time.thread_time() - decoded
            decode += decoded - start
        while len(waiting) >= RECOMMENDED_BATCH:
            inference += _embed(waiting[:RECOMMENDED_BATCH], embedder)
            del waiting[:RECOMMENDED_BATCH]
    if waiting:
        inference += _embed(waiting, embedder)
    return Unavoidable(decode=decode, crop=crop, inference=inference)


def _embed(crops: list[NDArray[np.uint8]], embedder: Embedder) -> float:
    batch = np.stack(crops)
    start = time.thread_time()
    embedder.embed(batch)
    return time.thread_time() - start


def do_unavoidable_together(planned: Sequence[PlannedImage], embedder: Embedder, threads: int) -> float:
    """CPU seconds of the unavoidable work when every thread does a part of it at once.

    More than on one thread where processors share a core, caches or memory: perfect threads reach this and no less.
    """
    parts = [planned[number::threads] for number in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        return sum(part.total for part in pool.map(lambda part: do_unavoidable(part, embedder), parts))


def timed_run(config: RunConfig, settings: Settings) -> tuple[float, float, StageClock, RunResult]:
    """Wall and processor seconds of a whole run, its stages, and its result."""
    clock = StageClock()
    wall, cpu = time.perf_counter(), time.process_time()
    result = run_here(config, settings, observer=clock)
    clock.close()
    seconds = time.perf_counter() - wall, time.process_time() - cpu
    if result.state != RunState.COMPLETED:
        sys.exit(f"the run ended as {result.state}: {result.message} {result.hint}")
    return *seconds, clock, result


@contextmanager
def sampled_stacks(wanted: bool) -> Iterator[None]:
    """Print where the threads of the pass are, looked at every 2 ms: a share per innermost line of Swath."""
    places: Counter[str] = Counter()
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.002):
            names = {thread.ident: thread.name for thread in threading.enumerate()}
            for ident, frame in sys._current_frames().items():
                name = names.get(ident, "")
                if name.startswith("swath-"):
                    places[f"{name.rsplit('-', 1)[0]}: {_place(frame)}"] += 1

    if not wanted:
        yield
        return
    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    yield
    done.set()
    thread.join()
    print("samples of threads, innermost line of Swath (waiting included):")
    for place, count in places.most_common(30):
        print(f"  {100 * count / places.total():5.1f} %  {place}")


def _place(frame: FrameType) -> str:
    for found, line in traceback.walk_stack(frame):
        if "/swath/" in found.f_code.co_filename:
            return f"{Path(found.f_code.co_filename).name}:{line} {found.f_code.co_qualname}"
    return frame.f_code.co_name


def one_round(arguments: argparse.Namespace, photos: Path, folder: Path, planned: Sequence[PlannedImage]) -> Row:
    settings = Settings(home=folder / "home", threads=arguments.threads, max_image_pixels=400_000_000, kill_at="")
    embedder = load_embedder("efficientnet-lite0", models_folder=settings.home / "models")

    def config(n_samples: float, *, again: bool) -> RunConfig:
        return parse_run_config(
            {
                "datasource": {
                    "location": str(photos),
                    "output": str(folder / ("again" if again else "first")),
                    "process_all": again,
                },
                "object_level": {"task_name": arguments.task},
                "selection": {"n_samples": n_samples},
                "dataset": "again" if again else "first",
            }
        )

    for name in ("first", "again"):
        (folder / name).mkdir()
    before = do_unavoidable(planned, embedder)
    with sampled_stacks(arguments.profile):
        wall, cpu, clock, result = timed_run(config(arguments.n_samples, again=False), settings)
    together = do_unavoidable_together(planned, embedder, arguments.threads)
    warm_wall, _, warm_clock, warm = timed_run(config(arguments.warm_n_samples, again=True), settings)
    after = do_unavoidable(planned, embedder)
    crops = sum(len(image.rects) for image in planned)
    if result.objects.embedded != crops or warm.objects.embedded != 0:
        sys.exit(f"expected {crops} crops embedded and none in the warm run, got {result.objects} and {warm.objects}")
    unavoidable = (before.total + after.total) / 2
    ideal = unavoidable / arguments.threads
    inference = (before.inference + after.inference) / 2 / arguments.threads
    streaming = clock.wall[RunState.EMBEDDING_OBJECT_CROPS]
    _print_stages("first run", clock)
    _print_stages("warm run", warm_clock)
    return {
        "unavoidable: decode, CPU s": (before.decode + after.decode) / 2,
        "unavoidable: crop + resize, CPU s": (before.crop + after.crop) / 2,
        "unavoidable: inference, CPU s": (before.inference + after.inference) / 2,
        "unavoidable, all threads at once / one alone, CPU": together / unavoidable,
        "ideal, s": ideal,
        "streaming, s": streaming,
        "whole run, s": wall,
        "warm run, s": warm_wall,
        "streaming / ideal": streaming / ideal,
        "streaming / ideal of all threads at once": streaming / (together / arguments.threads),
        "streaming CPU / unavoidable": clock.cpu[RunState.EMBEDDING_OBJECT_CROPS] / unavoidable,
        "streaming / inference alone": streaming / inference,
        "whole run / ideal": wall / ideal,
        "whole run CPU / unavoidable": cpu / unavoidable,
        "whole run / warm run": wall / warm_wall,
    }


def _print_stages(name: str, clock: StageClock) -> None:
    parts = (f"{state.value.lower()} {wall:.2f} ({clock.cpu[state]:.2f})" for state, wall in clock.wall.items())
    print(f"  {name}, wall (CPU) s: {', '.join(parts)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasource", type=Path, help="folder of *.jpg with predictions in .lightly/predictions")
    parser.add_argument("task", help="prediction task")
    parser.add_argument("--repeat", type=int, default=4, help="copies of every photo")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=available_cores())
    parser.add_argument("--n-samples", type=float, default=0.1, help="share of the objects that the first run keeps")
    parser.add_argument("--warm-n-samples", type=float, default=0.05, help="share that the warm run keeps")
    parser.add_argument("--profile", action="store_true", help="also print where the threads of the first run are")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        count = repeat_photos(arguments.datasource, arguments.task, times=arguments.repeat, folder=photos)
        embedder = load_embedder("efficientnet-lite0", models_folder=Path(folder) / "models")
        planned = plan_images(photos, arguments.task, embedder.identity.input_size)
        crops = sum(len(image.rects) for image in planned)
        print(f"{count} images, {crops} crops, {arguments.threads} threads, {arguments.rounds} rounds")
        rows = []
        for number in range(arguments.rounds):
            (Path(folder) / str(number)).mkdir()
            rows.append(one_round(arguments, photos, Path(folder) / str(number), planned))
        print(f"\n| | median of {len(rows)} | least | most |\n|---|---|---|---|")
        for name in rows[0]:
            values = [row[name] for row in rows]
            print(f"| {name} | {statistics.median(values):.3f} | {min(values):.3f} | {max(values):.3f} |")


if __name__ == "__main__":
    main()
