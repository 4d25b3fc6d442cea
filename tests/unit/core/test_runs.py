"""The states of a run and the moves between them."""

from __future__ import annotations

import itertools

import pytest

from swath.core.runs import FINAL_STATES, RunState

ORDER = list(RunState)


def test_an_object_level_run_passes_its_states_in_order() -> None:
    way = [
        RunState.STARTED,
        RunState.LOADING_DATASET,
        RunState.LOADING_PREDICTION,
        RunState.CHECKING_CORRUPTNESS,
        RunState.INITIALIZING_OBJECT_CROPS,
        RunState.EMBEDDING_OBJECT_CROPS,
        RunState.SAMPLING,
        RunState.EMBEDDING_FULL_IMAGES,
        RunState.SAVING_RESULTS,
        RunState.COMPLETED,
    ]
    assert all(state.may_become(following) for state, following in itertools.pairwise(way))


@pytest.mark.parametrize("state", ORDER)
def test_a_run_never_goes_back_or_stays(state: RunState) -> None:
    earlier = ORDER[: ORDER.index(state) + 1]
    assert not any(state.may_become(other) for other in earlier if not other.is_final)


@pytest.mark.parametrize("state", sorted(FINAL_STATES))
def test_a_final_state_is_final(state: RunState) -> None:
    assert state.is_final
    assert not any(state.may_become(other) for other in ORDER)


@pytest.mark.parametrize("state", [state for state in ORDER if not state.is_final])
def test_a_run_can_end_at_any_time(state: RunState) -> None:
    assert all(state.may_become(final) for final in FINAL_STATES)


def test_states_are_spelled_as_the_clients_expect() -> None:
    assert all(state.value == state.name for state in ORDER)
    # The first one is ours: the clients have no state for a run that waits.
    assert ORDER[:2] == ["QUEUED", "STARTED"]
    assert ORDER[-1] == "ABORTED"
