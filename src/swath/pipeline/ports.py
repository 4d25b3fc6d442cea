"""What the pipeline needs from the world, in its own words. Adapters and the store answer; fakes answer in tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from swath.core.additions import CommitReceipt, EarlierCrops, RunAdditions, UsedFile
from swath.core.candidates import Candidates
from swath.core.earlier import AttachedValues, EarlierValues
from swath.core.embeddings import EmbedderIdentity
from swath.core.runs import RunState

if TYPE_CHECKING:
    from swath.wire.maps import ProjectionRunResult
    from swath.wire.selection_run import Choice, SelectionRunResult


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file of a datasource. `version` changes whenever its bytes may have changed (an etag or a time stamp)."""

    key: str
    size: int  # bytes
    version: str
    modified_at: int = 0  # ms since 1970 (UTC); 0: nobody knows


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What may be done with a datasource: a reason for a person where something may not, else None.

    `write` is to make new files, `overwrite` to replace some. None of the reasons holds a secret.
    """

    list: str | None
    read: str | None
    write: str | None
    overwrite: str | None


class DatasourceOpener(Protocol):
    """Opens datasources: a folder, or a bucket with what it takes to get at it (`swath.wire.datasource_access`)."""

    def __call__(self, location: str, access: Mapping[str, str] | None = None) -> Datasource:
        """Raises InvalidConfig for a location or an access that cannot be, NotFound where there is nothing and
        SourceUnavailable where it cannot be reached. None: whatever this machine has (environment), {}: nothing.
        """
        ...


class Datasource(Protocol):
    """Files under keys: relative POSIX paths without `..`, never absolute. Folders and buckets look the same.

    Every method raises SourceUnavailable (naming the key) when the storage fails, NotFound when a key is missing.
    All methods may be called from several threads.
    """

    @property
    def uri(self) -> str:
        """What a person would type to name this datasource; holds no secret."""
        ...

    def list_pages(self, prefix: str = "", *, skip_hidden_root: bool = False) -> Iterator[Sequence[FileEntry]]:
        """All files whose key starts with `prefix`, in pages of any size and any order.

        With `skip_hidden_root`, keys below `.lightly/` are left out without being walked.
        """
        ...

    def stat(self, key: str) -> FileEntry | None:
        """The entry of one file, None if there is none."""
        ...

    def read(self, key: str, *, start: int = 0, end: int | None = None, version: str | None = None) -> bytes:
        """The bytes of a file, or of the range [start, end).

        With `version` (of an entry) they are of that version: raises SourceChanged if the file is another by now.
        """
        ...

    def write(self, key: str, data: bytes, *, overwrite: bool = True) -> None:
        """Write a file whole or not at all. With `overwrite=False` a file that is there stays as it is."""
        ...

    def delete(self, keys: Sequence[str]) -> None:
        """Delete files; keys that are not there are fine."""
        ...

    def remove_unfinished(self, folder: str) -> None:
        """Remove what writes that were cut off (a killed process) left below a folder that nobody else writes to.

        `folder` ends in `/`; it need not be there. Unfinished files are never listed.
        """
        ...

    def why_not_writable(self) -> str | None:
        """None if files can be written, else the reason for a person."""
        ...

    def check_rights(self) -> Rights:
        """Try what may be done here; leaves nothing behind. Reading is tried on any file that is there."""
        ...

    def read_url(self, key: str, *, expires_s: int) -> str | None:
        """An absolute http(s) URL under which anybody can load a file for a while, without asking whether it is
        there; None where the storage has no such thing (a folder)."""
        ...

    @property
    def skipped(self) -> Sequence[str]:
        """What the last complete listing left out, a line each: names that cannot be keys, things that are no files."""
        ...

    @property
    def concurrency(self) -> int:
        """How many requests at a time are worth making: 1 where files are at hand, many where each takes a while."""
        ...

    @property
    def retries(self) -> int:
        """How many requests had to be repeated so far."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageInfo:
    """What an image's header says. Width and height are of the upright image (EXIF orientation applied).

    `max_scale` is the largest power of two by which it can be decoded smaller for less work (1: not at all).
    """

    width: int
    height: int
    format: str
    max_scale: int


