"""Selections by every strategy, asked for and done over HTTP, with what they chose looked at."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pyroaring import BitMap
from starlette.testclient import TestClient

from swath.adapters.remote_selection import RemoteSelectionSession
from swath.client.runs import Runs
from swath.client.transport import Transport
from swath.core.runs import RunState
from swath.pipeline.select_again import execute_selection_run
from swath.server.services import Services
from swath.store import catalog, tags
from swath.store.sample_metadata import SampleMetadata, keep_sample_metadata
from swath.store.sharing import find_visible
from swath.store.users import local_user
from swath.testing.session_contract import make_additions
from swath.wire.selection_run import SelectionRunResult, parse_selection_run_config

Fixture = Any  # of conftest.py: CommitRun

IMAGES = {f"{number:02d}.jpg": number % 5 for number in range(20)}
"""Of 40 objects 24 are big wheels, the even ones of their image, and 16 small ones."""

SKIES = ("grey", "blue", "black")


class Quiet:
    """Watches a run and says nothing."""

    def stage(self, state: RunState, *, total: int | None, unit: str) -> None: ...

    def advance(self, count: int = 1) -> None: ...

    def note(self, level: str, message: str) -> None: ...


class Platform:
    """A server, and a worker that does what is asked for."""

    def __init__(self, client: TestClient, services: Services) -> None:
        token = client.headers["Authorization"].removeprefix("Bearer ")
        self.client, self.services = client, services
        self.transport = Transport("http://localhost", token, patience_s=0.0, transport=client._transport)
        self._worker = self.transport.post("/workers", {"name": "w"})["id"]

    def select(
        self, *strategies: dict[str, Any], dataset: str = "vehicles-crops", dry_run: bool = False, **options: Any
    ) -> SelectionRunResult:
        """Do a selection to its end."""
        limits = ("n_samples", "max_per_image", "quotas")
        more: dict[str, Any] = {name: options.pop(name) for name in limits if name in options}
        run = Runs(self.transport).select(
            dataset, selection={"n_samples": 8, "strategies": strategies, **more}, dry_run=dry_run, **options
        )
        assignment = self.transport.post(f"/workers/{self._worker}/claim", {})["assignment"]
        config = parse_selection_run_config(assignment["config"])
        session = RemoteSelectionSession(self.transport, assignment["run_id"], assignment["lease"])
        execute_selection_run(assignment["run_id"], config, session, Quiet(), threads=2)
        return run.wait(timeout=10)

    def chosen(self, result: SelectionRunResult, dataset: str = "vehicles-crops") -> NDArray[np.int64]:
        """The samples that were chosen, by index."""
        if result.dry_run:
            bits = self.client.get(f"/api/selections/{result.selection_id}/members.bin").content
            return np.flatnonzero(np.unpackbits(np.frombuffer(bits, dtype=np.uint8), bitorder="little"))
        members = self.client.get(f"/api/datasets/{dataset}/tags/{result.tag}/members.bin").content
        return np.array(BitMap.deserialize(members), dtype=np.int64)

    def crops(self) -> list[tuple[str, int]]:
        """Image and position of every crop by index."""
        samples = catalog.iter_samples(self.services.store, "vehicles-crops")
        return [(one.crop.parent_file_name, one.crop.position) for one in samples if one.crop is not None]


@pytest.fixture
def platform(client: TestClient, services: Services, commit_run: Fixture) -> Platform:
    commit_run(make_additions(IMAGES))
    with services.store.writing() as connection:
        owner_id = local_user(connection).id
        crops, images = (find_visible(connection, name, owner_id) for name in ("vehicles-crops", "vehicles"))
        for index in range(images.sample_count):
            document = {"sky": SKIES[index % 3], "speed": index}
            keep_sample_metadata(connection, images.id, index, SampleMetadata(custom=document))
        for index in range(crops.sample_count):
            found = SampleMetadata(scores={"wheels": {"uncertainty_margin": (index * 7 % 40) / 40}})
            keep_sample_metadata(connection, crops.id, index, found)
        tags.create_tag(connection, crops.id, name="like these", members=np.array([3, 17]))
    return Platform(client, services)


SPEED = {"type": "metadata", "key": "speed"}
MARGIN = {"type": "scores", "task": "wheels", "score": "uncertainty_margin"}


def test_weights_choose_the_highest_scores(platform: Platform) -> None:
    result = platform.select({"type": "weights", "input": MARGIN}, new_tag="uncertain")
    expected = [index for index in range(40) if index * 7 % 40 >= 32]
    assert platform.chosen(result).tolist() == expected
    assert (result.stopped_by, result.candidates, result.selected) == ("count", 40, 8)


def test_thresholds_filter_first(platform: Platform) -> None:
    fast = {"type": "threshold", "input": SPEED, "threshold": 17, "operation": "bigger_equal"}
    small = {
        "type": "threshold",
        "input": {"type": "predictions", "name": "category_count", "categories": ["small wheel"]},
        "threshold": 0,
        "operation": "bigger",
    }
    result = platform.select(fast, small, {"type": "diversity"}, n_samples=30)
    crops = platform.crops()
    expected = [i for i, (image, position) in enumerate(crops) if int(image[:2]) >= 17 and position % 2 == 1]
    assert platform.chosen(result).tolist() == expected
    assert result.candidates == 40
    assert f"only {len(expected)} pass the thresholds" in result.message


def test_strategies_are_combined_and_their_targets_told(platform: Platform) -> None:
    strategies = (
        {"type": "diversity"},
        {"type": "weights", "input": MARGIN},
        {"type": "balance", "input": {"type": "predictions"}, "target": {"big wheel": 0.25, "small wheel": 0.75},
         "strength": 50},
        {"type": "balance", "input": {"type": "metadata", "key": "sky"}, "strength": 50},
    )  # fmt: skip
    result = platform.select(*strategies, n_samples=12)
    crops, chosen = platform.crops(), platform.chosen(result)
    by_category = Counter("big" if crops[index][1] % 2 == 0 else "small" for index in chosen)
    by_sky = Counter(SKIES[int(crops[index][0][:2]) % 3] for index in chosen)
    assert by_category == {"big": 3, "small": 9}
    assert set(by_sky.values()) == {4}
    assert result.selected_categories == {"big wheel": 3, "small wheel": 9}
    assert result.quality is not None
    reached = {(one.strategy, one.category): (one.wanted, one.reached) for one in result.quality.targets}
    assert reached == {
        (2, "big wheel"): (0.25, 0.25),
        (2, "small wheel"): (0.75, 0.75),
        **{(3, sky): (pytest.approx(1 / 3), pytest.approx(1 / 3)) for sky in SKIES},
    }
    alone = platform.select({"type": "diversity"}, n_samples=12)
    assert set(platform.chosen(alone).tolist()) != set(chosen.tolist())


def test_a_dry_run_says_what_the_run_would(platform: Platform) -> None:
    strategies = ({"type": "diversity", "strength": 0.5}, {"type": "balance"}, {"type": "random", "seed": 3})
    dry = platform.select(*strategies, dry_run=True, preselected_tag="like these")
    real = platform.select(*strategies, preselected_tag="like these", new_tag="real")
    assert (dry.tag, real.tag) == (None, "real")
    assert platform.chosen(dry).tolist() == platform.chosen(real).tolist()
    for name in ("quality", "categories", "findings", "stopped_by", "candidates", "selected", "preselected"):
        assert getattr(dry, name) == getattr(real, name), name
    quality = dry.quality
    assert quality is not None
    assert quality.measured_on == 38
    assert quality.cover_radius is not None
    assert 0 < quality.cover_radius.selected < 10
    assert {name: share.selected for name, share in quality.class_distribution.items()} == dry.selected_categories
    assert {name: share.available for name, share in quality.class_distribution.items()} == {
        name: counts.available for name, counts in dry.categories.items()
    }


def test_quality_is_what_the_vectors_say(platform: Platform) -> None:
    result = platform.select({"type": "diversity"}, dry_run=True)
    vectors = catalog.read_vectors(platform.services.store, platform.services.home, "vehicles-crops").astype(float)
    chosen = vectors[platform.chosen(result)]
    nearest = np.sqrt(((vectors[:, None] - chosen[None]) ** 2).sum(axis=2)).min(axis=1)
    assert result.quality is not None
    assert result.quality.cover_radius is not None
    assert result.quality.mean_distance is not None
    assert result.quality.cover_radius.selected == pytest.approx(nearest.max(), abs=1e-5)
    assert result.quality.mean_distance.selected == pytest.approx(nearest.mean(), abs=1e-5)
    assert result.quality.cover_radius.selected < result.quality.cover_radius.random


def test_limits_hold_per_image_and_per_category(platform: Platform) -> None:
    quotas = {"big wheel": {"at_most": 3}, "small wheel": {"at_least": 2}}
    result = platform.select({"type": "weights", "input": SPEED}, n_samples=10, max_per_image=1, quotas=quotas)
    crops = platform.crops()
    chosen = [crops[index] for index in platform.chosen(result)]
    assert max(Counter(image for image, _ in chosen).values()) == 1
    big = sum(position % 2 == 0 for _, position in chosen)
    assert (big, len(chosen)) == (3, 10)
    everything = platform.select({"type": "diversity"}, n_samples=1.0, max_per_image=1, quotas=quotas, new_tag="all")
    assert everything.stopped_by == "limits"
    images = Counter(crops[index][0] for index in platform.chosen(everything))
    assert set(images.values()) == {1}
    # Whatever the big ones were, every image with a small wheel has something that was chosen.
    assert set(images) >= {image for image, count in IMAGES.items() if count > 1}


def test_a_quota_that_cannot_be_met_is_told(platform: Platform) -> None:
    quotas = {"small wheel": {"at_least": 30}}
    result = platform.select({"type": "diversity"}, n_samples=35, quotas=quotas)
    assert result.selected_categories["small wheel"] == 16
    (finding,) = [one for one in result.findings if one.code == "quotas_unmet"]
    assert finding.examples == ["small wheel: 16 of at least 30, there are only 16"]
    log = platform.client.get(f"/api/runs/{result.run}/log").json()["items"]
    assert any(finding.message in line["message"] for line in log)


def test_images_are_chosen_by_their_objects(platform: Platform) -> None:
    objects = {"type": "embeddings", "of": "objects"}
    result = platform.select({"type": "diversity", "input": objects}, dataset="vehicles", n_samples=18)
    images = list(catalog.iter_samples(platform.services.store, "vehicles"))
    chosen = platform.chosen(result, "vehicles")
    without = {index for index, image in enumerate(images) if IMAGES[image.file_name] == 0}
    # Sixteen images have objects; those without come last.
    assert len(without & set(chosen.tolist())) == 2
    assert result.selected == 18


def test_what_is_like_a_query_is_chosen_first(platform: Platform) -> None:
    query = {"dataset": "vehicles-crops", "tag": "like these"}
    result = platform.select({"type": "similarity", "query": query}, n_samples=6)
    vectors = catalog.read_vectors(platform.services.store, platform.services.home, "vehicles-crops").astype(float)
    nearest = np.sqrt(((vectors[:, None] - vectors[None, [3, 17]]) ** 2).sum(axis=2)).min(axis=1)
    assert platform.chosen(result).tolist() == np.sort(np.argsort(nearest)[:6]).tolist()
    assert {3, 17} <= set(platform.chosen(result).tolist())


def test_images_are_compared_with_the_objects_of_a_query(platform: Platform) -> None:
    query = {"dataset": "vehicles-crops", "tag": "like these"}
    similar = {"type": "similarity", "query": query, "input": {"type": "embeddings", "of": "objects"}}
    result = platform.select(similar, dataset="vehicles", n_samples=2)
    images = list(catalog.iter_samples(platform.services.store, "vehicles"))
    chosen = {images[index].file_name for index in platform.chosen(result, "vehicles")}
    assert chosen == {platform.crops()[3][0], platform.crops()[17][0]}


@pytest.mark.parametrize("strategy", ["typicality", "representative"])
def test_what_stands_for_many_is_chosen_with_what_is_rare(platform: Platform, strategy: str) -> None:
    alone = platform.select({"type": strategy}, dry_run=True)
    mixed = platform.select({"type": strategy}, {"type": "diversity"}, dry_run=True)
    assert alone.selected == mixed.selected == 8
    assert alone.quality is not None
    assert alone.quality.mean_distance is not None
    if strategy == "representative":
        assert alone.quality.mean_distance.selected < alone.quality.mean_distance.random
    of_images = {"type": strategy, "input": {"type": "embeddings", "of": "objects"}}
    assert platform.select(of_images, dataset="vehicles", dry_run=True, n_samples=5).selected == 5


def test_what_limits_objects_is_refused_of_images(platform: Platform) -> None:
    request = {"n_samples": 3, "max_per_image": 1}
    answer = platform.client.post("/api/runs:select", json={"dataset": "vehicles", "selection": request})
    assert answer.status_code == 422
    assert answer.json()["field"] == "selection.max_per_image"


@pytest.mark.parametrize(
    ("strategy", "status", "field"),
    [
        ({"type": "weights", "input": {"type": "metadata", "key": "sped"}}, 422, "input.key"),
        ({"type": "weights", "input": {"type": "embeddings"}}, 422, "input"),
        ({"type": "balance", "input": {"type": "metadata", "key": "sky"}, "target": {"red": -1}}, 422, "target.red"),
        ({"type": "balance", "target": {"truck": 1}}, 422, "target"),
        ({"type": "magic"}, 422, "type"),
        ({"type": "similarity", "query": {"dataset": "nobody", "tag": "x"}}, 404, None),
        ({"type": "similarity", "query": {"dataset": "vehicles", "tag": "like these"}}, 404, None),
        ({"type": "weights", "input": {**MARGIN, "task": "\0"}}, 422, "input.score"),
        ({"type": "weights", "input": {"type": "metadata", "key": "👻" * 1000}}, 422, "input.key"),
        ({"type": "weights", "input": {"type": "metadata", "key": ""}}, 422, "input.key"),
        ({"type": "diversity", "strength": 1e10}, 422, "strength"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(
    platform: Platform, strategy: dict[str, Any], status: int, field: str | None
) -> None:
    selection = {"n_samples": 3, "strategies": [{"type": "random"}, strategy]}
    for path in ("/api/runs:select", "/api/runs:dry_run"):
        answer = platform.client.post(path, json={"dataset": "vehicles-crops", "selection": selection})
        assert answer.status_code == status, answer.text
        if field is not None:
            assert answer.json()["field"] == f"selection.strategies[1].{field}"
    assert platform.client.get("/api/runs").json()["total"] == 1


def test_what_is_asked_of_an_input_must_be_one_of_the_run(platform: Platform) -> None:
    Runs(platform.transport).select("vehicles-crops", selection={"n_samples": 3})
    worker = platform.transport.post("/workers", {"name": "w"})["id"]
    assignment = platform.transport.post(f"/workers/{worker}/claim", {})["assignment"]
    headers = {"Swath-Lease": str(assignment["lease"])}
    path = f"/api/runs/{assignment['run_id']}/session"
    page = {"first": 0, "count": 10}
    for what, which, status in (
        ("inputs/0", "candidates", 200),
        ("inputs/0", "query", 200),
        ("inputs/1", "candidates", 422),
        ("inputs/-1", "candidates", 422),
        ("inputs/0", "everything", 422),
        ("groups", "query", 422),
        ("groups", "preselected", 200),
        ("candidates", "candidates", 200),
    ):
        answer = platform.client.get(f"{path}/{what}", params={"which": which, **page}, headers=headers)
        assert answer.status_code == status, (what, which, answer.text)
    beyond = platform.client.get(
        f"{path}/groups", params={"which": "candidates", "first": 99, "count": 1}, headers=headers
    )
    assert beyond.status_code == 200
    stale = platform.client.get(f"{path}/groups", params={"which": "candidates", **page}, headers={"Swath-Lease": "7"})
    assert stale.status_code == 409


def test_what_is_chosen_depends_on_the_samples_and_not_on_their_order(
    platform: Platform, commit_run: Fixture, services: Services
) -> None:
    for names in (sorted(IMAGES)[7:], sorted(IMAGES)[:7]):
        commit_run(make_additions({name: IMAGES[name] for name in names}), name="again")
    with services.store.writing() as connection:
        owner_id = local_user(connection).id
        crops, images = (find_visible(connection, name, owner_id) for name in ("again-crops", "again"))
        first = {(image, position): index for index, (image, position) in enumerate(platform.crops())}
        for sample in list(catalog.iter_samples(services.store, "again")):
            number = int(sample.file_name[:2])
            document = {"sky": SKIES[number % 3], "speed": number}
            keep_sample_metadata(connection, images.id, sample.index, SampleMetadata(custom=document))
        for sample in list(catalog.iter_samples(services.store, "again-crops")):
            assert sample.crop is not None
            index = first[sample.crop.parent_file_name, sample.crop.position]
            found = SampleMetadata(scores={"wheels": {"uncertainty_margin": (index * 7 % 40) / 40}})
            keep_sample_metadata(connection, crops.id, sample.index, found)
    strategies = (
        {"type": "diversity"},
        {"type": "weights", "input": MARGIN},
        {"type": "balance", "input": {"type": "metadata", "key": "sky"}},
        {"type": "random", "strength": 0.3, "seed": 5},
    )
    keys: list[set[bytes]] = []
    qualities = []
    for dataset in ("vehicles-crops", "again-crops"):
        result = platform.select(*strategies, dataset=dataset, dry_run=True, n_samples=11, max_per_image=2)
        samples = list(catalog.iter_samples(services.store, dataset))
        keys.append({samples[i].crop.object_key for i in platform.chosen(result)})
        qualities.append(result.quality)
    assert keys[0] == keys[1]
    assert len(keys[0]) == 11
    assert qualities[0] == qualities[1]
