"""Tags, exports and selection runs with `swath up` and from the command line."""

from __future__ import annotations

import json
import signal
import zipfile
from pathlib import Path
from typing import Any

import pytest

from swath.core.errors import Conflict

Fixture = Any  # of conftest.py: Swath, PhotoFolder, Platform

OBJECTS = {"task_name": "vehicles"}


@pytest.mark.slow
def test_people_tag_choose_again_and_export_and_a_restart_loses_nothing(
    platform: Fixture, swath: Fixture, photos: Fixture, tmp_path: Path
) -> None:
    photos.add_many(4)
    up = platform.serve("up", "--no-browser")
    with platform.client() as client:
        dataset = client.datasets.create("photos", datasource=photos.root)
        client.runs.create(dataset, object_level=OBJECTS, selection={"n_samples": 6}).wait(timeout=120)
        [crops] = dataset.crops_datasets
        assert crops.tag("first", indices=[0, 1, 2]) == 3
        dry = client.runs.select(crops, selection={"n_samples": 2}, preselected_tag="first", dry_run=True).wait(
            timeout=60
        )
        real = client.runs.select(crops, selection={"n_samples": 2}, preselected_tag="first", new_tag="second").wait(
            timeout=60
        )
        assert (dry.candidates, dry.selected, dry.tag) == (3, 2, None)
        assert real.categories == dry.categories
        assert real.tag == "second"
        with pytest.raises(Conflict, match="there is a tag `second` already"):
            client.runs.select(crops, selection={"n_samples": 2}, new_tag="second")
        archive = zipfile.ZipFile(crops.export("crops", tmp_path / "crops.zip", tag="second"))
        assert len(archive.namelist()) == 3
        chosen = crops.export("filenames", tmp_path / "second.txt", tag="second").read_text().splitlines()

    # The command line goes through the server.
    again = swath(
        "select", "photos-crops", "--n-samples", "1.0", "--preselected-tag", "first", "--tag", "rest", "--json"
    )
    assert (again.code, again.document["selected"], again.document["tag"]) == (0, 3, "rest")
    up.send_signal(signal.SIGINT)
    assert up.wait(15) == 0

    # Without it the same home answers the same, and chooses the same.
    assert swath.names("photos-crops", "second") == chosen
    alone = swath("select", "photos-crops", "--n-samples", "2", "--preselected-tag", "first", "--tag", "third")
    assert alone.code == 0
    assert alone.stdout.decode().splitlines()[0] == "selected 2 of 3 objects of photos-crops; they are tag third"
    assert swath.names("photos-crops", "third") == chosen


def test_what_cannot_be_chosen_is_said_with_the_right_code(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(2)
    swath.run(photos.root)
    for options, code, said in (
        (("nothing", "--n-samples", "1"), 2, "there is no dataset `nothing`"),
        (("photos-crops",), 2, "Nothing says how many to select"),
        (("photos-crops", "--n-samples", "0"), 2, "selection.n_samples"),
        (("photos-crops", "--min-distance", "-2"), 2, "`selection.strategies[0].minimum_distance`"),
        (("photos-crops", "--n-samples", "1", "--from-tag", "vans"), 2, "there is no tag `vans`"),
        (("photos-crops", "--n-samples", "1", "--tag", "?"), 2, "a tag cannot be called `?`"),
        (("photos-crops", "--n-samples", "1", "--preselected-tag", "initial-tag"), 2, "nothing to choose from"),
    ):
        refused = swath("select", *options)
        assert (refused.code, said in refused.stderr) == (code, True), refused.stderr
    assert len(swath.show("photos-crops")["runs"]) == 1


def test_a_dry_run_prints_what_would_change_and_makes_no_tag(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(2)
    swath.run(photos.root)
    before = swath.show("photos-crops")["tags"]
    tried = swath("select", "photos-crops", "--n-samples", "1", "--dry-run")
    assert tried.code == 0
    lines = tried.stdout.decode().splitlines()
    head = next(place for place, line in enumerate(lines) if line.split()[:1] == ["category"])
    assert lines[head].split() == ["category", "available", "before", "after"]
    assert sum(int(line.split()[-1]) for line in lines[head + 1 :]) == 1
    assert lines[head - 2].split()[:2] == ["cover", "radius"]
    assert swath.show("photos-crops")["tags"] == before


@pytest.mark.slow
def test_several_strategies_choose_the_same_through_a_worker_and_without_a_server(
    platform: Fixture, swath: Fixture, photos: Fixture, tmp_path: Path
) -> None:
    photos.add_many(6)
    selection: dict[str, Any] = {
        "n_samples": 7,
        "strategies": [
            {"type": "diversity"},
            {"type": "representative", "strength": 0.5},
            {"type": "typicality", "input": {"type": "embeddings", "of": "images"}, "strength": 0.5},
            {"type": "similarity", "query": {"dataset": "photos", "tag": "liked"}, "strength": 0.2},
            {"type": "balance", "input": {"type": "metadata", "key": "city"}},
            {"type": "threshold", "input": {"type": "metadata", "key": "lightly.area"}, "threshold": 0,
             "operation": "bigger"},
        ],
        "max_per_image": 2,
    }  # fmt: skip
    up = platform.serve("up", "--no-browser")
    with platform.client() as client:
        dataset = client.datasets.create("photos", datasource=photos.root)
        client.runs.create(dataset, object_level=OBJECTS, selection={"n_samples": 1.0}).wait(timeout=120)
        dataset.attach_metadata(
            [
                {"file_name": sample.file_name, "metadata": {"city": "Bern" if sample.index % 2 else "Basel"}}
                for sample in dataset.iter_samples()
            ]
        )
        assert dataset.tag("liked", indices=[0]) == 1
        [crops] = dataset.crops_datasets
        dry = client.runs.select(crops, selection=selection, dry_run=True).wait(timeout=60)
        real = client.runs.select(crops, selection=selection, new_tag="by a worker").wait(timeout=60)
        assert (dry.selected, dry.stopped_by, dry.quality, dry.categories) == (
            real.selected,
            real.stopped_by,
            real.quality,
            real.categories,
        )
        assert dry.quality is not None
        cities = {one.category: one.reached for one in dry.quality.targets}
        assert set(cities) == {"Basel", "Bern"}
        assert abs(cities["Bern"] - 0.5) < 0.072  # seven cannot be halved any better
    up.send_signal(signal.SIGINT)
    assert up.wait(15) == 0
    chosen = swath.names("photos-crops", "by a worker")
    assert len(chosen) == 7

    document = tmp_path / "selection.json"
    document.write_text(json.dumps(selection))
    alone = swath("select", "photos-crops", "--selection", document, "--tag", "without a server", "--json")
    assert alone.code == 0, alone.stderr
    assert swath.names("photos-crops", "without a server") == chosen
    assert alone.document["quality"] == dry.quality.model_dump(mode="json")
