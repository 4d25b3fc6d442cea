"""`tasks.json`: the list of the prediction tasks of a datasource."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

import orjson

from swath.core.errors import InvalidConfig, InvalidPredictions
from swath.formats.json_text import load_document, shown
from swath.formats.lightly.locations import TASKS_KEY

TASK_NAME = re.compile(r"[a-zA-Z0-9_+=,.@:/-]+")
"""Task names are folders below `.lightly/predictions`; the alphabet is the official client's."""


def parse_tasks(data: bytes, file: str = TASKS_KEY) -> tuple[str, ...]:
    """The task names of a `tasks.json`, in its order. Raises InvalidPredictions that names the first wrong place.

    Names must be different and lead to a folder below `.lightly/predictions`: no `.` or `..` parts, no empty parts.
    """
    document = load_document(data, file)
    if not isinstance(document, list):
        raise InvalidPredictions(
            file=file, json_path="$", value=shown(document), expected='a list of task names, like `["vehicles"]`'
        )
    place_of: dict[str, int] = {}
    for place, name in enumerate(document):
        if not is_task_name(name):
            raise InvalidPredictions(
                file=file,
                json_path=f"$[{place}]",
                value=shown(name),
                expected="a folder beside `tasks.json`, in letters, digits and `_+=,.@:/-`, without `.` or `..` parts",
            )
        if name in place_of:
            raise InvalidPredictions(
                file=file,
                json_path=f"$[{place}]",
                value=shown(name),
                expected=f"different names, but `$[{place_of[name]}]` is the same",
            )
        place_of[name] = place
    return tuple(document)


def is_task_name(name: object) -> bool:
    """Whether a value is a task name that leads to a folder below `.lightly/predictions`."""
    if not (isinstance(name, str) and TASK_NAME.fullmatch(name)):
        return False
    return not any(part in ("", ".", "..") for part in name.split("/"))


def require_task(
    tasks: Sequence[str], name: str, *, file: str = TASKS_KEY, field: str = "object_level.task_name"
) -> str:
    """Return the name if `tasks.json` lists it, else raise InvalidConfig with the tasks there are.

    `field` is where the name was given.
    """
    if name in tasks:
        return name
    close = difflib.get_close_matches(name, tasks, n=1)
    hint = f"did you mean `{close[0]}`?" if close else f"only listed tasks are read: add `{name}` to `{file}`."
    listed = ", ".join(f"`{task}`" for task in tasks) or "none"
    raise InvalidConfig(f"There is no prediction task `{name}`: `{file}` lists {listed}", field=field, hint=hint)


def write_tasks(names: Sequence[str]) -> bytes:
    """A `tasks.json` with these names."""
    return orjson.dumps(list(names), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
