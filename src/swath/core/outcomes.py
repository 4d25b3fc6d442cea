"""What became of each file of a run, tallied with a few examples; and findings, the things a person should know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class FileOutcome(StrEnum):
    """What became of one image and its prediction file."""

    USED = "used"
    ALREADY_USED = "already_used"
    UNREADABLE = "unreadable"
    DUPLICATE = "duplicate"
    PREDICTIONS_MISSING = "predictions_missing"
    PREDICTIONS_NOT_JSON = "predictions_not_json"
    PREDICTIONS_INVALID = "predictions_invalid"
    PREDICTIONS_UNKNOWN_CATEGORY = "predictions_unknown_category"
    PREDICTIONS_OTHER_IMAGE = "predictions_other_image"


BAD_PREDICTIONS = frozenset(
    {
        FileOutcome.PREDICTIONS_NOT_JSON,
        FileOutcome.PREDICTIONS_INVALID,
        FileOutcome.PREDICTIONS_UNKNOWN_CATEGORY,
        FileOutcome.PREDICTIONS_OTHER_IMAGE,
    }
)

MAX_EXAMPLES = 5
"""Examples kept per outcome: enough to see a pattern, few enough to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a person should know about the input. `severity` is info, warning or error."""

    code: str
    severity: str
    message: str
    hint: str = ""
    examples: tuple[str, ...] = ()
    count: int = 0


@dataclass(slots=True)
class OutcomeTally:
    """Counts per outcome with the first few names and reasons."""

    counts: Counter[FileOutcome] = field(default_factory=Counter)
    examples: dict[FileOutcome, list[str]] = field(default_factory=dict)

    def add(self, outcome: FileOutcome, example: str = "") -> None:
        self.counts[outcome] += 1
        if example:
            kept = self.examples.setdefault(outcome, [])
            if len(kept) < MAX_EXAMPLES:
                kept.append(example)

    def total(self, outcomes: Iterable[FileOutcome]) -> int:
        return sum(self.counts[outcome] for outcome in outcomes)
