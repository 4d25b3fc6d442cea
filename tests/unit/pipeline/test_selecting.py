from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.pipeline.selection_builders import categories, choose, keys_of, numbers, vectors_of

from swath.core.candidates import StrategyInput, VectorValues
from swath.core.errors import RunFailed
from swath.pipeline.selecting import Selected, first_of_each_key, image_keys, is_among

NO_INPUT = StrategyInput()
WEATHER = {"type": "metadata", "key": "weather"}
SHARPNESS = {"type": "metadata", "key": "sharpness"}
BIG = {"type": "threshold", "input": SHARPNESS, "operation": "bigger", "threshold": 5}


@pytest.mark.parametrize(
    ("n_samples", "picked", "asked", "stopped_by"),
    [
        (1, 1, 1, "count"),
        (1.0, 10, 10, "count"),
        (0.25, 3, 3, "count"),
        (0.001, 1, 1, "count"),
        (25, 10, 25, "count"),
        (None, 10, None, "count"),
    ],
)
def test_amounts(n_samples: float | None, picked: int, asked: int | None, stopped_by: str) -> None:
    chosen = choose({"n_samples": n_samples}, 10)
    assert (len(chosen.units), chosen.asked, chosen.available, chosen.stopped_by) == (picked, asked, 10, stopped_by)
    assert len(set(chosen.units.tolist())) == picked


def test_nothing_to_choose_from_chooses_nothing() -> None:
    chosen = choose({"n_samples": 5}, 0)
    assert (len(chosen.units), chosen.asked, chosen.available, chosen.stopped_by) == (0, 5, 0, "exhausted")
    assert choose({"n_samples": 0.5}, 0).asked == 0


def test_diversity_keeps_away_from_what_was_selected_before() -> None:
    vectors = np.array([[1, 0], [0.9, 0.1], [0, 1]], np.float16)
    chosen = choose({"n_samples": 1}, 3, vectors=vectors, preselected=np.array([[1, 0]], np.float16))
    assert chosen.units.tolist() == [2]
    assert chosen.distances[0] == pytest.approx(2**0.5, abs=1e-3)


def test_a_minimum_distance_stops_early() -> None:
    vectors = np.array([[0, 0], [0.01, 0], [5, 0]], np.float16)
    chosen = choose({"strategies": [{"type": "diversity", "minimum_distance": 1}]}, 3, vectors=vectors)
    assert (len(chosen.units), chosen.stopped_by) == (2, "minimum_distance")


def test_random_follows_its_seed_and_the_keys_not_the_order_of_rows() -> None:
    def random(seed: int, **options: Any) -> list[int]:
        return choose({"n_samples": 5, "strategies": [{"type": "random", "seed": seed}]}, 30, **options).units.tolist()

    assert random(1) == random(1)
    assert random(1) != random(2)
    order = np.random.default_rng(3).permutation(30)
    shuffled = random(1, keys=keys_of(30)[order], vectors=vectors_of(30)[order])
    assert order[shuffled].tolist() == random(1)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 1000), count=st.integers(1, 25), share=st.floats(0.05, 1))
def test_diversity_picks_the_same_objects_whatever_the_order_of_rows(seed: int, count: int, share: float) -> None:
    straight = choose({"n_samples": share}, count)
    order = np.random.default_rng(seed).permutation(count)
    shuffled = choose({"n_samples": share}, count, keys=keys_of(count)[order], vectors=vectors_of(count)[order])
    assert order[shuffled.units].tolist() == straight.units.tolist()


def test_images_are_chosen_with_their_objects_and_those_without_come_last() -> None:
    rows = np.array([0, 0, 2, 2, 2])
    chosen = choose({"n_samples": 1.0}, 5, keys=keys_of(3), unit_of_row=rows)
    assert chosen.available == 3
    assert sorted(chosen.units.tolist()) == [0, 1, 2]
    assert chosen.units[-1] == 1  # the image without an object


def codes(chosen: Selected) -> list[str]:
    return [finding.code for finding in chosen.findings]


