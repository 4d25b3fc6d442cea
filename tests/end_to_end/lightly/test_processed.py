"""What is processed, told and turned back by the official clients, as the runs of a worker see it."""

from __future__ import annotations

import os
from typing import Any

import pytest
from tests.end_to_end.conftest import PhotoFolder
from tests.support.deployment import Deployment
from tests.support.official_client import OfficialClient, only_new

from swath.testing.tiny_onnx import TinyModel, write_tiny_model

OLD, NEW = 1_600_000_000, 1_650_000_000


@pytest.mark.slow
@only_new
def test_another_look_at_all_files_adds_nothing_twice(client_process: OfficialClient, live: Deployment) -> None:
    client = client_process
    client.start_anew(live.url, live.token)
    name = f"photos {client.version}".replace(".", "-")
    photos = PhotoFolder(live.folder / name)
    photos.add_many(4)
    for number, path in enumerate(sorted(photos.root.glob("*.jpg"))):
        os.utime(path, (OLD + number, OLD + number) if number else (NEW, NEW))
    model = write_tiny_model(live.folder / "model.onnx", TinyModel())

    def run() -> dict[str, Any]:
        asked = live.schedule(photos, model, dataset=name)
        worker = live.start_worker(name)
        live.complete(asked)
        live.stop(worker)
        return dict(asked.result.model_dump())

    def until() -> int:
        moment: int = client("client.get_processed_until_timestamp()")
        return moment

    first = run()
    client("client.set_dataset_id_by_name(name)", name=name)
    assert (first["images"]["listed"], first["images"]["new"]) == (4, 4)
    assert until() == NEW

    client("client.update_processed_until_timestamp(moment)", moment=NEW)
    assert run()["images"]["new"] == 0

    client("client.update_processed_until_timestamp(moment)", moment=OLD + 10)
    assert run()["images"]["new"] == 1

    client("client.update_processed_until_timestamp(0)")
    assert until() == 0
    again = run()
    assert again["images"]["new"] == 4
    images = live.client.datasets.get(name)
    [crops] = images.crops_datasets
    names = [sample.file_name for sample in images.iter_samples()]
    assert sorted(names) == sorted(set(names))
    cut = [(crop.crop.parent_sample_id, crop.crop.position) for crop in crops.iter_samples() if crop.crop]
    assert len(set(cut)) == len(cut) == again["crop_dataset"]["samples"] > first["crop_dataset"]["samples"]
    assert again["objects"]["embedded"] == 0
    assert until() == NEW
