"""What to select, as the options of `swath run` and `swath select` say it."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import typer

from swath.cli.strategy_option import distance_or_none, read_strategy
from swath.core.errors import InvalidConfig

StrategyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--strategy",
        help="diversity, representative, typicality, similarity, weights, threshold, balance or random, with "
        "key=value after commas; repeat it to combine several (default: diversity).",
        metavar="NAME[,KEY=VALUE…]",
        show_default=False,
    ),
]
MinDistanceOption = Annotated[
    float | None,
    typer.Option("--min-distance", help="Of diversity: nothing is picked that is closer than this (0 to 2)."),
]
MinDistanceModeOption = Annotated[
    str | None,
    typer.Option(
        "--min-distance-mode", help="stop: end when the best is too close; filter: pass over it (default: stop)."
    ),
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", help="For --strategy random (default: 0); no other needs one.")
]
MaxPerImageOption = Annotated[
    int | None, typer.Option("--max-per-image", help="Pick at most so many objects of one image.")
]
QuotaOption = Annotated[
    list[str] | None,
    typer.Option(
        "--quota", help="Objects of a category, as in car=10..50, car=10.. or car=..50.", metavar="NAME=RANGE"
    ),
]
SelectionFileOption = Annotated[
    Path | None,
    typer.Option(
        "--selection",
        help="JSON file with all of it (n_samples, strategies, …) in place of these options; - reads standard input.",
        metavar="FILE",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionOptions:
    """What was given on the command line; None or nothing where an option was not."""

    n_samples: str | None = None
    strategy: list[str] | None = None
    min_distance: float | None = None
    min_distance_mode: str | None = None
    seed: int | None = None
    max_per_image: int | None = None
    quota: list[str] | None = None

    @property
    def given(self) -> list[str]:
        """The options that were given, as a person writes them."""
        return [
            f"--{field.name.replace('_', '-')}" for field in fields(self) if getattr(self, field.name) not in (None, [])
        ]


def read_selection(options: SelectionOptions, file: Path | None) -> dict[str, Any]:
    """The document of a selection, of a file or of the options. Raises InvalidConfig for what cannot be meant."""
    if file is not None:
        if options.given:
            raise InvalidConfig(
                f"`--selection` says all about the selection, `{options.given[0]}` says more",
                field="selection",
                hint="Give the one or the other.",
            )
        return _read_file(file)
    document: dict[str, Any] = {
        "n_samples": read_amount(options.n_samples),
        "strategies": _strategies(options),
    }
    if options.max_per_image is not None:
        document["max_per_image"] = options.max_per_image
    if options.quota:
        document["quotas"] = _quotas(options.quota)
    return document


def read_amount(text: str | None) -> int | float | None:
    """`100` is a count, `0.1` and `1.0` are fractions: the point makes the difference."""
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidConfig(
            f"`--n-samples` is a count (100) or a fraction (0.1), got `{text}`", field="selection.n_samples"
        )
    return number


def one_of(option: str, value: str, choices: dict[str, str]) -> str:
    found = choices.get(value) or (value if value in choices.values() else None)
    if found is None:
        raise InvalidConfig(f"`{option}` is one of {', '.join(f'`{name}`' for name in choices)}, got `{value}`")
    return found


def _strategies(options: SelectionOptions) -> list[dict[str, Any]]:
    strategies = [read_strategy(text) for text in options.strategy or ["diversity"]]
    distances = {
        "minimum_distance": distance_or_none(options.min_distance),
        "minimum_distance_mode": options.min_distance_mode,
    }
    diverse = [strategy for strategy in strategies if strategy["type"] == "diversity"]
    if not diverse:
        for option, value in (
            ("--min-distance", options.min_distance),
            ("--min-distance-mode", options.min_distance_mode),
        ):
            if value is not None:
                raise InvalidConfig(f"`{option}` goes with `--strategy diversity`", field="selection.strategies")
    for strategy in diverse:
        _set_where_missing(strategy, {name: value for name, value in distances.items() if value is not None})
    if options.seed is not None:
        for strategy in strategies:
            if strategy["type"] == "random":
                _set_where_missing(strategy, {"seed": options.seed})
    return strategies


def _set_where_missing(strategy: dict[str, Any], values: dict[str, Any]) -> None:
    """What a strategy says itself comes before what an option says of all."""
    for name, value in values.items():
        strategy.setdefault(name, value)


def _quotas(texts: list[str]) -> dict[str, dict[str, int]]:
    quotas: dict[str, dict[str, int]] = {}
    for text in texts:
        name, equals, bounds = (part.strip() for part in text.rpartition("="))
        least, dots, most = (part.strip() for part in bounds.partition(".."))
        if not (name and equals and (least or most)) or not all(_is_count(part) for part in (least, most) if part):
            raise InvalidConfig(
                f"`--quota` is a category and how many of it, got `{text}`",
                field="selection.quotas",
                hint="Say `car=10..50`, `car=10..` for at least 10, `car=..50` for at most 50, `car=20` for just 20.",
            )
        if name in quotas:
            raise InvalidConfig(f"`--quota` of `{name}` is there twice", field=f"selection.quotas.{name}")
        if not dots:
            most = least
        quotas[name] = {key: int(part) for key, part in (("at_least", least), ("at_most", most)) if part}
    return quotas


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _read_file(file: Path) -> dict[str, Any]:
    name = "standard input" if str(file) == "-" else f"`{file}`"
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        document = json.loads(text)
    except OSError as exc:
        raise InvalidConfig(f"{name} cannot be read: {exc.strerror}", field="selection") from exc
    except (ValueError, RecursionError) as exc:
        raise InvalidConfig(f"{name} is not JSON: {exc}", field="selection") from exc
    if not isinstance(document, dict):
        raise InvalidConfig(
            f"{name} is not a JSON object",
            field="selection",
            hint='A selection looks like {"n_samples": 0.1, "strategies": [{"type": "diversity"}]}.',
        )
    return document
