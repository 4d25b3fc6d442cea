from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.errors import InvalidConfig
from swath.wire.run_config import parse_run_config
from swath.wire.selection import SelectionConfig
from swath.wire.selection_rules import check_selection
from swath.wire.selection_run import parse_sample_selection

EMBEDDINGS = {"type": "embeddings"}
SCORES = {"type": "scores", "score": "uncertainty_entropy"}
METADATA = {"type": "metadata", "key": "weather"}
DISTRIBUTION = {"type": "predictions", "name": "class_distribution"}
COUNT = {"type": "predictions", "name": "category_count"}
RANDOM = {"type": "random", "seed": 3}
INPUTS = {
    "embeddings": EMBEDDINGS,
    "scores": SCORES,
    "metadata": METADATA,
    "distribution": DISTRIBUTION,
    "count": COUNT,
    "random": RANDOM,
}
NEEDED: dict[str, dict[str, Any]] = {
    "similarity": {"query": {"dataset": "birds", "tag": "owls"}},
    "threshold": {"threshold": 0.5, "operation": "bigger"},
}
USEFUL = {
    "diversity": {"embeddings"},
    "representative": {"embeddings"},
    "typicality": {"embeddings"},
    "similarity": {"embeddings"},
    "weights": {"scores", "metadata", "count", "random"},
    "threshold": {"scores", "metadata", "count"},
    "balance": {"distribution", "metadata"},
    "random": set[str](),
}


def parsed(*strategies: dict[str, Any], **selection: Any) -> SelectionConfig:
    config = parse_run_config(
        {
            "datasource": {"location": "street"},
            "object_level": {"task_name": "vehicles"},
            "selection": {"n_samples": 10, "strategies": list(strategies), **selection},
        }
    )
    return config.selection


def refused(*strategies: dict[str, Any], **selection: Any) -> InvalidConfig:
    with pytest.raises(InvalidConfig) as caught:
        parsed(*strategies, **selection)
    return caught.value


@pytest.mark.parametrize("strategy", USEFUL)
@pytest.mark.parametrize("given_", INPUTS)
def test_an_input_goes_with_the_strategies_that_have_a_use_for_it(strategy: str, given_: str) -> None:
    document = {"type": strategy, **NEEDED.get(strategy, {}), "input": INPUTS[given_]}
    if given_ in USEFUL[strategy]:
        read = parsed({"type": "diversity"}, document).strategies[1]
        assert read.type == strategy
        return
    error = refused({"type": "diversity"}, document)
    assert error.field.startswith("selection.strategies[1].input")
    assert error.message.startswith(f"`{error.field}`: `{strategy}` ")
    is_of_its_name = error.field.endswith(".name")
    assert error.message.endswith(f"got `{INPUTS[given_]['name' if is_of_its_name else 'type']}`")
    assert error.hint


def test_the_hint_says_where_an_input_goes_instead() -> None:
    error = refused({"type": "balance", "input": EMBEDDINGS})
    assert error.message == (
        "`selection.strategies[0].input`: `balance` takes one of `predictions`, `metadata`, got `embeddings`"
    )
    assert error.hint == ("`embeddings` (vectors) goes with `diversity`, `representative`, `typicality`, `similarity`.")
    error = refused({"type": "weights", "input": DISTRIBUTION})
    assert error.message == (
        "`selection.strategies[0].input.name`: `weights` takes a number, which a distribution is not: "
        "expected `category_count`, got `class_distribution`"
    )


@pytest.mark.parametrize(
    ("document", "field", "message", "hint"),
    [
        ({"type": "divers"}, "type", "expected one of `diversity`, ", "Did you mean `diversity`?"),
        ({"type": "WEIGHTS"}, "type", "got `WEIGHTS`", "Did you mean `weights`?"),
        ({}, "type", "is missing", "It is one of `diversity`, "),
        ({"type": "diversity", "min_distance": 1}, "min_distance", "is not known", "`minimum_distance`?"),
        ({"type": "weights", "input": {"score": "x"}}, "input.type", "is missing", "one of `scores`"),
        ({"type": "weights", "input": {"type": "score"}}, "input.type", "got `score`", "Did you mean `scores`?"),
        ({"type": "weights", "input": SCORES | {"scor": 1}}, "input.scor", "is not known", "`score`?"),
        ({"type": "balance", "input": METADATA, "targt": {}}, "targt", "is not known", "`target`?"),
    ],
)
def test_what_is_spelt_wrong_in_a_strategy_is_named_with_what_was_meant(
    document: dict[str, Any], field: str, message: str, hint: str
) -> None:
    error = refused({"type": "random"}, document)
    assert error.field == f"selection.strategies[1].{field}"
    assert f"`{error.field}`" in error.message
    assert message in error.message
    assert hint in error.hint


