"""Selections by several objectives, and under limits, against the slow reference."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
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
    Units,
    Weights,
    select,
)

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


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9), unit_count=st.integers(1, 30), objectives=st.integers(1, 4))
def test_every_pick_of_a_combination_is_the_best_of_its_time(seed: int, unit_count: int, objectives: int) -> None:
    check(problem_of(seed, unit_count=unit_count, objectives=objectives, limited=False))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9), unit_count=st.integers(1, 30), objectives=st.integers(1, 3))
def test_limits_say_who_is_a_candidate_and_nothing_else(seed: int, unit_count: int, objectives: int) -> None:
    check(problem_of(seed, unit_count=unit_count, objectives=objectives, limited=True))
