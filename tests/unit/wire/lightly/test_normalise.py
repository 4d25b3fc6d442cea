from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.errors import InvalidConfig
from swath.wire.lightly.config_keys import (
    ALL_KEYS,
    LIGHTLY_KEYS,
    WORKER_KEYS,
    ConfigKey,
    Fate,
    Generation,
    keys_of,
)
from swath.wire.lightly.normalise import Target, normalise
from swath.wire.run_config import DiversityStrategy, ScoresInput, SelectionUnit, WeightsStrategy
from swath.wire.runs import RunRequest, requested_config

V0, V2, V3, V4 = Generation
TARGET = Target(id="0123456789abcdef01234567", name="vehicles", sample_count=0)


def run_of(
    generation: Generation = V0,
    *,
    docker: Any = None,
    lightly: Any = None,
    selection: Any = None,
    target: Target = TARGET,
    **others: Any,
) -> RunRequest:
    config = {"workerType": "FULL", "docker": docker, "lightly": lightly, "selection": selection, **others}
    request = normalise(generation, config, target)
    # What a request asks for has to be what a run takes.
    requested_config(request, dataset_name=target.name, input_uri="/data", output_uri="/data")
    return request


def refusal(generation: Generation = V0, **parts: Any) -> InvalidConfig:
    with pytest.raises(InvalidConfig) as caught:
        run_of(generation, **parts)
    return caught.value


def selecting(
    input_: dict[str, Any] | None = None, strategy: dict[str, Any] | None = None, **sizes: Any
) -> dict[str, Any]:
    entry = {"input": input_ or {"type": "EMBEDDINGS"}, "strategy": strategy or {"type": "DIVERSITY"}}
    return {**(sizes or {"nSamples": 7}), "strategies": [entry]}


def test_the_object_level_script_selects_a_tenth_of_the_objects_by_diversity() -> None:
    request = run_of(
        docker={
            "object_level": {"task_name": "vehicles_object_detections"},
            "enable_corruptness_check": True,
            "remove_exact_duplicates": True,
            "enable_training": False,
            "pretagging": False,
            "pretagging_debug": False,
            "method": "coreset",
            "stopping_condition": {"n_samples": 0.1, "min_distance": -1},
        },
        lightly={
            "loader": {"batch_size": 16, "num_workers": -1},
            "model": {"name": "resnet-18"},
            "optimizer": {"lr": 1},
        },
    )
    assert request.dataset == TARGET.id
    assert request.object_level is not None
    assert request.object_level.task_name == "vehicles_object_detections"
    assert (request.object_level.crop_dataset_name, request.object_level.padding) == (None, 0.0)
    assert (request.selection.n_samples, request.selection.unit) == (0.1, SelectionUnit.OBJECTS)
    assert request.selection.strategies == (DiversityStrategy(),)
    assert request.remove_exact_duplicates
    assert not request.process_all


@pytest.mark.parametrize("generation", Generation)
def test_a_configuration_without_a_word_keeps_all_whole_images(generation: Generation) -> None:
    for config in ({}, {"workerType": "FULL", "docker": None, "lightly": {}}):
        request = normalise(generation, config, TARGET)
        assert request.object_level is None
        assert (repr(request.selection.n_samples), request.selection.unit) == ("1.0", SelectionUnit.IMAGES)
        assert request.selection.strategies[0].type == "random"


@pytest.mark.parametrize(
    ("n_samples", "expected"),
    [(0.1, "0.1"), (1.0, "1.0"), (1, "1"), (200, "200"), (200.0, "200"), (-1, "1.0"), (-1.0, "1.0"), (None, "1.0")],
)
def test_fractions_are_shares_and_whole_numbers_counts(n_samples: Any, expected: str) -> None:
    request = run_of(docker={"stopping_condition": {"n_samples": n_samples}})
    assert repr(request.selection.n_samples) == expected


