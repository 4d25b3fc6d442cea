"""Crops in, vectors out: batches that several threads fill and several threads embed, with bounded memory."""

from __future__ import annotations

import queue
import threading
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from swath.core.embeddings import to_stored
from swath.pipeline.ports import Embedder, EmbeddingCache
from swath.pipeline.read_ahead import Stopped

ROWS_PER_CACHE_WRITE = 2048
"""New vectors are handed to the cache in pieces of this many rows: one transaction each."""

WAIT_SECONDS = 0.2
"""How often a thread that waits looks whether the run has been stopped."""

Batch = tuple[list[int], NDArray[np.uint8], NDArray[np.uint8]]


class CropEmbedding:
    """Embeds crops (S, S, 3) that any thread adds, and puts each vector into its row of `vectors` (N, D) float16.

    Use as a context manager; leaving it embeds what is left. At most `threads` + 2 batches wait, so whoever adds
    faster than the embedder embeds has to wait too. What goes wrong in a thread is raised by `add` and on leaving.
    """

    def __init__(
        self,
        embedder: Embedder,
        cache: EmbeddingCache,
        vectors: NDArray[np.float16],
        *,
        batch_size: int,
        threads: int,
    ) -> None:
        self._embedder = embedder
        self._cache = cache
        self._vectors = vectors
        self._batch_size = batch_size
        self._batches: queue.Queue[Batch | None] = queue.Queue(maxsize=threads + 2)
        self._turn = threading.Lock()
        self._rows: list[int] = []
        self._crops: list[NDArray[np.uint8]] = []
        self._keys: list[NDArray[np.uint8]] = []
        self._cache_turn = threading.Lock()
        self._unwritten: list[tuple[NDArray[np.uint8], NDArray[np.float16]]] = []
        self._failure: BaseException | None = None
        self.stopped = threading.Event()
        self.embedded = 0
        self._threads = [
            threading.Thread(target=self._embed_batches, name=f"swath-embed-{number}", daemon=True)
            for number in range(threads)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def add(self, row: int, key: NDArray[np.uint8], crop: NDArray[np.uint8]) -> None:
        """Hand over the crop of one row; waits while too many batches do. Raises Stopped after a stop."""
        with self._turn:
            self._rows.append(row)
            self._keys.append(key)
            self._crops.append(crop)
            batch = self._take_batch() if len(self._rows) >= self._batch_size else None
        if batch is not None:
            self._hand_over(batch)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.stopped.set()
        try:
            if not self.stopped.is_set():
                with self._turn:
                    batch = self._take_batch() if self._rows else None
                if batch is not None:
                    self._hand_over(batch)
            for _ in self._threads:
                self._hand_over(None)
        except Stopped:
            pass
        for thread in self._threads:
            thread.join()
        self._write_cache(everything=True)
        if self._failure is not None and (kind is None or kind is Stopped):
            raise self._failure from None

    def _take_batch(self) -> Batch:
        batch = (self._rows, np.stack(self._keys), np.stack(self._crops))
        self._rows, self._keys, self._crops = [], [], []
        return batch

    def _hand_over(self, batch: Batch | None) -> None:
        while True:
            if self.stopped.is_set():
                raise Stopped
            try:
                self._batches.put(batch, timeout=WAIT_SECONDS)
            except queue.Full:
                continue
            return

    def _embed_batches(self) -> None:
        while not self.stopped.is_set():
            try:
                batch = self._batches.get(timeout=WAIT_SECONDS)
            except queue.Empty:
                continue
            if batch is None:
                return
            try:
                self._embed(batch)
            except BaseException as exc:  # handed to whoever uses this, not lost with the thread
                self._failure = exc
                self.stopped.set()
                return

    def _embed(self, batch: Batch) -> None:
        rows, keys, crops = batch
        vectors = to_stored(self._embedder.embed(crops))
        if len(vectors) != len(rows):
            raise AssertionError(f"the embedder gave {len(vectors)} vectors for {len(rows)} crops")
        self._vectors[rows] = vectors
        with self._cache_turn:
            self.embedded += len(rows)
            self._unwritten.append((keys, vectors))
        self._write_cache(everything=False)

    def _write_cache(self, *, everything: bool) -> None:
        with self._cache_turn:
            if not self._unwritten or (
                not everything and sum(len(keys) for keys, _ in self._unwritten) < ROWS_PER_CACHE_WRITE
            ):
                return
            unwritten, self._unwritten = self._unwritten, []
        self._cache.put(
            np.concatenate([keys for keys, _ in unwritten]), np.concatenate([found for _, found in unwritten])
        )
