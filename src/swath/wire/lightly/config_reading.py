"""Reads a worker configuration of any generation by the table of keys: flat, under the names that people write."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from swath.core.errors import InvalidConfig
from swath.wire.lightly.config_keys import ConfigKey, Fate

_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")

SHOWN_LENGTH = 60

LONGEST_TEXT = 4096
"""Of names and paths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What keys say, by name; a key that is null or left out is absent. `prefix` comes before names in errors."""

    values: Mapping[str, Any]
    prefix: str = ""

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def raw(self, name: str) -> Any:
        return self.values.get(name)

    def text(self, name: str) -> str:
        """Text, without whitespace around it; "" if absent. Raises InvalidConfig for anything else."""
        value = self.values.get(name, "")
        if not isinstance(value, str):
            raise self.invalid(name, "expected text")
        if len(value) > LONGEST_TEXT:
            raise self.invalid(name, f"expected at most {LONGEST_TEXT:,} characters")
        return value.strip()

    def flag(self, name: str, default: bool) -> bool:
        """True or False. Raises InvalidConfig for anything else."""
        value = self.values.get(name, default)
        if not isinstance(value, bool):
            raise self.invalid(name, "expected `True` or `False`")
        return value

    def number(self, name: str) -> int | float | None:
        """A finite number as it stands there, None if absent. Raises InvalidConfig for anything else."""
        value = self.values.get(name)
        if value is None:
            return None
        # The comparison is false for NaN and for what no float can hold.
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
            raise self.invalid(name, "expected a number")
        return value

    def whole(self, name: str) -> int | None:
        """A whole number (2.0 is one), None if absent. Raises InvalidConfig for anything else."""
        value = self.number(name)
        if value is not None and value != int(value):
            raise self.invalid(name, "expected a whole number")
        return None if value is None else int(value)

    def invalid(self, name: str, expected: str, *, hint: str = "") -> InvalidConfig:
        """The error for a value that cannot be used."""
        return InvalidConfig(
            f"`{self.prefix}{name}`: {expected}, got {shown(self.values.get(name))}",
            field=f"{self.prefix}{name}",
            hint=hint,
        )


def shown(value: object) -> str:
    """A value as a person would write it, shortened."""
    text = str(value) if not isinstance(value, str) else f'"{value}"'
    text = text.encode("utf-8", "backslashreplace").decode()
    return f"`{text[:SHOWN_LENGTH]}…`" if len(text) > SHOWN_LENGTH else f"`{text}`"


def read_keys(
    document: Mapping[str, Any], keys: Mapping[str, ConfigKey], *, top: str, is_camel: bool, prefix: str = ""
) -> Values:
    """The values of a dictionary, in which keys may be nested or dotted.

    `top` is the name of the dictionary itself, with which the names in `keys` begin; with `is_camel` the dictionary
    spells them in camelCase. Raises InvalidConfig for a key
    that is not in `keys`, for a dictionary where a value should be and the other way round, for a key that is given
    twice with different values, and for a value that its key may not have.
    """
    values: dict[str, Any] = {}
    for name, value in _leaves(document, top, keys, is_camel, prefix):
        if value is None:
            continue
        if name in values and values[name] != value:
            raise InvalidConfig(
                f"`{prefix}{name}` is given twice: as {shown(values[name])} and as {shown(value)}", field=prefix + name
            )
        values[name] = value
    found = Values(values=values, prefix=prefix)
    for name in values:
        _check_fate(found, keys[name])
    return found


def _leaves(
    document: Mapping[str, Any], place: str, keys: Mapping[str, ConfigKey], is_camel: bool, prefix: str
) -> Iterator[tuple[str, Any]]:
    for written, value in document.items():
        name = f"{place}.{to_snake(written) if is_camel else written}"
        if name in keys:
            yield name, value
        elif any(known.startswith(f"{name}.") for known in keys):
            if isinstance(value, Mapping):
                yield from _leaves(value, name, keys, is_camel, prefix)
            elif value is not None:
                raise InvalidConfig(
                    f"`{prefix}{name}`: expected a dictionary, got {shown(value)}", field=f"{prefix}{name}"
                )
        else:
            raise _unknown(name, keys, prefix)


def _unknown(name: str, keys: Iterable[str], prefix: str) -> InvalidConfig:
    near = difflib.get_close_matches(name[:1000], keys, n=1)
    hint = f"Did you mean `{prefix}{near[0]}`?" if near else ""
    shown_name = f"{prefix}{name}"[:200].encode("utf-8", "backslashreplace").decode()
    return InvalidConfig(f"there is no key `{shown_name}`", field=shown_name, hint=hint)


def _check_fate(values: Values, key: ConfigKey) -> None:
    """Raise InvalidConfig for a value that would change the result in a way that is not there (yet)."""
    value = values.raw(key.name)
    if key.fate is Fate.REFUSED:
        raise InvalidConfig(
            f"`{values.prefix}{key.name}` cannot be used: {key.why}",
            field=f"{values.prefix}{key.name}",
            hint="Leave it out.",
        )
    if key.fate is Fate.FIXED and not any(_is_same(value, fixed) for fixed in key.fixed_at):
        allowed = " or ".join(shown(fixed) for fixed in key.fixed_at)
        raise InvalidConfig(
            f"`{values.prefix}{key.name}` cannot be {shown(value)}: {key.why}",
            field=f"{values.prefix}{key.name}",
            hint=f"Leave it out, or set it to {allowed}.",
        )


def _is_same(value: object, fixed: object) -> bool:
    """As `==`, but True is not 1 and 0 not False."""
    return value == fixed and isinstance(value, bool) == isinstance(fixed, bool)


def to_snake(name: str) -> str:
    """`nSamples` → `n_samples`; a name in snake_case stays."""
    return _CAPITAL.sub(lambda match: f"_{match[1].lower()}", name)
