"""Previews: a quick look at a place before anything is stored, with pictures of its images and of crops to come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Header, Query
from fastapi import Path as PathParameter
from fastapi.responses import Response
from numpy.typing import NDArray

from swath.core.access import Principal
from swath.core.boxes import BoxFormat
from swath.core.errors import InvalidConfig
from swath.core.objects import BoxOutcome
from swath.pipeline.findings import finding_document
from swath.pipeline.ports import Datasource
from swath.pipeline.preview import IMAGES_SHOWN, preview_datasource
from swath.pipeline.preview_parts import PreviewedTask
from swath.server.byte_ranges import matches_etag
from swath.server.datasources import (
    check_place,
    may_name_any_place,
    open_files_of,
    opener_of_given,
    uri_of,
)
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.looking import visible_dataset
from swath.server.preview_pictures import DEFAULT_PICTURE, LARGEST_PICTURE, MOST_PADDING, crop_of, picture_of
from swath.server.previews import SECONDS_KEPT, KeptPreview
from swath.server.services import Services
from swath.store.datasets import DatasetKind, require_datasource
from swath.wire.previews import (
    MOST_OBJECTS_SHOWN,
    PreviewCategory,
    PreviewDocument,
    PreviewImage,
    PreviewObject,
    PreviewObjects,
    PreviewRequest,
    PreviewTask,
)

KEPT = f"private, max-age={SECONDS_KEPT}"
"""Pictures of a preview are of the files as they were when it was made."""

JPEG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {}}, "description": "A JPEG"},
    304: {"description": "It is what was named in `If-None-Match`"},
    409: {"description": "The file has changed since the preview was made"},
}

Number = Annotated[int, PathParameter(ge=0, le=2**31 - 1)]
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match")]

router = APIRouter(tags=["previews"])


@router.post("/previews", status_code=201)
def create_preview(services: ServicesDep, principal: Member, request: PreviewRequest) -> PreviewDocument:
    """Look at some of what lies in a place, or where the images of a dataset are. Stores nothing."""
    openers = _openers(services, principal, request)
    preview = preview_datasource(
        tuple(open_it() for open_it in openers),
        codec=services.codec,
        task_name=request.task,
        box_format=BoxFormat(request.box_format),
    )
    return _document(services.previews.keep(principal.user_id, preview, openers[-1]))


@router.get("/previews/{preview}")
def get_preview(services: ServicesDep, principal: Reader, preview: str) -> PreviewDocument:
    """A preview as it was made."""
    return _document(services.previews.find(preview, principal.user_id))


@router.get("/previews/{preview}/images/{index}", response_class=Response, responses=JPEG)
async def get_preview_image(
    services: ServicesDep,
    principal: Reader,
    preview: str,
    index: Number,
    max_size: Annotated[int, Query(ge=16, le=LARGEST_PICTURE, description="pixels of the longer side")] = (
        DEFAULT_PICTURE
    ),
    if_none_match: IfNoneMatch = None,
) -> Response:
    """A JPEG of an image of a preview, no larger than that."""

    def answer() -> Response:
        kept = services.previews.find(preview, principal.user_id)
        kept.image(index)
        etag = f'"{kept.id}-{index}-{max_size}"'
        return _picture(etag, if_none_match, lambda: picture_of(services, kept, index, max_size))

    return await _in_picture_thread(services, answer)


@router.get("/previews/{preview}/objects/{index}/crop", response_class=Response, responses=JPEG)
async def get_preview_crop(
    services: ServicesDep,
    principal: Reader,
    preview: str,
    index: Number,
    padding: Annotated[float, Query(ge=0, le=MOST_PADDING, description="as in `object_level.padding`")] = 0.0,
    size: Annotated[
        int | None,
        Query(ge=16, le=LARGEST_PICTURE, description="pixels of the longer side; as a run cuts it if not given"),
    ] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """A JPEG of what a run with that padding cuts out for an object (its row in the preview's columns)."""

    def answer() -> Response:
        kept = services.previews.find(preview, principal.user_id)
        kept.box_of(index)
        etag = f'"{kept.id}-{index}-{padding!r}-{size}"'
        return _picture(etag, if_none_match, lambda: crop_of(services, kept, index, padding=padding, size=size))

    return await _in_picture_thread(services, answer)


async def _in_picture_thread(services: Services, answer: Callable[[], Response]) -> Response:
    return await asyncio.get_running_loop().run_in_executor(services.thumbnails.threads, answer)


def _picture(etag: str, if_none_match: str | None, draw: Callable[[], bytes]) -> Response:
    headers = {"ETag": etag, "Cache-Control": KEPT}
    if matches_etag(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    return Response(draw(), media_type="image/jpeg", headers=headers)


Opener = Callable[[], Datasource]


def _openers(services: Services, principal: Principal, request: PreviewRequest) -> tuple[Opener, ...]:
    """What opens the datasources to look at, that of the images last."""
    if request.datasource is not None:
        anywhere = may_name_any_place(services, principal)
        given = check_place(services, request.datasource, request.credentials, anywhere=anywhere)
        return (opener_of_given(services, given, anywhere=anywhere),)
    dataset = visible_dataset(services, principal, request.dataset or "")
    if dataset.kind is not DatasetKind.IMAGES:
        raise InvalidConfig(
            f"`{dataset.name}` holds crops; a preview is of images",
            field="dataset",
            hint="Name the image dataset that they were cut from.",
        )
    require_datasource(dataset)

    def open_images() -> Datasource:
        # Asked again for every picture: it may have been deleted, or not be shared any more.
        return open_files_of(services, visible_dataset(services, principal, dataset.id), "input")

    if uri_of(dataset, "output") == dataset.input_uri:
        return (open_images,)
    return (lambda: open_files_of(services, dataset, "output"), open_images)


def _document(kept: KeptPreview) -> PreviewDocument:
    preview = kept.preview
    objects = preview.objects
    usable = objects.usable
    numbers = np.where(usable, np.cumsum(usable) - 1, -1)
    scores = objects.score[usable].tolist()
    return PreviewDocument(
        id=kept.id,
        expires_at=kept.expires_at,
        datasource=preview.uri,
        images_listed=preview.images_listed,
        is_listing_complete=preview.is_listing_complete,
        tasks=tuple(_task_document(task) for task in preview.tasks),
        task=preview.task_name,
        box_format="xyxy" if preview.box_format is BoxFormat.XYXY else "xywh",
        images=tuple(_image_document(kept, index, numbers) for index in range(len(preview.images[:IMAGES_SHOWN]))),
        images_checked=preview.checked,
        findings=tuple(finding_document(finding) for finding in preview.findings),
        problems=preview.problems,
        objects=PreviewObjects(
            category_id=tuple(objects.category_id[usable].tolist()),
            score=tuple(None if score != score else score for score in scores),
            shorter_side=tuple(objects.shorter_side[usable].tolist()),
            image=tuple(objects.image[usable].tolist()),
        ),
    )


def _task_document(task: PreviewedTask) -> PreviewTask:
    categories = () if task.schema is None else task.schema.categories
    return PreviewTask(
        name=task.name,
        task_type=None if task.schema is None else task.schema.task_type.value,
        is_usable=task.problem is None,
        problem=task.problem,
        categories=tuple(PreviewCategory(id=category.id, name=category.name) for category in categories),
    )


def _image_document(kept: KeptPreview, index: int, numbers: NDArray[np.int64]) -> PreviewImage:
    """One of the images that are shown; `numbers` (N,) are the indices of objects, -1 for those that have none."""
    image = kept.preview.images[index]
    width, height = image.size or (None, None)
    rows = np.flatnonzero(kept.preview.objects.image == index).tolist()
    return PreviewImage(
        index=index,
        key=image.entry.key,
        width=width,
        height=height,
        picture_url=f"/api/previews/{kept.id}/images/{index}",
        problem=image.problem,
        object_count=len(rows),
        objects=tuple(_object_document(kept, row, int(numbers[row])) for row in rows[:MOST_OBJECTS_SHOWN]),
    )


_OUTCOMES: dict[int, Literal["used", "clipped", "outside", "zero_area"]] = {
    BoxOutcome.USED: "used",
    BoxOutcome.CLIPPED: "clipped",
    BoxOutcome.OUTSIDE: "outside",
    BoxOutcome.ZERO_AREA: "zero_area",
}


def _object_document(kept: KeptPreview, row: int, number: int) -> PreviewObject:
    objects, task = kept.preview.objects, kept.preview.task
    assert task is not None, "objects are of a task"
    category_id, score = int(objects.category_id[row]), float(objects.score[row])
    x0, y0, x1, y1 = objects.corners[row].tolist()
    has_box = bool(np.isfinite(objects.corners[row]).all())
    index = None if number < 0 else number
    return PreviewObject(
        index=index,
        category_id=category_id,
        category=task.category_names[category_id],
        score=None if score != score else score,
        box=(x0, y0, x1, y1) if has_box else None,
        outcome=_OUTCOMES[int(objects.outcome[row])],
        crop_url=None if index is None else f"/api/previews/{kept.id}/objects/{index}/crop",
    )
