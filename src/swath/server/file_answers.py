"""Answers that are files: whole or in part, with what a client needs to ask for no byte twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from swath.server.byte_ranges import matches_etag, parse_range

PIECE_BYTES = 1 << 20

DOWNLOAD_TYPE = "application/octet-stream"

IMAGE_TYPES = {
    "avif": "image/avif",
    "bmp": "image/bmp",
    "gif": "image/gif",
    "jp2": "image/jp2",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "webp": "image/webp",
}
"""What a browser may be told to show. Anything that could hold a script (SVG, HTML) is only ever downloaded."""

_OTHER_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "log": "text/plain; charset=utf-8",
    "mp4": "video/mp4",
    "parquet": "application/vnd.apache.parquet",
    "pdf": "application/pdf",
    "txt": "text/plain; charset=utf-8",
    "webm": "video/webm",
}


class ServedFile(Protocol):
    """A file that is there."""

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def media_type(self) -> str: ...

    @property
    def etag(self) -> str:
        """Without quotes; another one whenever the bytes may be others."""
        ...

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes [start, end), piece by piece."""
        ...


def image_type_of(name: str) -> str:
    """The media type of an image; of anything else the type of what is only downloaded."""
    return IMAGE_TYPES.get(_extension(name), DOWNLOAD_TYPE)


def media_type_of(name: str) -> str:
    """The media type of any file that is looked at elsewhere: images, tables, logs, reports."""
    extension = _extension(name)
    return _OTHER_TYPES.get(extension) or IMAGE_TYPES.get(extension, DOWNLOAD_TYPE)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPart:
    """What a request's headers say about which bytes it wants, and in which version."""

    range_header: str | None = None
    if_range: str | None = None
    if_none_match: str | None = None
    is_head: bool = False

    @classmethod
    def of(cls, request: Request) -> AskedPart:
        headers = request.headers
        return cls(
            range_header=headers.get("range"),
            if_range=headers.get("if-range"),
            if_none_match=headers.get("if-none-match"),
            is_head=request.method == "HEAD",
        )


def file_answer(file: ServedFile, asked: AskedPart, *, cache_control: str) -> Response:
    """The file, the part that is asked for, or word that it has not changed. Raises UnsatisfiableRange."""
    etag = f'"{file.etag}"'
    kind = "attachment" if file.media_type == DOWNLOAD_TYPE else "inline"
    headers = {
        "ETag": etag,
        "Cache-Control": cache_control,
        "Accept-Ranges": "bytes",
        "Content-Disposition": f"{kind}; filename*=UTF-8''{quote(file.name, safe='')}",
    }
    if matches_etag(asked.if_none_match, etag):
        return Response(status_code=304, headers=headers)
    is_current = asked.if_range is None or matches_etag(asked.if_range, etag)
    part = parse_range(asked.range_header, file.size) if is_current and not asked.is_head else None
    start, end = part or (0, file.size)
    status = 200
    if part is not None:
        status = 206
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    if asked.is_head:
        headers["Content-Length"] = str(file.size)
        return Response(None, status, headers, file.media_type)
    if end - start <= PIECE_BYTES:
        # Read before the answer begins, so that a failure can still be told.
        return Response(b"".join(file.pieces(start, end)), status, headers, file.media_type)
    headers["Content-Length"] = str(end - start)
    return StreamingResponse(file.pieces(start, end), status, headers, file.media_type)


def _extension(name: str) -> str:
    stem, _, extension = name.rpartition(".")
    return extension.lower() if stem else ""
