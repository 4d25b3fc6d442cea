"""Previews: a quick look at a place before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from swath.client.documents import read, segment
from swath.client.transport import Transport
from swath.wire.previews import BoxFormatName, PreviewDocument, PreviewImage, PreviewObject

MAKING_TAKES_S = 60.0
"""A server looks for ten seconds at most; the rest is for one that has much else to do."""


class Preview:
    """What a place holds, as it was when the server looked. Kept there for half an hour, for this client's user.

    `document` has everything the server says about it.
    """

    def __init__(self, transport: Transport, document: PreviewDocument) -> None:
        self._transport = transport
        self.document = document

    @property
    def id(self) -> str:
        return self.document.id

    @property
    def images(self) -> tuple[PreviewImage, ...]:
        """The first images, with their objects."""
        return self.document.images

    def picture(self, image: PreviewImage, *, max_size: int | None = None) -> bytes:
        """A JPEG of an image, its longer side at most `max_size` pixels.

        Raises Conflict if the file has changed since, NotFound if it is gone or the preview is not kept any more.
        """
        return self._transport.get_bytes(f"/previews/{self.id}/images/{image.index}", {"max_size": max_size})

    def crop(self, found: PreviewObject, *, padding: float = 0.0, size: int | None = None) -> bytes:
        """A JPEG of what a run with that padding cuts out for an object; with `size` at most so many pixels long.

        Raises ValueError for an object that no run cuts out, else as `picture`.
        """
        if found.index is None:
            raise ValueError(f"a box that is {found.outcome} has no crop")
        query = {"padding": padding, "size": size}
        return self._transport.get_bytes(f"/previews/{self.id}/objects/{found.index}/crop", query)

    def __repr__(self) -> str:
        return f"<Preview of {self.document.datasource!r}>"


class Previews:
    """`client.previews`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        datasource: str | Path | None = None,
        *,
        dataset: str | None = None,
        credentials: Mapping[str, str] | None = None,
        task: str | None = None,
        box_format: BoxFormatName = "xywh",
    ) -> Preview:
        """Let the server look at a place, or where the images of a dataset are. Nothing is stored.

        `datasource` and `credentials` are as for `Datasets.create`. `task` is the prediction task to look at (default:
        the first that can be used). Raises InvalidConfig for what cannot be looked at, naming the field, and
        SourceUnavailable for a place that does not answer.
        """
        request = {
            "datasource": None if datasource is None else str(datasource),
            "credentials": None if credentials is None else dict(credentials),
            "dataset": dataset,
            "task": task,
            "box_format": box_format,
        }
        # Making it twice does no harm, and no answer need be kept for that.
        answer = self._transport.post("/previews", request, may_repeat=True, timeout_s=MAKING_TAKES_S)
        return Preview(self._transport, read(PreviewDocument, answer))

    def get(self, preview_id: str) -> Preview:
        """Raises NotFound, also once it is not kept any more."""
        return Preview(self._transport, read(PreviewDocument, self._transport.get(f"/previews/{segment(preview_id)}")))
