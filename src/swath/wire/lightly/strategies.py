"""The strategies of a `selection_config`, in our words: what each is given, and which parameters it has.

An entry is an input and a strategy, and not every strategy takes every input. Entries are read first, all of them, for
only together they say which objects are looked at; then each becomes a strategy of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from swath.core.errors import InvalidConfig
from swath.core.scoring.names import OBJECT_FREQUENCY
from swath.wire.lightly.config_keys import INPUT_KEYS, STRATEGY_KEYS, Generation, keys_of
from swath.wire.lightly.config_reading import Values, read_keys, shown
from swath.wire.lightly.metadata_keys import check_key
from swath.wire.run_config import (
    Aggregate,
    BalanceStrategy,
    DiversityStrategy,
    EmbeddingsInput,
    MetadataInput,
    PredictionsInput,
    QueryTag,
    RandomInput,
    RandomStrategy,
    ScoresInput,
    SelectionUnit,
    SimilarityStrategy,
    Strategy,
    TargetRange,
    ThresholdStrategy,
    TypicalityStrategy,
    WeightsStrategy,
)

HIGHEST_STRENGTH: Final = 1e9
DEFAULT_NEIGHBORS: Final = 20
MOST_NEIGHBORS: Final = 1000
LONGEST_SCORE: Final = 200
LONGEST_NAME: Final = 1000
"""Of tags and datasets."""

MATRIX: Final[Mapping[str, tuple[str, ...]]] = {
    "DIVERSITY": ("EMBEDDINGS",),
    "TYPICALITY": ("EMBEDDINGS",),
    "SIMILARITY": ("EMBEDDINGS",),
    "WEIGHTS": ("SCORES", "METADATA", "PREDICTIONS", "RANDOM"),
    "THRESHOLD": ("SCORES", "METADATA", "PREDICTIONS"),
    "BALANCE": ("PREDICTIONS", "METADATA"),
}
"""The inputs that each strategy takes."""

_OTHER_NAMES: Final = {"DIVERSIFY": "DIVERSITY"}
"""What strategies are called in the first clients that have a selection."""

_KEYS_OF_INPUT: Final[Mapping[str, tuple[str, ...]]] = {
    "EMBEDDINGS": ("task", "dataset_id", "tag_name"),
    "SCORES": ("task", "score"),
    "METADATA": ("key",),
    "PREDICTIONS": ("task", "name", "categories"),
    "RANDOM": ("random_seed",),
}

_KEYS_OF_STRATEGY: Final[Mapping[str, tuple[str, ...]]] = {
    "DIVERSITY": ("stopping_condition_minimum_distance",),
    "TYPICALITY": ("num_nearest_neighbors", "stopping_condition_minimum_typicality"),
    "SIMILARITY": (),
    "WEIGHTS": ("stopping_condition_max_sum", "target_range.min_sum", "target_range.max_sum"),
    "THRESHOLD": ("threshold", "operation"),
    "BALANCE": ("target", "distribution"),
}
"""Besides `strength`, which all may have."""

_OPERATIONS: Final = ("SMALLER", "SMALLER_EQUAL", "BIGGER", "BIGGER_EQUAL")
_DISTRIBUTIONS: Final = ("TARGET", "UNIFORM", "INPUT")
_CLASS_DISTRIBUTION, _CATEGORY_COUNT = "CLASS_DISTRIBUTION", "CATEGORY_COUNT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of `strategies`, read: `kind` is the strategy under its later name; keys fit both parts."""

    place: str  # `selection_config.strategies[0]`
    input_type: str
    kind: str
    source: Values
    rule: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """How `object_frequency` is computed."""

    frequency_penalty: float = 0.25
    min_score: float = 0.9

    def scores(self, score: str, task: str) -> ScoresInput:
        """The input that asks for a score of a task; of others than `object_frequency` this says nothing."""
        if score != OBJECT_FREQUENCY:
            return ScoresInput(score=score, task=task)
        return ScoresInput(score=score, task=task, frequency_penalty=self.frequency_penalty, min_score=self.min_score)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What a run looks at: the objects of `task` ("": whole images), to select `unit`."""

    unit: SelectionUnit
    task: str
    scorer: Scorer


# --- reading --------------------------------------------------------------------------------------------------------


def read_entries(generation: Generation, selection: Values) -> list[Entry]:
    """The entries of a selection. Raises InvalidConfig that names the first thing wrong with one."""
    name = "selection_config.strategies"
    entries = selection.raw(name)
    if not isinstance(entries, list) or not entries:
        raise selection.invalid(name, "expected a list of at least one strategy")
    return [_read_entry(generation, entry, f"{name}[{number}]") for number, entry in enumerate(entries)]


def _read_entry(generation: Generation, entry: object, place: str) -> Entry:
    if not isinstance(entry, Mapping):
        raise InvalidConfig(f"`{place}`: expected a dictionary, got {shown(entry)}", field=place)
    _check_both_there(entry, place)
    input_type, written = str(entry["input"].get("type")), str(entry["strategy"].get("type"))
    kind = _OTHER_NAMES.get(written, written)
    _check_match(place, input_type, kind, written)
    source = read_keys(entry["input"], keys_of(generation, INPUT_KEYS), top="input", is_camel=True, prefix=f"{place}.")
    rule = read_keys(
        entry["strategy"], keys_of(generation, STRATEGY_KEYS), top="strategy", is_camel=True, prefix=f"{place}."
    )
    _check_keys(source, "input", _KEYS_OF_INPUT, input_type)
    _check_keys(rule, "strategy", _KEYS_OF_STRATEGY, kind)
    return Entry(place=place, input_type=input_type, kind=kind, source=source, rule=rule)


def _check_both_there(entry: Mapping[str, Any], place: str) -> None:
    for name in entry:
        if name not in ("input", "strategy"):
            raise InvalidConfig(
                f"there is no key `{place}.{name[:200]}`",
                field=f"{place}.{name[:200]}",
                hint="There are `input` and `strategy`.",
            )
    for name in ("input", "strategy"):
        if not isinstance(entry.get(name), Mapping):
            raise InvalidConfig(
                f"`{place}.{name}`: expected a dictionary with a `type`, got {shown(entry.get(name))}",
                field=f"{place}.{name}",
            )


def _check_match(place: str, input_type: str, kind: str, written: str) -> None:
    """Raise InvalidConfig for types that there are none of, and for a strategy that does not take the input."""
    if kind not in MATRIX:
        field = f"{place}.strategy.type"
        raise InvalidConfig(f"`{field}`: expected one of {_listed(MATRIX)}, got {shown(written)}", field=field)
    if input_type not in _KEYS_OF_INPUT:
        field = f"{place}.input.type"
        raise InvalidConfig(
            f"`{field}`: expected one of {_listed(_KEYS_OF_INPUT)}, got {shown(input_type)}", field=field
        )
    if input_type not in MATRIX[kind]:
        raise InvalidConfig(
            f"`{place}`: strategy {shown(written)} cannot be used on input {shown(input_type)}",
            field=f"{place}.input.type",
            hint=f"{shown(written)} takes {_listed(MATRIX[kind])}.",
        )


def _check_keys(values: Values, part: str, keys_of_type: Mapping[str, Sequence[str]], type_: str) -> None:
    """Raise InvalidConfig for a key that another type has, and not this one: what it was to do would not be done."""
    shared = (f"{part}.type", "strategy.strength")
    for name in values.values:
        key = name.removeprefix(f"{part}.")
        if name in shared or key in keys_of_type[type_]:
            continue
        owners = [owner for owner, keys in keys_of_type.items() if key in keys]
        raise InvalidConfig(
            f"`{values.prefix}{name}` is for {_listed(owners)} only, not for {shown(type_)}",
            field=f"{values.prefix}{name}",
            hint="Leave it out.",
        )


def compares_objects(entry: Entry) -> bool:
    """Whether an entry names a task whose objects are compared."""
    return entry.input_type == "EMBEDDINGS" and bool(entry.source.text("input.task"))


def task_of_objects(entries: Sequence[Entry]) -> str:
    """The task whose objects embeddings are of; "" if no entry names one. Raises InvalidConfig if several are named."""
    found = ""
    for entry in filter(compares_objects, entries):
        task = entry.source.text("input.task")
        if found and task != found:
            field = f"{entry.place}.input.task"
            raise InvalidConfig(
                f"`{field}` is `{task}`, but an earlier strategy compares the objects of `{found}`",
                field=field,
                hint="A run compares the objects of one task. Scores and predictions may be those of others.",
            )
        found = task
    return found


# --- what becomes of an entry ---------------------------------------------------------------------------------------


def native_strategy(entry: Entry, looks: Looks) -> Strategy:
    """The strategy of ours that an entry asks for. Raises InvalidConfig that names the key and its value."""
    return _MAKERS[entry.kind](entry, looks)


def _diversity(entry: Entry, looks: Looks) -> Strategy:
    _refuse_query(entry)
    embeddings = _embeddings(entry, looks)
    return DiversityStrategy(
        strength=_strength(entry),
        input=embeddings,
        # As scripts know it: the mean over the objects of an image. Of one vector per unit the aggregate says nothing.
        aggregate=Aggregate.MEAN if embeddings.of == "objects" else Aggregate.MAX,
        minimum_distance=positive_or_none(entry.rule, "strategy.stopping_condition_minimum_distance"),
    )


def _typicality(entry: Entry, looks: Looks) -> Strategy:
    _refuse_query(entry)
    count_name = "strategy.num_nearest_neighbors"
    limit_name = "strategy.stopping_condition_minimum_typicality"
    count, limit = entry.rule.whole(count_name), entry.rule.number(limit_name)
    if count is not None and not 2 <= count <= MOST_NEIGHBORS:
        raise entry.rule.invalid(count_name, f"expected a count of 2 to {MOST_NEIGHBORS:,}")
    if limit is not None and not 0 < limit <= 1:
        raise entry.rule.invalid(limit_name, "expected a number above 0 and at most 1")
    return TypicalityStrategy(
        strength=_strength(entry),
        input=_embeddings(entry, looks),
        num_nearest_neighbors=DEFAULT_NEIGHBORS if count is None else count,
        minimum_typicality=limit,
    )


def _similarity(entry: Entry, looks: Looks) -> Strategy:
    dataset, tag = _required(entry, "input.dataset_id"), _required(entry, "input.tag_name")
    return SimilarityStrategy(
        strength=_strength(entry), input=_embeddings(entry, looks), query=QueryTag(dataset=dataset, tag=tag)
    )


def _weights(entry: Entry, looks: Looks) -> Strategy:
    strength = _strength(entry)
    maximum = _sum(entry, "strategy.stopping_condition_max_sum")
    target = _target_range(entry, maximum)
    if entry.input_type == "RANDOM" and maximum is None and target is None:
        return RandomStrategy(strength=strength, seed=_seed(entry))
    return WeightsStrategy(strength=strength, input=_numbers(entry, looks), maximum_sum=maximum, target_range=target)


def _threshold(entry: Entry, looks: Looks) -> Strategy:
    _strength(entry)  # checked, and then without a say: what a threshold shuts out is out
    limit = entry.rule.number("strategy.threshold")
    if limit is None:
        raise _missing(entry, "strategy.threshold")
    operation = _one_of(entry.rule, "strategy.operation", _OPERATIONS)
    if operation is None:
        raise _missing(entry, "strategy.operation", hint=f"There are {_listed(_OPERATIONS)}.")
    return ThresholdStrategy.model_validate(
        {"input": _numbers(entry, looks), "threshold": limit, "operation": operation.lower()}
    )


def _balance(entry: Entry, looks: Looks) -> Strategy:
    target = _shares(entry)
    distribution = _one_of(entry.rule, "strategy.distribution", _DISTRIBUTIONS)
    if distribution is None and target is None:
        raise _missing(
            entry,
            "strategy.target",
            hint='Say which share of what is selected each category is to have, like `{"car": 0.5}`'
            ', or let `distribution` be "UNIFORM" or "INPUT".',
        )
    if distribution == "TARGET" and target is None:
        raise _missing(entry, "strategy.target", hint='`distribution` is "TARGET".')
    if distribution not in (None, "TARGET") and target is not None:
        raise entry.rule.invalid(
            "strategy.distribution", "with a `target` only `TARGET` makes sense", hint="Leave one of them out."
        )
    is_metadata = entry.input_type == "METADATA"
    return BalanceStrategy.model_validate(
        {
            "strength": _strength(entry),
            "input": _metadata(entry, looks) if is_metadata else _predictions(entry, looks, _CLASS_DISTRIBUTION),
            "distribution": (distribution or "TARGET").lower(),
            "target": target,
        }
    )


_MAKERS: Final[Mapping[str, Callable[[Entry, Looks], Strategy]]] = {
    "DIVERSITY": _diversity,
    "TYPICALITY": _typicality,
    "SIMILARITY": _similarity,
    "WEIGHTS": _weights,
    "THRESHOLD": _threshold,
    "BALANCE": _balance,
}


# --- inputs ---------------------------------------------------------------------------------------------------------


def _embeddings(entry: Entry, looks: Looks) -> EmbeddingsInput:
    """Vectors of the samples, of the objects of images, or of the images beside those of their objects."""
    if looks.unit is SelectionUnit.OBJECTS or not looks.task:
        return EmbeddingsInput()
    task = entry.source.text("input.task")
    return EmbeddingsInput(of="objects", task=task) if task else EmbeddingsInput(of="images")


def _numbers(entry: Entry, looks: Looks) -> ScoresInput | MetadataInput | PredictionsInput | RandomInput:
    match entry.input_type:
        case "SCORES":
            return looks.scorer.scores(_required(entry, "input.score", longest=LONGEST_SCORE), _task(entry, looks))
        case "METADATA":
            return _metadata(entry, looks)
        case "PREDICTIONS":
            return _predictions(entry, looks, _CATEGORY_COUNT)
        case _:
            return RandomInput(seed=_seed(entry))


def _metadata(entry: Entry, looks: Looks) -> MetadataInput:
    field = f"{entry.place}.input.key"
    return MetadataInput(key=check_key(_required(entry, "input.key"), looks.unit, field=field))


def _predictions(entry: Entry, looks: Looks, wanted: str) -> PredictionsInput:
    """How predictions are spread, or how many there are: what the strategy can use, which `name` need not repeat."""
    name = _one_of(entry.source, "input.name", (_CLASS_DISTRIBUTION, _CATEGORY_COUNT)) or wanted
    if name != wanted:
        raise entry.source.invalid("input.name", f'strategy "{entry.kind}" takes "{wanted}"')
    categories = _categories(entry)
    if categories is not None and wanted != _CATEGORY_COUNT:
        raise InvalidConfig(
            f"`{entry.place}.input.categories` is for `{_CATEGORY_COUNT}` only",
            field=f"{entry.place}.input.categories",
            hint="Give those that matter a share in `strategy.target`.",
        )
    return PredictionsInput.model_validate(
        {"name": wanted.lower(), "task": _task(entry, looks), "categories": categories}
    )


def _categories(entry: Entry) -> list[str] | None:
    name = "input.categories"
    found = entry.source.raw(name)
    if found is None:
        return None
    is_list = isinstance(found, list) and all(isinstance(one, str) and 0 < len(one) <= 1000 for one in found)
    if not is_list or not found or len(set(found)) != len(found):
        raise entry.source.invalid(name, "expected a list of names of categories, each once")
    return list(found)


def _task(entry: Entry, looks: Looks) -> str:
    """The prediction task that an entry names, else the one whose objects are looked at."""
    task = entry.source.text("input.task") or looks.task
    if not task:
        raise _missing(entry, "input.task", hint="Name the prediction task.")
    return task


def _seed(entry: Entry) -> int:
    seed = entry.source.whole("input.random_seed") or 0
    if seed < 0:
        raise entry.source.invalid("input.random_seed", "expected a number of at least 0")
    return seed


def _refuse_query(entry: Entry) -> None:
    for name in ("input.dataset_id", "input.tag_name"):
        if name in entry.source:
            raise InvalidConfig(
                f'`{entry.place}.{name}` is for strategy "SIMILARITY" only',
                field=f"{entry.place}.{name}",
                hint="Leave it out.",
            )


# --- parameters -----------------------------------------------------------------------------------------------------


def positive_or_none(values: Values, name: str) -> float | None:
    """A limit of 0 or more; None for none, which negative numbers mean too."""
    value = values.number(name)
    return None if value is None or value < 0 else float(value)


def _strength(entry: Entry) -> float:
    strength = entry.rule.number("strategy.strength")
    if strength is None:
        return 1.0
    if not -HIGHEST_STRENGTH <= strength <= HIGHEST_STRENGTH:
        raise entry.rule.invalid(
            "strategy.strength", f"expected a number from {-HIGHEST_STRENGTH:,.0f} to {HIGHEST_STRENGTH:,.0f}"
        )
    return float(strength)


def _sum(entry: Entry, name: str) -> float | None:
    value = entry.rule.number(name)
    if value is not None and value < 0:
        raise entry.rule.invalid(name, "expected a number of at least 0")
    return None if value is None else float(value)


def _target_range(entry: Entry, maximum: float | None) -> TargetRange | None:
    low_name, high_name = "strategy.target_range.min_sum", "strategy.target_range.max_sum"
    low, high = _sum(entry, low_name), _sum(entry, high_name)
    if low is None and high is None:
        return None
    for name, most in (("max_sum", high), ("stopping_condition_max_sum", maximum)):
        if low is not None and most is not None and low > most:
            raise entry.rule.invalid(low_name, f"expected at most `{name}`, which is {most:g}")
    return TargetRange(min_sum=low, max_sum=high)


def _shares(entry: Entry) -> dict[str, float] | None:
    name = "strategy.target"
    target = entry.rule.raw(name)
    if target is None:
        return None
    if not isinstance(target, Mapping) or not all(
        isinstance(share, int | float) and not isinstance(share, bool) for share in target.values()
    ):
        raise entry.rule.invalid(name, "expected a dictionary of categories and their shares")
    # The comparison is false for NaN and for what no float can hold.
    if not all(0 <= share < 1e300 for share in target.values()) or not any(target.values()):
        raise entry.rule.invalid(name, "expected shares of at least 0, one of them above")
    return {category: float(share) for category, share in target.items()}


def _one_of(values: Values, name: str, allowed: Sequence[str]) -> str | None:
    value = values.text(name)
    if value and value not in allowed:
        raise values.invalid(name, f"expected one of {_listed(allowed)}")
    return value or None


def _required(entry: Entry, name: str, *, longest: int = LONGEST_NAME) -> str:
    value = entry.source.text(name)
    if not value:
        raise _missing(entry, name)
    if len(value) > longest:
        raise entry.source.invalid(name, f"expected at most {longest:,} characters")
    return value


def _missing(entry: Entry, name: str, *, hint: str = "") -> InvalidConfig:
    return InvalidConfig(
        f'`{entry.place}.{name}` is missing: strategy "{entry.kind}" on input "{entry.input_type}" needs it',
        field=f"{entry.place}.{name}",
        hint=hint,
    )


def _listed(names: Sequence[str] | Mapping[str, Any]) -> str:
    return ", ".join(f'"{name}"' for name in names)
