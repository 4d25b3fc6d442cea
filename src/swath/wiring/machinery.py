"""What runs are done with on this machine: codec, embedders, caches, and the folders they may touch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from swath.adapters.datasource import open_datasource
from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.adapters.embedders import RECOMMENDED_BATCH, OnnxOptions, load_embedder
from swath.adapters.embedding_cache import SqliteEmbeddingCache
from swath.adapters.image_index import SqliteImageIndex
from swath.core.errors import InvalidConfig
from swath.pipeline.image_pass import Machinery
from swath.pipeline.ports import Datasource, Embedder, RunObserver
from swath.settings import Settings
from swath.store.home import Home


@contextmanager
def open_machinery(
    settings: Settings, home: Home, source: Datasource, embedder: Embedder, observer: RunObserver
) -> Iterator[Machinery]:
    """The machinery of one run; what went wrong with its caches is noted at the end, for they cost time only."""
    with (
        closing(SqliteEmbeddingCache(home.cache / "embeddings.sqlite")) as cache,
        closing(SqliteImageIndex(home.cache / "images.sqlite")) as index,
    ):
        yield Machinery(
            source=source,
            codec=PillowCodec(max_pixels=settings.max_image_pixels),
            embedder=embedder,
            cache=cache,
            index=index,
            threads=settings.threads,
            batch_size=RECOMMENDED_BATCH,
        )
        for problem in (cache.problem, index.problem):
            if problem is not None:
                observer.note("WARNING", problem)


@dataclass(slots=True)
class EmbedderShelf:
    """Keeps the embedder that was used last, so that a worker loads it once for many runs. They may be large."""

    models_folder: Path
    _key: tuple[object, ...] = ()
    _embedder: Embedder | None = None

    def get(self, name: str, options: OnnxOptions | None = None) -> Embedder:
        """Raises InvalidConfig or EmbedderUnavailable, as `load_embedder` does."""
        key = (name, options, _stamp(name))
        if self._embedder is None or key != self._key:
            self._embedder = None
            self._embedder = load_embedder(name, models_folder=self.models_folder, options=options)
            self._key = key
        return self._embedder


def _stamp(name: str) -> tuple[int, int] | None:
    """Changes with the file of a model; None for one that is no file."""
    try:
        stat = Path(name).stat()
    except (OSError, ValueError):
        return None
    return stat.st_mtime_ns, stat.st_size


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Which local folders runs of others may touch here. `trusts_server`: all that the server's owner asks for."""

    roots: tuple[Path, ...]
    trusts_server: bool

    def open(self, location: str, *, is_confined: bool) -> Datasource:
        """The datasource at a location, if a run may use it. Raises InvalidConfig where it may not."""
        if is_confined or not self.trusts_server:
            self._check(location)
        return open_datasource(location)

    def _check(self, location: str) -> None:
        resolved = Path(os.path.realpath(location))
        if any(resolved.is_relative_to(os.path.realpath(root)) for root in self.roots):
            return
        names = ", ".join(f"`{root}`" for root in self.roots) or "none"
        raise InvalidConfig(
            f"`{location}` does not lie below a folder that this worker may use",
            field="datasource",
            hint=f"Its operator allows folders with `root=FOLDER` or `SWATH_ROOTS`; now there is {names}.",
        )
