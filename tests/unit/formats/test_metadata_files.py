from __future__ import annotations

import csv
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.errors import InvalidConfig
from swath.formats.metadata_files import parse_metadata


def of_csv(text: str) -> list[tuple[str, dict[str, Any]]]:
    return [(one.file_name, dict(one.metadata)) for one in parse_metadata(text.encode(), "m.csv")]


def test_columns_are_keys_and_dots_nest() -> None:
    text = "weather.sky,file_name,weather.temp,night\ngrey,a.jpg,-3.5,TRUE\n,b.jpg,,false\n"
    assert of_csv(text) == [
        ("a.jpg", {"weather": {"sky": "grey", "temp": -3.5}, "night": True}),
        ("b.jpg", {"night": False}),
    ]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1", "2"], [1, 2]),
        (["1", "2.5"], [1, 2.5]),
        (["1", "x"], ["1", "x"]),
        (["007", "12"], ["007", "12"]),
        (["1e3", "-4"], [1000.0, -4]),
        (["nan", "1"], ["nan", "1"]),
        (["1_000", "1"], ["1_000", "1"]),
        (["true", "1"], ["true", "1"]),
        (["12345678901234567890123", "1"], [12345678901234567890123, 1]),
        ([" 5 ", "6"], [5, 6]),
        (["<b>", "a\u2028b"], ["<b>", "a\u2028b"]),
    ],
)
def test_a_column_is_of_one_kind(cells: list[str], values: list[Any]) -> None:
    text = f"file_name,k\na.jpg,{cells[0]}\nb.jpg,{cells[1]}\n"
    found = [metadata["k"] for _, metadata in of_csv(text)]
    assert found == values
    assert list(map(type, found)) == list(map(type, values))


def test_files_of_all_systems_are_read() -> None:
    assert of_csv('\ufefffile_name,k\r\n\r\n"a,""b"".jpg","two\r\nlines"\r\n') == [('a,"b".jpg', {"k": "two\r\nlines"})]


@given(st.dictionaries(st.text(min_size=1).filter(lambda name: "\0" not in name), st.text(), min_size=1, max_size=5))
def test_whatever_a_spreadsheet_writes_is_read_back(values: dict[str, str]) -> None:
    lines: list[str] = []

    class Lines:
        def write(self, line: str) -> None:
            lines.append(line)

    try:
        text = "".join(values).encode()
    except UnicodeEncodeError:
        return
    assert text
    writer = csv.writer(Lines())
    writer.writerow(["file_name", "k"])
    # A text beside them keeps the column one of texts.
    writer.writerows([*values.items(), ("the text.jpg", "text")])
    try:
        found = dict(of_csv("".join(lines)))
    except (InvalidConfig, UnicodeEncodeError):
        # NUL and a lone carriage return are no text of a table.
        assert any(letter in "".join([*values, *values.values()]) for letter in "\r\0\ud800")
        return
    for name, value in values.items():
        if name != "the text.jpg":
            assert found[name] == ({"k": value} if value.strip() else {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,k\na.jpg,1\n", "`m.csv` has no column `file_name`: its first row has `name`, `k`"),
        ("", "`m.csv` has no column `file_name`: its first row has nothing"),
        ("file_name,k\na.jpg,1\nb.jpg\n", "`m.csv`, row 3: 1 cells under 2 columns"),
        ("file_name,k\n,1\n", "`m.csv`, row 2: column `file_name` is empty"),
        ("file_name,k,k\na.jpg,1,2\n", "`m.csv` has two columns `k`"),
        ("file_name,a,a.b\na.jpg,1,2\n", "`m.csv` has columns `a` and `a.b`: one is within the other"),
        ("file_name,a..b\na.jpg,1\n", "`m.csv`, column 2: `a..b` is no name"),
        ("file_name,k\na.jpg,1\na.jpg,2\n", "`m.csv` has `a.jpg` twice"),
        ('file_name,k\na.jpg,"x\n', "`m.csv`, row 2: unexpected end of data"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused_with_row_and_column(text: str, message: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        of_csv(text)
    assert caught.value.message == message


def test_json_is_read_as_a_list_and_line_by_line() -> None:
    documents = [
        {"file_name": "a.jpg", "metadata": {"k": {"x": 1}}},
        {"file_name": "ü 💥.jpg", "metadata": {"k": None, "big": 10**30}},
    ]
    as_list = parse_metadata(json.dumps(documents).encode(), "m.json")
    as_lines = parse_metadata("\n\n".join(map(json.dumps, documents)).encode(), "M.JSONL")
    assert [(one.file_name, one.metadata) for one in as_list] == [(d["file_name"], d["metadata"]) for d in documents]
    assert as_lines == as_list


@pytest.mark.parametrize(
    ("file", "data", "message"),
    [
        ("m.json", b"{}", "`m.json` is no list"),
        ("m.json", b"[1]", "`m.json`, item 1: expected `file_name` and `metadata`"),
        ("m.json", b'[{"file_name": "a", "sky": 1}]', "`m.json`, item 1: expected `file_name` and `metadata`"),
        ("m.json", b'[{"file_name": 3, "metadata": {}}]', "`m.json`, item 1: `file_name` is no text"),
        ("m.json", b'[{"file_name": "a", "metadata": []}]', "`m.json`, item 1: `metadata` is no object"),
        (
            "m.json",
            b"[\n{]",
            "`m.json` is no JSON in line 2: Expecting property name enclosed in double quotes at column 2",
        ),
        ("m.jsonl", b"{}\n", "`m.jsonl`, line 1: expected `file_name` and `metadata`"),
        (
            "m.jsonl",
            b"\n{",
            "`m.jsonl` is no JSON in line 2: Expecting property name enclosed in double quotes at column 2",
        ),
        ("m.json", b'[{"file_name": "a", "metadata": {"k": NaN}}]', "`m.json` holds `NaN`, which is no number of JSON"),
        ("m.json", b"[" * 100_000, "`m.json` is nested too deep"),
        ("m.csv", b"\xff\xfe", "`m.csv` is not text in UTF-8"),
        ("m.xlsx", b"", "`m.xlsx` ends in none of `.csv`, `.json`, `.jsonl`"),
        ("csv", b"", "`csv` ends in none of `.csv`, `.json`, `.jsonl`"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(file: str, data: bytes, message: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        parse_metadata(data, file)
    assert caught.value.message == message
