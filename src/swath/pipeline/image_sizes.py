"""Width and height of many images from as few bytes as possible: remembered, or read from their headers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.errors import NotFound, SourceUnavailable, UnreadableImage
from swath.core.outcomes import MAX_EXAMPLES
from swath.pipeline.ports import Datasource, FileEntry, ImageCodec, ImageIndex
from swath.pipeline.reading import MAX_IMAGE_BYTES

HEADER_BYTES = 256 * 1024
"""What is read of an image first. Camera files with previews in their EXIF data keep their size within it."""

TAIL_BYTES = 64 * 1024

IMAGES_PER_CHUNK = 64
"""Images handed to a thread at once: enough to make the hand-over cheap, few enough for a smooth progress bar."""

_PNG_TURNED_BY = (b"eXIf", b"Raw profile type exif", b"XML:com.adobe.xmp")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSizes:
    """Sizes of upright images in the order of a listing, in pixels; 0 where the header cannot be read."""

    rows: Mapping[str, int]  # image key -> row
    widths: NDArray[np.int32]  # (N,)
    heights: NDArray[np.int32]  # (N,)
    unreadable_examples: tuple[str, ...]  # the first few, each with its reason

    @property
    def unreadable(self) -> int:
        return int((self.widths == 0).sum())

    def of(self, key: str) -> tuple[int, int] | None:
        """Width and height, None if the image cannot be read."""
        row = self.rows[key]
        width = int(self.widths[row])
        return (width, int(self.heights[row])) if width else None


def find_image_sizes(
    images: Sequence[FileEntry],
    *,
    source: Datasource,
    codec: ImageCodec,
    index: ImageIndex,
    threads: int,
    on_done: Callable[[int], None],
) -> ImageSizes:
    """The sizes of all images. What the index knows is not read; what is read here is not put into it.

    (An entry of the index needs the digest of the whole file.) Only headers are looked at: an image whose pixels are
    cut off has a size. A file that cannot be read counts as unreadable, with the reason among the examples.
    """
    widths = np.zeros(len(images), dtype=np.int32)
    heights = np.zeros(len(images), dtype=np.int32)
    reasons: dict[int, str] = {}
    waiting: list[int] = []
    known = index.get(source.uri, images)
    for row, entry in enumerate(images):
        fact = known.get(entry.key)
        if fact is None:
            waiting.append(row)
        elif fact.unreadable:
            reasons[row] = fact.unreadable
        else:
            widths[row], heights[row] = fact.width, fact.height
    on_done(len(images) - len(waiting))

    def read_chunk(rows: Sequence[int]) -> int:
        for row in rows:
            try:
                widths[row], heights[row] = read_image_size(images[row], source=source, codec=codec)
            except (UnreadableImage, NotFound, SourceUnavailable) as exc:
                reasons[row] = exc.message
        return len(rows)

    # Where each request takes a while, the requests are the work: as many at a time as are worth making.
    is_distant = source.concurrency > 1
    size = 1 if is_distant else IMAGES_PER_CHUNK
    chunks = [waiting[start : start + size] for start in range(0, len(waiting), size)]
    workers = source.concurrency if is_distant else threads
    with ThreadPoolExecutor(workers, thread_name_prefix="swath-headers") as pool:
        for count in pool.map(read_chunk, chunks):
            on_done(count)
    return ImageSizes(
        rows={entry.key: row for row, entry in enumerate(images)},
        widths=widths,
        heights=heights,
        unreadable_examples=tuple(f"{images[row].key}: {reasons[row]}" for row in sorted(reasons)[:MAX_EXAMPLES]),
    )


def read_image_size(entry: FileEntry, *, source: Datasource, codec: ImageCodec) -> tuple[int, int]:
    """Width and height of the upright image from the start of its file, or from all of it where that is not enough.

    Raises UnreadableImage (also for a file that is too large to be read), NotFound or SourceUnavailable.
    """
    if entry.size > MAX_IMAGE_BYTES:
        raise UnreadableImage(
            f"`{entry.key}` has {entry.size:,} bytes, more than {MAX_IMAGE_BYTES:,}", reason="too_large"
        )
    if entry.size > HEADER_BYTES:
        start = source.read(entry.key, end=HEADER_BYTES)
        try:
            info = codec.probe(start)
        except UnreadableImage:
            info = None  # WebP and TIFF may keep what is needed at the end
        if info is not None and not (info.format == "PNG" and _png_may_be_turned(entry, start, source)):
            return info.width, info.height
    info = codec.probe(source.read(entry.key))
    return info.width, info.height


def _png_may_be_turned(entry: FileEntry, start: bytes, source: Datasource) -> bool:
    """Whether a PNG has an orientation, which may stand behind the pixels: the codec must see the whole file then."""
    tail = source.read(entry.key, start=max(HEADER_BYTES, entry.size - TAIL_BYTES), end=entry.size)
    return any(mark in part for mark in _PNG_TURNED_BY for part in (start, tail))