class ImageCodec(Protocol):
    """Decodes, crops and encodes images. Arrays are (H, W, 3) uint8 RGB, upright. Safe to use from threads."""

    def probe(self, data: bytes) -> ImageInfo:
        """Read the header. Raises UnreadableImage."""
        ...

    def decode(self, data: bytes, *, scale: int = 1) -> NDArray[np.uint8]:
        """Decode the whole image, at 1/scale of its size (rounded up) where `max_scale` allows.

        Raises UnreadableImage for anything broken, truncated or over the pixel limit.
        """
        ...

    def crop_resized(self, pixels: NDArray[np.uint8], rect: Sequence[int], size: int) -> NDArray[np.uint8]:
        """The rectangle x0, y0, x1, y1 of `pixels`, squashed to (size, size, 3)."""
        ...

    def encode_jpeg(
        self, pixels: NDArray[np.uint8], rect: Sequence[int] | None = None, *, longest_side: int | None = None
    ) -> bytes:
        """A JPEG of the rectangle (default: all), shrunk so that its longer side is at most `longest_side`."""
        ...


class Embedder(Protocol):
    """Turns images into vectors. Safe to use from several threads at once."""

    @property
    def identity(self) -> EmbedderIdentity: ...

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Vectors (N, D), finite, of RGB images (N, S, S, 3) with S = identity.input_size; (0, D) for none.

        A row depends on its image alone, not on the batch it came in.
        """
        ...


class EmbeddingCache(Protocol):
    """Vectors under 16-byte keys that name everything that made them. Losing it costs time, nothing else."""

    def get(self, keys: NDArray[np.uint8], dimension: int) -> tuple[NDArray[np.bool_], NDArray[np.float16]]:
        """For keys (N, 16): which are there (N,), and vectors (N, dimension), zeros where not."""
        ...

    def put(self, keys: NDArray[np.uint8], vectors: NDArray[np.float16]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownImage:
    """What is remembered about a file of a given key, size and version, so that it need not be read again.

    `unreadable` holds the reason for a file that could not be decoded (width and height are 0 then).
    """

    digest: bytes  # 32 bytes SHA-256 of the file
    width: int
    height: int
    max_scale: int
    unreadable: str = ""


class ImageIndex(Protocol):
    """Remembers digests and sizes of files by (datasource, key, size, version). Losing it costs time only.

    Of images it knows what a run asks about them; of other files (predictions) their digest alone.
    """

    def get(self, uri: str, entries: Sequence[FileEntry]) -> dict[str, KnownImage]:
        """What is known, by key, of those entries whose size and version still match."""
        ...

    def put(self, uri: str, known: Sequence[tuple[FileEntry, KnownImage]]) -> None: ...

    def get_digests(self, uri: str, entries: Sequence[FileEntry]) -> dict[str, bytes]:
        """The SHA-256 (32 bytes) that is remembered, by key, of those entries whose size and version still match."""
        ...

    def put_digests(self, uri: str, digests: Sequence[tuple[FileEntry, bytes]]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VectorBatch:
    """Some samples with their vectors; row i of each is the same sample."""

    ids: Sequence[str]
    file_names: Sequence[str]
    vectors: NDArray[np.float16]  # (rows, D)


class TableWriter(Protocol):
    """Writes columns as a table file people can open elsewhere."""

    def to_parquet(self, columns: Mapping[str, Sequence[str] | NDArray[np.generic]]) -> bytes: ...

    def write_vectors(self, path: Path, batches: Iterable[VectorBatch], *, dimension: int) -> None:
        """Write named vectors to a file as they come, never all of them in memory."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTarget:
    """The run's record and the two datasets it adds to; ids are fixed before anything is written.

    `crop_dataset_id` and `crop_dataset_name` are None for a run without objects. A dataset that does not exist yet
    has 0 samples; it comes into being with the commit.
    """

    run_id: str
    image_dataset_id: str
    image_dataset_name: str
    image_samples: int
    crop_dataset_id: str | None
    crop_dataset_name: str | None
    crop_samples: int


