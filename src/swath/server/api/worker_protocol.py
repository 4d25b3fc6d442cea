"""The protocol of workers: what the worker that holds a run reads, reports and hands in.

Every call carries the number of the worker's lease in the header `Swath-Lease`. One that is over gets 409
`stale-lease`, and changes nothing. Every call may be repeated when its answer got lost.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from sqlalchemy.engine import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from swath.core.additions import CommitReceipt
from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.server.api.workers import lease_ms
from swath.server.datasources import place_of
from swath.server.dependencies import ServicesDep, WorkerCaller
from swath.server.map_extensions import extend_maps
from swath.server.run_events import publish_run
from swath.server.services import Services
from swath.store import queue, runs
from swath.store.artifacts import receive_artifact, record_artifact
from swath.store.clock import now_ms
from swath.store.credentials import Purpose
from swath.store.datasets import dataset_by_id
from swath.store.ids import is_id
from swath.store.incoming import IncomingFile
from swath.store.parts import read_part, receive_part, remove_parts
from swath.store.runs import Run
from swath.store.session import StoreRunSession, resume_session
from swath.store.session_columns import read_crop_rows, read_image_rows
from swath.store.workers import find_worker
from swath.wire.additions import (
    AdditionsManifest,
    EarlierRows,
    QueryRows,
    ReceiptDocument,
    read_additions,
    write_used_files,
)
from swath.wire.columns import MEDIA_TYPE, Column, write_columns
from swath.wire.earlier import write_attached, write_earlier_values
from swath.wire.runs import (
    LEASE_HEADER,
    DatasourceAccess,
    FinishRequest,
    LeaseAnswer,
    NewLogLines,
    Progress,
    RunCredentials,
    SessionDocument,
    StateChange,
    StoredFile,
)

router = APIRouter(tags=["worker protocol"])

MAX_ROWS = 1_000_000
WRITE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A run and the number under which a worker of the caller held it. Whether it still does is asked in every step."""

    run_id: str
    number: int


LeaseHeader = Annotated[int, Header(alias=LEASE_HEADER, ge=1, lt=2**31, description="number of the worker's lease")]


def lease_of(services: ServicesDep, principal: WorkerCaller, run: str, lease: LeaseHeader) -> Lease:
    """The lease a call names. Raises NotFound unless the run's worker is one of the caller's."""
    with services.store.reading() as connection:
        found = runs.find_run(connection, run) if is_id(run) else None
        if found is None or found.worker_id is None:
            raise NotFound(f"there is no run `{run}` that a worker has")
        if found.lease == lease:
            # Numbers of leases can be guessed; whose the worker is cannot.
            find_worker(connection, found.worker_id, owner_id=principal.user_id)
        else:
            runs.check_lease(connection, run, lease)
    return Lease(run_id=run, number=lease)


LeaseDep = Annotated[Lease, Depends(lease_of)]

First = Annotated[int, Query(ge=0, lt=2**31, description="number of the first row")]
Count = Annotated[int, Query(ge=1, le=MAX_ROWS, description="rows, at most")]

COLUMNS: dict[int | str, dict[str, Any]] = {200: {"content": {MEDIA_TYPE: {}}, "description": "A columns document."}}


def _session(services: Services, lease: Lease) -> StoreRunSession:
    return resume_session(services.store, services.home, lease.run_id, lease.number, services.at_point)


def _columns(content: bytes) -> Response:
    return Response(content, media_type=MEDIA_TYPE)


# --- reporting ------------------------------------------------------------------------------------------------------


@router.put("/runs/{run}/state")
def set_run_state(services: ServicesDep, lease: LeaseDep, change: StateChange) -> LeaseAnswer:
    """The run has reached a state that is not final."""
    with services.store.writing() as connection:
        found = runs.check_lease(connection, lease.run_id, lease.number)
        if found.state is not change.state:
            runs.move_run(connection, lease.run_id, change.state)
        _extend(services, connection, lease)
    _publish(services, found)
    return LeaseAnswer(cancel_requested=found.cancel_requested)


@router.put("/runs/{run}/progress")
def set_run_progress(services: ServicesDep, lease: LeaseDep, progress: Progress) -> LeaseAnswer:
    """How far the stage under way is."""
    with services.store.writing(durable=False) as connection:
        found = queue.record_progress(connection, lease.run_id, lease.number, progress.model_dump_json())
    _publish(services, found)
    return LeaseAnswer(cancel_requested=found.cancel_requested)


