"""What the file of an export begins with, made of its first few samples alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np
import orjson
from numpy.typing import NDArray

from swath.core.browsing import MetadataKind
from swath.formats.coco import write_coco
from swath.formats.embeddings_csv import write_embeddings_csv
from swath.formats.spreadsheet import csv_line
from swath.formats.yolo import DATA_YAML, write_data_yaml
from swath.server.browsing import BrowsedDataset
from swath.store.archives import TextEntry
from swath.store.coco_export import coco_detections
from swath.store.export_files import ExportSource
from swath.store.exports import (
    CROPS_CSV,
    crop_files,
    crops_csv_head,
    iter_file_names,
    no_embeddings,
    tag_documents,
)
from swath.store.label_studio_export import label_studio_config
from swath.store.labelled_images import labels_of
from swath.store.metadata_tables import metadata_csv
from swath.store.subsets import iter_subset
from swath.store.yolo_export import yolo_entries
from swath.wire.exports import ExportFormat

RECORDS = 3

NAMES_OF_TAG = 20
"""That are shown of a tag."""

LONGEST = 4_000
"""Characters of a record that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What stands before the first record, and the first records."""

    head: str
    records: tuple[str, ...]


def first_records(source: ExportSource, export_format: ExportFormat, browsed: BrowsedDataset) -> Beginning:
    """The beginning of an export as text; long records are shortened.

    `source.subset` are indices. Raises what making the file would raise at its beginning.
    """
    found = _beginning(source, export_format, browsed)
    return Beginning(head=_short(found.head), records=tuple(map(_short, found.records)))


def _beginning(source: ExportSource, export_format: ExportFormat, browsed: BrowsedDataset) -> Beginning:
    store, dataset, indices = source.store, source.dataset.id, _indices(source)
    few = indices[:RECORDS]
    match export_format:
        case ExportFormat.FILENAMES:
            return Beginning(
                head="", records=_first(iter_file_names(store, dataset, indices, unit=source.options.unit))
            )
        case ExportFormat.EMBEDDINGS_CSV | ExportFormat.EMBEDDINGS_PARQUET:
            return _vectors(source, few, browsed, is_csv=export_format is ExportFormat.EMBEDDINGS_CSV)
        case ExportFormat.COCO:
            return _coco(source)
        case ExportFormat.YOLO:
            entries = yolo_entries(store, dataset, indices, include_images=False)
            files = (f"{entry.path}\n{entry.text}" for entry in entries if isinstance(entry, TextEntry))
            head = f"{DATA_YAML}\n{write_data_yaml(labels_of(store, dataset).all)}"
            return Beginning(head=head, records=_first(islice(files, len(few))))
        case ExportFormat.LABEL_STUDIO:
            return Beginning(head="", records=_first(json.dumps(task, indent=2) for task in source.tasks()))
        case ExportFormat.LABEL_STUDIO_CONFIG:
            return Beginning(head="", records=(label_studio_config(store, dataset, unit=source.task_unit),))
        case ExportFormat.CROPS:
            lines = (file.csv_line for file in crop_files(store, dataset, few))
            return Beginning(head=f"{CROPS_CSV}\n{crops_csv_head()}", records=_first(lines))
        case ExportFormat.CSV | ExportFormat.PARQUET:
            head, *rows = metadata_csv(store, dataset, few, attached=_kinds(source, browsed))
            return Beginning(head=head, records=tuple(rows))
        case ExportFormat.TAGS:
            return Beginning(head="", records=_first(tag_documents(store, dataset, indices, most_names=NAMES_OF_TAG)))


def _vectors(source: ExportSource, few: NDArray[np.int64], browsed: BrowsedDataset, *, is_csv: bool) -> Beginning:
    """The vectors are those that the server has at hand: to read them from their files takes as long as all of them."""
    vectors = browsed.vectors()
    if len(few) and int(few[-1]) >= len(vectors):
        raise no_embeddings(source.dataset)
    samples = list(iter_subset(source.store, source.dataset.id, few))
    rows = vectors[few]
    if is_csv:
        text = "".join(write_embeddings_csv([sample.file_name for sample in samples], rows))
        head, *lines = text.splitlines()
        return Beginning(head=head, records=tuple(lines))
    lines = [
        csv_line((sample.file_name, sample.id, json.dumps(row.astype(np.float32).tolist())))
        for sample, row in zip(samples, rows, strict=True)
    ]
    return Beginning(head=csv_line(("file_name", "id", "vector")), records=tuple(lines))


def _coco(source: ExportSource) -> Beginning:
    """The entry of an image with its annotations, which stand apart in the file."""
    found = coco_detections(source.store, source.dataset.id, _indices(source), most_images=RECORDS)
    document = orjson.loads(write_coco(found))
    annotations: dict[int, list[object]] = {image["id"]: [] for image in document["images"]}
    for annotation in document["annotations"]:
        annotations[annotation["image_id"]].append(annotation)
    return Beginning(
        head=json.dumps({"categories": document["categories"]}, indent=2),
        records=tuple(
            json.dumps({"images": [image], "annotations": annotations[image["id"]]}, indent=2)
            for image in document["images"]
        ),
    )


def _indices(source: ExportSource) -> NDArray[np.int64]:
    assert isinstance(source.subset, np.ndarray), "the samples of a preview are settled"
    return source.subset


def _kinds(source: ExportSource, browsed: BrowsedDataset) -> dict[str, MetadataKind]:
    if not source.options.include_metadata:
        return {}
    return {key: column.kind for key, column in browsed.metadata().items()}


def _first(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(islice(texts, RECORDS))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
