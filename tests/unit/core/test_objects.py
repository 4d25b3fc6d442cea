"""Object keys and the object table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.objects import ObjectTable, object_keys, rank_of_keys

DIGEST = bytes(range(32))


def keys_of(
    boxes: list[list[float]], categories: list[int] | None = None, *, digest: bytes = DIGEST, task: str = "vehicles"
) -> list[bytes]:
    keys = object_keys(
        image_digest=digest,
        task_name=task,
        category_ids=np.array(categories or [0] * len(boxes), dtype=np.int32),
        corners=np.array(boxes, dtype=np.float64).reshape(-1, 4),
    )
    assert keys.shape == (len(boxes), 16)
    assert keys.dtype == np.uint8
    return [row.tobytes() for row in keys]


BOX = [1.0, 2.0, 3.0, 4.0]


def test_a_key_follows_image_task_category_and_box() -> None:
    different = [
        *keys_of([BOX]),
        *keys_of([BOX], digest=bytes(32)),
        *keys_of([BOX], task="people"),
        *keys_of([BOX], [1]),
        *keys_of([[1.0, 2.0, 3.0, 4.5]]),
    ]
    assert len(set(different)) == len(different)


def test_equal_boxes_are_told_apart_by_how_many_came_before() -> None:
    first, second, third = keys_of([BOX, BOX, BOX])
    assert len({first, second, third}) == 3
    assert keys_of([BOX, BOX]) == [first, second]


def test_the_same_box_of_another_category_is_not_a_repetition() -> None:
    assert keys_of([BOX, BOX], [0, 1])[1] == keys_of([BOX], [1])[0]


@given(st.permutations(range(5)))
def test_the_order_of_the_file_does_not_change_the_keys(order: list[int]) -> None:
    boxes = [[float(row), 0.0, row + 5.0, 9.0] for row in range(5)]
    assert keys_of([boxes[row] for row in order]) == [keys_of(boxes)[row] for row in order]


def test_minus_zero_is_zero() -> None:
    assert keys_of([[-0.0, 0.0, 5.0, 5.0]]) == keys_of([[0.0, 0.0, 5.0, 5.0]])


def test_a_task_name_of_any_text_has_keys() -> None:
    assert keys_of([BOX], task="Fu\u00dfg\u00e4nger \ud800") != keys_of([BOX])


def test_no_objects_have_no_keys() -> None:
    assert keys_of([]) == []


@given(st.lists(st.binary(min_size=16, max_size=16), max_size=40))
def test_rank_is_the_place_in_byte_order_and_stable(keys: list[bytes]) -> None:
    array = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(-1, 16)
    order = sorted(range(len(keys)), key=lambda row: (keys[row], row))
    assert np.argsort(rank_of_keys(array)).tolist() == order


def table(length: int, **columns: np.ndarray) -> ObjectTable:
    plain = {
        "image_row": np.arange(length, dtype=np.int32),
        "position": np.arange(length, dtype=np.int32),
        "category_id": np.zeros(length, dtype=np.int32),
        "score": np.linspace(0, 1, length),
        "corners": np.arange(length * 4, dtype=np.float64).reshape(-1, 4),
        "crop_rects": np.zeros((length, 4), dtype=np.int32),
        "outcome": np.zeros(length, dtype=np.uint8),
        "key": np.zeros((length, 16), dtype=np.uint8),
    }
    return ObjectTable(**(plain | columns))


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        table(3, score=np.zeros(2))


def test_taking_rows_keeps_every_column_aligned() -> None:
    taken = table(4).take(np.array([2, 0]))
    assert len(taken) == 2
    assert taken.image_row.tolist() == [2, 0]
    assert taken.corners[:, 0].tolist() == [8, 0]
    assert table(4).take(np.array([True, False, False, True])).position.tolist() == [0, 3]
