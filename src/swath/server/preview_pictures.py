"""Pictures of a preview: its images, and its objects as a run would cut them out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swath.core.crops import crop_rectangles
from swath.core.errors import Conflict, SourceChanged, UnreadableImage
from swath.pipeline.ports import Datasource
from swath.pipeline.preview_parts import PreviewedImage
from swath.server.pictures import MOST_DECODED_BYTES, cut_out, shrunk
from swath.server.previews import KeptPreview
from swath.server.services import Services

DEFAULT_PICTURE = 1024
LARGEST_PICTURE = 8192

MOST_PADDING = 1000.0
"""More would show nothing else: the whole image."""


def picture_of(services: Services, kept: KeptPreview, index: int, max_size: int) -> bytes:
    """A JPEG of an image, its longer side at most `max_size`.

    Raises UnreadableImage, NotFound or, where the file has changed since the preview was made, Conflict.
    """
    image = kept.image(index)
    data = _read(services, kept, index)
    return services.thumbnails.draw(lambda: shrunk(services.codec, data, key=image.entry.key, longest_side=max_size))


def crop_of(services: Services, kept: KeptPreview, index: int, *, padding: float, size: int | None) -> bytes:
    """A JPEG of what a run with this padding cuts out for a usable object; raises as `picture_of`."""
    place, corners = kept.box_of(index)
    image = kept.image(place)
    assert image.size is not None, "the objects of an image that cannot be read are not among the usable ones"
    width, height = image.size
    rect = crop_rectangles(corners[np.newaxis], padding=padding, width=width, height=height)[0]
    data = _read(services, kept, place)

    def decode(scale: int) -> NDArray[np.uint8]:
        return services.previews.pixels.get(
            (kept.id, place, scale),
            lambda: services.thumbnails.draw(lambda: services.codec.decode(data, scale=scale)),
            size_of=lambda pixels: pixels.nbytes,
        )

    return cut_out(services.codec, data, rect, key=image.entry.key, longest_side=size, decode=decode)


def _read(services: Services, kept: KeptPreview, place: int) -> bytes:
    """The bytes of an image as it was when the preview was made."""
    image = kept.image(place)
    source = kept.open()  # asks whether it may be opened still, even if the bytes are at hand
    return services.previews.pixels.get((kept.id, place), lambda: _read_unchanged(source, image), size_of=len)


def _read_unchanged(source: Datasource, image: PreviewedImage) -> bytes:
    entry = image.entry
    if entry.size > MOST_DECODED_BYTES:
        raise UnreadableImage(
            f"`{entry.key}` has {entry.size:,} bytes: too many to be decoded here", reason="too_large"
        )
    try:
        return source.read(entry.key, version=entry.version)
    except SourceChanged as exc:
        raise Conflict(f"`{entry.key}` has changed since the preview was made", hint="Make the preview again.") from exc
