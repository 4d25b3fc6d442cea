"""The metadata of images that lies beside them, read for the keys that strategies ask for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from swath.core.browsing.metadata import Scalar
from swath.core.earlier import AttachedValues
from swath.core.errors import InvalidPredictions, NotFound
from swath.core.outcomes import MAX_EXAMPLES, Finding
from swath.formats.lightly.metadata import (
    METADATA_PREFIX,
    METADATA_SCHEMA_KEY,
    metadata_key,
    parse_metadata,
    parse_metadata_schema,
)
from swath.pipeline.ports import Datasource, FileEntry
from swath.pipeline.read_ahead import ReadAhead, work_through
from swath.pipeline.reading import FILE_FAILURES, SourceWatch, read_listed
from swath.pipeline.wording import counted

MAX_METADATA_BYTES = 16 * 1024 * 1024
"""A metadata file larger than this is refused unread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataFiles:
    """Where metadata lies: the datasource, and what there is by key with the default of each. The files themselves are
    listed when they are read."""

    source: Datasource
    defaults: Mapping[str, Scalar | None]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self.defaults)


@dataclass(slots=True, kw_only=True)
class FoundMetadata:
    """What files say of images, by name and key; defaults where they say nothing. `lacking` are the images without a
    file that can be used, with the reason."""

    of_image: dict[str, dict[str, Scalar]] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)


def find_metadata(sources: Sequence[Datasource]) -> MetadataFiles | None:
    """The first datasource that has a schema of metadata, None if none has. Raises InvalidPredictions for a schema that
    is none."""
    for source in sources:
        try:
            data = source.read(METADATA_SCHEMA_KEY)
        except NotFound:
            continue
        return MetadataFiles(source=source, defaults=parse_metadata_schema(data))
    return None


def read_metadata(files: MetadataFiles, images: Sequence[str], keys: Sequence[str], *, threads: int) -> FoundMetadata:
    """What is known of some images under some keys. Raises what is wrong with the datasource as a whole."""
    pages = files.source.list_pages(METADATA_PREFIX)
    reading = _Reading(files, {entry.key: entry for page in pages for entry in page}, keys)
    ahead = ReadAhead(images, reading.read, size_of=reading.bytes_of, requests=files.source.concurrency)
    work_through(
        ahead,
        reading.take_in,
        threads=threads,
        name="swath-metadata",
        stopped=threading.Event(),
        on_done=lambda count: None,
    )
    reading.watch.settle()
    return reading.found


def with_files(attached: AttachedValues, found: FoundMetadata) -> AttachedValues:
    """What people attached to images of a dataset, and below it what files say of them."""
    merged = {name: {**values, **attached.of_image.get(name, {})} for name, values in found.of_image.items()}
    return replace(attached, of_image={**attached.of_image, **merged})


def about_metadata(found: FoundMetadata) -> Iterator[Finding]:
    """Images of which nobody knows more than the defaults."""
    if not found.lacking:
        return
    count = len(found.lacking)
    lines = sorted(f"{name}: {reason}" for name, reason in found.lacking.items())
    yield Finding(
        code="metadata_lacking",
        severity="warning",
        message=f"{count:,} of {counted(len(found.of_image), 'image')} have no metadata in `{METADATA_PREFIX}` that "
        "can be used: the defaults of its schema hold for them, and nothing is known where it has none",
        examples=tuple(lines[:MAX_EXAMPLES]),
        count=count,
    )


class _Reading:
    """Reads metadata files; safe to use from threads."""

    def __init__(self, files: MetadataFiles, entries: Mapping[str, FileEntry], keys: Sequence[str]) -> None:
        self._source = files.source
        self._entries = entries
        self._keys = keys
        self._defaults = {key: default for key in keys if (default := files.defaults.get(key)) is not None}
        self.watch = SourceWatch(files.source)
        self.found = FoundMetadata()

    def bytes_of(self, image: str) -> int:
        entry = self._entries.get(metadata_key(image))
        return 0 if entry is None or entry.size > MAX_METADATA_BYTES else entry.size

    def read(self, image: str) -> bytes | None:
        """The file of an image, None if there is none."""
        entry = self._entries.get(metadata_key(image))
        return None if entry is None else read_listed(self._source, entry, max_bytes=MAX_METADATA_BYTES)[1]

    def take_in(self, image: str, content: Callable[[], bytes | None]) -> None:
        file = metadata_key(image)
        values: Mapping[str, Scalar] | None = None
        reason = f"there is no `{file}`"
        try:
            data = content()
            if data is not None:
                self.watch.succeeded()
                values = parse_metadata(data, file, image_key=image)
                reason = f"`{file}` is for another image"
        except FILE_FAILURES as exc:
            self.watch.failed(file, exc)
            reason = exc.message
        except InvalidPredictions as exc:
            reason = exc.message
        known = {} if values is None else {key: values[key] for key in self._keys if key in values}
        self.found.of_image[image] = {**self._defaults, **known}
        if values is None:
            self.found.lacking[image] = reason
