"""A workplace for a run: a datasource in memory, real codec, caches and store in a temporary folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.adapters.embedding_cache import SqliteEmbeddingCache
from swath.adapters.image_index import SqliteImageIndex
from swath.adapters.parquet import ParquetTables
from swath.core.runs import RunState
from swath.pipeline.image_pass import Machinery
from swath.pipeline.image_work import ImageWork
from swath.pipeline.ports import Embedder, KillPoint
from swath.pipeline.run import RunContext, execute_run
from swath.store.database import Store, open_store
from swath.store.home import Home, open_home
from swath.store.session import StoreRunSession, do_nothing, open_run
from swath.testing.fake_embedder import FakeEmbedder
from swath.testing.memory_datasource import MemoryDatasource
from swath.testing.ugly_images import png
from swath.wire.run_config import parse_run_config
from swath.wire.run_result import RunResult

WIDTH, HEIGHT = 48, 32
PREDICTIONS = ".lightly/predictions/"


def image(seed: int, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """A PNG of random blocks of 8 px that only this seed has."""
    blocks = np.random.default_rng(seed).integers(0, 256, (-(-height // 8), -(-width // 8), 3), dtype=np.uint8)
    return png(blocks.repeat(8, axis=0).repeat(8, axis=1)[:height, :width])


class CountingCodec(PillowCodec):
    """Keeps the number of full decodes."""

    def __init__(self) -> None:
        super().__init__(max_pixels=100_000_000)
        self.decodes = 0

    def decode(self, data: bytes, *, scale: int = 1) -> Any:
        self.decodes += 1
        return super().decode(data, scale=scale)


class CountingEmbedder(FakeEmbedder):
    """Keeps how many images came in each batch."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.batches: list[int] = []

    def embed(self, images: Any) -> Any:
        self.batches.append(len(images))
        return super().embed(images)


@dataclass
class Watcher:
    """Keeps what an observer is told."""

    stages: list[tuple[RunState, int | None]] = field(default_factory=list)
    done: dict[RunState, int] = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)

    def stage(self, state: RunState, *, total: int | None, unit: str) -> None:
        self.stages.append((state, total))

    def advance(self, count: int = 1) -> None:
        state = self.stages[-1][0]
        self.done[state] = self.done.get(state, 0) + count

    def note(self, level: str, message: str) -> None:
        self.notes.append((level, message))


class Workplace:
    """Everything a run needs. `run` does one; the database, the caches and the datasource last between runs."""

    def __init__(self, store: Store, home: Home, cache: SqliteEmbeddingCache, index: SqliteImageIndex) -> None:
        self.store = store
        self.home = home
        self.source = MemoryDatasource(uri="memory://street")
        self.output = self.source
        self.codec = CountingCodec()
        self.embedder = CountingEmbedder()
        self.cache = cache
        self.index: Any = index
        self.threads = 2
        self.batch_size = 4
        self.watcher = Watcher()
        self.session: StoreRunSession | None = None

    def put(self, key: str, data: bytes) -> None:
        self.source.write(key, data)

    def put_schema(self, names: Sequence[str] = ("car", "bus"), task: str = "vehicles") -> None:
        categories = [{"id": number, "name": name} for number, name in enumerate(names)]
        schema = {"task_type": "object-detection", "categories": categories}
        self.put(f"{PREDICTIONS}tasks.json", json.dumps([task]).encode())
        self.put(f"{PREDICTIONS}{task}/schema.json", json.dumps(schema).encode())

    def put_predictions(
        self, key: str, boxes: Sequence[Sequence[float]], *, categories: Sequence[int] | None = None, score: float = 0.5
    ) -> None:
        """The prediction file of an image, boxes as x, y, width, height."""
        numbers = categories or [0] * len(boxes)
        found = [
            {"category_id": number, "bbox": list(box), "score": score}
            for number, box in zip(numbers, boxes, strict=True)
        ]
        document = {"file_name": key, "predictions": found}
        self.put(f"{PREDICTIONS}vehicles/{key.rsplit('.', 1)[0]}.json", json.dumps(document).encode())

    def put_image(self, key: str, seed: int, boxes: Sequence[Sequence[float]] = ((4, 4, 16, 16),)) -> None:
        self.put(key, image(seed))
        self.put_predictions(key, boxes)

    @property
    def machinery(self) -> Machinery:
        return self.machinery_with(self.embedder)

    def machinery_with(self, embedder: Embedder) -> Machinery:
        return Machinery(
            source=self.source,
            codec=self.codec,
            embedder=embedder,
            cache=self.cache,
            index=self.index,
            threads=self.threads,
            batch_size=self.batch_size,
        )

    def works(self) -> list[ImageWork]:
        """The images of the datasource by name, with what the index knows of them."""
        entries = sorted(
            (entry for page in self.source.list_pages(skip_hidden_root=True) for entry in page),
            key=lambda entry: entry.key,
        )
        known = self.index.get(self.source.uri, entries)
        return [ImageWork(row=row, entry=entry, known=known.get(entry.key)) for row, entry in enumerate(entries)]

    def forget(self) -> None:
        """Forget which files were read and written, what was decoded, embedded and watched."""
        self.source.reads.clear()
        self.source.writes.clear()
        self.codec.decodes = 0
        self.embedder.batches.clear()
        self.watcher = Watcher()

    def context(
        self,
        *,
        task: str | None = "vehicles",
        n_samples: int | float = 1.0,
        unit: str | None = None,
        object_level: Mapping[str, Any] | None = None,
        datasource: Mapping[str, Any] | None = None,
        strategies: Sequence[Mapping[str, Any]] = ({"type": "diversity"},),
        at_point: KillPoint = do_nothing,
        **config: Any,
    ) -> RunContext:
        document = {
            "datasource": {"location": self.source.uri, **(datasource or {})},
            "object_level": None if task is None else {"task_name": task, **(object_level or {})},
            "selection": {
                "n_samples": n_samples,
                "unit": unit or ("images" if task is None else "objects"),
                "strategies": list(strategies),
            },
            **config,
        }
        parsed = parse_run_config(document)
        self.session = open_run(
            self.store,
            self.home,
            run_config_json=parsed.model_dump_json(),
            image_dataset_name="street",
            input_uri=self.source.uri,
            output_uri=self.output.uri,
            task=task,
            at_point=at_point,
        )
        return RunContext(
            config=parsed,
            session=self.session,
            machinery=self.machinery,
            output=self.output,
            tables=ParquetTables(),
            observer=self.watcher,
            at_point=at_point,
        )

    def run(self, **options: Any) -> RunResult:
        return execute_run(self.context(**options))


@contextmanager
def opened(folder: Path) -> Iterator[Workplace]:
    """A workplace with an empty datasource, store and caches."""
    home = open_home(folder)
    store = open_store(home.database_url)
    with (
        home.lock(pytest.fail),
        closing(SqliteEmbeddingCache(home.cache / "embeddings.sqlite")) as cache,
        closing(SqliteImageIndex(home.cache / "images.sqlite")) as index,
        closing(store),
    ):
        yield Workplace(store, home, cache, index)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    with opened(tmp_path / "home") as found:
        yield found


@pytest.fixture
def other_place(tmp_path: Path) -> Iterator[Workplace]:
    with opened(tmp_path / "other-home") as found:
        yield found


@pytest.fixture
def make_image() -> Any:
    return image
