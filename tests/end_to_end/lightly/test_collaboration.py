"""Datasets shared by the official client; the methods came after 1.2.25."""

from __future__ import annotations

import pytest
from tests.end_to_end.lightly.conftest import ScriptUser, Users
from tests.support.official_client import ClientRaised, OfficialClient, only_new

pytestmark = pytest.mark.slow


@only_new
def test_a_dataset_is_shared_by_e_mail_addresses(old_client: OfficialClient, make_user: Users) -> None:
    bert, cleo = make_user(name="bert@example.com"), make_user(name="cleo+data@example.com")
    old_client("client.create_dataset('photos')")
    assert old_client("client.get_shared_users(client.dataset_id)") == []

    share = "client.share_dataset_only_with(client.dataset_id, users)"
    old_client(share, users=[bert.name, cleo.name])
    assert old_client("client.get_shared_users(client.dataset_id)") == [bert.name, cleo.name]
    old_client(share, users=[cleo.name])

    assert old_client("client.get_shared_users(client.dataset_id)") == [cleo.name]
    assert [dataset.name for dataset in bert.native.datasets.list()] == []
    assert [dataset.name for dataset in cleo.native.datasets.list()] == ["photos"]
    old_client(share, users=[])
    assert [dataset.name for dataset in cleo.native.datasets.list()] == []


@only_new
def test_somebody_whom_the_server_does_not_know_is_named(old_client: OfficialClient, user: ScriptUser) -> None:
    old_client("client.create_dataset('photos')")

    with pytest.raises(ClientRaised) as refused:
        old_client("client.share_dataset_only_with(client.dataset_id, ['nobody@example.com'])")

    assert (refused.value.status, refused.value.code) == (404, "USER_NOT_KNOWN")
    assert "`nobody@example.com`" in refused.value.message
