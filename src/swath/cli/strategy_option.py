"""One strategy as `--strategy` spells it: `weights,score=uncertainty_entropy,strength=2`."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

from swath.core.errors import InvalidConfig

TARGET = "target."
"""Before the name of a category whose share follows: `target.sunny=0.5`."""


def read_strategy(text: str) -> dict[str, Any]:
    """The document of a strategy: its name, then `key=value` after commas.

    Raises InvalidConfig for a name, a key or a number that is none, with those there are. What values mean together is
    checked where documents are read.
    """
    name, *parts = (part.strip() for part in text.split(","))
    if name not in _KEYS:
        raise InvalidConfig(
            f"`--strategy` is one of {_listed(_KEYS)}, got `{name}`",
            field="selection.strategies",
            hint=_meant(name, _KEYS),
        )
    document: dict[str, Any] = {"type": name}
    given: dict[str, Any] = {}
    for key, value in _settings(name, parts).items():
        if key.startswith(TARGET):
            document.setdefault("target", {})[key.removeprefix(TARGET)] = _number(key, value, name)
        elif key in _INPUTS.get(name, {}):
            given |= _INPUTS[name][key](key, value, name)
        else:
            place, read = _KEYS[name][key]
            *outer, last = place.split(".")
            inner = given if outer == ["input"] else document
            for part in outer if outer != ["input"] else ():
                inner = inner.setdefault(part, {})
            inner[last] = read(key, value, name)
    if given or name in _NEED_INPUT:
        document["input"] = _input(name, given)
    return document


def _settings(name: str, parts: Collection[str]) -> dict[str, str]:
    """The settings of a strategy, all of them known and none there twice."""
    known = (*_INPUTS.get(name, ()), *_KEYS[name])
    settings: dict[str, str] = {}
    for part in parts:
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise _refused(name, f"expected `key=value`, got `{part}`", hint=f"Keys are {_listed(known)}.")
        is_target = name == "balance" and key.startswith(TARGET) and key != TARGET
        if key not in known and not is_target:
            raise _refused(
                name, f"`{key}` is not known", hint=_meant(key, known) or f"Keys are {_listed(known)}{_more(name)}."
            )
        if key in settings:
            raise _refused(name, f"`{key}` is there twice")
        settings[key] = value
    kinds = [key for key in settings if key in _INPUTS.get(name, {})]
    if len(kinds) > 1 or (not kinds and name in _NEED_INPUT):
        found = f"got {_listed(kinds)}" if kinds else "none is there"
        raise _refused(
            name, f"expected one of {_listed(_INPUTS[name])}, {found}", hint=f"Say `{name},{_EXAMPLES[name]}`."
        )
    return settings


def _input(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The input with its type, where no key has set it."""
    if "type" in given:
        return dict(given)
    if name == "balance":
        return {"type": "predictions", **given}
    # Vectors of a task are those of its objects: nothing else of a task has any.
    return {"type": "embeddings", **({"of": "objects"} if "task" in given else {}), **given}


# --- values ---------------------------------------------------------------------------------------------------------

_Reader = Callable[[str, str, str], Any]


def _text(key: str, value: str, name: str) -> str:
    if not value:
        raise _refused(name, f"`{key}` is empty")
    return value


