"""Servers and workers that are killed, stopped, or cut off from their database: nothing is lost, nothing is doubled.

Every scenario takes a dataset through the same steps (a few images more, a run), and after each step compares it with
what an undisturbed server and worker made of these steps.
"""

from __future__ import annotations

import hashlib
import itertools
import random
import re
import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.deployment import Deployment, Sampler, killed, send, wait_until
from tests.support.deployment_state import NOTHING, State, check_tidy, read_state
from tests.support.postgresql import stopped

import swath as package
from swath.client.transport import content_digest
from swath.core.runs import RunState
from swath.testing.tiny_onnx import TinyModel, write_tiny_model

pytestmark = pytest.mark.slow

Fixture = Any  # of conftest.py: PhotoFolder

SOURCE = Path(package.__file__).parent

LONGEST_RUN_S = 0.8
"""Of one step, from its claim to its end, about."""

STEPS = 5
IMAGES_PER_STEP = 3

MANY_IMAGES = 60
MANY_CROPS = 90
"""Of a run that is long enough to be met amid its work."""

SECONDS_GONE = 10
SLACK_S = 1.5


def kill_points(*parts: str) -> list[str]:
    """Every kill point below these parts of the source, so that a new one cannot be forgotten here."""
    names: set[str] = set()
    for part in parts:
        path = SOURCE / part
        for file in [path] if path.is_file() else path.rglob("*.py"):
            names |= set(re.findall(r"at_point\(\"(\w+)\"\)", file.read_text()))
    return sorted(names)


OF_THE_SERVER = kill_points("server", "store")
OF_THE_WORKER = kill_points("worker", "pipeline", "adapters/remote_session.py")

SELECTION_OF_THE_SERVER = kill_points("server/api/selection_runs.py")
SELECTION_OF_THE_WORKER = kill_points("worker", "pipeline/select_again.py", "adapters/remote_run_line.py")

MAPS_OF_THE_SERVER = kill_points("server/api/projection_runs.py")
MAPS_OF_THE_WORKER = kill_points("worker", "pipeline/make_map.py", "adapters/remote_run_line.py")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("model") / "tiny.onnx", TinyModel())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, open_photos: Fixture, model: Path) -> Sequence[State]:
    """The state after each step, the first being that before any, when nobody disturbs server and worker."""
    folder = tmp_path_factory.mktemp("undisturbed")
    photos = open_photos(folder / "photos")
    states = [NOTHING]
    with closing(Deployment(folder, "")) as deployment:
        deployment.start_server()
        deployment.start_worker()
        for step in range(STEPS):
            photos.add_many(IMAGES_PER_STEP, prefix=f"step_{step}")
            deployment.complete(deployment.schedule(photos, model))
            states.append(read_state(deployment, photos))
        check_tidy(deployment, photos)
    assert all(len(after.crops) == len(before.crops) + 5 for before, after in itertools.pairwise(states))
    return states


@pytest.fixture
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    """A home on SQLite, or on the database that a test names; nothing is started yet."""
    with ExitStack() as stack:
        url = ""
        if getattr(request, "param", "sqlite") == "postgresql":
            url = stack.enter_context(request.getfixturevalue("postgresql_server").migrated_database())
        yield stack.enter_context(closing(Deployment(tmp_path, url)))


on_both_databases = pytest.mark.parametrize("deployment", ["sqlite", "postgresql"], indirect=True)


def cases() -> list[tuple[str, str, str]]:
    """Every kill point on every database, as (database, who dies, where)."""
    return [
        (database, victim, point)
        for database in ("sqlite", "postgresql")
        for victim, points in (("server", OF_THE_SERVER), ("worker", OF_THE_WORKER))
        for point in points
    ]


def test_every_kill_point_of_the_source_is_tested_here() -> None:
    assert set(OF_THE_SERVER) == {
        *("before_claim", "after_claim", "after_part", "before_commit", "before_transaction", "after_transaction"),
        *("before_finish", "after_finish"),
    }
    assert set(OF_THE_WORKER) == {
        *("after_claim", "after_embedding", "after_crops", "before_parts", "after_parts", "after_commit"),
        "before_finish",
    }


