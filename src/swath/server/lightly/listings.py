"""Listings of datasources: images, predictions and metadata, page by page, each file with a URL to load it from.

A cursor holds all that its page needs: what is listed, which part of it, and where the page before ended. The first
request of a walk lists the datasource; all that follow look into that snapshot (`swath.server.lightly.snapshots`).
"""

from __future__ import annotations

import base64
import binascii
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, Query
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request

from swath.core.errors import InvalidConfig, NotFound, SwathError
from swath.formats.relevant_filenames import RelevantFilenames, parse_relevant_filenames
from swath.pipeline.listing import HIDDEN_ROOT, IMAGE_EXTENSIONS, VIDEO_EXTENSIONS, read_relevant_filenames
from swath.pipeline.ports import Datasource, FileEntry
from swath.server.dependencies import Reader, ServicesDep
from swath.server.file_links import FileLinks
from swath.server.lightly.datasources import open_datasource_of, takes_on_role, unusable, used_datasource
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.lightly.linked_files import RedirectMaker
from swath.server.lightly.snapshots import KeyRange, Snapshot, rows_in, split, take_snapshot
from swath.server.links import DEFAULT_EXPIRY_S, link_maker
from swath.server.services import Services
from swath.store.credentials import Purpose
from swath.store.datasets import Dataset
from swath.wire.lightly.datasources import DatasourceListing, DatasourceRow, DivideAndConquerCursorData

PAGE_ROWS = 2_000
MOST_SHARDS = 64
LAST_SECOND = 10**11

PREDICTIONS = f"{HIDDEN_ROOT}predictions/"
METADATA = f"{HIDDEN_ROOT}metadata/"

_MEDIA_EXTENSIONS = tuple(IMAGE_EXTENSIONS | VIDEO_EXTENSIONS)

router = APIRouter(prefix="/datasets/{dataset}/datasource")


class Listed(StrEnum):
    """What can be listed."""

    IMAGES = "images"
    PREDICTIONS = "predictions"
    METADATA = "metadata"

    @property
    def purpose(self) -> Purpose:
        return "input" if self is Listed.IMAGES else "output"


class Walk(BaseModel):
    """A walk through a listing, and where it is: what a cursor holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    listed: Listed
    moment: int  # that tells its snapshot from others
    first: int = 0  # unix seconds, of the time a file was changed
    last: int = LAST_SECOND
    task: str = ""
    relevant: str = ""  # name of a relevant filenames file
    after: str = ""
    until: str = ""

    @property
    def prefix(self) -> str:
        """Of the keys that are listed."""
        return {Listed.IMAGES: "", Listed.PREDICTIONS: f"{PREDICTIONS}{self.task}/", Listed.METADATA: METADATA}[
            self.listed
        ]

    @property
    def name_start(self) -> int:
        """Where in a key the name begins that is given back to `predictions/file` or `metadata/file`."""
        return {Listed.IMAGES: 0, Listed.PREDICTIONS: len(PREDICTIONS), Listed.METADATA: len(METADATA)}[self.listed]

    def cursor(self) -> str:
        return base64.urlsafe_b64encode(self.model_dump_json(exclude_defaults=True).encode()).rstrip(b"=").decode()


def read_cursor(text: str, dataset_id: str, listed: Listed) -> Walk:
    """The walk of a cursor. Raises FacadeError (422) for what is none, or one of another listing."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        walk = Walk.model_validate_json(data)
    except (binascii.Error, ValidationError, ValueError):
        walk = None
    if walk is None or (walk.dataset, walk.listed) != (dataset_id, listed) or not _is_safe(walk.task):
        raise FacadeError(422, ErrorCode.BAD_REQUEST, "the cursor is not one of this listing")
    return walk


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingQuery:
    """What a request for a listing may say. With a cursor nothing else of it counts but the kind of the URLs."""

    cursor: str | None
    first: int
    last: int
    task: str
    relevant: str
    is_redirected: bool
    shards: int


async def _query(
    cursor: Annotated[str | None, Query()] = None,
    first: Annotated[int, Query(alias="from")] = 0,
    last: Annotated[int, Query(alias="to")] = LAST_SECOND,
    task: Annotated[str, Query(alias="taskName")] = "",
    relevant: Annotated[str, Query(alias="relevantFilenamesFileName")] = "",
    run: Annotated[str, Query(alias="relevantFilenamesRunId")] = "",
    artifact: Annotated[str, Query(alias="relevantFilenamesArtifactId")] = "",
    is_redirected: Annotated[bool, Query(alias="useRedirectedReadUrl")] = False,
    shards: Annotated[int, Query(alias="dncShards")] = 1,
) -> ListingQuery:
    """Limits are not declared: what broke one would be a 400, after which clients ask again for half a minute."""
    if run or artifact:
        # Runs of this server keep no list of relevant names: the file that names them stays where it is.
        raise FacadeError(404, ErrorCode.DOCKER_RUN_ARTIFACT_UNKNOWN, f"run `{run}` has no artifact `{artifact}`")
    return ListingQuery(
        cursor=cursor,
        first=max(0, min(first, LAST_SECOND)),
        last=max(0, min(last, LAST_SECOND)),
        task=task,
        relevant=relevant,
        is_redirected=is_redirected,
        shards=max(1, min(shards, MOST_SHARDS)),
    )


