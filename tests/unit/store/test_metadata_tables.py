from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pytest

from swath.adapters.parquet import ParquetTables
from swath.store import catalog, tags
from swath.store.database import Store
from swath.store.metadata_tables import metadata_columns, metadata_csv
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: CommitRun


@pytest.fixture
def committed(store: Store, commit_run: Fixture) -> None:
    """Two images, one with a name that starts like a formula, and three crops, two of them tagged."""
    commit_run(make_additions({"=a.jpg": 2, "b.jpg": 1}))
    with store.writing() as connection:
        dataset_id = catalog.describe_dataset(store, "vehicles-crops").id
        tags.create_tag(connection, dataset_id, name="kept", members=np.array([0, 2]))
        tags.create_tag(connection, dataset_id, name="seen", members=np.array([2]))


def rows(store: Store, dataset: str, subset: Any = None) -> list[dict[str, str]]:
    text = "".join(metadata_csv(store, dataset, subset))
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_crops_have_what_is_known_of_them_and_of_their_images(store: Store, committed: None) -> None:
    found = rows(store, "vehicles-crops")
    samples = list(catalog.iter_samples(store, "vehicles-crops"))
    assert [row["id"] for row in found] == [sample.id for sample in samples]
    assert [row["tags"] for row in found] == ["kept", "", "kept|seen"]
    assert [row["image"] for row in found] == ["'=a.jpg", "'=a.jpg", "b.jpg"]
    assert [row["category"] for row in found] == ["big wheel", "small wheel", "big wheel"]
    for row, sample in zip(found, samples, strict=True):
        assert sample.crop is not None
        assert tuple(float(row[name]) for name in ("x0", "y0", "x1", "y1")) == sample.crop.box
        assert (row["score"] == "") == (sample.crop.score is None)


def test_images_have_no_columns_of_crops(store: Store, committed: None) -> None:
    found = rows(store, "vehicles")
    assert [row["file_name"] for row in found] == ["'=a.jpg", "b.jpg"]
    assert "category" not in found[0]


def test_a_table_is_narrowed_by_a_tag_or_by_indices(store: Store, committed: None) -> None:
    assert [row["index"] for row in rows(store, "vehicles-crops", "kept")] == ["0", "2"]
    assert [row["index"] for row in rows(store, "vehicles-crops", np.array([1]))] == ["1"]
    assert rows(store, "vehicles-crops", np.array([], dtype=np.int64)) == []


def test_columns_of_the_table_can_be_written_as_parquet(store: Store, committed: None) -> None:
    columns = metadata_columns(store, "vehicles-crops", None)
    assert columns["file_name"] == [sample.file_name for sample in catalog.iter_samples(store, "vehicles-crops")]
    assert np.asarray(columns["stale"]).tolist() == [False] * 3
    assert ParquetTables().to_parquet(columns).startswith(b"PAR1")
    assert ParquetTables().to_parquet(metadata_columns(store, "vehicles-crops", np.array([], np.int64)))