@pytest.mark.parametrize("n_samples", [0, 0.0, 1.5, -2, -0.5, True, "10", [1], float("nan"), float("inf"), 10**400])
def test_a_number_of_samples_that_means_nothing_is_named(n_samples: Any) -> None:
    error = refusal(docker={"stopping_condition": {"n_samples": n_samples}})
    assert error.field == "worker_config.stopping_condition.n_samples"
    assert "got `" in error.message


def test_a_minimum_distance_stops_with_or_without_a_number() -> None:
    both = run_of(docker={"stopping_condition": {"n_samples": 5, "min_distance": 0.3}}).selection
    assert (both.n_samples, both.strategies[0].model_dump()["minimum_distance"]) == (5, 0.3)
    alone = run_of(docker={"stopping_condition": {"n_samples": -1, "min_distance": 1}}).selection
    assert (alone.n_samples, alone.strategies[0].model_dump()["minimum_distance"]) == (None, 1.0)


def test_method_random_selects_at_random_and_knows_no_distance() -> None:
    request = run_of(docker={"method": "random", "stopping_condition": {"n_samples": 5}})
    assert request.selection.strategies[0].type == "random"
    error = refusal(docker={"method": "random", "stopping_condition": {"n_samples": 5, "min_distance": 0.1}})
    assert error.field == "worker_config.stopping_condition.min_distance"


SCORED = {"active_learning": {"task_name": "wheels", "score_name": "uncertainty_entropy"}}


def scores_of(request: RunRequest) -> ScoresInput:
    """What the last strategy goes by."""
    strategy = request.selection.strategies[-1]
    assert isinstance(strategy, WeightsStrategy)
    assert isinstance(strategy.input, ScoresInput)
    return strategy.input


def test_method_coral_is_diversity_and_scores() -> None:
    stop = {"stopping_condition": {"n_samples": 0.1, "min_distance": 0.2}}
    request = run_of(docker={"method": "coral", **SCORED, **stop})
    assert request.selection.strategies == (
        DiversityStrategy(minimum_distance=0.2),
        WeightsStrategy(input=ScoresInput(task="wheels", score="uncertainty_entropy")),
    )
    # The task is read, but no objects are cut: what is selected are images.
    assert (request.object_level, request.selection.unit) == (None, SelectionUnit.IMAGES)


def test_method_active_learning_is_scores_alone() -> None:
    docker = {"method": "active_learning", **SCORED, "stopping_condition": {"n_samples": 3}}
    (strategy,) = run_of(docker=docker).selection.strategies
    assert strategy == WeightsStrategy(input=ScoresInput(task="wheels", score="uncertainty_entropy"))
    docker["stopping_condition"] = {"n_samples": 3, "min_distance": 0.1}
    assert refusal(docker=docker).field == "worker_config.stopping_condition.min_distance"


@pytest.mark.parametrize(
    ("docker", "score"),
    [
        ({}, "uncertainty_margin"),
        ({"scorer": "object-frequency"}, "object_frequency"),
        ({"scorer": "object-frequency", "active_learning": {"score_name": "uncertainty_margin"}}, "uncertainty_margin"),
    ],
)
def test_the_name_of_a_score_comes_before_the_scorer(docker: dict[str, Any], score: str) -> None:
    objects = {"object_level": {"task_name": "doors"}, "stopping_condition": {"n_samples": 5}}
    request = run_of(docker={"method": "coral", **objects, **docker})
    # Without a task of its own the scores are those of the objects that are selected.
    assert (scores_of(request).task, scores_of(request).score) == ("doors", score)


def test_scores_may_be_of_another_task_than_the_objects() -> None:
    docker = {"method": "coral", **SCORED, "object_level": {"task_name": "doors"}, "stopping_condition.n_samples": 5}
    request = run_of(docker=docker)
    assert request.object_level is not None
    assert (request.object_level.task_name, scores_of(request).task) == ("doors", "wheels")


