"""The files of exports: one way to make each format, whoever asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from swath.core.errors import SourceUnavailable
from swath.formats.label_studio import write_tasks
from swath.pipeline.ports import Datasource, TableWriter
from swath.store.archives import CopiedFiles, write_archive
from swath.store.coco_export import export_coco
from swath.store.credentials import Purpose
from swath.store.database import Store
from swath.store.datasets import Dataset
from swath.store.exports import (
    crop_entries,
    crops_are_gone,
    export_embeddings_csv,
    export_filenames,
    export_tags,
    vector_batches,
)
from swath.store.home import Home
from swath.store.label_studio_export import UrlOf, label_studio_config, label_studio_tasks
from swath.store.metadata_tables import NO_METADATA, Kinds, attached_kinds, metadata_columns, metadata_csv
from swath.store.subsets import Subset
from swath.store.yolo_export import yolo_entries
from swath.wire.exports import ExportFormat, ExportOptions, ExportUnit

Item = TypeVar("Item")

ARCHIVES = frozenset({ExportFormat.CROPS, ExportFormat.YOLO})
"""Formats that are a zip."""


class Places(Protocol):
    """Where the files of a dataset are, for who makes an export of it."""

    def open_files(self, purpose: Purpose) -> Datasource:
        """Its input, which holds images, or its output, which holds crops."""
        ...

    def urls(self, purpose: Purpose, *, expires_in_s: int) -> UrlOf:
        """Where browsers find the files of samples in one of both, for so long."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSource:
    """What an export is made of."""

    store: Store
    home: Home
    tables: TableWriter
    places: Places
    dataset: Dataset
    subset: Subset
    options: ExportOptions = field(default_factory=ExportOptions)

    @property
    def task_unit(self) -> ExportUnit:
        """What a task of Label Studio is of."""
        return self.options.unit or ExportUnit.IMAGES

    def attached_kinds(self) -> Kinds:
        """The metadata that go into a table."""
        return attached_kinds(self.store, self.dataset.id) if self.options.include_metadata else NO_METADATA

    def tasks(self) -> Iterator[dict[str, object]]:
        """The tasks for Label Studio."""
        purpose: Purpose = "output" if self.task_unit is ExportUnit.CROPS else "input"
        return label_studio_tasks(
            self.store,
            self.dataset.id,
            self.subset,
            unit=self.task_unit,
            include_metadata=self.options.include_metadata,
            url_of=self.places.urls(purpose, expires_in_s=self.options.expires_in_s),
        )


class Watch(Protocol):
    """Passes things on one by one; who stops in the middle raises."""

    def __call__(self, items: Iterable[Item], /) -> Iterable[Item]: ...


def unwatched(items: Iterable[Item], /) -> Iterable[Item]:
    return items


def write_export(path: Path, source: ExportSource, export_format: ExportFormat, watch: Watch = unwatched) -> None:
    """Write the file of an export.

    Raises InvalidConfig for a format that the dataset has not, Conflict for samples without embeddings,
    SourceUnavailable, and what `watch` raises; the file is then incomplete.
    """
    if export_format in ARCHIVES:
        _write_archive(path, source, export_format, watch)
    elif export_format is ExportFormat.EMBEDDINGS_PARQUET:
        found = vector_batches(source.store, source.home, source.dataset.id, source.subset)
        source.tables.write_vectors(path, watch(found.batches), dimension=found.dimension)
    else:
        with path.open("wb") as file:
            for piece in watch(export_pieces(source, export_format)):
                file.write(piece)


def export_pieces(source: ExportSource, export_format: ExportFormat) -> Iterable[bytes]:
    """The bytes of a format that is made piece by piece, which are all but zips and vectors in Parquet."""
    store, dataset, subset = source.store, source.dataset.id, source.subset
    match export_format:
        case ExportFormat.FILENAMES:
            return _encoded([export_filenames(store, dataset, subset, unit=source.options.unit)])
        case ExportFormat.EMBEDDINGS_CSV:
            return _encoded(export_embeddings_csv(store, source.home, dataset, subset))
        case ExportFormat.COCO:
            return [export_coco(store, dataset, subset)]
        case ExportFormat.LABEL_STUDIO:
            return _encoded(write_tasks(source.tasks()))
        case ExportFormat.LABEL_STUDIO_CONFIG:
            return _encoded([label_studio_config(store, dataset, unit=source.task_unit)])
        case ExportFormat.CSV:
            return _encoded(metadata_csv(store, dataset, subset, attached=source.attached_kinds()))
        case ExportFormat.TAGS:
            return _encoded(export_tags(store, dataset, subset))
        case ExportFormat.PARQUET:
            columns = metadata_columns(store, dataset, subset, attached=source.attached_kinds())
            return [source.tables.to_parquet(columns)]
        case ExportFormat.CROPS | ExportFormat.YOLO | ExportFormat.EMBEDDINGS_PARQUET:
            raise AssertionError(f"{export_format.value} is not made piece by piece")


def _write_archive(path: Path, source: ExportSource, export_format: ExportFormat, watch: Watch) -> None:
    store, dataset = source.store, source.dataset
    if export_format is ExportFormat.CROPS:
        entries = watch(crop_entries(store, dataset.id, source.subset))
        copied = write_archive(path, entries, lambda key: source.places.open_files("output").read(key))
        if copied.missing:
            raise crops_are_gone(copied.missing, dataset.output_uri, exported=copied.count)
        return
    with_images = source.options.include_images
    entries = watch(yolo_entries(store, dataset.id, source.subset, include_images=with_images))
    copied = write_archive(path, entries, lambda key: source.places.open_files("input").read(key))
    if copied.missing:
        raise _images_are_gone(copied, dataset.input_uri)


def _images_are_gone(copied: CopiedFiles, input_uri: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"{len(copied.missing)} images are gone from `{input_uri}`, the first is `{copied.missing[0]}`",
        hint="Bring them back, or export the labels without the images.",
    )


def _encoded(texts: Iterable[str]) -> Iterator[bytes]:
    # Names of files may hold bytes that are no text, as their systems allow.
    return (text.encode("utf-8", "surrogatepass") for text in texts)
