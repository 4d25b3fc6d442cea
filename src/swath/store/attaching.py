"""Attaching metadata to many images at once, whoever asks for it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from swath.core.errors import InvalidConfig
from swath.store.datasets import Dataset, DatasetKind, dataset_by_id, mark_changed
from swath.store.sample_lookup import indices_of
from swath.store.sample_metadata import NOTHING_KNOWN, merged, replace_attached, sample_metadata_of
from swath.store.samples import find_samples
from swath.wire.metadata import AttachedMetadata, MetadataChange

MOST_BYTES = 256 << 10
"""Of what is attached to one image, as JSON."""

MOST_NAMED = 20
"""Unknown names that are told."""


def attach_metadata(connection: Connection, dataset: Dataset, changes: Sequence[MetadataChange]) -> AttachedMetadata:
    """Merge documents into what people attached to images. Of several for one image, later ones come on top.

    Raises InvalidConfig for a crops dataset, and for what grows too large; the caller's transaction must not be kept
    then.
    """
    if dataset.kind is DatasetKind.CROPS:
        parent = dataset_by_id(connection, dataset.parent_id or "")
        raise InvalidConfig(
            f"`{dataset.name}` holds crops, which have the metadata of their images",
            field="dataset",
            hint="" if parent is None else f"Attach it to the images: dataset `{parent.name}`.",
        )
    images = _Images.find(connection, dataset, changes)
    known = sample_metadata_of(connection, dataset.id, images.indices)
    documents: dict[int, dict[str, Any]] = {}
    unknown: dict[str, None] = {}
    for change in changes:
        index, name = images.of(change)
        if index is None:
            unknown[name] = None
            continue
        before = documents[index] if index in documents else known.get(index, NOTHING_KNOWN).custom or {}
        documents[index] = merged(before, change.metadata)
        if len(json.dumps(documents[index])) > MOST_BYTES:
            raise InvalidConfig(f"the metadata of `{name}` would be larger than {MOST_BYTES:,} bytes", field="metadata")
    replace_attached(connection, dataset.id, documents)
    if documents:
        mark_changed(connection, dataset.id)
    return AttachedMetadata(
        updated=len(documents), unknown_count=len(unknown), unknown=tuple(list(unknown)[:MOST_NAMED])
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Images:
    """The images that changes name."""

    by_name: Mapping[str, int]
    by_id: Mapping[str, int]

    @classmethod
    def find(cls, connection: Connection, dataset: Dataset, changes: Sequence[MetadataChange]) -> _Images:
        named = {change.file_name for change in changes if change.file_name is not None}
        names = [name for name in named if "\0" not in name]  # which no database could hold
        ids = list({change.sample_id for change in changes if change.sample_id is not None})
        return cls(
            by_name={name: found.index for name, found in find_samples(connection, dataset.id, names).items()},
            by_id=indices_of(connection, dataset.id, ids),
        )

    @property
    def indices(self) -> list[int]:
        return sorted({*self.by_name.values(), *self.by_id.values()})

    def of(self, change: MetadataChange) -> tuple[int | None, str]:
        """The index of the image that a change names, None if there is none, and what it calls it."""
        if change.file_name is not None:
            return self.by_name.get(change.file_name), change.file_name
        name = change.sample_id or ""
        return self.by_id.get(name), name