def test_how_frequencies_of_objects_are_scored_is_heeded() -> None:
    scorer = {"scorer": "object-frequency", "scorer_config": {"frequency_penalty": 0.5, "min_score": 0}}
    docker = {"method": "coral", "active_learning": {"task_name": "wheels"}, "stopping_condition.n_samples": 5}
    scores = scores_of(run_of(docker={**docker, **scorer}))
    assert (scores.score, scores.frequency_penalty, scores.min_score) == ("object_frequency", 0.5, 0.0)
    for name in ("frequency_penalty", "min_score"):
        error = refusal(docker={**docker, "scorer_config": {name: 1.5}})
        assert error.field == f"worker_config.scorer_config.{name}"


@pytest.mark.parametrize("method", ["coral", "active_learning"])
@pytest.mark.parametrize("generation", [V0, V2])
def test_methods_that_go_by_scores_need_a_task(generation: Generation, method: str) -> None:
    stop = {"stopping_condition": {"n_samples": 5}} if generation is V0 else {"stoppingCondition": {"nSamples": 5}}
    error = refusal(generation, docker={"method": method, **stop})
    assert error.field == "worker_config.active_learning.task_name"
    assert f'method "{method}"' in error.message


def test_a_method_that_there_is_none_of_is_named() -> None:
    error = refusal(docker={"method": "guess"})
    assert error.field == "worker_config.method"
    assert '"coral"' in error.message


def test_scores_say_nothing_where_the_method_does_not_go_by_them() -> None:
    stop = {"stopping_condition": {"n_samples": 5}}
    assert run_of(docker={**stop, **SCORED, "scorer": "x"}) == run_of(docker=stop)


def test_the_second_generation_says_the_same_in_camel_case() -> None:
    request = run_of(
        V2,
        docker={
            "objectLevel": {"taskName": "wheels", "cropDatasetName": "my wheels", "padding": 0.2},
            "stoppingCondition": {"nSamples": 200.0, "minDistance": -1.0},
            "relevantFilenamesFile": "names.txt",
            "datasource": {"processAll": True},
        },
    )
    assert request.object_level is not None
    assert request.object_level.model_dump(exclude_defaults=True) == {
        "task_name": "wheels",
        "crop_dataset_name": "my wheels",
        "padding": 0.2,
    }
    assert (request.selection.n_samples, request.relevant_filenames_file, request.process_all) == (
        200,
        "names.txt",
        True,
    )


def test_keys_of_the_first_generation_may_be_dotted() -> None:
    request = run_of(docker={"datasource.process_all": True, "object_level.task_name": "wheels"})
    assert request.process_all
    assert request.object_level is not None
    error = refusal(docker={"datasource.process_all": True, "datasource": {"process_all": False}})
    assert "is given twice" in error.message
    assert run_of(docker={"datasource.process_all": True, "datasource": {"process_all": True}}).process_all


@pytest.mark.parametrize("generation", [V3, V4])
def test_the_later_generations_select_images_by_the_objects_of_the_task_in_their_selection(
    generation: Generation,
) -> None:
    request = run_of(generation, selection=selecting({"type": "EMBEDDINGS", "task": "wheels"}))
    assert request.object_level is not None
    assert request.object_level.task_name == "wheels"
    assert (request.selection.n_samples, request.selection.unit) == (7, SelectionUnit.IMAGES)


@pytest.mark.parametrize("generation", [V3, V4])
def test_the_later_generations_have_no_object_level(generation: Generation) -> None:
    error = refusal(generation, docker={"objectLevel": {"taskName": "wheels"}})
    assert error.field == "worker_config.object_level"


def test_object_level_of_an_old_generation_selects_objects_by_a_new_selection_too() -> None:
    docker = {"object_level": {"task_name": "wheels"}}
    for task in ({}, {"task": "wheels"}):
        request = run_of(docker=docker, selection=selecting({"type": "EMBEDDINGS", **task}))
        assert (request.selection.unit, request.selection.n_samples) == (SelectionUnit.OBJECTS, 7)
    error = refusal(docker=docker, selection=selecting({"type": "EMBEDDINGS", "task": "doors"}))
    assert error.message.startswith("`selection_config.strategies[0].input.task` is `doors`")


