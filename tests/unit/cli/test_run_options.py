"""How the options of `swath run` become a configuration, and how errors are shown."""

from __future__ import annotations

import pytest

from swath.cli import exit_codes
from swath.cli.run_command import _names, _numbers, _object_level
from swath.cli.selection_options import one_of
from swath.core.errors import Conflict, InvalidConfig, NotFound, RunFailed, SourceUnavailable, SwathError


def test_categories_are_repeated_or_separated_by_commas() -> None:
    assert _names(["car, bus", "7", ",truck,"]) == ["car", "bus", "7", "truck"]
    assert _names(None) is None
    assert _names([]) is None


def test_numbers_are_separated_by_commas() -> None:
    assert _numbers("0.5, 1,-2e-1") == (0.5, 1.0, -0.2)
    assert _numbers(None) is None
    with pytest.raises(InvalidConfig, match="expected numbers separated by commas, got `a,b`"):
        _numbers("a,b")


def test_a_choice_is_taken_in_both_spellings() -> None:
    choices = {"object": "objects", "image": "images"}
    assert [one_of("--unit", word, choices) for word in ("image", "images")] == ["images", "images"]


def test_an_option_about_objects_needs_a_task() -> None:
    assert _object_level(None, padding=0.0, box_format="xywh", min_score=None) is None
    assert _object_level("vehicles", padding=0.5) == {"task_name": "vehicles", "padding": 0.5}
    with pytest.raises(InvalidConfig, match="`--min-score` is about objects, which need `--task`") as caught:
        _object_level(None, padding=0.0, box_format="xywh", min_score=0.0001)
    assert caught.value.field == "object_level.min_score"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidConfig("x"), exit_codes.USAGE),
        (Conflict("x"), exit_codes.USAGE),
        (NotFound("x"), exit_codes.USAGE),
        (RunFailed("x"), exit_codes.FAILED),
        (SourceUnavailable("x"), exit_codes.FAILED),
    ],
)
def test_exit_codes(error: SwathError, code: int) -> None:
    assert exit_codes.exit_code(error) == code


def test_an_error_is_shown_with_its_hint_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    exit_codes.show_error(RunFailed("it broke", hint="mend it"))
    exit_codes.show_error(RunFailed("it broke"))
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "error: it broke\nhint: mend it\nerror: it broke\n")
