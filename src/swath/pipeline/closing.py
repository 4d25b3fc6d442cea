"""How runs on the samples of a dataset end: whatever stops one, it is closed with a state that says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from swath.core.errors import RunCancelled, StaleLease, SwathError
from swath.core.runs import RunState

Result = TypeVar("Result")
MadeResult = TypeVar("MadeResult", covariant=True)


class Close(Protocol[MadeResult]):
    """Closes a run in a final state, with a message and a hint; returns its result."""

    def __call__(self, state: RunState, message: str, hint: str = "") -> MadeResult: ...


def closed_at_its_end(work: Callable[[], Result], close: Close[Result]) -> Result:
    """What `work` returns, which has closed its run; whatever it raises closes the run here.

    A run that was cancelled ends as ABORTED, one that a person could mend as FAILED; neither is raised.
    KeyboardInterrupt closes the run as ABORTED and is raised again; a bug closes it as FAILED and is raised again.
    StaleLease is raised with nothing closed: the run is another worker's.
    """
    try:
        return work()
    except StaleLease:
        raise
    except RunCancelled as exc:
        return close(RunState.ABORTED, exc.message, exc.hint)
    except SwathError as exc:
        return close(RunState.FAILED, exc.message, exc.hint)
    except KeyboardInterrupt:
        close(RunState.ABORTED, "stopped by a person")
        raise
    except BaseException as exc:
        close(RunState.FAILED, f"{type(exc).__name__}: {exc}")
        raise
