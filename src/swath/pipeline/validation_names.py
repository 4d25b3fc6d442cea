"""Finds the image that a misnamed prediction file was probably meant for."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from swath.formats.lightly.locations import task_prefix, without_extension


class NameMatcher:
    """Compares names but for case, for how accents are composed, and for an extension kept (`a.jpg.json`)."""

    def __init__(self, image_keys: Sequence[str]) -> None:
        self._image_keys = image_keys
        self._images: dict[str, str] | None = None

    def nearest(self, task_name: str, key: str) -> str | None:
        """The first image, by name, whose prediction file `key` could be; None if no name is that close."""
        if self._images is None:
            # Made when first needed: most datasources have no file without an image.
            self._images = {}
            for image_key in self._image_keys:
                for name in (image_key, without_extension(image_key)):
                    self._images.setdefault(_folded(name), image_key)
        return self._images.get(_folded(key.removeprefix(task_prefix(task_name)).removesuffix(".json")))


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
