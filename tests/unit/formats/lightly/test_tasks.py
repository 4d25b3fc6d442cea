"""`tasks.json`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.errors import InvalidConfig, InvalidPredictions
from swath.formats.lightly.tasks import is_task_name, parse_tasks, require_task, write_tasks


def test_tasks_come_in_the_order_of_the_file() -> None:
    assert parse_tasks(b'["vehicles_object_detections", "lightly_pretagging", "a/b=c,d.e@f:g"]') == (
        "vehicles_object_detections",
        "lightly_pretagging",
        "a/b=c,d.e@f:g",
    )
    assert parse_tasks(b"\xef\xbb\xbf[]\n") == ()


@pytest.mark.parametrize(
    ("data", "json_path", "part"),
    [
        (b'{"tasks": ["a"]}', "$", "a list of task names"),
        (b'"vehicles"', "$", "a list of task names"),
        (b'["a", 3]', "$[1]", "a folder"),
        (b'["a", null]', "$[1]", "a folder"),
        (b'["a", ["b"]]', "$[1]", "a folder"),
        (b'["a", ""]', "$[1]", "a folder"),
        (b'["../../etc"]', "$[0]", "a folder"),
        (b'["a/../b"]', "$[0]", "a folder"),
        (b'["/a"]', "$[0]", "a folder"),
        (b'["a b"]', "$[0]", "a folder"),
        ('["Fahrräder"]'.encode(), "$[0]", "a folder"),
        (b'["a", "b", "a"]', "$[2]", "`$[0]` is the same"),
        (b'["a",]', "$", "JSON"),
        (b"", "$", "JSON"),
        (b"[NaN]", "$[0]", "a finite number"),
        ('["a"]'.encode("utf-16"), "$", "JSON in UTF-8"),
    ],
)
def test_a_broken_list_of_tasks_is_refused_with_its_place(data: bytes, json_path: str, part: str) -> None:
    with pytest.raises(InvalidPredictions) as caught:
        parse_tasks(data)
    assert caught.value.json_path == json_path
    assert caught.value.file == ".lightly/predictions/tasks.json"
    assert part in caught.value.expected


def test_a_listed_task_is_found() -> None:
    assert require_task(("a", "b"), "b") == "b"


def test_a_missing_task_is_named_beside_those_there_are() -> None:
    with pytest.raises(InvalidConfig) as caught:
        require_task(("vehicles_object_detections", "faces"), "vehicle_object_detection")
    assert "`vehicles_object_detections`, `faces`" in caught.value.message
    assert caught.value.hint == "did you mean `vehicles_object_detections`?"
    assert caught.value.field == "object_level.task_name"


def test_a_task_unlike_any_other_gets_no_suggestion() -> None:
    with pytest.raises(InvalidConfig) as caught:
        require_task((), "vehicles")
    assert "lists none" in caught.value.message
    assert "add `vehicles`" in caught.value.hint


@given(st.lists(st.from_regex(r"[a-zA-Z0-9_+=,.@:/-]{1,20}", fullmatch=True).filter(is_task_name), unique=True))
def test_tasks_read_back_as_written(names: list[str]) -> None:
    assert parse_tasks(write_tasks(names)) == tuple(names)


@given(st.binary(max_size=60))
def test_any_bytes_are_tasks_or_refused(data: bytes) -> None:
    try:
        names = parse_tasks(data)
    except InvalidPredictions:
        return
    assert all(is_task_name(name) for name in names)
