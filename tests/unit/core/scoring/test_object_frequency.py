"""How much there is to see is counted by category and compared with the other images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.scoring import object_frequency


def frequency(objects: list[tuple[int, int]], image_count: int, **options: float) -> Any:
    """Of objects given as (image, category)."""
    images = np.array([image for image, _ in objects], dtype=np.int64)
    categories = np.array([category for _, category in objects], dtype=np.int32)
    return object_frequency(images, categories, image_count=image_count, **options)


def test_values_computed_by_hand() -> None:
    # Image 0: two of category 0 and one of 1: 1.25 + 1; image 1: nothing; image 2: one.
    found = frequency([(0, 0), (0, 0), (0, 1), (2, 5)], 3)
    assert found == pytest.approx([1.0, 0.9, 0.9 + 0.1 * 1 / 2.25])


def test_penalty_and_least_score_can_be_set() -> None:
    found = frequency([(0, 0), (0, 0), (0, 0), (1, 0), (2, 0), (2, 0)], 3, frequency_penalty=1.0, min_score=0.0)
    assert found == pytest.approx([1.0, 0.0, 0.5])


def test_equal_images_all_have_1() -> None:
    assert frequency([(0, 0), (1, 1)], 2).tolist() == [1.0, 1.0]
    assert frequency([], 2).tolist() == [1.0, 1.0]
    assert frequency([], 0).tolist() == []


@pytest.mark.parametrize("options", [{"frequency_penalty": -0.1}, {"frequency_penalty": 1.5}, {"min_score": 2.0}])
def test_parameters_outside_0_to_1_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must lie from 0 to 1"):
        frequency([(0, 0)], 1, **options)


@given(
    objects=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=20),
    categories=st.permutations(range(4)),
    data=st.data(),
)
def test_neither_the_order_of_objects_nor_of_categories_has_a_say(
    objects: list[tuple[int, int]], categories: list[int], data: Any
) -> None:
    found = frequency(objects, 5)
    assert ((found >= 0.9) & (found <= 1)).all()
    other = [(image, categories[category]) for image, category in data.draw(st.permutations(objects))]
    assert (frequency(other, 5) == found).all()