class RunSession(Protocol):
    """A run's line to the datasets it reads and adds to. The store answers in process, a remote session over HTTP."""

    @property
    def target(self) -> RunTarget: ...

    def used_files(self) -> Mapping[str, UsedFile]:
        """What earlier runs have dealt with for this target and task, by image key."""
        ...

    def known_digests(self) -> Mapping[bytes, str]:
        """Image digest -> file name of every readable image that runs on the image dataset have dealt with."""
        ...

    def earlier_crops(self, embedder: EmbedderIdentity) -> EarlierCrops:
        """What the crops dataset holds. Raises Conflict if its vectors were made by another embedder."""
        ...

    def earlier_images(self, embedder: EmbedderIdentity) -> tuple[tuple[str, ...], NDArray[np.float16]]:
        """File names and vectors (M, D) of the image dataset. Raises Conflict as above."""
        ...

    def earlier_values(self) -> EarlierValues:
        """What else is known of the samples of both datasets; its crops are in the order of their vectors."""
        ...

    def attached_values(self, keys: Sequence[str]) -> AttachedValues:
        """What people attached under these keys to the images of the image dataset."""
        ...

    def query_vectors(self, dataset: str, tag: str, embedder: EmbedderIdentity) -> NDArray[np.float16]:
        """Vectors (Q, D) of the samples of a tag, both by name or id, that the run's owner sees.

        Raises NotFound where there is no such thing, Conflict for a tag without samples or vectors of another embedder.
        """
        ...

    def known_crop_files(self) -> Sequence[str]:
        """Keys of all crop files that the crops dataset names; others below its folder are left-overs."""
        ...

    def enter(self, state: RunState) -> None:
        """Record that the run has reached a state. Raises RunCancelled if somebody cancelled it."""
        ...

    def log(self, level: str, message: str) -> None:
        """Append a line to the run's log (level: INFO, WARNING, ERROR)."""
        ...

    def store_artifact(self, name: str, data: bytes | memoryview) -> str:
        """Keep a file with the run; returns where a person finds it."""
        ...

    def commit(self, additions: RunAdditions) -> CommitReceipt:
        """Add everything, atomically and once; a second call with the same run changes nothing."""
        ...

    def finish(self, state: RunState, message: str, result: str) -> None:
        """Close the run with a final state, a message for a person and its result document (JSON text)."""
        ...


class RunObserver(Protocol):
    """Watches a run as it goes: a progress display, or nothing."""

    def stage(self, state: RunState, *, total: int | None, unit: str) -> None: ...

    def advance(self, count: int = 1) -> None: ...

    def note(self, level: str, message: str) -> None: ...


KillPoint = Callable[[str], None]
"""Called with a name at the instants where a crash would be worst; does nothing outside tests."""


class SelectionSession(Protocol):
    """A selection run's line to its dataset. The store answers in process, a remote session over HTTP."""

    def candidates(self) -> Candidates:
        """What there is to choose from, the same every time. Raises NotFound if it is not there any more."""
        ...

    def enter(self, state: RunState) -> None:
        """Record that the run has reached a state. Raises RunCancelled if somebody cancelled it."""
        ...

    def log(self, level: str, message: str) -> None:
        """Append a line to the run's log (level: INFO, WARNING, ERROR)."""
        ...

    def keep(self, choice: Choice) -> SelectionRunResult:
        """Keep what was chosen and close the run as COMPLETED, atomically and once; a second call with the same run
        changes nothing. Raises InvalidConfig for samples that are no candidates."""
        ...

    def finish(self, state: RunState, message: str, result: str) -> None:
        """Close a run that could not choose, with its result document (JSON text)."""
        ...


class ProjectionSession(Protocol):
    """The line of a run that makes or extends a map to its dataset. The store answers in process, a remote session over
    HTTP."""

    def vectors(self) -> NDArray[np.float16]:
        """The vectors (N, D) of all samples there are now, by index. Raises NotFound if the dataset is gone."""
        ...

    def points(self) -> NDArray[np.float32]:
        """The points (M, 2) that are on the map already, for a run that extends it; NaN: no place. Else (0, 2)."""
        ...

    def enter(self, state: RunState) -> None:
        """Record that the run has reached a state. Raises RunCancelled if somebody cancelled it."""
        ...

    def log(self, level: str, message: str) -> None:
        """Append a line to the run's log (level: INFO, WARNING, ERROR)."""
        ...

    def keep(self, first_index: int, points: NDArray[np.float32]) -> ProjectionRunResult:
        """Keep points (n, 2) of the samples from `first_index` on and close the run as COMPLETED, atomically and once;
        a second call with the same run changes nothing. Raises InvalidConfig for points that fit no samples, NotFound
        or Conflict if the map is gone or another run's."""
        ...

    def finish(self, state: RunState, message: str, result: str) -> None:
        """Close a run that made no points, with its result document (JSON text)."""
        ...
