"""What clients send when they upload a dataset: samples, what they measured of them, and how they call the result."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from swath.wire.lightly.base import Answer, ObjectId, Request

Json = dict[str, Any]

CHANNELS: Final = 3

_RANGES: Mapping[str, tuple[float, float]] = {
    "sharpness": (0, math.inf),
    "luminance": (0, 100),
    "sizeInBytes": (0, math.inf),
    "snr": (0, math.inf),
    "uniformRowRatio": (0, 1),
}
_RANGES_PER_CHANNEL: Mapping[str, tuple[float, float]] = {
    "mean": (0, 1),
    "std": (0, math.inf),
    "sumOfSquares": (0, math.inf),
    "sumOfValues": (0, math.inf),
}
_WHOLE = frozenset({"sizeInBytes"})
_OPEN = ("custom", "dynamic")


class UploadedImages(StrEnum):
    """What an upload has left of each image."""

    FULL = "full"
    THUMBNAIL = "thumbnail"
    META = "meta"


class SampleCreateRequest(Request):
    """A sample to be added. Its `meta_data` is what the client measured, with more keys than are given back."""

    file_name: str
    thumb_name: str | None = None
    exif: Json | None = None
    meta_data: Json | None = None
    custom_meta_data: Json | None = None
    video_frame_data: Json | None = None
    crop_data: Json | None = None


class SampleUpdateRequest(Request):
    """What is to be known of a sample from now on; what is left out stays."""

    file_name: str | None = None
    exif: Json | None = None
    meta_data: Json | None = None
    custom_meta_data: Json | None = None


class UploadRegistration(Request):
    """An upload is about to begin."""

    total: int
    processed: int = 0


class InitialTagRequest(Request):
    """The first upload has sent all it had."""

    img_type: UploadedImages
    run_id: str | None = None


class TagUpsizeRequest(Request):
    """A further upload has sent all it had."""

    upsize_tag_name: str
    run_id: str | None = None


class WriteUrlsAnswer(Answer):
    """Where to send an image and its thumbnail."""

    full: str
    thumb: str


class NewSampleAnswer(Answer):
    """A sample that was added, and where to send its files."""

    id: ObjectId
    sample_write_urls: WriteUrlsAnswer


def size_of(measured: Mapping[str, Any] | None) -> tuple[int, int]:
    """Width and height in px that a client says an image has; 0 for what it does not say."""
    shape = _shape((measured or {}).get("shape"))
    return (0, 0) if shape is None else (shape[1], shape[0])


def measurements(measured: Mapping[str, Any]) -> Json:
    """What a client measured, in the shape in which all clients take it back: what cannot be brought into it is left
    out. Grey images have one channel, those with transparency four; clients that read want three.
    """
    found: Json = {key: measured[key] for key in _OPEN if isinstance(measured.get(key), dict)}
    for key, span in _RANGES.items():
        number = _number(measured.get(key), span)
        if number is not None:
            found[key] = int(number) if key in _WHOLE else number
    for key, span in _RANGES_PER_CHANNEL.items():
        numbers = [_number(value, span) for value in _three(measured.get(key))]
        if len(numbers) == CHANNELS and None not in numbers:
            found[key] = numbers
    shape = _shape(measured.get("shape"))
    return found if shape is None else {**found, "shape": shape}


def _shape(value: object) -> list[int] | None:
    """Height, width and channels."""
    if not isinstance(value, Sequence) or len(value) not in (2, CHANNELS):
        return None
    sizes = [_number(size, (0, 2**31 - 1)) for size in (*value, 1)[:CHANNELS]]
    return None if None in sizes else [int(size) for size in sizes if size is not None]


def _three(value: object) -> Sequence[object]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return ()
    return [*value] * CHANNELS if len(value) == 1 else value[:CHANNELS]


def _number(value: object, span: tuple[float, float]) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value if span[0] <= value <= span[1] else None
