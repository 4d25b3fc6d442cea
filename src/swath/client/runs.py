"""Runs: ask for one, watch it, stop it, read what it left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from swath.client.documents import HasId, read, segment
from swath.client.transport import Transport
from swath.core.errors import RunCancelled, RunFailed
from swath.core.runs import RunState
from swath.wire.maps import ProjectionRunResult
from swath.wire.run_result import RunResult
from swath.wire.runs import (
    ArtifactDocument,
    ArtifactList,
    LogLineDocument,
    Progress,
    RunDocument,
    RunKind,
    RunList,
    RunLog,
)
from swath.wire.selection_run import SelectionRunResult

_RESULTS: Mapping[str, type[RunResult]] = {
    RunKind.SELECTION: SelectionRunResult,
    RunKind.PROJECTION: ProjectionRunResult,
}

SHORTEST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 2.0
"""Between two looks at a run that is waited for."""

PAGE = 1000


class Run:
    """One run as it was when it was last asked for; `refresh` asks again.

    `document` has everything the server says about it.
    """

    def __init__(self, transport: Transport, document: RunDocument) -> None:
        self._transport = transport
        self.document = document

    @property
    def id(self) -> str:
        return self.document.id

    @property
    def state(self) -> RunState:
        return RunState(self.document.state)

    @property
    def message(self) -> str:
        """What the run has to say for itself once it is over."""
        return self.document.message

    @property
    def progress(self) -> Progress | None:
        """How far the stage under way is; None if nobody said so yet."""
        return self.document.progress

    @property
    def is_over(self) -> bool:
        return self.state.is_final

    def refresh(self) -> Run:
        """Ask the server how the run is now; returns itself."""
        self.document = read(RunDocument, self._transport.get(f"/runs/{self.id}"))
        return self

    def wait(
        self,
        *,
        on_progress: Callable[[Run], None] | None = None,
        timeout: float | None = None,
    ) -> RunResult:
        """Wait until the run is over and return its result.

        `on_progress` is called whenever state or progress has changed. Raises RunFailed or RunCancelled for a run
        that did not complete, TimeoutError after `timeout` seconds (the run goes on).
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        pause, seen = SHORTEST_PAUSE_S, None
        while True:
            shown = (self.document.state, self.document.progress)
            if on_progress is not None and shown != seen:
                on_progress(self)
            pause = SHORTEST_PAUSE_S if shown != seen else min(pause * 1.5, LONGEST_PAUSE_S)
            seen = shown
            if self.is_over:
                return self._result_or_raise()
            if deadline is not None and time.monotonic() + pause > deadline:
                raise TimeoutError(f"run `{self.id}` is still in state {self.state} after {timeout:g} seconds")
            time.sleep(pause)
            self.refresh()

    def cancel(self) -> Run:
        """Ask the run to stop; it ends as ABORTED at its next step. Raises Conflict for one that is over."""
        self._transport.post(f"/runs/{self.id}:cancel", {})
        return self.refresh()

    def retry(self) -> Run:
        """Ask for the same run again; returns the new one."""
        return Run(self._transport, read(RunDocument, self._transport.post(f"/runs/{self.id}:retry", {})))

    @property
    def result(self) -> RunResult | None:
        """What the run did; None as long as it is not over.

        Of a selection run it is a `SelectionRunResult`, of one that made a map a `ProjectionRunResult`.
        """
        if not self.document.has_result:
            return None
        kind = _RESULTS.get(self.document.kind, RunResult)
        return read(kind, self._transport.get(f"/runs/{self.id}/result"))

    def log(self) -> Iterator[LogLineDocument]:
        """All lines of the run's log so far, oldest first."""
        after: dict[str, Any] = {}
        while True:
            page = read(RunLog, self._transport.get(f"/runs/{self.id}/log", {**after, "limit": PAGE}))
            yield from page.items
            if len(page.items) < PAGE:
                return
            after = {"after": page.items[-1].number}

    @property
    def artifacts(self) -> tuple[ArtifactDocument, ...]:
        """The files that the run left."""
        return read(ArtifactList, self._transport.get(f"/runs/{self.id}/artifacts")).items

    def artifact(self, name: str) -> bytes:
        """The bytes of one of them. Raises NotFound."""
        return self._transport.get_bytes(f"/runs/{self.id}/artifacts/{segment(name)}")

    def save_artifact(self, name: str, path: Path | str) -> None:
        """Write one of them to a file, which gets its name when it is whole."""
        self._transport.download(f"/runs/{self.id}/artifacts/{segment(name)}", Path(path))

    def _result_or_raise(self) -> RunResult:
        result = self.result
        if self.state is RunState.COMPLETED and result is not None:
            return result
        hint = "" if result is None else result.hint
        if self.state is RunState.ABORTED:
            raise RunCancelled(self.message, hint=hint)
        raise RunFailed(self.message, hint=hint)

    def __repr__(self) -> str:
        return f"<Run {self.id} {self.document.state} on {self.document.image_dataset.name!r}>"


