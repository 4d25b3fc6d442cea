"""What documents that people write have in common: no key that is not known, and faults told in their words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from swath.core.errors import InvalidConfig


class Document(BaseModel):
    """Base of all configuration documents: unknown keys are errors, values do not change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def as_invalid_config(exc: ValidationError) -> InvalidConfig:
    """The error for a document that cannot be used: its first fault, in the words of a person."""
    errors = exc.errors(include_url=False)
    error = errors[0]
    field = field_name(error["loc"])
    value = error.get("input")
    shown = "" if isinstance(value, dict) or value is None else f", got `{value}`"
    more = len(errors) - 1
    hint = f"{more} more field{'s are' if more > 1 else ' is'} wrong too." if more else ""
    return InvalidConfig(f"`{field}`: {error['msg'].removeprefix('Value error, ')}{shown}", field=field, hint=hint)


def field_name(location: Sequence[int | str]) -> str:
    """`("strategies", 1, "diversity", "strength")` → `strategies[1].strength`: the place as a person would write it,
    without the kind of a strategy or of its input, which pydantic puts there."""
    name = ""
    earlier: int | str | None = None
    for part in location:
        if isinstance(part, int):
            name += f"[{part}]"
        elif not (isinstance(earlier, int) and part in _STRATEGY_TYPES) and not (
            earlier == "input" and part in _INPUT_TYPES
        ):
            name += f".{part}" if name else part
        earlier = part
    return name


_STRATEGY_TYPES = frozenset(
    ("diversity", "representative", "typicality", "similarity", "weights", "threshold", "balance", "random")
)
_INPUT_TYPES = frozenset(("embeddings", "scores", "metadata", "predictions", "random"))


def refuse_unknown_keys(model: type[BaseModel], data: object, place: str = "") -> None:
    """Raise InvalidConfig for the first key that a document or one inside it does not have, with the one meant; and
    for a `type` that a document may not have at its place.

    `place` is where the document is, with a point at its end. What is no document at all is left to pydantic.
    """
    if not isinstance(data, Mapping):
        return
    for key, value in data.items():
        field = model.model_fields.get(key) if isinstance(key, str) else None
        if field is None:
            near = difflib.get_close_matches(str(key), model.model_fields, n=1)
            raise InvalidConfig(
                f"`{place}{key}` is not known",
                field=f"{place}{key}",
                hint=f"Did you mean `{near[0]}`?" if near else f"There are {listed(model.model_fields)}.",
            )
        inner = documents_in(field.annotation)
        for part, item in _documents_of(field.annotation, value):
            _refuse_in(inner, item, f"{place}{key}{part}")


def _documents_of(annotation: object, value: object) -> Iterator[tuple[str, object]]:
    """What a field holds, one or several, each with what its place ends in."""
    if isinstance(value, list | tuple):
        yield from ((f"[{number}]", item) for number, item in enumerate(value))
    elif isinstance(value, Mapping) and any(get_origin(part) is dict for part in (annotation, *get_args(annotation))):
        yield from ((f".{name}", item) for name, item in value.items())
    else:
        yield "", value


def _refuse_in(models: Sequence[type[BaseModel]], data: object, place: str) -> None:
    if len(models) == 1:
        refuse_unknown_keys(models[0], data, f"{place}.")
    elif models and isinstance(data, Mapping):
        by_type = {name: model for model in models for name in types_of(model)}
        if not by_type:
            return  # told apart by something else
        given = data.get("type")
        if given not in by_type:
            raise wrong_type(f"{place}.type", given, tuple(by_type))
        refuse_unknown_keys(by_type[given], data, f"{place}.")


def wrong_type(field: str, given: object, expected: Sequence[str]) -> InvalidConfig:
    """The error for a `type` that is missing or not one of those that can be there."""
    if given is None:
        return InvalidConfig(f"`{field}` is missing", field=field, hint=f"It is one of {listed(expected)}.")
    near = difflib.get_close_matches(str(given).lower(), expected, n=1)
    return InvalidConfig(
        f"`{field}`: expected {either(expected)}, got `{given}`",
        field=field,
        hint=f"Did you mean `{near[0]}`?" if near else "",
    )


def types_of(model: type[BaseModel]) -> tuple[str, ...]:
    """The values that the field `type` of a document may have, none where it has no such field."""
    field = model.model_fields.get("type")
    return () if field is None else tuple(get_args(field.annotation))


def documents_in(annotation: object) -> list[type[BaseModel]]:
    """The documents that a field may hold: of `tuple[X | Y, ...]`, `dict[str, X]` and `X | None` those are X and Y."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in documents_in(part)]


def listed(names: Iterable[str]) -> str:
    """`a`, `b`, each in backticks."""
    return ", ".join(f"`{name}`" for name in names)


def either(names: Sequence[str]) -> str:
    """What was expected, of a few: `a`, one of `a`, `b`."""
    return listed(names) if len(names) == 1 else f"one of {listed(names)}"
