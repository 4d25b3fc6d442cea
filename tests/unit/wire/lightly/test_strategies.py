"""What becomes of the strategies of a `selection_config`: every pair of input and strategy, and every key of both."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.errors import InvalidConfig
from swath.pipeline.known_metadata import CROP_KEYS, IMAGE_KEYS
from swath.wire.lightly.config_keys import INPUT_KEYS, STRATEGY_KEYS, ConfigKey, Generation
from swath.wire.lightly.normalise import Target, normalise
from swath.wire.lightly.strategies import MATRIX
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
from swath.wire.runs import RunRequest, requested_config

V0, V2, V3, V4 = Generation
TARGET = Target(id="0123456789abcdef01234567", name="vehicles", sample_count=0)
Json = dict[str, Any]

OBJECT_LEVEL = {V0: {"object_level": {"task_name": "wheels"}}, V2: {"objectLevel": {"taskName": "wheels"}}}

INPUTS: dict[str, Json] = {
    "EMBEDDINGS": {},
    "SCORES": {"task": "weather", "score": "uncertainty_margin"},
    "METADATA": {"key": "weather.temperature"},
    "PREDICTIONS": {"task": "weather"},
    "RANDOM": {},
}
"""What an input needs."""

STRATEGIES: dict[str, Json] = {
    "DIVERSITY": {},
    "TYPICALITY": {},
    "SIMILARITY": {},
    "WEIGHTS": {},
    "THRESHOLD": {"threshold": 0.5, "operation": "BIGGER"},
    "BALANCE": {"target": {"car": 0.25}},
}
"""What a strategy needs."""

QUERY = {"dataset_id": "ab" * 12, "tag_name": "dark ones"}


def entry(source: Json, rule: Json) -> Json:
    return {"input": source, "strategy": rule}


def whole(input_type: str, kind: str, source: Json | None = None, rule: Json | None = None) -> Json:
    """An entry with all that its parts need, and more."""
    query = QUERY if kind == "SIMILARITY" else {}
    return entry(
        {"type": input_type, **INPUTS[input_type], **query, **(source or {})},
        {"type": kind, **STRATEGIES[kind], **(rule or {})},
    )


def run_of(*entries: Json, generation: Generation = V4, docker: Any = None, **sizes: Any) -> RunRequest:
    selection = {**(sizes or {"nSamples": 7}), "strategies": list(entries)}
    request = normalise(generation, {"docker": docker, "selection": selection}, TARGET)
    # What a request asks for has to be what a run takes.
    requested_config(request, dataset_name=TARGET.name, input_uri="/data", output_uri="/data")
    return request


def strategy_of(one: Json, **options: Any) -> Strategy:
    (strategy,) = run_of(one, **options).selection.strategies
    return strategy


def refusal(*entries: Json, **options: Any) -> InvalidConfig:
    with pytest.raises(InvalidConfig) as caught:
        run_of(*entries, **options)
    return caught.value


# --- the matrix -----------------------------------------------------------------------------------------------------

WEATHER = PredictionsInput(task="weather")
COUNTS = PredictionsInput(task="weather", name="category_count")
MARGIN = ScoresInput(task="weather", score="uncertainty_margin")
TEMPERATURE = MetadataInput(key="weather.temperature")
ABOVE_HALF: Json = {"threshold": 0.5, "operation": "bigger"}

EXPECTED: dict[tuple[str, str], Strategy] = {
    ("EMBEDDINGS", "DIVERSITY"): DiversityStrategy(),
    ("EMBEDDINGS", "TYPICALITY"): TypicalityStrategy(),
    ("EMBEDDINGS", "SIMILARITY"): SimilarityStrategy(query=QueryTag(dataset="ab" * 12, tag="dark ones")),
    ("SCORES", "WEIGHTS"): WeightsStrategy(input=MARGIN),
    ("METADATA", "WEIGHTS"): WeightsStrategy(input=TEMPERATURE),
    ("PREDICTIONS", "WEIGHTS"): WeightsStrategy(input=COUNTS),
    ("RANDOM", "WEIGHTS"): RandomStrategy(),
    ("SCORES", "THRESHOLD"): ThresholdStrategy(input=MARGIN, **ABOVE_HALF),
    ("METADATA", "THRESHOLD"): ThresholdStrategy(input=TEMPERATURE, **ABOVE_HALF),
    ("PREDICTIONS", "THRESHOLD"): ThresholdStrategy(input=COUNTS, **ABOVE_HALF),
    ("PREDICTIONS", "BALANCE"): BalanceStrategy(input=WEATHER, distribution="target", target={"car": 0.25}),
    ("METADATA", "BALANCE"): BalanceStrategy(input=TEMPERATURE, distribution="target", target={"car": 0.25}),
}


@pytest.mark.parametrize("generation", Generation)
@pytest.mark.parametrize("kind", STRATEGIES)
@pytest.mark.parametrize("input_type", INPUTS)
def test_a_strategy_takes_the_inputs_that_make_sense_and_no_other(
    input_type: str, kind: str, generation: Generation
) -> None:
    one = whole(input_type, kind)
    if (input_type, kind) in EXPECTED:
        assert strategy_of(one, generation=generation) == EXPECTED[input_type, kind]
        return
    error = refusal(one, generation=generation)
    assert error.field == "selection_config.strategies[0].input.type"
    assert f'strategy `"{kind}"` cannot be used on input `"{input_type}"`' in error.message
    assert f'"{MATRIX[kind][0]}"' in error.hint


def test_the_first_name_of_diversity_is_known() -> None:
    assert strategy_of(entry({"type": "EMBEDDINGS"}, {"type": "DIVERSIFY"}), generation=V0) == DiversityStrategy()


@pytest.mark.parametrize(
    ("one", "field", "word"),
    [
        ("x", "", "dictionary"),
        ({}, ".input", "dictionary"),
        ({"input": {"type": "EMBEDDINGS"}}, ".strategy", "dictionary"),
        ({**whole("EMBEDDINGS", "DIVERSITY"), "inputs": {}}, ".inputs", "no key"),
        (entry({"type": "EMBEDDING"}, {"type": "DIVERSITY"}), ".input.type", '"EMBEDDINGS"'),
        (entry({}, {"type": "DIVERSITY"}), ".input.type", "None"),
        (entry({"type": "EMBEDDINGS"}, {"type": "VARIETY"}), ".strategy.type", '"TYPICALITY"'),
        (entry({"type": "EMBEDDINGS"}, {}), ".strategy.type", "None"),
    ],
)
def test_an_entry_that_is_none_is_named_by_its_place(one: Any, field: str, word: str) -> None:
    error = refusal(whole("RANDOM", "WEIGHTS"), one)
    assert error.field == f"selection_config.strategies[1]{field}"
    assert word in error.message


@pytest.mark.parametrize("entries", [[], None, {}, "x"])
def test_at_least_one_strategy_is_needed(entries: Any) -> None:
    with pytest.raises(InvalidConfig, match="at least one strategy") as caught:
        normalise(V4, {"selection": {"nSamples": 3, "strategies": entries}}, TARGET)
    assert caught.value.field == "selection_config.strategies"


# --- what embeddings are of -----------------------------------------------------------------------------------------


def test_images_are_compared_by_the_mean_of_their_objects_as_scripts_know_it() -> None:
    by_objects = {"task": "wheels"}
    request = run_of(
        whole("EMBEDDINGS", "DIVERSITY", by_objects),
        whole("EMBEDDINGS", "TYPICALITY", by_objects),
        whole("EMBEDDINGS", "SIMILARITY", by_objects),
    )
    assert request.object_level is not None
    assert (request.object_level.task_name, request.selection.unit) == ("wheels", SelectionUnit.IMAGES)
    diversity, typicality, similarity = request.selection.strategies
    objects = EmbeddingsInput(of="objects", task="wheels")
    assert diversity == DiversityStrategy(input=objects, aggregate=Aggregate.MEAN)
    assert typicality == TypicalityStrategy(input=objects, aggregate=Aggregate.MEAN)
    assert similarity == SimilarityStrategy(
        input=objects, aggregate=Aggregate.MAX, query=QueryTag(dataset="ab" * 12, tag="dark ones")
    )


def test_images_may_be_compared_beside_their_objects_and_scored_by_any_task() -> None:
    request = run_of(
        whole("EMBEDDINGS", "DIVERSITY"),
        whole("EMBEDDINGS", "DIVERSITY", {"task": "wheels"}),
        whole("SCORES", "WEIGHTS"),
        whole("PREDICTIONS", "BALANCE", {"task": "doors"}),
    )
    images, objects, scores, balance = request.selection.strategies
    assert images == DiversityStrategy(input=EmbeddingsInput(of="images"))
    assert objects == DiversityStrategy(input=EmbeddingsInput(of="objects", task="wheels"), aggregate=Aggregate.MEAN)
    assert (scores, balance) == (
        WeightsStrategy(input=MARGIN),
        BalanceStrategy(input=PredictionsInput(task="doors"), distribution="target", target={"car": 0.25}),
    )
    assert request.object_level is not None
    assert request.object_level.task_name == "wheels"


def test_whole_images_are_selected_where_tasks_are_named_for_scores_only() -> None:
    request = run_of(whole("EMBEDDINGS", "DIVERSITY"), whole("SCORES", "WEIGHTS"))
    assert request.object_level is None
    assert request.selection.strategies[0] == DiversityStrategy()


def test_objects_of_two_tasks_are_not_compared_in_one_run() -> None:
    error = refusal(
        whole("EMBEDDINGS", "DIVERSITY", {"task": "wheels"}), whole("EMBEDDINGS", "TYPICALITY", {"task": "doors"})
    )
    assert error.field == "selection_config.strategies[1].input.task"
    assert error.message == (
        "`selection_config.strategies[1].input.task` is `doors`, but an earlier strategy compares the objects of "
        "`wheels`"
    )


@pytest.mark.parametrize("generation", [V0, V2])
def test_objects_are_compared_one_by_one_where_they_are_selected(generation: Generation) -> None:
    docker = OBJECT_LEVEL[generation]
    for source in ({}, {"task": "wheels"}):
        request = run_of(whole("EMBEDDINGS", "DIVERSITY", source), generation=generation, docker=docker)
        assert request.selection.unit is SelectionUnit.OBJECTS
        assert request.selection.strategies == (DiversityStrategy(),)
    error = refusal(
        whole("SCORES", "WEIGHTS", {"task": "doors"}),
        whole("EMBEDDINGS", "DIVERSITY", {"task": "doors"}),
        generation=generation,
        docker=docker,
    )
    assert error.message == (
        "`selection_config.strategies[1].input.task` is `doors`, but `worker_config.object_level.task_name` is `wheels`"
    )


def test_a_task_that_is_not_named_is_that_of_the_objects() -> None:
    scores = {"type": "SCORES", "score": "object_frequency"}
    one = entry(scores, {"type": "WEIGHTS"})
    docker = {**OBJECT_LEVEL[V0], "scorer_config": {"min_score": 0.5}}
    assert strategy_of(one, generation=V0, docker=docker) == WeightsStrategy(
        input=ScoresInput(task="wheels", score="object_frequency", min_score=0.5)
    )
    assert refusal(one).field == "selection_config.strategies[0].input.task"
    by_objects = whole("EMBEDDINGS", "DIVERSITY", {"task": "wheels"})
    (_, weights) = run_of(by_objects, one).selection.strategies
    assert weights == WeightsStrategy(input=ScoresInput(task="wheels", score="object_frequency"))


@pytest.mark.parametrize("unit", SelectionUnit)
def test_what_runs_measure_can_be_selected_by(unit: SelectionUnit) -> None:
    known = IMAGE_KEYS if unit is SelectionUnit.IMAGES else CROP_KEYS
    docker = OBJECT_LEVEL[V0] if unit is SelectionUnit.OBJECTS else None
    for key in known:
        strategy = strategy_of(whole("METADATA", "WEIGHTS", {"key": key}), generation=V0, docker=docker)
        assert strategy == WeightsStrategy(input=MetadataInput(key=key))
    for key in {*IMAGE_KEYS, *CROP_KEYS, "lightly.sharpness"} - {*known}:
        error = refusal(whole("METADATA", "WEIGHTS", {"key": key}), generation=V0, docker=docker)
        assert error.message.endswith(f"is `{key}`, which runs do not measure of {unit}")
        assert f"`{known[-1]}`" in error.hint


# --- parameters -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (
            whole("EMBEDDINGS", "DIVERSITY", rule={"stopping_condition_minimum_distance": 0.25, "strength": -2}),
            DiversityStrategy(strength=-2.0, minimum_distance=0.25),
        ),
        (
            whole("EMBEDDINGS", "DIVERSITY", rule={"stopping_condition_minimum_distance": -1}),
            DiversityStrategy(),
        ),
        (
            whole(
                "EMBEDDINGS",
                "TYPICALITY",
                rule={"numNearestNeighbors": 5, "stoppingConditionMinimumTypicality": 0.3, "strength": 1e9},
            ),
            TypicalityStrategy(num_nearest_neighbors=5, minimum_typicality=0.3, strength=1e9),
        ),
        (
            whole("SCORES", "WEIGHTS", rule={"stoppingConditionMaxSum": 3, "targetRange": {"minSum": 1, "maxSum": 2}}),
            WeightsStrategy(input=MARGIN, maximum_sum=3.0, target_range=TargetRange(min_sum=1.0, max_sum=2.0)),
        ),
        (
            whole("PREDICTIONS", "WEIGHTS", {"name": "CATEGORY_COUNT", "categories": ["sun", "rain"]}),
            WeightsStrategy(input=PredictionsInput(task="weather", name="category_count", categories=("sun", "rain"))),
        ),
        (whole("RANDOM", "WEIGHTS", {"randomSeed": 42}, {"strength": 2}), RandomStrategy(seed=42, strength=2.0)),
        (
            whole("RANDOM", "WEIGHTS", {"randomSeed": 42}, {"stoppingConditionMaxSum": 5}),
            WeightsStrategy(input=RandomInput(seed=42), maximum_sum=5.0),
        ),
        (
            entry(
                {"type": "METADATA", "key": "speed"},
                {"type": "THRESHOLD", "threshold": -3, "operation": "SMALLER_EQUAL", "strength": 7},
            ),
            ThresholdStrategy(input=MetadataInput(key="speed"), threshold=-3.0, operation="smaller_equal"),
        ),
        (
            entry(
                {"type": "PREDICTIONS", "task": "weather", "name": "CLASS_DISTRIBUTION"},
                {"type": "BALANCE", "distribution": "UNIFORM"},
            ),
            BalanceStrategy(input=WEATHER, distribution="uniform"),
        ),
        (
            entry({"type": "METADATA", "key": "sky"}, {"type": "BALANCE", "distribution": "INPUT", "strength": 3}),
            BalanceStrategy(input=MetadataInput(key="sky"), distribution="input", strength=3.0),
        ),
    ],
)
def test_parameters_arrive_as_they_were_given(one: Json, expected: Strategy) -> None:
    assert strategy_of(one) == expected


def test_spelling_is_as_clients_send_it_and_as_people_write_it() -> None:
    sent = {"numNearestNeighbors": 5, "stoppingConditionMinimumTypicality": 0.3}
    written = {"num_nearest_neighbors": 5, "stopping_condition_minimum_typicality": 0.3}
    first, second = (strategy_of(whole("EMBEDDINGS", "TYPICALITY", rule=rule)) for rule in (sent, written))
    assert first == second == TypicalityStrategy(num_nearest_neighbors=5, minimum_typicality=0.3)


def test_what_clients_send_as_null_is_left_out() -> None:
    nothing: Json = dict.fromkeys(["strength", "stoppingConditionMaxSum", "targetRange", "threshold", "target"])
    assert strategy_of(whole("SCORES", "WEIGHTS", {"key": None}, nothing)) == WeightsStrategy(input=MARGIN)


@pytest.mark.parametrize(
    ("one", "field", "word"),
    [
        (whole("EMBEDDINGS", "DIVERSITY", rule={"strength": 1e10}), "strategy.strength", "1,000,000,000"),
        (whole("EMBEDDINGS", "DIVERSITY", rule={"strength": "much"}), "strategy.strength", "a number"),
        (whole("EMBEDDINGS", "DIVERSITY", rule={"strenght": 1}), "strategy.strenght", "no key"),
        (whole("EMBEDDINGS", "DIVERSITY", rule={"threshold": 1}), "strategy.threshold", '"THRESHOLD" only'),
        (whole("EMBEDDINGS", "DIVERSITY", {"randomSeed": 1}), "input.random_seed", '"RANDOM" only'),
        (whole("EMBEDDINGS", "DIVERSITY", {"tagName": "dark"}), "input.tag_name", "SIMILARITY"),
        (whole("EMBEDDINGS", "TYPICALITY", {"datasetId": "ab"}), "input.dataset_id", "SIMILARITY"),
        (whole("EMBEDDINGS", "TYPICALITY", rule={"numNearestNeighbors": 1}), "strategy.num_nearest_neighbors", "2"),
        (
            whole("EMBEDDINGS", "TYPICALITY", rule={"stoppingConditionMinimumTypicality": 0}),
            "strategy.stopping_condition_minimum_typicality",
            "above 0",
        ),
        (entry({"type": "EMBEDDINGS", "tagName": "x"}, {"type": "SIMILARITY"}), "input.dataset_id", "missing"),
        (entry({"type": "EMBEDDINGS", "datasetId": "x"}, {"type": "SIMILARITY"}), "input.tag_name", "missing"),
        (whole("EMBEDDINGS", "SIMILARITY", {"tag_name": "x" * 1001}), "input.tag_name", "1,000 characters"),
        (entry({"type": "SCORES", "task": "x"}, {"type": "WEIGHTS"}), "input.score", "missing"),
        (entry({"type": "SCORES", "score": "x"}, {"type": "WEIGHTS"}), "input.task", "missing"),
        (whole("SCORES", "WEIGHTS", {"score": "x" * 201}), "input.score", "200 characters"),
        (whole("SCORES", "WEIGHTS", {"key": "x"}), "input.key", '"METADATA" only'),
        (entry({"type": "METADATA"}, {"type": "WEIGHTS"}), "input.key", "missing"),
        (whole("METADATA", "WEIGHTS", {"key": "people[0].n"}), "input.key", "place in a list"),
        (whole("METADATA", "WEIGHTS", {"key": "lightly.luminance"}), "input.key", "runs do not measure of images"),
        (whole("METADATA", "WEIGHTS", {"key": "x" * 1001}), "input.key", "1,000 characters"),
        (entry({"type": "PREDICTIONS"}, {"type": "WEIGHTS"}), "input.task", "missing"),
        (whole("PREDICTIONS", "WEIGHTS", {"name": "CLASS_DISTRIBUTION"}), "input.name", '"CATEGORY_COUNT"'),
        (whole("PREDICTIONS", "THRESHOLD", {"name": "COUNT"}), "input.name", '"CATEGORY_COUNT"'),
        (whole("PREDICTIONS", "BALANCE", {"name": "CATEGORY_COUNT"}), "input.name", '"CLASS_DISTRIBUTION"'),
        (whole("PREDICTIONS", "BALANCE", {"categories": ["car"]}), "input.categories", "only"),
        (whole("PREDICTIONS", "WEIGHTS", {"categories": []}), "input.categories", "names of categories"),
        (whole("PREDICTIONS", "WEIGHTS", {"categories": ["car", "car"]}), "input.categories", "each once"),
        (whole("PREDICTIONS", "WEIGHTS", {"categories": [1]}), "input.categories", "names of categories"),
        (whole("RANDOM", "WEIGHTS", {"randomSeed": -1}), "input.random_seed", "at least 0"),
        (whole("RANDOM", "WEIGHTS", {"task": "wheels"}), "input.task", "only"),
        (whole("SCORES", "WEIGHTS", rule={"stoppingConditionMaxSum": -1}), "strategy.stopping_condition_max_sum", "0"),
        (
            whole("SCORES", "WEIGHTS", rule={"targetRange": {"minSum": 3, "maxSum": 2}}),
            "strategy.target_range.min_sum",
            "at most",
        ),
        (entry(INPUTS["METADATA"] | {"type": "METADATA"}, {"type": "THRESHOLD", "operation": "BIGGER"}),
         "strategy.threshold", "missing"),
        (entry(INPUTS["METADATA"] | {"type": "METADATA"}, {"type": "THRESHOLD", "threshold": 1}),
         "strategy.operation", "missing"),
        (whole("METADATA", "THRESHOLD", rule={"operation": ">"}), "strategy.operation", '"BIGGER_EQUAL"'),
        (entry({"type": "PREDICTIONS", "task": "x"}, {"type": "BALANCE"}), "strategy.target", "missing"),
        (
            entry({"type": "PREDICTIONS", "task": "x"}, {"type": "BALANCE", "distribution": "TARGET"}),
            "strategy.target",
            "missing",
        ),
        (whole("PREDICTIONS", "BALANCE", rule={"distribution": "UNIFORM"}), "strategy.distribution", "TARGET"),
        (whole("PREDICTIONS", "BALANCE", rule={"distribution": "EVEN"}), "strategy.distribution", '"INPUT"'),
        (whole("PREDICTIONS", "BALANCE", rule={"target": {}}), "strategy.target", "shares"),
        (whole("PREDICTIONS", "BALANCE", rule={"target": {"car": -1}}), "strategy.target", "shares"),
        (whole("PREDICTIONS", "BALANCE", rule={"target": {"car": 0}}), "strategy.target", "shares"),
        (whole("PREDICTIONS", "BALANCE", rule={"target": {"car": "half"}}), "strategy.target", "shares"),
        (whole("PREDICTIONS", "BALANCE", rule={"target": ["car"]}), "strategy.target", "dictionary"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named_by_place_and_value(one: Json, field: str, word: str) -> None:
    error = refusal(one)
    assert error.field == f"selection_config.strategies[0].{field}"
    assert word in error.message


# --- how many -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "one",
    [
        whole("EMBEDDINGS", "DIVERSITY", rule={"stopping_condition_minimum_distance": 0.25}),
        whole("EMBEDDINGS", "TYPICALITY", rule={"stoppingConditionMinimumTypicality": 0.5}),
        whole("SCORES", "WEIGHTS", rule={"stoppingConditionMaxSum": 5}),
        whole("SCORES", "WEIGHTS", rule={"targetRange": {"maxSum": 5}}),
    ],
)
def test_a_stopping_condition_may_say_how_many(one: Json) -> None:
    assert run_of(one, nSamples=-1).selection.n_samples is None


def test_a_threshold_without_a_number_keeps_all_that_pass() -> None:
    assert repr(run_of(whole("METADATA", "THRESHOLD"), nSamples=-1).selection.n_samples) == "1.0"


def test_shares_are_of_all_there_is() -> None:
    assert repr(run_of(whole("SCORES", "WEIGHTS"), proportionSamples=0.5).selection.n_samples) == "0.5"


# --- keys -----------------------------------------------------------------------------------------------------------

FITS = {
    "input.type": ("EMBEDDINGS", "DIVERSITY"),
    "input.task": ("EMBEDDINGS", "DIVERSITY"),
    "input.score": ("SCORES", "WEIGHTS"),
    "input.key": ("METADATA", "WEIGHTS"),
    "input.name": ("PREDICTIONS", "WEIGHTS"),
    "input.categories": ("PREDICTIONS", "WEIGHTS"),
    "input.dataset_id": ("EMBEDDINGS", "SIMILARITY"),
    "input.tag_name": ("EMBEDDINGS", "SIMILARITY"),
    "input.random_seed": ("RANDOM", "WEIGHTS"),
    "strategy.type": ("EMBEDDINGS", "DIVERSITY"),
    "strategy.stopping_condition_minimum_distance": ("EMBEDDINGS", "DIVERSITY"),
    "strategy.threshold": ("METADATA", "THRESHOLD"),
    "strategy.operation": ("METADATA", "THRESHOLD"),
    "strategy.target": ("PREDICTIONS", "BALANCE"),
    "strategy.distribution": ("PREDICTIONS", "BALANCE"),
    "strategy.strength": ("METADATA", "THRESHOLD"),
    "strategy.num_nearest_neighbors": ("EMBEDDINGS", "TYPICALITY"),
    "strategy.stopping_condition_minimum_typicality": ("EMBEDDINGS", "TYPICALITY"),
    "strategy.stopping_condition_max_sum": ("RANDOM", "WEIGHTS"),
    "strategy.target_range.min_sum": ("SCORES", "WEIGHTS"),
    "strategy.target_range.max_sum": ("SCORES", "WEIGHTS"),
}
"""A pair of input and strategy for every key."""


def saying(key: ConfigKey, value: Any) -> Json:
    """An entry that a key fits, with that key at a value."""
    one = whole(*FITS[key.name])
    part, *words = key.name.split(".")
    inner = one[part]
    for word in words[:-1]:
        inner = inner.setdefault(word, {})
    inner[words[-1]] = value
    return one


@pytest.mark.parametrize("key", [*INPUT_KEYS, *STRATEGY_KEYS], ids=lambda key: key.name)
def test_a_key_of_the_wrong_type_is_named(key: ConfigKey) -> None:
    for generation in key.generations:
        error = refusal(saying(key, {"odd": []}), generation=generation)
        assert error.field == f"selection_config.strategies[0].{key.name}"
        assert "expected" in error.message


@pytest.mark.parametrize("key", [*INPUT_KEYS, *STRATEGY_KEYS], ids=lambda key: key.name)
def test_a_key_of_another_generation_is_not_known(key: ConfigKey) -> None:
    for generation in Generation:
        if generation not in key.generations:
            error = refusal(saying(key, 1), generation=generation)
            assert error.message.startswith("there is no key `selection_config.strategies[0].strategy.")
            assert f"selection_config.strategies[0].{key.name}".startswith(error.field)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just("x" * 9999),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=12,
)


@given(data=st.data(), pairs=st.lists(st.sampled_from(sorted(EXPECTED)), min_size=1, max_size=3))
def test_strategies_with_any_value_are_a_run_or_a_named_fault(data: st.DataObject, pairs: list[Any]) -> None:
    entries = [whole(*pair) for pair in pairs]
    keys = [key for key in (*INPUT_KEYS, *STRATEGY_KEYS) if FITS[key.name] in pairs]
    for key in data.draw(st.lists(st.sampled_from(keys), max_size=3) if keys else st.just([])):
        part, word = key.name.split(".")[0], key.name.split(".")[1]
        entries[pairs.index(FITS[key.name])][part][word] = data.draw(VALUES)
    sizes = data.draw(st.fixed_dictionaries({}, optional={"nSamples": VALUES, "proportionSamples": VALUES}))
    outcome = run_or_fault({**sizes, "strategies": entries})
    if isinstance(outcome, InvalidConfig):
        assert outcome.field.startswith("selection_config")
        assert outcome.message.encode()
    else:
        assert RunRequest.model_validate_json(outcome.model_dump_json()) == outcome


def run_or_fault(selection: Json) -> RunRequest | InvalidConfig:
    try:
        return normalise(V4, {"selection": selection}, TARGET)
    except InvalidConfig as error:
        return error
