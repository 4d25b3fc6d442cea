"""Samples that clients hand in one by one, with files or without, instead of a run that finds them in a datasource.

An upload makes the rows of its samples first and sends their files afterwards. One that was cut off leaves rows whose
files are missing; the next upload is told to send these again (`has_arrived`), and finds the rows by their names. The
files lie in a folder of the home that is the dataset's datasource, unless the dataset has one of its own.

The row of initial-tag counts how many samples earlier uploads have completed: what an upload adds after that is what
its tag holds.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.datasets import Dataset, DatasetKind, dataset_by_id, mark_changed, mark_modified
from swath.store.embedders import embedder_by_id
from swath.store.files import naming_failures
from swath.store.home import Home
from swath.store.ids import new_id
from swath.store.sample_metadata import NOTHING_KNOWN, SampleMetadata, keep_sample_metadata
from swath.store.tags import INITIAL_TAG, Tag, create_tag, find_tag
from swath.store.vector_sets import forget_vectors, is_uploaded

NO_RUN = ""
"""Instead of a run's id, of samples and vectors that were uploaded."""

MAX_FILE_NAME_LENGTH = 1024

HIDDEN_FOLDER = ".lightly/"
THUMBNAILS_FOLDER = f"{HIDDEN_FOLDER}thumbnails/"

_samples = schema.samples
_datasets = schema.datasets
_tags = schema.tags


class StoredAs(StrEnum):
    """What an upload left of each image."""

    FULL = "full"
    THUMBNAIL = "thumbnail"
    META = "meta"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSample:
    """A sample of which only words are there yet. Sizes are px; 0 where nobody said."""

    file_name: str
    width: int = 0
    height: int = 0
    metadata: SampleMetadata = NOTHING_KNOWN


def uploads_folder(home: Home, dataset_id: str) -> Path:
    """Where everything lies that was uploaded for a dataset."""
    return home.uploads / dataset_id


def files_folder(home: Home, dataset_id: str) -> Path:
    """Where the images lie; the datasource of a dataset that has no other."""
    return uploads_folder(home, dataset_id) / "files"


def keeps_uploads_here(home: Home, dataset: Dataset) -> bool:
    """Whether what is uploaded for a dataset lies in the home rather than in a datasource of a person."""
    return dataset.input_uri == str(files_folder(home, dataset.id))


def settle_datasource(connection: Connection, home: Home, dataset: Dataset) -> Dataset:
    """Give a dataset a folder for what is uploaded, unless it has a datasource. Raises SourceUnavailable."""
    if dataset.input_uri:
        return dataset
    folder = files_folder(home, dataset.id)
    with naming_failures("make the folder", folder):
        folder.mkdir(parents=True, exist_ok=True)
    # Not confined: no person chose the folder, so there is nobody to confine.
    values = {"input_uri": str(folder), "output_uri": str(folder), "is_confined": False, "modified_at": now_ms()}
    connection.execute(sa.update(_datasets).where(_datasets.c.id == dataset.id).values(**values))
    return _reread(connection, dataset)


def check_takes_uploads(connection: Connection, dataset: Dataset) -> None:
    """Raise Conflict for crops, and for a dataset whose vectors only a run can make more of."""
    if dataset.kind is DatasetKind.CROPS:
        raise Conflict(f"dataset `{dataset.name}` holds crops: a run adds to it, and no upload")
    if dataset.embedder_id is not None and not is_uploaded(embedder_by_id(connection, dataset.embedder_id)):
        raise Conflict(
            f"a run made the embeddings of dataset `{dataset.name}`, and only a run can add images to it",
            hint="Put the images into its datasource and run again, or upload them to another dataset.",
        )


def check_file_name(name: str) -> str:
    """A name under which a file can be kept, or raise InvalidConfig for `fileName`."""
    problem = _problem_of(name)
    if problem:
        shown = name[:100].encode("utf-8", "backslashreplace").decode()
        raise InvalidConfig(
            f"`{shown}` cannot be the name of a sample: {problem}",
            field="fileName",
            hint="Names are relative, with `/` between folders.",
        )
    return name