@pytest.mark.parametrize(("deployment", "victim", "point"), cases(), indirect=["deployment"])
def test_a_death_at_a_kill_point_loses_and_doubles_nothing(
    deployment: Deployment,
    photos: Fixture,
    model: Path,
    undisturbed: Sequence[State],
    victim: str,
    point: str,
) -> None:
    of_server, of_worker = (point, "") if victim == "server" else ("", point)

    # One dies in a fresh home, the other lives.
    server = deployment.start_server(kill_at=of_server)
    photos.add_many(IMAGES_PER_STEP, prefix="step_0")
    run = deployment.schedule(photos, model)
    worker = deployment.start_worker(kill_at=of_worker)
    assert killed(server if of_server else worker, what=deployment.output)
    if of_server:
        server = deployment.start_server()
    else:
        worker = deployment.start_worker()
    deployment.complete(run)
    assert server.is_alive()
    assert worker.is_alive()
    assert read_state(deployment, photos) == undisturbed[1]

    # Both die, with datasets there before.
    photos.add_many(IMAGES_PER_STEP, prefix="step_1")
    if of_server:
        send(worker, signal.SIGSTOP)
        run = deployment.schedule(photos, model)
        server.kill()
        server.join()
        server = deployment.start_server(kill_at=of_server)
        send(worker, signal.SIGCONT)
    else:
        worker.kill()
        worker.join()
        run = deployment.schedule(photos, model)
        worker = deployment.start_worker(kill_at=of_worker)
    assert killed(server if of_server else worker, what=deployment.output)
    deployment.kill_all()
    deployment.start_server()
    deployment.start_worker()
    deployment.complete(run)
    assert read_state(deployment, photos) == undisturbed[2]

    check_nothing_is_new(deployment, photos, model)
    assert read_state(deployment, photos) == undisturbed[2]


@pytest.mark.parametrize("turn", range(6))
@on_both_databases
def test_a_death_at_a_random_instant_loses_and_doubles_nothing(
    deployment: Deployment, photos: Fixture, model: Path, undisturbed: Sequence[State], turn: int
) -> None:
    rng = random.Random(f"{deployment.database_url[:10]} {turn}")
    server, worker = deployment.start_server(), deployment.start_worker()
    for step in range(STEPS):
        photos.add_many(IMAGES_PER_STEP, prefix=f"step_{step}")
        run = deployment.schedule(photos, model)
        wait_until(lambda run=run: run.refresh().state is not RunState.QUEUED, what=deployment.output)
        time.sleep(rng.uniform(0, LONGEST_RUN_S))
        doomed = rng.choice(["server", "worker", "both"])
        if doomed != "worker":
            server.kill()
        if doomed != "server":
            worker.kill()
        if doomed != "worker":
            server.join()
            server = deployment.start_server()
        if doomed != "server":
            worker.join()
            worker = deployment.start_worker()
        deployment.complete(run)
        assert read_state(deployment, photos) == undisturbed[step + 1], f"step {step}, {doomed} died"
    check_nothing_is_new(deployment, photos, model)
    assert read_state(deployment, photos) == undisturbed[-1]


def check_nothing_is_new(deployment: Deployment, photos: Fixture, model: Path) -> None:
    """The same run again adds nothing, and nothing lies around after it."""
    run = deployment.schedule(photos, model)
    deployment.complete(run)
    assert "nothing new" in run.message
    check_tidy(deployment, photos)


