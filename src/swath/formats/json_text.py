"""JSON from files people made: what exactly is wrong with it, where, and how values and places are shown."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, TypeGuard

import orjson

from swath.core.errors import InvalidPredictions

MAX_VIOLATIONS = 20
"""Places reported per file: a file that is wrong throughout is wrong in the same way throughout."""

MAX_SHOWN_LENGTH = 80

UTF8_BOM = b"\xef\xbb\xbf"

LARGEST = 1.7976931348623157e308
"""What a 64-bit float can hold; a whole number beyond it has no end either."""

PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One place in a document that is not as it should be; `json_path` starts with `$`, `value` is for people."""

    json_path: str
    value: str
    expected: str
    hint: str = ""


class UnreadableJson(Exception):
    """Text that is not JSON (`is_json` False), or JSON but for NaN and infinity, each with its place (True)."""

    def __init__(self, violations: list[Violation], *, is_json: bool) -> None:
        super().__init__(violations[0].value)
        self.violations = violations
        self.is_json = is_json


def load_json(data: bytes) -> Any:
    """The value of a JSON text in UTF-8; a byte order mark is tolerated, of equal keys the last one counts.

    Raises UnreadableJson, and nothing else, for anything that is not JSON as the standard has it: other encodings,
    NaN and Infinity, lone surrogates, numbers beyond 64-bit floats, nesting deeper than 1024.
    """
    body = data.removeprefix(UTF8_BOM)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        non_finite = _find_non_finite(body)
        if non_finite:
            raise UnreadableJson(non_finite, is_json=True) from exc
        raise UnreadableJson([_explain(body, exc)], is_json=False) from exc


def load_document(data: bytes, file: str) -> Any:
    """As `load_json`, but raises InvalidPredictions with the first wrong place of `file`."""
    try:
        return load_json(data)
    except UnreadableJson as exc:
        first = exc.violations[0]
        raise InvalidPredictions(
            file=file, json_path=first.json_path, value=first.value, expected=first.expected, hint=first.hint
        ) from exc


def _find_non_finite(body: bytes) -> list[Violation]:
    """Places of NaN, Infinity and numbers too large to hold; none if that is not all that is wrong with the text."""
    try:
        # The standard library takes NaN and Infinity, which lets us say where they stand.
        document = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return []
    violations: list[Violation] = []
    waiting: list[tuple[str, Any]] = [("$", document)]
    while waiting and len(violations) < MAX_VIOLATIONS:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend((child_path(path, key), child) for key, child in reversed(value.items()))
        elif isinstance(value, list):
            waiting.extend((f"{path}[{place}]", value[place]) for place in range(len(value) - 1, -1, -1))
        elif isinstance(value, int | float) and not abs(value) <= LARGEST:
            violations.append(
                Violation(
                    json_path=path,
                    value=shown(value),
                    expected="a finite number",
                    hint="leave the prediction out, or write a number: JSON has no NaN and no infinity.",
                )
            )
    return violations


def _explain(body: bytes, error: orjson.JSONDecodeError) -> Violation:
    where = f"line {error.lineno}, column {error.colno}"
    value, hint = f"{error.msg} at {where}", ""
    if not body.strip():
        value = "an empty file"
    elif body.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in body[:4]:
        value, hint = "text that is not UTF-8 (it looks like UTF-16)", "save the file as UTF-8."
    elif "UTF-8" in error.msg:
        value, hint = "bytes that are not UTF-8", "save the file as UTF-8."
    elif "depth" in error.msg:
        value = f"lists or objects nested too deep at {where}"
    elif "trailing comma" in error.msg:
        hint = "remove the comma before the closing bracket."
    elif "after document" in error.msg:
        hint = "a file holds one JSON document."
    elif error.doc[error.pos : error.pos + 1] == "'":
        hint = "strings need double quotes; write files with a JSON library, not with `str()`."
    return Violation(json_path="$", value=value, expected="JSON in UTF-8", hint=hint)


def child_path(path: str, key: str) -> str:
    """The path of a key of an object: `$.a`, or `$["a b"]` for keys that are no plain word."""
    return f"{path}.{key}" if PLAIN_KEY.fullmatch(key) else f"{path}[{shown(key)}]"


def shown(value: Any) -> str:
    """A value as JSON, shortened to about 80 characters, never longer to make than it is to read."""
    return _shorten(_shown(value, depth=0))


def _shown(value: Any, *, depth: int) -> str:
    if isinstance(value, str):
        return json.dumps(value if len(value) <= MAX_SHOWN_LENGTH else value[:MAX_SHOWN_LENGTH], ensure_ascii=False)
    if isinstance(value, list):
        if depth > 2:
            return "[…]"
        items = [_shown(item, depth=depth + 1) for item in value[:8]]
        return f"[{', '.join(items + ['…'] * (len(value) > 8))}]"
    if isinstance(value, dict):
        if depth > 2:
            return "{…}"
        pairs = [
            f"{_shown(key, depth=depth)}: {_shown(item, depth=depth + 1)}" for key, item in list(value.items())[:8]
        ]
        return f"{{{', '.join(pairs + ['…'] * (len(value) > 8))}}}"
    return json.dumps(value)


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_SHOWN_LENGTH else f"{text[: MAX_SHOWN_LENGTH - 1]}…"


def is_integer(value: Any) -> TypeGuard[int]:
    """Whether a JSON value is a whole number; true and false are not numbers."""
    return type(value) is int


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a JSON value is a number; true and false are not numbers."""
    return type(value) is int or type(value) is float


def all_integers(values: list[Any]) -> bool:
    """Whether all values of a list are whole numbers."""
    return _INTEGERS.issuperset(map(type, values))


def all_numbers(values: list[Any]) -> bool:
    """Whether all values of a list are numbers."""
    return _NUMBERS.issuperset(map(type, values))


_INTEGERS = frozenset({int})
_NUMBERS = frozenset({int, float})
