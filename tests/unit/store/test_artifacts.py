from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from swath.core.errors import InvalidConfig, NotFound
from swath.store.artifacts import artifacts_of_runs, list_artifacts, read_artifact
from swath.store.database import Store
from swath.store.home import Home

Fixture = Any  # of conftest.py: StartRun


def test_artifacts_are_kept_with_their_run(store: Store, home: Home, start_run: Fixture) -> None:
    run = start_run()
    where = run.store_artifact("report/report.html", b"<p>one")
    assert Path(where) == home.artifacts / run.target.run_id / "report" / "report.html"
    run.store_artifact("report/report.html", memoryview(b"<p>two"))
    run.store_artifact("log.txt", b"")
    with store.reading() as connection:
        kept = list_artifacts(connection, run.target.run_id)
        assert {(artifact.name, artifact.byte_length) for artifact in kept} == {
            ("report/report.html", 6),
            ("log.txt", 0),
        }
        assert read_artifact(connection, home, run.target.run_id, "report/report.html") == b"<p>two"
        with pytest.raises(NotFound, match=r"`report\.pdf`") as caught:
            read_artifact(connection, home, run.target.run_id, "report.pdf")
    assert "`log.txt`" in caught.value.hint


def test_artifacts_of_many_runs_are_found_at_once(store: Store, start_run: Fixture) -> None:
    runs = [start_run(name) for name in ("one", "two", "three")]
    for run, names in zip(runs, (["b.txt", "a.txt"], [], ["c.txt"]), strict=True):
        for name in names:
            run.store_artifact(name, b"x")
    ids = [run.target.run_id for run in runs]
    with store.reading() as connection:
        expected = {run_id: list_artifacts(connection, run_id) for run_id in (ids[0], ids[2])}
        assert artifacts_of_runs(connection, [*ids, *("0" * 24 for _ in range(1500))]) == expected


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../other", "a/../../b", "a\\b", "a\0b"])
def test_an_artifact_never_leaves_the_folder_of_its_run(home: Home, start_run: Fixture, name: str) -> None:
    run = start_run()
    with pytest.raises(InvalidConfig, match="an artifact cannot be called"):
        run.store_artifact(name, b"x")
    assert list(home.artifacts.rglob("*")) == []
