"""A run's line to its datasets over HTTP: what a worker has in the place of the database."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from swath.client.transport import Transport
from swath.core.additions import CommitReceipt, EarlierCrops, RunAdditions, UsedFile
from swath.core.earlier import AttachedValues, EarlierValues
from swath.core.embeddings import STORED_DTYPE, EmbedderIdentity
from swath.core.errors import RunCancelled
from swath.core.objects import KEY_BYTES
from swath.core.runs import RunState
from swath.pipeline.ports import KillPoint, RunTarget
from swath.wire.additions import EmbedderDocument, ReceiptDocument, read_used_files, write_manifest, write_parts
from swath.wire.columns import Columns, read_columns
from swath.wire.earlier import read_attached, read_earlier_values
from swath.wire.runs import (
    LEASE_HEADER,
    LONGEST_MESSAGE,
    LeaseAnswer,
    Progress,
    RunCredentials,
    SessionDocument,
    storable,
)

COMMIT_TIMEOUT_S = 1800.0
"""A commit of millions of rows is one answer."""

RANGE_BYTES = 64 << 20
"""Of vectors in one answer: few answers, each soon enough repeated."""

LINES_PER_REQUEST = 100
LONGEST_LINE = 2000
"""Characters: a request with as many of them as there may be, all escaped, is not too large for the server."""

SECONDS_BETWEEN_LINES = 1.0


def do_nothing(point: str) -> None:
    """The kill point of every worker outside tests."""


class RemoteRunSession:
    """Implements `pipeline.ports.RunSession` for the run that a worker holds under a lease.

    Methods may be called from several threads. Every one raises StaleLease once the run is another worker's, and
    SourceUnavailable when the server did not answer for as long as the transport is patient. Lines of the log are
    gathered and sent together, at the latest with the next state.
    """

    def __init__(self, transport: Transport, run_id: str, lease: int, at_point: KillPoint = do_nothing) -> None:
        self._transport = transport
        self._path = f"/runs/{run_id}"
        self._headers = {LEASE_HEADER: str(lease)}
        self._at_point = at_point
        self._document: SessionDocument | None = None
        self._log_turn = threading.Lock()
        self._unsent: list[dict[str, Any]] = []
        self._lines = 0
        self._last_sent = time.monotonic()

    @property
    def document(self) -> SessionDocument:
        """What the run is asked to do and the datasets it adds to, as they were when first asked for."""
        if self._document is None:
            answer = self._transport.get(f"{self._path}/session", headers=self._headers)
            self._document = SessionDocument.model_validate(answer, extra="ignore")
        return self._document

    @property
    def target(self) -> RunTarget:
        document = self.document
        return RunTarget(
            run_id=document.run_id,
            image_dataset_id=document.image_dataset_id,
            image_dataset_name=document.image_dataset_name,
            image_samples=document.image_samples,
            crop_dataset_id=document.crop_dataset_id,
            crop_dataset_name=document.crop_dataset_name,
            crop_samples=document.crop_samples,
        )

    def credentials(self) -> RunCredentials:
        """Where the files of the run lie and how to get at them."""
        answer = self._transport.get(f"{self._path}/credentials", headers=self._headers)
        return RunCredentials.model_validate(answer, extra="ignore")

    def used_files(self) -> Mapping[str, UsedFile]:
        return {file.key: file for file in read_used_files(self._columns("used-files"))}

    def known_digests(self) -> Mapping[bytes, str]:
        columns = self._columns("known-digests")
        return dict(zip(columns.blobs("digest"), columns.texts("file_name"), strict=True))

    def known_crop_files(self) -> Sequence[str]:
        return self._columns("known-crop-files").texts("file_name")

    def earlier_crops(self, embedder: EmbedderIdentity) -> EarlierCrops:
        """Live crops by sample index, then the keys of stale ones: vector i is of key i for every vector there is."""
        live_keys, stale_keys, live_vectors = [], [], []
        for page in self._pages("earlier-crops", embedder):
            stale = page.array("is_stale", np.bool_)
            keys = page.array("object_key", np.uint8, (len(stale), KEY_BYTES))
            vectors = page.array("vector", STORED_DTYPE, (len(stale), embedder.dimension))
            live_keys.append(keys[~stale])
            stale_keys.append(keys[stale])
            live_vectors.append(vectors[~stale])
        return EarlierCrops(object_keys=np.concatenate([*live_keys, *stale_keys]), vectors=_one_matrix(live_vectors))

    def earlier_images(self, embedder: EmbedderIdentity) -> tuple[tuple[str, ...], NDArray[np.float16]]:
        names: list[str] = []
        vectors: list[NDArray[np.float16]] = []
        for page in self._pages("earlier-images", embedder):
            of_page = page.texts("file_name")
            names += of_page
            vectors.append(page.array("vector", STORED_DTYPE, (len(of_page), embedder.dimension)))
        return tuple(names), _one_matrix(vectors)

    def earlier_values(self) -> EarlierValues:
        return read_earlier_values(self._columns("earlier-values"))

    def attached_values(self, keys: Sequence[str]) -> AttachedValues:
        return read_attached(self._columns("attached-values", {"keys": json.dumps(list(keys))}))

    def query_vectors(self, dataset: str, tag: str, embedder: EmbedderIdentity) -> NDArray[np.float16]:
        identity = EmbedderDocument.of(embedder).model_dump(mode="json")
        page = self._columns("query-vectors", {**identity, "dataset": dataset, "tag": tag})
        return page.array("vector", STORED_DTYPE, (None, embedder.dimension))

    def enter(self, state: RunState) -> None:
        self.flush_log()
        answer = self._transport.put(f"{self._path}/state", {"state": state.value}, headers=self._headers)
        self._check_cancel(answer)

    def report(self, progress: Progress) -> None:
        """Say how far the run is. Raises RunCancelled if somebody cancelled it."""
        document = progress.model_dump(mode="json")
        self._check_cancel(self._transport.put(f"{self._path}/progress", document, headers=self._headers))

    def log(self, level: str, message: str) -> None:
        with self._log_turn:
            line = storable(message)
            if len(line) > LONGEST_LINE:
                line = f"{line[: LONGEST_LINE - 1]}…"
            self._unsent.append({"number": self._lines, "level": level, "message": line})
            self._lines += 1
            is_due = time.monotonic() - self._last_sent >= SECONDS_BETWEEN_LINES
            if is_due or len(self._unsent) >= LINES_PER_REQUEST:
                self._send_lines()

    def flush_log(self) -> None:
        """Send the lines that were not sent yet."""
        with self._log_turn:
            self._send_lines()

    def store_artifact(self, name: str, data: bytes | memoryview) -> str:
        path = f"{self._path}/artifacts/{quote(name)}"
        self._transport.put_bytes(path, data, headers=self._headers)
        return f"{self._transport.url}/api{path}"

    def commit(self, additions: RunAdditions) -> CommitReceipt:
        """Hand in the parts, then let the server add them. Raises ValueError for columns that disagree."""
        manifest = write_manifest(additions)
        self.flush_log()
        self._at_point("before_parts")
        for name, part in write_parts(additions):
            self._transport.put_bytes(f"{self._path}/parts/{name}", part, headers=self._headers)
        self._at_point("after_parts")
        answer = self._transport.post(
            f"{self._path}/commit",
            manifest.model_dump(mode="json"),
            headers=self._headers,
            timeout_s=COMMIT_TIMEOUT_S,
        )
        return ReceiptDocument.model_validate(answer, extra="ignore").receipt()

    def finish(self, state: RunState, message: str, result: str) -> None:
        self.flush_log()
        self._at_point("before_finish")
        message = storable(message)[:LONGEST_MESSAGE]
        document = {"state": state.value, "message": message, "result": json.loads(result)}
        self._transport.post(f"{self._path}/finish", document, headers=self._headers)

    def _columns(self, what: str, query: Mapping[str, Any] | None = None) -> Columns:
        path = f"{self._path}/session/{what}"
        return read_columns(self._transport.get_bytes(path, query, headers=self._headers), what=f"`{what}`")

    def _pages(self, what: str, embedder: EmbedderIdentity) -> Iterator[Columns]:
        """All rows in pages, at least one. Samples are only added by this run, so rows do not shift meanwhile."""
        count = max(1, RANGE_BYTES // (embedder.dimension * STORED_DTYPE.itemsize))
        identity = EmbedderDocument.of(embedder).model_dump(mode="json")
        first, total = 0, 1
        while first < total:
            page = self._columns(what, {**identity, "first": first, "count": count})
            total = page.count("total")
            yield page
            first += count

    def _send_lines(self) -> None:
        """Called with the turn held. Lines stay until they are known to be kept."""
        self._last_sent = time.monotonic()
        while self._unsent:
            lines = self._unsent[:LINES_PER_REQUEST]
            self._transport.post(f"{self._path}/log", {"lines": lines}, headers=self._headers)
            del self._unsent[: len(lines)]

    def _check_cancel(self, answer: Any) -> None:
        if LeaseAnswer.model_validate(answer, extra="ignore").cancel_requested:
            raise RunCancelled(f"run `{self.document.run_id}` was cancelled")


def _one_matrix(pages: Sequence[NDArray[np.float16]]) -> NDArray[np.float16]:
    return pages[0] if len(pages) == 1 else np.concatenate(pages)