def _problem_of(name: str) -> str:
    if len(name) > MAX_FILE_NAME_LENGTH:
        return f"it has more than {MAX_FILE_NAME_LENGTH} characters"
    if any(part in ("", ".", "..") for part in name.split("/")):
        return "it is empty or absolute, or has an empty part, `.` or `..`"
    if "\\" in name:
        return "it holds a backslash"
    if any(ord(character) < 0x20 or 0xD800 <= ord(character) < 0xE000 for character in name):
        return "it holds a control character"
    if name.startswith(HIDDEN_FOLDER):
        return f"`{HIDDEN_FOLDER}` is for what belongs to images, not for images"
    if any(len(part.encode()) > 255 for part in name.split("/")):
        return "the name of a file or folder has more than 255 bytes"
    return ""


def add_sample(connection: Connection, dataset: Dataset, sample: NewSample) -> str:
    """Add a sample without a file, or say anew what is known of one that is there. Returns its id.

    Vectors of the others are forgotten: a dataset has vectors of all its samples or of none. Raises InvalidConfig
    for its name, Conflict as `check_takes_uploads`.
    """
    check_file_name(sample.file_name)
    check_takes_uploads(connection, dataset)
    there = connection.execute(
        sa.select(_samples.c.id, _samples.c.sample_index).where(
            _samples.c.dataset_id == dataset.id, _samples.c.file_name == sample.file_name
        )
    ).one_or_none()
    if there is not None:
        keep_sample_metadata(connection, dataset.id, there.sample_index, sample.metadata)
        mark_changed(connection, dataset.id)
        return str(there.id)
    now = now_ms()
    index = _reread(connection, dataset).sample_count
    sample_id = new_id()
    connection.execute(
        sa.insert(_samples).values(
            id=sample_id,
            dataset_id=dataset.id,
            sample_index=index,
            file_name=sample.file_name,
            digest=_digest_without_file(sample.file_name),
            width=sample.width,
            height=sample.height,
            byte_size=0,
            thumbnail_key="",
            run_id=NO_RUN,
            created_at=now,
            modified_at=now,
        )
    )
    keep_sample_metadata(connection, dataset.id, index, sample.metadata)
    if dataset.embedder_id is not None:
        forget_vectors(connection, dataset.id)
    connection.execute(
        sa.update(_datasets).where(_datasets.c.id == dataset.id).values(sample_count=index + 1, modified_at=now)
    )
    return sample_id


def _digest_without_file(name: str) -> bytes:
    """Stands in for the digest of a file that is not there: selections tell samples apart by it."""
    return hashlib.sha256(b"no file: " + name.encode()).digest()


def record_file(
    connection: Connection, dataset: Dataset, sample_id: str, *, digest: bytes, width: int, height: int, byte_size: int
) -> None:
    """The file of a sample has arrived: `digest` is its SHA-256, the size in px that of the upright image."""
    values = {"digest": digest, "width": width, "height": height, "byte_size": byte_size}
    _change_sample(connection, dataset, sample_id, values)


def record_thumbnail(
    connection: Connection, dataset: Dataset, sample_id: str, key: str, *, width: int, height: int
) -> None:
    """The thumbnail of a sample has arrived at `key`. Its size (px) stands for that of the image until one is known."""
    _change_sample(connection, dataset, sample_id, {"thumbnail_key": key})
    unknown = sa.and_(_samples.c.id == sample_id, _samples.c.width == 0)
    connection.execute(sa.update(_samples).where(unknown).values(width=width, height=height))


def _change_sample(connection: Connection, dataset: Dataset, sample_id: str, values: dict[str, object]) -> None:
    now = now_ms()
    changed = connection.execute(
        sa.update(_samples)
        .where(_samples.c.dataset_id == dataset.id, _samples.c.id == sample_id)
        .values(**values, modified_at=now)
    )
    if not changed.rowcount:
        raise NotFound(f"there is no sample `{sample_id}` in dataset `{dataset.name}`")
    mark_modified(connection, dataset.id, now=now)


