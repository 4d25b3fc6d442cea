"""`swath run` while a server uses the home: the server has the run, this process executes it."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import swath
from swath.adapters.embedders import OnnxOptions
from swath.client import Client
from swath.client.datasets import Dataset
from swath.client.runs import Run
from swath.core.errors import (
    Conflict,
    InvalidConfig,
    NotFound,
    RunCancelled,
    RunFailed,
    StaleLease,
    SwathError,
)
from swath.core.runs import RunState
from swath.pipeline.ports import Datasource, RunObserver
from swath.settings import Settings
from swath.store.home import Home, ServerAddress, open_home
from swath.wire.locations import is_bucket_uri, parse_location
from swath.wire.run_config import RunConfig
from swath.wire.run_result import RunResult
from swath.wire.runs import Assignment, WorkerRegistration
from swath.wiring.machinery import EmbedderShelf, Reach
from swath.wiring.places import GivenAccess, opener
from swath.wiring.remote_runs import RunExecution
from swath.wiring.runs import name_and_folder_of, open_output
from swath.wiring.server_access import ServerAccess
from swath.worker.progress import ProgressBoard
from swath.worker.run_link import run_link
from swath.worker.server_line import ServerLine

SECONDS_BETWEEN_CLAIMS = 1.0


def run_through_server(
    config: RunConfig,
    settings: Settings,
    address: ServerAddress,
    *,
    observer: RunObserver,
    access: GivenAccess | None = None,
    onnx_options: OnnxOptions | None = None,
) -> RunResult:
    """Ask the server for a run and execute it here, with the models and caches of the same home.

    Raises SwathError for what keeps a run from starting; once it has started, the result says how it ended.
    Ctrl-C cancels it. If a worker takes it first, this waits for its result.
    """
    home = open_home(settings.home)
    name, folder = name_and_folder_of(config)
    embedders = EmbedderShelf(home.models)
    embedders.get(config.embedder, onnx_options)
    server = ServerAccess(url=address.url, token=address.token)
    with Client(address.url, address.token) as client, server.line() as line, server.run_transport() as transport:
        execution = RunExecution(
            settings=settings,
            home=home,
            transport=transport,
            reach=Reach(
                roots=settings.roots,
                trusts_server=True,
                endpoints=settings.endpoints,
                delegated_roles=settings.delegated_roles,
            ),
            embedders=embedders,
            onnx_options=onnx_options,
        )
        places = _Places(config=config, folder=folder, given=access or GivenAccess())
        dataset, is_new = _dataset(client, name, places, lambda: places.open_output(settings, home, observer))
        is_complete = False
        try:
            result = _run(client, config, dataset, line, execution, observer)
            is_complete = result.state == RunState.COMPLETED.value
        finally:
            if is_new and not is_complete:
                _remove_if_empty(dataset)
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """Where a run reads and writes, as the command says it; `folder` is what it reads unless that is a bucket."""

    config: RunConfig
    folder: Datasource | None
    given: GivenAccess

    @property
    def uri(self) -> str:
        return parse_location(self.config.datasource.location).uri if self.folder is None else self.folder.uri

    def open_output(self, settings: Settings, home: Home, observer: RunObserver) -> Datasource:
        source = self.folder or opener(settings)(self.uri, self.given.input)
        access = self.given.for_output(self.uri, self.config.datasource.output)
        return open_output(self.config, source, access, settings, home, observer)


def _dataset(client: Client, name: str, places: _Places, open_output: Callable[[], Datasource]) -> tuple[Dataset, bool]:
    """The image dataset of a run, and whether it was made for it. Raises Conflict if it is of another datasource."""
    given = places.given
    try:
        found = client.datasets.get(name)
    except NotFound:
        output = open_output().uri
        is_bucket = is_bucket_uri(output)
        created = client.datasets.create(
            name,
            datasource=places.uri,
            output=output,
            credentials=given.input,
            output_credentials=given.output if is_bucket else None,
        )
        return created, True
    if found.document.input_uri != places.uri:
        raise Conflict(
            f"dataset `{name}` reads from `{found.document.input_uri}`, this run from `{places.uri}`",
            hint="Give the run another dataset name (`--dataset`), or the datasource the dataset was made from.",
        )
    if given.input is not None or given.output is not None:
        output = found.document.output_uri
        found.set_datasource(
            places.uri,
            output=output,
            credentials=given.input,
            output_credentials=given.output if is_bucket_uri(output) else None,
        )
    return found, False


def _remove_if_empty(dataset: Dataset) -> None:
    """A run that failed leaves the datasets as they were: not there."""
    with suppress(SwathError):
        if not dataset.refresh().samples:
            dataset.delete(cascade=True)


def _run(
    client: Client,
    config: RunConfig,
    dataset: Dataset,
    line: ServerLine,
    execution: RunExecution,
    observer: RunObserver,
) -> RunResult:
    # Only this process knows options that are given for one run: no worker may take it then.
    label = f"command-{secrets.token_hex(8)}"
    try:
        run = _ask(client, config, dataset, (label,) if execution.onnx_options is not None else ())
    except InvalidConfig as exc:
        if exc.field != "object_level.task_name":
            raise
        # The server looks for the task before it takes a run; a run in one process fails over it.
        return RunResult(state=RunState.FAILED.value, message=exc.message, hint=exc.hint)
    try:
        with _registered(client, line, label):
            assignment = _claim(run, line, observer)
            if assignment is None:
                return watch_run(run, observer)
            with run_link(line, assignment, stopping=threading.Event()) as link:
                return execution.run(assignment, _Both(observer, link.board))
    except StaleLease as exc:
        raise RunFailed(f"this process does not have the run any more: {exc.message}", hint=exc.hint) from exc
    except KeyboardInterrupt:
        with suppress(SwathError):
            if not run.refresh().is_over:
                run.cancel()
        raise


def _ask(client: Client, config: RunConfig, dataset: Dataset, labels: Sequence[str]) -> Run:
    document = config.model_dump(mode="json")
    return client.runs.create(
        dataset,
        object_level=document["object_level"],
        selection=document["selection"],
        embedder=_embedder(config.embedder),
        remove_exact_duplicates=config.remove_exact_duplicates,
        process_all=config.datasource.process_all,
        relevant_filenames_file=config.datasource.relevant_filenames_file,
        runs_on=list(labels),
    )


def _embedder(name: str) -> str:
    """A file is named by its whole path: whoever executes the run may be in another folder."""
    return str(Path(name).absolute()) if name.endswith(".onnx") and not name.startswith("hub:") else name


@contextmanager
def _registered(client: Client, line: ServerLine, label: str) -> Iterator[None]:
    """Be a worker for one run."""
    host_name = socket.gethostname()
    registration = WorkerRegistration(
        name=f"swath run on {host_name} ({os.getpid()})",
        labels=(label,),
        version=swath.__version__,
        host_name=host_name,
        details={"process": os.getpid()},
    )
    worker = line.register(registration)
    try:
        yield
    finally:
        # It stays listed, as offline, where that cannot be.
        with suppress(SwathError):
            client.workers.delete(worker.id)


def _claim(run: Run, line: ServerLine, observer: RunObserver) -> Assignment | None:
    """Take the run; waits while another one is under way on its dataset. None if it is over, or a worker's."""
    is_told = False
    while True:
        try:
            assignment = line.claim(run.id)
        except Conflict:
            return None
        if assignment is not None or run.refresh().is_over:
            return assignment
        if not is_told:
            observer.note("INFO", f"waiting: another run is under way on dataset `{run.document.image_dataset.name}`")
            is_told = True
        time.sleep(SECONDS_BETWEEN_CLAIMS)


def watch_run(run: Run, observer: RunObserver) -> RunResult:
    """Watch a run that a worker executes."""
    shown: tuple[RunState, int] | None = None

    def show(watched: Run) -> None:
        nonlocal shown
        progress = watched.progress
        if progress is None or watched.is_over:
            return
        if shown is None or shown[0] is not progress.state:
            observer.stage(progress.state, total=progress.total, unit=progress.unit)
            shown = (progress.state, 0)
        observer.advance(progress.done - shown[1])
        shown = (progress.state, progress.done)

    try:
        return run.wait(on_progress=show)
    except (RunFailed, RunCancelled) as exc:
        return run.result or RunResult(run=run.id, state=run.document.state, message=exc.message, hint=exc.hint)


class _Both:
    """Shows a run here and to the server."""

    def __init__(self, here: RunObserver, board: ProgressBoard) -> None:
        self._observers = (board, here)

    def stage(self, state: RunState, *, total: int | None, unit: str) -> None:
        for observer in self._observers:
            observer.stage(state, total=total, unit=unit)

    def advance(self, count: int = 1) -> None:
        for observer in self._observers:
            observer.advance(count)

    def note(self, level: str, message: str) -> None:
        for observer in self._observers:
            observer.note(level, message)
