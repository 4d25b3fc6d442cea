"""The scores of samples among their metadata: filtered, counted, sorted and coloured by, and shown with each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from swath.testing.session_contract import make_additions, with_scores

Fixture = Any  # of conftest.py: CommitRun

IMAGES = "/api/datasets/vehicles"
CROPS = "/api/datasets/vehicles-crops"
ENTROPY, GAPS = "scores.wheels.entropy", "scores.wheels.gaps"


@pytest.fixture(autouse=True)
def datasets(commit_run: Fixture) -> None:
    """Three images of entropy 0, 0.01 and 0.02, the second without `gaps`; six crops of entropy 0 to 0.05."""
    commit_run(with_scores(make_additions({"a.jpg": 3, "b.jpg": 1, "c.jpg": 2})))


def indices_of(client: TestClient, dataset: str, **query: Any) -> list[int]:
    answer = client.post(f"{dataset}/samples:query", json=query)
    assert answer.status_code == 200, answer.text
    return [one["index"] for one in answer.json()["items"]]


def test_images_and_crops_are_filtered_by_their_own_scores(client: TestClient) -> None:
    above = {"metadata": [{"key": ENTROPY, "min": 0.02}]}
    assert indices_of(client, IMAGES, filter=above) == [2]
    assert indices_of(client, CROPS, filter=above) == [2, 3, 4, 5]
    assert indices_of(client, IMAGES, filter={"metadata": [{"key": GAPS, "min": 0}]}) == [0, 2]


def test_samples_are_sorted_by_a_score(client: TestClient) -> None:
    for dataset, expected in ((IMAGES, [2, 1, 0]), (CROPS, [5, 4, 3, 2, 1, 0])):
        sort = {"key": "metadata", "metadata_key": ENTROPY, "descending": True}
        assert indices_of(client, dataset, sort=sort) == expected


def test_scores_have_a_histogram_beside_what_people_attached(client: TestClient) -> None:
    client.put(f"{IMAGES}/metadata", json=[{"file_name": "a.jpg", "metadata": {"weather": "fog"}}])
    facets = client.post(f"{CROPS}/samples:facets", json={}).json()["metadata"]
    assert [facet["key"] for facet in facets] == [ENTROPY, GAPS, "weather"]
    assert (sum(facets[1]["histogram"]["counts"]), facets[1]["missing"]) == (3, 3)


def test_points_are_coloured_by_a_score(client: TestClient) -> None:
    [projection] = client.get(f"{CROPS}/projections").json()["items"]
    legend = client.get(f"/api/projections/{projection['id']}/columns/metadata:{GAPS}").json()
    assert sum(one["count"] for one in legend["entries"] if one["kind"] != "missing") == 3
    codes = np.frombuffer(client.get(legend["url"]).content, dtype=np.uint8)
    assert len(codes) == 6


def test_a_sample_shows_its_own_scores_a_crop_not_those_of_its_image(client: TestClient) -> None:
    client.put(f"{IMAGES}/metadata", json=[{"file_name": "a.jpg", "metadata": {"weather": "fog", "scores": {"x": 1}}}])
    image = client.get(f"{IMAGES}/samples/0").json()["metadata"]
    assert image == {"weather": "fog", "scores": {"x": 1, "wheels": {"entropy": 0.0, "gaps": 0.0}}}
    crop = client.get(f"{CROPS}/samples/1").json()["metadata"]
    assert crop == {"weather": "fog", "scores": {"x": 1, "wheels": {"entropy": 0.01}}}


def test_what_people_attach_leaves_scores_alone(client: TestClient) -> None:
    client.put(f"{IMAGES}/metadata", json=[{"file_name": "a.jpg", "metadata": {"weather": "fog"}}])
    assert indices_of(client, IMAGES, filter={"metadata": [{"key": ENTROPY, "max": 0}]}) == [0]
