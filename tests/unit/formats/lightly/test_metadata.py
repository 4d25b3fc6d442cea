from __future__ import annotations

import json
from typing import Any

import pytest

from swath.core.errors import InvalidPredictions
from swath.formats.lightly.metadata import metadata_key, parse_metadata, parse_metadata_schema

FILE = ".lightly/metadata/a.json"


def entry(path: Any, default: Any = None, **fields: Any) -> dict[str, Any]:
    return {"name": "any", "path": path, "defaultValue": default, "valueDataType": "NUMERIC_FLOAT", **fields}


@pytest.mark.parametrize(
    ("image", "file"), [("a.jpg", "a.json"), ("night/b.v1.JPG", "night/b.v1.json"), ("plain", "plain.json")]
)
def test_a_metadata_file_is_named_like_its_image(image: str, file: str) -> None:
    assert metadata_key(image) == f".lightly/metadata/{file}"


def test_a_schema_lists_where_values_are_with_their_defaults() -> None:
    document = [entry("weather.temperature", 0), entry("sky", "clear"), entry("wet", False), {"path": "bare"}]
    assert parse_metadata_schema(json.dumps(document).encode()) == {
        "weather.temperature": 0,
        "sky": "clear",
        "wet": False,
        "bare": None,
    }


@pytest.mark.parametrize(
    ("document", "path", "value"),
    [
        ({"a": 1}, "$", '{"a": 1}'),
        ([entry("a"), 3], "$[1]", "3"),
        ([entry(None)], "$[0].path", "null"),
        ([entry("")], "$[0].path", '""'),
        ([{"name": "a"}], "$[0].path", "null"),
    ],
)
def test_a_schema_that_is_none_is_named_by_its_first_wrong_place(document: Any, path: str, value: str) -> None:
    with pytest.raises(InvalidPredictions) as caught:
        parse_metadata_schema(json.dumps(document).encode())
    assert (caught.value.file, caught.value.json_path, caught.value.value) == (
        ".lightly/metadata/schema.json",
        path,
        value,
    )


def test_metadata_are_nested_by_dots() -> None:
    document = {"file_name": "a.jpg", "type": "image", "metadata": {"weather": {"t": 3.5}, "wet": True, "none": None}}
    assert parse_metadata(json.dumps(document).encode(), FILE, image_key="a.jpg") == {"weather.t": 3.5, "wet": True}


def test_metadata_of_another_image_are_not_those_of_this_one() -> None:
    document = {"file_name": "a.png", "metadata": {"t": 1}}
    assert parse_metadata(json.dumps(document).encode(), FILE, image_key="a.jpg") is None
    # Who leaves the name out means the image that the file is named like.
    assert parse_metadata(b'{"metadata": {"t": 1}}', FILE, image_key="a.jpg") == {"t": 1}


@pytest.mark.parametrize(
    ("data", "path"),
    [(b"[1]", "$"), (b'{"file_name": "a.jpg"}', "$.metadata"), (b'{"metadata": 3}', "$.metadata"), (b"{", "$")],
)
def test_metadata_that_are_none_are_named_by_their_place(data: bytes, path: str) -> None:
    with pytest.raises(InvalidPredictions) as caught:
        parse_metadata(data, FILE, image_key="a.jpg")
    assert (caught.value.file, caught.value.json_path) == (FILE, path)