class SelectionRun(Run):
    """A run that chooses again among the samples of a dataset."""

    def wait(
        self,
        *,
        on_progress: Callable[[Run], None] | None = None,
        timeout: float | None = None,
    ) -> SelectionRunResult:
        """As `Run.wait`. The result has the name of the `tag`, or of a dry run the `selection_id`; what there is of
        each category before and after, `categories`; and how good the choice is beside chance, `quality`."""
        result = super().wait(on_progress=on_progress, timeout=timeout)
        assert isinstance(result, SelectionRunResult), f"the result of selection run {self.id} is that of another kind"
        return result


class Runs:
    """`client.runs`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        dataset: HasId | str,
        *,
        selection: Mapping[str, Any],
        object_level: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Run:
        """Ask for a run on an image dataset; a worker takes it up.

        `object_level` (`task_name`, `padding`, `min_score`, …) says which predictions become objects; without it
        whole images are selected (`selection={"unit": "images", …}`). `selection` has `n_samples` (100 is a count,
        0.1 a tenth), `strategies` and more. Options are `embedder`, `remove_exact_duplicates`, `process_all`,
        `relevant_filenames_file`, `priority` and `runs_on`. Raises InvalidConfig that names what cannot be used.
        """
        request = {
            "dataset": dataset if isinstance(dataset, str) else dataset.id,
            "object_level": None if object_level is None else dict(object_level),
            "selection": dict(selection),
            **options,
        }
        return Run(self._transport, read(RunDocument, self._transport.post("/runs", request)))

    def select(
        self, dataset: HasId | str, *, selection: Mapping[str, Any], dry_run: bool = False, **options: Any
    ) -> SelectionRun:
        """Ask for a run that chooses again among the samples of a dataset, of crops or of images.

        `selection` has `n_samples` (100 is a count, 0.1 a tenth), `strategies` as dictionaries, such as `{"type":
        "balance", "target": {"truck": 0.5}}`, and for crops `max_per_image` and `quotas`. Options are `input` (a
        selector) or `input_tag`: what to choose from, else all; `preselected_tag`: samples that count as chosen;
        `new_tag`: the name of the tag of what is chosen; `priority` and `runs_on`. A dry run makes no tag: its result
        has the numbers, and a `selection_id`. Raises InvalidConfig, NotFound or Conflict that names what cannot be
        used.
        """
        request = {
            "dataset": dataset if isinstance(dataset, str) else dataset.id,
            "selection": dict(selection),
            **options,
        }
        path = "/runs:dry_run" if dry_run else "/runs:select"
        return SelectionRun(self._transport, read(RunDocument, self._transport.post(path, request)))

    def get(self, run_id: str) -> Run:
        """Raises NotFound."""
        return Run(self._transport, read(RunDocument, self._transport.get(f"/runs/{segment(run_id)}")))

    def list(self, dataset: HasId | str | None = None) -> list[Run]:
        """All runs, or those on a dataset, newest first."""
        query: dict[str, Any] = {}
        if dataset is not None:
            query["dataset"] = dataset if isinstance(dataset, str) else dataset.id
        found: list[Run] = []
        while True:
            page = read(RunList, self._transport.get("/runs", {**query, "offset": len(found), "limit": PAGE}))
            found += [Run(self._transport, document) for document in page.items]
            if not page.items or len(found) >= page.total:
                return found
