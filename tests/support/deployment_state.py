"""What a home, its database and its datasource hold, so that it can be compared with what another one holds."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from tests.support.deployment import Deployment

from swath.store import schema
from swath.store.database import open_store
from swath.store.datasets import Dataset, DatasetKind
from swath.store.embeddings import read_vectors, segment_files
from swath.store.files import TEMPORARY_SUFFIX
from swath.store.home import Home
from swath.store.projections import list_projections, point_files, read_points
from swath.store.runs import Run, list_runs, receipt_of
from swath.store.samples import file_names_of
from swath.store.sharing import visible_datasets
from swath.store.tags import list_tags, tag_members
from swath.store.users import local_user


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Two datasets without anything that differs from home to home: ids, times, names made of ids."""

    images: dict[str, tuple[bytes, bytes]]  # name -> digest, vector
    crops: dict[bytes, tuple[str, str, bytes, bytes]]  # object key -> file, image, crop key, vector
    tags: dict[str, list[list[str]]]  # kind of the dataset -> members of each tag, oldest tag first
    predictions: set[tuple[str, int, bytes, int]]  # image, position, object key, outcome
    used_files: set[tuple[str, str, bytes, bytes]]  # name, outcome, digests of image and prediction
    receipts: list[tuple[int, ...]]  # of the runs, oldest first: what each found and added


NOTHING = State(images={}, crops={}, tags={}, predictions=set(), used_files=set(), receipts=[])


def read_state(deployment: Deployment, photos: Any, *, dataset: str = "photos") -> State:
    """The state of an image dataset and its crops, with all that must hold of it at any time checked."""
    store = open_store(deployment.database_url or deployment.home.database_url)
    try:
        with store.reading() as connection:
            check_database(connection)
            check_log(connection)
            return _read(connection, deployment.home, photos, dataset)
    finally:
        store.close()


def check_tidy(deployment: Deployment, photos: Any) -> None:
    """No file that nothing names: neither in the home, nor in the datasource."""
    home = deployment.home
    store = open_store(deployment.database_url or home.database_url)
    try:
        with store.reading() as connection:
            assert {path.name for path in home.vectors.iterdir()} == segment_files(connection)
            assert {path.name for path in home.projections.iterdir()} == point_files(connection)
            query = sa.select(schema.artifacts.c.run_id, schema.artifacts.c.name)
            named = {f"{row.run_id}/{row.name}" for row in connection.execute(query)}
            crop_files = {name for name in _file_names(connection) if name.startswith(".lightly/crops/")}
    finally:
        store.close()
    assert {str(path.relative_to(home.artifacts)) for path in home.artifacts.rglob("*") if path.is_file()} == named
    assert [path for path in home.parts.rglob("*") if path.is_file()] == []
    for root in (home.vectors, home.artifacts, home.projections, home.exports, photos.root):
        assert list(root.rglob(f"*{TEMPORARY_SUFFIX}")) == []
    assert photos.files_below("crops") == crop_files
    assert len(photos.files_below("thumbnails/crops")) == len(crop_files)


def check_database(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalars().all() == ["ok"]
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


def check_log(connection: Connection) -> None:
    """No worker's line is kept twice, however often it was sent."""
    rows = connection.execute(sa.select(schema.run_log)).all()
    for row, times in Counter((row.run_id, row.lease, row.message) for row in rows if row.lease).items():
        assert times == 1, row
    lines = sorted((row.run_id, row.line_number) for row in rows)
    for run_id, count in Counter(run_id for run_id, _ in lines).items():
        assert [number for of_run, number in lines if of_run == run_id] == list(range(count))


def _read(connection: Connection, home: Home, photos: Any, name: str) -> State:
    family = _family(connection, name)
    if not family:
        return NOTHING
    images = next(dataset for dataset in family if dataset.kind is DatasetKind.IMAGES)
    crops = next((dataset for dataset in family if dataset.kind is DatasetKind.CROPS), None)
    samples = connection.execute(sa.select(schema.samples).where(schema.samples.c.dataset_id == images.id)).all()
    image_vectors = _vectors(connection, home, images)
    image_of_id = {row.id: row.file_name for row in samples}
    image_of_index = {row.sample_index: row.file_name for row in samples}
    assert sorted(image_of_index) == list(range(images.sample_count))
    table = schema.predictions
    predictions = connection.execute(sa.select(table).where(table.c.dataset_id == images.id)).all()
    tags = {"images": _tags(connection, images)}
    found_crops: dict[bytes, tuple[str, str, bytes, bytes]] = {}
    if crops is not None:
        names = file_names_of(connection, crops.id)
        assert len(set(names)) == len(names) == crops.sample_count
        assert set(names) <= photos.files_below("crops")
        rows = connection.execute(sa.select(schema.crops).where(schema.crops.c.dataset_id == crops.id)).all()
        assert sorted(row.sample_index for row in rows) == list(range(len(names)))
        crop_vectors = _vectors(connection, home, crops)
        for row in rows:
            found_crops[row.object_key] = (
                names[row.sample_index].replace(crops.id, ""),
                image_of_id[row.parent_sample_id],
                row.crop_key,
                crop_vectors[row.sample_index],
            )
        assert len(found_crops) == len(rows)
        tags["crops"] = _tags(connection, crops)
    used = connection.execute(
        sa.select(schema.used_files).where(schema.used_files.c.dataset_id == (crops or images).id)
    ).all()
    return State(
        images={row.file_name: (row.digest, image_vectors[row.sample_index]) for row in samples},
        crops=found_crops,
        tags=tags,
        predictions={
            (image_of_index[row.sample_index], row.position, row.object_key, row.outcome) for row in predictions
        },
        used_files={(row.file_key, row.outcome, row.image_digest, row.prediction_digest) for row in used},
        receipts=_receipts(list_runs(connection, images.id)),
    )


def _family(connection: Connection, name: str) -> list[Dataset]:
    found = visible_datasets(connection, local_user(connection).id)
    images = [dataset for dataset in found if dataset.name == name]
    return images + [dataset for dataset in found if images and dataset.parent_id == images[0].id]


def _file_names(connection: Connection) -> list[str]:
    return list(connection.execute(sa.select(schema.samples.c.file_name)).scalars())


def _vectors(connection: Connection, home: Home, dataset: Dataset) -> list[bytes]:
    vectors = read_vectors(connection, home, dataset.id)
    assert len(vectors) == dataset.sample_count
    for projection in list_projections(connection, dataset.id):
        assert len(read_points(connection, home, projection)) == dataset.sample_count
    return [vector.tobytes() for vector in vectors]


def _tags(connection: Connection, dataset: Dataset) -> list[list[str]]:
    names = file_names_of(connection, dataset.id)
    return [
        sorted(names[index].replace(dataset.id, "") for index in tag_members(connection, tag).tolist())
        for tag in list_tags(connection, dataset.id)
    ]


def _receipts(newest_first: list[Run]) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = []
    for run in reversed(newest_first):
        receipt = receipt_of(run)
        if receipt is not None:
            assert json.loads(run.result or "null"), f"run {run.id} has committed, but left no result"
            found.append((receipt.image_samples, receipt.images_added, receipt.crop_samples, receipt.crops_added))
    return found
