"""A run of a server, executed in this process: by a worker, or by the command that asked for it."""

from __future__ import annotations

from dataclasses import dataclass

from swath.adapters.embedders import OnnxOptions
from swath.adapters.parquet import ParquetTables
from swath.adapters.remote_session import RemoteRunSession
from swath.client.transport import Transport
from swath.core.errors import SourceUnavailable, StaleLease, SwathError
from swath.core.runs import RunState
from swath.pipeline.ports import Datasource, RunObserver
from swath.pipeline.run import RunContext, execute_run
from swath.settings import Settings
from swath.store.home import Home
from swath.wire.run_config import parse_run_config
from swath.wire.run_result import RunResult
from swath.wire.runs import Assignment, RunCredentials, RunKind
from swath.wiring.claimed_projections import execute_claimed_projection
from swath.wiring.claimed_selections import execute_claimed_selection
from swath.wiring.machinery import EmbedderShelf, Reach, open_machinery
from swath.wiring.runs import kill_point


@dataclass(frozen=True, slots=True, kw_only=True)
class RunExecution:
    """What claimed runs are executed with. The home is this machine's: models and caches, never the database."""

    settings: Settings
    home: Home
    transport: Transport
    reach: Reach
    embedders: EmbedderShelf
    onnx_options: OnnxOptions | None = None

    def execute(self, assignment: Assignment, observer: RunObserver) -> str:
        """Do a run to its end, see `swath.worker.loop.Execute`."""
        if assignment.kind == RunKind.SELECTION:
            return execute_claimed_selection(self.settings, self.transport, assignment, observer).message
        if assignment.kind == RunKind.PROJECTION:
            return execute_claimed_projection(self.settings, self.transport, assignment, observer).message
        return self.run(assignment, observer).message

    def run(self, assignment: Assignment, observer: RunObserver) -> RunResult:
        """Do a run to its end. Raises StaleLease if it is another worker's by now."""
        at_point = kill_point(self.settings)
        session = RemoteRunSession(self.transport, assignment.run_id, assignment.lease, at_point)
        try:
            config = parse_run_config(assignment.config)
            source, output = self._open_datasources(session.credentials())
            embedder = self.embedders.get(config.embedder, self.onnx_options)
        except StaleLease:
            raise
        except SwathError as exc:
            return _close_as_failed(session, assignment, exc)
        with open_machinery(self.settings, self.home, source, embedder, observer) as machinery:
            return execute_run(
                RunContext(
                    config=config,
                    session=session,
                    machinery=machinery,
                    output=output,
                    tables=ParquetTables(),
                    observer=observer,
                    at_point=at_point,
                )
            )

    def _open_datasources(self, access: RunCredentials) -> tuple[Datasource, Datasource]:
        """Where images are read and where crops go. Raises what of it this machine may not or cannot use."""
        source = self.reach.open(access.input, is_confined=access.is_confined)
        output = self.reach.open(access.output, is_confined=access.is_confined)
        reason = output.why_not_writable()
        if reason is not None:
            raise SourceUnavailable(
                f"`{output.uri}` cannot be written here ({reason}), and crops go there",
                hint="Give this worker the right to it, or the dataset another output.",
            )
        return source, output


def _close_as_failed(session: RemoteRunSession, assignment: Assignment, error: SwathError) -> RunResult:
    """End a run that failed before the pipeline had it in hand: no folder, no embedder."""
    result = RunResult(run=assignment.run_id, state=RunState.FAILED.value, message=error.message, hint=error.hint)
    session.log("ERROR", error.message)
    session.finish(RunState.FAILED, error.message, result.model_dump_json())
    return result