@router.post("/runs/{run}/log")
def append_run_log(services: ServicesDep, lease: LeaseDep, log: NewLogLines) -> LeaseAnswer:
    """Lines for the run's log. One that comes twice is kept once."""
    lines = [(line.number, line.level, line.message) for line in log.lines]
    with services.store.writing(durable=False) as connection:
        found = runs.check_lease(connection, lease.run_id, lease.number)
        runs.append_log_lines(connection, lease.run_id, lease.number, lines)
    _publish(services, found)
    return LeaseAnswer(cancel_requested=found.cancel_requested)


@router.post("/runs/{run}/finish", status_code=204)
def finish_run(services: ServicesDep, lease: LeaseDep, request: FinishRequest) -> None:
    """The run is over."""
    if not request.state.is_final:
        raise InvalidConfig(f"a run cannot be finished with state `{request.state}`", field="state")
    services.at_point("before_finish")
    with services.store.writing() as connection:
        runs.finish_leased_run(
            connection,
            lease.run_id,
            lease.number,
            request.state,
            message=request.message,
            result=json.dumps(request.result),
        )
        found = runs.find_run(connection, lease.run_id)
    services.at_point("after_finish")
    remove_parts(services.home, lease.run_id, up_to_lease=lease.number)
    _publish(services, found, is_over=True)


@router.post("/runs/{run}/release", status_code=204)
def release_run(services: ServicesDep, lease: LeaseDep) -> None:
    """Give the run back to the queue: the worker stops."""
    with services.store.writing() as connection:
        queue.release_run(connection, lease.run_id, lease.number)
        found = runs.find_run(connection, lease.run_id)
    remove_parts(services.home, lease.run_id, up_to_lease=lease.number)
    _publish(services, found, is_over=True)


def _extend(services: Services, connection: Connection, lease: Lease) -> None:
    queue.extend_lease(connection, lease.run_id, lease.number, now=now_ms(), lease_ms=lease_ms(services))


def _publish(services: Services, run: Run, *, is_over: bool = False) -> None:
    publish_run(services, run)
    if is_over and run.worker_id is not None:
        services.events.publish("worker", id=run.worker_id, owner_id=run.owner_id)


# --- reading --------------------------------------------------------------------------------------------------------


@router.get("/runs/{run}/session")
def get_run_session(services: ServicesDep, lease: LeaseDep) -> SessionDocument:
    """The datasets that the run adds to, and what it is asked to do."""
    target = _session(services, lease).target
    with services.store.reading() as connection:
        found = runs.find_run(connection, lease.run_id)
    return SessionDocument(
        run_id=found.id,
        kind=found.kind,
        state=found.state.value,
        config=json.loads(found.config),
        task=found.task,
        image_dataset_id=target.image_dataset_id,
        image_dataset_name=target.image_dataset_name,
        image_samples=target.image_samples,
        crop_dataset_id=target.crop_dataset_id,
        crop_dataset_name=target.crop_dataset_name,
        crop_samples=target.crop_samples,
        is_committed=found.receipt is not None,
    )


@router.get("/runs/{run}/session/used-files", response_class=Response, responses=COLUMNS)
def get_used_files(services: ServicesDep, lease: LeaseDep) -> Response:
    """What earlier runs have dealt with: columns `key`, `image_digest`, `prediction_digest`, `outcome`."""
    return _columns(write_used_files(list(_session(services, lease).used_files().values())))


@router.get("/runs/{run}/session/known-digests", response_class=Response, responses=COLUMNS)
def get_known_digests(services: ServicesDep, lease: LeaseDep) -> Response:
    """Every readable image that was dealt with: columns `digest` and `file_name`."""
    known = _session(services, lease).known_digests()
    return _columns(write_columns({"digest": list(known), "file_name": list(known.values())}))


@router.get("/runs/{run}/session/known-crop-files", response_class=Response, responses=COLUMNS)
def get_known_crop_files(services: ServicesDep, lease: LeaseDep) -> Response:
    """The crop files that the crops dataset names: column `file_name`."""
    return _columns(write_columns({"file_name": list(_session(services, lease).known_crop_files())}))