def test_a_run_over_which_three_workers_died_fails_and_adds_nothing(
    deployment: Deployment, photos: Fixture, model: Path, undisturbed: Sequence[State]
) -> None:
    deployment.start_server()
    photos.add_many(IMAGES_PER_STEP, prefix="step_0")
    run = deployment.schedule(photos, model)
    before = read_state(deployment, photos)
    for number in range(3):
        assert killed(deployment.start_worker(f"worker-{number}", kill_at="after_crops"), what=deployment.output)
    wait_until(lambda: run.refresh().is_over, what=deployment.output)
    assert (run.state, run.document.deaths) == (RunState.FAILED, 3)
    assert "died 3 times" in run.message
    story = deployment.story(run)
    assert all(f"`worker-{number}` died" in story for number in range(3))
    assert read_state(deployment, photos) == before
    # Whoever finds what they died of may try again.
    deployment.start_worker("worker-3")
    deployment.complete(run.retry())
    assert read_state(deployment, photos) == undisturbed[1]
    check_tidy(deployment, photos)


def test_a_death_is_noticed_when_nothing_was_heard_for_as_long_as_the_settings_say(
    deployment: Deployment, photos: Fixture, model: Path
) -> None:
    deployment.worker_timeout_s = 2.0
    deployment.start_server()
    photos.add_many(IMAGES_PER_STEP)
    run = deployment.schedule(photos, model)
    assert killed(deployment.start_worker(kill_at="after_crops"), what=deployment.output)
    died = time.monotonic()
    assert not run.refresh().is_over
    wait_until(lambda: run.refresh().state is RunState.QUEUED)
    # The last sign of life may have been a beat before, of which there are three; the server looks six times.
    assert 1.0 < time.monotonic() - died < 2.0 + 2.0 / 6 + SLACK_S
    [worker] = deployment.client.workers.list()
    assert worker.state == "offline"
    assert worker.runs == ()


@on_both_databases
def test_a_worker_that_comes_back_too_late_changes_nothing_and_goes_on_with_others(
    deployment: Deployment, photos: Fixture, make_photos: Fixture, model: Path
) -> None:
    deployment.start_server()
    photos.add_many(MANY_IMAGES)
    run = deployment.schedule(photos, model)
    late = deployment.start_worker("late")
    wait_until(lambda: run.refresh().state is RunState.EMBEDDING_OBJECT_CROPS, what=deployment.output)
    send(late, signal.SIGSTOP)
    other = deployment.start_worker("other")
    deployment.complete(run)
    expected = read_state(deployment, photos)
    story = deployment.story(run)
    assert len(expected.crops) == MANY_CROPS
    deployment.stop(other)

    with protocol(deployment, lease=1) as line:
        for call in (
            line.put(f"/api/runs/{run.id}/state", json={"state": "SAMPLING"}),
            line.post(f"/api/runs/{run.id}/log", json={"lines": [{"number": 900, "level": "INFO", "message": "late"}]}),
            put_part(line, run.id, "images-0", b"late"),
            line.post(f"/api/runs/{run.id}/finish", json={"state": "FAILED", "message": "late", "result": {}}),
            line.get(f"/api/runs/{run.id}/credentials"),
        ):
            assert call.status_code == 409, call.text
            assert call.json()["type"].endswith("stale-lease")

    next_photos = make_photos("next")
    next_photos.add_many(IMAGES_PER_STEP)
    next_run = deployment.schedule(next_photos, model, dataset="next")
    send(late, signal.SIGCONT)
    deployment.complete(next_run)
    assert f"run {run.id}: dropped: " in deployment.output()
    assert read_state(deployment, photos) == expected
    assert deployment.story(run) == story
    run.refresh()
    assert (run.state, run.document.deaths) == (RunState.COMPLETED, 1)
    assert len(photos.files_below("crops")) == MANY_CROPS


@pytest.mark.parametrize("asleep", ["server", "both"])
def test_no_worker_is_taken_for_dead_while_the_server_stood_still(
    deployment: Deployment, photos: Fixture, model: Path, asleep: str
) -> None:
    server = deployment.start_server()
    photos.add_many(MANY_IMAGES)
    run = deployment.schedule(photos, model)
    worker = deployment.start_worker()
    wait_until(lambda: run.refresh().state is RunState.EMBEDDING_OBJECT_CROPS, what=deployment.output)
    sleepers = [server, worker] if asleep == "both" else [server]
    for process in sleepers:
        send(process, signal.SIGSTOP)
    time.sleep(2 * deployment.worker_timeout_s)
    for process in sleepers:
        send(process, signal.SIGCONT)
    deployment.complete(run)
    assert run.document.deaths == 0, deployment.story(run)
    assert deployment.story(run).count(" began") == 1


