"""Where prediction files lie."""

from __future__ import annotations

import pytest

from swath.formats.lightly.locations import (
    TASKS_KEY,
    images_by_prediction_key,
    prediction_key,
    schema_key,
    without_extension,
)


def test_tasks_and_schema_lie_at_fixed_places() -> None:
    assert TASKS_KEY == ".lightly/predictions/tasks.json"
    assert schema_key("vehicles") == ".lightly/predictions/vehicles/schema.json"


@pytest.mark.parametrize(
    ("image_key", "stem"),
    [
        ("a.jpg", "a"),
        ("sub/dir/a.JPEG", "sub/dir/a"),
        ("v1.0/a.b.c.png", "v1.0/a.b.c"),
        ("v1.0/noextension", "v1.0/noextension"),
        ("aNother-weird__ filename.with.many.characters.tif", "aNother-weird__ filename.with.many.characters"),
        ("Straße/Ünïcödé \U0001f697.webp", "Straße/Ünïcödé \U0001f697"),
        ("dir/.hidden", "dir/.hidden"),
        ("dir/.hidden.jpg", "dir/.hidden"),
        ("dir/..jpg", "dir/..jpg"),
        ("trailing./a..jpg", "trailing./a."),
        ("video-042-mp4.png", "video-042-mp4"),
    ],
)
def test_a_prediction_file_is_named_after_its_image_without_the_last_extension(image_key: str, stem: str) -> None:
    assert without_extension(image_key) == stem
    assert prediction_key("my/task", image_key) == f".lightly/predictions/my/task/{stem}.json"


def test_images_that_differ_only_in_the_extension_share_a_prediction_file() -> None:
    images = images_by_prediction_key("t", ["x/a.png", "x/b.png", "x/a.jpg"])
    assert images == {
        ".lightly/predictions/t/x/a.json": ["x/a.png", "x/a.jpg"],
        ".lightly/predictions/t/x/b.json": ["x/b.png"],
    }
