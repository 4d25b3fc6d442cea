"""Pixels: the files of samples, thumbnails, and crops with their surroundings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response

from swath.core.access import Principal
from swath.core.errors import NotFound
from swath.server.byte_ranges import UnsatisfiableRange, matches_etag
from swath.server.dependencies import Reader, ServicesDep
from swath.server.file_answers import DOWNLOAD_TYPE, AskedPart, file_answer
from swath.server.looking import visible_sample
from swath.server.pictures import (
    DEFAULT_CONTEXT,
    DEFAULT_MARGIN,
    DEFAULT_THUMBNAIL,
    LARGEST_CONTEXT,
    LARGEST_MARGIN,
    LARGEST_THUMBNAIL,
    SMALLEST_CONTEXT,
    SMALLEST_THUMBNAIL,
    SampleFile,
    context_picture,
    open_file,
    shrunk,
    thumbnail,
)
from swath.server.problems import problem_response
from swath.server.sample_documents import picture_version, read_samples
from swath.server.services import Services
from swath.store.datasets import Dataset
from swath.store.samples import Sample
from swath.wire.problems import Problem

LARGEST_SIDE = 8192
FOREVER = "private, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"

IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match")]

router = APIRouter(tags=["images"])


@router.get(
    "/samples/{sample}/file",
    response_class=Response,
    responses={
        200: {"content": {"image/*": {}, DOWNLOAD_TYPE: {}}, "description": "The file, or a JPEG of it"},
        206: {"description": "A part of the file"},
        304: {"description": "It is what was named in `If-None-Match`"},
        416: {"description": "The range begins beyond the end of the file"},
    },
)
async def get_sample_file(
    services: ServicesDep,
    principal: Reader,
    sample: str,
    max_size: Annotated[int | None, Query(ge=1, le=LARGEST_SIDE, description="pixels of the longer side")] = None,
    range_header: Annotated[str | None, Header(alias="Range")] = None,
    if_range: Annotated[str | None, Header(alias="If-Range")] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The file of an image or crop as it is, or, with `max_size`, a JPEG of it that is no larger than that."""

    def answer() -> Response:
        dataset, found = _find(services, principal, sample)
        file = open_file(services, dataset, found)
        if max_size is not None:
            return _smaller(services, file, max_size, if_none_match)
        asked = AskedPart(range_header=range_header, if_range=if_range, if_none_match=if_none_match)
        return _whole_or_part(file, asked)

    return await _in_own_thread(services, answer)


@router.get(
    "/samples/{sample}/thumbnail",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {}}, "description": "A JPEG"},
        304: {"description": "It is what was named in `If-None-Match`"},
    },
)
async def get_sample_thumbnail(
    services: ServicesDep,
    principal: Reader,
    sample: str,
    size: Annotated[int, Query(ge=SMALLEST_THUMBNAIL, le=LARGEST_THUMBNAIL)] = DEFAULT_THUMBNAIL,
    v: Annotated[str, Query(max_length=64, description="version of the pixels, from `thumbnail_url`")] = "",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """A small JPEG of a sample; under the version that a sample names, it never changes."""

    def answer() -> Response:
        dataset, found = _find(services, principal, sample)
        version = picture_version(found)
        etag = f'"{version}-{size}"'
        headers = {"ETag": etag, "Cache-Control": FOREVER if v == version else ASK_AGAIN}
        if matches_etag(if_none_match, etag):
            return Response(status_code=304, headers=headers)
        return Response(thumbnail(services, dataset, found, size), media_type="image/jpeg", headers=headers)

    return await _in_own_thread(services, answer)


@router.get(
    "/samples/{sample}/context",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {}}, "description": "A JPEG"},
        304: {"description": "It is what was named in `If-None-Match`"},
        409: {"description": "The image has changed since"},
    },
)
async def get_sample_context(
    services: ServicesDep,
    principal: Reader,
    sample: str,
    size: Annotated[int, Query(ge=SMALLEST_CONTEXT, le=LARGEST_CONTEXT)] = DEFAULT_CONTEXT,
    margin: Annotated[
        float,
        Query(ge=0, le=LARGEST_MARGIN, description="share of the box's longer side, on every side; to the hundredth"),
    ] = DEFAULT_MARGIN,
    v: Annotated[str, Query(max_length=64, description="version of the pixels, from `context_url`")] = "",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """A JPEG of a crop's box with what is around it in its image; under the version that a crop names, it never
    changes. 404 for an image."""
    hundredths = round(margin * 100)

    def answer() -> Response:
        dataset, found = _find(services, principal, sample)
        version = picture_version(found)
        etag = f'"{version}-context-{size}-{hundredths}"'
        headers = {"ETag": etag, "Cache-Control": FOREVER if v == version else ASK_AGAIN}
        if found.crop is not None and matches_etag(if_none_match, etag):
            return Response(status_code=304, headers=headers)
        picture = context_picture(services, dataset, found, size, hundredths / 100)
        return Response(picture, media_type="image/jpeg", headers=headers)

    return await _in_own_thread(services, answer)


async def _in_own_thread(services: Services, answer: Callable[[], Response]) -> Response:
    """Pictures have threads of their own: a grid that loads a thousand of them must not hold up everything else."""
    return await asyncio.get_running_loop().run_in_executor(services.thumbnails.threads, answer)


def _find(services: Services, principal: Principal, sample_id: str) -> tuple[Dataset, Sample]:
    place = visible_sample(services, principal, sample_id)
    for sample in read_samples(services.store, place.dataset, [place.index]):
        return place.dataset, sample
    raise NotFound(f"there is no sample `{sample_id}`")


def _smaller(services: Services, file: SampleFile, max_size: int, if_none_match: str | None) -> Response:
    etag = f'"{file.etag}-{max_size}"'
    headers = {"ETag": etag, "Cache-Control": ASK_AGAIN}
    if matches_etag(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    draw = partial(_draw_smaller, services, file, max_size)
    return Response(services.thumbnails.draw(draw), media_type="image/jpeg", headers=headers)


def _draw_smaller(services: Services, file: SampleFile, max_size: int) -> bytes:
    return shrunk(services.codec, file.read_to_decode(), key=file.key, longest_side=max_size)


def _whole_or_part(file: SampleFile, asked: AskedPart) -> Response:
    try:
        return file_answer(file, asked, cache_control=ASK_AGAIN)
    except UnsatisfiableRange:
        return _unsatisfiable(file)


def _unsatisfiable(file: SampleFile) -> Response:
    problem = Problem(
        type="range-not-satisfiable",
        title="The file is shorter than that",
        status=416,
        detail=f"`{file.key}` has {file.entry.size:,} bytes",
    )
    return problem_response(problem, {"Content-Range": f"bytes */{file.entry.size}"})
