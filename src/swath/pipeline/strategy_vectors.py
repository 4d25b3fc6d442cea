"""Vectors for strategies that compare something else than the units of a run themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from swath.core.candidates import VectorValues
from swath.core.objects import BoxOutcome
from swath.pipeline.input_plan import InputPlan, input_of
from swath.pipeline.run_units import EarlierUnits, RunUnits
from swath.pipeline.run_vectors import RunVectors
from swath.wire.run_config import EmbeddingsInput


def strategy_vectors(
    plan: InputPlan,
    units: RunUnits,
    earlier: EarlierUnits,
    vectors: RunVectors,
    earlier_images: Callable[[], NDArray[np.float16]],
) -> Mapping[int, VectorValues]:
    """By the number of the strategy; those that compare the units' own vectors are left out.

    `earlier_images` answers the vectors (I, D) of the images of the earlier values.
    """
    found: dict[int, VectorValues] = {}
    for number, strategy in enumerate(plan.config.selection.strategies):
        given = input_of(strategy)
        if not isinstance(given, EmbeddingsInput) or given.of == "units":
            continue
        if given.of == "images" and plan.own_task is not None:
            found[number] = _of_images(units, earlier, vectors, earlier_images())
        elif given.of == "objects":
            task = plan.task_of(given, f"selection.strategies[{number}]")
            if task != plan.own_task:
                found[number] = _of_objects(task, units, vectors)
    return found


def _of_images(
    units: RunUnits, earlier: EarlierUnits, vectors: RunVectors, before: NDArray[np.float16]
) -> VectorValues:
    """The vector of the image that each unit is, or is in; of earlier selections each image once."""
    return VectorValues(
        vectors=vectors.of_images[units.image_of],
        unit_of_row=None,
        preselected=before[np.unique(earlier.row_of_image)],
    )


def _of_objects(task: str, units: RunUnits, vectors: RunVectors) -> VectorValues:
    """The objects of a named task in the images that are chosen from. Those of earlier selections are not kept."""
    table, of_objects = vectors.of_task(task)
    rows = np.flatnonzero((table.outcome <= BoxOutcome.CLIPPED) & np.isin(table.image_row, units.image_of))
    return VectorValues(
        vectors=of_objects[rows],
        unit_of_row=np.searchsorted(units.image_of, table.image_row[rows]),
        preselected=of_objects[:0],
    )
