"""Boxes: corners, outcomes at the border, evidence of the box format, overlaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from swath.core.boxes import (
    BoxFormat,
    BoxFormatEvidence,
    box_format_evidence,
    judge_boxes,
    short_sides,
    suppress_overlaps,
    to_corners,
    visible_short_sides,
)
from swath.core.errors import InvalidConfig
from swath.core.objects import BoxOutcome

ANY_FLOATS = hnp.arrays(np.float64, st.tuples(st.integers(0, 12), st.just(4)), elements=st.floats())
FINITE_BOXES = hnp.arrays(
    np.float64, st.tuples(st.integers(0, 12), st.just(4)), elements=st.floats(allow_nan=False, allow_infinity=False)
)


def outcome_of(*corners: float, width: int = 100, height: int = 50) -> BoxOutcome:
    return BoxOutcome(judge_boxes(np.array([corners]), width=width, height=height)[0])


def test_width_and_height_become_the_far_corner() -> None:
    boxes = np.array([[1.0, 2.0, 10.0, 20.0]])
    np.testing.assert_array_equal(to_corners(boxes, BoxFormat.XYWH), [[1, 2, 11, 22]])
    np.testing.assert_array_equal(to_corners(boxes, BoxFormat.XYXY), boxes)
    np.testing.assert_array_equal(boxes, [[1, 2, 10, 20]])  # the argument stays as it was


def test_an_undecided_format_gives_no_corners() -> None:
    with pytest.raises(ValueError, match="decide the box format"):
        to_corners(np.zeros((1, 4)), BoxFormat.AUTO)


@given(FINITE_BOXES)
def test_corners_of_huge_boxes_stay_finite(boxes: np.ndarray) -> None:
    assert np.isfinite(to_corners(boxes, BoxFormat.XYWH)).all()


@pytest.mark.parametrize(
    ("corners", "outcome"),
    [
        ((0, 0, 100, 50), BoxOutcome.USED),
        ((-0.5, -0.5, 100.5, 50.5), BoxOutcome.USED),  # rounding, not clipping
        ((-0.51, 0, 10, 10), BoxOutcome.CLIPPED),
        ((0, 0, 100.51, 10), BoxOutcome.CLIPPED),
        ((0, -3, 10, 10), BoxOutcome.CLIPPED),
        ((0, 0, 10, 51), BoxOutcome.CLIPPED),
        ((100, 10, 120, 20), BoxOutcome.OUTSIDE),  # touches the border, shares no area
        ((-20, 10, 0, 20), BoxOutcome.OUTSIDE),
        ((10, 50, 20, 60), BoxOutcome.OUTSIDE),
        ((10, -60, 20, -1), BoxOutcome.OUTSIDE),
        ((99.9, 49.9, 500, 500), BoxOutcome.CLIPPED),
        ((10, 10, 10, 20), BoxOutcome.ZERO_AREA),
        ((10, 10, 20, 10), BoxOutcome.ZERO_AREA),
        ((500, 500, 500, 500), BoxOutcome.ZERO_AREA),
        ((20, 10, 10, 20), BoxOutcome.ZERO_AREA),  # corners the wrong way round
        ((np.nan, np.nan, np.nan, np.nan), BoxOutcome.ZERO_AREA),
        ((-1e300, -1e300, 1e300, 1e300), BoxOutcome.CLIPPED),
    ],
)
def test_each_box_is_judged_by_where_it_lies(corners: tuple[float, ...], outcome: BoxOutcome) -> None:
    assert outcome_of(*corners) == outcome


@given(ANY_FLOATS, st.integers(1, 5000), st.integers(1, 5000))
def test_judging_never_fails_and_knows_four_outcomes(corners: np.ndarray, width: int, height: int) -> None:
    outcomes = judge_boxes(corners, width=width, height=height)
    assert outcomes.shape == (len(corners),)
    assert outcomes.dtype == np.uint8
    assert set(outcomes.tolist()) <= {0, 1, 2, 3}


def test_the_short_side_is_of_the_box_as_given() -> None:
    np.testing.assert_array_equal(
        short_sides(np.array([[-10.0, 0, 30, 20], [0, 0, 3, 7], [np.nan] * 4])), [20, 3, np.nan]
    )


# --- which format are the boxes written in -------------------------------------------------------------------------


def random_corners(count: int, width: int, height: int, *, seed: int = 0) -> np.ndarray:
    """Objects of all sizes all over the image, never beyond it."""
    rng = np.random.default_rng(seed)
    size = np.array([width, height])
    side = rng.uniform(0.03, 0.5, (count, 2)) * size
    low = rng.uniform(0, 1, (count, 2)) * (size - side)
    return np.concatenate([low, low + side], axis=1)


def as_xywh(corners: np.ndarray) -> np.ndarray:
    return np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)


def test_corners_written_as_boxes_are_noticed() -> None:
    corners = random_corners(500, 640, 480)
    evidence = box_format_evidence(corners, np.full(500, 640), np.full(500, 480))
    assert evidence.suspects_xyxy
    assert evidence.decided_format is BoxFormat.XYXY
    assert evidence.fits_as_xyxy_only == evidence.overflow_as_xywh > 250
    assert evidence.invalid_as_xyxy == 0


def test_proper_boxes_are_not_suspected() -> None:
    boxes = as_xywh(random_corners(500, 640, 480))
    evidence = box_format_evidence(boxes, np.full(500, 640), np.full(500, 480))
    assert not evidence.suspects_xyxy
    assert evidence.decided_format is BoxFormat.XYWH
    assert evidence.overflow_as_xywh == 0


def test_proper_boxes_of_one_large_object_at_the_top_left_are_not_suspected() -> None:
    # All of them are valid corners too, but as x, y, width, height none overflows: the format's own rule wins.
    boxes = np.tile([2.0, 3.0, 600.0, 400.0], (100, 1))
    assert not box_format_evidence(boxes, 640, 480).suspects_xyxy


def test_a_detector_that_overshoots_a_little_is_not_suspected() -> None:
    boxes = np.tile([5.0, 5.0, 640.0, 480.0], (100, 1))
    assert not box_format_evidence(boxes, 640, 480).suspects_xyxy


def test_a_detector_that_overshoots_everywhere_is_not_suspected() -> None:
    corners = random_corners(500, 640, 480)
    corners[:, 2:] += 60  # many boxes leave the image, few are valid corners
    evidence = box_format_evidence(as_xywh(corners), 640, 480)
    assert evidence.overflow_as_xywh > 0
    assert not evidence.suspects_xyxy


def test_a_few_boxes_are_no_evidence() -> None:
    corners = np.tile([300.0, 200.0, 600.0, 400.0], (9, 1))
    assert not box_format_evidence(corners, 640, 480).suspects_xyxy
    assert box_format_evidence(np.vstack([corners, corners]), 640, 480).suspects_xyxy


def test_relative_boxes_are_noticed() -> None:
    relative = as_xywh(random_corners(50, 640, 480)) / [640, 480, 640, 480]
    assert box_format_evidence(relative, 640, 480).suspects_relative
    assert not box_format_evidence(relative * 640, 640, 640).suspects_relative


def test_rows_without_a_box_are_no_evidence() -> None:
    evidence = box_format_evidence(np.array([[np.nan] * 4, [1.0, 1, 5, 5]]), 10, 10)
    assert evidence.total == 1


@given(ANY_FLOATS, ANY_FLOATS)
def test_evidence_of_two_images_is_the_sum(first: np.ndarray, second: np.ndarray) -> None:
    both = np.vstack([first, second])
    widths = np.concatenate([np.full(len(first), 100), np.full(len(second), 200)])
    together = box_format_evidence(both, widths, widths)
    added = box_format_evidence(first, 100, 100) + box_format_evidence(second, 200, 200)
    assert together == added
    assert together.fits_as_xyxy_only <= together.overflow_as_xywh <= together.total


def test_no_boxes_are_no_evidence() -> None:
    assert box_format_evidence(np.zeros((0, 4)), 10, 10) == BoxFormatEvidence()
    assert BoxFormatEvidence().decided_format is BoxFormat.XYWH


# --- overlap -------------------------------------------------------------------------------------------------------


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    union = sum(areas) - shared
    return shared / union if union > 0 else 0.0


def slow_suppression(corners: np.ndarray, scores: list[float], max_overlap: float) -> list[bool]:
    by_score = sorted(
        range(len(scores)), key=lambda row: (-(scores[row] if scores[row] == scores[row] else -np.inf), row)
    )
    kept: list[int] = []
    for row in by_score:
        if all(overlap(corners[row], corners[other]) <= max_overlap for other in kept):
            kept.append(row)
    return [row in kept for row in range(len(scores))]


SMALL_BOXES = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(0, 6), st.integers(0, 6)), max_size=12
).map(lambda boxes: to_corners(np.array(boxes, dtype=np.float64).reshape(-1, 4), BoxFormat.XYWH))


@given(SMALL_BOXES, st.data(), st.sampled_from([0.0, 0.3, 0.5, 1.0]))
def test_suppression_agrees_with_the_plain_definition(corners: np.ndarray, data: st.DataObject, limit: float) -> None:
    some_scores = st.sampled_from([0.1, 0.5, 0.5, 0.9, float("nan")])
    scores = data.draw(st.lists(some_scores, min_size=len(corners), max_size=len(corners)))
    assert suppress_overlaps(corners, np.array(scores), limit).tolist() == slow_suppression(corners, scores, limit)


def test_an_overlap_equal_to_the_limit_is_allowed() -> None:
    corners = np.array([[0.0, 0, 10, 10], [0, 0, 10, 5]])  # IoU exactly 0.5
    assert suppress_overlaps(corners, np.array([0.9, 0.8]), 0.5).tolist() == [True, True]
    assert suppress_overlaps(corners, np.array([0.9, 0.8]), 0.49).tolist() == [True, False]


def test_a_box_without_a_score_gives_way() -> None:
    corners = np.array([[0.0, 0, 10, 10], [0, 0, 10, 10], [0, 0, 10, 10]])
    assert suppress_overlaps(corners, np.array([np.nan, 0.0, np.nan]), 0.5).tolist() == [False, True, False]
    assert suppress_overlaps(corners, np.full(3, np.nan), 0.5).tolist() == [True, False, False]


def test_huge_and_missing_boxes_do_no_harm() -> None:
    corners = np.array([[-1e308, -1e308, 1e308, 1e308], [np.nan] * 4, [0, 0, 1, 1]])
    assert suppress_overlaps(corners, np.array([0.1, 0.2, 0.3]), 0.5).all()


@pytest.mark.parametrize("limit", [-0.1, 1.1, float("nan")])
def test_a_limit_that_is_no_overlap_is_refused(limit: float) -> None:
    with pytest.raises(InvalidConfig, match="max_overlap"):
        suppress_overlaps(np.zeros((1, 4)), np.zeros(1), limit)


def test_the_visible_side_is_that_of_the_part_inside_the_image() -> None:
    corners = np.array([[10.0, 10, 40, 30], [-50, 0, 8, 100], [90, 0, 300, 50], [200, 0, 300, 50]])
    np.testing.assert_array_equal(visible_short_sides(corners, width=100, height=60), [20, 8, 10, 0])


@given(FINITE_BOXES)
def test_the_visible_side_is_never_longer_than_the_image(boxes: np.ndarray) -> None:
    sides = visible_short_sides(boxes, width=70, height=50)
    assert (sides <= 50).all()
