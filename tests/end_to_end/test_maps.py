"""Maps from the command line: in one process, and through a server whose worker makes and extends them."""

from __future__ import annotations

import signal
from typing import Any

import numpy as np
import pytest

Fixture = Any  # of conftest.py: Swath, PhotoFolder, Platform

OBJECTS = {"task_name": "vehicles"}


def test_a_map_is_made_anew_extended_and_refused_with_the_right_code(swath: Fixture, photos: Fixture) -> None:
    photos.add_many(2)
    swath.run(photos.root)
    for options, code, said in (
        (("nothing",), 2, "there is no dataset `nothing`"),
        (("photos-crops", "--method", "pca"), 2, "made with every commit"),
        (("photos-crops", "--method", "trimap"), 2, "there is no method `trimap`"),
        (("photos-crops", "--neighbors", "1"), 2, "`parameters.neighbors`"),
        (("photos-crops", "--perplexity", "9"), 2, "method `pacmap` has no parameter `perplexity`"),
        (("photos-crops", "--extend"), 2, "has no pacmap map"),
        (("photos-crops", "--extend", "--neighbors", "5"), 2, "`--extend` takes the map as it is"),
    ):
        refused = swath("map", *options)
        assert (refused.code, said in refused.stderr) == (code, True), refused.stderr
    made = swath("map", "photos-crops", "--neighbors", "5", "--json")
    assert (made.code, made.document["state"], made.document["method"]) == (0, "COMPLETED", "pacmap")
    assert made.document["placed"] == made.document["points"] > 0
    again = swath("map", "photos-crops", "--extend")
    assert again.code == 2
    assert "is on its pacmap map" in again.stderr
    anew = swath("map", "photos-crops")
    assert anew.stdout.decode().startswith(f"placed {made.document['placed']} samples of photos-crops")


@pytest.mark.slow
def test_a_server_extends_maps_by_itself_and_keeps_every_point(
    platform: Fixture, swath: Fixture, photos: Fixture
) -> None:
    photos.add_many(4)
    up = platform.serve("up", "--no-browser")
    with platform.client() as client:
        dataset = client.datasets.create("photos", datasource=photos.root)
        client.runs.create(dataset, object_level=OBJECTS, selection={"n_samples": 5}).wait(timeout=120)
        # The command line goes through the server.
        made = swath("map", "photos-crops", "--method", "umap", "--json")
        assert (made.code, made.document["placed"]) == (0, 5)
        [crops] = dataset.crops_datasets
        [umap] = [one for one in crops.projections if one.method.value == "umap"]
        before = umap.points()
        photos.add_many(4, prefix="more")
        client.runs.create(dataset, object_level=OBJECTS, selection={"n_samples": 4}).wait(timeout=120)
        platform.wait_until(lambda: umap.refresh().document.point_count == 9)
        after = umap.points()
        assert np.isfinite(after).all()
        assert after[:5].tobytes() == before.tobytes()
        assert umap.run is None
        umap.delete()
        assert [one.method.value for one in crops.projections] == ["pca"]
    up.send_signal(signal.SIGINT)
    assert up.wait(15) == 0
