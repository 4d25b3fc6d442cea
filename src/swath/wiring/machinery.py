"""What runs are done with on this machine: codec, embedders, caches, and the folders they may touch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
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
from swath.wire.confinement import check_role
from swath.wire.datasource_access import with_account
from swath.wire.endpoints import Endpoints, folder_of
from swath.wire.locations import Location, parse_location
from swath.wire.runs import DatasourceAccess


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
    """What runs of others may touch here: local folders, what this machine has to open buckets, where these are.

    `trusts_server`: all folders that the server's owner asks for.
    """

    roots: tuple[Path, ...]
    trusts_server: bool
    endpoints: Endpoints = field(default_factory=Endpoints)
    delegated_roles: tuple[str, ...] = ()

    def open(self, place: DatasourceAccess, *, is_confined: bool) -> Datasource:
        """The datasource of a run, if it may use it. Raises InvalidConfig where it may not."""
        location = parse_location(place.location)
        if location.is_bucket:
            return self._open_bucket(place, location, is_confined=is_confined)
        self._check(place.location, is_confined=is_confined)
        return open_datasource(place.location)

    def _open_bucket(self, place: DatasourceAccess, location: Location, *, is_confined: bool) -> Datasource:
        access = place.credentials
        if is_confined:
            # What this machine has itself is for runs of the server's owner.
            access = access or {}
            check_role(access, self.delegated_roles)
        location = with_account(location, access)
        endpoint = self.endpoints.target_of(location)
        if endpoint is None:
            endpoint = place.endpoint or (access or {}).get("endpoint", "")
            if (folder := folder_of(endpoint)) is not None:
                self._check(folder, is_confined=is_confined)
        targets = {location.uri: folder_of(endpoint) or endpoint} if endpoint else {}
        return open_datasource(place.location, access, endpoints=Endpoints(targets))

    def _check(self, folder: str, *, is_confined: bool) -> None:
        if self.trusts_server and not is_confined:
            return
        resolved = Path(os.path.realpath(folder))
        if any(resolved.is_relative_to(os.path.realpath(root)) for root in self.roots):
            return
        names = ", ".join(f"`{root}`" for root in self.roots) or "none"
        raise InvalidConfig(
            f"`{folder}` does not lie below a folder that this worker may use",
            field="datasource",
            hint=f"Its operator allows folders with `root=FOLDER` or `SWATH_ROOTS`; now there is {names}.",
        )
