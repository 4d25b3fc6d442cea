"""`schema.json`: the type and the categories of one prediction task."""

from __future__ import annotations

import difflib
from typing import Any, NoReturn

import orjson

from swath.core.errors import InvalidPredictions
from swath.core.predictions import Category, TaskSchema, TaskType
from swath.formats.json_text import is_integer, load_document, shown

MAX_CATEGORY_ID = 2**31 - 1
"""Category ids are kept as 32-bit integers."""


def parse_schema(data: bytes, file: str, task_name: str) -> TaskSchema:
    """The schema of a task. Raises InvalidPredictions that names the first wrong place.

    `task_description` is read as the old name of `task_type`; keys nobody knows are left alone; ids may have gaps.
    """
    return _SchemaReader(file).read(load_document(data, file), task_name)


class _SchemaReader:
    """Reads the parts of one schema document; every complaint names the file."""

    def __init__(self, file: str) -> None:
        self._file = file

    def _refuse(self, json_path: str, value: Any, expected: str, *, hint: str = "", absent: bool = False) -> NoReturn:
        raise InvalidPredictions(
            file=self._file,
            json_path=json_path,
            value="nothing" if absent else shown(value),
            expected=expected,
            hint=hint,
        )

    def read(self, document: Any, task_name: str) -> TaskSchema:
        if not isinstance(document, dict):
            self._refuse("$", document, "an object with `task_type` and `categories`")
        return TaskSchema(
            task_name=task_name,
            task_type=self._task_type(document),
            categories=self._categories(document),
        )

    def _task_type(self, document: dict[str, Any]) -> TaskType:
        key = "task_description" if "task_type" not in document and "task_description" in document else "task_type"
        allowed = [str(task_type) for task_type in TaskType]
        expected = f"one of {', '.join(f'`{name}`' for name in allowed)}"
        if key not in document:
            self._refuse("$.task_type", None, expected, absent=True)
        value = document[key]
        if not (isinstance(value, str) and value in allowed):
            close = difflib.get_close_matches(value.lower().replace("_", "-"), allowed, n=1) if _is_text(value) else []
            self._refuse(f"$.{key}", value, expected, hint=f"did you mean `{close[0]}`?" if close else "")
        return TaskType(value)

    def _categories(self, document: dict[str, Any]) -> tuple[Category, ...]:
        values = document.get("categories")
        if not isinstance(values, list) or not values:
            self._refuse(
                "$.categories",
                values,
                'a list of at least one category, like `{"id": 0, "name": "car"}`',
                absent="categories" not in document,
            )
        categories: list[Category] = []
        place_of: dict[int, int] = {}
        for place, value in enumerate(values):
            category = self._category(value, f"$.categories[{place}]")
            if category.id in place_of:
                first = place_of[category.id]
                self._refuse(
                    f"$.categories[{place}].id",
                    category.id,
                    f"different ids, but `{categories[first].name}` at `$.categories[{first}]` and "
                    f"`{category.name}` have the same",
                )
            place_of[category.id] = place
            categories.append(category)
        return tuple(categories)

    def _category(self, value: Any, path: str) -> Category:
        if not isinstance(value, dict):
            self._refuse(path, value, 'an object like `{"id": 0, "name": "car"}`')
        identifier, name = value.get("id"), value.get("name")
        if not (is_integer(identifier) and 0 <= identifier <= MAX_CATEGORY_ID):
            expected = f"a whole number from 0 to {MAX_CATEGORY_ID}"
            self._refuse(f"{path}.id", identifier, expected, absent="id" not in value)
        if not (_is_text(name) and name):
            self._refuse(f"{path}.name", name, "a text of at least one character", absent="name" not in value)
        return Category(
            id=identifier,
            name=name,
            keypoint_names=self._keypoint_names(value.get("keypointNames"), f"{path}.keypointNames"),
            keypoint_skeleton=self._keypoint_skeleton(value.get("keypointSkeleton"), f"{path}.keypointSkeleton"),
        )

    def _keypoint_names(self, value: Any, path: str) -> tuple[str, ...]:
        if value is None:
            return ()
        if not (isinstance(value, list) and all(_is_text(name) for name in value)):
            self._refuse(path, value, 'a list of names, like `["nose", "left eye"]`')
        return tuple(value)

    def _keypoint_skeleton(self, value: Any, path: str) -> tuple[tuple[int, int], ...]:
        if value is None:
            return ()
        if not isinstance(value, list):
            self._refuse(path, value, "a list of pairs of keypoint numbers, like `[[0, 1], [1, 2]]`")
        for place, pair in enumerate(value):
            is_pair = isinstance(pair, list) and len(pair) == 2 and all(is_integer(end) and end >= 0 for end in pair)
            if not is_pair:
                self._refuse(f"{path}[{place}]", pair, "a pair of keypoint numbers, like `[0, 1]`")
        return tuple((first, second) for first, second in value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def write_schema(schema: TaskSchema) -> bytes:
    """A `schema.json` that `parse_schema` reads back as it was."""
    categories: list[dict[str, Any]] = []
    for category in schema.categories:
        entry: dict[str, Any] = {"id": category.id, "name": category.name}
        if category.keypoint_names:
            entry["keypointNames"] = list(category.keypoint_names)
        if category.keypoint_skeleton:
            entry["keypointSkeleton"] = [list(pair) for pair in category.keypoint_skeleton]
        categories.append(entry)
    document = {"task_type": str(schema.task_type), "categories": categories}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
