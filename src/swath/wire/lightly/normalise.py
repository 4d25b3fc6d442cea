"""What a worker configuration asks for, in our words: four generations of documents become one `RunRequest`.

The first two say by `object_level` what is selected: single objects of a task, or whole images. The later ones say it
by the input of the selection: one that names a task compares objects and selects images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from swath.core.errors import InvalidConfig
from swath.core.names import check_dataset_name
from swath.wire.lightly.config_keys import LIGHTLY_KEYS, SELECTION_KEYS, WORKER_KEYS, Generation, keys_of
from swath.wire.lightly.config_reading import Values, read_keys, shown
from swath.wire.lightly.strategies import (
    LONGEST_SCORE,
    Looks,
    Scorer,
    compares_objects,
    native_strategy,
    positive_or_none,
    read_entries,
    task_of_objects,
)
from swath.wire.run_config import (
    DiversityStrategy,
    ObjectLevelConfig,
    RandomStrategy,
    ScoresInput,
    SelectionUnit,
    Strategy,
    ThresholdStrategy,
    WeightsStrategy,
)
from swath.wire.runs import RequestedSelection, RunRequest
from swath.wire.selection_rules import ends_by_itself

PART_NAMES = {"docker": "worker_config", "lightly": "lightly_config", "selection": "selection_config"}
"""The parts of a configuration as they are sent -> as people write them."""

DEFAULT_SCORE = "uncertainty_margin"

_METHODS = ("coreset", "random", "coral", "active_learning")
_METHODS_WITH_DISTANCE = ("coreset", "coral")
_METHODS_WITH_SCORES = ("coral", "active_learning")

_METHOD = "worker_config.method"
_N_SAMPLES = "worker_config.stopping_condition.n_samples"
_MIN_DISTANCE = "worker_config.stopping_condition.min_distance"
_SCORED_TASK = "worker_config.active_learning.task_name"
_SCORE = "worker_config.active_learning.score_name"
_SCORER = "worker_config.scorer"
_PENALTY = "worker_config.scorer_config.frequency_penalty"
_MIN_SCORE = "worker_config.scorer_config.min_score"
_TASK = "worker_config.object_level.task_name"
_CROPS_NAME = "worker_config.object_level.crop_dataset_name"
_PADDING = "worker_config.object_level.padding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The image dataset that a configuration is scheduled on."""

    id: str
    name: str
    sample_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scoring:
    """What the first generation says of scores, whether they are used or not. `task` may be "" for that of objects."""

    task: str
    score: str
    scorer: Scorer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """What to select: how, and how many of which unit; `task` names the objects that are looked at."""

    strategies: tuple[Strategy, ...]
    n_samples: int | float | None
    unit: SelectionUnit
    task: str


def normalise(generation: Generation, config: Mapping[str, Any], target: Target) -> RunRequest:
    """The run that a configuration asks for on a dataset, with priority and labels left to the schedule.

    Raises InvalidConfig that names the key as the script wrote it, for what is not known, contradicts itself or
    another key, or asks for something that is not there (yet).
    """
    parts = _parts(config)
    is_camel = generation is not Generation.V0
    worker_keys, lightly_keys = keys_of(generation, WORKER_KEYS), keys_of(generation, LIGHTLY_KEYS)
    worker = read_keys(parts.get("docker", {}), worker_keys, top=PART_NAMES["docker"], is_camel=is_camel)
    read_keys(parts.get("lightly", {}), lightly_keys, top=PART_NAMES["lightly"], is_camel=is_camel)
    _check_target(worker, target)
    selection = parts.get("selection")
    scoring = _read_scoring(worker)
    if selection is None:
        choice = _old_choice(worker, scoring)
    else:
        choice = _choice(generation, selection, worker, scoring.scorer)
    _check_crops(worker, choice)
    return RunRequest(
        dataset=target.id,
        object_level=_object_level(worker, choice),
        selection=RequestedSelection(n_samples=choice.n_samples, unit=choice.unit, strategies=choice.strategies),
        remove_exact_duplicates=worker.flag("worker_config.remove_exact_duplicates", True),
        process_all=worker.flag("worker_config.datasource.process_all", False),
        relevant_filenames_file=worker.text("worker_config.relevant_filenames_file") or None,
    )


