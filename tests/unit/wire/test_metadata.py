from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from swath.wire.metadata import MOST_LEVELS, MetadataChange, presentable


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def test_what_was_kept_can_be_written_as_json_whatever_it_is() -> None:
    odd = {"nan": float("nan"), "list": [float("inf"), "\ud800", True], "k\udfff": None, "deep": nested(900)}
    shown = presentable(odd)
    assert (shown["nan"], shown["list"], shown["k?"]) == (None, [None, "?", True], None)
    assert json.dumps(shown, allow_nan=False, ensure_ascii=False).encode()


def test_plain_documents_are_shown_as_they_are() -> None:
    plain = {"a": {"b": [1, 2.5, "é 💥", None, False]}, "big": 10**40}
    assert presentable(plain) == plain


def test_metadata_are_as_deep_as_they_may_be() -> None:
    assert MetadataChange(file_name="a.jpg", metadata=nested(MOST_LEVELS)).metadata == nested(MOST_LEVELS)
    with pytest.raises(ValidationError, match="nested deeper"):
        MetadataChange(file_name="a.jpg", metadata=nested(MOST_LEVELS + 1))


def test_what_is_wrong_is_told_with_its_place() -> None:
    with pytest.raises(ValidationError, match=r"`metadata\.a\[1\]\.b` is nan, which is no number"):
        MetadataChange(file_name="a.jpg", metadata={"a": [0, {"b": float("nan")}]})
