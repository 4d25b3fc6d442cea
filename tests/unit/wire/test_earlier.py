"""What earlier runs selected comes out of a document as it went in, and nothing else is taken for it."""

from __future__ import annotations

import numpy as np
import pytest

from swath.core.earlier import AttachedValues, EarlierValues, nothing_earlier
from swath.core.errors import InvalidConfig
from swath.core.scoring import ScoreColumns
from swath.wire.columns import read_columns, write_columns
from swath.wire.earlier import read_attached, read_earlier_values, write_attached, write_earlier_values


def carried(earlier: EarlierValues) -> EarlierValues:
    return read_earlier_values(read_columns(write_earlier_values(earlier), what="it"))


def test_values_come_back_as_they_were() -> None:
    earlier = EarlierValues(
        file_names=("ü.jpg", "b\udcff.jpg"),
        image_sizes=np.array([[640, 480, 1 << 40], [1, 2, 3]], dtype=np.int64),
        image_scores=ScoreColumns(names=(("wheels/big", "entropy"),), values=np.array([[0.25], [np.nan]])),
        image_of_crop=np.array([1, 1, 0], dtype=np.int32),
        category_ids=np.array([7, 0, 2], dtype=np.int32),
        crop_sizes=np.array([[1, 2], [3, 4], [5, 6]], dtype=np.int32),
        crop_scores=ScoreColumns(names=(), values=np.empty((3, 0))),
    )
    found = carried(earlier)
    assert found.file_names == earlier.file_names
    assert found.image_scores.names == earlier.image_scores.names
    assert found.crop_scores.values.shape == (3, 0)
    for name in ("image_sizes", "image_of_crop", "category_ids", "crop_sizes"):
        np.testing.assert_array_equal(getattr(found, name), getattr(earlier, name))
    np.testing.assert_array_equal(found.image_scores.values, earlier.image_scores.values)
    assert carried(nothing_earlier()).file_names == ()


def test_what_was_attached_comes_back_as_it_was() -> None:
    attached = AttachedValues(keys=("a", "é.b"), of_image={"ü.jpg": {"a": 1.5, "é.b": "x"}, "c.jpg": {"a": True}})
    found = read_attached(read_columns(write_attached(attached), what="it"))
    assert (found.keys, found.of_image) == (attached.keys, attached.of_image)


@pytest.mark.parametrize("names", [None, {}, [["a"]], [["a", 1]], ["ab"]])
def test_a_head_that_names_no_scores_is_refused(names: object) -> None:
    good = read_columns(write_earlier_values(nothing_earlier()), what="it")
    columns = {name: good.arrays[name] for name in good.arrays if "." not in name}
    document = write_columns({**columns, "file_name": ()}, {"image_scores": names, "crop_scores": []})
    with pytest.raises(InvalidConfig, match="names no scores"):
        read_earlier_values(read_columns(document, what="it"))


def test_values_that_are_not_json_are_refused() -> None:
    document = write_columns({"key": ("a",), "file_name": ("a.jpg",), "values": ("{",)})
    with pytest.raises(InvalidConfig, match="not JSON"):
        read_attached(read_columns(document, what="it"))
