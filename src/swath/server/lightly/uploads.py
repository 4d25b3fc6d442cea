"""Uploads: samples that clients add themselves, links for their files, and the end of an upload."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request
from sqlalchemy.engine import Connection
from starlette.responses import Response

from swath.core.access import Principal
from swath.core.errors import Conflict, InvalidConfig, NotFound, UnreadableImage
from swath.pipeline.ports import Datasource, ImageInfo
from swath.server.dataset_changes import tell_changed
from swath.server.datasources import open_files_of
from swath.server.dependencies import Member, ServicesDep
from swath.server.lightly.answers import document_answer, string_answer
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.lightly.lookups import dataset_of, sample_index_of
from swath.server.links import LINK_HANDLERS, Link, LinkMaker, body_file, link_maker
from swath.server.services import Services
from swath.store.datasets import Dataset, dataset_by_id, mark_changed
from swath.store.files import naming_failures
from swath.store.ids import is_id
from swath.store.sample_metadata import SampleMetadata, keep_sample_metadata
from swath.store.samples import Sample, find_samples, iter_samples
from swath.store.sharing import require_owner
from swath.store.tags import name_is_free
from swath.store.uploads import (
    THUMBNAILS_FOLDER,
    NewSample,
    StoredAs,
    add_sample,
    check_file_name,
    check_takes_uploads,
    complete_first_upload,
    complete_upload,
    keeps_uploads_here,
    record_file,
    record_thumbnail,
    settle_datasource,
)
from swath.wire.lightly.base import CreateEntityAnswer
from swath.wire.lightly.metadata import json_size
from swath.wire.lightly.uploads import (
    InitialTagRequest,
    NewSampleAnswer,
    SampleCreateRequest,
    SampleUpdateRequest,
    TagUpsizeRequest,
    UploadRegistration,
    WriteUrlsAnswer,
    measurements,
    size_of,
)
from swath.wire.locations import is_bucket_uri

FULL = "upload-full"
THUMBNAIL = "upload-thumbnail"

LINK_EXPIRES_IN_S = 24 * 3600

MOST_IMAGE_BYTES = 512 << 20
MOST_THUMBNAIL_BYTES = 8 << 20
MOST_METADATA_BYTES = 256 << 10
"""Of what people attach to one sample, as JSON."""

router = APIRouter(prefix="/datasets/{dataset}")


@router.put("/registerDatasetUpload", status_code=204)
def register_upload(services: ServicesDep, principal: Member, dataset: str, request: UploadRegistration) -> None:
    """An upload is about to begin: find out now whether the dataset can take it."""
    with services.store.writing() as connection:
        _settled(connection, services, principal, dataset)


@router.post("/samples")
def create_sample(services: ServicesDep, principal: Member, dataset: str, request: SampleCreateRequest) -> Response:
    """Add a sample, whose file follows or not. One of this name that is there is found, and its metadata renewed."""
    _, sample_id = _add(services, principal, dataset, request)
    return document_answer(CreateEntityAnswer(id=sample_id), status=201)


@router.post("/samples/withWriteUrls")
def create_sample_with_write_urls(
    services: ServicesDep, principal: Member, http: Request, dataset: str, request: SampleCreateRequest
) -> Response:
    """The same, and at once where to send its files."""
    found, sample_id = _add(services, principal, dataset, request)
    urls = _write_urls(link_maker(services, http), found, sample_id)
    return document_answer(NewSampleAnswer(id=sample_id, sample_write_urls=urls), status=201)


@router.put("/samples/{sample}", status_code=204)
def update_sample(
    services: ServicesDep, principal: Member, dataset: str, sample: str, request: SampleUpdateRequest
) -> None:
    """Say what is known of a sample from now on."""
    metadata = _metadata(request.custom_meta_data, request.meta_data, request.exif)
    with services.store.writing(durable=False) as connection:
        found = dataset_of(connection, principal, dataset)
        index = sample_index_of(connection, found, sample)
        if request.file_name is not None and not _is_named(connection, found, index, request.file_name):
            raise FacadeError(422, ErrorCode.BAD_REQUEST, "a sample keeps the name of its file")
        keep_sample_metadata(connection, found.id, index, metadata)
        mark_changed(connection, found.id)


@router.get("/samples/{sample}/writeurl")
def get_write_url(
    services: ServicesDep,
    principal: Member,
    http: Request,
    dataset: str,
    sample: str,
    is_thumbnail: Annotated[bool, Query(alias="isThumbnail")] = False,
) -> Response:
    """Where to send the image of a sample, or its thumbnail."""
    found = _uploadable(services, principal, dataset, sample)
    kind = THUMBNAIL if is_thumbnail else FULL
    return string_answer(_write_url(link_maker(services, http), found, sample, kind))


@router.get("/samples/{sample}/writeurls")
def get_write_urls(services: ServicesDep, principal: Member, http: Request, dataset: str, sample: str) -> Response:
    """Where to send the image of a sample and its thumbnail."""
    found = _uploadable(services, principal, dataset, sample)
    return document_answer(_write_urls(link_maker(services, http), found, sample))


@router.post("/tags/initial")
def create_initial_tag(services: ServicesDep, principal: Member, dataset: str, request: InitialTagRequest) -> Response:
    """The first upload of a dataset is complete."""
    with services.store.writing() as connection:
        found = _own(connection, principal, dataset)
        if not found.sample_count:
            raise FacadeError(422, ErrorCode.BAD_REQUEST, f"dataset `{found.name}` has no samples yet: add some first")
        try:
            tag = complete_first_upload(connection, found, StoredAs(request.img_type.value))
        except Conflict as error:
            raise FacadeError.of(error, 409, ErrorCode.TAG_INITIAL_EXISTS) from error
    tell_changed(services, [found])
    return document_answer(CreateEntityAnswer(id=tag.id), status=201)


@router.post("/tags/upsize")
def upsize_tags(services: ServicesDep, principal: Member, dataset: str, request: TagUpsizeRequest) -> Response:
    """A further upload is complete: tag what it brought."""
    run_id = request.run_id if request.run_id is not None and is_id(request.run_id) else None
    with services.store.writing() as connection:
        found = _own(connection, principal, dataset)
        if not name_is_free(connection, found.id, request.upsize_tag_name):
            message = f"dataset `{found.name}` has a tag `{request.upsize_tag_name}` already; choose another name"
            raise FacadeError(409, ErrorCode.TAG_NAME_EXISTS, message)
        tag = complete_upload(connection, found, request.upsize_tag_name, run_id=run_id)
    services.events.publish("tag", id=tag.id, dataset_id=found.id)
    tell_changed(services, [found])
    return document_answer(CreateEntityAnswer(id=tag.id), status=201)


def _add(
    services: Services, principal: Principal, dataset_id: str, request: SampleCreateRequest
) -> tuple[Dataset, str]:
    if request.crop_data is not None:
        raise FacadeError(
            422,
            ErrorCode.SAMPLE_CREATE_REQUEST_INVALID_CROP_DATA,
            "crops are added by the run that cuts them out, with `cropData` of its own",
        )
    try:
        check_file_name(request.file_name)
    except InvalidConfig as error:
        raise FacadeError.of(error, 422, ErrorCode.SAMPLE_CREATE_REQUEST_INVALID_FORMAT) from error
    width, height = size_of(request.meta_data)
    sample = NewSample(
        file_name=request.file_name,
        width=width,
        height=height,
        metadata=_metadata(request.custom_meta_data, request.meta_data, request.exif, request.video_frame_data),
    )
    # Rows of an upload that the power cut short are sent again by the next one.
    with services.store.writing(durable=False) as connection:
        found = _settled(connection, services, principal, dataset_id)
        return found, add_sample(connection, found, sample)


def _metadata(
    custom: Mapping[str, Any] | None,
    measured: Mapping[str, Any] | None,
    exif: Mapping[str, Any] | None,
    video_frame: Mapping[str, Any] | None = None,
) -> SampleMetadata:
    given = {"customMetaData": custom, "metaData": measured, "exif": exif, "videoFrameData": video_frame}
    for name, value in given.items():
        if value is not None:
            _check_metadata(name, value)
    return SampleMetadata(
        custom=custom,
        measured=None if measured is None else measurements(measured),
        exif=exif,
        video_frame=video_frame,
    )


def _check_metadata(name: str, value: Mapping[str, Any]) -> None:
    """Raise FacadeError for what is too much to be kept with a sample, InvalidConfig for what cannot be kept at all."""
    size = json_size(value, field=name)
    if size > MOST_METADATA_BYTES:
        raise FacadeError(
            413,
            ErrorCode.CUSTOM_METADATA_AT_MAX_SIZE,
            f"`{name}` of one sample has at most {MOST_METADATA_BYTES:,} bytes as JSON, not {size:,}",
        )


def _own(connection: Connection, principal: Principal, dataset_id: str) -> Dataset:
    found = dataset_of(connection, principal, dataset_id)
    require_owner(connection, found, principal.user_id, to="upload to it")
    return found


def _settled(connection: Connection, services: Services, principal: Principal, dataset_id: str) -> Dataset:
    """A dataset that takes uploads, with a place for them."""
    found = _own(connection, principal, dataset_id)
    try:
        check_takes_uploads(connection, found)
    except Conflict as error:
        raise FacadeError.of(error, 422, ErrorCode.DATASET_NOT_SUPPORTED) from error
    return settle_datasource(connection, services.home, found)


def _uploadable(services: Services, principal: Principal, dataset_id: str, sample_id: str) -> Dataset:
    with services.store.reading() as connection:
        found = _own(connection, principal, dataset_id)
        sample_index_of(connection, found, sample_id)
    _check_may_be_written(services, found)
    return found


def _check_may_be_written(services: Services, dataset: Dataset) -> None:
    """Folders below an operator's root may be those of several people: nobody puts images there through a link."""
    if dataset.is_confined and not is_bucket_uri(dataset.input_uri) and not keeps_uploads_here(services.home, dataset):
        raise FacadeError(
            403,
            ErrorCode.DATASET_DATASOURCE_ILLEGAL_ACTION,
            f"images of dataset `{dataset.name}` are read from a folder of the server; put new ones there",
        )


