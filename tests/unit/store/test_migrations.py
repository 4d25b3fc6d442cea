from __future__ import annotations

import sqlite3
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from swath.core.errors import SourceUnavailable
from swath.core.runs import RunState
from swath.store import catalog, runs, schema
from swath.store.database import MIGRATIONS, Store, open_store
from swath.store.home import Home
from swath.store.projections import find_projection
from swath.store.sharing import find_dataset
from swath.store.tags import find_tag, tag_members
from swath.store.users import list_users, local_user

EMBEDDER, IMAGES, CROPS, RUN = "e" * 24, "a" * 24, "c" * 24, "f" * 24
IMAGE_SAMPLE, CROP_SAMPLE, TAG = "1" * 24, "2" * 24, "7" * 24
MEMBERS = np.array([0], dtype=np.uint32)


def rows_of_first_version() -> dict[str, list[dict[str, Any]]]:
    """A home of the version before there were users, with a row in every table; parents before children."""
    from pyroaring import BitMap

    dataset = {
        "parent_id": None,
        "task": None,
        "is_default": False,
        "input_uri": "/photos",
        "output_uri": "/photos",
        "embedder_id": EMBEDDER,
        "sample_count": 1,
        "created_at": 5,
        "modified_at": 6,
    }
    sample = {
        "sample_index": 0,
        "file_name": "a.jpg",
        "digest": b"d" * 32,
        "width": 640,
        "height": 480,
        "byte_size": 1000,
        "thumbnail_key": "",
        "run_id": RUN,
        "created_at": 5,
        "modified_at": 6,
    }
    box = {"x0": 1.0, "y0": 2.0, "x1": 3.0, "y1": 4.0}
    tag = {"parent_id": None, "total_size": 1, "revision": 0, "run_id": None, "created_at": 5, "modified_at": 6}
    return {
        "embedders": [
            {"id": EMBEDDER, "digest": "8" * 64, "name": "x", "dimension": 4, "input_size": 32, "resize_mode": "squash"}
        ],
        "datasets": [
            {**dataset, "id": IMAGES, "name": "vehicles", "kind": "images"},
            {
                **dataset,
                "id": CROPS,
                "name": "vehicles-crops",
                "kind": "crops",
                "parent_id": IMAGES,
                "task": "wheels",
                "is_default": True,
            },
        ],
        "samples": [
            {**sample, "dataset_id": IMAGES, "id": IMAGE_SAMPLE},
            {**sample, "dataset_id": CROPS, "id": CROP_SAMPLE, "file_name": "a_0.jpg", "digest": b""},
        ],
        "crops": [
            {
                "dataset_id": CROPS,
                "sample_index": 0,
                "parent_sample_id": IMAGE_SAMPLE,
                "object_key": b"k" * 16,
                "crop_key": b"c" * 16,
                "task": "wheels",
                "position": 0,
                "category_id": 1,
                "score": 0.5,
                **box,
                "rect_x0": 1,
                "rect_y0": 2,
                "rect_x1": 3,
                "rect_y1": 4,
                "padding": 0.1,
                "stale": False,
            }
        ],
        "prediction_tasks": [
            {
                "dataset_id": IMAGES,
                "task": "wheels",
                "task_type": "object-detection",
                "categories": '[{"id": 1, "name": "wheel", "keypoint_names": [], "keypoint_skeleton": []}]',
                "modified_at": 5,
            }
        ],
        "predictions": [
            {
                "dataset_id": IMAGES,
                "sample_index": 0,
                "task": "wheels",
                "position": 0,
                "category_id": 1,
                "score": 0.5,
                **box,
                "outcome": 0,
                "object_key": b"k" * 16,
            }
        ],
        "tags": [
            {**tag, "id": "6" * 24, "dataset_id": IMAGES, "name": "initial-tag", "members": None, "member_count": 0},
            {
                **tag,
                "id": TAG,
                "dataset_id": IMAGES,
                "name": "good ones",
                "parent_id": "6" * 24,
                "members": BitMap(MEMBERS).serialize(),
                "member_count": 1,
            },
        ],
        "vector_segments": [
            {
                "dataset_id": IMAGES,
                "sequence": 1,
                "embedder_id": EMBEDDER,
                "run_id": RUN,
                "file_name": "x.f16",
                "first_index": 0,
                "sample_indices": None,
                "row_count": 1,
                "dimension": 4,
                "dtype": "<f2",
                "byte_length": 8,
                "sha256": b"s" * 32,
            }
        ],
        "used_files": [
            {
                "dataset_id": CROPS,
                "task": "wheels",
                "file_key": "a.jpg",
                "image_digest": b"d" * 32,
                "prediction_digest": b"p" * 32,
                "outcome": "used",
                "run_id": RUN,
            }
        ],
        "runs": [
            {
                "id": RUN,
                "state": "COMPLETED",
                "message": "1 object",
                "config": "{}",
                "result": '{"n": 1}',
                "receipt": "{}",
                "image_dataset_id": IMAGES,
                "image_dataset_name": "vehicles",
                "crop_dataset_id": CROPS,
                "crop_dataset_name": "vehicles-crops",
                "task": "wheels",
                "input_uri": "/photos",
                "output_uri": "/photos",
                "process_id": 7,
                "host_name": "here",
                "cancel_requested": False,
                "created_at": 5,
                "started_at": 6,
                "finished_at": 7,
            }
        ],
        "run_log": [
            {"run_id": RUN, "line_number": number, "logged_at": 5, "level": "INFO", "message": f"line {number}"}
            for number in range(3)
        ],
        "artifacts": [
            {"run_id": RUN, "name": "objects.parquet", "byte_length": 3, "sha256": b"s" * 32, "created_at": 5}
        ],
    }


