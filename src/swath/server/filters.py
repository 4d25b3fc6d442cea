"""From a filter as it is asked for to one that the columns of a dataset understand: names and ids become codes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.browsing import CategoryLabel, Membership, MetadataColumn, MetadataKind, SampleFilter
from swath.core.browsing.metadata import BOOLEANS
from swath.core.errors import InvalidConfig, NotFound
from swath.server.browsing import BrowsedDataset, NamedFilter
from swath.store.database import Store
from swath.store.hints import near_names
from swath.store.sample_columns import samples_named_like
from swath.store.sample_lookup import indices_of
from swath.store.selections import find_selection, selection_members
from swath.store.tags import Tag, find_tag, tag_members
from swath.wire.browsing import CategoryRef, FilterDocument, MetadataCondition, TagCondition

_BOUNDS = (
    "min_score",
    "max_score",
    "min_width",
    "max_width",
    "min_height",
    "max_height",
    "min_shorter_side",
    "max_shorter_side",
    "min_area",
    "max_area",
    "min_box_area",
    "max_box_area",
    "min_aspect_ratio",
    "max_aspect_ratio",
    "min_object_count",
    "max_object_count",
    "stale",
    "created_after",
    "created_before",
)
"""What is the same in both kinds of filter."""


def resolve_filter(store: Store, browsed: BrowsedDataset, asked: FilterDocument) -> NamedFilter:
    """The filter of a document for one dataset.

    Raises InvalidConfig for a category that its tasks and for metadata that its samples do not have, NotFound for a tag
    or a selection.
    """
    if asked == FilterDocument():
        return NamedFilter(key="", filter=SampleFilter())
    metadata = tuple(
        (condition.key, _metadata_mask(browsed, condition, f"filter.metadata[{place}]"))
        for place, condition in enumerate(asked.metadata)
    )
    with store.reading() as connection:
        tags = _tags(connection, browsed, asked.tags)
        return NamedFilter(
            key=_key(asked, tags.values()),
            filter=SampleFilter(
                **{name: getattr(asked, name) for name in _BOUNDS},
                categories=_category_codes(browsed, asked),
                runs=_run_codes(browsed, asked),
                parents=_parent_codes(connection, browsed, asked),
                metadata=metadata,
                members=tuple(_members(connection, browsed, asked, tags)),
                excluded=tuple(
                    _tag_members(connection, browsed, tags[name]) for name in (asked.tags.none_of if asked.tags else ())
                ),
            ),
        )


def tag_membership(store: Store, browsed: BrowsedDataset, tag: Tag) -> Membership:
    """The samples of a tag."""
    with store.reading() as connection:
        return _tag_members(connection, browsed, tag)


def _key(asked: FilterDocument, tags: Iterable[Tag]) -> str:
    digest = hashlib.sha256(asked.model_dump_json(exclude_defaults=True).encode())
    for tag in tags:
        digest.update(f" {tag.id} {tag.revision}".encode())
    return digest.hexdigest()


def _tags(connection: Connection, browsed: BrowsedDataset, condition: TagCondition | None) -> dict[str, Tag]:
    """All tags that are named, by what they are called here."""
    if condition is None:
        return {}
    names = (*(condition.any_of or ()), *condition.all_of, *condition.none_of)
    return {name: find_tag(connection, browsed.dataset.id, name) for name in dict.fromkeys(names)}


def _category_codes(browsed: BrowsedDataset, asked: FilterDocument) -> frozenset[int] | None:
    if asked.categories is None:
        return None
    codes: set[int] = set()
    for wanted in asked.categories:
        found = {code for code, category in enumerate(browsed.columns.categories) if _is_meant(wanted, category)}
        if not found:
            raise _unknown_category(browsed, wanted)
        codes |= found
    return frozenset(codes)


def _is_meant(wanted: str | CategoryRef, category: CategoryLabel) -> bool:
    if isinstance(wanted, str):
        return wanted == category.name
    return wanted.category_id == category.category_id and wanted.task in (None, category.task)


def _unknown_category(browsed: BrowsedDataset, wanted: str | CategoryRef) -> InvalidConfig:
    if isinstance(wanted, str):
        shown = wanted
        names = sorted({category.name for category in browsed.columns.categories if category.name is not None})
        hint = near_names(wanted, names, "category")
    else:
        shown = str(wanted.category_id) if wanted.task is None else f"{wanted.category_id} of task {wanted.task}"
        hint = "Names will do as well as ids."
    return InvalidConfig(
        f"dataset `{browsed.dataset.name}` has no category `{shown}`", field="filter.categories", hint=hint
    )


def _run_codes(browsed: BrowsedDataset, asked: FilterDocument) -> frozenset[int] | None:
    if asked.runs is None:
        return None
    wanted = set(asked.runs)
    return frozenset(code for code, run_id in enumerate(browsed.columns.run_ids) if run_id in wanted)


def _parent_codes(connection: Connection, browsed: BrowsedDataset, asked: FilterDocument) -> frozenset[int] | None:
    if asked.parents is None:
        return None
    found = indices_of(connection, browsed.dataset.parent_id or "", asked.parents)
    return frozenset(found.values())


def _metadata_mask(browsed: BrowsedDataset, asked: MetadataCondition, field: str) -> NDArray[np.bool_]:
    """The samples (N,) that satisfy one condition. Raises InvalidConfig for a key or for values of another kind."""
    column = browsed.metadata_column(asked.key, field=f"{field}.key")
    is_number = column.kind is MetadataKind.NUMBER
    if is_number and asked.any_of is not None:
        raise InvalidConfig(f"metadata `{asked.key}` is numbers", field=f"{field}.any_of", hint="Give `min` and `max`.")
    if not is_number and asked.any_of is None:
        kind = "booleans" if column.kind is MetadataKind.BOOLEAN else "texts"
        raise InvalidConfig(f"metadata `{asked.key}` is {kind}", field=f"{field}", hint="List values in `any_of`.")

    def find() -> NDArray[np.bool_]:
        if asked.any_of is None:
            return column.in_range(asked.min, asked.max)
        return column.any_of([label for value in asked.any_of for label in _labels(column, value)])

    return browsed.kept_array(("metadata mask", asked.model_dump_json()), find)


def _labels(column: MetadataColumn, value: str | bool) -> tuple[str, ...]:
    """What a value is called in a column; nothing for a text where there are booleans: they are no texts."""
    if isinstance(value, bool):
        return (BOOLEANS[value],)
    return () if column.kind is MetadataKind.BOOLEAN else (value,)


def _members(
    connection: Connection, browsed: BrowsedDataset, asked: FilterDocument, tags: dict[str, Tag]
) -> Iterable[Membership]:
    """The sets that a sample has to be in."""
    if asked.tags is not None:
        for name in asked.tags.all_of:
            yield _tag_members(connection, browsed, tags[name])
        if asked.tags.any_of is not None:
            union = np.zeros(len(browsed), dtype=np.bool_)
            for name in asked.tags.any_of:
                union[_tag_members(connection, browsed, tags[name])] = True
            yield union
    if asked.file_name is not None:
        part = asked.file_name
        yield browsed.kept_array(
            ("file name", part),
            lambda: _within(samples_named_like(connection, browsed.dataset.id, part), browsed),
        )
    if asked.selection_id is not None:
        yield members_of_selection(connection, browsed, asked.selection_id)


def members_of_selection(connection: Connection, browsed: BrowsedDataset, selection_id: str) -> NDArray[np.int32]:
    """The samples (M,) of a selection of this dataset. Raises NotFound."""

    def read() -> NDArray[np.int32]:
        selection = find_selection(connection, selection_id)
        if selection.dataset_id != browsed.dataset.id:
            raise NotFound(f"dataset `{browsed.dataset.name}` has no selection `{selection_id}`")
        return _within(selection_members(connection, selection), browsed)

    return browsed.kept_array(("selection", selection_id), read)


def _tag_members(connection: Connection, browsed: BrowsedDataset, tag: Tag) -> Membership:
    if tag.is_initial:
        return np.ones(len(browsed), dtype=np.bool_)
    return browsed.kept_array(("tag", tag.id, tag.revision), lambda: _within(tag_members(connection, tag), browsed))


def _within(members: NDArray[np.integer], browsed: BrowsedDataset) -> NDArray[np.int32]:
    """Those of ascending indices that the columns know: the others were committed since these were read."""
    return members[: np.searchsorted(members, len(browsed))].astype(np.int32)