def _is_named(connection: Connection, dataset: Dataset, index: int, name: str) -> bool:
    known = find_samples(connection, dataset.id, [name]).get(name)
    return known is not None and known.index == index


def _write_urls(make: LinkMaker, dataset: Dataset, sample_id: str) -> WriteUrlsAnswer:
    return WriteUrlsAnswer(
        full=_write_url(make, dataset, sample_id, FULL), thumb=_write_url(make, dataset, sample_id, THUMBNAIL)
    )


def _write_url(make: LinkMaker, dataset: Dataset, sample_id: str, kind: str) -> str:
    link = Link(kind=kind, dataset_id=dataset.id, name=sample_id, method="PUT")
    return make(link, expires_in_s=LINK_EXPIRES_IN_S)


def _take_file(services: Services, request: Request, link: Link) -> Response:
    """The image of a sample has come."""
    dataset, sample = _sample_of(services, link)
    data, info = _read_image(services, body_file(request), sample.file_name, most_bytes=MOST_IMAGE_BYTES)
    datasource = open_files_of(services, dataset, "input")
    digest = hashlib.sha256(data).digest()
    if not keeps_uploads_here(services.home, dataset):
        _refuse_other_file(datasource, sample, data)
    datasource.write(sample.file_name, data)
    with services.store.writing(durable=False) as connection:
        record_file(
            connection,
            dataset,
            sample.id,
            digest=digest,
            width=info.width,
            height=info.height,
            byte_size=len(data),
        )
    return Response(status_code=200)