def test_weights_take_the_highest_numbers_and_those_that_nobody_knows_as_0() -> None:
    strategy = {"type": "weights", "input": SHARPNESS}
    chosen = choose(
        {"n_samples": 4, "strategies": [strategy]}, 5, inputs=[numbers([3, float("nan"), 9, float("nan"), 1])]
    )
    assert chosen.units[:3].tolist() == [2, 0, 4]
    assert codes(chosen) == ["numbers_missing"]
    assert chosen.findings[0].message == "2 of 5 objects have no `sharpness`: as weights they count as 0"


def test_what_is_similar_to_a_query_goes_first() -> None:
    vectors = np.array([[9, 0], [1, 0], [0, 5], [3, 0]], np.float16)
    query = StrategyInput(query=np.array([[0, 0], [0, 5.5]], np.float16))
    strategy = {"type": "similarity", "query": {"dataset": "d", "tag": "t"}}
    chosen = choose(
        {"n_samples": 1.0, "strategies": [strategy]}, 4, vectors=vectors, preselected=vectors[:0], inputs=[query]
    )
    assert chosen.units.tolist() == [2, 1, 3, 0]


def test_a_query_without_samples_is_named() -> None:
    strategy = {"type": "similarity", "query": {"dataset": "birds", "tag": "owls"}}
    empty = StrategyInput(query=np.zeros((0, 8), np.float16))
    with pytest.raises(RunFailed, match="tag `owls` of `birds` has no samples to be similar to"):
        choose({"n_samples": 1, "strategies": [strategy]}, 3, inputs=[empty])


def test_typical_ones_go_first_and_with_a_negative_strength_last() -> None:
    vectors = np.array([[0, 0], [0, 0.1], [0.1, 0], [7, 7]], np.float16)

    def picked(**settings: Any) -> list[int]:
        strategy = {"type": "typicality", "num_nearest_neighbors": 2, **settings}
        return choose(
            {"n_samples": 4, "strategies": [strategy]}, 4, vectors=vectors, preselected=vectors[:0]
        ).units.tolist()

    assert picked()[-1] == 3
    assert picked(strength=-1)[0] == 3
    assert sorted(picked(minimum_typicality=0.5)) == [0, 1, 2]


def test_representative_ones_come_from_where_most_are() -> None:
    bulk = np.random.default_rng(0).normal(0, 0.3, (30, 2))
    vectors = np.concatenate([bulk, [[4, 4], [-4, 4], [4, -4]]]).astype(np.float16)
    config = {"n_samples": 3, "strategies": [{"type": "representative"}]}
    chosen = choose(config, 33, vectors=vectors, preselected=vectors[:0])
    farthest = choose({"n_samples": 3}, 33, vectors=vectors, preselected=vectors[:0])
    assert (chosen.units < 30).any()
    assert chosen.quality is not None
    assert farthest.quality is not None
    assert chosen.quality.mean_distance is not None
    assert farthest.quality.mean_distance is not None
    assert chosen.quality.mean_distance.selected < farthest.quality.mean_distance.selected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {"fog": 3, "rain": 3, "sun": 3}),
        ({"target": {"sun": 0.7, "rain": 0.3}}, {"sun": 6, "rain": 3}),
        ({"distribution": "input"}, {"sun": 6, "fog": 1, "rain": 2}),
    ],
)
def test_balance_reaches_its_target(settings: dict[str, Any], expected: dict[str, int]) -> None:
    weather = ["sun"] * 60 + ["rain"] * 20 + ["fog"] * 10
    strategy = {"type": "balance", "input": WEATHER, **settings}
    given_ = StrategyInput(values=categories(weather))
    chosen = choose({"n_samples": 9, "strategies": [strategy]}, 90, inputs=[given_])
    names, counts = np.unique(np.array(weather)[chosen.units], return_counts=True)
    assert dict(zip(names.tolist(), counts.tolist(), strict=True)) == expected
    assert "target_missed" not in codes(chosen)


def test_balance_counts_what_was_selected_before() -> None:
    given_ = StrategyInput(values=categories(["sun", "rain"] * 5, preselected=["sun"] * 3))
    chosen = choose({"n_samples": 3, "strategies": [{"type": "balance", "input": WEATHER}]}, 10, inputs=[given_])
    assert (chosen.units % 2 == 1).all()
    assert chosen.quality is not None
    assert [(one.category, one.wanted, one.reached) for one in chosen.quality.targets] == [
        ("rain", 0.5, 0.5),
        ("sun", 0.5, 0.5),
    ]