@on_both_databases
def test_two_workers_race_and_every_run_is_executed_once(
    deployment: Deployment, make_photos: Fixture, model: Path
) -> None:
    deployment.start_server()
    runs = []
    for name in ("day", "dusk", "night"):
        folder = make_photos(name)
        folder.add_many(IMAGES_PER_STEP)
        runs += [deployment.schedule(folder, model, dataset=name) for _ in range(3)]
    for worker in ("one", "two"):
        deployment.start_worker(worker)
    for run in runs:
        deployment.complete(run)
    for run in runs:
        assert run.document.deaths == 0
        assert deployment.story(run).count(" began") == 1
    for name in ("day", "dusk", "night"):
        documents = [run.document for run in runs if run.document.image_dataset.name == name]
        in_turn = sorted(documents, key=lambda document: document.started_at)
        for earlier, later in itertools.pairwise(in_turn):
            assert earlier.finished_at <= later.started_at
        assert ["nothing new" in document.message for document in in_turn] == [False, True, True]
    assert len({run.document.worker.name for run in runs}) == 2


def test_a_run_that_waits_is_cancelled_at_once(deployment: Deployment, photos: Fixture, model: Path) -> None:
    deployment.start_server()
    photos.add_many(1)
    run = deployment.schedule(photos, model)
    before = read_state(deployment, photos)
    assert run.cancel().state is RunState.ABORTED
    deployment.start_worker()
    later = deployment.schedule(photos, model)
    deployment.complete(later)
    assert run.refresh().state is RunState.ABORTED
    assert list(run.log()) == []
    assert len(read_state(deployment, photos).images) > len(before.images) == 0


def test_a_run_under_way_is_cancelled_at_its_next_step(deployment: Deployment, photos: Fixture, model: Path) -> None:
    deployment.start_server()
    photos.add_many(MANY_IMAGES)
    run = deployment.schedule(photos, model)
    before = read_state(deployment, photos)
    worker = deployment.start_worker()
    wait_until(lambda: run.refresh().state is RunState.EMBEDDING_OBJECT_CROPS, what=deployment.output)
    send(worker, signal.SIGSTOP)
    assert not run.cancel().is_over
    send(worker, signal.SIGCONT)
    wait_until(lambda: run.refresh().is_over, what=deployment.output)
    assert run.state is RunState.ABORTED, run.message
    assert read_state(deployment, photos) == before
    assert photos.files_below("crops") == set()
    deployment.complete(run.retry())
    assert len(read_state(deployment, photos).crops) == MANY_CROPS
    check_tidy(deployment, photos)


def test_a_part_that_breaks_off_comes_twice_or_damaged_leaves_nothing_behind(
    deployment: Deployment, photos: Fixture, model: Path
) -> None:
    deployment.start_server()
    photos.add_many(1)
    run = deployment.schedule(photos, model)
    parts = deployment.home.parts

    def files() -> list[str]:
        return sorted(path.name for path in parts.rglob("*") if path.is_file())

    with protocol(deployment, lease=1) as line:
        worker = line.post("/api/workers", json={"name": "by hand"}).json()["id"]
        claimed = line.post(f"/api/workers/{worker}/claim", json={}).json()["assignment"]
        assert (claimed["run_id"], claimed["lease"]) == (run.id, 1)
        with break_off(deployment, run.id, "images-0"):
            wait_until(files)
        wait_until(lambda: not files())
        damaged = put_part(line, run.id, "images-0", b"part", digest_of=b"another")
        assert (damaged.status_code, files()) == (422, [])
        for _ in range(2):
            assert put_part(line, run.id, "images-0", b"part").status_code == 200
        changed = put_part(line, run.id, "images-0", b"changed")
        assert (changed.status_code, changed.json()["type"].rpartition("/")[2]) == (409, "conflict")
        assert files() == ["images-0"]
        assert next(parts.rglob("images-0")).read_bytes() == b"part"
    # Whoever handed that in is never heard of again.
    deployment.start_worker()
    deployment.complete(run)
    check_tidy(deployment, photos)


