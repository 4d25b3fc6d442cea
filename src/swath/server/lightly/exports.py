"""The samples of a tag for other tools: `/v1/datasets/{dataset}/tags/{tag}/export/…`.

All of them list the samples in the order of the mapping, in pages where a page is asked for, and are sent while they
are made. A URL in an export holds for ever unless `expiresIn` says for how long.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, TypeAlias

import numpy as np
from fastapi import APIRouter, Depends, Query, Request, Response
from numpy.typing import NDArray

from swath.core.errors import NotFound
from swath.server.dependencies import Reader, ServicesDep
from swath.server.file_links import sample_link
from swath.server.lightly.answers import JSON, TEXT, list_answer, streamed, strings_answer, written
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.lightly.linked_files import RedirectMaker
from swath.server.lightly.lookups import dataset_of, tag_of
from swath.server.lightly.paging import Page, PageDep
from swath.server.lightly.sample_answers import iter_sample_answers
from swath.server.lightly.zip_stream import zip_stream
from swath.server.links import LinkMaker, link_maker
from swath.server.pictures import open_file
from swath.server.services import Services
from swath.store.datasets import Dataset, DatasetKind
from swath.store.sample_names import iter_ids_and_names
from swath.store.samples import iter_samples
from swath.store.tags import tag_members
from swath.store.uploads import keeps_uploads_here
from swath.wire.lightly.base import Answer
from swath.wire.lightly.exports import (
    FileNameAndReadUrl,
    FileNameFormat,
    FileOutputFormat,
    LabelBoxDataRow,
    LabelBoxV4DataRow,
    LabelStudioData,
    LabelStudioTask,
    SamaData,
    SamaTask,
)
from swath.wire.lightly.samples import SampleAnswer

MOST_ZIPPED = 1_000
"""Images in an archive."""

LONGEST_EXPIRY_S = 2**31 - 1

BREAKS_LINES = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
"""What some reader of lines takes for the end of one."""

router = APIRouter(prefix="/datasets/{dataset}/tags/{tag}")

Row: TypeAlias = tuple[int, str, str]
"""Its number in the tag, the id and the file name of a sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedTag:
    """What an export is of. `indices` (M,) are those of the samples of its page, which starts at row `first`.

    `folder` is where their files lie, empty for what was uploaded: where that is kept is nobody's business.
    """

    services: Services
    dataset: Dataset
    indices: NDArray[np.int64]
    first: int
    folder: str
    links: LinkMaker
    redirects: RedirectMaker
    expires_in_s: int | None

    def pages(self) -> Iterator[list[tuple[str, str]]]:
        """Ids and file names of the samples."""
        return iter_ids_and_names(self.services.store, self.dataset.id, self.indices)

    def rows(self) -> Iterator[Row]:
        number = self.first
        for page in self.pages():
            for sample_id, name in page:
                yield number, sample_id, name
                number += 1

    def samples(self) -> Iterator[tuple[int, SampleAnswer]]:
        """The samples with their numbers in the tag."""
        return enumerate(iter_sample_answers(self.services, self.dataset, self.indices), start=self.first)

    def url(self, sample_id: str, name: str) -> str:
        """Where a sample can be loaded without a token."""
        if self.expires_in_s is None:
            return self.redirects.for_sample(self.dataset.id, sample_id)
        link = sample_link(self.dataset.id, sample_id)
        return self.links(link, file_name=name.rpartition("/")[2], expires_in_s=self.expires_in_s)

    def place(self, name: str) -> str:
        """The file of a sample with the datasource it is in."""
        return f"{self.folder}/{name}" if self.folder else name


def _folder_of(services: Services, dataset: Dataset) -> str:
    if keeps_uploads_here(services.home, dataset):
        return ""
    uri = dataset.output_uri if dataset.kind is DatasetKind.CROPS else dataset.input_uri
    return uri.rstrip("/")


def _exported_tag(
    services: ServicesDep,
    principal: Reader,
    request: Request,
    dataset: str,
    tag: str,
    page: PageDep,
    expires_in: Annotated[int | None, Query(alias="expiresIn", ge=1, le=LONGEST_EXPIRY_S)] = None,
    preview_example: Annotated[bool, Query(alias="previewExample")] = False,
) -> ExportedTag:
    """With `previewExample` only the first row of what would be exported."""
    with services.store.reading() as connection:
        found = dataset_of(connection, principal, dataset)
        members = tag_members(connection, tag_of(connection, found, tag))
    asked = Page(offset=page.offset, size=1) if preview_example else page
    return ExportedTag(
        services=services,
        dataset=found,
        indices=asked.rows(members),
        first=page.offset,
        folder=_folder_of(services, found),
        links=link_maker(services, request),
        redirects=RedirectMaker(services, request),
        expires_in_s=expires_in,
    )


Exported = Annotated[ExportedTag, Depends(_exported_tag)]
WithSamples = Annotated[bool, Query(alias="includeMetaData")]


@router.get("/filenames")
def get_file_names(exported: Exported) -> Response:
    """The file names of a tag as a list."""
    return strings_answer([name for _, name in page] for page in exported.pages())


