"""What clients know of samples besides their files: metadata of their own, measurements, EXIF, place in a video."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.store import schema
from swath.store.database import batches, upsert_columns

_table = schema.sample_metadata
_samples = schema.samples

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleMetadata:
    """Of one sample; None for what nobody said."""

    custom: Json | None = None  # what people attached
    measured: Json | None = None  # of the pixels, in the shape in which clients want it back
    exif: Json | None = None
    video_frame: Json | None = None
    scores: Json | None = None  # {task: {score: number}}, how much is to be learned from it


NOTHING_KNOWN = SampleMetadata()


def keep_sample_metadata(connection: Connection, dataset_id: str, sample_index: int, found: SampleMetadata) -> None:
    """Keep what is known of a sample; what `found` says nothing of stays as it is."""
    known = {name: getattr(found, name) for name in SampleMetadata.__slots__}
    # Escaped, so that characters which only some databases can hold are none of their business.
    columns = {name: json.dumps(value) for name, value in known.items() if value is not None}
    if not columns:
        return
    of_sample = sa.and_(_table.c.dataset_id == dataset_id, _table.c.sample_index == sample_index)
    if connection.execute(sa.update(_table).where(of_sample).values(**columns)).rowcount == 0:
        connection.execute(sa.insert(_table).values(dataset_id=dataset_id, sample_index=sample_index, **columns))


def replace_attached(connection: Connection, dataset_id: str, documents: Mapping[int, Json]) -> None:
    """Keep what people attach to samples, by index, instead of what they attached before."""
    columns = {
        "dataset_id": dataset_id,
        "sample_index": list(documents),
        "custom": [json.dumps(document) for document in documents.values()],
    }
    upsert_columns(connection, _table, columns, len(documents))


def sample_metadata_of(
    connection: Connection, dataset_id: str, indices: Sequence[int] | None = None
) -> dict[int, SampleMetadata]:
    """What is known of samples by index: of those given, else of all; those of which nothing is known are absent."""
    columns = [_table.c[name] for name in SampleMetadata.__slots__]
    query = sa.select(_table.c.sample_index, *columns).where(_table.c.dataset_id == dataset_id)
    pages = [query] if indices is None else [query.where(_table.c.sample_index.in_(page)) for page in batches(indices)]
    found: dict[int, SampleMetadata] = {}
    for page in pages:
        for index, *texts in connection.execute(page):
            values = [None if text is None else json.loads(text) for text in texts]
            found[index] = SampleMetadata(**dict(zip(SampleMetadata.__slots__, values, strict=True)))
    return found


def attached_to_samples(connection: Connection, sample_ids: Sequence[str]) -> dict[str, Json]:
    """What people attached to samples of any dataset, by id; those to which nobody attached anything are absent."""
    of_sample = sa.and_(_table.c.dataset_id == _samples.c.dataset_id, _table.c.sample_index == _samples.c.sample_index)
    query = sa.select(_samples.c.id, _table.c.custom).join_from(_samples, _table, of_sample)
    found: dict[str, Json] = {}
    for batch in batches(sample_ids):
        for sample_id, text in connection.execute(query.where(_samples.c.id.in_(batch), _table.c.custom.is_not(None))):
            found[sample_id] = json.loads(text)
    return found


def merged(known: Json, change: Json) -> dict[str, Any]:
    """A document after a change (JSON Merge Patch, RFC 7396): objects are merged, anything else is replaced, and null
    removes a key."""
    result = dict(known)
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            inner = result.get(key)
            result[key] = merged(inner if isinstance(inner, Mapping) else {}, value)
        else:
            result[key] = value
    return result