def test_a_target_out_of_reach_is_reported_with_what_there_is() -> None:
    given_ = StrategyInput(values=categories(["sun"] * 8 + ["rain"] * 2))
    strategy = {"type": "balance", "input": WEATHER, "target": {"rain": 0.6, "snow": 0.4}}
    chosen = choose({"n_samples": 5, "strategies": [strategy]}, 10, inputs=[given_])
    (finding,) = chosen.findings
    assert (finding.code, finding.severity, finding.count) == ("target_missed", "info", 2)
    assert finding.message == "`balance` over `weather` stays below its target for 2 categories"
    assert finding.examples == (
        "rain: 40.0% of 60.0%, all there are were selected",
        "snow: 0.0% of 40.0%, no candidate has it",
    )


def test_thresholds_filter_before_anything_else() -> None:
    values = [float(value) for value in range(10)]
    chosen = choose(
        {"n_samples": 0.3, "strategies": [{"type": "diversity"}, BIG]}, 10, inputs=[NO_INPUT, numbers(values)]
    )
    assert (chosen.available, chosen.eligible, chosen.asked, len(chosen.units)) == (10, 4, 3, 3)
    assert chosen.units.min() > 5
    # Exactly what the same selection picks where there is nothing else.
    alone = choose({"n_samples": 3}, 4, vectors=vectors_of(10)[6:], keys=keys_of(10)[6:])
    assert (alone.units + 6).tolist() == chosen.units.tolist()
    assert [finding.message for finding in chosen.findings] == ["4 of 10 objects pass the threshold `sharpness` > 5"]


def test_what_has_no_number_passes_no_threshold() -> None:
    low = {**BIG, "operation": "smaller_equal", "threshold": 1}
    chosen = choose({"n_samples": 1.0, "strategies": [low]}, 3, inputs=[numbers([float("nan"), 1, 2])])
    assert chosen.units.tolist() == [1]
    assert codes(chosen) == ["numbers_missing", "threshold_passed"]
    assert chosen.findings[0].message == "1 of 3 objects have no `sharpness`: they do not pass the threshold"


def test_thresholds_alone_keep_all_that_pass_or_some_at_random() -> None:
    values = numbers([float(value) for value in range(40)])
    everything = choose({"strategies": [BIG]}, 40, inputs=[values])
    assert sorted(everything.units.tolist()) == list(range(6, 40))
    some = choose({"n_samples": 5, "strategies": [BIG]}, 40, inputs=[values])
    assert some.units.tolist() == everything.units[:5].tolist()
    assert some.units.tolist() != sorted(some.units.tolist())


def test_a_threshold_that_nothing_passes_selects_nothing() -> None:
    chosen = choose({"n_samples": 2, "strategies": [{"type": "diversity"}, BIG]}, 2, inputs=[NO_INPUT, numbers([1, 2])])
    assert (len(chosen.units), chosen.eligible, chosen.stopped_by, chosen.quality) == (0, 0, "exhausted", None)
    assert chosen.findings[0].message == "0 of 2 objects pass the threshold `sharpness` > 5"


def test_thresholds_keep_images_with_their_objects() -> None:
    vectors = np.array([[0, 0], [9, 9], [1, 0], [0, 2], [5, 5]], np.float16)
    chosen = choose(
        {"n_samples": 1.0, "unit": "images", "strategies": [{"type": "diversity"}, BIG]},
        4,
        vectors=vectors,
        preselected=vectors[:1],
        unit_of_row=np.array([0, 1, 2, 2, 3]),
        inputs=[NO_INPUT, numbers([9, 0, 9, 9])],
    )
    assert chosen.units.tolist() == [3, 2, 0]
    assert chosen.distances.tolist() == pytest.approx([50**0.5, 2, 0])


def test_strategies_together_weigh_against_each_other() -> None:
    line = np.arange(20, dtype=np.float16).reshape(-1, 1)
    both = choose(
        {"n_samples": 2, "strategies": [{"type": "diversity"}, {"type": "weights", "input": SHARPNESS}]},
        20,
        vectors=line,
        preselected=line[:1],
        inputs=[NO_INPUT, numbers([float(value <= 10) for value in range(20)])],
    )
    assert both.units[0] != 19  # as far as can be, but without a weight


