"""Every compiled loop against numpy, to the last bit, on every instruction set."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from swath.core.selection import kernels, native
from swath.core.selection.distances import squared_distances
from swath.core.selection.kernels import Aggregate, Space


def on_every_level() -> Iterator[str]:
    for level in native.levels():
        with pytest.MonkeyPatch.context() as patch:
            library = native.Library(level)
            patch.setattr(native, "library", lambda library=library: library)
            yield level


def rows_of(kind: str, count: int, depth: int, dtype: type, random: np.random.Generator) -> np.ndarray:
    normal = random.standard_normal((count, depth))
    made = {
        "normal": normal,
        "spiky": normal * np.where(random.random((count, depth)) < 0.02, 30, 1),
        "close": 3 + 1e-2 * normal,
        "lattice": random.integers(-2, 3, (count, depth)).astype(float),
        "mixed norms": normal * 10.0 ** random.integers(-4, 4, (count, 1)),
        "zero": np.zeros((count, depth)),
    }
    return made[kind].astype(dtype)


def space_of(rows: NDArray[np.floating]) -> Space:
    mean = rows.astype(np.float64).mean(axis=0)
    depth = rows.shape[1]
    largest = max(float(np.abs(rows.astype(np.float64)).max()), 1e-30)
    exponent = np.frexp(largest * depth**0.5)[1]
    return Space(shift=mean.astype(np.float32), scale=2.0 ** -float(exponent), slack=(depth + 32) * 2.0**-24)


cases = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["normal", "spiky", "close", "lattice", "mixed norms", "zero"]),
        "count": st.integers(1, 120),
        "depth": st.sampled_from([1, 2, 5, 8, 15, 16, 17, 64, 131]),
        "dtype": st.sampled_from([np.float16, np.float32]),
        "joining": st.integers(1, 70),
        "seed": st.integers(0, 2**32 - 1),
    }
)


@settings(max_examples=150, deadline=None)
@given(case=cases, sparse=st.booleans())
def test_lowered_distances_are_those_of_numpy(case: dict, sparse: bool) -> None:
    random = np.random.default_rng(case["seed"])
    rows = rows_of(case["kind"], case["count"], case["depth"], case["dtype"], random)
    joining = np.concatenate([rows, rows_of(case["kind"], 70, case["depth"], case["dtype"], random)])
    first = random.integers(0, len(joining), 5)
    then = random.integers(0, len(joining), case["joining"])
    expected_first = np.min([squared_distances(rows, joining[row]) for row in first], axis=0)
    expected = np.minimum(expected_first, np.min([squared_distances(rows, joining[row]) for row in then], axis=0))
    space = space_of(joining)
    low, high = sorted(random.integers(0, case["count"] + 1, 2))
    for level in on_every_level():
        norms = np.empty(len(rows), dtype=np.float32)
        kernels.norms_of_rows(rows, 0, len(rows), space, norms)
        nearest, owner = np.full(len(rows), np.inf), np.zeros(len(rows), dtype=np.int32)
        one = kernels.batch(kernels.load(joining, first, space), space, 0)
        kernels.lower_all(rows, 0, len(rows), space, norms, one, nearest, owner)
        np.testing.assert_array_equal(nearest, expected_first, err_msg=level)
        two = kernels.batch(kernels.load(joining, then, space), space, len(first))
        if sparse:
            reach, sizes = kernels.reach_of_owners(nearest, owner, len(first))
            assert sizes.sum() == (nearest > 0).sum()
            near = kernels.NeighboursOfOwners(
                rows=np.empty((len(first), 20), dtype=np.uint16),
                bounds=np.empty((len(first), 20), dtype=np.float32),
                counts=np.zeros(len(first), dtype=np.int32),
            )
            kernels.neighbours_of_owners(0, len(first), space, one.rows.centred, one.rows.norms, reach, two, near)
            kernels.lower_near(rows, low, high, space, norms, two, near, nearest, owner)
        else:
            kernels.lower_all(rows, low, high, space, norms, two, nearest, owner)
        inside = (np.arange(len(rows)) >= low) & (np.arange(len(rows)) < high)
        np.testing.assert_array_equal(nearest, np.where(inside, expected, expected_first), err_msg=level)
        everything = np.concatenate([first, then])
        own = [
            squared_distances(row[None], joining[number])[0]
            for row, number in zip(rows, everything[owner], strict=True)
        ]
        np.testing.assert_array_equal(nearest, own, err_msg=level)


@settings(max_examples=60, deadline=None)
@given(case=cases)
def test_distances_to_a_point_and_gathered_rows_are_those_of_numpy(case: dict) -> None:
    random = np.random.default_rng(case["seed"])
    rows = rows_of(case["kind"], case["count"], case["depth"], case["dtype"], random)
    point = random.standard_normal(case["depth"])
    some = random.integers(0, len(rows), case["joining"])
    space = space_of(rows)
    for level in on_every_level():
        distances = np.empty(len(rows))
        kernels.distances_to_point(rows, 0, len(rows), point, distances)
        np.testing.assert_array_equal(distances, squared_distances(rows, point), err_msg=level)
        loaded = kernels.load(rows, some, space)
        np.testing.assert_array_equal(loaded.raw[:, : case["depth"]], rows[some].astype(np.float32), err_msg=level)
        assert not loaded.raw[:, case["depth"] :].any()
        centred = (rows[some].astype(np.float32) - space.shift) * np.float32(space.scale)
        np.testing.assert_array_equal(loaded.centred[:, : case["depth"]], centred, err_msg=level)
        assert not loaded.centred[:, case["depth"] :].any()
        np.testing.assert_allclose(loaded.norms, (centred.astype(np.float64) ** 2).sum(axis=1), rtol=1e-4)


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=30), seed=st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("aggregate", get_args(Aggregate))
def test_gains_of_units_do_not_depend_on_the_order_of_their_rows(
    aggregate: Aggregate, sizes: list[int], seed: int
) -> None:
    random = np.random.default_rng(seed)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    nearest = random.random(starts[-1]) ** 20
    rows = random.permutation(starts[-1])
    values = [np.sort(nearest[rows[low:high]]).tolist() for low, high in pairwise(starts)]
    expected = {
        "mean": [sum(unit) / len(unit) for unit in values],
        "max": [unit[-1] for unit in values],
        "sum": [sum(unit) for unit in values],
    }[aggregate]
    candidates = random.random(len(sizes)) < 0.8
    for level in on_every_level():
        gains = np.where(candidates, 0.0, -1.0)
        kernels.gains_of_units(aggregate, starts, rows, 0, len(sizes), nearest, gains)
        np.testing.assert_array_equal(gains, np.where(candidates, expected, -1.0), err_msg=level)


def test_lengths_that_do_not_fit_are_an_error_and_not_a_crash() -> None:
    rows = np.zeros((4, 3), np.float32)
    space = space_of(rows)
    with pytest.raises(AssertionError):
        kernels.norms_of_rows(rows, 0, 5, space, np.empty(5, np.float32))
    with pytest.raises(AssertionError):
        kernels.norms_of_rows(rows, 0, 4, space, np.empty(3, np.float32))
    with pytest.raises(AssertionError):
        kernels.load(rows, np.array([4]), space)
