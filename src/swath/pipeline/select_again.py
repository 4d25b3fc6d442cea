"""The selection run: choose again among the samples of a dataset, by the same strategies as an object-level run."""

from __future__ import annotations

from swath.core.candidates import Candidates
from swath.core.runs import RunState
from swath.pipeline.closing import closed_at_its_end
from swath.pipeline.findings import finding_document
from swath.pipeline.messages import finding_line
from swath.pipeline.ports import RunObserver, SelectionSession
from swath.pipeline.selecting import Selected, select_units
from swath.wire.run_config import SelectionConfig
from swath.wire.selection_run import Choice, SelectionRunConfig, SelectionRunResult


def execute_selection_run(
    run_id: str, config: SelectionRunConfig, session: SelectionSession, observer: RunObserver, *, threads: int
) -> SelectionRunResult:
    """Do the whole run and close it. Raises nothing a person could cause: the result's state says how it ended. What
    else may be raised, `closed_at_its_end` says."""

    def close(state: RunState, message: str, hint: str = "") -> SelectionRunResult:
        result = SelectionRunResult(
            run=run_id,
            state=state.value,
            message=message,
            hint=hint,
            dry_run=config.dry_run,
        )
        session.log("ERROR", message)
        session.finish(state, message, result.model_dump_json())
        return result

    return closed_at_its_end(lambda: _select(config.selection, session, observer, threads), close)


def choose(config: SelectionConfig, candidates: Candidates, *, threads: int) -> Choice:
    """Choose among candidates. What is chosen depends on their content, not on their order."""
    return _choice(candidates, _selected(config, candidates, threads))


def _selected(config: SelectionConfig, candidates: Candidates, threads: int) -> Selected:
    return select_units(
        config,
        vectors=candidates.vectors,
        keys=candidates.keys,
        preselected=candidates.preselected,
        unit_of_row=None,
        inputs=candidates.inputs,
        image_of=candidates.image_of,
        categories=candidates.categories,
        name_of_row=lambda row: f"sample {candidates.sample_indices[row]}",
        threads=threads,
    )


def _choice(candidates: Candidates, selected: Selected) -> Choice:
    return Choice(
        sample_indices=candidates.sample_indices[selected.units],
        available=selected.available,
        eligible=selected.eligible,
        asked=selected.asked,
        stopped_by=selected.stopped_by,
        quality=selected.quality,
        findings=tuple(finding_document(finding) for finding in selected.findings),
    )


def _select(
    config: SelectionConfig, session: SelectionSession, observer: RunObserver, threads: int
) -> SelectionRunResult:
    session.enter(RunState.LOADING_DATASET)
    observer.stage(RunState.LOADING_DATASET, total=None, unit="samples")
    candidates = session.candidates()
    observer.advance(len(candidates))
    session.enter(RunState.SAMPLING)
    observer.stage(RunState.SAMPLING, total=None, unit="samples")
    selected = _selected(config, candidates, threads)
    for finding in selected.findings:
        session.log(finding.severity.upper(), finding_line(finding))
    observer.advance(len(selected.units))
    session.enter(RunState.SAVING_RESULTS)
    observer.stage(RunState.SAVING_RESULTS, total=None, unit="samples")
    return session.keep(_choice(candidates, selected))