QueryDep = Annotated[ListingQuery, Depends(_query)]


@router.get("/list")
def list_images(
    services: ServicesDep, request: Request, principal: Reader, dataset: str, query: QueryDep
) -> DatasourceListing:
    """A page of the images and videos of the input."""
    return _page(services, request, used_datasource(services, principal, dataset), Listed.IMAGES, query)


@router.get("/predictions/list")
def list_predictions(
    services: ServicesDep, request: Request, principal: Reader, dataset: str, query: QueryDep
) -> DatasourceListing:
    """A page of the prediction files of a task; names begin with the task, as `predictions/file` takes them."""
    return _page(services, request, used_datasource(services, principal, dataset), Listed.PREDICTIONS, query)


@router.get("/metadata/list")
def list_metadata(
    services: ServicesDep, request: Request, principal: Reader, dataset: str, query: QueryDep
) -> DatasourceListing:
    """A page of the metadata files."""
    return _page(services, request, used_datasource(services, principal, dataset), Listed.METADATA, query)


@router.get("/list/dnc")
def divide_images(
    services: ServicesDep, principal: Reader, dataset: str, query: QueryDep
) -> DivideAndConquerCursorData:
    """Cursors that divide the listing of images among readers."""
    return _divided(services, used_datasource(services, principal, dataset), Listed.IMAGES, query)


@router.get("/predictions/list/dnc")
def divide_predictions(
    services: ServicesDep, principal: Reader, dataset: str, query: QueryDep
) -> DivideAndConquerCursorData:
    """Cursors that divide the listing of prediction files among readers."""
    return _divided(services, used_datasource(services, principal, dataset), Listed.PREDICTIONS, query)


@router.get("/metadata/list/dnc")
def divide_metadata(
    services: ServicesDep, principal: Reader, dataset: str, query: QueryDep
) -> DivideAndConquerCursorData:
    """Cursors that divide the listing of metadata files among readers."""
    return _divided(services, used_datasource(services, principal, dataset), Listed.METADATA, query)


def _page(
    services: Services, request: Request, dataset: Dataset, listed: Listed, query: ListingQuery
) -> DatasourceListing:
    walk = _walk(dataset, listed, query)
    datasource = open_datasource_of(services, dataset, listed.purpose)
    snapshot, rows = _rows(services, dataset, datasource, walk)
    rest = rows_in(snapshot, rows, KeyRange(after=walk.after, until=walk.until))
    keys = [snapshot.keys[row] for row in rest[:PAGE_ROWS]]
    is_redirected = query.is_redirected or takes_on_role(services, dataset, listed.purpose)
    url_of = _url_maker(services, request, dataset, datasource, listed.purpose, is_redirected=is_redirected)
    data = tuple(DatasourceRow(file_name=key[walk.name_start :], read_url=url_of(key)) for key in keys)
    reached = walk.model_copy(update={"after": keys[-1]}) if keys else walk
    return DatasourceListing(has_more=len(rest) > PAGE_ROWS, cursor=reached.cursor(), data=data)


def _divided(services: Services, dataset: Dataset, listed: Listed, query: ListingQuery) -> DivideAndConquerCursorData:
    walk = _walk(dataset, listed, query)
    datasource = open_datasource_of(services, dataset, listed.purpose)
    snapshot, rows = _rows(services, dataset, datasource, walk)
    parts = split(snapshot, rows, query.shards)
    cursors = (walk.model_copy(update={"after": part.after, "until": part.until}).cursor() for part in parts)
    return DivideAndConquerCursorData(cursors=tuple(cursors))


def _walk(dataset: Dataset, listed: Listed, query: ListingQuery) -> Walk:
    """The walk that a request goes on with, or begins."""
    if query.cursor:
        return read_cursor(query.cursor, dataset.id, listed)
    if listed is Listed.PREDICTIONS and not (query.task and _is_safe(query.task)):
        raise FacadeError(422, ErrorCode.BAD_REQUEST, "`taskName` names no task")
    return Walk(
        dataset=dataset.id,
        listed=listed,
        moment=time.time_ns(),
        first=query.first,
        last=query.last,
        task=query.task if listed is Listed.PREDICTIONS else "",
        relevant=query.relevant,
    )


