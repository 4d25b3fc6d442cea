"""Links to files: of samples, their thumbnails, and anything in a datasource; and redirects that never expire.

A file in a bucket is fetched from the bucket: the link answers with a redirect to where it lies. Everything else, and
what only asks for the head of a file, is answered here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from swath.core.access import Principal, Scope
from swath.core.errors import NotFound, NotLoggedIn
from swath.server.datasources import open_files_of
from swath.server.dependencies import ServicesDep
from swath.server.file_answers import media_type_of
from swath.server.file_links import FILE, SAMPLE, THUMBNAIL, datasource_link, sample_link, thumbnail_link
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.lightly.links import linked_file
from swath.server.links import (
    LINK_HANDLERS,
    Link,
    TokenMaker,
    base_url,
    body_file,
    for_anybody,
    link_url,
    read_link,
)
from swath.server.pictures import SampleFile, thumbnail
from swath.server.sample_documents import picture_version, read_samples
from swath.server.services import Services
from swath.store.credentials import Purpose
from swath.store.datasets import Dataset, dataset_by_id
from swath.store.ids import is_id
from swath.store.sample_lookup import locate_sample, unknown_sample
from swath.store.samples import Sample
from swath.store.sharing import sees_dataset

REDIRECT_EXPIRY_S = 3600
"""Of the address in a bucket that a link leads to: long enough to start loading a file."""

UPLOAD = "datasource-upload"

MAX_UPLOAD_BYTES = 256 << 20
"""Of a file that is put into a datasource: it is written whole or not at all, so it is held in memory."""

router = APIRouter()

PublicToken = Annotated[str | None, Query(alias="publicToken")]


def upload_link(dataset: Dataset, key: str) -> Link:
    """What takes a file for a dataset's output, replacing one that is there."""
    return Link(kind=UPLOAD, dataset_id=dataset.id, name=key, method="PUT")


def sample_url(
    services: Services,
    request: Request,
    dataset_id: str,
    sample: Sample,
    *,
    kind: Literal["full", "thumb"] = "full",
    expires_in_s: int | None,
) -> str:
    """A URL from which anybody can load a sample; it ends in the name of its file."""
    link = sample_link(dataset_id, sample.id) if kind == "full" else thumbnail_link(dataset_id, sample.id)
    name = sample.file_name.rpartition("/")[2]
    if kind == "thumb":
        name = f"{name.rpartition('.')[0] or name}.jpg"
    return link_url(services, request, link, file_name=name, expires_in_s=expires_in_s)


class RedirectMaker:
    """Makes addresses of the format's own that lead to files for ever, without a token."""

    def __init__(self, services: Services, request: Request) -> None:
        self._token = TokenMaker(services.vault)
        self._base = f"{base_url(services, request)}/v1/datasets"

    def for_sample(self, dataset_id: str, sample_id: str, *, kind: Literal["full", "thumb"] = "full") -> str:
        token = self._token(sample_link(dataset_id, sample_id))
        return f"{self._base}/{dataset_id}/samples/{sample_id}/readurlRedirect?type={kind}&publicToken={token}"

    def for_file(self, dataset: Dataset, purpose: Purpose, key: str) -> str:
        token = self._token(datasource_link(dataset, purpose, key))
        query = urlencode({"path": key, "publicToken": token}, quote_via=quote)
        return f"{self._base}/{dataset.id}/datasource/readurlRedirect?{query}"


@router.get("/datasets/{dataset}/samples/{sample}/readurlRedirect")
def redirect_to_sample(
    services: ServicesDep,
    request: Request,
    dataset: str,
    sample: str,
    kind: Annotated[Literal["full", "thumb"], Query(alias="type")] = "full",
    public_token: PublicToken = None,
) -> Response:
    """Lead to the file of a sample."""
    wanted = sample_link(dataset, sample)
    if public_token is None:
        _require_reader(services, request, dataset)
    elif read_link(services.vault, public_token) != wanted:
        raise _wrong_token()
    _, found = _sample_of(services, wanted)
    url = sample_url(services, request, dataset, found, kind=kind, expires_in_s=REDIRECT_EXPIRY_S)
    return _redirect(url)


@router.get("/datasets/{dataset}/datasource/readurlRedirect")
def redirect_to_file(
    services: ServicesDep,
    request: Request,
    dataset: str,
    path: str,
    public_token: PublicToken = None,
) -> Response:
    """Lead to a file of a datasource; without a public token to one of the input."""
    wanted = Link(kind=FILE, dataset_id=dataset, name=path, detail="input")
    if public_token is None:
        _require_reader(services, request, dataset)
    else:
        opened = read_link(services.vault, public_token)
        if (opened.kind, opened.dataset_id, opened.name) != (FILE, dataset, path):
            raise _wrong_token()
        wanted = opened
    return _redirect(link_url(services, request, wanted, expires_in_s=REDIRECT_EXPIRY_S))


