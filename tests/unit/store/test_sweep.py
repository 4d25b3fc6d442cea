from __future__ import annotations

from typing import Any

import numpy as np

from swath.store.catalog import read_vectors
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.datasets import create_dataset, plan_image_dataset
from swath.store.embeddings import AddedVectors, write_segment
from swath.store.home import Home
from swath.store.queue import claim_run, requeue_dead, schedule_run
from swath.store.sweep import sweep
from swath.store.users import local_user
from swath.store.workers import register_worker
from swath.testing.session_contract import make_additions
from swath.wire.runs import RunKind

Fixture = Any  # of conftest.py: StartRun or CommitRun


def test_what_no_row_names_is_removed_and_the_rest_stays(
    store: Store, home: Home, start_run: Fixture, commit_run: Fixture
) -> None:
    commit_run(make_additions({"a.jpg": 2}))
    run = start_run()
    run.store_artifact("report.html", b"kept")
    left_over = write_segment(home, "d" * 24, AddedVectors(vectors=np.zeros((2, 4), np.float16)))
    half_written = home.vectors / ".x.f16.1.partial"
    half_written.write_bytes(b"")
    lost_run = home.artifacts / ("f" * 24)
    lost_run.mkdir()
    (lost_run / "report.html").write_bytes(b"lost")
    half_report = home.artifacts / run.target.run_id / ".report.pdf.1.partial"
    half_report.write_bytes(b"")
    notes = home.vectors / "notes.txt"
    notes.write_text("a person's own")
    removed = sweep(store, home)
    assert set(removed) == {home.vectors / left_over.file_name, half_written, lost_run, half_report}
    assert not any(path.exists() for path in removed)
    assert notes.exists()
    assert (home.artifacts / run.target.run_id / "report.html").read_bytes() == b"kept"
    assert len(read_vectors(store, home, "vehicles-crops")) == 2
    assert sweep(store, home) == []


def test_uploads_that_were_cut_off_go_with_the_server_that_took_them(store: Store, home: Home) -> None:
    home.arriving.mkdir()
    left = home.arriving / ("a" * 24)
    left.write_bytes(b"half of it")
    assert sweep(store, home) == [left]
    assert not left.exists()


def test_a_run_sweeps_when_it_starts(home: Home, start_run: Fixture) -> None:
    left_over = write_segment(home, "d" * 24, AddedVectors(vectors=np.zeros((2, 4), np.float16)))
    start_run()
    assert not (home.vectors / left_over.file_name).exists()


def test_parts_stay_as_long_as_a_worker_may_commit_them(store: Store, home: Home) -> None:
    with store.writing() as connection:
        owner_id = local_user(connection).id
        planned = plan_image_dataset(connection, owner_id=owner_id, name="vehicles", input_uri="/a", output_uri="/a")
        run_id = schedule_run(
            connection,
            owner_id=owner_id,
            kind=RunKind.OBJECT_LEVEL,
            config_json="{}",
            dataset=create_dataset(connection, planned, now=0),
            task=None,
            now=0,
        )
        worker = register_worker(connection, owner_id=owner_id, name="w", now=0)
        claim_run(connection, worker, serves_everybody=True, now=0, lease_ms=0)
        requeue_dead(connection, now=1)
        claim_run(connection, worker, serves_everybody=True, now=now_ms(), lease_ms=60_000)
    kept = home.parts / run_id / "2" / "images-0"
    of_the_dead = home.parts / run_id / "1"
    half_written = home.parts / run_id / "2" / ".images-1.x.partial"
    of_no_run = home.parts / ("f" * 24)
    for path in (kept, of_the_dead / "images-0", half_written, of_no_run / "1" / "images-0"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    assert set(sweep(store, home)) == {of_the_dead, half_written, of_no_run}
    assert kept.exists()
    assert not of_the_dead.exists()
