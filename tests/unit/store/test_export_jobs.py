from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from swath.core.errors import Conflict, NotFound
from swath.store import export_jobs, schema
from swath.store.catalog import describe_dataset
from swath.store.database import Store
from swath.store.export_jobs import ExportJob
from swath.store.home import Home
from swath.store.users import local_user
from swath.testing.session_contract import make_additions
from swath.wire.exports import ExportFormat, ExportState

Fixture = Any  # of conftest.py: CommitRun


@pytest.fixture
def dataset_id(store: Store, commit_run: Fixture) -> str:
    commit_run(make_additions({"a.jpg": 5}))
    return describe_dataset(store, "vehicles-crops").id


def ask(store: Store, dataset_id: str, *members: int) -> ExportJob:
    with store.writing() as connection:
        return export_jobs.create_export(
            connection,
            dataset_id=dataset_id,
            user_id=local_user(connection).id,
            export_format=ExportFormat.COCO,
            download_name="vehicles-crops",
            members=np.array(members, dtype=np.int64) if members else None,
            sample_count=len(members) or 5,
            tag="vans",
        )


def finish(store: Store, home: Home, job: ExportJob) -> None:
    home.exports.mkdir(exist_ok=True)
    job.file(home).write_bytes(b"data")
    with store.writing() as connection:
        assert export_jobs.finish_export(connection, job, byte_length=4)


def test_exports_wait_in_the_order_in_which_they_were_asked_for(store: Store, home: Home, dataset_id: str) -> None:
    first, second = ask(store, dataset_id, 1, 3), ask(store, dataset_id)
    with store.reading() as connection:
        assert export_jobs.members_of(connection, first).tolist() == [1, 3]  # type: ignore[union-attr]
        assert export_jobs.members_of(connection, second) is None
    waiting: list[str] = []
    for _ in range(2):
        with store.reading() as connection:
            job = export_jobs.next_waiting(connection)
        assert job is not None
        waiting.append(job.id)
        finish(store, home, job)
    assert set(waiting) == {first.id, second.id}
    with store.reading() as connection:
        assert export_jobs.next_waiting(connection) is None
        done = export_jobs.find_export(connection, first.id)
        assert (done.state, done.byte_length, done.tag, done.sample_count) == (ExportState.READY, 4, "vans", 2)
        assert {job.id for job in export_jobs.list_exports(connection, dataset_id)} == {first.id, second.id}


def test_an_export_that_failed_says_why_and_waits_no_more(store: Store, dataset_id: str) -> None:
    job = ask(store, dataset_id)
    with store.writing() as connection:
        assert export_jobs.fail_export(connection, job, "the disk is full")
        assert export_jobs.next_waiting(connection) is None
        assert not export_jobs.finish_export(connection, job, byte_length=4)
        assert export_jobs.find_export(connection, job.id).message == "the disk is full"


def test_deleting_an_export_takes_its_file_and_the_samples_it_kept(store: Store, home: Home, dataset_id: str) -> None:
    job = ask(store, dataset_id, 2)
    finish(store, home, job)
    export_jobs.delete_export(store, home, job)
    assert not job.file(home).exists()
    with store.reading() as connection:
        assert connection.execute(sa.select(schema.selections)).all() == []
        with pytest.raises(NotFound, match="there is no export"):
            export_jobs.find_export(connection, job.id)


def test_an_export_that_was_deleted_cannot_be_finished(store: Store, home: Home, dataset_id: str) -> None:
    job = ask(store, dataset_id, 2)
    export_jobs.delete_export(store, home, job)
    with store.writing() as connection:
        assert not export_jobs.finish_export(connection, job, byte_length=4)


def test_old_exports_go_and_younger_ones_stay(store: Store, home: Home, dataset_id: str) -> None:
    old, young, waiting = ask(store, dataset_id), ask(store, dataset_id), ask(store, dataset_id)
    finish(store, home, old)
    finish(store, home, young)
    with store.writing() as connection:
        connection.execute(sa.update(schema.exports).where(schema.exports.c.id == old.id).values(finished_at=1000))
    assert export_jobs.delete_old_exports(store, home, before=2000) == 1
    assert not old.file(home).exists()
    assert young.file(home).exists()
    with store.reading() as connection:
        assert {job.id for job in export_jobs.list_exports(connection, dataset_id)} == {young.id, waiting.id}


def test_files_that_no_export_names_are_swept(store: Store, home: Home, dataset_id: str) -> None:
    job = ask(store, dataset_id)
    finish(store, home, job)
    left = home.exports / ".half.zip.partial"
    left.write_bytes(b"x")
    export_jobs.sweep_exports(store, home)
    assert job.file(home).exists()
    assert not left.exists()
    with store.writing() as connection:
        export_jobs.forget_exports(connection, dataset_id)
    export_jobs.sweep_exports(store, home)
    assert not job.file(home).exists()


def test_one_user_has_so_many_exports_waiting_and_no_more(
    store: Store, dataset_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_jobs, "MAX_WAITING", 2)
    first, _ = ask(store, dataset_id), ask(store, dataset_id)
    with pytest.raises(Conflict, match="2 exports of yours are waiting"):
        ask(store, dataset_id)
    with store.writing() as connection:
        export_jobs.fail_export(connection, first, "no")
    ask(store, dataset_id)