class _DatasourceFile(SampleFile):
    """Any file of a datasource."""

    @property
    def media_type(self) -> str:
        return media_type_of(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Picture:
    """A JPEG that was made here, as a file that can be served."""

    name: str
    etag: str
    data: bytes
    media_type: str = "image/jpeg"

    @property
    def size(self) -> int:
        return len(self.data)

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        yield self.data[start:end]


def _answer_file(services: Services, request: Request, link: Link) -> Response:
    dataset = _dataset_of(services, link)
    return _file_in(services, dataset, "output" if link.detail == "output" else "input", link.name, request)


def _answer_sample(services: Services, request: Request, link: Link) -> Response:
    dataset, sample = _sample_of(services, link)
    # Crops were written beside everything else that is written; images were there before.
    return _file_in(services, dataset, "input" if sample.crop is None else "output", sample.file_name, request)


def _answer_thumbnail(services: Services, request: Request, link: Link) -> Response:
    dataset, sample = _sample_of(services, link)
    size = int(link.detail)
    data = thumbnail(services, dataset, sample, size)
    picture = _Picture(name=f"{sample.id}.jpg", etag=f"{picture_version(sample)}-{size}", data=data)
    return linked_file(picture, request)


def _take_file(services: Services, request: Request, link: Link) -> Response:
    dataset = _dataset_of(services, link)
    path = body_file(request)
    if path.stat().st_size > MAX_UPLOAD_BYTES:
        message = f"a file that is put into a datasource has at most {MAX_UPLOAD_BYTES:,} bytes"
        raise FacadeError(413, ErrorCode.PAYLOAD_TOO_LARGE, message)
    open_files_of(services, dataset, "output").write(link.name, path.read_bytes())
    return Response(status_code=200)


LINK_HANDLERS[FILE] = _answer_file
LINK_HANDLERS[UPLOAD] = _take_file
LINK_HANDLERS[SAMPLE] = _answer_sample
LINK_HANDLERS[THUMBNAIL] = _answer_thumbnail


def _file_in(services: Services, dataset: Dataset, purpose: Purpose, key: str, request: Request) -> Response:
    """The file itself, or the way to where it lies. What asks for its head alone is answered here: a signed address
    of a bucket is good for one method."""
    datasource = open_files_of(services, dataset, purpose)
    if request.method == "GET":
        url = datasource.read_url(key, expires_s=REDIRECT_EXPIRY_S)
        if url is not None:
            return _redirect(url)
    entry = datasource.stat(key)
    if entry is None:
        raise NotFound(f"there is no file `{key}` in the {purpose} datasource of dataset `{dataset.name}`")
    return linked_file(_DatasourceFile(datasource=datasource, entry=entry), request)


def _dataset_of(services: Services, link: Link) -> Dataset:
    with services.store.reading() as connection:
        dataset = dataset_by_id(connection, link.dataset_id)
    if dataset is None:
        raise FacadeError(404, ErrorCode.DATASET_UNKNOWN, f"there is no dataset `{link.dataset_id}`")
    return dataset


def _sample_of(services: Services, link: Link) -> tuple[Dataset, Sample]:
    with services.store.reading() as connection:
        place = locate_sample(connection, link.name)
        dataset = dataset_by_id(connection, place.dataset_id)
    if dataset is not None and dataset.id == link.dataset_id:
        for sample in read_samples(services.store, dataset, [place.index]):
            return dataset, sample
    raise unknown_sample(link.name)


def _require_reader(services: Services, request: Request, dataset_id: str) -> None:
    """For who comes with a token of their own."""
    principal = request.scope.get("state", {}).get("principal")
    if not isinstance(principal, Principal) or principal.scope is Scope.WORKER:
        raise NotLoggedIn("this needs a token, or the public one that was given out with the address")
    with services.store.reading() as connection:
        if not (is_id(dataset_id) and sees_dataset(connection, dataset_id, principal.user_id)):
            raise FacadeError(404, ErrorCode.DATASET_UNKNOWN, f"there is no dataset `{dataset_id}`")


def _redirect(url: str) -> Response:
    return for_anybody(RedirectResponse(url, 302, headers={"Cache-Control": "private, no-store"}))


def _wrong_token() -> FacadeError:
    return FacadeError(403, ErrorCode.JWT_INVALID, "the public token is for something else")
