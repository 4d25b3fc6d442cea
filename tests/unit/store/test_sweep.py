from __future__ import annotations

from typing import Any

import numpy as np

from swath.store.catalog import read_vectors
from swath.store.database import Store
from swath.store.embeddings import AddedVectors, write_segment
from swath.store.home import Home
from swath.store.sweep import sweep
from swath.testing.session_contract import make_additions

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


def test_a_run_sweeps_when_it_starts(home: Home, start_run: Fixture) -> None:
    left_over = write_segment(home, "d" * 24, AddedVectors(vectors=np.zeros((2, 4), np.float16)))
    start_run()
    assert not (home.vectors / left_over.file_name).exists()