def _number(key: str, value: str, name: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _refused(name, f"`{key}` is a number, got `{value}`")
    return number


def _whole_number(key: str, value: str, name: str) -> int:
    try:
        return int(value)
    except ValueError as exc:
        raise _refused(name, f"`{key}` is a whole number, got `{value}`") from exc


def _distance(key: str, value: str, name: str) -> float | None:
    return distance_or_none(_number(key, value, name))


def _query(key: str, value: str, name: str) -> dict[str, str]:
    dataset, slash, tag = (part.strip() for part in value.partition("/"))
    if not (slash and dataset and tag):
        raise _refused(name, f"`{key}` is a dataset and a tag of it, got `{value}`", hint=f"Say `{key}=DATASET/TAG`.")
    return {"dataset": dataset, "tag": tag}


def _score(key: str, value: str, name: str) -> dict[str, Any]:
    return {"type": "scores", "score": _text(key, value, name)}


def _metadata(key: str, value: str, name: str) -> dict[str, Any]:
    return {"type": "metadata", "key": _text(key, value, name)}


def _count(key: str, value: str, name: str) -> dict[str, Any]:
    """`all`, or names of categories with `+` between them."""
    some = None if value == "all" else [category.strip() for category in _text(key, value, name).split("+")]
    return {"type": "predictions", "name": "category_count", "categories": some}


def _chance(key: str, value: str, name: str) -> dict[str, Any]:
    return {"type": "random", "seed": _whole_number(key, value, name)}


def distance_or_none(distance: float | None) -> float | None:
    """A minimum distance; the format's official configurations write -1 for "off"."""
    return None if distance == -1 else distance


# --- what there is --------------------------------------------------------------------------------------------------

_STRENGTH: dict[str, tuple[str, _Reader]] = {"strength": ("strength", _number)}
_VECTORS: dict[str, tuple[str, _Reader]] = {**_STRENGTH, "of": ("input.of", _text), "task": ("input.task", _text)}
_AGGREGATE: dict[str, tuple[str, _Reader]] = {"aggregate": ("aggregate", _text)}
_NEIGHBORS: dict[str, tuple[str, _Reader]] = {"neighbors": ("num_nearest_neighbors", _whole_number)}
_SCORES: dict[str, tuple[str, _Reader]] = {
    "task": ("input.task", _text),
    "frequency_penalty": ("input.frequency_penalty", _number),
    "min_score": ("input.min_score", _number),
}

_KEYS: dict[str, dict[str, tuple[str, _Reader]]] = {
    "diversity": {
        **_VECTORS,
        **_AGGREGATE,
        "min_distance": ("minimum_distance", _distance),
        "mode": ("minimum_distance_mode", _text),
    },
    "representative": {**_VECTORS, **_NEIGHBORS},
    "typicality": {**_VECTORS, **_AGGREGATE, **_NEIGHBORS, "minimum": ("minimum_typicality", _number)},
    "similarity": {**_VECTORS, **_AGGREGATE, "query": ("query", _query)},
    "weights": {
        **_STRENGTH,
        **_SCORES,
        "maximum_sum": ("maximum_sum", _number),
        "min_sum": ("target_range.min_sum", _number),
        "max_sum": ("target_range.max_sum", _number),
    },
    "threshold": {**_SCORES, "operation": ("operation", _text), "threshold": ("threshold", _number)},
    "balance": {**_STRENGTH, "task": ("input.task", _text), "distribution": ("distribution", _text)},
    "random": {**_STRENGTH, "seed": ("seed", _whole_number)},
}
"""Of every strategy its keys, the field of the document that each sets, and how its value is read."""

_INPUTS: dict[str, dict[str, _Reader]] = {
    "weights": {"score": _score, "metadata": _metadata, "count": _count, "random": _chance},
    "threshold": {"score": _score, "metadata": _metadata, "count": _count},
    "balance": {"metadata": _metadata},
}
"""Keys that say what a strategy looks at; at most one of them."""

_NEED_INPUT = ("weights", "threshold")
_EXAMPLES = {
    "weights": "score=uncertainty_entropy",
    "threshold": "metadata=lightly.width,operation=bigger,threshold=50",
    "balance": "metadata=weather",
}


def _refused(name: str, message: str, *, hint: str = "") -> InvalidConfig:
    return InvalidConfig(f"`--strategy {name}`: {message}", field="selection.strategies", hint=hint)


def _meant(word: str, words: Collection[str]) -> str:
    near = difflib.get_close_matches(word.lower(), list(words), n=1)
    return f"Did you mean `{near[0]}`?" if near else ""


def _more(name: str) -> str:
    return f", and `{TARGET}NAME` for every category" if name == "balance" else ""


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