@pytest.mark.parametrize("kind", ["DIVERSITY", "DIVERSIFY"])
def test_a_selection_may_stop_at_a_distance(kind: str) -> None:
    strategy = {"type": kind, "stopping_condition_minimum_distance": 0.25, "strength": 2}
    selection = run_of(V4, selection=selecting(strategy=strategy, nSamples=-1)).selection
    assert selection.n_samples is None
    assert selection.strategies == (DiversityStrategy(strength=2.0, minimum_distance=0.25),)


@pytest.mark.parametrize(
    ("selection", "field", "word"),
    [
        (selecting(nSamples=5, proportionSamples=0.5), "selection_config.proportion_samples", "both"),
        (selecting(nSamples=-1), "selection_config.n_samples", "how many"),
        ({"strategies": selecting()["strategies"]}, "selection_config.n_samples", "how many"),
        (selecting(nSamples=0), "selection_config.n_samples", "at least 1"),
        (selecting(nSamples=2.5), "selection_config.n_samples", "whole"),
        (selecting(proportionSamples=0), "selection_config.proportion_samples", "share"),
        (selecting(proportionSamples=1.5), "selection_config.proportion_samples", "share"),
        ({"strategies": selecting()["strategies"] * 2}, "selection_config.n_samples", "how many"),
        (selecting(nSample=5), "selection_config.n_sample", "no key"),
        ({"nSamples": 3}, "selection_config.strategies", "at least one"),
        ({**selecting(), "autoTasks": [{"type": "TILING"}]}, "selection_config.auto_tasks", "cannot be"),
        ({**selecting(), "lightlyPathRegex": ".*"}, "selection_config.lightly_path_regex", "cannot be used"),
    ],
)
def test_a_selection_that_cannot_be_is_named(selection: Any, field: str, word: str) -> None:
    error = refusal(V4, selection=selection)
    assert error.field == field
    assert word in error.message


def test_a_selection_does_not_go_with_the_method_of_old() -> None:
    error = refusal(docker={"stopping_condition": {"n_samples": 3}}, selection=selecting())
    assert error.field == "worker_config.stopping_condition.n_samples"
    harmless = {"method": "coreset", "stopping_condition": {"n_samples": -1, "min_distance": -1}}
    assert run_of(docker=harmless, selection=selecting()).selection.n_samples == 7


def test_what_clients_send_without_being_asked_is_taken() -> None:
    request = run_of(
        V4,
        docker={"crops": {"enableUpload": True, "enableUploadForTasks": None}, "checkpointRunId": None},
        lightly={"collate": {"rrDegrees": None}},
        selection={**selecting(), "autoTasks": [], "proportionSamples": None},
    )
    assert request.selection.n_samples == 7


# --- keys -----------------------------------------------------------------------------------------------------------


def wrong_value(key: ConfigKey) -> Any:
    return not key.fixed_at[0] if isinstance(key.fixed_at[0], bool) else "something else"


def nested(key: ConfigKey, value: Any, generation: Generation) -> dict[str, Any]:
    """The parts of a configuration that say one thing, spelt as the generation spells it."""
    part, *words = key.name.split(".")
    inner = value
    for word in reversed(words):
        inner = {word if generation is V0 else camel(word): inner}
    return {{"worker_config": "docker", "lightly_config": "lightly"}[part]: inner}


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


CASES = [(key, generation) for key in (*WORKER_KEYS, *LIGHTLY_KEYS) for generation in key.generations]


@pytest.mark.parametrize(("key", "generation"), CASES, ids=lambda value: getattr(value, "name", str(value)))
def test_every_key_has_the_fate_that_the_table_says(key: ConfigKey, generation: Generation) -> None:
    without = run_of(generation)
    assert run_of(generation, **nested(key, None, generation)) == without
    if key.fate is Fate.ACCEPTED:
        for value in (True, -1, 0.25, "any text", {}, [1]):
            assert run_of(generation, **nested(key, value, generation)) == without
    if key.fate is Fate.FIXED:
        for value in key.fixed_at:
            assert run_of(generation, **nested(key, value, generation)) == without
    if key.fate in (Fate.FIXED, Fate.REFUSED):
        value = "something" if key.fate is Fate.REFUSED else wrong_value(key)
        error = refusal(generation, **nested(key, value, generation))
        assert error.field == key.name
        assert key.why in error.message


