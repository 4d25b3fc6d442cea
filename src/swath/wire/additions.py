"""What a run adds, on its way from a worker to the server: a manifest and parts of so many rows each.

Each part is a columns document of consecutive rows of one table. Parts are small enough to be sent again when a
connection breaks; the manifest says how many rows each has, so that none can be missing unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from swath.core.additions import CommitReceipt, CropAdditions, ImageAdditions, RunAdditions, UsedFile
from swath.core.embeddings import STORED_DTYPE, EmbedderIdentity
from swath.core.errors import InvalidConfig
from swath.core.objects import KEY_BYTES, ObjectTable
from swath.core.predictions import Category, TaskSchema, TaskType
from swath.core.scoring.columns import ScoreColumns
from swath.wire.columns import Column, Columns, read_columns, write_columns

DIGEST_BYTES = 32

MAX_PART_ROWS = 50_000
TARGET_PART_BYTES = 32 << 20
"""Vectors of many dimensions make smaller parts of fewer rows."""

Row = TypeVar("Row")


class Table(StrEnum):
    """The tables of the additions; a part is named `<table>-<number>`, counted from 0."""

    IMAGES = "images"
    PREDICTIONS = "predictions"
    CROPS = "crops"
    USED_FILES = "used-files"


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class EmbedderDocument(_Document):
    """What the vectors were made by."""

    name: str = Field(max_length=1000)
    digest: str = Field(pattern="^[0-9a-f]{64}$")
    dimension: int = Field(ge=1, le=1 << 16)
    input_size: int = Field(ge=1, le=1 << 16)
    resize_mode: str = Field(max_length=100)

    @classmethod
    def of(cls, identity: EmbedderIdentity) -> EmbedderDocument:
        return cls(**asdict(identity))

    def identity(self) -> EmbedderIdentity:
        return EmbedderIdentity(**self.model_dump(include=set(EmbedderDocument.model_fields)))


class EarlierRows(EmbedderDocument):
    """Which rows of a dataset are asked for, and by which embedder their vectors must be."""

    first: int = Field(ge=0, lt=1 << 31, description="number of the first row")
    count: int = Field(ge=1, le=1 << 31, description="rows, at most")


class QueryRows(EmbedderDocument):
    """Which samples a similarity looks for, and by which embedder their vectors must be."""

    dataset: str = Field(min_length=1, max_length=1000, description="name or id")
    tag: str = Field(min_length=1, max_length=1000, description="name or id")


class CategoryDocument(_Document):
    id: int = Field(ge=-(1 << 31), lt=1 << 31)
    name: str
    keypoint_names: tuple[str, ...] = ()
    keypoint_skeleton: tuple[tuple[int, int], ...] = ()


class SchemaDocument(_Document):
    """The schema of the prediction task."""

    task_name: str
    task_type: TaskType
    categories: tuple[CategoryDocument, ...]

    @classmethod
    def of(cls, schema: TaskSchema) -> SchemaDocument:
        categories = tuple(
            CategoryDocument(
                id=category.id,
                name=category.name,
                keypoint_names=category.keypoint_names,
                keypoint_skeleton=category.keypoint_skeleton,
            )
            for category in schema.categories
        )
        return cls(task_name=schema.task_name, task_type=schema.task_type, categories=categories)

    def schema_value(self) -> TaskSchema:
        categories = tuple(Category(**category.model_dump()) for category in self.categories)
        return TaskSchema(task_name=self.task_name, task_type=self.task_type, categories=categories)


ScoreNames = Annotated[tuple[tuple[str, str], ...], Field(max_length=1000)]


class AdditionsManifest(_Document):
    """All of the additions but their rows; `rows` has the number of rows of every part, table by table.

    `predictions` and `crops` are no keys of `rows` for a run without objects. `image_scores` and `crop_scores` name the
    columns of scores, each by its task and itself, None where nothing is known of any.
    """

    embedder: EmbedderDocument
    task_schema: SchemaDocument | None = None
    padding: float = Field(default=0.0, ge=0)
    image_scores: ScoreNames | None = None
    crop_scores: ScoreNames | None = None
    rows: dict[Table, tuple[int, ...]]

    def part_names(self) -> list[str]:
        return [part_name(table, number) for table, parts in self.rows.items() for number in range(len(parts))]


class ReceiptDocument(_Document):
    """What a commit did."""

    image_samples: int
    images_added: int
    crop_samples: int
    crops_added: int
    tag_names: tuple[str, ...]

    @classmethod
    def of(cls, receipt: CommitReceipt) -> ReceiptDocument:
        return cls(**asdict(receipt))

    def receipt(self) -> CommitReceipt:
        return CommitReceipt(**self.model_dump())


def part_name(table: Table, number: int) -> str:
    return f"{table}-{number}"


def write_manifest(additions: RunAdditions) -> AdditionsManifest:
    """The manifest of additions. Raises ValueError if columns of a table differ in length."""
    rows = {
        table: tuple(stop - start for start, stop in _ranges(columns)) for table, columns in _tables(additions).items()
    }
    return AdditionsManifest(
        embedder=EmbedderDocument.of(additions.embedder),
        task_schema=None if additions.schema is None else SchemaDocument.of(additions.schema),
        padding=0.0 if additions.crops is None else additions.crops.padding,
        image_scores=_score_names(additions.images.scores),
        crop_scores=None if additions.crops is None else _score_names(additions.crops.scores),
        rows=rows,
    )


def write_parts(additions: RunAdditions) -> Iterator[tuple[str, bytes]]:
    """The parts of additions with their names, one at a time: they need not be in memory together."""
    for table, columns in _tables(additions).items():
        for number, (start, stop) in enumerate(_ranges(columns)):
            part = {name: column[start:stop] for name, column in columns.items()}
            yield part_name(table, number), write_columns(part)


def read_additions(manifest: AdditionsManifest, read_part: Callable[[str], bytes]) -> RunAdditions:
    """Put additions together again; `read_part` answers the bytes of a part by its name.

    Raises InvalidConfig for parts that are damaged, or that are not what the manifest says.
    """
    dimension = manifest.embedder.dimension
    if not {Table.IMAGES, Table.USED_FILES} <= manifest.rows.keys():
        raise InvalidConfig("the manifest names no images or no used files", field="rows")
    if (Table.CROPS in manifest.rows) and Table.PREDICTIONS not in manifest.rows:
        raise InvalidConfig("the manifest names crops, but no predictions", field="rows")

    def read(table: Table, convert: Callable[[Columns, int], Row]) -> list[Row]:
        return [
            convert(read_columns(read_part(name), what=f"part `{name}`"), rows)
            for number, rows in enumerate(manifest.rows[table])
            for name in (part_name(table, number),)
        ]

    has_predictions, has_crops = Table.PREDICTIONS in manifest.rows, Table.CROPS in manifest.rows
    return RunAdditions(
        embedder=manifest.embedder.identity(),
        images=_read_images(
            read(Table.IMAGES, lambda part, rows: _image_columns(part, rows, dimension, manifest.image_scores)),
            dimension,
            manifest.image_scores,
        ),
        schema=None if manifest.task_schema is None else manifest.task_schema.schema_value(),
        predictions=_read_predictions(read(Table.PREDICTIONS, _prediction_columns)) if has_predictions else None,
        crops=_read_crops(
            read(Table.CROPS, lambda part, rows: _crop_columns(part, rows, dimension, manifest.crop_scores)),
            dimension,
            manifest.padding,
            manifest.crop_scores,
        )
        if has_crops
        else None,
        used_files=tuple(file for part in read(Table.USED_FILES, _used_files) for file in part),
    )


def _tables(additions: RunAdditions) -> dict[Table, Mapping[str, Column]]:
    images, predictions, crops = additions.images, additions.predictions, additions.crops
    tables: dict[Table, Mapping[str, Column]] = {
        Table.IMAGES: {
            "file_name": images.file_names,
            "digest": images.digests,
            "width": images.widths,
            "height": images.heights,
            "byte_size": images.byte_sizes,
            "thumbnail_key": images.thumbnail_keys,
            "vector": images.vectors,
            **_score_column(images.scores),
        }
    }
    if predictions is not None:
        tables[Table.PREDICTIONS] = {name: getattr(predictions, name) for name in _PREDICTION_COLUMNS}
    if crops is not None:
        tables[Table.CROPS] = {
            "file_name": crops.file_names,
            "crop_key": crops.crop_keys,
            "image_row": crops.image_row,
            "prediction_row": crops.prediction_row,
            "byte_size": crops.byte_sizes,
            "thumbnail_key": crops.thumbnail_keys,
            "vector": crops.vectors,
            **_score_column(crops.scores),
        }
    files = additions.used_files
    tables[Table.USED_FILES] = {
        "key": [file.key for file in files],
        "image_digest": [file.image_digest for file in files],
        "prediction_digest": [file.prediction_digest for file in files],
        "outcome": [file.outcome for file in files],
        "modified_at": np.array([file.modified_at for file in files], dtype=np.int64),
    }
    for table, columns in tables.items():
        lengths = {name: len(column) for name, column in columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns of the {table} differ in length: {lengths}")
    return tables


def _score_names(scores: ScoreColumns | None) -> ScoreNames | None:
    return None if scores is None else scores.names


def _score_column(scores: ScoreColumns | None) -> Mapping[str, Column]:
    return {} if scores is None else {"score": scores.values}


def _ranges(columns: Mapping[str, Column]) -> Iterator[tuple[int, int]]:
    """The rows [start, stop) of every part of a table; none for an empty one."""
    count = len(next(iter(columns.values())))
    row_bytes = sum(column[:1].nbytes for column in columns.values() if isinstance(column, np.ndarray))
    size = max(1, min(MAX_PART_ROWS, TARGET_PART_BYTES // max(1, row_bytes)))
    for start in range(0, count, size):
        yield start, min(start + size, count)


_PREDICTION_COLUMNS: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]] = {
    "image_row": (np.dtype("<i4"), ()),
    "position": (np.dtype("<i4"), ()),
    "category_id": (np.dtype("<i4"), ()),
    "score": (np.dtype("<f8"), ()),
    "corners": (np.dtype("<f8"), (4,)),
    "crop_rects": (np.dtype("<i4"), (4,)),
    "outcome": (np.dtype("u1"), ()),
    "key": (np.dtype("u1"), (KEY_BYTES,)),
}


def _image_columns(part: Columns, rows: int, dimension: int, scores: ScoreNames | None) -> dict[str, Any]:
    return {
        "file_names": _names(part, "file_name", rows),
        "digests": _digests(part, "digest", rows),
        "widths": part.array("width", "<i4", (rows,)),
        "heights": part.array("height", "<i4", (rows,)),
        "byte_sizes": part.array("byte_size", "<i8", (rows,)),
        "thumbnail_keys": _names(part, "thumbnail_key", rows),
        "vectors": part.array("vector", STORED_DTYPE, (rows, dimension)),
        "scores": None if scores is None else part.array("score", "<f8", (rows, len(scores))),
    }


def _read_images(parts: Sequence[Mapping[str, Any]], dimension: int, scores: ScoreNames | None) -> ImageAdditions:
    return ImageAdditions(
        file_names=_joined(parts, "file_names"),
        digests=_joined(parts, "digests"),
        widths=_stacked(parts, "widths", np.empty(0, np.int32)),
        heights=_stacked(parts, "heights", np.empty(0, np.int32)),
        byte_sizes=_stacked(parts, "byte_sizes", np.empty(0, np.int64)),
        thumbnail_keys=_joined(parts, "thumbnail_keys"),
        vectors=_stacked(parts, "vectors", np.empty((0, dimension), STORED_DTYPE)),
        scores=_read_scores(parts, scores),
    )


def _prediction_columns(part: Columns, rows: int) -> dict[str, NDArray[Any]]:
    return {name: part.array(name, dtype, (rows, *shape)) for name, (dtype, shape) in _PREDICTION_COLUMNS.items()}


def _read_predictions(parts: Sequence[Mapping[str, Any]]) -> ObjectTable:
    return ObjectTable(
        **{
            name: _stacked(parts, name, np.empty((0, *shape), dtype))
            for name, (dtype, shape) in _PREDICTION_COLUMNS.items()
        }
    )


def _crop_columns(part: Columns, rows: int, dimension: int, scores: ScoreNames | None) -> dict[str, Any]:
    return {
        "file_names": _names(part, "file_name", rows),
        "crop_keys": part.array("crop_key", "u1", (rows, KEY_BYTES)),
        "image_row": part.array("image_row", "<i4", (rows,)),
        "prediction_row": part.array("prediction_row", "<i4", (rows,)),
        "byte_sizes": part.array("byte_size", "<i8", (rows,)),
        "thumbnail_keys": _names(part, "thumbnail_key", rows),
        "vectors": part.array("vector", STORED_DTYPE, (rows, dimension)),
        "scores": None if scores is None else part.array("score", "<f8", (rows, len(scores))),
    }


def _read_crops(
    parts: Sequence[Mapping[str, Any]], dimension: int, padding: float, scores: ScoreNames | None
) -> CropAdditions:
    return CropAdditions(
        file_names=_joined(parts, "file_names"),
        crop_keys=_stacked(parts, "crop_keys", np.empty((0, KEY_BYTES), np.uint8)),
        image_row=_stacked(parts, "image_row", np.empty(0, np.int32)),
        prediction_row=_stacked(parts, "prediction_row", np.empty(0, np.int32)),
        byte_sizes=_stacked(parts, "byte_sizes", np.empty(0, np.int64)),
        thumbnail_keys=_joined(parts, "thumbnail_keys"),
        padding=padding,
        vectors=_stacked(parts, "vectors", np.empty((0, dimension), STORED_DTYPE)),
        scores=_read_scores(parts, scores),
    )


def _read_scores(parts: Sequence[Mapping[str, Any]], names: ScoreNames | None) -> ScoreColumns | None:
    if names is None:
        return None
    if len(set(names)) != len(names):
        raise InvalidConfig("the manifest names a score twice", field="scores")
    return ScoreColumns(names=names, values=_stacked(parts, "scores", np.empty((0, len(names)))))


def _used_files(part: Columns, rows: int) -> list[UsedFile]:
    return read_used_files(part, rows)


def write_used_files(files: Sequence[UsedFile]) -> bytes:
    """Used files as one columns document."""
    return write_columns(
        {
            "key": [file.key for file in files],
            "image_digest": [file.image_digest for file in files],
            "prediction_digest": [file.prediction_digest for file in files],
            "outcome": [file.outcome for file in files],
            "modified_at": np.array([file.modified_at for file in files], dtype=np.int64),
        }
    )


def read_used_files(part: Columns, rows: int | None = None) -> list[UsedFile]:
    """The used files of a columns document, which has `rows` of them where that is known."""
    keys = _names(part, "key", rows)
    columns = (
        keys,
        _digests(part, "image_digest", len(keys), may_lack=True),
        _digests(part, "prediction_digest", len(keys), may_lack=True),
        _names(part, "outcome", len(keys)),
        _times(part, "modified_at", len(keys)),
    )
    return [
        UsedFile(key=key, image_digest=image, prediction_digest=prediction, outcome=outcome, modified_at=modified_at)
        for key, image, prediction, outcome, modified_at in zip(*columns, strict=True)
    ]


def _times(part: Columns, name: str, rows: int) -> Sequence[int]:
    """Milliseconds; zeros where the document comes from a program that does not know them yet."""
    if name not in part.arrays:
        return [0] * rows
    return [int(time) for time in part.array(name, "<i8", (rows,))]


def _names(part: Columns, name: str, rows: int | None) -> tuple[str, ...]:
    values = part.texts(name)
    _check_rows(part, name, len(values), rows)
    if any("\0" in value for value in values):
        raise InvalidConfig(f"{part.what}: a text in column `{name}` holds a NUL")
    return values


def _digests(part: Columns, name: str, rows: int, *, may_lack: bool = False) -> tuple[bytes, ...]:
    values = part.blobs(name)
    _check_rows(part, name, len(values), rows)
    lengths = {0, DIGEST_BYTES} if may_lack else {DIGEST_BYTES}
    if not {len(value) for value in values} <= lengths:
        raise InvalidConfig(f"{part.what}: column `{name}` holds digests that are not {DIGEST_BYTES} bytes long")
    return values


def _check_rows(part: Columns, name: str, found: int, expected: int | None) -> None:
    if expected is not None and found != expected:
        raise InvalidConfig(f"{part.what}: column `{name}` has {found} rows, the manifest says {expected}")


def _joined(parts: Sequence[Mapping[str, Any]], name: str) -> tuple[Any, ...]:
    return tuple(value for part in parts for value in part[name])


def _stacked(parts: Sequence[Mapping[str, Any]], name: str, none: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([part[name] for part in parts]) if parts else none
