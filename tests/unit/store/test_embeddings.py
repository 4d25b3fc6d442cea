from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from swath.core.errors import Conflict, SourceUnavailable
from swath.store.catalog import read_vectors
from swath.store.database import Store
from swath.store.embeddings import (
    AddedVectors,
    iter_vectors,
    map_segment,
    read_rows,
    segments_of,
    write_segment,
)
from swath.store.home import Home
from swath.store.sharing import find_dataset
from swath.testing.session_contract import EMBEDDER, image_digest, make_additions, vector_of

Fixture = Any  # of conftest.py: CommitRun


def numbers(rows: int) -> np.ndarray[Any, np.dtype[np.float16]]:
    return np.arange(rows * 4, dtype=np.float16).reshape(rows, 4)


def test_a_segment_is_raw_little_endian_float16_rows(home: Home) -> None:
    segment = write_segment(home, "d" * 24, AddedVectors(vectors=numbers(3), first_index=7))
    assert (segment.row_count, segment.dimension, segment.dtype, segment.byte_length) == (3, 4, "<f2", 24)
    assert (home.vectors / segment.file_name).read_bytes() == numbers(3).astype("<f2").tobytes()
    mapped = map_segment(home, segment)
    assert isinstance(mapped, np.memmap)
    assert not mapped.flags.writeable
    assert np.array_equal(mapped, numbers(3))


def test_columns_of_a_larger_array_are_written_as_rows(home: Home) -> None:
    segment = write_segment(home, "d" * 24, AddedVectors(vectors=numbers(6)[::2]))
    assert np.array_equal(map_segment(home, segment), numbers(6)[::2])


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "it has 23 bytes instead of 24"),
        (lambda path: path.write_bytes(b"\xff" + path.read_bytes()[1:]), "its checksum is not the recorded one"),
        (lambda path: path.unlink(), "No such file"),
    ],
    ids=["short", "changed", "missing"],
)
def test_a_damaged_file_is_named(home: Home, damage: Any, reason: str) -> None:
    segment = write_segment(home, "d" * 24, AddedVectors(vectors=numbers(3)))
    damage(home.vectors / segment.file_name)
    with pytest.raises(SourceUnavailable, match=reason) as caught:
        map_segment(home, segment)
    assert segment.file_name in caught.value.message


def test_vectors_of_one_run_are_mapped_not_read(store: Store, home: Home, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 2, "b.jpg": 2}))
    assert isinstance(read_vectors(store, home, "vehicles-crops"), np.memmap)


def test_vectors_of_many_runs_and_changed_images_are_in_sample_order(
    store: Store, home: Home, commit_run: Fixture
) -> None:
    commit_run(make_additions({"c.jpg": 1, "d.jpg": 1}))
    commit_run(make_additions({"a.jpg": 1, "d.jpg": 1}, versions={"d.jpg": 2}))
    commit_run(make_additions({"b.jpg": 1, "d.jpg": 1, "c.jpg": 1}, versions={"d.jpg": 3}))
    expected = [vector_of(image_digest(name, version)) for name, version in [("c.jpg", 1), ("d.jpg", 3)]]
    expected += [vector_of(image_digest(name)) for name in ("a.jpg", "b.jpg")]
    assert np.array_equal(read_vectors(store, home, "vehicles"), np.array(expected))
    assert read_vectors(store, home, "vehicles-crops").shape == (6, EMBEDDER.dimension)


def test_a_dataset_without_samples_has_no_vectors(store: Store, home: Home, commit_run: Fixture) -> None:
    commit_run(make_additions({}))
    assert len(read_vectors(store, home, "vehicles")) == 0


@pytest.mark.parametrize("rows_at_a_time", [1, 2, 100])
def test_vectors_are_read_in_pieces_as_they_are_read_at_once(
    store: Store, home: Home, commit_run: Fixture, rows_at_a_time: int
) -> None:
    commit_run(make_additions({"a.jpg": 2, "b.jpg": 2, "c.jpg": 1}))
    commit_run(make_additions({"c.jpg": 1, "a.jpg": 2, "d.jpg": 1}, versions={"a.jpg": 2, "c.jpg": 2}))
    for name, wanted in (("vehicles", [0, 2, 3]), ("vehicles-crops", [0, 3, 4, 6]), ("vehicles", [])):
        indices = np.array(wanted, dtype=np.int64)
        expected = read_vectors(store, home, name)[indices]
        with store.reading() as connection:
            dataset = find_dataset(connection, name)
            pieces = list(iter_vectors(connection, home, dataset.id, indices, rows_at_a_time=rows_at_a_time))
        assert [len(piece) for piece in pieces[:-1]] == [rows_at_a_time] * (len(pieces) - 1)
        assert np.array_equal(np.concatenate([expected[:0], *pieces]), expected)


def test_a_sample_without_a_vector_is_named(store: Store, home: Home, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 2}))
    with store.reading() as connection:
        dataset = find_dataset(connection, "vehicles-crops")
        with pytest.raises(IndexError, match="sample 2 has no vector"):
            list(iter_vectors(connection, home, dataset.id, np.array([1, 2]), rows_at_a_time=10))


@pytest.mark.parametrize("wanted", [[0, 1, 2, 3, 4], [1, 2, 3], [3], [0, 2, 4], []])
def test_vectors_of_some_samples_are_those_of_all_at_their_places(
    store: Store, home: Home, commit_run: Fixture, wanted: list[int]
) -> None:
    commit_run(make_additions({"a.jpg": 2, "b.jpg": 2, "c.jpg": 1}))
    indices = np.array(wanted, dtype=np.int64)
    for runs in ("one", "several"):
        expected = read_vectors(store, home, "vehicles-crops")[indices]
        with store.reading() as connection:
            dataset = find_dataset(connection, "vehicles-crops")
            found = read_rows(connection, home, dataset.id, indices)
        assert np.array_equal(found, expected), runs
        # What stands together in one file is not copied.
        assert isinstance(found, np.memmap) == (runs == "one" and wanted not in ([0, 2, 4], []))
        commit_run(make_additions({"a.jpg": 1, "d.jpg": 1}, versions={"a.jpg": 2}))


def test_files_are_compared_with_their_checksums_once_for_many_pages(
    store: Store, home: Home, commit_run: Fixture
) -> None:
    commit_run(make_additions({"a.jpg": 3}))
    with store.reading() as connection:
        dataset = find_dataset(connection, "vehicles-crops")
        segment = segments_of(connection, dataset.id)[0]
        path = home.vectors / segment.file_name
        path.write_bytes(b"\xff\x00" + path.read_bytes()[2:])
        indices = np.array([0, 1])
        with pytest.raises(SourceUnavailable, match="checksum"):
            read_rows(connection, home, dataset.id, indices)
        assert read_rows(connection, home, dataset.id, indices, is_checked=True).shape == (2, EMBEDDER.dimension)


def test_samples_without_vectors_are_named_where_some_are_asked_for(
    store: Store, home: Home, commit_run: Fixture
) -> None:
    commit_run(make_additions({"a.jpg": 2}))
    with store.reading() as connection:
        dataset = find_dataset(connection, "vehicles-crops")
        with pytest.raises(Conflict, match="sample 2 has no vector"):
            read_rows(connection, home, dataset.id, np.array([1, 2]))
        with pytest.raises(Conflict, match="sample 0 has no vector"):
            read_rows(connection, home, "0" * 24, np.array([0]))
        assert len(read_rows(connection, home, "0" * 24, np.array([], dtype=np.int64))) == 0
