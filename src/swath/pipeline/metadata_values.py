"""Metadata as numbers and categories of a run's units: what the run measures, and what people attached to images."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from swath.core.browsing.metadata import Scalar, scalar_text
from swath.core.candidates import CategoryValues, NumberValues
from swath.core.earlier import AttachedValues
from swath.core.errors import InvalidConfig
from swath.pipeline.known_metadata import crop_number, image_number
from swath.pipeline.run_units import EarlierUnits, RunUnits


def measured(
    key: str,
    units: RunUnits,
    earlier: EarlierUnits,
    *,
    image_sizes: NDArray[np.int64],
    crop_sizes: NDArray[np.int64],
) -> NumberValues:
    """A number that the run knows by itself: of the crops of objects, or of images."""
    if units.are_objects:
        return NumberValues(
            values=crop_number(key, crop_sizes),
            preselected=crop_number(key, earlier.values.crop_sizes.astype(np.int64)),
        )
    return NumberValues(
        values=image_number(key, image_sizes[units.image_of]),
        preselected=image_number(key, earlier.values.image_sizes[earlier.row_of_image]),
    )


def attached_numbers(
    key: str,
    attached: AttachedValues,
    units: RunUnits,
    earlier: EarlierUnits,
    *,
    image_names: Sequence[str],
    place: str,
) -> NumberValues:
    """A number that people attached to images, NaN where they did not; a boolean is 0 or 1.

    Raises InvalidConfig where all there is under the key are texts.
    """
    texts = [values[key] for values in attached.of_image.values() if isinstance(values.get(key), str)]
    if texts and len(texts) == sum(key in values for values in attached.of_image.values()):
        raise InvalidConfig(
            f"`{place}.input.key`: metadata `{key}` holds texts like `{texts[0]}`, and a number is needed",
            field=f"{place}.input.key",
            hint="`balance` takes texts.",
        )

    def number(name: str) -> float:
        value = attached.of_image.get(name, {}).get(key)
        return float("nan") if value is None or isinstance(value, str) else float(value)

    return NumberValues(
        values=_of_images(number, image_names, units.image_of),
        preselected=_of_images(number, earlier.values.file_names, earlier.row_of_image),
    )


def attached_categories(
    key: str,
    attached: AttachedValues,
    units: RunUnits,
    earlier: EarlierUnits,
    *,
    image_names: Sequence[str],
) -> CategoryValues:
    """What people attached to images as one category each, by its text; none where they attached nothing."""
    values: dict[str, Scalar] = {name: found[key] for name, found in attached.of_image.items() if key in found}
    names = tuple(sorted({scalar_text(value) for value in values.values()}))
    place_of = {name: place for place, name in enumerate(names)}

    def place(name: str) -> float:
        return place_of[scalar_text(values[name])] if name in values else -1

    of_unit = _of_images(place, image_names, units.image_of).astype(np.int32)
    before = _of_images(place, earlier.values.file_names, earlier.row_of_image).astype(np.int64)
    has_one = of_unit >= 0
    return CategoryValues(
        names=names,
        starts=np.concatenate([np.zeros(1, np.int64), np.cumsum(has_one)]),
        categories=of_unit[has_one],
        amounts=np.ones(int(has_one.sum())),
        preselected=np.bincount(before[before >= 0], minlength=len(names)).astype(np.float64),
    )


def _of_images(value_of: Callable[[str], float], names: Sequence[str], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """A value for each row of images, which is found once for each image."""
    images, place = np.unique(rows, return_inverse=True)
    found = np.array([value_of(names[row]) for row in images.tolist()], dtype=np.float64)
    result: NDArray[np.float64] = found[place.reshape(-1)]
    return result