@pytest.mark.parametrize(("key", "generation"), CASES, ids=lambda value: getattr(value, "name", str(value)))
def test_a_used_key_of_the_wrong_type_is_named(key: ConfigKey, generation: Generation) -> None:
    if key.fate is not Fate.USED:
        return
    field = key.name
    task = {"worker_config.object_level.crop_dataset_name", "worker_config.object_level.padding"}
    parts = nested(key, {"odd": []}, generation)
    if field in task:
        block = next(iter(parts["docker"].values()))
        block["task_name" if generation is V0 else "taskName"] = "wheels"
    error = refusal(generation, **parts)
    assert error.field == field
    assert "expected" in error.message


@pytest.mark.parametrize("key", [key for key in WORKER_KEYS if len(key.generations) < 4], ids=lambda key: key.name)
def test_a_key_of_another_generation_is_not_known(key: ConfigKey) -> None:
    for generation in Generation:
        if generation not in key.generations:
            error = refusal(generation, **nested(key, True, generation))
            assert key.name.lower().startswith(error.field.lower())


def test_names_of_keys_are_in_the_table_once() -> None:
    names = [key.name for key in ALL_KEYS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("docker", "field", "hint"),
    [
        ({"object_levl": {"task_name": "x"}}, "worker_config.object_levl", "worker_config.object_level"),
        ({"stopping_condition": {"nsamples": 1}}, "worker_config.stopping_condition.nsamples", "n_samples`?"),
        ({"enable_trainin": False}, "worker_config.enable_trainin", "enable_training`?"),
    ],
)
def test_a_key_that_is_not_known_is_named_with_the_one_meant(docker: Any, field: str, hint: str) -> None:
    error = refusal(docker=docker)
    assert (error.field, "Did you mean" in error.hint, hint in error.hint) == (field, True, True)


def test_a_value_where_a_dictionary_should_be_is_named() -> None:
    assert refusal(docker={"object_level": "wheels"}).field == "worker_config.object_level"
    assert refusal(docker=[1]).message == "`worker_config`: expected a dictionary, got `[1]`"


def test_other_types_of_workers_and_other_parts_are_named() -> None:
    assert refusal(workerType="HALF").field == "workerType"
    assert refusal(dockr={}).message == 'there is no part `"dockr"`'


# --- the dataset ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["datasource.dataset_id", "datapool.dataset_id"])
def test_only_the_dataset_that_is_scheduled_on_may_be_named(name: str) -> None:
    run_of(docker={name: TARGET.id})
    run_of(docker={name: ""})
    error = refusal(docker={name: "ff" * 12})
    assert error.field == f"worker_config.{name}"
    assert "`vehicles`" in error.message


def test_a_datapool_may_have_the_name_of_the_dataset() -> None:
    run_of(docker={"datapool": {"name": "vehicles", "keep_history": True}})
    assert refusal(docker={"datapool": {"name": "pool"}}).field == "worker_config.datapool.name"


def test_without_a_datapool_the_dataset_has_to_be_empty() -> None:
    full = Target(id=TARGET.id, name="vehicles", sample_count=1404)
    run_of(V4, docker={"useDatapool": False})
    run_of(V4, docker={"useDatapool": True}, target=full)
    run_of(V4, docker={"useDatapool": None}, target=full)
    error = refusal(V4, docker={"useDatapool": False}, target=full)
    assert error.message == "`worker_config.use_datapool` is `False`, but dataset `vehicles` has 1,404 samples"


# --- objects --------------------------------------------------------------------------------------------------------


def test_a_crops_dataset_with_an_impossible_name_is_named_with_one_that_would_do() -> None:
    error = refusal(docker={"object_level": {"task_name": "wheels", "crop_dataset_name": "my/wheels"}})
    assert error.field == "worker_config.object_level.crop_dataset_name"
    assert error.hint == "`my-wheels` would do."