def _rows(
    services: Services, dataset: Dataset, datasource: Datasource, walk: Walk
) -> tuple[Snapshot, NDArray[np.int64]]:
    """The snapshot of a walk, and the positions of what it asks for; taken anew if they are not there any more."""
    name = (dataset.id, datasource.uri, walk.prefix, walk.moment)
    try:
        snapshot = services.listings.get(
            ("snapshot", *name), lambda: take_snapshot(_listed_files(datasource, walk)), size_of=_byte_count
        )
        rows = services.listings.get(
            ("rows", *name, walk.first, walk.last, walk.relevant),
            lambda: _chosen(services, dataset, datasource, snapshot, walk),
            size_of=lambda made: int(made.nbytes),
        )
    except SwathError as error:
        raise unusable(error) from error
    return snapshot, rows


def _byte_count(snapshot: Snapshot) -> int:
    return snapshot.byte_count


def _listed_files(datasource: Datasource, walk: Walk) -> Iterator[Sequence[FileEntry]]:
    """The files of a listing. Prediction and metadata files, without the schema beside them, are named after images."""
    is_listed = _is_media if walk.listed is Listed.IMAGES else _is_document
    for page in datasource.list_pages(walk.prefix, skip_hidden_root=walk.listed is Listed.IMAGES):
        yield [entry for entry in page if is_listed(entry.key[len(walk.prefix) :])]


def _is_media(key: str) -> bool:
    return key.lower().endswith(_MEDIA_EXTENSIONS) and _is_safe(key)


def _is_document(name: str) -> bool:
    return name.endswith(".json") and name != "schema.json" and _is_safe(name)


def _is_safe(key: str) -> bool:
    """Whether a name leads nowhere else when clients make a path of it."""
    return not key.startswith(("/", "./", "../")) and ".." not in key.split("/")


def _chosen(
    services: Services, dataset: Dataset, datasource: Datasource, snapshot: Snapshot, walk: Walk
) -> NDArray[np.int64]:
    rows = snapshot.changed_between(walk.first, walk.last)
    if not walk.relevant:
        return rows
    relevant = _relevant_filenames(services, dataset, datasource, walk)
    keys = [snapshot.keys[row] for row in rows]
    if walk.listed is Listed.IMAGES:
        wanted = set(relevant.select(keys))
        is_wanted = np.fromiter((key in wanted for key in keys), np.bool_, len(keys))
    else:
        is_wanted = _belong_to_relevant(relevant, [key[len(walk.prefix) : -len(".json")] for key in keys])
    return np.compress(is_wanted, rows)


def _relevant_filenames(services: Services, dataset: Dataset, datasource: Datasource, walk: Walk) -> RelevantFilenames:
    """The entries of the file: below `.lightly/`, where runs look for it, or where its name alone leads to."""
    other: Purpose = "output" if walk.listed.purpose == "input" else "input"
    pair = (open_datasource_of(services, dataset, other), datasource)
    sources = pair if other == "output" else pair[::-1]
    try:
        return parse_relevant_filenames(*_read_relevant_filenames(sources, walk.relevant))
    except InvalidConfig as error:
        raise FacadeError.of(error, 422, ErrorCode.DATASET_DATASOURCE_RELEVANT_FILENAMES_INVALID) from error


def _read_relevant_filenames(sources: tuple[Datasource, ...], name: str) -> tuple[bytes, str]:
    try:
        return read_relevant_filenames(sources, name)
    except InvalidConfig:
        for source in sources:
            with suppress(NotFound):
                return source.read(name), name
        raise


def _belong_to_relevant(relevant: RelevantFilenames, stems: list[str]) -> NDArray[np.bool_]:
    """Which of the stems (paths without extension) an image or video that is relevant may have."""
    named = {name.rpartition(".")[0] or name for name in relevant.names}
    found = np.fromiter((unicodedata.normalize("NFC", stem) in named for stem in stems), bool, len(stems))
    if relevant.prefixes:
        for extension in _MEDIA_EXTENSIONS:
            selected = set(relevant.select([stem + extension for stem in stems]))
            found |= np.fromiter((stem + extension in selected for stem in stems), bool, len(stems))
    return found


def _url_maker(
    services: Services,
    request: Request,
    dataset: Dataset,
    datasource: Datasource,
    purpose: Purpose,
    *,
    is_redirected: bool,
) -> Callable[[str], str]:
    if is_redirected:
        redirects = RedirectMaker(services, request)
        return lambda key: redirects.for_file(dataset, purpose, key)
    links = FileLinks(link_maker(services, request), dataset, purpose, datasource)
    return lambda key: links.url(key, expires_in_s=DEFAULT_EXPIRY_S)
