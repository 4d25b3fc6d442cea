"""What of a selection cannot be meant: inputs that a strategy has no use for, contradictions, nothing to go by.

[The matrix](docs/concepts/selection.md) of inputs and strategies follows from the documents in
`swath.wire.selection`, but for the two kinds of predictions: their distribution and their count.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from swath.core.errors import InvalidConfig
from swath.wire.documents import documents_in, either, listed, types_of, wrong_type
from swath.wire.selection import (
    BalanceStrategy,
    DiversityStrategy,
    EmbeddingsInput,
    PredictionsInput,
    Quota,
    ScoresInput,
    SelectionConfig,
    SelectionUnit,
    Strategy,
    ThresholdStrategy,
    TypicalityStrategy,
    WeightsStrategy,
)

_STRATEGIES: Mapping[str, type[BaseModel]] = {
    name: model for model in documents_in(Strategy) if "type" in model.model_fields for name in types_of(model)
}

_COMPARES = {
    "embeddings": "vectors",
    "scores": "numbers",
    "metadata": "numbers or categories",
    "predictions": "categories, or their count",
    "random": "random numbers",
}


def refuse_foreign_inputs(selection: object, place: str = "selection") -> None:
    """Raise InvalidConfig for the first strategy of a document, not yet read, that is given an input of a type that it
    has no use for; the hint says which strategies have."""
    strategies = selection.get("strategies") if isinstance(selection, Mapping) else None
    if not isinstance(strategies, list | tuple):
        return
    for number, strategy in enumerate(strategies):
        given = _input_type(strategy)
        if given is None:
            continue
        name = strategy["type"]
        useful = _input_types(_STRATEGIES[name])
        field = f"{place}.strategies[{number}].input"
        if given in useful:
            continue
        if given not in _COMPARES:
            raise wrong_type(f"{field}.type", given, useful)
        if not useful:
            raise InvalidConfig(f"`{field}`: `{name}` has no input, got `{given}`", field=field, hint="Leave it out.")
        takers = [other for other, model in _STRATEGIES.items() if given in _input_types(model)]
        raise InvalidConfig(
            f"`{field}`: `{name}` takes {either(useful)}, got `{given}`",
            field=field,
            hint=f"`{given}` ({_COMPARES[given]}) goes with {listed(takers)}.",
        )


def _input_type(strategy: object) -> str | None:
    """The type of a strategy's input as it is written, None where none is or the strategy is not known."""
    if not isinstance(strategy, Mapping) or strategy.get("type") not in _STRATEGIES:
        return None
    given = strategy.get("input")
    kind = given.get("type") if isinstance(given, Mapping) else None
    return kind if isinstance(kind, str) else None


def _input_types(model: type[BaseModel]) -> tuple[str, ...]:
    field = model.model_fields.get("input")
    return () if field is None else tuple(name for one in documents_in(field.annotation) for name in types_of(one))


def check_selection(selection: SelectionConfig, place: str = "selection") -> None:
    """Raise InvalidConfig if nothing says how many to select or by what, or if one thing contradicts another."""
    if not selection.strategies:
        raise _refused(f"{place}.strategies", "at least one strategy is needed", hint="`diversity` is the usual one.")
    for number, strategy in enumerate(selection.strategies):
        _check_strategy(strategy, f"{place}.strategies[{number}]")
    if len(selection.strategies) > 1 and all(strategy.type == "random" for strategy in selection.strategies):
        raise _refused(
            f"{place}.strategies",
            "several strategies `random` choose no more randomly than one",
            hint="Keep one of them, or add what should have a say beside it.",
        )
    _check_limits(selection, place)
    if not _says_how_many(selection):
        raise InvalidConfig(
            "Nothing says how many to select",
            field=f"{place}.n_samples",
            hint="give `--n-samples` (0.1 is a tenth, 100 is a count), a `--min-distance`, or both.",
        )


def _says_how_many(selection: SelectionConfig) -> bool:
    """Thresholds alone keep all that pass them; beside others they do not end anything."""
    if selection.n_samples is not None or selection.max_per_image is not None:
        return True
    only_filters = all(isinstance(strategy, ThresholdStrategy) for strategy in selection.strategies)
    return only_filters or any(ends_by_itself(strategy) for strategy in selection.strategies)


def ends_by_itself(strategy: Strategy) -> bool:
    """Whether a strategy says when it is enough."""
    match strategy:
        case DiversityStrategy():
            return strategy.minimum_distance is not None
        case TypicalityStrategy():
            return strategy.minimum_typicality is not None
        case WeightsStrategy():
            range_ = strategy.target_range
            return strategy.maximum_sum is not None or (range_ is not None and range_.max_sum is not None)
    return False