def has_arrived(home: Home, dataset: Dataset) -> sa.ColumnElement[bool]:
    """Of which samples an upload need not send anything again, as a condition on `schema.samples`.

    Only of a dataset that keeps its uploads in the home: files anywhere else may come on other ways.
    """
    if not keeps_uploads_here(home, dataset):
        return sa.true()
    if dataset.stored_as == StoredAs.META:
        return sa.true()
    if dataset.stored_as == StoredAs.THUMBNAIL:
        return _samples.c.thumbnail_key != ""
    return _samples.c.byte_size > 0


def arrived_indices(connection: Connection, home: Home, dataset: Dataset) -> NDArray[np.int64]:
    """The indices (M,) of the samples of which an upload need not send anything again, ascending."""
    if not keeps_uploads_here(home, dataset) or dataset.stored_as == StoredAs.META:
        return np.arange(dataset.sample_count)
    query = (
        sa.select(_samples.c.sample_index)
        .where(_samples.c.dataset_id == dataset.id, has_arrived(home, dataset))
        .order_by(_samples.c.sample_index)
    )
    return np.array(connection.execute(query).scalars().all(), dtype=np.int64)


def has_initial_tag(connection: Connection, dataset: Dataset) -> bool:
    """Whether clients should see an initial-tag: an upload or a run has completed."""
    if dataset.stored_as is not None:
        return True
    by_run = sa.select(_samples.c.id).where(_samples.c.dataset_id == dataset.id, _samples.c.run_id != NO_RUN).limit(1)
    return connection.execute(by_run).first() is not None


def complete_first_upload(connection: Connection, dataset: Dataset, stored_as: StoredAs) -> Tag:
    """The first upload has sent all it had; returns initial-tag. Raises Conflict if one was completed before."""
    if has_initial_tag(connection, dataset):
        raise Conflict(f"dataset `{dataset.name}` has an `{INITIAL_TAG}` already")
    _complete(connection, dataset, stored_as)
    return find_tag(connection, dataset.id, INITIAL_TAG)


def complete_upload(connection: Connection, dataset: Dataset, tag_name: str, *, run_id: str | None = None) -> Tag:
    """A further upload has sent all it had: tag what has come since the one before.

    Raises InvalidConfig or Conflict for the name.
    """
    completed = connection.execute(sa.select(_tags.c.total_size).where(_is_initial_of(dataset))).scalar_one()
    query = sa.select(_samples.c.sample_index).where(
        _samples.c.dataset_id == dataset.id, _samples.c.sample_index >= completed, _samples.c.run_id == NO_RUN
    )
    added = np.array(connection.execute(query).scalars().all(), dtype=np.int64)
    tag = create_tag(connection, dataset.id, name=tag_name, members=added, run_id=run_id)
    _complete(connection, dataset, StoredAs(dataset.stored_as or StoredAs.FULL))
    return tag


def _complete(connection: Connection, dataset: Dataset, stored_as: StoredAs) -> None:
    count = _reread(connection, dataset).sample_count
    connection.execute(sa.update(_tags).where(_is_initial_of(dataset)).values(total_size=count))
    connection.execute(
        sa.update(_datasets).where(_datasets.c.id == dataset.id).values(stored_as=stored_as.value, modified_at=now_ms())
    )


def _is_initial_of(dataset: Dataset) -> sa.ColumnElement[bool]:
    return sa.and_(_tags.c.dataset_id == dataset.id, _tags.c.name == INITIAL_TAG)


def _reread(connection: Connection, dataset: Dataset) -> Dataset:
    """As it is in this transaction: samples may have been added since it was looked up."""
    found = dataset_by_id(connection, dataset.id)
    if found is None:
        raise NotFound(f"dataset `{dataset.name}` was deleted meanwhile")
    return found
