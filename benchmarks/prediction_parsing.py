"""How fast prediction files are read and checked, beside `json.loads` alone on the same bytes.

    python benchmarks/prediction_parsing.py [--files 100000] [--boxes 7] [--categories 80] [--probabilities]

The two are timed in turn and the best round of each counts. Files on disk were just written, so they come from the
page cache: what is measured is our work, not the disk's.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from swath.core.predictions import Category, TaskSchema, TaskType
from swath.formats.lightly.predictions import PredictionReader


def make_files(count: int, *, boxes: int, categories: int, probabilities: bool) -> list[bytes]:
    """Prediction files as a detector's export script writes them: two decimals for boxes, four for scores."""
    rng = random.Random(0)
    files = []
    for number in range(count):
        predictions = []
        for _ in range(boxes):
            prediction: dict[str, object] = {
                "category_id": rng.randrange(categories),
                "bbox": [round(rng.uniform(0, 600), 2) for _ in range(4)],
                "score": round(rng.random(), 4),
            }
            if probabilities:
                shares = [rng.random() for _ in range(categories)]
                prediction["probabilities"] = [round(share / sum(shares), 6) for share in shares]
            predictions.append(prediction)
        files.append(json.dumps({"file_name": image_key(number), "predictions": predictions}).encode())
    return files


def image_key(number: int) -> str:
    return f"train/camera_{number % 7}/{number:012d}.jpg"


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--boxes", type=int, default=7, help="boxes per file")
    parser.add_argument("--categories", type=int, default=80)
    parser.add_argument("--probabilities", action="store_true", help="give every box a probability per category")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()

    categories = tuple(Category(id=number, name=f"category {number}") for number in range(options.categories))
    schema = TaskSchema(task_name="benchmark", task_type=TaskType.OBJECT_DETECTION, categories=categories)
    reader = PredictionReader(schema)
    files = make_files(
        options.files, boxes=options.boxes, categories=options.categories, probabilities=options.probabilities
    )

    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.json" for number in range(len(files))]
        for path, data in zip(paths, files, strict=True):
            path.write_bytes(data)

        def parse() -> None:
            for number, data in enumerate(files):
                reader.parse(data, file="benchmark.json", image_key=image_key(number))

        def read_and_parse() -> None:
            for number, path in enumerate(paths):
                reader.parse(path.read_bytes(), file="benchmark.json", image_key=image_key(number))

        def plain_json() -> None:
            for data in files:
                json.loads(data)

        timings = [(seconds(parse), seconds(plain_json), seconds(read_and_parse)) for _ in range(options.rounds)]

    parsing, plain, reading = (min(column) for column in zip(*timings, strict=True))
    size = sum(map(len, files)) / len(files)
    print(f"{len(files)} files of {options.boxes} boxes, {size:.0f} bytes each; best of {options.rounds}")
    for what, took in (("parse and check", parsing), ("json.loads alone", plain), ("read, parse and check", reading)):
        print(f"{what:<22} {len(files) / took:>9.0f} files/s  {took / plain:5.2f}x json.loads")


if __name__ == "__main__":
    main()