def test_a_quota_is_read_as_strictly() -> None:
    error = refused({"type": "diversity"}, quotas={"car": {"atleast": 3}})
    assert (error.field, error.hint) == ("selection.quotas.car.atleast", "Did you mean `at_least`?")


@pytest.mark.parametrize(
    ("document", "field", "message"),
    [
        (
            {"type": "diversity", "minimum_distance_mode": "filter"},
            "minimum_distance_mode",
            "there is no minimum distance that could be filtered by",
        ),
        (
            {"type": "balance", "distribution": "uniform", "target": {"car": 1}},
            "target",
            "contradicts the distribution `uniform`, which sets the shares itself",
        ),
        ({"type": "balance", "distribution": "target"}, "target", "is needed for the distribution `target`"),
        ({"type": "balance", "target": {}}, "target", "is empty"),
        ({"type": "balance", "target": {"car": -0.5}}, "target.car", "expected a share of 0 or more, got `-0.5`"),
        ({"type": "balance", "target": {"car": 0, "bus": 0}}, "target", "all shares are 0"),
        (
            {"type": "balance", "input": DISTRIBUTION | {"categories": ["car"]}},
            "input.categories",
            "which categories count is asked of a `category_count`",
        ),
        (
            {"type": "diversity", "input": EMBEDDINGS | {"of": "images", "task": "wheels"}},
            "input.task",
            "only vectors of objects are of a task, those of `images` are not, got `wheels`",
        ),
        (
            {"type": "weights", "input": SCORES | {"frequency_penalty": 0.5}},
            "input.frequency_penalty",
            "is of the score `object_frequency`, not of `uncertainty_entropy`, got `0.5`",
        ),
        (
            {"type": "weights", "input": RANDOM, "target_range": {"min_sum": 5, "max_sum": 4}},
            "target_range.max_sum",
            "expected at least `target_range.min_sum`, which is 5, got `4.0`",
        ),
        (
            {"type": "weights", "input": RANDOM, "target_range": {"min_sum": 5}, "maximum_sum": 3},
            "maximum_sum",
            "expected at least `target_range.min_sum`, which is 5, got `3.0`",
        ),
        (
            {"type": "weights", "input": RANDOM, "target_range": {}},
            "target_range",
            "neither `min_sum` nor `max_sum` is given",
        ),
    ],
)
def test_a_contradiction_inside_a_strategy_is_named(document: dict[str, Any], field: str, message: str) -> None:
    error = refused(document)
    assert error.field == f"selection.strategies[0].{field}"
    assert error.message == f"`{error.field}`: {message}"


def test_scores_of_object_frequency_have_settings() -> None:
    document = {"type": "scores", "score": "object_frequency", "frequency_penalty": 0.5, "min_score": 0.1}
    assert parsed({"type": "weights", "input": document}).strategies[0].type == "weights"


def test_random_beside_random_is_refused_and_beside_others_is_not() -> None:
    assert refused({"type": "random"}, {"type": "random", "seed": 2}).field == "selection.strategies"
    assert len(parsed({"type": "random"}, {"type": "diversity"}).strategies) == 2


def test_twenty_strategies_are_enough() -> None:
    assert len(parsed(*[{"type": "diversity"}] * 20).strategies) == 20
    assert refused(*[{"type": "diversity"}] * 21).field == "selection.strategies"


@pytest.mark.parametrize(
    ("selection", "field", "message"),
    [
        ({"max_per_image": 1, "unit": "images"}, "max_per_image", "limits how many objects are picked, but whole"),
        ({"quotas": {"car": {"at_most": 1}}, "unit": "images"}, "quotas", "limits how many objects are picked"),
        ({"quotas": {"car": {}}}, "quotas.car", "neither `at_least` nor `at_most` is given"),
        (
            {"quotas": {"car": {"at_least": 5, "at_most": 4}}},
            "quotas.car.at_least",
            "expected no more than `at_most`, which is 4, got `5`",
        ),
        (
            {"quotas": {"car": {"at_least": 6}, "bus": {"at_least": 5}}},
            "quotas",
            "together they ask for at least 11, but `selection.n_samples` is 10",
        ),
        ({"max_per_image": 0}, "max_per_image", "greater than or equal to 1"),
    ],
)
def test_limits_that_cannot_be_meant_are_named(selection: dict[str, Any], field: str, message: str) -> None:
    error = refused({"type": "diversity"}, **selection)
    assert error.field == f"selection.{field}"
    assert message in error.message


@pytest.mark.parametrize(
    "selection",
    [
        {"n_samples": 5},
        {"strategies": [{"type": "diversity", "minimum_distance": 0.1}]},
        {"strategies": [{"type": "typicality", "minimum_typicality": 0.5}]},
        {"strategies": [{"type": "weights", "input": RANDOM, "maximum_sum": 3}]},
        {"strategies": [{"type": "weights", "input": RANDOM, "target_range": {"max_sum": 3}}]},
        {"strategies": [{"type": "threshold", "input": METADATA, "threshold": 1, "operation": "smaller"}]},
        {"max_per_image": 1},
    ],
)
def test_something_says_how_many(selection: dict[str, Any]) -> None:
    check_selection(SelectionConfig.model_validate(selection))


