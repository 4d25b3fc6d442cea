"""Runs that are killed, stopped, or meet another one: everything is as before or complete, and nothing is doubled."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import swath as package
from swath.store.home import open_home

pytestmark = pytest.mark.slow

Fixture = Any  # of conftest.py: Swath, PhotoFolder

SOURCE = Path(package.__file__).parent


def kill_points() -> list[str]:
    """Every kill point of a run in one process, so that a new one cannot be forgotten here."""
    names: set[str] = set()
    for path in (*(SOURCE / "pipeline").rglob("*.py"), SOURCE / "store" / "commit.py"):
        names |= set(re.findall(r"at_point\(\"(\w+)\"\)", path.read_text()))
    return sorted(names)


BEFORE_THE_ROWS = {"after_embedding", "after_crops", "before_transaction"}
AFTER_THE_ROWS = {"after_transaction", "after_commit"}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What two datasets hold, without ids that differ from home to home."""

    images: tuple[str, ...]
    objects: frozenset[bytes]
    tag_sizes: tuple[int, ...]
    vectors: dict[str, bytes]  # per crop, by object key in hex


def read_state(swath: Fixture, photos: Fixture) -> State:
    """The state of `photos` and `photos-crops`, with all that must hold of it at any time checked."""
    assert [tuple(row) for row in swath.rows("PRAGMA integrity_check")] == [("ok",)]
    assert swath.rows("PRAGMA foreign_key_check") == []
    datasets = {dataset["name"]: dataset for dataset in swath("datasets", "--json").document}
    if not datasets:
        return State(images=(), objects=frozenset(), tag_sizes=(), vectors={})
    assert set(datasets) == {"photos", "photos-crops"}
    crop_names, image_names = swath.names("photos-crops"), swath.names("photos")
    assert len(set(crop_names)) == len(crop_names) == datasets["photos-crops"]["sample_count"]
    assert len(set(image_names)) == len(image_names) == datasets["photos"]["sample_count"]
    assert set(crop_names) <= photos.files_below("crops")
    crops = swath.rows("SELECT * FROM crops JOIN samples USING (dataset_id, sample_index) ORDER BY sample_index")
    assert [row["file_name"] for row in crops] == crop_names
    images = swath.rows("SELECT id FROM samples WHERE dataset_id = ?", datasets["photos"]["id"])
    assert {row["parent_sample_id"] for row in crops} == {row["id"] for row in images}
    vectors = read_vectors(swath, "photos-crops")
    assert len(read_vectors(swath, "photos")) == len(image_names)
    assert len(vectors) == len(crops)
    return State(
        images=tuple(sorted(image_names)),
        objects=frozenset(row["object_key"] for row in crops),
        tag_sizes=tuple(tag["size"] for tag in swath.show("photos-crops")["tags"]),
        vectors={row["object_key"].hex(): vectors[row["file_name"]].tobytes() for row in crops},
    )


def read_vectors(swath: Fixture, dataset: str) -> dict[str, Any]:
    text = swath("export", dataset, "--format", "embeddings-csv").stdout.decode()
    rows = list(csv.reader(io.StringIO(text)))[1:]
    vectors = {row[0]: np.array(row[1:129], dtype=np.float64) for row in rows}
    for vector in vectors.values():
        assert abs(np.linalg.norm(vector) - 1) < 2e-3
    return vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Undisturbed:
    """States that runs leave which nobody disturbs: one on `photos` (3 images), one more with 3 images `later`."""

    nothing: State
    before: State
    complete: State


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, open_swath: Fixture, open_photos: Fixture) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed")
    swath, photos = open_swath(folder / "home"), open_photos(folder / "photos")
    nothing = State(images=(), objects=frozenset(), tag_sizes=(), vectors={})
    photos.add_many(3)
    swath.run(photos.root)
    before = read_state(swath, photos)
    photos.add_many(3, prefix="later")
    swath.run(photos.root)
    complete = read_state(swath, photos)
    assert before.objects < complete.objects
    return Undisturbed(nothing=nothing, before=before, complete=complete)


def test_every_kill_point_of_the_source_is_tested_here() -> None:
    assert set(kill_points()) == BEFORE_THE_ROWS | AFTER_THE_ROWS


