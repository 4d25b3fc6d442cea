"""What a worker configuration asks for, in our words: four generations of documents become one `RunRequest`.

The first two say by `object_level` what is selected: single objects of a task, or whole images. The later ones say it
by the input of the selection: one that names a task compares objects and selects images.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from swath.core.errors import InvalidConfig
from swath.core.names import check_dataset_name
from swath.wire.lightly.config_keys import (
    INPUT_KEYS,
    LIGHTLY_KEYS,
    SELECTION_KEYS,
    STRATEGY_KEYS,
    WORKER_KEYS,
    Generation,
    keys_of,
)
from swath.wire.lightly.config_reading import Values, read_keys, shown
from swath.wire.run_config import DiversityStrategy, ObjectLevelConfig, RandomStrategy, SelectionUnit
from swath.wire.runs import RequestedSelection, RunRequest

PART_NAMES = {"docker": "worker_config", "lightly": "lightly_config", "selection": "selection_config"}
"""The parts of a configuration as they are sent -> as people write them."""

HIGHEST_STRENGTH = 1e9

_METHODS = ("coreset", "random")
_METHODS_TO_COME = ("coral", "active_learning")

_METHOD = "worker_config.method"
_N_SAMPLES = "worker_config.stopping_condition.n_samples"
_MIN_DISTANCE = "worker_config.stopping_condition.min_distance"
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
class _Choice:
    """What to select: how, and how many of which unit; `task` names the objects that are looked at."""

    strategy: DiversityStrategy | RandomStrategy
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
    choice = _old_choice(worker) if selection is None else _choice(generation, selection, worker)
    _check_crops(worker, choice)
    return RunRequest(
        dataset=target.id,
        object_level=_object_level(worker, choice),
        selection=RequestedSelection(n_samples=choice.n_samples, unit=choice.unit, strategies=(choice.strategy,)),
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


def _old_choice(worker: Values) -> _Choice:
    """By `method` and `stopping_condition`; without either limit everything is kept."""
    task = worker.text(_TASK)
    unit = SelectionUnit.OBJECTS if task else SelectionUnit.IMAGES
    amount, distance = _old_amount(worker), _limit(worker, _MIN_DISTANCE)
    method = _method(worker)
    if method == "random" and distance is not None:
        raise worker.invalid(
            _MIN_DISTANCE,
            "there is no distance between random picks",
            hint='Set it to -1, or `method` to "coreset".',
        )
    strategy: DiversityStrategy | RandomStrategy = DiversityStrategy(minimum_distance=distance)
    if amount is None and distance is None:
        # All of them, whatever the order: the random one costs nothing.
        amount, method = 1.0, "random"
    if method == "random":
        strategy = RandomStrategy()
    return _Choice(strategy=strategy, n_samples=amount, unit=unit, task=task)


def _method(worker: Values) -> str:
    method = worker.text(_METHOD) or _METHODS[0]
    if method in _METHODS_TO_COME:
        raise worker.invalid(
            _METHOD,
            "the selection of this server does not use active-learning scores yet",
            hint=f"There are {_listed(_METHODS)}.",
        )
    if method not in _METHODS:
        raise worker.invalid(_METHOD, f"expected one of {_listed(_METHODS)}")
    return method


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


def _limit(values: Values, name: str) -> float | None:
    """A minimum distance; None for none, which negative numbers mean too."""
    value = values.number(name)
    return None if value is None or value < 0 else float(value)


# --- what `selection_config` selects by -----------------------------------------------------------------------------


def _choice(generation: Generation, selection: Mapping[str, Any], worker: Values) -> _Choice:
    for name, means_nothing in ((_METHOD, ("", "coreset")), (_N_SAMPLES, (-1,)), (_MIN_DISTANCE, (-1,))):
        if name in worker and worker.raw(name) not in means_nothing:
            raise InvalidConfig(
                f"both `selection_config` and `{name}` say what to select", field=name, hint="Leave one of them out."
            )
    # Clients build this part of typed objects in every generation, so that it is in camelCase in the first one too.
    values = read_keys(selection, keys_of(generation, SELECTION_KEYS), top=PART_NAMES["selection"], is_camel=True)
    strategy, named_task = _strategy(generation, _only_entry(values))
    cut_task = worker.text(_TASK)
    if named_task and cut_task and named_task != cut_task:
        raise InvalidConfig(
            f"`selection_config.strategies[0].input.task` is `{named_task}`, but `{_TASK}` is `{cut_task}`",
            field="selection_config.strategies[0].input.task",
            hint="A run looks at the objects of one task.",
        )
    return _Choice(
        strategy=strategy,
        n_samples=_amount(values, has_distance=getattr(strategy, "minimum_distance", None) is not None),
        unit=SelectionUnit.OBJECTS if cut_task else SelectionUnit.IMAGES,
        task=cut_task or named_task,
    )


def _amount(values: Values, *, has_distance: bool) -> int | float | None:
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
    if not has_distance:
        raise InvalidConfig(
            "`selection_config` does not say how many to select",
            field=count_name,
            hint="Give `n_samples`, `proportion_samples` or a `stopping_condition_minimum_distance`.",
        )
    return None


def _only_entry(values: Values) -> Mapping[str, Any]:
    name = "selection_config.strategies"
    entries = values.raw(name)
    if not isinstance(entries, list) or not entries:
        raise values.invalid(name, "expected a list of at least one strategy")
    if len(entries) > 1:
        raise InvalidConfig(
            f"`{name}` has {len(entries)} entries: the selection of this server cannot combine strategies yet",
            field=name,
            hint="Give exactly one.",
        )
    if not isinstance(entries[0], Mapping):
        raise InvalidConfig(f"`{name}[0]`: expected a dictionary, got {shown(entries[0])}", field=f"{name}[0]")
    return entries[0]


def _strategy(generation: Generation, entry: Mapping[str, Any]) -> tuple[DiversityStrategy | RandomStrategy, str]:
    """The strategy of an entry, and the task whose objects it compares ("": whole images)."""
    place = "selection_config.strategies[0]"
    _check_both_there(entry, place)
    input_type, kind = _type_of(entry["input"]), _type_of(entry["strategy"])
    is_diversity = (input_type, kind) in (("EMBEDDINGS", "DIVERSITY"), ("EMBEDDINGS", "DIVERSIFY"))
    if not is_diversity and (input_type, kind) != ("RANDOM", "WEIGHTS"):
        raise InvalidConfig(
            f"`{place}`: the selection of this server does not have strategy {shown(kind)} on input "
            f"{shown(input_type)} yet",
            field=place,
            hint='There are "DIVERSITY" on "EMBEDDINGS", and "WEIGHTS" on "RANDOM".',
        )
    source = read_keys(entry["input"], keys_of(generation, INPUT_KEYS), top="input", is_camel=True, prefix=f"{place}.")
    rule = read_keys(
        entry["strategy"], keys_of(generation, STRATEGY_KEYS), top="strategy", is_camel=True, prefix=f"{place}."
    )
    strength = _strength(rule)
    if is_diversity:
        _refuse(source, "input.random_seed", "RANDOM")
        distance = _limit(rule, "strategy.stopping_condition_minimum_distance")
        return DiversityStrategy(strength=strength, minimum_distance=distance), source.text("input.task")
    _refuse(source, "input.task", "EMBEDDINGS")
    _refuse(rule, "strategy.stopping_condition_minimum_distance", "DIVERSITY")
    seed = source.whole("input.random_seed") or 0
    if seed < 0:
        raise source.invalid("input.random_seed", "expected a number of at least 0")
    return RandomStrategy(strength=strength, seed=seed), ""


def _strength(rule: Values) -> float:
    strength = rule.number("strategy.strength")
    if strength is None:
        return 1.0
    if not 0 < strength <= HIGHEST_STRENGTH:
        raise rule.invalid(
            "strategy.strength", f"the selection of this server takes strengths above 0, up to {HIGHEST_STRENGTH:,.0f}"
        )
    return float(strength)


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


def _type_of(part: Mapping[str, Any]) -> str:
    return str(part.get("type"))


def _refuse(values: Values, name: str, only_of: str) -> None:
    if name in values:
        raise InvalidConfig(
            f"`{values.prefix}{name}` is for `{only_of}` only", field=f"{values.prefix}{name}", hint="Leave it out."
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
            "crops are cut only of the task that the selection names",
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
