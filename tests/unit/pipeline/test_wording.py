from __future__ import annotations

import pytest

from swath.pipeline.wording import counted


@pytest.mark.parametrize(
    ("count", "noun", "plural", "expected"),
    [
        (1, "image", "", "1 image"),
        (0, "image", "", "0 images"),
        (2000, "image", "", "2,000 images"),
        (2, "entry", "entries", "2 entries"),
    ],
)
def test_things_are_counted_in_words(count: int, noun: str, plural: str, expected: str) -> None:
    assert counted(count, noun, plural) == expected
