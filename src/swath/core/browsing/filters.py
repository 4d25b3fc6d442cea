"""Which samples pass a filter. Every constraint is one mask; a sample passes if all of them hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from swath.core.browsing.columns import SampleColumns

Membership: TypeAlias = NDArray[np.bool_] | NDArray[np.integer[Any]]
"""A set of samples: a mask (N,) or sample indices in any order, none twice."""


class Constraint(StrEnum):
    """What a filter can ask for, one name for each mask. `PREDICTION` is category and score of images, which only
    mean something together: one prediction must satisfy both."""

    CATEGORY = "category"
    SCORE = "score"
    PREDICTION = "prediction"
    WIDTH = "width"
    HEIGHT = "height"
    SHORTER_SIDE = "shorter_side"
    AREA = "area"
    BOX_AREA = "box_area"
    ASPECT_RATIO = "aspect_ratio"
    OBJECT_COUNT = "object_count"
    STALE = "stale"
    RUN = "run"
    CREATED = "created"
    PARENT = "parent"
    MEMBERS = "members"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataConstraint:
    """What a filter asks of one key of the metadata."""

    key: str


AnyConstraint: TypeAlias = Constraint | MetadataConstraint


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleFilter:
    """What samples must satisfy. None (or an empty tuple of sets) asks for nothing; an empty set of codes admits
    no sample.

    Ranges include both ends; bounds on `score` and `box_area` are rounded to float32 like the columns, so a bound
    of 0.9 admits a score of 0.9. What is NaN satisfies no bound. Codes that no sample has are allowed.
    """

    categories: frozenset[int] | None = None  # any of these
    min_score: float | None = None
    max_score: float | None = None
    min_width: int | None = None  # pixels
    max_width: int | None = None
    min_height: int | None = None
    max_height: int | None = None
    min_shorter_side: int | None = None
    max_shorter_side: int | None = None
    min_area: int | None = None  # square pixels
    max_area: int | None = None
    min_box_area: float | None = None  # share of the image, 0 to 1
    max_box_area: float | None = None
    min_aspect_ratio: float | None = None  # width / height
    max_aspect_ratio: float | None = None
    min_object_count: int | None = None
    max_object_count: int | None = None
    stale: bool | None = None
    runs: frozenset[int] | None = None  # any of these
    created_after: int | None = None  # milliseconds since 1970, inclusive
    created_before: int | None = None  # inclusive
    parents: frozenset[int] | None = None  # any of these codes
    metadata: tuple[tuple[str, NDArray[np.bool_]], ...] = ()  # keys, and the samples that have what is asked of them
    members: tuple[Membership, ...] = ()  # in every one of these
    excluded: tuple[Membership, ...] = ()  # in none of these


def mask(columns: SampleColumns, sample_filter: SampleFilter) -> NDArray[np.bool_]:
    """Which samples pass: a new mask (N,)."""
    passing = np.ones(len(columns), dtype=np.bool_)
    for satisfied in constraint_masks(columns, sample_filter).values():
        passing &= satisfied
    return passing


def constraint_masks(columns: SampleColumns, sample_filter: SampleFilter) -> dict[AnyConstraint, NDArray[np.bool_]]:
    """The mask (N,) of every constraint that the filter makes, and of no other."""
    asked = sample_filter
    masks: dict[AnyConstraint, NDArray[np.bool_]] = dict(_category_and_score_masks(columns, asked).items())
    ranges: tuple[tuple[Constraint, float | None, float | None, Callable[[], NDArray[Any]]], ...] = (
        (Constraint.WIDTH, asked.min_width, asked.max_width, lambda: columns.width),
        (Constraint.HEIGHT, asked.min_height, asked.max_height, lambda: columns.height),
        (Constraint.SHORTER_SIDE, asked.min_shorter_side, asked.max_shorter_side, lambda: shorter_sides(columns)),
        (Constraint.AREA, asked.min_area, asked.max_area, lambda: areas(columns)),
        (Constraint.BOX_AREA, asked.min_box_area, asked.max_box_area, lambda: columns.box_area),
        (Constraint.ASPECT_RATIO, asked.min_aspect_ratio, asked.max_aspect_ratio, lambda: aspect_ratios(columns)),
        (Constraint.OBJECT_COUNT, asked.min_object_count, asked.max_object_count, lambda: columns.object_count),
        (Constraint.CREATED, asked.created_after, asked.created_before, lambda: columns.created_at),
    )
    for ranged, low, high, values in ranges:
        if low is not None or high is not None:
            masks[ranged] = _in_range(values(), low, high)
    if asked.stale is not None:
        masks[Constraint.STALE] = columns.stale == asked.stale
    if asked.runs is not None:
        masks[Constraint.RUN] = _any_of(columns.run, asked.runs, code_count=len(columns.run_ids))
    if asked.parents is not None:
        parent_count = int(columns.parent.max(initial=-1)) + 1
        masks[Constraint.PARENT] = _any_of(columns.parent, asked.parents, code_count=parent_count)
    for key, satisfied in asked.metadata:
        constraint = MetadataConstraint(key=key)
        masks[constraint] = masks[constraint] & satisfied if constraint in masks else satisfied
    if asked.members:
        masks[Constraint.MEMBERS] = np.logical_and.reduce([_as_mask(m, len(columns)) for m in asked.members])
    if asked.excluded:
        masks[Constraint.EXCLUDED] = ~np.logical_or.reduce([_as_mask(m, len(columns)) for m in asked.excluded])
    return masks


def shorter_sides(columns: SampleColumns) -> NDArray[np.int32]:
    """The shorter of width and height (N,), in pixels."""
    return np.minimum(columns.width, columns.height)


def areas(columns: SampleColumns) -> NDArray[np.int64]:
    """Width times height (N,), in square pixels."""
    return np.multiply(columns.width, columns.height, dtype=np.int64)


def aspect_ratios(columns: SampleColumns) -> NDArray[np.float64]:
    """Width over height (N,); NaN where either is 0, for such a sample has no shape."""
    ratios = np.full(len(columns), np.nan)
    has_shape = (columns.width > 0) & (columns.height > 0)
    np.divide(columns.width, columns.height, out=ratios, where=has_shape)
    return ratios


def predictions_of_categories(columns: SampleColumns, sample_filter: SampleFilter) -> NDArray[np.bool_] | None:
    """Which predictions (P,) are of an admitted category; None if the filter names none."""
    if sample_filter.categories is None:
        return None
    return _any_of(columns.prediction_category, sample_filter.categories, code_count=len(columns.categories))


def predictions_of_scores(columns: SampleColumns, sample_filter: SampleFilter) -> NDArray[np.bool_] | None:
    """Which predictions (P,) have an admitted score; None if the filter bounds none."""
    if sample_filter.min_score is None and sample_filter.max_score is None:
        return None
    return _in_range(columns.prediction_score, sample_filter.min_score, sample_filter.max_score)


def _category_and_score_masks(columns: SampleColumns, asked: SampleFilter) -> dict[Constraint, NDArray[np.bool_]]:
    if columns.has_predictions:
        matching = [predictions_of_categories(columns, asked), predictions_of_scores(columns, asked)]
        asked_for = [one for one in matching if one is not None]
        if not asked_for:
            return {}
        satisfied = np.zeros(len(columns), dtype=np.bool_)
        satisfied[columns.prediction_sample.compress(np.logical_and.reduce(asked_for))] = True
        return {Constraint.PREDICTION: satisfied}
    masks = {}
    if asked.categories is not None:
        masks[Constraint.CATEGORY] = _any_of(columns.category, asked.categories, code_count=len(columns.categories))
    if asked.min_score is not None or asked.max_score is not None:
        masks[Constraint.SCORE] = _in_range(columns.score, asked.min_score, asked.max_score)
    return masks


def _in_range(values: NDArray[Any], low: float | None, high: float | None) -> NDArray[np.bool_]:
    # A bound that float32 cannot hold becomes infinite, which compares as it should.
    with np.errstate(over="ignore"):
        if low is None:
            return values <= high
        if high is None:
            return values >= low
        return (values >= low) & (values <= high)


def _any_of(codes: NDArray[Any], admitted: Iterable[int], *, code_count: int) -> NDArray[np.bool_]:
    """By a table with one entry more than there are codes: NO_CODE, -1, finds that last one, which is never set."""
    is_admitted = np.zeros(code_count + 1, dtype=np.bool_)
    is_admitted[[code for code in admitted if 0 <= code < code_count]] = True
    return is_admitted.take(codes, mode="wrap")


def _as_mask(membership: Membership, count: int) -> NDArray[np.bool_]:
    if membership.dtype == np.bool_:
        if membership.shape != (count,):
            raise ValueError(f"a mask of {count} samples must have shape ({count},), got {membership.shape}")
        return membership.view(np.bool_)
    is_member = np.zeros(count, dtype=np.bool_)
    is_member[membership] = True
    return is_member
