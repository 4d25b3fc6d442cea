"""What a run chooses from, and what earlier runs chose, as rows of the run's own tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.earlier import EarlierValues
from swath.core.objects import ObjectTable
from swath.pipeline.image_work import ImageWork


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunUnits:
    """U candidates: objects, or images with the objects (R) that they would bring along.

    Without a table of objects there are no rows of it.
    """

    image_of: NDArray[np.int64]  # (U,) row of the image
    are_objects: bool
    rows: NDArray[np.int64]  # (R,) rows of the table; one for each unit where objects are chosen
    unit_of_row: NDArray[np.int64]  # (R,)

    def __len__(self) -> int:
        return len(self.image_of)


def object_units(table: ObjectTable, rows: NDArray[np.int64]) -> RunUnits:
    """Objects, given by their rows of the table."""
    return RunUnits(
        image_of=table.image_row[rows].astype(np.int64),
        are_objects=True,
        rows=rows,
        unit_of_row=np.arange(len(rows)),
    )


def image_units(images: NDArray[np.int64], table: ObjectTable | None, rows: NDArray[np.int64]) -> RunUnits:
    """Images, given by ascending rows, with objects that are all in one of them."""
    unit_of_row = np.zeros(0, np.int64) if table is None else np.searchsorted(images, table.image_row[rows])
    return RunUnits(image_of=images, are_objects=False, rows=rows, unit_of_row=unit_of_row)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EarlierUnits:
    """What counts as selected before (M): crops, or images, of which `row_of_image` are rows of the earlier values.

    `listed` are the rows of the same images in this run, -1 where its datasource does not have them any more.
    """

    values: EarlierValues
    are_objects: bool
    row_of_image: NDArray[np.int64]  # (M,)
    listed: NDArray[np.int64]  # (M,)

    def __len__(self) -> int:
        return len(self.row_of_image)


def earlier_units(
    values: EarlierValues, works: Sequence[ImageWork], *, have_objects: bool, are_objects: bool
) -> EarlierUnits:
    """The earlier crops, their images where a run with objects chooses images, or all images of a run without."""
    if are_objects:
        rows = values.image_of_crop.astype(np.int64)
    elif have_objects:
        rows = np.unique(values.image_of_crop).astype(np.int64)
    else:
        rows = np.arange(len(values.file_names))
    row_of_name = {work.key: work.row for work in works}
    listed = np.array([row_of_name.get(name, -1) for name in values.file_names], dtype=np.int64)
    return EarlierUnits(values=values, are_objects=are_objects, row_of_image=rows, listed=listed[rows])
