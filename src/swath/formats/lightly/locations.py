"""Where predictions lie in a datasource: `.lightly/predictions/<task>/<image path without its last extension>.json`."""

from __future__ import annotations

from collections.abc import Iterable

PREDICTIONS_PREFIX = ".lightly/predictions/"

TASKS_KEY = f"{PREDICTIONS_PREFIX}tasks.json"


def task_prefix(task_name: str) -> str:
    """What the keys of all files of a task start with."""
    return f"{PREDICTIONS_PREFIX}{task_name}/"


def schema_key(task_name: str) -> str:
    """The key of a task's `schema.json`."""
    return f"{task_prefix(task_name)}schema.json"


def prediction_key(task_name: str, image_key: str) -> str:
    """The key of an image's prediction file.

    Only the last extension goes (`a.v1.JPG` → `a.v1.json`), so `a.png` and `a.jpg` in one folder share a file; its
    `file_name` says which of them it is for. A video frame's image key has the frame's name already.
    """
    return f"{task_prefix(task_name)}{without_extension(image_key)}.json"


def without_extension(image_key: str) -> str:
    """The key without the last extension of its last part; a leading dot is not an extension (`.hidden`)."""
    folder, slash, name = image_key.rpartition("/")
    leading_dots = len(name) - len(name.lstrip("."))
    stem, dot, _ = name[leading_dots:].rpartition(".")
    return f"{folder}{slash}{name[:leading_dots]}{stem}" if dot else image_key


def images_by_prediction_key(task_name: str, image_keys: Iterable[str]) -> dict[str, list[str]]:
    """The images each prediction key is for, in the order given.

    A key with two images is shared by them; a prediction file whose key is not in here has no image.
    """
    images: dict[str, list[str]] = {}
    for image_key in image_keys:
        images.setdefault(prediction_key(task_name, image_key), []).append(image_key)
    return images
