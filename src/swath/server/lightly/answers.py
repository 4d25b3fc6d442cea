"""Answers of the facade: documents without what is None, and lists that are never in memory as a whole.

Nothing here is to be compressed on its way (`no-transform`): clients copy some bodies byte by byte from the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TypeVar

import orjson
from starlette.responses import Response, StreamingResponse

from swath.wire.lightly.base import Answer

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"

UNCHANGED = {"Cache-Control": "no-store, no-transform"}

ROWS_PER_PIECE = 1_000

Item = TypeVar("Item")


def written(document: Answer) -> bytes:
    """The JSON of a document."""
    return document.model_dump_json(by_alias=True, exclude_none=True).encode()


def document_answer(document: Answer, *, status: int = 200) -> Response:
    return Response(written(document), status, UNCHANGED, JSON)


def list_answer(documents: Iterable[Answer]) -> Response:
    """A list of documents, sent while they are made."""
    return json_list_answer(b",".join(map(written, piece)) for piece in in_pieces(documents))


def json_list_answer(pieces: Iterable[bytes]) -> Response:
    """A list in pieces: each is JSON of some of its items, with commas between them."""
    return streamed(_json_list(pieces), JSON)


def strings_answer(pieces: Iterable[Sequence[str]]) -> Response:
    """A list of strings that come in pieces."""
    return json_list_answer(orjson.dumps(piece)[1:-1] for piece in pieces)


def string_answer(text: str) -> Response:
    """One string, as JSON: what is a number to a parser stays a string."""
    return Response(orjson.dumps(text), 200, UNCHANGED, JSON)


def streamed(pieces: Iterator[bytes], media_type: str) -> Response:
    """Bytes that are sent piece by piece. The first one is made at once, so that what fails early can still be told."""
    first = next(pieces, b"")
    return StreamingResponse(chain([first], pieces), 200, UNCHANGED, media_type)


def _json_list(items: Iterable[bytes]) -> Iterator[bytes]:
    """`[…]` of pieces that are items with commas between them; empty ones are passed over."""
    separator = b"["
    for piece in items:
        if piece:
            yield separator + piece
            separator = b","
    yield b"]" if separator == b"," else b"[]"


def in_pieces(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Lists of a thousand items or fewer."""
    rest = iter(items)
    while piece := list(islice(rest, ROWS_PER_PIECE)):
        yield piece
