from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from swath.core.errors import Conflict, NotFound
from swath.wire.runs import WorkerRegistration
from swath.worker.registration import WorkerIdentity, register_worker
from swath.worker.server_line import ServerLine

HERE = WorkerIdentity(host_name="here", version="1.2.3")


@pytest.fixture
def worker_timeout_s() -> float:
    """Nobody counts as offline while a test takes names, however slow the machine is."""
    return 60.0


def take(line: ServerLine, name: str, *, host_name: str = "elsewhere", process: int = 1) -> str:
    """Another process registers under a name; returns the worker's id."""
    return line.register(WorkerRegistration(name=name, host_name=host_name, details={"process": process})).id


def ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        pass
    return child.pid


def test_a_worker_registers_under_the_name_of_its_machine(open_line: Callable[[], ServerLine]) -> None:
    worker = register_worker(open_line(), replace(HERE, labels=("gpu",)))
    assert (worker.name, worker.host_name, worker.version, worker.labels) == ("here", "here", "1.2.3", ("gpu",))
    assert worker.details["process"] == os.getpid()


def test_the_next_free_name_is_taken(open_line: Callable[[], ServerLine]) -> None:
    take(open_line(), "here")
    take(open_line(), "here-2")
    assert register_worker(open_line(), HERE).name == "here-3"


def test_a_process_of_this_machine_that_ended_is_succeeded_at_once(open_line: Callable[[], ServerLine]) -> None:
    ended = take(open_line(), "here", host_name="here", process=ended_process())
    assert register_worker(open_line(), HERE).id == ended
    alive = take(open_line(), "here", host_name="here", process=os.getppid())
    assert register_worker(open_line(), HERE).id != alive


@pytest.mark.parametrize("by", ["name", "id"])
def test_the_place_of_a_living_process_is_taken_by_force_alone(open_line: Callable[[], ServerLine], by: str) -> None:
    box = take(open_line(), "box")
    identity = replace(HERE, name="box") if by == "name" else replace(HERE, worker_id=box)
    with pytest.raises(Conflict, match=rf"another process is worker `box` \({box}\) at this moment, on `elsewhere`"):
        register_worker(open_line(), identity)
    worker = register_worker(open_line(), replace(identity, force=True))
    assert (worker.id, worker.name, worker.host_name) == (box, "box", "here")


def test_an_id_keeps_the_name_and_the_labels_of_its_worker(open_line: Callable[[], ServerLine]) -> None:
    line = open_line()
    box = line.register(WorkerRegistration(name="box", labels=("gpu",), host_name="here"))
    worker = register_worker(open_line(), replace(HERE, worker_id=box.id, force=True))
    assert (worker.name, worker.labels) == ("box", ("gpu",))
    worker = register_worker(open_line(), replace(HERE, worker_id=box.id, labels=("cpu",), force=True))
    assert worker.labels == ("cpu",)


def test_an_id_that_nobody_has_is_refused(open_line: Callable[[], ServerLine]) -> None:
    with pytest.raises(NotFound, match="0123456789abcdef01234567"):
        register_worker(open_line(), replace(HERE, worker_id="0123456789abcdef01234567"))
    assert open_line().workers() == ()
