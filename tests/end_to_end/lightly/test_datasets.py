"""Datasets, made and found by the official clients."""

from __future__ import annotations

from tests.end_to_end.lightly.conftest import ScriptUser
from tests.support.official_client import OfficialClient


def test_a_dataset_is_made_and_listed(old_client: OfficialClient, user: ScriptUser) -> None:
    old_client("client.create_dataset('photos')")

    (made,) = old_client("client.get_datasets()")
    assert made["name"] == "photos"
    assert made["id"] == old_client("client.dataset_id")
    assert [dataset.name for dataset in user.native.datasets.list()] == ["photos"]
