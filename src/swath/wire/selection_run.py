"""Documents of selection runs: choosing again among the samples of a dataset. The result is a tag, or with a dry run
numbers and a stored selection."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, JsonValue, StrictFloat, StrictInt, ValidationError, model_validator

from swath.core.errors import InvalidConfig
from swath.wire.browsing import Id, Selector, Text
from swath.wire.columns import Column, Columns, read_columns, write_columns
from swath.wire.documents import Document, as_invalid_config, refuse_unknown_keys
from swath.wire.run_result import FindingDocument, RunResult, SelectionQuality
from swath.wire.runs import HIGHEST_PRIORITY, Labels, storable
from swath.wire.selection import MaxPerImage, Quota, SelectionConfig, SelectionUnit, Strategies
from swath.wire.selection_rules import check_selection, refuse_foreign_inputs

MOST_FINDINGS = 100
LONGEST_STOPPED_BY = 100


class SampleSelection(Document):
    """How many samples to choose and by which strategies: `n_samples` or `proportion_samples`, a minimum distance, or
    both. Of languages that do not tell 1 from 1.0, `proportion_samples` is clear."""

    n_samples: StrictInt | StrictFloat | None = Field(
        default=None, description="a whole number is a count, a fraction above 0 and at most 1.0 a share"
    )
    proportion_samples: float | None = Field(default=None, gt=0, le=1)
    strategies: Strategies = SelectionConfig().strategies
    max_per_image: MaxPerImage | None = Field(default=None, description="crops picked of one image, at most")
    quotas: dict[str, Quota] | None = Field(default=None, description="by name of category, of crops")


class _Selecting(Document):
    """So that fields have the names they have in a request."""

    selection: SampleSelection


class SelectionRunRequest(Document):
    """Choose among the samples of a dataset: those of a selector or a tag, all where neither is given."""

    dataset: Text = Field(description="name or id, of crops or of images")
    selection: SampleSelection
    input: Selector | None = None
    input_tag: Text | None = Field(default=None, description="name or id")
    preselected_tag: Text | None = Field(
        default=None, description="samples that count as chosen: the others are chosen for what these lack"
    )
    new_tag: Text | None = Field(default=None, description="of the chosen samples; one is made up where none is given")
    priority: int = Field(default=0, ge=-HIGHEST_PRIORITY, le=HIGHEST_PRIORITY, description="higher ones go first")
    runs_on: Labels = Field(default=(), description="labels that a worker must have, all of them")

    @model_validator(mode="before")
    @classmethod
    def _knows_every_key_of_its_selection(cls, data: object) -> object:
        _refuse_unknown_keys_of_selection(data)
        return data


class SettledQuery(Document):
    """The samples that a similarity looks for, as they were when the run was asked for."""

    dataset_id: Id
    selection_id: Id


class SettledObjects(Document):
    """The crops that stand for the objects of images: those of a crops dataset that were there then."""

    dataset_id: Id
    samples: int


class SettledScores(Document):
    """Scores that were uploaded, and the samples that they are of."""

    score_set_id: Id
    selection_id: Id


class SettledInput(Document):
    """What a strategy reads, by ids: whatever is added, tagged or renamed later has no say."""

    task: str | None = None  # of scores, predictions and objects
    scores: SettledScores | None = None
    objects: tuple[SettledObjects, ...] = ()  # in the order in which they are preferred for an object
    query: SettledQuery | None = None


class SelectionRunConfig(Document):
    """A selection run as it is kept. Which samples it is about is settled, by stored selections: the candidates, those
    chosen before, the query of a similarity. What is known of them is read when a worker takes the run up.
    """

    dataset_id: Id
    dataset_name: str
    selection: SelectionConfig
    input_selection_id: Id
    input_tag: str | None = None  # as it was called
    preselected_selection_id: Id | None = None
    preselected_tag: str | None = None  # as it was called
    new_tag: str | None = None
    tags_preselected: bool = False  # the new tag holds what was chosen before, too
    dry_run: bool = False
    inputs: tuple[SettledInput, ...] = ()  # one for each strategy; none at all: nothing had to be settled

    def input_of(self, strategy: int) -> SettledInput:
        """What is settled for the strategy of a number."""
        return self.inputs[strategy] if self.inputs else SettledInput()


class CategoryCounts(Document):
    """Of one category: how many there are to choose from, were preselected, and are there with what was chosen.

    Crops count once; of images, their predictions do.
    """

    available: int
    before: int
    after: int


class SelectionRunResult(RunResult):
    """What a selection run chose of its `candidates`; its dataset is `crop_dataset` or `image_dataset`, to which
    nothing was added. `tag` is the name of the new tag; a dry run has the stored selection instead.
    """

    dry_run: bool = False
    preselected: int = 0
    stopped_by: str = ""
    categories: dict[str, CategoryCounts] = Field(default_factory=dict)
    tag: str | None = None
    selection_id: str | None = None


def requested_selection(selection: SampleSelection, unit: SelectionUnit) -> SelectionConfig:
    """The configuration that a request asks for. Raises InvalidConfig, naming the field as the request has it."""
    if selection.n_samples is not None and selection.proportion_samples is not None:
        raise InvalidConfig(
            f"both `selection.n_samples` ({selection.n_samples}) and `selection.proportion_samples` "
            f"({selection.proportion_samples}) say how many to select",
            field="selection.proportion_samples",
            hint="Give one of them.",
        )
    amount = selection.n_samples if selection.proportion_samples is None else selection.proportion_samples
    config = SelectionConfig(
        n_samples=_checked_amount(amount),
        unit=unit,
        strategies=selection.strategies,
        max_per_image=selection.max_per_image,
        quotas=selection.quotas,
    )
    check_selection(config)
    return config


def _refuse_unknown_keys_of_selection(data: object) -> None:
    if isinstance(data, Mapping):
        refuse_foreign_inputs(data.get("selection"))
        refuse_unknown_keys(SampleSelection, data.get("selection"), "selection.")


def _checked_amount(amount: float | None) -> float | None:
    try:
        return SelectionConfig(n_samples=amount).n_samples
    except ValidationError as exc:
        reason = exc.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise InvalidConfig(f"`selection.n_samples`: {reason}, got `{amount}`", field="selection.n_samples") from exc


def parse_sample_selection(data: Mapping[str, Any]) -> SampleSelection:
    """Raises InvalidConfig that names the first wrong field, as it is in a request."""
    _refuse_unknown_keys_of_selection({"selection": data})
    try:
        return _Selecting.model_validate({"selection": data}).selection
    except ValidationError as exc:
        raise as_invalid_config(exc) from exc


def parse_selection_run_config(data: Mapping[str, JsonValue]) -> SelectionRunConfig:
    """Read what is kept with a run. Raises InvalidConfig, say for one of another version."""
    try:
        return SelectionRunConfig.model_validate(data)
    except ValidationError as exc:
        raise as_invalid_config(exc) from exc


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """What was chosen of `available` samples, of which `eligible` passed all thresholds (None: there were none), in the
    order of choosing. `asked` is the count that was asked for, None if none was; `stopped_by` is why it ended."""

    sample_indices: NDArray[np.int64]  # (K,)
    available: int
    eligible: int | None = None
    asked: int | None
    stopped_by: str
    quality: SelectionQuality | None = None
    findings: tuple[FindingDocument, ...] = ()


class _Report(Document):
    """What a choice has to say for itself."""

    quality: SelectionQuality | None
    findings: tuple[FindingDocument, ...] = Field(max_length=MOST_FINDINGS)


def write_choice(choice: Choice) -> bytes:
    """The columns document of a choice."""
    head: dict[str, Any] = {
        "available": choice.available,
        "eligible": choice.eligible,
        "asked": choice.asked,
        "stopped_by": choice.stopped_by,
    }
    report = _Report(quality=choice.quality, findings=choice.findings[:MOST_FINDINGS])
    # Beside the head, which is short: there may be thousands of categories.
    columns: dict[str, Column] = {
        "sample_indices": choice.sample_indices.astype(np.int32),
        "report": [report.model_dump_json()],
    }
    return write_columns(columns, head)


def read_choice(data: bytes) -> Choice:
    """Raises InvalidConfig for bytes that are no such document."""
    columns = read_columns(data, what="the choice")
    stopped_by = columns.head.get("stopped_by")
    report = _read_report(columns)
    return Choice(
        sample_indices=columns.array("sample_indices", np.int32).astype(np.int64),
        available=columns.count("available"),
        eligible=_count_or_none(columns, "eligible"),
        asked=_count_or_none(columns, "asked"),
        stopped_by=storable(stopped_by)[:LONGEST_STOPPED_BY] if isinstance(stopped_by, str) else "",
        quality=report.quality,
        findings=report.findings,
    )


def _count_or_none(columns: Columns, name: str) -> int | None:
    return None if columns.head.get(name) is None else columns.count(name)


def _read_report(columns: Columns) -> _Report:
    texts = columns.texts("report")
    if len(texts) != 1:
        raise InvalidConfig("the choice cannot be read: it has no report")
    try:
        report = _Report.model_validate(json.loads(texts[0], parse_constant=_finite, parse_float=_finite))
        report.model_dump_json()  # halves of characters cannot be kept
    except ValidationError as exc:
        raise as_invalid_config(exc) from exc
    except (ValueError, RecursionError) as exc:
        raise InvalidConfig("the choice cannot be read: its report is no JSON that can be kept") from exc
    return report


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number