def test_limits_hold_and_what_they_owe_is_reported() -> None:
    kinds = categories(["car"] * 16 + ["bus"] * 3 + ["tram"])
    chosen = choose(
        {
            "n_samples": 8,
            "max_per_image": 2,
            "quotas": {"car": {"at_most": 4}, "bus": {"at_least": 3}, "tram": {"at_least": 2}, "ufo": {"at_least": 1}},
        },
        20,
        image_of=np.arange(20) // 4 * 100,
        categories=kinds,
    )
    names = np.array(["car"] * 16 + ["bus"] * 3 + ["tram"])[chosen.units]
    assert np.bincount(chosen.units // 4).max() <= 2
    assert (names == "car").sum() == 4
    assert (names != "car").sum() == 2  # all in one image
    assert chosen.stopped_by == "limits"
    (finding,) = chosen.findings
    assert finding.code == "quotas_unmet"
    assert [text.split(":")[0] for text in finding.examples] == ["bus", "tram", "ufo"]
    assert finding.examples[1].endswith(" of at least 2, there are only 1")
    assert "ufo: 0 of at least 1, there are only 0" in finding.examples


def test_a_sum_below_its_range_is_reported() -> None:
    strategy = {"type": "weights", "input": SHARPNESS, "target_range": {"min_sum": 100}}
    chosen = choose({"n_samples": 2, "strategies": [strategy]}, 3, inputs=[numbers([1, 2, 3])])
    assert codes(chosen) == ["target_range_missed"]
    assert chosen.findings[0].message == (
        "the sum of `sharpness` over what was selected is 5, below the 100 that were wanted"
    )


def test_a_maximum_sum_ends_a_selection() -> None:
    strategy = {"type": "weights", "input": SHARPNESS, "maximum_sum": 4}
    chosen = choose({"strategies": [strategy]}, 4, inputs=[numbers([1, 2, 3, 0])])
    assert (chosen.units.tolist(), chosen.stopped_by) == ([2, 1], "maximum_sum")


@pytest.mark.parametrize(
    ("strategies", "message"),
    [
        ([{"type": "diversity", "strength": 3}], "a strength of 3 changes nothing: `diversity` is alone"),
        (
            [{"type": "diversity", "strength": 0}, {"type": "random", "strength": 0}],
            "no strategy has a strength other than 0, so none has a say: units go in the order of their keys",
        ),
    ],
)
def test_strengths_without_effect_are_reported(strategies: list[dict[str, Any]], message: str) -> None:
    (finding,) = choose({"n_samples": 2, "strategies": strategies}, 5).findings
    assert (finding.code, finding.message) == ("strength_without_effect", message)
    assert choose({"n_samples": 2, "strategies": [{"type": "diversity"}]}, 5).findings == ()


def test_other_vectors_than_ones_own_can_be_compared() -> None:
    own = np.zeros((3, 2), np.float16)
    others = VectorValues(
        vectors=np.array([[0, 0, 0], [1, 0, 0], [0, 0, 9]], np.float16),
        unit_of_row=np.array([2, 1, 0]),
        preselected=np.zeros((1, 3), np.float16),
    )
    chosen = choose({"n_samples": 3}, 3, vectors=own, preselected=own[:0], inputs=[StrategyInput(values=others)])
    assert chosen.units.tolist() == [0, 1, 2]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_vector_that_cannot_be_compared_is_named(bad: float) -> None:
    vectors = vectors_of(5)
    vectors[3, 2] = bad
    with pytest.raises(RunFailed, match=r"the vector of row 3 holds NaN or infinity"):
        choose({"n_samples": 2}, 5, vectors=vectors)
    with pytest.raises(RunFailed, match=r"the vector of `d.jpg` holds NaN"):
        choose({"n_samples": 2}, 5, vectors=vectors, name_of_row=lambda row: f"`{'abcde'[row]}.jpg`")
    with pytest.raises(RunFailed, match="selected before"):
        choose({"n_samples": 2}, 5, preselected=vectors)


def test_arrays_that_speak_of_other_units_are_refused() -> None:
    weights = {"n_samples": 2, "strategies": [{"type": "weights", "input": SHARPNESS}]}
    with pytest.raises(ValueError, match="for 3 units"):
        choose(weights, 3, inputs=[numbers([1, 2])])
    with pytest.raises(ValueError, match="for 3"):
        choose(weights, 3, inputs=[StrategyInput(values=categories(["a", "b"]))])
    with pytest.raises(ValueError, match="numbers are needed"):
        choose(weights, 3, inputs=[StrategyInput(values=categories(["a", "b", "c"]))])
    with pytest.raises(ValueError, match="2 inputs for 1 strategies"):
        choose(weights, 3, inputs=[NO_INPUT, NO_INPUT])
    with pytest.raises(ValueError, match="image_of"):
        choose({"n_samples": 2}, 3, image_of=np.arange(2))
    with pytest.raises(ValueError, match="the image of every unit"):
        choose({"n_samples": 2, "max_per_image": 1}, 3)
    with pytest.raises(ValueError, match="the category of every unit"):
        choose({"n_samples": 2, "quotas": {"car": {"at_most": 1}}}, 3)


@settings(deadline=None, max_examples=60)
@given(data=st.data(), seed=st.integers(0, 1000), count=st.integers(1, 20))
def test_nothing_depends_on_the_order_of_units_whatever_the_strategies(
    data: st.DataObject, seed: int, count: int
) -> None:
    random = np.random.default_rng(seed)
    weather = random.choice(["sun", "rain", "fog"], count).tolist()
    sharpness = random.integers(0, 4, count).astype(float)
    made = {
        "diversity": ({"type": "diversity"}, lambda order: NO_INPUT),
        "typicality": ({"type": "typicality", "num_nearest_neighbors": 3}, lambda order: NO_INPUT),
        "representative": ({"type": "representative", "num_nearest_neighbors": 4}, lambda order: NO_INPUT),
        "random": ({"type": "random", "seed": 3}, lambda order: NO_INPUT),
        "chance": ({"type": "weights", "input": {"type": "random", "seed": 5}}, lambda order: NO_INPUT),
        "weights": (
            {"type": "weights", "input": SHARPNESS, "strength": 2},
            lambda order: numbers(sharpness[order].tolist()),
        ),
        "balance": (
            {"type": "balance", "input": WEATHER},
            lambda order: StrategyInput(values=categories([weather[row] for row in order])),
        ),
        "threshold": ({**BIG, "threshold": 0}, lambda order: numbers(sharpness[order].tolist())),
    }
    names = data.draw(st.lists(st.sampled_from(sorted(made)), min_size=1, max_size=4, unique=True))
    config = {"n_samples": data.draw(st.floats(0.1, 1)), "strategies": [made[name][0] for name in names]}
    kinds = random.choice(["car", "bus"], count).tolist()

    def chosen(order: list[int]) -> Selected:
        return choose(
            config,
            count,
            vectors=vectors_of(count)[order],
            keys=keys_of(count)[order],
            inputs=[made[name][1](order) for name in names],
            categories=categories([kinds[row] for row in order]),
        )

    order = random.permutation(count)
    straight, shuffled = chosen(list(range(count))), chosen(order.tolist())
    assert order[shuffled.units].tolist() == straight.units.tolist()
    assert shuffled.quality == straight.quality
    assert shuffled.stopped_by == straight.stopped_by


def test_the_first_row_of_each_key_counts() -> None:
    keys = keys_of(3)[[2, 0, 2, 1, 0]]
    assert first_of_each_key(keys).tolist() == [True, True, False, True, False]
    assert first_of_each_key(keys[:0]).tolist() == []


def test_which_keys_are_among_others() -> None:
    keys = keys_of(4)
    assert is_among(keys, keys[[3, 1]]).tolist() == [False, True, False, True]
    assert is_among(keys, keys[:0]).tolist() == [False] * 4
    assert is_among(keys[:0], keys).tolist() == []
    nearly = keys.copy()
    nearly[:, 15] ^= 1
    assert not is_among(keys, nearly).any()


def test_keys_of_images_are_the_start_of_their_digests() -> None:
    keys = image_keys([bytes(range(32)), bytes(32)])
    assert keys.tolist() == [list(range(16)), [0] * 16]
    assert image_keys([]).shape == (0, 16)
