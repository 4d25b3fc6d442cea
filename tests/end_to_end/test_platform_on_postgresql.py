"""A platform whose database is PostgreSQL answers as one on SQLite does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.postgresql import Server

Fixture = Any  # of conftest.py: Swath, PhotoFolder, Platform

OBJECTS = {"task_name": "vehicles", "padding": 0.1}
IDS_IN_CROPS = ("parent_dataset_id", "parent_sample_id", "context_url")
URLS = ("thumbnail_url", "file_url")


@pytest.fixture
def databases(postgresql_server: Server) -> Iterator[dict[str, dict[str, str]]]:
    """The environment of a server by the name of its database."""
    with postgresql_server.empty_database() as url:
        yield {"sqlite": {}, "postgresql": {"SWATH_DATABASE": url}}


@pytest.fixture
def make_platform(make_swath: Fixture, platform: Fixture, tmp_path: Path) -> Iterator[Any]:
    """Makes platforms with homes and logs of their own, by name."""
    made = []

    def make(name: str) -> Any:
        made.append(type(platform)(make_swath(name), tmp_path / f"{name}-logs"))
        return made[-1]

    yield make
    for each in made:
        each.stop()


def work_with(client: Any, folder: Path, exports: Path) -> dict[str, Any]:
    """What a person does with a platform, and all that it answered which does not depend on ids and the clock."""
    exports.mkdir()
    dataset = client.datasets.create("photos", datasource=folder)
    first = client.runs.create(dataset, object_level=OBJECTS, selection={"n_samples": 7})
    results = [first.wait(timeout=120)]
    [crops] = dataset.crops_datasets
    crops.tag("sure", filter={"min_score": 0.75})
    crops.tag("few", indices=[0, 2, 5])
    crops.tag("few", indices=[2], remove=True)
    results += [
        client.runs.select(crops, selection={"n_samples": 3}, **options).wait(timeout=60)
        for options in ({"preselected_tag": "few", "new_tag": "chosen"}, {"dry_run": True})
    ]
    later = client.runs.create(dataset, object_level=OBJECTS, selection={"n_samples": 2})
    results.append(later.wait(timeout=120))
    samples = list(crops.iter_samples(with_tags=True))
    by_area = crops.iter_samples(sort={"key": "area", "descending": True})

    def exported(kind: str, **options: str) -> bytes:
        return bytes(crops.export(kind, exports / kind, **options).read_bytes())

    return {
        "results": [(each.state, each.selected, each.candidates, each.selected_categories) for each in results],
        "images": [_content(sample) for sample in dataset.iter_samples()],
        "crops": [_content(sample) for sample in samples],
        "order by area": [sample.index for sample in by_area],
        "files": [crops.image(sample) for sample in samples],
        "vectors": crops.embeddings().tobytes(),
        "tags": {tag.name: tag.size for tag in crops.tags},
        "artifacts": sorted(artifact.name for artifact in first.artifacts),
        "exported names": exported("filenames", tag="chosen").replace(crops.id.encode(), b"ID"),
        "exported vectors": exported("embeddings-csv").replace(crops.id.encode(), b"ID"),
        "exported tags": exported("tags").replace(crops.id.encode(), b"ID"),
    }


def _content(sample: Any) -> Any:
    """A sample without what names this one dataset and moment."""
    known = sample.model_dump(mode="json", exclude={"id", "dataset_id", "run_id", "created_at", *URLS})
    if known["crop"] is not None:
        known["crop"] = {name: value for name, value in known["crop"].items() if name not in IDS_IN_CROPS}
    return known | {"file_name": sample.file_name.replace(sample.dataset_id, "ID")}


@pytest.mark.slow
def test_both_databases_give_the_same_crops_tags_vectors_and_exports(
    databases: dict[str, Any], make_platform: Fixture, photos: Fixture, tmp_path: Path
) -> None:
    photos.add_many(5)
    answers = {}
    for name, environment in databases.items():
        folder = tmp_path / name / "photos"
        shutil.copytree(photos.root, folder)
        platform = make_platform(f"{name}-home")
        server = platform.serve("server", env=environment)
        platform.work()
        with platform.client() as client:
            answers[name] = work_with(client, folder, tmp_path / name / "exports")
        assert "Traceback" not in platform.errors(server)
        assert (platform.swath.home / "swath.sqlite").exists() == (name == "sqlite")
        platform.stop()
    assert answers["sqlite"]["results"][0][:2] == ("COMPLETED", 7)
    for what, answer in answers["sqlite"].items():
        assert answer == answers["postgresql"][what], what
