"""Plain lists of file names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.errors import InvalidConfig
from swath.formats.filenames import parse_filenames, write_filenames


def test_there_is_one_plain_name_per_line() -> None:
    names = ["b/a.jpg", "a b, c.jpg", "Fu\u00dfg\u00e4nger \u4eba.png", "#1.jpg", "=cmd.jpg"]
    assert write_filenames(names) == "b/a.jpg\na b, c.jpg\nFußgänger 人.png\n#1.jpg\n=cmd.jpg\n"
    assert write_filenames([]) == ""


def test_a_name_with_a_line_break_stays_one_line() -> None:
    text = write_filenames(["evil\nname.jpg", '"quoted".jpg', "two\u2028lines.jpg", "last.jpg "])
    assert text.splitlines() == ['"evil\\nname.jpg"', '"\\"quoted\\".jpg"', '"two\\u2028lines.jpg"', '"last.jpg "']


def test_lists_of_any_system_are_read() -> None:
    assert parse_filenames(b"\xef\xbb\xbfa.jpg\r\n\r\n  b.jpg\t\nc d.jpg", "list.txt") == ["a.jpg", "b.jpg", "c d.jpg"]


@pytest.mark.parametrize("data", ["a.jpg".encode("utf-16"), b"caf\xe9.jpg", b"a\x00b", b'"a', b'"a" b'])
def test_what_is_no_list_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidConfig, match=r"list\.txt"):
        parse_filenames(data, "list.txt")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1)))
def test_names_read_back_as_written(names: list[str]) -> None:
    assert parse_filenames(write_filenames(names).encode(), "list.txt") == names