def _refuse_other_file(datasource: Datasource, sample: Sample, data: bytes) -> None:
    """What lies in a datasource of a person is not an upload's to replace."""
    entry = datasource.stat(sample.file_name)
    if entry is not None and (entry.size != len(data) or datasource.read(sample.file_name) != data):
        raise FacadeError(
            409,
            ErrorCode.DATASET_DATASOURCE_ILLEGAL_ACTION,
            f"there is another file `{sample.file_name}` in the datasource",
        )


def _take_thumbnail(services: Services, request: Request, link: Link) -> Response:
    """The thumbnail of a sample has come. It gets a name that no other can have."""
    dataset, sample = _sample_of(services, link)
    data, info = _read_image(services, body_file(request), sample.file_name, most_bytes=MOST_THUMBNAIL_BYTES)
    key = f"{THUMBNAILS_FOLDER}{sample.id}_thumb.{info.format.lower()}"
    open_files_of(services, dataset, "output").write(key, data)
    with services.store.writing(durable=False) as connection:
        record_thumbnail(connection, dataset, sample.id, key, width=info.width, height=info.height)
    return Response(status_code=200)


LINK_HANDLERS[FULL] = _take_file
LINK_HANDLERS[THUMBNAIL] = _take_thumbnail


def _sample_of(services: Services, link: Link) -> tuple[Dataset, Sample]:
    with services.store.reading() as connection:
        dataset = dataset_by_id(connection, link.dataset_id)
    if dataset is None:
        raise FacadeError(404, ErrorCode.DATASET_UNKNOWN, "the dataset of the link was deleted meanwhile")
    _check_may_be_written(services, dataset)
    return dataset, _sample(services, dataset, link.name)


def _sample(services: Services, dataset: Dataset, sample_id: str) -> Sample:
    with services.store.reading() as connection:
        index = sample_index_of(connection, dataset, sample_id)
    for sample in iter_samples(services.store, dataset.id, np.array([index])):
        return sample
    raise NotFound(f"there is no sample `{sample_id}` any more")


def _read_image(services: Services, path: Path, name: str, *, most_bytes: int) -> tuple[bytes, ImageInfo]:
    """The bytes of an image that has arrived, and what they are. Raises FacadeError for what is none."""
    with naming_failures("read", path):
        size = path.stat().st_size
        if size > most_bytes:
            raise FacadeError(
                413, ErrorCode.PAYLOAD_TOO_LARGE, f"`{name}` has {size:,} bytes; at most {most_bytes:,} are taken"
            )
        data = path.read_bytes()
    try:
        return data, services.codec.probe(data)
    except UnreadableImage as error:
        raise FacadeError(422, ErrorCode.BAD_REQUEST, f"`{name}` is no image: {error.message}") from error