@pytest.mark.parametrize("point", kill_points())
def test_a_run_killed_at_a_kill_point_leaves_all_as_before_or_complete(
    swath: Fixture, photos: Fixture, undisturbed: Undisturbed, point: str
) -> None:
    nothing, before, complete = undisturbed.nothing, undisturbed.before, undisturbed.complete
    photos.add_many(3)
    died = swath.process(*swath.run_arguments(photos.root), env={"SWATH_KILL_AT": point})  # in a fresh home
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    assert read_state(swath, photos) == (before if point in AFTER_THE_ROWS else nothing)
    swath.run(photos.root)
    assert read_state(swath, photos) == before
    assert photos.files_below("crops") == set(swath.names("photos-crops"))

    photos.add_many(3, prefix="later")
    died = swath.process(*swath.run_arguments(photos.root), env={"SWATH_KILL_AT": point})  # with datasets there before
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    assert read_state(swath, photos) == (complete if point in AFTER_THE_ROWS else before)
    again = swath.run(photos.root)
    assert ("nothing new" in again["message"]) == (point in AFTER_THE_ROWS)
    assert read_state(swath, photos) == complete
    assert photos.files_below("crops") == set(swath.names("photos-crops"))
    assert len(photos.files_below("thumbnails/crops")) == len(complete.objects)
    states = [run["state"] for run in swath.show("photos")["runs"]]
    # What a run that died had committed is what it was for.
    died_in = "COMPLETED" if point in AFTER_THE_ROWS else "CRASHED"
    assert sorted(states) == ["COMPLETED", "COMPLETED", died_in, died_in]


@pytest.mark.parametrize("turn", range(20))
def test_a_run_killed_at_a_random_instant_leaves_all_as_before_or_complete(
    swath: Fixture, photos: Fixture, undisturbed: Undisturbed, turn: int
) -> None:
    photos.add_many(3)
    swath.run(photos.root)
    photos.add_many(3, prefix="later")
    process = swath.start(*swath.run_arguments(photos.root))
    assert process.stderr is not None
    for line in process.stderr:
        # What comes before takes most of the time, and writes nothing.
        if line.startswith(b"list images"):
            break
    time.sleep(0.4 * (turn + random.Random(turn).random()) / 20)
    process.kill()
    process.communicate()
    assert read_state(swath, photos) in (undisturbed.before, undisturbed.complete)
    swath.run(photos.root)
    assert read_state(swath, photos) == undisturbed.complete
    assert photos.files_below("crops") == set(swath.names("photos-crops"))


def test_ctrl_c_ends_with_130_and_leaves_all_as_before(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(2)
    swath.run(photos.root)
    before = read_state(swath, photos)
    photos.add_many(150, prefix="many")
    process = swath.start(*swath.run_arguments(photos.root))
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(b"crop and embed"):
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err.decode()
    assert b"Traceback" not in err
    assert b"stopped" in err
    assert out == b""
    assert read_state(swath, photos) == before
    assert photos.files_below("crops") == set(swath.names("photos-crops"))
    assert "ABORTED" in [run["state"] for run in swath.show("photos")["runs"]]
    assert swath.run(photos.root)["images"]["new"] == 150


def test_two_runs_at_once_on_one_home_take_turns(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(40)
    commands = [swath.start(*swath.run_arguments(photos.root)) for _ in range(2)]
    ended = [(process, *process.communicate(timeout=120)) for process in commands]
    assert [process.returncode for process, _, _ in ended] == [0, 0], [err.decode() for _, _, err in ended]
    documents = sorted((json.loads(out) for _, out, _ in ended), key=lambda document: document["selected"])
    assert [document["selected"] for document in documents] == [0, 60]
    assert "nothing new" in documents[0]["message"]
    assert len(read_state(swath, photos).objects) == 60
    assert photos.files_below("crops") == set(swath.names("photos-crops"))


def test_a_run_says_for_whom_it_waits_and_goes_on_after_it(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(1)
    with open_home(swath.home).lock(pytest.fail, what="a long test"):
        process = swath.start(*swath.run_arguments(photos.root))
        assert process.stderr is not None
        first_line = process.stderr.readline()
        assert b"waiting for a long test" in first_line
        assert process.poll() is None
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err.decode()
    assert json.loads(out)["state"] == "COMPLETED"


def test_reading_goes_on_while_a_run_writes(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(2)
    swath.run(photos.root)
    photos.add_many(60, prefix="many")
    process = swath.start(*swath.run_arguments(photos.root))
    looks = 0
    try:
        while process.poll() is None:
            assert swath.show("photos-crops")["sample_count"] in (3, 93)
            looks += 1
    finally:
        process.kill() if process.poll() is None else None
        process.communicate()
    assert process.returncode == 0
    assert looks > 3
    assert swath.show("photos-crops")["sample_count"] == 93


def test_a_reader_that_has_enough_causes_no_message(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(30)
    swath.run(photos.root, "--n-samples", "1.0")
    export = swath.start("export", "photos-crops", "--format", "embeddings-csv")
    assert export.stdout is not None
    export.stdout.read(10)
    export.stdout.close()
    with export:
        assert export.stderr is not None
        assert export.stderr.read() == b""
