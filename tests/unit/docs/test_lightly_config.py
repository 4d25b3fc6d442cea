"""The page about worker configurations shows the table of their keys, as it is in the code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from swath.wire.lightly.config_keys import (
    ALL_KEYS,
    EVERY,
    INPUT_KEYS,
    LIGHTLY_KEYS,
    SELECTION_KEYS,
    STRATEGY_KEYS,
    WORKER_KEYS,
    ConfigKey,
    Fate,
)
from swath.wire.lightly.runs import NUMBERS
from swath.wire.lightly.strategies import MATRIX

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "lightly-config.md"

SECTIONS = {
    "## `worker_config`": WORKER_KEYS,
    "## `lightly_config`": LIGHTLY_KEYS,
    "## `selection_config`": SELECTION_KEYS,
    "## Strategies": (*INPUT_KEYS, *STRATEGY_KEYS),
}

HEAD = ("| key | generations | what becomes of it |", "|---|---|---|")


def table(keys: Sequence[ConfigKey]) -> list[str]:
    """Keys that share everything but their name are one row."""
    rows: dict[tuple[str, str], list[str]] = {}
    for key in keys:
        generations = "all" if key.generations == EVERY else " ".join(key.generations)
        name = re.sub(r"^(worker|lightly|selection)_config\.", "", key.name)
        rows.setdefault((generations, fate(key)), []).append(f"`{name}`")
    body = [f"| {', '.join(names)} | {generations} | {what} |" for (generations, what), names in rows.items()]
    return [*HEAD, *body]


def fate(key: ConfigKey) -> str:
    match key.fate:
        case Fate.USED:
            return f"used: {key.why}"
        case Fate.ACCEPTED:
            return f"ignored: {key.why}"
        case Fate.FIXED:
            values = " or ".join('`""`' if value == "" else f"`{value}`" for value in key.fixed_at)
            return f"only {values}: {key.why}"
        case Fate.REFUSED:
            return f"refused: {key.why}"


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_page_shows_every_key_with_its_fate(heading: str) -> None:
    after = PAGE.read_text(encoding="utf-8").split(f"{heading}\n", 1)[1]
    shown = [line for line in after.split("\n## ", 1)[0].splitlines() if line.startswith("|")]
    assert shown == table(SECTIONS[heading])


def test_every_key_is_in_a_section() -> None:
    assert {key.name for keys in SECTIONS.values() for key in keys} == {key.name for key in ALL_KEYS}


def test_the_page_says_which_inputs_strategies_take() -> None:
    after = PAGE.read_text(encoding="utf-8").split("## Strategies and their inputs\n", 1)[1]
    rows = [line.split(" | ") for line in after.split("\n## ", 1)[0].splitlines() if line.startswith("| `")]
    shown = {row[0].removeprefix("| "): row[1] for row in rows}
    assert shown == {f"`{kind}`": ", ".join(f"`{one}`" for one in inputs) for kind, inputs in MATRIX.items()}


def test_the_page_says_what_priorities_are() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, number in NUMBERS.items():
        assert f"`{name}` is {number}" in text
