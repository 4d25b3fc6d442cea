"""What earlier runs selected, on its way from the server to a worker, as columns documents."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from swath.core.earlier import AttachedValues, EarlierValues
from swath.core.errors import InvalidConfig
from swath.core.scoring.columns import ScoreColumns
from swath.wire.columns import Column, Columns, write_columns


def write_earlier_values(earlier: EarlierValues) -> bytes:
    """Columns of two lengths, those of images and those of crops; the head names the scores of both."""
    columns: dict[str, Column] = {
        "file_name": earlier.file_names,
        "image_size": earlier.image_sizes,
        "image_score": earlier.image_scores.values,
        "image_of_crop": earlier.image_of_crop,
        "category_id": earlier.category_ids,
        "crop_size": earlier.crop_sizes,
        "crop_score": earlier.crop_scores.values,
    }
    head = {"image_scores": earlier.image_scores.names, "crop_scores": earlier.crop_scores.names}
    return write_columns(columns, head)


def read_earlier_values(document: Columns) -> EarlierValues:
    """The values of a document. Raises InvalidConfig for one that holds something else."""
    names = document.texts("file_name")
    images, crops = len(names), len(document.array("category_id", "<i4"))
    return EarlierValues(
        file_names=names,
        image_sizes=document.array("image_size", "<i8", (images, 3)),
        image_scores=_scores(document, "image", images),
        image_of_crop=document.array("image_of_crop", "<i4", (crops,)),
        category_ids=document.array("category_id", "<i4"),
        crop_sizes=document.array("crop_size", "<i4", (crops, 2)),
        crop_scores=_scores(document, "crop", crops),
    )


def write_attached(attached: AttachedValues) -> bytes:
    """File names with their values as JSON, and all keys in the column `key`."""
    texts = [json.dumps(values) for values in attached.of_image.values()]
    return write_columns({"key": attached.keys, "file_name": tuple(attached.of_image), "values": texts})


def read_attached(document: Columns) -> AttachedValues:
    """What was attached, of a document. Raises InvalidConfig for one that holds something else."""
    try:
        values = [json.loads(text) for text in document.texts("values")]
    except ValueError as exc:
        raise InvalidConfig(f"{document.what} cannot be read: a value is not JSON") from exc
    return AttachedValues(
        keys=document.texts("key"), of_image=dict(zip(document.texts("file_name"), values, strict=True))
    )


def _scores(document: Columns, noun: str, count: int) -> ScoreColumns:
    names = _names(document, document.head.get(f"{noun}_scores"))
    return ScoreColumns(names=names, values=document.array(f"{noun}_score", np.float64, (count, len(names))))


def _names(document: Columns, names: Any) -> tuple[tuple[str, str], ...]:
    is_pairs = isinstance(names, list) and all(
        isinstance(name, list) and len(name) == 2 and all(isinstance(part, str) for part in name) for name in names
    )
    if not is_pairs:
        raise InvalidConfig(f"{document.what} cannot be read: its head names no scores")
    return tuple((task, score) for task, score in names)
