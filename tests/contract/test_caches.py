"""The SQLite caches keep the contracts of the embedding cache and the image index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from swath.adapters.embedding_cache import SqliteEmbeddingCache
from swath.adapters.image_index import SqliteImageIndex
from swath.pipeline.ports import EmbeddingCache, ImageIndex
from swath.testing.cache_contract import EmbeddingCacheContract, ImageIndexContract


class TestSqliteEmbeddingCache(EmbeddingCacheContract):
    @pytest.fixture
    def cache(self, tmp_path: Path) -> Iterator[EmbeddingCache]:
        cache = SqliteEmbeddingCache(tmp_path / "cache" / "embeddings.sqlite")
        yield cache
        assert cache.problem is None
        cache.close()


class TestSqliteImageIndex(ImageIndexContract):
    @pytest.fixture
    def index(self, tmp_path: Path) -> Iterator[ImageIndex]:
        index = SqliteImageIndex(tmp_path / "cache" / "images.sqlite")
        yield index
        assert index.problem is None
        index.close()