@router.get("/export/basic/filenames")
def export_file_names(
    exported: Exported,
    request: Request,
    file_name_format: Annotated[FileNameFormat, Query(alias="fileNameFormat")] = FileNameFormat.NAME,
    output: Annotated[FileOutputFormat | None, Query(alias="format")] = None,
) -> Response:
    """One line per sample and no line end after the last; nothing at all past the end.

    The text is a JSON string for clients that ask for JSON, so that a single name like `42` stays a text.
    """
    pieces = _joined(_lines(exported, page, file_name_format) for page in exported.pages())
    wants_json = output is FileOutputFormat.JSON or (output is None and JSON in request.headers.get("accept", ""))
    if not len(exported.indices) or not wants_json:
        return streamed((piece.encode("utf-8", "surrogatepass") for piece in pieces), TEXT)
    return streamed(_json_string(pieces), JSON)


@router.get("/export/basic/filenamesAndReadUrls")
def export_file_names_and_urls(exported: Exported) -> Response:
    """File names with the URLs of the files."""
    return list_answer(
        FileNameAndReadUrl(file_name=name, read_url=exported.url(sample_id, name))
        for _, sample_id, name in exported.rows()
    )


@router.get("/export/LabelStudio/tasks")
def export_label_studio(exported: Exported, with_samples: WithSamples = False) -> Response:
    """Tasks for Label Studio."""

    def task(number: int, sample_id: str, name: str, sample: SampleAnswer | None = None) -> LabelStudioTask:
        image = exported.url(sample_id, name)
        data = LabelStudioData(image=image, lightly_file_name=name, lightly_meta_info=sample)
        return LabelStudioTask(id=number, data=data)

    return list_answer(_tasks(exported, task, with_samples=with_samples))


@router.get("/export/LabelBox/datarows")
def export_label_box(exported: Exported) -> Response:
    """Data rows for Labelbox as it was."""
    return list_answer(
        LabelBoxDataRow(external_id=name, image_url=exported.url(sample_id, name))
        for _, sample_id, name in exported.rows()
    )


@router.get("/export/LabelBoxV4/datarows")
def export_label_box_v4(exported: Exported) -> Response:
    """Data rows for Labelbox."""
    return list_answer(
        LabelBoxV4DataRow(row_data=exported.url(sample_id, name), global_key=name, media_type="IMAGE")
        for _, sample_id, name in exported.rows()
    )


@router.get("/export/Sama/tasks")
def export_sama(exported: Exported, with_samples: WithSamples = False) -> Response:
    """Tasks for Sama."""

    def task(number: int, sample_id: str, name: str, sample: SampleAnswer | None = None) -> SamaTask:
        url = exported.url(sample_id, name)
        known = None if sample is None else written(sample).decode()
        data = SamaData(id=number, url=url, image=url, lightly_file_name=name, lightly_meta_info=known)
        return SamaTask(data=data)

    return list_answer(_tasks(exported, task, with_samples=with_samples))


@router.get("/export/zip")
def export_zip(exported: Exported) -> Response:
    """The files themselves, of at most a thousand samples. What is gone is named in the archive."""
    if len(exported.indices) > MOST_ZIPPED:
        raise FacadeError(
            413,
            ErrorCode.PAYLOAD_TOO_LARGE,
            f"an archive holds up to {MOST_ZIPPED:,} images, this would be {len(exported.indices):,}",
        )
    answer = streamed(zip_stream(_files(exported)), "application/zip")
    answer.headers["Content-Disposition"] = 'attachment; filename="images.zip"'
    return answer


def _tasks(exported: ExportedTag, task: Callable[..., Answer], *, with_samples: bool) -> Iterator[Answer]:
    """One per sample, with all that is known of it where that is wanted."""
    if with_samples:
        return (task(number, sample.id, sample.file_name, sample) for number, sample in exported.samples())
    return (task(*row) for row in exported.rows())


def _lines(exported: ExportedTag, page: Iterable[tuple[str, str]], how: FileNameFormat) -> list[str]:
    if how is FileNameFormat.REDIRECTED_READ_URL:
        return [exported.url(sample_id, name) for sample_id, name in page]
    names = [exported.place(name) if how is FileNameFormat.DATASOURCE_FULL else name for _, name in page]
    # Every sample has one line, in whichever format: clients put the lines of several side by side.
    if BREAKS_LINES.search("".join(names)):
        return [json.dumps(name) if BREAKS_LINES.search(name) else name for name in names]
    return names


def _joined(pages: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of all pages with line ends between them, a page at a time."""
    separator = ""
    for page in pages:
        yield separator + "\n".join(page)
        separator = "\n"


def _json_string(pieces: Iterable[str]) -> Iterator[bytes]:
    yield b'"'
    for piece in pieces:
        yield json.dumps(piece, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass")
    yield b'"'


def _files(exported: ExportedTag) -> Iterator[tuple[str, Iterator[bytes] | None]]:
    """The names of files and their bytes; None for one that is gone."""
    for sample in iter_samples(exported.services.store, exported.dataset.id, exported.indices):
        try:
            file = open_file(exported.services, exported.dataset, sample)
        except NotFound:
            yield sample.file_name, None
        else:
            yield sample.file_name, file.pieces(0, file.size)
