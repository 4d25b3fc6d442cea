"""Which files of a datasource a run looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from swath.core.errors import InvalidConfig, NotFound
from swath.formats.relevant_filenames import parse_relevant_filenames
from swath.pipeline.ports import Datasource, FileEntry

IMAGE_EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"})
VIDEO_EXTENSIONS = frozenset({".mp4", ".mov", ".avi", ".mpg", ".hevc", ".m4v", ".webm", ".mpeg"})

HIDDEN_ROOT = ".lightly/"
"""Keys below it (predictions, crops, thumbnails) are never input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Images sorted by key, and what else lay beside them. `unmatched_lines` are of the relevant filenames file.

    `skipped` are lines about things that cannot be files of a datasource. A listing that was stopped early is not
    complete: which files it holds is then up to the storage.
    """

    images: tuple[FileEntry, ...]
    videos: int
    other_files: int
    left_out: int  # images that the relevant filenames file does not name
    unmatched_lines: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    is_complete: bool = True


def list_images(
    source: Datasource,
    *,
    relevant_filenames: tuple[bytes, str] | None = None,
    on_found: Callable[[int], None] = lambda count: None,
    is_enough: Callable[[int], bool] = lambda files: False,
) -> Listing:
    """List the images of a datasource; `relevant_filenames` is the content and key of the file that narrows them.

    `on_found` is called with the number of images of every page, `is_enough` with the number of files so far: it may
    stop the listing.
    """
    images: list[FileEntry] = []
    videos = other = 0
    is_complete = True
    for page in source.list_pages(skip_hidden_root=True):
        before = len(images)
        for entry in page:
            extension = _extension(entry.key)
            if entry.key.startswith(HIDDEN_ROOT):
                continue
            if extension in IMAGE_EXTENSIONS:
                images.append(entry)
            elif extension in VIDEO_EXTENSIONS:
                videos += 1
            else:
                other += 1
        on_found(len(images) - before)
        if is_enough(len(images) + videos + other):
            is_complete = False
            break
    skipped = tuple(source.skipped) if is_complete else ()
    found = len(images)
    unmatched: tuple[str, ...] = ()
    if relevant_filenames is not None:
        relevant = parse_relevant_filenames(*relevant_filenames)
        keys = [entry.key for entry in images]
        wanted = set(relevant.select(keys))
        images = [entry for entry in images if entry.key in wanted]
        unmatched = tuple(relevant.unmatched(keys))
    images.sort(key=lambda entry: entry.key)
    return Listing(
        images=tuple(images),
        videos=videos,
        other_files=other,
        left_out=found - len(images),
        unmatched_lines=unmatched,
        skipped=skipped,
        is_complete=is_complete,
    )


def read_relevant_filenames(sources: tuple[Datasource, ...], name: str) -> tuple[bytes, str]:
    """The content and key of the relevant filenames file: below `.lightly/` of the first datasource that has it."""
    key = name if name.startswith(HIDDEN_ROOT) else HIDDEN_ROOT + name
    for source in sources:
        try:
            return source.read(key), key
        except NotFound:
            continue
    raise InvalidConfig(
        f"`datasource.relevant_filenames_file` names `{key}`, which does not exist in `{sources[0].uri}`",
        field="datasource.relevant_filenames_file",
        hint="the file lies below `.lightly/` of the output datasource.",
    )


def _extension(key: str) -> str:
    name = key.rsplit("/", 1)[-1]
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 else ""
