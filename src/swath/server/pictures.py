"""The pixels of samples: whole files, smaller copies of them, thumbnails, crops with their surroundings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.crops import context_rect, scaled_rectangle
from swath.core.errors import Conflict, NotFound, SwathError, UnreadableImage
from swath.pipeline.ports import Datasource, FileEntry, ImageCodec
from swath.server.datasources import open_files_of
from swath.server.file_answers import PIECE_BYTES, image_type_of
from swath.server.sample_documents import picture_version
from swath.server.services import Services
from swath.store.datasets import Dataset
from swath.store.samples import Crop, Sample

SMALLEST_THUMBNAIL = 64
LARGEST_THUMBNAIL = 512
DEFAULT_THUMBNAIL = 256

SMALLEST_CONTEXT = 64
LARGEST_CONTEXT = 1024
DEFAULT_CONTEXT = 256

DEFAULT_MARGIN = 0.5
LARGEST_MARGIN = 10.0

MOST_DECODED_BYTES = 512 << 20
"""Of a file that is read as a whole to be decoded; larger ones can only be downloaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFile:
    """The file of a sample: where it is, and what it is now."""

    datasource: Datasource
    entry: FileEntry

    @property
    def key(self) -> str:
        return self.entry.key

    @property
    def name(self) -> str:
        return self.key.rpartition("/")[2]

    @property
    def media_type(self) -> str:
        return image_type_of(self.name)

    @property
    def size(self) -> int:
        return self.entry.size

    @property
    def etag(self) -> str:
        """Another one whenever the bytes may be others."""
        return hashlib.sha256(f"{self.key}\0{self.entry.size}\0{self.entry.version}".encode()).hexdigest()[:32]

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes [start, end), piece by piece."""
        for first in range(start, end, PIECE_BYTES):
            yield self.datasource.read(self.key, start=first, end=min(first + PIECE_BYTES, end))

    def read_to_decode(self) -> bytes:
        """All bytes. Raises UnreadableImage for a file too large to be decoded here."""
        if self.entry.size > MOST_DECODED_BYTES:
            raise UnreadableImage(
                f"`{self.key}` has {self.entry.size:,} bytes: too many to be decoded here", reason="too_large"
            )
        return self.datasource.read(self.key)


def open_file(services: Services, dataset: Dataset, sample: Sample) -> SampleFile:
    """The file of a sample. Raises NotFound (naming it) if it is gone, SourceUnavailable."""
    # Crops were written by Swath, beside everything else it writes; images were there before.
    datasource = open_files_of(services, dataset, "input" if sample.crop is None else "output")
    entry = datasource.stat(sample.file_name)
    if entry is None:
        raise NotFound(
            f"there is no file `{sample.file_name}` in the datasource of dataset `{dataset.name}`",
            hint="It was there when the sample was added: was it moved or deleted?",
        )
    return SampleFile(datasource=datasource, entry=entry)


def shrunk(codec: ImageCodec, data: bytes, *, key: str, longest_side: int) -> bytes:
    """A JPEG of an image, its longer side at most `longest_side`. Raises UnreadableImage, naming the key."""
    with _naming(key):
        info = codec.probe(data)
        scale = _sufficient_scale(max(info.width, info.height), longest_side, info.max_scale)
        return codec.encode_jpeg(codec.decode(data, scale=scale), longest_side=longest_side)


Decode = Callable[[int], NDArray[np.uint8]]
"""The pixels of an image, decoded at 1/scale."""


def cut_out(
    codec: ImageCodec,
    data: bytes,
    rect: NDArray[np.int32],
    *,
    key: str,
    longest_side: int | None,
    decode: Decode | None = None,
) -> bytes:
    """A JPEG of the rectangle x0, y0, x1, y1 (px) of an image, its longer side at most `longest_side`.

    Without `longest_side` it is what a run writes for a crop with this rectangle, to the byte; otherwise the image is
    decoded as small as will do. `decode` is for who has decoded images at hand. Raises UnreadableImage, naming the key.
    """
    with _naming(key):
        scale = 1
        if longest_side is not None:
            longer = int(max(rect[2] - rect[0], rect[3] - rect[1]))
            scale = _sufficient_scale(longer, longest_side, codec.probe(data).max_scale)
        pixels = codec.decode(data, scale=scale) if decode is None else decode(scale)
        return codec.encode_jpeg(pixels, scaled_rectangle(rect, scale).tolist(), longest_side=longest_side)


def _sufficient_scale(longer: int, wanted: int, max_scale: int) -> int:
    """The largest scale that leaves at least `wanted` of `longer` pixels."""
    scale = 1
    while scale * 2 <= max_scale and longer // (scale * 2) >= wanted:
        scale *= 2
    return scale


@contextmanager
def _naming(key: str) -> Iterator[None]:
    try:
        yield
    except UnreadableImage as exc:
        raise UnreadableImage(f"`{key}` cannot be shown: {exc.message}", reason=exc.reason) from exc


def thumbnail(services: Services, dataset: Dataset, sample: Sample, size: int) -> bytes:
    """A JPEG of a sample, its longer side at most `size` and never enlarged; made once.

    Raises NotFound or UnreadableImage, naming the file, and Conflict where an image has changed since.
    """
    return services.thumbnails.get(
        services.home.cache / "thumbnails",
        f"{sample.id}-{picture_version(sample)}-{size}",
        lambda: _draw(services, dataset, sample, size),
    )


def context_picture(services: Services, dataset: Dataset, sample: Sample, size: int, margin: float) -> bytes:
    """A JPEG of the surroundings of a crop's box (`context_rect`), its longer side at most `size`; made once.

    Raises NotFound for an image, NotFound or UnreadableImage, naming the file, and Conflict where the image has
    changed since the crop was cut.
    """
    if sample.crop is None:
        raise NotFound(f"sample `{sample.id}` is an image, not a crop", hint="Its file shows all there is.")
    crop = sample.crop
    return services.thumbnails.get(
        services.home.cache / "thumbnails",
        f"{sample.id}-{picture_version(sample)}-context-{size}-{round(margin * 100)}",
        lambda: _draw_context(services, dataset, crop, size, margin),
    )


def _draw_context(services: Services, dataset: Dataset, crop: Crop, size: int, margin: float) -> bytes:
    if crop.stale:
        raise _changed_since_cut(crop)
    codec, at_hand, key = services.codec, services.thumbnails.at_hand, crop.parent_file_name
    datasource = open_files_of(services, dataset, "input")  # asks whether it may be opened still
    data = at_hand.get(crop.parent_digest, lambda: _read_parent(datasource, crop), size_of=len)

    def decode(scale: int) -> NDArray[np.uint8]:
        return at_hand.get(
            (crop.parent_digest, scale), lambda: codec.decode(data, scale=scale), size_of=lambda pixels: pixels.nbytes
        )

    with _naming(key):
        info = codec.probe(data)
    rect = np.array(context_rect(crop.box, info.width, info.height, margin), dtype=np.int32)
    return cut_out(codec, data, rect, key=key, longest_side=size, decode=decode)


def _read_parent(datasource: Datasource, crop: Crop) -> bytes:
    """The image that a crop was cut from. Raises NotFound, UnreadableImage or Conflict."""
    entry = datasource.stat(crop.parent_file_name)
    if entry is None:
        raise NotFound(f"there is no file `{crop.parent_file_name}` any more, which the crop was cut from")
    data = SampleFile(datasource=datasource, entry=entry).read_to_decode()
    if hashlib.sha256(data).digest() != crop.parent_digest:
        raise _changed_since_cut(crop)
    return data


def _changed_since_cut(crop: Crop) -> Conflict:
    return Conflict(
        f"`{crop.parent_file_name}` has changed since the crop was cut from it",
        hint="Run again on its datasource, and there will be crops of what the file is now.",
    )


def _draw(services: Services, dataset: Dataset, sample: Sample, size: int) -> bytes:
    made = _thumbnail_of_run(services, dataset, sample, size)
    if made is not None:
        return made
    file = open_file(services, dataset, sample)
    data = file.read_to_decode()
    if sample.crop is None and hashlib.sha256(data).digest() != sample.digest:
        raise Conflict(
            f"`{file.key}` has changed since it was added to dataset `{dataset.name}`",
            hint="Run again on its datasource, and the sample will be what the file is now.",
        )
    return shrunk(services.codec, data, key=file.key, longest_side=size)


def _thumbnail_of_run(services: Services, dataset: Dataset, sample: Sample, size: int) -> bytes | None:
    """What the run has written for this sample, shrunk to fit; None where that is too small, broken or gone."""
    if not sample.thumbnail_key:
        return None
    try:
        data = open_files_of(services, dataset, "output").read(sample.thumbnail_key)
        info = services.codec.probe(data)
        longer = max(info.width, info.height)
        # Of an image that was uploaded as a thumbnail there is nothing else to draw from.
        if sample.byte_size and longer < min(size, max(sample.width, sample.height)):
            return None
        if longer <= size and info.format == "JPEG":
            return data
        return shrunk(services.codec, data, key=sample.thumbnail_key, longest_side=size)
    except SwathError:
        return None  # it can be drawn anew