def test_names_and_padding_of_crops_mean_nothing_without_a_task() -> None:
    assert run_of(docker={"object_level": {"task_name": "", "padding": 0.1}}).object_level is None


def test_text_that_is_too_long_is_named_and_not_repeated() -> None:
    error = refusal(docker={"relevant_filenames_file": "x" * 5000})
    assert error.field == "worker_config.relevant_filenames_file"
    assert len(error.message) < 300


def test_a_negative_padding_is_named() -> None:
    error = refusal(docker={"object_level": {"task_name": "wheels", "padding": -0.1}})
    assert error.field == "worker_config.object_level.padding"


def test_crops_of_the_task_that_is_looked_at_cannot_be_left_out() -> None:
    by_objects = selecting({"type": "EMBEDDINGS", "task": "wheels"})
    run_of(V4, docker={"crops": {"enableUploadForTasks": ["wheels"]}}, selection=by_objects)
    for crops in ({"enableUpload": False}, {"enableUploadForTasks": []}):
        assert "wants no crops of task `wheels`" in refusal(V4, docker={"crops": crops}, selection=by_objects).message
    error = refusal(V4, docker={"crops": {"enableUploadForTasks": ["wheels", "doors"]}}, selection=by_objects)
    assert error.field == "worker_config.crops.enable_upload_for_tasks"


def test_whole_images_have_no_crops_to_leave_out() -> None:
    run_of(V4, docker={"crops": {"enableUpload": False, "enableUploadForTasks": ["doors"]}}, selection=selecting())
    run_of(V4, docker={"crops": {"enableUploadForTasks": []}}, selection=selecting())
    assert refusal(V4, docker={"crops": {"enableUploadForTasks": ["doors"]}}, selection=selecting())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just("x" * 9999),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=12,
)


def run_or_fault(generation: Generation, config: dict[str, Any]) -> RunRequest | InvalidConfig:
    try:
        return normalise(generation, config, TARGET)
    except InvalidConfig as error:
        return error


# --- anything -------------------------------------------------------------------------------------------------------


@given(
    generation=st.sampled_from(Generation),
    config=st.dictionaries(st.sampled_from(["docker", "lightly", "selection", "workerType", "x"]), JSON),
)
def test_anything_at_all_is_a_run_or_a_named_fault(generation: Generation, config: dict[str, Any]) -> None:
    outcome = run_or_fault(generation, config)
    if isinstance(outcome, InvalidConfig):
        assert outcome.field
        assert outcome.message.encode()
    else:
        assert RunRequest.model_validate(json.loads(outcome.model_dump_json())) == outcome


@given(data=st.data(), generation=st.sampled_from(Generation))
def test_known_keys_with_any_value_are_a_run_or_a_named_fault(data: st.DataObject, generation: Generation) -> None:
    names = sorted(keys_of(generation, WORKER_KEYS))
    chosen = data.draw(st.lists(st.sampled_from(names), unique=True, max_size=5))
    docker: dict[str, Any] = {}
    for name in chosen:
        words = name.split(".")[1:]
        block = docker
        for word in words[:-1]:
            block = block.setdefault(word if generation is V0 else camel(word), {})
        block[words[-1] if generation is V0 else camel(words[-1])] = data.draw(JSON)
    outcome = run_or_fault(generation, {"docker": docker})
    assert isinstance(outcome, RunRequest) or outcome.field


@given(n_samples=st.integers(1, 10**9) | st.floats(0, 1, exclude_min=True), distance=st.floats(0, 2) | st.just(-1.0))
def test_amounts_and_distances_arrive_as_they_were_given(n_samples: int | float, distance: float) -> None:
    for generation, names in ((V0, ("n_samples", "min_distance")), (V2, ("nSamples", "minDistance"))):
        stop = dict(zip(names, (n_samples, distance), strict=True))
        block = "stopping_condition" if generation is V0 else "stoppingCondition"
        selection = run_of(generation, docker={block: stop}).selection
        assert repr(selection.n_samples) == repr(n_samples)
        expected = None if distance == -1.0 else distance
        assert selection.strategies[0].model_dump()["minimum_distance"] == expected