def test_a_second_server_on_the_home_ends_and_the_first_goes_on(deployment: Deployment) -> None:
    server = deployment.start_server()
    second = deployment.start("server", "--port", "0")
    second.join(30)
    assert second.exitcode == 2, deployment.output()
    assert f"a server (process {server.pid} at {deployment.url}) uses" in deployment.output()
    assert deployment.is_served_by(server)
    # One that was killed is in nobody's way.
    server.kill()
    server.join()
    assert deployment.home.server_address() is None
    assert deployment.is_served_by(deployment.start_server())


@pytest.mark.parametrize("deployment", ["postgresql"], indirect=True)
def test_a_run_outlasts_a_stop_of_postgresql(
    deployment: Deployment, photos: Fixture, model: Path, postgresql_server: Fixture
) -> None:
    outlast(deployment, photos, model, lambda: stopped(postgresql_server))


def test_a_run_outlasts_another_writer_of_sqlite(deployment: Deployment, photos: Fixture, model: Path) -> None:
    @contextmanager
    def write_locked() -> Iterator[None]:
        with closing(sqlite3.connect(deployment.home.database, isolation_level=None, timeout=20)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")

    outlast(deployment, photos, model, write_locked)


def outlast(
    deployment: Deployment, photos: Fixture, model: Path, gone: Callable[[], AbstractContextManager[None]]
) -> None:
    """A run during which the database is gone for several times as long as a worker may be silent."""
    deployment.start_server()
    photos.add_many(MANY_IMAGES)
    run = deployment.schedule(photos, model)
    deployment.start_worker()
    wait_until(lambda: run.refresh().state is RunState.EMBEDDING_OBJECT_CROPS, what=deployment.output)
    with gone(), Sampler(deployment.is_healthy) as health:
        time.sleep(SECONDS_GONE)
    assert len(health.answers) > SECONDS_GONE
    assert all(health.answers)
    back = time.time() * 1000
    deployment.complete(run)
    assert run.document.finished_at > back
    assert run.document.deaths == 0, "the worker was there all the time"
    assert len(read_state(deployment, photos).crops) == MANY_CROPS
    check_nothing_is_new(deployment, photos, model)


def test_up_that_is_killed_and_started_again_completes_its_run(
    deployment: Deployment, photos: Fixture, model: Path, undisturbed: Sequence[State]
) -> None:
    up = deployment.start_server("up", "--no-browser")
    photos.add_many(IMAGES_PER_STEP, prefix="step_0")
    run = deployment.schedule(photos, model)
    wait_until(lambda: run.refresh().state not in (RunState.QUEUED, RunState.STARTED), what=deployment.output)
    up.kill()
    up.join()
    up = deployment.start_server("up", "--no-browser")
    deployment.complete(run)
    assert read_state(deployment, photos) == undisturbed[1]
    check_nothing_is_new(deployment, photos, model)
    deployment.stop(up)


@pytest.mark.parametrize(
    ("victim", "point"),
    [
        *(("server", point) for point in SELECTION_OF_THE_SERVER),
        *(("worker", point) for point in SELECTION_OF_THE_WORKER),
    ],
)
@on_both_databases
def test_a_death_in_a_selection_run_chooses_once(
    deployment: Deployment, photos: Fixture, model: Path, victim: str, point: str
) -> None:
    server, worker = deployment.start_server(), deployment.start_worker()
    photos.add_many(IMAGES_PER_STEP)
    deployment.complete(deployment.schedule(photos, model))
    for process in (server, worker):
        process.kill()
        process.join()
    deployment.start_server()
    run = deployment.client.runs.select("photos-crops", selection={"n_samples": 2}, new_tag="chosen")
    deployment.kill_all()
    server = deployment.start_server(kill_at=point if victim == "server" else "")
    worker = deployment.start_worker(kill_at=point if victim == "worker" else "")
    assert killed(server if victim == "server" else worker, what=deployment.output)
    deployment.kill_all()
    deployment.start_server()
    deployment.start_worker()
    deployment.complete(run)
    dataset = deployment.client.datasets.get("photos-crops")
    assert [tag.size for tag in dataset.tags if tag.name.startswith("chosen")] == [2]
    read_state(deployment, photos)
    check_tidy(deployment, photos)


@pytest.mark.parametrize(
    ("deployment", "victim", "point"),
    [
        *(("sqlite", "server", point) for point in MAPS_OF_THE_SERVER),
        *(("sqlite", "worker", point) for point in MAPS_OF_THE_WORKER),
        ("postgresql", "server", "after_finish"),
    ],
    indirect=["deployment"],
)
def test_a_death_while_a_map_is_made_or_extended_gives_every_sample_one_place(
    deployment: Deployment, photos: Fixture, model: Path, victim: str, point: str
) -> None:
    def die_and_come_back() -> None:
        deployment.kill_all()
        server = deployment.start_server(kill_at=point if victim == "server" else "")
        worker = deployment.start_worker(kill_at=point if victim == "worker" else "")
        assert killed(server if victim == "server" else worker, what=deployment.output)
        deployment.kill_all()
        deployment.start_server()
        deployment.start_worker()

    def everybody_has_a_place() -> bool:
        document = crops.projections[-1].document
        return document.run_id is None and document.point_count == document.sample_count

    deployment.start_server()
    deployment.start_worker()
    photos.add_many(IMAGES_PER_STEP)
    deployment.complete(deployment.schedule(photos, model))
    deployment.kill_all()
    deployment.start_server()
    crops = deployment.client.datasets.get("photos-crops")
    made = crops.make_projection("pacmap")
    die_and_come_back()
    wait_until(everybody_has_a_place, what=deployment.output)
    before = made.points()
    deployment.kill_all()
    # The commit of new samples lets a run wait that extends the map, whatever becomes of who added them.
    deployment.start_server()
    photos.add_many(IMAGES_PER_STEP, prefix="more")
    run = deployment.schedule(photos, model)
    assert killed(deployment.start_worker(kill_at="after_commit"), what=deployment.output)
    die_and_come_back()
    deployment.complete(run)
    wait_until(everybody_has_a_place, what=deployment.output)
    after = made.points()
    assert len(after) > len(before)
    assert after[: len(before)].tobytes() == before.tobytes()
    kinds = [known.document.kind for known in deployment.client.runs.list(crops)]
    assert kinds.count("projection") == 2
    read_state(deployment, photos)
    check_tidy(deployment, photos)


@contextmanager
def protocol(deployment: Deployment, *, lease: int) -> Iterator[httpx2.Client]:
    """Calls of a worker that has this lease."""
    headers = {"Authorization": f"Bearer {deployment.token}", "Swath-Lease": str(lease)}
    with httpx2.Client(base_url=deployment.url, headers=headers, timeout=30, trust_env=False) as line:
        yield line


def put_part(
    line: httpx2.Client, run_id: str, name: str, data: bytes, *, digest_of: bytes | None = None
) -> httpx2.Response:
    digest = content_digest(hashlib.sha256(data if digest_of is None else digest_of).digest())
    return line.put(f"/api/runs/{run_id}/parts/{name}", content=data, headers={"Content-Digest": digest})


@contextmanager
def break_off(deployment: Deployment, run_id: str, name: str) -> Iterator[None]:
    """While this is entered a part is on its way, most of which never comes."""
    head = (
        f"PUT /api/runs/{run_id}/parts/{name} HTTP/1.1\r\nHost: 127.0.0.1\r\nSwath-Lease: 1\r\n"
        f"Authorization: Bearer {deployment.token}\r\nContent-Length: {8 << 20}\r\n"
        f"Content-Digest: {content_digest(bytes(32))}\r\nContent-Type: application/octet-stream\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", deployment.port)) as line:
        line.sendall(head.encode() + bytes(3 << 20))
        yield