def make_first_version(url: str) -> dict[str, list[dict[str, Any]]]:
    """Make a database at revision 0001 with a row in every table; returns the rows."""
    engine = sa.create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    rows = rows_of_first_version()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        tables = sa.MetaData()
        tables.reflect(connection)
        assert set(rows) == set(tables.tables) - {"alembic_version"}
        for name, values in rows.items():
            for row in values:
                connection.execute(sa.insert(tables.tables[name]).values(row))
    engine.dispose()
    return rows


@pytest.fixture
def first_version(home: Home, database_url: str) -> dict[str, list[dict[str, Any]]]:
    return make_first_version(database_url)


@pytest.fixture
def upgraded(first_version: object, database_url: str) -> Any:
    store = open_store(database_url)
    yield store
    store.close()


def test_an_upgrade_keeps_every_row_and_every_value(
    first_version: dict[str, list[dict[str, Any]]], upgraded: Store
) -> None:
    with upgraded.reading() as connection:
        for name, rows in first_version.items():
            table = schema.metadata.tables[name]
            columns = [table.c[column] for column in rows[0]]
            found = [dict(row._mapping) for row in connection.execute(sa.select(*columns))]
            assert sorted(found, key=repr) == sorted(rows, key=repr), name


def test_an_upgraded_database_obeys_its_foreign_keys(upgraded: Store) -> None:
    with upgraded.reading() as connection:
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    # The keys still point at the tables that were made anew: nobody owns, holds or logs what is not there.
    for table, column in ((schema.datasets, "owner_id"), (schema.samples, "dataset_id"), (schema.run_log, "run_id")):
        one = sa.update(table).where(table.c[column] != CROPS)
        with pytest.raises(sa.exc.IntegrityError, match=r"(?i)foreign key"), upgraded.writing() as connection:
            connection.execute(one.values({column: "9" * 24}))


def test_what_was_made_before_there_were_users_is_the_local_users(upgraded: Store) -> None:
    with upgraded.reading() as connection:
        [user] = list_users(connection)
        assert (user.name, user.is_local, local_user(connection)) == ("local", True, user)
        for name in ("vehicles", "vehicles-crops"):
            dataset = find_dataset(connection, name)
            assert (dataset.owner_id, dataset.is_confined) == (user.id, False)
        run = runs.find_run(connection, RUN)
    assert (run.owner_id, run.kind, run.state) == (user.id, "object-level", RunState.COMPLETED)
    assert (run.priority, run.runs_on, run.lease, run.deaths, run.worker_id) == (0, "[]", 0, 0, None)


def test_tags_and_logs_read_as_before_the_upgrade(upgraded: Store) -> None:
    with upgraded.reading() as connection:
        assert tag_members(connection, find_tag(connection, IMAGES, "good ones")).tolist() == [0]
        assert [line.message for line in runs.read_log(connection, RUN)] == ["line 0", "line 1", "line 2"]
        numbered = connection.execute(sa.select(schema.run_log.c.lease, schema.run_log.c.lease_line)).all()
    assert sorted(numbered) == [(0, 0), (0, 1), (0, 2)]
    assert catalog.describe_dataset(upgraded, "vehicles-crops").parent == "vehicles"


def test_two_owners_may_give_one_name_only_after_the_upgrade(upgraded: Store) -> None:
    row = rows_of_first_version()["datasets"][0]
    other = {"id": "b" * 24, "name": "other", "is_local": False, "created_at": 1}
    with upgraded.writing() as connection:
        connection.execute(sa.insert(schema.users).values(other))
        connection.execute(
            sa.insert(schema.datasets).values({**row, "id": "9" * 24, "owner_id": other["id"], "is_confined": True})
        )
        owners = connection.execute(sa.select(schema.datasets.c.owner_id).where(schema.datasets.c.name == "vehicles"))
        assert len(set(owners.scalars())) == 2


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(home: Home) -> None:
    url = home.database_url
    make_first_version(url)
    with sqlite3.connect(home.database) as raw:
        # In the way of a table of the new version.
        raw.execute("CREATE TABLE workers (id TEXT)")
    with pytest.raises(SourceUnavailable, match="table workers already exists"):
        open_store(url)
    with sqlite3.connect(home.database) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
        assert raw.execute("SELECT name FROM datasets ORDER BY name").fetchall() == [
            ("vehicles",),
            ("vehicles-crops",),
        ]
        assert raw.execute("SELECT count(*) FROM sqlite_master WHERE name = 'users'").fetchone() == (0,)


def test_a_map_of_the_version_before_keeps_its_directions(home: Home, database_url: str) -> None:
    engine = sa.create_engine(database_url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    row = {
        "embedder_id": EMBEDDER,
        "method": "pca",
        "basis": b"b" * 48,
        "version": 3,
        "created_at": 5,
        "modified_at": 6,
    }
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        tables = sa.MetaData()
        tables.reflect(connection)
        for name, values in rows_of_first_version().items():
            connection.execute(sa.insert(tables.tables[name]), values)
        command.upgrade(config, "0003")
        before = sa.Table("projections", sa.MetaData(), autoload_with=connection)
        connection.execute(sa.insert(before).values({**row, "id": "9" * 24, "dataset_id": IMAGES}))
    engine.dispose()
    store = open_store(database_url)
    try:
        with store.reading() as connection:
            found = find_projection(connection, "9" * 24)
            basis = connection.execute(sa.select(schema.projections.c.basis)).scalar_one()
        assert (found.method.value, found.version, found.parameters, found.run_id) == ("pca", 3, "{}", None)
        assert basis == b"b" * 48
    finally:
        store.close()