@router.get("/runs/{run}/session/earlier-crops", response_class=Response, responses=COLUMNS)
def get_earlier_crops(services: ServicesDep, lease: LeaseDep, asked: Annotated[EarlierRows, Query()]) -> Response:
    """Rows of the crops dataset: columns `object_key`, `is_stale`, `vector`; the head's `total` counts all.

    409 if its vectors were made by another embedder.
    """
    session = _session(services, lease)
    session.check_embedder(asked.identity())
    with services.store.reading() as connection:
        rows = read_crop_rows(
            connection,
            services.home,
            session.target.crop_dataset_id or "",
            first=asked.first,
            count=asked.count,
            dimension=asked.dimension,
        )
    columns: dict[str, Column] = {"object_key": rows.object_keys, "is_stale": rows.stale, "vector": rows.vectors}
    return _columns(write_columns(columns, {"total": rows.total}))


@router.get("/runs/{run}/session/earlier-images", response_class=Response, responses=COLUMNS)
def get_earlier_images(services: ServicesDep, lease: LeaseDep, asked: Annotated[EarlierRows, Query()]) -> Response:
    """Rows of the image dataset: columns `file_name`, `vector`; the head's `total` counts all.

    409 if its vectors were made by another embedder.
    """
    session = _session(services, lease)
    session.check_embedder(asked.identity())
    with services.store.reading() as connection:
        rows = read_image_rows(
            connection,
            services.home,
            session.target.image_dataset_id,
            first=asked.first,
            count=asked.count,
            dimension=asked.dimension,
        )
    return _columns(write_columns({"file_name": rows.file_names, "vector": rows.vectors}, {"total": rows.total}))


@router.get("/runs/{run}/session/earlier-values", response_class=Response, responses=COLUMNS)
def get_earlier_values(services: ServicesDep, lease: LeaseDep) -> Response:
    """What else is known of the samples of both datasets: columns of images `file_name`, `image_size`, `image_score`,
    of crops that are not stale `image_of_crop`, `category_id`, `crop_size`, `crop_score`.
    """
    return _columns(write_earlier_values(_session(services, lease).earlier_values()))


@router.get("/runs/{run}/session/attached-values", response_class=Response, responses=COLUMNS)
def get_attached_values(
    services: ServicesDep,
    lease: LeaseDep,
    keys: Annotated[str, Query(max_length=50_000, description="JSON list of keys of metadata")],
) -> Response:
    """What people attached to images: columns `file_name` and `values` (JSON); `key` holds all keys there are."""
    return _columns(write_attached(_session(services, lease).attached_values(_texts(keys, field="keys"))))


@router.get("/runs/{run}/session/query-vectors", response_class=Response, responses=COLUMNS)
def get_query_vectors(services: ServicesDep, lease: LeaseDep, asked: Annotated[QueryRows, Query()]) -> Response:
    """The samples of a tag that a similarity looks for: column `vector`. 404 for what the run's owner does not see."""
    vectors = _session(services, lease).query_vectors(asked.dataset, asked.tag, asked.identity())
    return _columns(write_columns({"vector": vectors}))


def _texts(value: str, *, field: str) -> list[str]:
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    if not (isinstance(found, list) and all(isinstance(text, str) for text in found)):
        raise InvalidConfig(f"`{field}` must be a JSON list of texts", field=field)
    return found


@router.get("/runs/{run}/credentials")
def get_run_credentials(services: ServicesDep, lease: LeaseDep, response: Response) -> RunCredentials:
    """Where the files of the run lie and how to get at them. Answered to the worker that holds the run alone."""
    response.headers["Cache-Control"] = "no-store"
    with services.store.reading() as connection:
        found = runs.check_lease(connection, lease.run_id, lease.number)
        dataset = dataset_by_id(connection, found.image_dataset_id)
        if dataset is None:
            raise NotFound(f"dataset `{found.image_dataset_name}` is not there any more")

        def access(purpose: Purpose) -> DatasourceAccess:
            place = place_of(services, connection, dataset, purpose)
            return DatasourceAccess(location=place.uri, credentials=place.access, endpoint=place.endpoint)

        return RunCredentials(
            input=access("input"),
            output=access("output"),
            is_confined=dataset.is_confined,
        )


# --- handing in -----------------------------------------------------------------------------------------------------


ContentDigest = Annotated[str, Header(alias="Content-Digest", max_length=500, description="RFC 9530: `sha-256=:…:`")]


