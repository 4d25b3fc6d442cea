"""The relevant filenames file."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.errors import InvalidConfig
from swath.formats.relevant_filenames import parse_relevant_filenames

FILE = ".lightly/relevant_filenames.txt"


def select(text: str | bytes, keys: list[str]) -> list[str]:
    data = text if isinstance(text, bytes) else text.encode()
    return parse_relevant_filenames(data, FILE).select(keys)


def unmatched(text: str, keys: list[str]) -> list[str]:
    return parse_relevant_filenames(text.encode(), FILE).unmatched(keys)


SUBDIR = [f"subdir/image_{number}.png" for number in (2, 3, 40, 41, 42)]


def test_names_are_exact() -> None:
    keys = ["image_1.png", "image_10.png", "sub/image_1.png", "IMAGE_1.png"]
    assert select("image_1.png\n", keys) == ["image_1.png"]


def test_an_asterisk_makes_a_prefix() -> None:
    assert select("image_1.png\nsubdir/*\n", [*SUBDIR, "image_1.png", "other.png"]) == [*SUBDIR, "image_1.png"]
    assert select("subdir/image_4*", SUBDIR) == SUBDIR[2:]
    assert select("*", SUBDIR) == SUBDIR


def test_patterns_after_a_prefix_leave_files_out_and_take_them_back() -> None:
    text = "image_1.png\nsubdir/* subdir/image_4* !subdir/image_41.png   !subdir/image_42.png\n"
    assert select(text, ["image_1.png", *SUBDIR]) == [
        "image_1.png",
        "subdir/image_2.png",
        "subdir/image_3.png",
        "subdir/image_41.png",
        "subdir/image_42.png",
    ]


def test_patterns_of_one_line_do_not_reach_the_others() -> None:
    keys = ["a/1.png", "a/2.png", "b/1.png"]
    assert select("a/* 1.png\nb/*", keys) == ["a/2.png", "b/1.png"]
    assert select("a/* 1.png\na/1.png", keys) == ["a/1.png", "a/2.png"]


def test_patterns_follow_gitignore() -> None:
    keys = ["v/a.mp4", "v/deep/er/a.png", "v/deep/b.jpg", "v/x.jpg"]
    assert select("v/* **/er/ *.mp4", keys) == ["v/deep/b.jpg", "v/x.jpg"]
    assert select("v/* /v/x.jpg", keys) == keys[:3]
    assert select("v/* [ab].*", keys) == ["v/x.jpg"]
    assert select("v/* *.jp\\g", keys) == ["v/a.mp4", "v/deep/er/a.png"]


def test_names_with_spaces_are_names() -> None:
    keys = ["my folder/my image 1.png", "my folder/b.png", "my"]
    assert select("my folder/my image 1.png", keys) == keys[:1]
    assert select("my folder/*", keys) == keys[:2]
    assert select("my folder/* my\\ folder/b.png", keys) == keys[:1]


def test_names_may_hold_what_means_something_elsewhere() -> None:
    keys = ["#1.png", "!a.png", "a*b.png", "[x].png", "a\\b.png", "x\u2028y.png"]
    assert select("\n".join(keys), keys) == keys


def test_a_prefix_may_be_the_beginning_of_a_hidden_name() -> None:
    assert select("a/.*", ["a/.b.png", "a/b.png"]) == ["a/.b.png"]


def test_the_order_is_that_of_the_keys_without_repetition() -> None:
    assert select("b.png\na.png\n*\nb.png", ["a.png", "b.png"]) == ["a.png", "b.png"]


def test_files_of_any_system_are_read() -> None:
    assert select(b"\xef\xbb\xbf\r\n  a.png \r\n\r\nb/*\r\n", ["a.png", "b/c.png"]) == ["a.png", "b/c.png"]


def test_accents_may_be_composed_either_way() -> None:
    composed = "stra\u00dfe/caf\u00e9.png"
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    for line in (composed, decomposed, composed[:-4] + "*", decomposed[:-4] + "*"):
        assert select(line, [decomposed]) == [decomposed]
        assert select(line, [composed]) == [composed]


def test_lines_that_match_nothing_are_told() -> None:
    text = "a.png\ngone.png\nb/*\nempty/*\nb/* *\na.png\n"
    assert unmatched(text, ["a.png", "b/1.png"]) == ["gone.png", "empty/*", "b/* *"]
    assert unmatched("", ["a.png"]) == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("/data/a.png", "absolute"),
        ("/data/*", "absolute"),
        ("C:\\data\\a.png", "absolute"),
        ("s3://bucket/a.png", "absolute"),
        ("./a.png", "part"),
        ("../a.png", "part"),
        ("a/../b.png", "part"),
        ("a/./b.png", "part"),
        ("a/..", "part"),
        ("../*", "part"),
        ("./*", "part"),
        ("a/* [z-a].png", "pattern"),
        ("a/* \\", "pattern"),
        ("a/* !", "pattern"),
    ],
)
def test_a_line_that_cannot_be_meant_is_refused_with_its_number(line: str, problem: str) -> None:
    with pytest.raises(InvalidConfig, match=problem) as caught:
        parse_relevant_filenames(f"fine.png\n\n{line}\n".encode(), FILE)
    assert "Line 3" in caught.value.message
    assert caught.value.field == "datasource.relevant_filenames_file"


def test_text_in_another_encoding_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="UTF-8"):
        parse_relevant_filenames("a.png".encode("utf-16"), FILE)


@given(st.binary(max_size=80), st.lists(st.text(max_size=8), max_size=4))
def test_any_bytes_are_entries_or_refused(data: bytes, keys: list[str]) -> None:
    try:
        entries = parse_relevant_filenames(data, FILE)
    except InvalidConfig:
        return
    assert set(entries.select(keys)) <= set(keys)


PARTS = st.sampled_from(["a", "b", "a b", ".x", "c.png", "*", "!", "[a]", "\\", "#"])


@given(st.lists(PARTS, min_size=1, max_size=6), st.lists(PARTS, min_size=1, max_size=3))
def test_select_and_unmatched_agree(parts: list[str], name: list[str]) -> None:
    key = "/".join(name)
    try:
        entries = parse_relevant_filenames("".join(parts).encode(), FILE)
    except InvalidConfig:
        return
    lines = len(entries.names) + len(entries.prefixes)
    assert bool(entries.select([key])) == (len(entries.unmatched([key])) < lines)