def _parts(config: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The parts of a configuration that are there. Raises InvalidConfig for others, and for another type of worker."""
    parts: dict[str, Mapping[str, Any]] = {}
    for name, value in config.items():
        if name in PART_NAMES and isinstance(value, Mapping):
            parts[name] = value
        elif name in PART_NAMES and value is not None:
            raise InvalidConfig(f"`{PART_NAMES[name]}`: expected a dictionary, got {shown(value)}", field=name)
        elif name == "workerType" and value not in (None, "FULL"):
            raise InvalidConfig(
                f"`workerType` cannot be {shown(value)}", field="workerType", hint="There are workers of type `FULL`."
            )
        elif name not in PART_NAMES and name != "workerType":
            listed = ", ".join(f"`{part}`" for part in PART_NAMES)
            raise InvalidConfig(f"there is no part {shown(name)}", field=name[:200], hint=f"There are {listed}.")
    return parts


def _check_target(worker: Values, target: Target) -> None:
    """Raise InvalidConfig if a configuration is meant for another dataset, or for one that is empty and is not."""
    for name, same in (
        ("worker_config.datasource.dataset_id", target.id),
        ("worker_config.datapool.dataset_id", target.id),
        ("worker_config.datapool.name", target.name),
    ):
        if worker.text(name) not in ("", same):
            raise worker.invalid(
                name,
                f"expected `{same}`, of the dataset `{target.name}` that the run is scheduled on",
                hint="Schedule it on the dataset that is meant; what a dataset holds is always taken into account.",
            )
    if not worker.flag("worker_config.use_datapool", True) and target.sample_count:
        raise InvalidConfig(
            f"`worker_config.use_datapool` is `False`, but dataset `{target.name}` has {target.sample_count:,} samples",
            field="worker_config.use_datapool",
            hint="Use an empty dataset, or set it to `True`: new samples then go beside those that are there.",
        )


# --- what the first two generations select by -----------------------------------------------------------------------


def _old_choice(worker: Values, scoring: _Scoring) -> _Choice:
    """By `method` and `stopping_condition`; without either limit everything is kept."""
    task = worker.text(_TASK)
    unit = SelectionUnit.OBJECTS if task else SelectionUnit.IMAGES
    amount, distance = _old_amount(worker), positive_or_none(worker, _MIN_DISTANCE)
    method = _method(worker)
    if method not in _METHODS_WITH_DISTANCE and distance is not None:
        raise worker.invalid(
            _MIN_DISTANCE,
            f'method "{method}" knows no distance between picks',
            hint=f"Set it to -1, or `method` to one of {_listed(_METHODS_WITH_DISTANCE)}.",
        )
    strategies: list[Strategy] = []
    if method in _METHODS_WITH_DISTANCE:
        strategies.append(DiversityStrategy(minimum_distance=distance))
    if method in _METHODS_WITH_SCORES:
        strategies.append(WeightsStrategy(input=_old_scores(scoring, method, task)))
    if amount is None and distance is None:
        # All of them, whatever the order: the random one costs nothing.
        amount, strategies = 1.0, []
    return _Choice(strategies=tuple(strategies) or (RandomStrategy(),), n_samples=amount, unit=unit, task=task)


def _method(worker: Values) -> str:
    method = worker.text(_METHOD) or _METHODS[0]
    if method not in _METHODS:
        raise worker.invalid(_METHOD, f"expected one of {_listed(_METHODS)}")
    return method


def _old_scores(scoring: _Scoring, method: str, object_task: str) -> ScoresInput:
    """The scores that a method goes by: of the task of active learning, else of the one whose objects are selected."""
    task = scoring.task or object_task
    if not task:
        raise InvalidConfig(
            f'`{_SCORED_TASK}` is missing: method "{method}" goes by the scores of a prediction task',
            field=_SCORED_TASK,
            hint="Name the task; its predictions lie in the datasource.",
        )
    return scoring.scorer.scores(scoring.score, task)


def _read_scoring(worker: Values) -> _Scoring:
    # Scores were named by who computes them before they had names of their own.
    name = _SCORE if worker.text(_SCORE) else _SCORER
    score = worker.text(name).replace("-", "_") or DEFAULT_SCORE
    if len(score) > LONGEST_SCORE:
        raise worker.invalid(name, f"expected at most {LONGEST_SCORE} characters")
    worker.text(_SCORER)  # checked, even where it says nothing
    default = Scorer()
    return _Scoring(
        task=worker.text(_SCORED_TASK),
        score=score,
        scorer=Scorer(
            frequency_penalty=_share(worker, _PENALTY, default.frequency_penalty),
            min_score=_share(worker, _MIN_SCORE, default.min_score),
        ),
    )


def _share(worker: Values, name: str, default: float) -> float:
    value = worker.number(name)
    if value is None:
        return default
    if not 0 <= value <= 1:
        raise worker.invalid(name, "expected a number from 0 to 1")
    return float(value)


def _old_amount(worker: Values) -> int | float | None:
    """A count, a share, or None for no limit. Clients turn 200 into 200.0; fractions up to 1.0 are shares."""
    value = worker.number(_N_SAMPLES)
    if value is None or value == -1:
        return None
    if isinstance(value, float) and 0 < value <= 1:
        return value
    if value >= 1 and value == int(value):
        return int(value)
    raise worker.invalid(
        _N_SAMPLES, "expected a share above 0 and at most 1.0, a count of at least 1, or -1 for no limit"
    )


# --- what `selection_config` selects by -----------------------------------------------------------------------------


def _choice(generation: Generation, selection: Mapping[str, Any], worker: Values, scorer: Scorer) -> _Choice:
    for name, means_nothing in ((_METHOD, ("", "coreset")), (_N_SAMPLES, (-1,)), (_MIN_DISTANCE, (-1,))):
        if name in worker and worker.raw(name) not in means_nothing:
            raise InvalidConfig(
                f"both `selection_config` and `{name}` say what to select", field=name, hint="Leave one of them out."
            )
    # Clients build this part of typed objects in every generation, so that it is in camelCase in the first one too.
    values = read_keys(selection, keys_of(generation, SELECTION_KEYS), top=PART_NAMES["selection"], is_camel=True)
    entries = read_entries(generation, values)
    compared_task, cut_task = task_of_objects(entries), worker.text(_TASK)
    if compared_task and cut_task and compared_task != cut_task:
        place = next(entry.place for entry in entries if compares_objects(entry))
        raise InvalidConfig(
            f"`{place}.input.task` is `{compared_task}`, but `{_TASK}` is `{cut_task}`",
            field=f"{place}.input.task",
            hint="A run looks at the objects of one task.",
        )
    looks = Looks(
        unit=SelectionUnit.OBJECTS if cut_task else SelectionUnit.IMAGES,
        task=cut_task or compared_task,
        scorer=scorer,
    )
    strategies = tuple(native_strategy(entry, looks) for entry in entries)
    return _Choice(strategies=strategies, n_samples=_amount(values, strategies), unit=looks.unit, task=looks.task)


def _amount(values: Values, strategies: Sequence[Strategy]) -> int | float | None:
    """A count, a share, or None where strategies say when it is enough."""
    count_name, share_name = "selection_config.n_samples", "selection_config.proportion_samples"
    count, share = values.whole(count_name), values.number(share_name)
    if count is not None and count != -1 and share is not None:
        raise InvalidConfig(
            f"both `{count_name}` ({count}) and `{share_name}` ({share}) say how many to select",
            field=share_name,
            hint="Give one of them.",
        )
    if share is not None:
        if not 0 < share <= 1:
            raise values.invalid(share_name, "expected a share above 0 and at most 1")
        return float(share)
    if count is not None and count != -1:
        if count < 1:
            raise values.invalid(count_name, "expected a count of at least 1, or -1 for no limit")
        return count
    if any(map(ends_by_itself, strategies)):
        return None
    if any(isinstance(strategy, ThresholdStrategy) for strategy in strategies):
        return 1.0  # all that pass
    raise InvalidConfig(
        "`selection_config` does not say how many to select",
        field=count_name,
        hint="Give `n_samples`, `proportion_samples` or a stopping condition of a strategy.",
    )


# --- objects --------------------------------------------------------------------------------------------------------


def _object_level(worker: Values, choice: _Choice) -> ObjectLevelConfig | None:
    if not choice.task:
        return None
    padding = worker.number(_PADDING) or 0.0
    if padding < 0:
        raise worker.invalid(_PADDING, "expected a number of at least 0")
    crops_name = worker.text(_CROPS_NAME)
    if crops_name:
        check_dataset_name(crops_name, field=_CROPS_NAME)
    return ObjectLevelConfig(task_name=choice.task, crop_dataset_name=crops_name or None, padding=padding)


def _check_crops(worker: Values, choice: _Choice) -> None:
    """Raise InvalidConfig if crops are not wanted of the task that is looked at, or are of another one."""
    upload_name, tasks_name = "worker_config.crops.enable_upload", "worker_config.crops.enable_upload_for_tasks"
    tasks = worker.raw(tasks_name)
    if tasks is not None and not (isinstance(tasks, list) and all(isinstance(task, str) for task in tasks)):
        raise worker.invalid(tasks_name, "expected a list of tasks")
    is_wanted = worker.flag(upload_name, True)
    others = [task for task in tasks or () if task != choice.task]
    if is_wanted and others:
        raise worker.invalid(
            tasks_name,
            "crops are cut only of the task whose objects the selection compares",
            hint=f"Schedule a run for each of the tasks: one that compares the objects of `{others[0]}`, say.",
        )
    if choice.task and not (is_wanted and (tasks is None or choice.task in tasks)):
        raise InvalidConfig(
            f"`{tasks_name if is_wanted else upload_name}` wants no crops of task `{choice.task}`, but a run that "
            "looks at objects always keeps the crops of what it selects",
            field=tasks_name if is_wanted else upload_name,
            hint="Leave it out; the crops are in a dataset of their own and do no harm.",
        )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)
