"""How long the database takes to commit the crops of a large run, next to writing the same bytes plainly.

    .venv/bin/python benchmarks/commit.py [--crops 100000] [--images 15000] [--dimension 128] [--name-bytes 80]
                                          [--database postgresql+psycopg://user@host/empty_database]

Everything is flushed to the disk, as in a real run. "plainly" is two things, measured in the same process: the
same rows by `sqlite3.executemany` into tables without keys, indexes or checks, and the same bytes into one file.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import sqlalchemy as sa

from swath.core.additions import CropAdditions, ImageAdditions, RunAdditions, UsedFile
from swath.core.embeddings import EmbedderIdentity
from swath.core.objects import ObjectTable
from swath.core.predictions import Category, TaskSchema, TaskType
from swath.core.runs import RunState
from swath.core.scoring import ScoreColumns, prediction_score_names
from swath.store import schema
from swath.store.catalog import describe_dataset, iter_predictions, iter_samples
from swath.store.database import Store, open_store
from swath.store.home import Home, open_home
from swath.store.session import StoreRunSession, open_run

Answer = TypeVar("Answer")

TASK = "vehicles"
TASK_TYPE = TaskType.OBJECT_DETECTION


def make_additions(
    *, crops: int, images: int, dimension: int, predictions_per_crop: float, name_bytes: int, seed: int
) -> RunAdditions:
    """Additions of a run with random content. Every image has predictions, every crop is of another of them."""
    random = np.random.default_rng(seed)
    objects = int(crops * predictions_per_crop)
    image_row = np.sort(random.integers(0, images, objects)).astype(np.int32)
    starts = np.searchsorted(image_row, np.arange(images))
    position = (np.arange(objects) - starts[image_row]).astype(np.int32)
    corners = random.uniform(0, 1000, (objects, 4))
    kept = np.sort(random.choice(objects, crops, replace=False)).astype(np.int32)
    names = tuple(f"{seed:03d}/{number:07d}-{'n' * (name_bytes - 16)}.jpg" for number in range(images))
    digests = tuple(hashlib.sha256(name.encode()).digest() for name in names)
    return RunAdditions(
        embedder=EmbedderIdentity(
            name="benchmark", digest="b" * 64, dimension=dimension, input_size=224, resize_mode="squash"
        ),
        images=ImageAdditions(
            file_names=names,
            digests=digests,
            widths=np.full(images, 1920, np.int32),
            heights=np.full(images, 1080, np.int32),
            byte_sizes=random.integers(10**5, 10**6, images),
            thumbnail_keys=tuple(f".lightly/thumbnails/{name}" for name in names),
            vectors=random.standard_normal((images, dimension), np.float32).astype(np.float16),
            scores=make_scores((*prediction_score_names(TASK_TYPE), "object_frequency"), images, random),
        ),
        schema=TaskSchema(
            task_name=TASK,
            task_type=TASK_TYPE,
            categories=tuple(Category(id=number, name=f"kind {number}") for number in range(10)),
        ),
        predictions=ObjectTable(
            image_row=image_row,
            position=position,
            category_id=random.integers(0, 10, objects).astype(np.int32),
            score=random.uniform(0, 1, objects),
            corners=corners,
            crop_rects=np.floor(corners).astype(np.int32),
            outcome=np.zeros(objects, np.uint8),
            key=random.integers(0, 256, (objects, 16), dtype=np.uint8),
        ),
        crops=CropAdditions(
            file_names=tuple(
                f".lightly/crops/{'0' * 24}/{names[image]}/{place:04d}_kind_{row:08x}.jpg"
                for row, (image, place) in enumerate(zip(image_row[kept], position[kept], strict=True))
            ),
            crop_keys=random.integers(0, 256, (crops, 16), dtype=np.uint8),
            image_row=image_row[kept],
            prediction_row=kept,
            byte_sizes=random.integers(10**3, 10**4, crops),
            thumbnail_keys=("",) * crops,
            padding=0.1,
            vectors=random.standard_normal((crops, dimension), np.float32).astype(np.float16),
            scores=make_scores(prediction_score_names(TASK_TYPE), crops, random),
        ),
        used_files=tuple(
            UsedFile(key=name, image_digest=digest, prediction_digest=digest, outcome="used")
            for name, digest in zip(names, digests, strict=True)
        ),
    )


def make_scores(names: tuple[str, ...], count: int, random: np.random.Generator) -> ScoreColumns:
    return ScoreColumns(names=tuple((TASK, name) for name in names), values=random.random((count, len(names))))


def start_run(store: Store, home: Home) -> StoreRunSession:
    return open_run(
        store,
        home,
        run_config_json="{}",
        image_dataset_name="vehicles",
        input_uri="/data",
        output_uri="/data",
        task=TASK,
    )


def timed(what: str, action: Callable[[], Answer]) -> tuple[float, Answer]:
    start = time.perf_counter()
    answer = action()
    seconds = time.perf_counter() - start
    print(f"  {what:<58} {seconds:8.3f} s")
    return seconds, answer


def database_size(store: Store, home: Home) -> int:
    """Bytes of the database on the disk, with everything that was committed."""
    if store.engine.dialect.name == "sqlite":
        store.close()  # moves what is in the log into the file
        return home.database.stat().st_size
    with store.reading() as connection:
        return int(connection.execute(sa.select(sa.func.pg_database_size(sa.func.current_database()))).scalar_one())


def write_plainly(store: Store, home: Home, folder: Path) -> float:
    """Write every row of the database and every vector again, without keys; returns seconds."""
    tables: list[tuple[str, int, list[tuple[object, ...]]]] = []
    with store.reading() as connection:
        for table in schema.metadata.sorted_tables:
            rows = [tuple(row) for row in connection.execute(sa.select(table))]
            tables.append((table.name, len(table.columns), rows))
    vectors = [path.read_bytes() for path in home.vectors.iterdir()]

    def into_tables() -> None:
        with sqlite3.connect(folder / "plain.sqlite", isolation_level=None) as plain:
            plain.execute("PRAGMA journal_mode = WAL")
            plain.execute("PRAGMA synchronous = FULL")
            plain.execute("BEGIN")
            for name, width, rows in tables:
                plain.execute(f"CREATE TABLE {name} ({', '.join(f'c{number}' for number in range(width))})")
                plain.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * width)})", rows)
            plain.execute("COMMIT")
        plain.close()
        into_file(vectors, folder / "plain.vectors")

    def into_file(chunks: list[bytes], path: Path) -> None:
        with path.open("wb") as file:
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())

    seconds, _ = timed("plainly: rows by sqlite3.executemany, vectors to a file", into_tables)
    size = database_size(store, home)
    everything = [bytes(size), *vectors]
    timed("plainly: as many bytes as database and vectors", lambda: into_file(everything, folder / "plain.bytes"))
    return seconds


def measure(arguments: argparse.Namespace, folder: Path) -> None:
    home = open_home(folder / "home")
    store = open_store(arguments.database or home.database_url)
    first, second = (
        make_additions(
            crops=arguments.crops,
            images=arguments.images,
            dimension=arguments.dimension,
            predictions_per_crop=arguments.predictions_per_crop,
            name_bytes=arguments.name_bytes,
            seed=seed,
        )
        for seed in (1, 2)
    )
    assert first.predictions is not None
    print(
        f"{arguments.crops} crops in {arguments.images} images with {len(first.predictions)} predictions, "
        f"D = {arguments.dimension}, names of {arguments.name_bytes} bytes"
    )
    with home.lock(print):
        run = start_run(store, home)
        seconds, _ = timed("commit into empty datasets", lambda: run.commit(first))
        run.finish(RunState.COMPLETED, "", "{}")
        size = database_size(store, home)
        plain = write_plainly(store, home, folder)
        run = start_run(store, home)
        timed("used_files", run.used_files)
        timed("known_digests", run.known_digests)
        timed("earlier_crops", lambda: run.earlier_crops(first.embedder))
        timed("earlier_images", lambda: run.earlier_images(first.embedder))
        timed("known_crop_files", run.known_crop_files)
        timed("second commit, as large", lambda: run.commit(second))
        timed("the same commit again", lambda: run.commit(second))
        run.finish(RunState.COMPLETED, "", "{}")
        timed("describe_dataset (crops)", lambda: describe_dataset(store, "vehicles-crops"))
        timed("describe_dataset (images)", lambda: describe_dataset(store, "vehicles"))
        timed("iter_samples (all crops)", lambda: sum(1 for _ in iter_samples(store, "vehicles-crops")))
        timed("iter_predictions (all)", lambda: sum(1 for _ in iter_predictions(store, "vehicles", task=TASK)))
    store.close()
    print(
        f"commit: {seconds:.2f} s, {arguments.crops / seconds:,.0f} crops/s, database {size / 2**20:.0f} MiB, "
        f"{seconds / plain:.2f}x the time of writing the same rows and vectors plainly"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crops", type=int, default=100_000)
    parser.add_argument("--images", type=int, default=15_000)
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--predictions-per-crop", type=float, default=2.5)
    parser.add_argument("--name-bytes", type=int, default=80)
    parser.add_argument("--database", help="URL of an empty database (default: SQLite in the folder)")
    parser.add_argument("--folder", type=Path, default=None, help="where to write (default: the temporary folder)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        measure(arguments, Path(folder))


if __name__ == "__main__":
    main()
