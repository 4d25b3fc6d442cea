"""Which objects of one image are cropped, and where: boxes against the image, then the optional filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.boxes import judge_boxes, suppress_overlaps, visible_short_sides
from swath.core.crops import crop_rectangles
from swath.core.errors import InvalidConfig
from swath.core.objects import BoxOutcome
from swath.core.predictions import TaskSchema
from swath.wire.run_config import ObjectLevelConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRules:
    """How objects are cropped and which are left out; None switches a filter off."""

    padding: float
    min_score: float | None
    category_ids: frozenset[int] | None
    min_size: float | None
    max_overlap: float | None


NO_FILTERS = ObjectRules(padding=0.0, min_score=None, category_ids=None, min_size=None, max_overlap=None)
"""What a run without any option does to boxes."""


def resolve_object_rules(config: ObjectLevelConfig, schema: TaskSchema) -> ObjectRules:
    """Turn names into ids. A category may be given by name or by id; an unknown one raises InvalidConfig."""
    return ObjectRules(
        padding=config.padding,
        min_score=config.min_score,
        category_ids=None if config.categories is None else _category_ids(config.categories, schema),
        min_size=config.min_size,
        max_overlap=config.max_overlap,
    )


def judge_objects(
    corners: NDArray[np.float64],
    scores: NDArray[np.float64],
    category_ids: NDArray[np.int32],
    *,
    width: int,
    height: int,
    rules: ObjectRules,
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Outcomes (N,) and crop rectangles (N, 4) of the objects of one image; zeros where nothing is cropped.

    `min_size` is about the part of the box inside the image. Overlap is judged last, among what is left, so an object
    that another filter took away removes nothing.
    """
    outcome = judge_boxes(corners, width=width, height=height)
    kept = outcome <= BoxOutcome.CLIPPED
    passes = np.ones(len(corners), dtype=np.bool_)
    if rules.min_score is not None:
        passes &= scores >= rules.min_score  # a missing score (NaN) passes no threshold
    if rules.category_ids is not None:
        passes &= np.isin(category_ids, list(rules.category_ids))
    if rules.min_size is not None:
        passes &= visible_short_sides(corners, width=width, height=height) >= rules.min_size
    if rules.max_overlap is not None:
        rows = np.flatnonzero(kept & passes)
        passes[rows] = suppress_overlaps(corners[rows], scores[rows], rules.max_overlap)
    outcome[kept & ~passes] = BoxOutcome.FILTERED
    rects = crop_rectangles(corners, padding=rules.padding, width=width, height=height)
    rects[outcome > BoxOutcome.CLIPPED] = 0
    return outcome, rects


def _category_ids(wanted: Sequence[str], schema: TaskSchema) -> frozenset[int]:
    by_name = {category.name: category.id for category in schema.categories}
    by_id = {str(category.id): category.id for category in schema.categories}
    ids = []
    for name in wanted:
        found = by_name.get(name, by_id.get(name))
        if found is None:
            listed = ", ".join(f"`{known}`" for known in list(by_name)[:30])
            raise InvalidConfig(
                f"Task `{schema.task_name}` has no category `{name}`",
                field="object_level.categories",
                hint=f"its categories are {listed}.",
            )
        ids.append(found)
    return frozenset(ids)