def _check_strategy(strategy: Strategy, place: str) -> None:
    match strategy:
        case DiversityStrategy():
            if strategy.minimum_distance_mode == "filter" and strategy.minimum_distance is None:
                raise _refused(
                    f"{place}.minimum_distance_mode",
                    "there is no minimum distance that could be filtered by",
                    hint="Give `minimum_distance` too.",
                )
        case WeightsStrategy():
            _check_sums(strategy, place)
        case BalanceStrategy():
            _check_target(strategy, place)
    given = getattr(strategy, "input", None)
    if isinstance(given, PredictionsInput):
        _check_predictions(strategy.type, given, f"{place}.input")
    elif isinstance(given, EmbeddingsInput) and given.task is not None and given.of != "objects":
        raise _refused(
            f"{place}.input.task",
            f"only vectors of objects are of a task, those of `{given.of}` are not",
            got=given.task,
            hint="Set `of` to `objects`, or leave `task` out.",
        )
    elif isinstance(given, ScoresInput) and given.score != "object_frequency":
        for name in ("frequency_penalty", "min_score"):
            value, usual = getattr(given, name), ScoresInput.model_fields[name].default
            if value != usual:
                raise _refused(
                    f"{place}.input.{name}", f"is of the score `object_frequency`, not of `{given.score}`", got=value
                )


def _check_predictions(strategy: str, given: PredictionsInput, place: str) -> None:
    expected = "class_distribution" if strategy == "balance" else "category_count"
    if given.name != expected:
        says = "categories, which a count is not" if strategy == "balance" else "a number, which a distribution is not"
        raise _refused(
            f"{place}.name",
            f"`{strategy}` takes {says}: expected `{expected}`",
            got=given.name,
            hint=f"`{given.name}` goes with "
            + ("`weights` and `threshold`." if strategy == "balance" else "`balance`."),
        )
    if given.categories is not None and given.name == "class_distribution":
        raise _refused(
            f"{place}.categories",
            "which categories count is asked of a `category_count`",
            hint="Of a balance name the categories in its `target`.",
        )


def _check_sums(strategy: WeightsStrategy, place: str) -> None:
    wanted = strategy.target_range
    if wanted is None:
        return
    if wanted.min_sum is None and wanted.max_sum is None:
        raise _refused(f"{place}.target_range", "neither `min_sum` nor `max_sum` is given", hint="Give one or both.")
    if wanted.min_sum is None:
        return
    for name, most in (("target_range.max_sum", wanted.max_sum), ("maximum_sum", strategy.maximum_sum)):
        if most is not None and most < wanted.min_sum:
            raise _refused(
                f"{place}.{name}", f"expected at least `target_range.min_sum`, which is {wanted.min_sum:g}", got=most
            )


def _check_target(strategy: BalanceStrategy, place: str) -> None:
    target, distribution = strategy.target, strategy.distribution
    if target is None:
        if distribution == "target":
            raise _refused(
                f"{place}.target", "is needed for the distribution `target`", hint="Give a share for each category."
            )
        return
    if distribution in ("uniform", "input"):
        raise _refused(
            f"{place}.target",
            f"contradicts the distribution `{distribution}`, which sets the shares itself",
            hint="Leave one of them out.",
        )
    if not target:
        raise _refused(f"{place}.target", "is empty", hint="Give a share for at least one category.")
    for name, share in target.items():
        if share < 0:
            raise _refused(f"{place}.target.{name}", "expected a share of 0 or more", got=share)
    if sum(target.values()) == 0:
        raise _refused(f"{place}.target", "all shares are 0", hint="Give a share above 0 for at least one category.")


def _check_limits(selection: SelectionConfig, place: str) -> None:
    if selection.unit is SelectionUnit.IMAGES:
        for name in ("max_per_image", "quotas"):
            if getattr(selection, name):
                raise _refused(
                    f"{place}.{name}",
                    "limits how many objects are picked, but whole images are selected",
                    hint="Select objects, or use `balance` for the categories in images.",
                )
    quotas = selection.quotas or {}
    for category, quota in quotas.items():
        _check_quota(quota, f"{place}.quotas.{category}")
    owed = sum(quota.at_least or 0 for quota in quotas.values())
    count = selection.n_samples
    if isinstance(count, int) and owed > count:
        raise _refused(
            f"{place}.quotas",
            f"together they ask for at least {owed:,}, but `{place}.n_samples` is {count:,}",
            hint="Select more, or ask for fewer.",
        )


def _check_quota(quota: Quota, place: str) -> None:
    if quota.at_least is None and quota.at_most is None:
        raise _refused(place, "neither `at_least` nor `at_most` is given", hint="Give one or both.")
    if quota.at_least is not None and quota.at_most is not None and quota.at_least > quota.at_most:
        raise _refused(
            f"{place}.at_least", f"expected no more than `at_most`, which is {quota.at_most:,}", got=quota.at_least
        )


def _refused(field: str, message: str, *, got: object = None, hint: str = "") -> InvalidConfig:
    shown = "" if got is None else f", got `{got}`"
    return InvalidConfig(f"`{field}`: {message}{shown}", field=field, hint=hint)