@pytest.mark.parametrize(
    "strategies",
    [
        [{"type": "diversity"}],
        [
            {"type": "diversity"},
            {"type": "threshold", "input": METADATA, "threshold": 1, "operation": "smaller"},
        ],
        [{"type": "weights", "input": RANDOM, "target_range": {"min_sum": 3}}],
    ],
)
def test_nothing_says_how_many(strategies: list[dict[str, Any]]) -> None:
    with pytest.raises(InvalidConfig, match="Nothing says how many to select") as caught:
        check_selection(SelectionConfig.model_validate({"strategies": strategies}))
    assert caught.value.field == "selection.n_samples"


def test_a_run_without_objects_has_no_task_that_could_be_meant() -> None:
    def run(strategy: dict[str, Any]) -> SelectionConfig:
        selection = {"n_samples": 3, "unit": "images", "strategies": [strategy]}
        return parse_run_config({"datasource": {"location": "street"}, "selection": selection}).selection

    for strategy in (
        {"type": "balance", "input": DISTRIBUTION},
        {"type": "weights", "input": SCORES},
        {"type": "diversity", "input": EMBEDDINGS | {"of": "objects"}},
    ):
        with pytest.raises(InvalidConfig, match="which prediction task") as caught:
            run(strategy)
        assert caught.value.field == "selection.strategies[0].input.task"
        named = strategy | {"input": dict(strategy["input"]) | {"task": "vehicles"}}
        assert run(named).strategies[0].type == strategy["type"]
    assert run({"type": "balance", "input": METADATA}).strategies[0].type == "balance"


def test_a_selection_among_samples_is_read_by_the_same_rules() -> None:
    with pytest.raises(InvalidConfig) as caught:
        parse_sample_selection({"n_samples": 3, "strategies": [{"type": "balance", "input": EMBEDDINGS}]})
    assert caught.value.field == "selection.strategies[0].input"
    with pytest.raises(InvalidConfig, match=r"`selection.n_sample` is not known"):
        parse_sample_selection({"n_sample": 3})


strengths = st.floats(-1e9, 1e9)
shares = st.dictionaries(st.text(min_size=1), st.floats(0.01, 1), min_size=1, max_size=4)
neighbours = st.integers(2, 1000)
numbers = st.one_of(
    st.just(SCORES),
    st.just(COUNT | {"categories": ["car"], "task": "vehicles"}),
    st.builds(lambda key: {"type": "metadata", "key": key}, st.text(min_size=1, max_size=1000)),
)
documents = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("diversity"), "strength": strengths, "aggregate": st.sampled_from(["mean", "max", "sum"])},
        optional={"minimum_distance": st.floats(0, 2), "input": st.just({"type": "embeddings", "of": "images"})},
    ),
    st.fixed_dictionaries({"type": st.just("representative"), "num_nearest_neighbors": neighbours}),
    st.fixed_dictionaries(
        {"type": st.just("typicality"), "strength": strengths}, optional={"minimum_typicality": st.floats(0.01, 1)}
    ),
    st.fixed_dictionaries({"type": st.just("similarity"), "query": st.just({"dataset": "d", "tag": "t"})}),
    st.fixed_dictionaries(
        {"type": st.just("weights"), "input": numbers, "strength": strengths},
        optional={"maximum_sum": st.floats(0, 1e6)},
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("threshold"),
            "input": numbers,
            "threshold": st.floats(-1e6, 1e6),
            "operation": st.sampled_from(["smaller", "smaller_equal", "bigger", "bigger_equal"]),
        }
    ),
    st.fixed_dictionaries({"type": st.just("balance"), "input": st.just(METADATA), "target": shares}),
    st.fixed_dictionaries({"type": st.just("balance"), "distribution": st.sampled_from(["uniform", "input"])}),
)


@given(
    strategies=st.lists(documents, min_size=1, max_size=5),
    amount=st.one_of(st.integers(1, 10**6), st.floats(0.001, 1)),
    most=st.none() | st.integers(1, 100),
)
def test_every_selection_survives_being_written_and_read(
    strategies: list[dict[str, Any]], amount: float, most: int | None
) -> None:
    config = parsed(*strategies, n_samples=amount, max_per_image=most)
    again = SelectionConfig.model_validate_json(config.model_dump_json())
    assert again == config
    assert type(again.n_samples) is type(amount)
    assert parsed(*[strategy.model_dump(mode="json") for strategy in config.strategies]).strategies == config.strategies
