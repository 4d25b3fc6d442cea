from __future__ import annotations

import csv
import io

import pytest

from swath.formats.spreadsheet import csv_line


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_starts_like_a_formula_is_no_formula(start: str) -> None:
    (row,) = csv.reader(io.StringIO(csv_line([f"{start}HYPERLINK(1)", "a=b"]), newline=""))
    assert row == [f"'{start}HYPERLINK(1)", "a=b"]


def test_numbers_stay_numbers_and_what_is_missing_is_empty() -> None:
    assert csv_line([-1, 0.5, True, False, None, float("nan"), ""]) == "-1,0.5,1,0,,,\r\n"


def test_text_reads_back_whatever_is_in_it() -> None:
    texts = ["a,b", 'say "x"', "two\nlines", " spaces ", "ü", ""]
    assert next(csv.reader(io.StringIO(csv_line(texts), newline=""))) == texts
