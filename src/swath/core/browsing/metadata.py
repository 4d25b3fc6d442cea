"""Metadata of samples as columns: what people attached under each key, ready to be filtered, counted and sorted.

Documents are flattened: the keys of nested objects are joined by dots. Each key is one column of codes into its
distinct values, which ascend, so that codes sort like values and a range of values is a range of codes.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from swath.core.browsing.columns import NO_CODE

MOST_KEYS = 100
"""Keys that are columns: those that most samples have. Others are shown with their sample, and no more."""

MOST_KEYS_SEEN = 10_000
"""Keys that are counted at all, in the order in which they appear."""

LONGEST_KEY = 1000
MOST_DISTINCT = 1000
"""A text with more distinct values names things rather than describing them: nobody counts those."""

MOST_BINS = 20

LARGEST = float(np.finfo(np.float64).max)

FALSE, TRUE = "false", "true"
BOOLEANS = (FALSE, TRUE)


class MetadataKind(StrEnum):
    """What the values under a key are. Where they are of several kinds, all of them are taken as texts."""

    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MetadataColumn:
    """The values of one key: `numbers` of numbers, `labels` of texts and booleans (`false`, `true`).

    `slots` is what is counted: for texts and booleans the code, for numbers the bin between `edges`, and one more for
    samples without a value. It is None for texts with too many distinct values.
    """

    key: str
    kind: MetadataKind
    codes: NDArray[np.int32]  # (N,) place among the values, NO_CODE if there is none
    labels: tuple[str, ...]  # (U,) distinct, ascending by code point; empty for numbers
    numbers: NDArray[np.float64]  # (U,) distinct, ascending, finite; empty otherwise
    edges: NDArray[np.float64]  # (B + 1,) of the bins of numbers; empty otherwise
    slots: NDArray[np.uint16] | None  # (N,)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def slot_count(self) -> int:
        """Of `slots`, with the one for samples without a value, which is the last."""
        return (len(self.edges) - 1 if self.kind is MetadataKind.NUMBER else len(self.labels)) + 1

    @property
    def byte_count(self) -> int:
        """Memory that the column takes, near enough."""
        slots = 0 if self.slots is None else self.slots.nbytes
        return self.codes.nbytes + slots + self.numbers.nbytes + sum(50 + len(label) for label in self.labels)

    def of_children(self, parent: NDArray[np.int32]) -> MetadataColumn:
        """The column of samples (M,) that have the values of their parents: codes of samples of this one, NO_CODE for
        none."""
        # One entry more, for NO_CODE, -1, to find.
        codes = np.append(self.codes, np.int32(NO_CODE)).take(parent, mode="wrap")
        slots = self.slots
        if slots is not None:
            slots = np.append(slots, np.uint16(self.slot_count - 1)).take(parent, mode="wrap")
        return replace(self, codes=codes, slots=slots)

    def any_of(self, labels: Collection[str]) -> NDArray[np.bool_]:
        """The samples (N,) that have one of these labels."""
        wanted = set(labels)
        is_admitted = np.zeros(len(self.labels) + 1, dtype=np.bool_)
        is_admitted[[code for code, label in enumerate(self.labels) if label in wanted]] = True
        return is_admitted.take(self.codes, mode="wrap")

    def in_range(self, low: float | None, high: float | None) -> NDArray[np.bool_]:
        """The samples (N,) whose number lies between `low` and `high`, both included; None is no bound."""
        first = 0 if low is None else int(np.searchsorted(self.numbers, low, side="left"))
        end = len(self.numbers) if high is None else int(np.searchsorted(self.numbers, high, side="right"))
        return (self.codes >= first) & (self.codes < end)


Scalar: TypeAlias = str | float | bool


class MetadataReader:
    """Gathers the documents of samples, one after the other, and makes columns of them."""

    def __init__(self) -> None:
        self._keys: dict[str, _Values] = {}

    def add(self, index: int, document: Mapping[str, Any]) -> None:
        """Take what is known of the sample `index`; once for each."""
        for key, value in flattened(document).items():
            values = self._keys.get(key)
            if values is None:
                if len(self._keys) >= MOST_KEYS_SEEN:
                    continue
                values = self._keys[key] = _Values()
            values.add(index, value)

    def columns(self, count: int) -> dict[str, MetadataColumn]:
        """The columns of samples 0 to `count` - 1 by key, ascending; what was said of others is left out."""
        frequent = sorted(self._keys, key=lambda key: (-len(self._keys[key].indices), key))[:MOST_KEYS]
        return {_plain(key): self._keys[key].column(_plain(key), count) for key in sorted(frequent)}


def number_column(key: str, values: NDArray[np.float64]) -> MetadataColumn:
    """The column of a number of every sample (N,), NaN for none; at least one has one."""
    is_there = ~np.isnan(values)
    numbers, place = np.unique(values[is_there], return_inverse=True)
    codes = np.full(len(values), NO_CODE, dtype=np.int32)
    codes[is_there] = place
    return _of_numbers(key, numbers, codes)


def _of_numbers(key: str, numbers: NDArray[np.float64], codes: NDArray[np.int32]) -> MetadataColumn:
    """The column of distinct ascending numbers (U,), at least one, and of places (N,) among them."""
    edges = nice_edges(numbers[0], numbers[-1], is_whole=bool((numbers == np.floor(numbers)).all()))
    of_value = np.searchsorted(edges[1:-1], numbers, side="right")
    return MetadataColumn(
        key=key,
        kind=MetadataKind.NUMBER,
        codes=codes,
        labels=(),
        numbers=numbers,
        edges=edges,
        slots=np.append(of_value, len(edges) - 1).astype(np.uint16).take(codes, mode="wrap"),
    )


def flattened(document: Mapping[str, Any]) -> dict[str, Scalar]:
    """The values of a JSON document by key, those of nested objects under `outer.inner`.

    Lists are taken as their JSON text. What is null, or no number that a float can hold, is no value.
    """
    found: dict[str, Scalar] = {}
    # A stack, for documents may be nested as deep as anybody likes.
    stack: list[tuple[str, Mapping[str, Any]]] = [("", document)]
    while stack:
        start, inner = stack.pop()
        for name, value in inner.items():
            key = start + name
            if isinstance(value, dict):
                if len(key) < LONGEST_KEY:
                    stack.append((f"{key}.", value))
                continue
            scalar = value if isinstance(value, str) else _scalar(value)
            if scalar is not None and 0 < len(key) <= LONGEST_KEY:
                found[key] = scalar
    return found


def number_text(number: float) -> str:
    """A number as people write it: `3`, not `3.0`."""
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)


def scalar_text(value: Scalar) -> str:
    """A value as a text, where those under its key are of several kinds."""
    if isinstance(value, str):
        return value
    return BOOLEANS[value] if isinstance(value, bool) else number_text(value)


def nice_edges(low: float, high: float, *, is_whole: bool) -> NDArray[np.float64]:
    """Edges (B + 1,) of at most MOST_BINS equal bins from below `low` to `high` or above, at round numbers.

    Whole numbers that are few have a bin each. Both ends must be finite, `low` at most `high`.
    """
    # Halves, since the range of what floats hold is none.
    span = high / 2 - low / 2
    if is_whole and span * 2 < MOST_BINS and abs(low) < 2**53 and abs(high) < 2**53:
        return np.arange(low, high + 2, dtype=np.float64)
    exponent = _exponent(span / MOST_BINS * 2) if span > 0 else _exponent(abs(high) / 10)
    for power in range(exponent, exponent + 3):
        for factor in (1.0, 2.0, 2.5, 5.0):
            edges = _multiples(factor, power, low, high)
            if edges is not None and (not is_whole or float(edges[1] - edges[0]).is_integer()):
                return edges
    # So near each other, or so near the ends of what floats hold, that no round number lies between.
    if low == high:
        low, high = (low, math.nextafter(high, math.inf)) if high < LARGEST else (math.nextafter(low, 0), high)
    return np.array([low, high])


def _exponent(number: float) -> int:
    """Of the power of ten below a number; 0 for 0."""
    return math.floor(math.log10(number)) if number > 0 else 0


def _multiples(factor: float, power: int, low: float, high: float) -> NDArray[np.float64] | None:
    """The multiples of `factor` · 10^`power` from below `low` to above `high`; None if there are too many, or if
    floats cannot tell them apart."""

    def multiple(place: int) -> float:
        # Powers of ten are exact from 1 up only: divided by one, a multiple is the float nearest to it.
        return place * factor * 10.0**power if power >= 0 else place * factor / 10.0**-power

    if not -300 < power < 300:
        return None
    step = multiple(1)
    first, last = math.floor(low / step), math.ceil(high / step)
    last = max(last, first + 1)
    if last - first > MOST_BINS:
        return None
    edges = np.array([multiple(place) for place in range(first, last + 1)])
    is_apart = bool(np.isfinite(edges).all() and (np.diff(edges) > 0).all())
    return edges if is_apart and edges[0] <= low and edges[-1] >= high else None


class _Boolean(NamedTuple):
    """A boolean among values: by itself it would be equal to a number."""

    value: bool


@dataclass(slots=True, kw_only=True)
class _Values:
    """The values of one key as they come; numbers, texts and booleans are told apart."""

    indices: array[int] = field(default_factory=lambda: array("q"))
    codes: array[int] = field(default_factory=lambda: array("q"))
    code_of: dict[Scalar | _Boolean, int] = field(default_factory=dict)

    def add(self, index: int, value: Scalar) -> None:
        # True is no 1 here.
        distinct = _Boolean(value) if isinstance(value, bool) else value
        self.indices.append(index)
        self.codes.append(self.code_of.setdefault(distinct, len(self.code_of)))

    def column(self, key: str, count: int) -> MetadataColumn:
        indices, seen = np.array(self.indices, dtype=np.int64), np.array(self.codes, dtype=np.int64)
        is_there = indices < count
        values = [value[0] if isinstance(value, tuple) else value for value in self.code_of]
        kinds = set(map(_kind, values))
        kind = kinds.pop() if len(kinds) == 1 else MetadataKind.TEXT
        codes = np.full(count, NO_CODE, dtype=np.int32)
        if kind is MetadataKind.NUMBER:
            numbers, place = np.unique(np.array(values, dtype=np.float64), return_inverse=True)
            codes[indices[is_there]] = place[seen[is_there]]
            return _of_numbers(key, numbers, codes)
        texts = [_plain(scalar_text(value)) for value in values]
        labels = BOOLEANS if kind is MetadataKind.BOOLEAN else tuple(sorted(set(texts)))
        place_of = {label: place for place, label in enumerate(labels)}
        place = np.array([place_of[text] for text in texts], dtype=np.int64)
        codes[indices[is_there]] = place[seen[is_there]]
        is_countable = len(labels) <= MOST_DISTINCT
        slots = np.where(codes == NO_CODE, len(labels), codes).astype(np.uint16) if is_countable else None
        none = np.empty(0)
        return MetadataColumn(key=key, kind=kind, codes=codes, labels=labels, numbers=none, edges=none, slots=slots)


def _scalar(value: Any) -> Scalar | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            return None
        return number + 0.0 if math.isfinite(number) else None  # + 0.0: there is one zero
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _kind(value: Scalar) -> MetadataKind:
    if isinstance(value, str):
        return MetadataKind.TEXT
    return MetadataKind.BOOLEAN if isinstance(value, bool) else MetadataKind.NUMBER


def _plain(text: str) -> str:
    """A text that every encoding of Unicode can hold: halves of characters become question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