@router.put("/runs/{run}/parts/{name}")
async def put_part(
    services: ServicesDep, lease: LeaseDep, request: Request, name: str, content_digest: ContentDigest
) -> StoredFile:
    """A part of what the run adds. The same again is fine; other bytes under the same name are a 409."""
    expected = _sha256_in(content_digest)

    def keep(incoming: IncomingFile) -> None:
        incoming.complete(expected)
        with services.store.reading() as connection:
            runs.check_lease(connection, lease.run_id, lease.number)
        incoming.keep(may_replace=False)
        services.at_point("after_part")

    await run_in_threadpool(_check, services, lease)
    with receive_part(services.home, lease.run_id, lease.number, name) as incoming:
        await _receive(request, incoming)
        await run_in_threadpool(keep, incoming)
    return StoredFile(name=name, byte_length=incoming.byte_length, sha256=expected.hex())


@router.put("/runs/{run}/artifacts/{name:path}")
async def put_artifact(
    services: ServicesDep, lease: LeaseDep, request: Request, name: str, content_digest: ContentDigest
) -> StoredFile:
    """A file that the run leaves for people, instead of one of the same name."""
    expected = _sha256_in(content_digest)

    def keep(incoming: IncomingFile) -> None:
        incoming.complete(expected)
        with services.store.writing() as connection:
            runs.check_lease(connection, lease.run_id, lease.number)
            incoming.keep(may_replace=True)
            record_artifact(connection, lease.run_id, name, byte_length=incoming.byte_length, sha256=incoming.sha256)

    await run_in_threadpool(_check, services, lease)
    with receive_artifact(services.home, lease.run_id, name) as incoming:
        await _receive(request, incoming)
        await run_in_threadpool(keep, incoming)
    return StoredFile(name=name, byte_length=incoming.byte_length, sha256=expected.hex())


@router.post("/runs/{run}/commit")
def commit_run(services: ServicesDep, lease: LeaseDep, manifest: AdditionsManifest) -> ReceiptDocument:
    """Add everything that was handed in, atomically and once; the same again answers the same."""
    receipt = _receipt(services, lease)
    if receipt is None:
        services.at_point("before_commit")
        try:
            receipt = _commit(services, lease, manifest)
        except Conflict:
            # The same request may have come before and still have been under way when its connection broke.
            receipt = _receipt(services, lease)
            if receipt is None:
                # Or its parts went with the lease: then that is what the worker must hear.
                _check(services, lease)
                raise
    return ReceiptDocument.of(receipt)


def _receipt(services: Services, lease: Lease) -> CommitReceipt | None:
    with services.store.reading() as connection:
        return runs.receipt_of(runs.find_run(connection, lease.run_id))


def _commit(services: Services, lease: Lease, manifest: AdditionsManifest) -> CommitReceipt:
    session = _session(services, lease)

    def part(name: str) -> bytes:
        return read_part(services.home, lease.run_id, lease.number, name)

    try:
        receipt = session.commit(read_additions(manifest, part))
    except ValueError as exc:
        raise InvalidConfig(f"the parts do not fit together: {exc}") from exc
    # While a large commit went on, heartbeats had to wait. If somebody took the worker for dead meanwhile, the run is
    # closed as COMPLETED, and its report may still come.
    with suppress(Conflict), services.store.writing(durable=False) as connection:
        _extend(services, connection, lease)
    remove_parts(services.home, lease.run_id, up_to_lease=lease.number)
    with services.store.reading() as connection:
        found = runs.find_run(connection, lease.run_id)
    for dataset_id in (found.image_dataset_id, found.crop_dataset_id):
        if dataset_id is not None:
            services.events.publish("dataset", id=dataset_id, dataset_id=dataset_id, owner_id=found.owner_id)
            extend_maps(services, dataset_id)
    return receipt


def _check(services: Services, lease: Lease) -> None:
    with services.store.reading() as connection:
        runs.check_lease(connection, lease.run_id, lease.number)


async def _receive(request: Request, incoming: IncomingFile) -> None:
    """Write the body down as it comes, in a thread, a megabyte at a time."""
    pieces = bytearray()
    async for piece in request.stream():
        pieces += piece
        if len(pieces) >= WRITE_BYTES:
            await run_in_threadpool(incoming.write, bytes(pieces))
            pieces.clear()
    await run_in_threadpool(incoming.write, bytes(pieces))


_SHA256 = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]{44}):")


def _sha256_in(header: str) -> bytes:
    """The 32 bytes of the digest in a `Content-Digest`."""
    found = _SHA256.search(header)
    try:
        digest = base64.b64decode(found.group(1), validate=True) if found else b""
    except binascii.Error:
        digest = b""
    if len(digest) != 32:
        raise InvalidConfig(
            "`Content-Digest` gives no SHA-256", field="Content-Digest", hint="Write `sha-256=:<base64>:`."
        )
    return digest
