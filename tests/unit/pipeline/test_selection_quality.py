"""Figures of a selection, against their definitions computed pair by pair."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.unit.pipeline.selection_builders import categories, choose, numbers, vectors_of

from swath.core.candidates import StrategyInput
from swath.pipeline import selection_quality
from swath.pipeline.selecting import Selected
from swath.wire.run_result import SelectionQuality

HALF = {"n_samples": 0.5, "strategies": [{"type": "random"}]}


def quality(chosen: Selected) -> SelectionQuality:
    assert chosen.quality is not None
    return chosen.quality


def distances(rows: NDArray[np.float16], selected: NDArray[np.float16]) -> NDArray[np.float64]:
    difference = rows.astype(np.float64)[:, None] - selected.astype(np.float64)[None]
    return np.sqrt((difference**2).sum(axis=2)).min(axis=1)


@settings(deadline=None, max_examples=30)
@given(count=st.integers(1, 30), before=st.integers(0, 4), seed=st.integers(0, 99))
def test_distances_are_those_to_the_nearest_of_everything_selected(count: int, before: int, seed: int) -> None:
    rows = vectors_of(count + before)
    chosen = choose(
        {"n_samples": 0.3, "strategies": [{"type": "random", "seed": seed}]},
        count,
        vectors=rows[:count],
        preselected=rows[count:],
    )
    nearest = distances(rows[:count], np.concatenate([rows[:count][chosen.units], rows[count:]]))
    measured = quality(chosen)
    assert measured.measured_on == count
    assert measured.cover_radius is not None
    assert measured.mean_distance is not None
    assert measured.cover_radius.selected == pytest.approx(nearest.max(), abs=1e-6)
    assert measured.mean_distance.selected == pytest.approx(nearest.mean(), abs=1e-6)


def test_of_images_the_objects_are_measured() -> None:
    rows = vectors_of(12)
    image = np.array([0, 0, 0, 1, 2, 2, 4, 4, 4, 4, 5, 5])
    chosen = choose({"n_samples": 2, "unit": "images"}, 6, vectors=rows, unit_of_row=image)
    nearest = distances(rows, rows[np.isin(image, chosen.units)])
    measured = quality(chosen)
    assert measured.measured_on == 12
    assert measured.mean_distance is not None
    assert measured.mean_distance.selected == pytest.approx(nearest.mean(), abs=1e-6)


def test_a_random_selection_is_as_good_as_random_ones_and_a_diverse_one_covers_more() -> None:
    rows = np.random.default_rng(5).random((400, 3)).astype(np.float16)
    arguments = {"vectors": rows, "preselected": rows[:0]}
    by_chance, diverse = (
        quality(choose({"n_samples": 40, "strategies": [{"type": name}]}, 400, **arguments))
        for name in ("random", "diversity")
    )
    assert by_chance.mean_distance is not None
    assert diverse.mean_distance is not None
    assert diverse.cover_radius is not None
    assert by_chance.mean_distance.selected == pytest.approx(by_chance.mean_distance.random, rel=0.1)
    assert diverse.mean_distance.random == by_chance.mean_distance.random
    assert diverse.cover_radius.selected < 0.8 * diverse.cover_radius.random


def test_many_candidates_are_measured_on_a_random_part(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(6).random((3000, 3)).astype(np.float16)
    arguments = {"vectors": rows, "preselected": rows[:0]}
    whole = quality(choose(HALF, 3000, **arguments))
    monkeypatch.setattr(selection_quality, "NUMBERS_TOUCHED", 1.0)
    part = quality(choose(HALF, 3000, **arguments))
    assert (whole.measured_on, part.measured_on) == (3000, selection_quality.ROWS_AT_LEAST)
    assert part.mean_distance is not None
    assert whole.mean_distance is not None
    assert part.mean_distance.selected == pytest.approx(whole.mean_distance.selected, rel=0.1)
    assert part.cover_radius is not None
    assert whole.cover_radius is not None
    assert part.cover_radius.selected <= whole.cover_radius.selected


def test_nothing_to_measure_with_is_no_figure() -> None:
    images_without_objects = choose(
        {"n_samples": 2, "unit": "images"},
        3,
        vectors=np.zeros((0, 8), np.float16),
        unit_of_row=np.zeros(0, dtype=np.int64),
    )
    assert quality(images_without_objects).measured_on == 0
    assert quality(images_without_objects).mean_distance is None
    assert choose({"n_samples": 2}, 0).quality is None


def test_categories_are_counted_and_what_chance_holds_of_them_is_exact() -> None:
    kinds = ["car"] * 6 + ["bus"] * 3 + ["tram"]
    config: dict[str, Any] = {
        "n_samples": 5,
        "strategies": [{"type": "weights", "input": {"type": "metadata", "key": "a"}}],
    }
    measured = quality(
        choose(config, 10, inputs=[numbers([9, 9, 9, 9, 0, 0, 5, 0, 0, 0])], categories=categories(kinds))
    )
    assert list(measured.class_distribution) == ["car", "bus", "tram"]
    assert [(one.available, one.selected, one.random) for one in measured.class_distribution.values()] == [
        (6, 4, 3),
        (3, 1, 1.5),
        (1, 0, 0.5),
    ]
    assert measured.categories_available == 3
    assert measured.categories_covered is not None
    assert measured.categories_covered.selected == 2
    # Of 252 selections none lacks cars; 21 lack buses (5 of the 7 others), half lack the tram.
    assert measured.categories_covered.random == pytest.approx(1 + (1 - 21 / 252) + 0.5, abs=1e-6)


def test_images_have_several_categories() -> None:
    measured = quality(choose(HALF, 4, categories=categories([["car", "bus"], ["car"], [], ["car"]])))
    assert measured.categories_covered is not None
    assert measured.categories_covered.random == pytest.approx(1 + 0.5)
    assert measured.class_distribution["car"].random == 1.5


def test_targets_are_told_of_every_balance_by_its_place() -> None:
    weather = {"type": "balance", "input": {"type": "metadata", "key": "weather"}, "target": {"rain": 1.0}}
    given_ = [
        StrategyInput(),
        StrategyInput(values=categories(["sun"] * 3 + ["rain"], preselected=["sun", "sun"])),
        StrategyInput(values=categories(["a", "b", "a", "b"])),
    ]
    chosen = choose(
        {"n_samples": 1.0, "strategies": [{"type": "diversity"}, weather, {"type": "balance"}]}, 4, inputs=given_
    )
    assert [(one.strategy, one.category, one.wanted, one.reached) for one in quality(chosen).targets] == [
        (1, "rain", 1.0, pytest.approx(1 / 6, abs=1e-6)),
        (1, "sun", 0.0, pytest.approx(5 / 6, abs=1e-6)),
        (2, "a", 0.5, 0.5),
        (2, "b", 0.5, 0.5),
    ]


def test_what_a_threshold_left_out_is_no_candidate() -> None:
    big = {"type": "threshold", "input": {"type": "metadata", "key": "a"}, "operation": "bigger", "threshold": 0}
    chosen = choose(
        {"n_samples": 1, "strategies": [{"type": "diversity"}, big]},
        4,
        inputs=[StrategyInput(), numbers([1, 1, 0, 0])],
        categories=categories(["car", "bus", "tram", "tram"]),
    )
    assert quality(chosen).measured_on == 2
    assert quality(chosen).categories_available == 2
