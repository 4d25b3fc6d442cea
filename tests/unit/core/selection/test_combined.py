"""Selections by several objectives, and under limits, against the slow reference."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.unit.core.selection.reference import Reference

from swath.core.selection import (
    Balance,
    CategoryMatrix,
    Diversity,
    GroupLimit,
    Picks,
    Random,
    Representative,
    Units,
    Weights,
    combined,
    select,
)
from swath.core.selection.combined import Combination

Problem = tuple[list[Diversity | Weights | Balance | Random], NDArray[np.int64], int, list[GroupLimit]]


def matrix_of(rows: list[dict[int, float]], category_count: int) -> CategoryMatrix:
    return CategoryMatrix(
        starts=np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64),
        categories=np.array([category for row in rows for category in sorted(row)], dtype=np.int32),
        amounts=np.array([row[category] for row in rows for category in sorted(row)], dtype=np.float64),
        category_count=category_count,
    )


def one_each(categories: list[int] | NDArray[np.integer], category_count: int) -> CategoryMatrix:
    return matrix_of([{int(category): 1.0} for category in categories], category_count)


def strength_of(random: np.random.Generator) -> float:
    return float(random.choice([1.0, 1.0, 2.0, 0.5, 0.0, -1.0, 7.0]))


def diversity_of(random: np.random.Generator, unit_count: int) -> Diversity:
    kind = random.choice(["normal", "lattice", "duplicates", "clusters"])
    dimension = int(random.integers(1, 12))
    one_row_each = random.random() < 0.5
    rows = unit_count if one_row_each else int(random.integers(1, 3 * unit_count + 1))
    made = random.standard_normal((rows, dimension))
    if kind == "lattice":
        made = random.integers(0, 3, (rows, dimension)).astype(float)
    elif kind == "duplicates":
        made = made[random.integers(0, max(1, rows // 3), rows)]
    elif kind == "clusters":
        made = random.standard_normal((4, dimension))[random.integers(0, 4, rows)] + 0.01 * made
    dtype = np.float16 if random.random() < 0.4 else np.float32
    before = int(random.choice([0, 0, 1, 5]))
    return Diversity(
        vectors=made.astype(dtype),
        units=None if one_row_each else Units(unit_of_row=random.integers(0, unit_count, rows), unit_count=unit_count),
        preselected=(made[:before] + random.choice([0.0, 0.5])).astype(dtype) if before else None,
        strength=strength_of(random),
        aggregate=str(random.choice(["mean", "max", "sum"])),  # type: ignore[arg-type]
        minimum_distance=float(random.choice([0.3, 1.0])) if random.random() < 0.3 else None,
        minimum_distance_mode=str(random.choice(["stop", "filter"])),  # type: ignore[arg-type]
    )


def weights_of(random: np.random.Generator, unit_count: int) -> Weights:
    kind = random.choice(["uniform", "few values", "negative", "zeros"])
    values = {
        "uniform": random.random(unit_count),
        "few values": random.integers(0, 3, unit_count).astype(float),
        "negative": random.standard_normal(unit_count),
        "zeros": np.zeros(unit_count),
    }[str(kind)]
    return Weights(
        values=values,
        preselected_sum=float(random.choice([0.0, 2.5])),
        preselected_count=3,
        strength=strength_of(random),
        maximum_sum=float(random.integers(1, 10)) if random.random() < 0.15 else None,
        target_range=(None, float(random.integers(1, 10))) if random.random() < 0.15 else None,
        minimum=0.3 if random.random() < 0.15 else None,
    )


def balance_of(random: np.random.Generator, unit_count: int) -> Balance:
    category_count = int(random.integers(1, 6))
    most = int(random.integers(1, 4))
    rows = []
    for _ in range(unit_count):
        some = random.choice(category_count, size=min(category_count, int(random.integers(0, most + 1))), replace=False)
        amounts = random.random(len(some)) if most == 3 else np.ones(len(some))
        rows.append({int(category): float(amount) for category, amount in zip(some, amounts, strict=True)})
    target = random.random(category_count) if random.random() < 0.6 else np.ones(category_count)
    if random.random() < 0.1:
        target[0] = 0.0
    return Balance(
        categories=matrix_of(rows, category_count),
        target=target,
        preselected=random.random(category_count) * 3 if random.random() < 0.4 else None,
        strength=strength_of(random),
    )


def limit_of(random: np.random.Generator, unit_count: int, name: str) -> GroupLimit:
    group_count = int(random.integers(1, max(2, unit_count // 3)))
    most = random.integers(0, 4, group_count) if random.random() < 0.7 else None
    least = random.integers(0, 4, group_count) if most is None or random.random() < 0.4 else None
    if most is not None and least is not None:
        least = np.minimum(least, most)
    return GroupLimit(
        name=name,
        group_of_unit=random.integers(-1, group_count, unit_count),
        at_most=most,
        at_least=least,
    )


def problem_of(seed: int, *, unit_count: int, objectives: int, limited: bool) -> Problem:
    random = np.random.default_rng(seed)
    kinds: list[Callable[[np.random.Generator, int], Diversity | Weights | Balance | Random]] = [
        diversity_of,
        diversity_of,
        weights_of,
        balance_of,
        lambda random, _: Random(seed=int(random.integers(100)), strength=strength_of(random)),
    ]
    chosen = [kinds[int(random.integers(len(kinds)))](random, unit_count) for _ in range(objectives)]
    limits = [limit_of(random, unit_count, name) for name in ("image", "category")[: int(random.integers(1, 3))]]
    rank = random.permutation(unit_count) * 3
    return chosen, rank, int(random.integers(0, unit_count + 5)), limits if limited else []


def solve(problem: Problem) -> Picks:
    objectives, rank, count, limits = problem
    return select(objectives, count=count, rank=rank, limits=limits)


def check(problem: Problem) -> None:
    objectives, rank, count, limits = problem
    Reference(objectives=objectives, rank=rank, count=count, limits=limits).check(solve(problem))


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10**9), unit_count=st.integers(1, 30), objectives=st.integers(1, 4))
def test_every_pick_of_a_combination_is_the_best_of_its_time(seed: int, unit_count: int, objectives: int) -> None:
    check(problem_of(seed, unit_count=unit_count, objectives=objectives, limited=False))


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10**9), unit_count=st.integers(1, 30), objectives=st.integers(1, 3))
def test_limits_say_who_is_a_candidate_and_nothing_else(seed: int, unit_count: int, objectives: int) -> None:
    check(problem_of(seed, unit_count=unit_count, objectives=objectives, limited=True))


@pytest.mark.slow
@settings(max_examples=1500, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    unit_count=st.integers(1, 45),
    objectives=st.integers(1, 5),
    limited=st.booleans(),
)
def test_every_pick_of_many_combinations_is_the_best_of_its_time(
    seed: int, unit_count: int, objectives: int, limited: bool
) -> None:
    check(problem_of(seed, unit_count=unit_count, objectives=objectives, limited=limited))


def shuffled(problem: Problem, shuffle: NDArray[np.int64], random: np.random.Generator) -> Problem:
    """The same problem with its units, and the rows of vectors, in another order: new unit i was shuffle[i]."""
    objectives, rank, count, limits = problem
    new_place = np.argsort(shuffle)
    changed: list[Diversity | Weights | Balance | Random] = []
    for objective in objectives:
        if isinstance(objective, Weights):
            changed.append(replace(objective, values=objective.values[shuffle]))
        elif isinstance(objective, Balance):
            matrix = objective.categories
            rows = [
                dict(
                    zip(
                        matrix.categories[matrix.starts[unit] : matrix.starts[unit + 1]].tolist(),
                        matrix.amounts[matrix.starts[unit] : matrix.starts[unit + 1]].tolist(),
                        strict=True,
                    )
                )
                for unit in shuffle
            ]
            changed.append(replace(objective, categories=matrix_of(rows, matrix.category_count)))
        elif isinstance(objective, Diversity):
            order = shuffle if objective.units is None else random.permutation(len(objective.vectors))
            before = objective.preselected
            changed.append(
                Diversity(
                    vectors=objective.vectors[order],
                    units=None
                    if objective.units is None
                    else Units(unit_of_row=new_place[objective.units.unit_of_row[order]], unit_count=len(shuffle)),
                    preselected=None if before is None else before[random.permutation(len(before))],
                    strength=objective.strength,
                    aggregate=objective.aggregate,
                    minimum_distance=objective.minimum_distance,
                    minimum_distance_mode=objective.minimum_distance_mode,
                )
            )
        else:
            changed.append(objective)
    return changed, rank[shuffle], count, [replace(one, group_of_unit=one.group_of_unit[shuffle]) for one in limits]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    unit_count=st.integers(1, 60),
    objectives=st.integers(1, 4),
    limited=st.booleans(),
)
def test_the_order_of_the_input_changes_neither_picks_nor_their_order(
    seed: int, unit_count: int, objectives: int, limited: bool
) -> None:
    problem = problem_of(seed, unit_count=unit_count, objectives=objectives, limited=limited)
    random = np.random.default_rng(seed)
    shuffle = random.permutation(unit_count)
    picks, others = solve(problem), solve(shuffled(problem, shuffle, random))
    assert shuffle[others.rows].tolist() == picks.rows.tolist()
    np.testing.assert_array_equal(others.distances, picks.distances)
    assert others.stopped_by == picks.stopped_by
    assert others.unmet == picks.unmet


CLUSTERS = np.random.default_rng(5).standard_normal((12, 16))


def clustered(random: np.random.Generator, count: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    cluster = random.choice(12, count, p=random.dirichlet(np.ones(12)))
    rows = CLUSTERS[cluster] + 0.3 * random.standard_normal((count, 16))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), cluster


def many_kinds(count: int) -> dict[str, Problem]:
    """Problems large enough for several rounds, of all kinds that bound what is left out in their own ways."""
    random = np.random.default_rng(0)
    vectors, cluster = clustered(random, count)
    category = cluster % 7
    weights = Weights(values=random.random(count))
    balance = Balance(categories=one_each(category, 7), target=np.ones(7))
    # images of about five objects each, most with categories like no other
    rows, of_rows = clustered(random, 5 * count)
    unit_of_row = random.integers(0, count, 5 * count)
    mixed = [
        {int(category): random.random() for category in np.unique(of_rows[unit_of_row == unit])}
        for unit in range(count)
    ]
    images = Units(unit_of_row=unit_of_row, unit_count=count)
    objects = Diversity(vectors=rows, units=images)
    spread = Balance(categories=matrix_of(mixed, 12), target=random.random(12))
    limits = [
        GroupLimit(name="image", group_of_unit=random.integers(0, count // 5, count), at_most=np.full(count // 5, 2)),
        GroupLimit(name="category", group_of_unit=category, at_most=np.full(7, 60), at_least=np.full(7, 20)),
    ]
    rank = random.permutation(count)
    few = vectors[random.integers(0, count // 4, count)].astype(np.float16)
    picks = count // 3
    return {
        "diversity, balance and weights": (
            [Diversity(vectors=vectors), balance, replace(weights, strength=2.0), Random()], rank, picks, [],
        ),
        "duplicates": (
            [Diversity(vectors=few), Weights(values=random.integers(1, 3, count) * 1.0)], rank, count, [],
        ),
        "images": ([objects, spread, weights], rank, picks, []),
        "images, mean": ([Diversity(vectors=rows, units=images, aggregate="mean"), spread], rank, picks, []),
        "images, sum": ([Diversity(vectors=rows, units=images, aggregate="sum"), weights], rank, picks, []),
        "balance of many mixtures": ([spread], rank, picks, []),
        "two balances": ([balance, replace(spread, strength=0.3), weights], rank, picks, []),
        "two diversities": (
            [
                Diversity(vectors=vectors, minimum_distance=0.2, minimum_distance_mode="filter"),
                Diversity(vectors=rows, units=images, strength=0.5),
            ],
            rank, picks, [],
        ),
        "preselected": (
            [
                Diversity(vectors=vectors, preselected=clustered(random, 50)[0]),
                replace(balance, preselected=np.arange(7.0)),
            ],
            rank, picks, [],
        ),
        "representative": (
            [Diversity(vectors=vectors), Representative(vectors=vectors, neighbors=16), balance], rank, picks, [],
        ),
        "limits": ([Diversity(vectors=vectors), balance], rank, picks, limits),
        "equal weights": ([Weights(values=(random.random(count) < 0.7) * 1.0), balance], rank, picks, []),
        "a sum that may not be exceeded": (
            [Diversity(vectors=vectors), replace(weights, target_range=(None, 40.0))], rank, picks, [],
        ),
        "strengths far apart": (
            [Diversity(vectors=vectors, strength=1e9), replace(weights, strength=1e-3), balance], rank, picks, [],
        ),
        "negative": ([Diversity(vectors=vectors), replace(weights, strength=-1.0)], rank, picks, []),
        "negative, balance and limits": (
            [Diversity(vectors=vectors), replace(weights, strength=-2.0), balance, Random(strength=0.5)],
            rank, picks, limits,
        ),
        "negative, images": (
            [objects, spread, replace(weights, strength=-1.0), Random(strength=-0.3)], rank, picks, [],
        ),
        "negative, alone": ([replace(weights, strength=-1.0)], rank, picks, limits),
        "negative, equal weights": (
            [Weights(values=random.integers(1, 4, count) * 1.0, strength=-1.0), balance], rank, picks, [],
        ),
        "negative, many weights of zero": (
            [
                Diversity(vectors=vectors),
                Weights(values=np.maximum(0.0, random.random(count) - 0.5), strength=-1.0),
                replace(weights, strength=0.5),
            ],
            rank, picks, [],
        ),
        "negative, duplicates": (
            [Diversity(vectors=few), Weights(values=random.integers(1, 3, count) * 1.0, strength=-1.0)],
            rank, count, [],
        ),
        "negative, strengths far apart": (
            [Diversity(vectors=vectors, strength=1e-3), replace(weights, strength=-1e9), balance], rank, picks, [],
        ),
        "negative and positive that cancel out": (
            [
                Diversity(vectors=vectors),
                replace(weights, strength=1e6),
                Weights(values=weights.values * 3 + 1e-9 * random.random(count), strength=-1e6),
            ],
            rank, picks, [],
        ),
    }  # fmt: skip


@pytest.mark.parametrize("kind", many_kinds(60))
def test_rounds_pick_what_going_over_all_units_for_every_pick_does(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    objectives, rank, count, limits = many_kinds(600)[kind]
    with ThreadPoolExecutor(3) as pool:
        picks = select(objectives, count=count, rank=rank, limits=limits, map_chunks=pool.map)
    monkeypatch.setattr(Combination, "_goes_by_steps", lambda *_: True)
    assert_same(picks, select(objectives, count=count, rank=rank, limits=limits))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    unit_count=st.integers(2, 150),
    objectives=st.integers(1, 4),
    limited=st.booleans(),
)
def test_rounds_of_short_lists_pick_what_going_over_all_units_does(
    seed: int, unit_count: int, objectives: int, limited: bool
) -> None:
    problem = problem_of(seed, unit_count=unit_count, objectives=objectives, limited=limited)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(combined, "SHORTLIST", (2, 16))  # so that most units are left out
        patch.setattr(combined, "EXACT_BUCKETS", 8)
        picks = solve(problem)
        patch.setattr(Combination, "_goes_by_steps", lambda *_: True)
        assert_same(picks, solve(problem))


@pytest.mark.parametrize("kind", ["negative", "negative, many weights of zero", "negative, images"])
def test_negative_strengths_of_numbers_that_never_change_take_few_rounds(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    objectives, rank, count, _ = many_kinds(600)[kind]
    scored = []  # all units are scored for a step, and once for a round
    score = Combination._scores
    monkeypatch.setattr(Combination, "_scores", lambda *given: scored.append(1) or score(*given))
    assert len(select(objectives, count=count, rank=rank)) == count
    assert len(scored) < count / 4


def assert_same(picks: Picks, others: Picks) -> None:
    assert picks.rows.tolist() == others.rows.tolist()
    np.testing.assert_array_equal(picks.distances, others.distances)
    assert picks.stopped_by == others.stopped_by
    assert picks.unmet == others.unmet


def test_diversity_alone_picks_the_same_under_limits_that_bind_nothing() -> None:
    random = np.random.default_rng(1)
    vectors, _ = clustered(random, 800)
    unit_of_row = random.integers(0, 250, 800)
    rank = random.permutation(250)
    nothing = GroupLimit(name="all", group_of_unit=np.zeros(250, np.int64), at_most=np.array([250]))
    for aggregate in ("mean", "max", "sum"):
        objective = Diversity(
            vectors=vectors,
            units=Units(unit_of_row=unit_of_row, unit_count=250),
            preselected=vectors[:3],
            aggregate=aggregate,
        )
        picks = select([objective], count=250, rank=rank)
        limited = select([objective], count=250, rank=rank, limits=[nothing])
        assert limited.rows.tolist() == picks.rows.tolist()
        np.testing.assert_array_equal(limited.distances, picks.distances)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**9), count=st.integers(1, 15))
def test_diversity_goes_on_from_what_was_picked_before_as_if_it_had_not_stopped(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    vectors = random.integers(0, 9, (40, 3)).astype(np.float32)
    rank = random.permutation(40)
    at_once = select([Diversity(vectors=vectors)], count=2 * count, rank=rank).rows
    left = np.setdiff1d(np.arange(40), at_once[:count])
    continued = select(
        [Diversity(vectors=vectors[left], preselected=vectors[at_once[:count]])], count=count, rank=rank[left]
    )
    assert left[continued.rows].tolist() == at_once[count:].tolist()


def line(*places: float) -> NDArray[np.float32]:
    return np.array(places, dtype=np.float32)[:, None]


def test_strengths_of_zero_leave_the_order_of_rank() -> None:
    rank = np.array([3, 0, 2, 1])
    objectives = [Diversity(vectors=line(0, 1, 5, 9), strength=0.0), Weights(values=np.arange(4.0), strength=0.0)]
    assert select(objectives, count=4, rank=rank).rows.tolist() == np.argsort(rank).tolist()


def test_a_negative_strength_picks_the_nearest_and_the_lightest_first() -> None:
    nearest = select(
        [Diversity(vectors=line(0, 1, 5, 9), preselected=line(10), strength=-1.0)], count=3, rank=np.arange(4)
    )
    assert nearest.rows.tolist() == [3, 2, 1]
    lightest = select([Weights(values=np.array([2.0, 1.0, 3.0]), strength=-1.0)], count=3, rank=np.arange(3))
    assert lightest.rows.tolist() == [1, 0, 2]


def test_a_unit_of_weight_zero_comes_after_all_others_at_first_and_may_be_picked_later() -> None:
    objectives = [Diversity(vectors=line(0, 1, 100)), Weights(values=np.array([1.0, 1.0, 0.0]))]
    assert select(objectives, count=1, rank=np.arange(3)).rows.tolist() != [2]
    assert select(objectives, count=2, rank=np.arange(3)).rows.tolist()[1] == 2


def test_units_that_are_as_good_as_each_other_go_by_rank() -> None:
    rank = np.array([5, 1, 3, 4, 0, 2])
    objectives = [Weights(values=np.array([1.0, 2.0, 2.0, 1.0, 1.0, 2.0])), Balance(
        categories=one_each([0] * 6, 1), target=np.ones(1)
    )]  # fmt: skip
    assert select(objectives, count=6, rank=rank).rows.tolist() == [1, 5, 2, 4, 3, 0]


@pytest.mark.parametrize(
    ("mode", "picked", "stopped_by"), [("stop", [0], "minimum_distance"), ("filter", [0, 2], "minimum_distance")]
)
def test_stop_ends_at_the_best_that_is_too_near_and_filter_passes_over_it(
    mode: str, picked: list[int], stopped_by: str
) -> None:
    objectives = [
        Diversity(vectors=line(0, 0.4, 2), minimum_distance=1.0, minimum_distance_mode=mode, strength=0.0),
        Weights(values=np.array([3.0, 2.0, 1.0])),
    ]
    picks = select(objectives, count=3, rank=np.arange(3))
    assert picks.rows.tolist() == picked
    assert picks.stopped_by == stopped_by


def test_every_diversity_has_its_own_minimum_distance() -> None:
    objectives = [
        Diversity(vectors=line(0, 1, 2, 3), minimum_distance=1.0, minimum_distance_mode="filter"),
        Diversity(vectors=line(0, 9, 0.1, 5), minimum_distance=1.0, minimum_distance_mode="filter"),
        Weights(values=np.array([4.0, 3.0, 2.0, 1.0]), strength=100.0),
    ]
    assert select(objectives, count=4, rank=np.arange(4)).rows.tolist() == [0, 1, 3]


def test_a_minimum_value_ends_the_selection_when_the_best_is_below_it() -> None:
    picks = select([Weights(values=np.array([0.5, 0.9, 0.2]), minimum=0.5)], count=3, rank=np.arange(3))
    assert picks.rows.tolist() == [1, 0]
    assert picks.stopped_by == "minimum_value"
    none = select([Weights(values=np.array([0.5, 0.9]), minimum=0.95)], count=1, rank=np.arange(2))
    assert len(none) == 0
    assert none.stopped_by == "minimum_value"


def test_a_maximum_sum_ends_the_selection_as_soon_as_it_is_reached() -> None:
    values = np.array([3.0, 2.0, 2.0, 1.0])
    picks = select([Weights(values=values, maximum_sum=5.0, preselected_sum=100.0)], count=4, rank=np.arange(4))
    assert picks.rows.tolist() == [0, 1]
    assert picks.stopped_by == "maximum_sum"
    assert select([Weights(values=values, maximum_sum=5.0)], count=2, rank=np.arange(4)).stopped_by == "count"


def test_candidates_that_would_exceed_a_target_range_are_passed_over() -> None:
    values = np.array([3.0, 2.5, 1.0, 0.5])
    picks = select([Weights(values=values, target_range=(1.0, 4.5))], count=4, rank=np.arange(4))
    assert picks.rows.tolist() == [0, 2, 3]
    assert picks.stopped_by == "maximum_sum"


def test_distances_are_those_of_the_first_diversity() -> None:
    near, far = Diversity(vectors=line(0, 1, 2), preselected=line(0)), Diversity(vectors=line(0, 70, 90))
    assert select([near, far], count=1, rank=np.arange(3)).distances.tolist() == [2.0]
    assert np.isnan(select([far, near], count=1, rank=np.arange(3)).distances).all()
    assert np.isnan(select([Weights(values=np.ones(2))], count=2, rank=np.arange(2)).distances).all()


@pytest.mark.parametrize("count", [0, 3])
def test_nothing_to_choose_from_gives_no_picks(count: int) -> None:
    objectives = [Diversity(vectors=np.zeros((0, 4), np.float32)), Weights(values=np.zeros(0)), Random()]
    picks = select(objectives, count=count, rank=np.zeros(0, np.int64))
    assert len(picks) == 0
    assert picks.stopped_by == ("exhausted" if count else "count")


def test_one_unit_is_picked_whatever_the_strategies_say() -> None:
    objectives = [Diversity(vectors=line(0)), Weights(values=np.zeros(1)), Balance(
        categories=one_each([0], 2), target=np.array([0.0, 1.0])
    )]  # fmt: skip
    picks = select(objectives, count=2, rank=np.arange(1))
    assert picks.rows.tolist() == [0]
    assert picks.stopped_by == "exhausted"


def test_zero_vectors_and_duplicates_are_points_like_any_other() -> None:
    objectives = [Diversity(vectors=np.zeros((4, 3), np.float16)), Weights(values=np.array([1.0, 2.0, 2.0, 0.0]))]
    assert select(objectives, count=4, rank=np.array([0, 2, 1, 3])).rows.tolist() == [2, 1, 0, 3]


def test_several_selections_at_once_pick_what_each_alone_does() -> None:
    problems = list(many_kinds(300).values())[:4]
    alone = [solve(problem).rows.tolist() for problem in problems]
    with ThreadPoolExecutor(4) as pool:
        assert [picks.rows.tolist() for picks in pool.map(solve, problems)] == alone
