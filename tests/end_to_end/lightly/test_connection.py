"""How the official clients reach the server, and what they hear when they may not."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.end_to_end.lightly.conftest import ScriptUser, Users
from tests.support.deployment import Deployment
from tests.support.official_client import VERSIONS, ClientRaised, OfficialClient, run_script

from swath.core.access import Scope

SCRIPT = """
from lightly.api import ApiWorkflowClient

client = ApiWorkflowClient()
client.create_dataset("photos")
print(client.dataset_id)
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_a_script_needs_two_variables_and_may_end_the_address_with_a_slash(
    version: str, live: Deployment, user: ScriptUser, tmp_path: Path
) -> None:
    script = tmp_path / "create_dataset.py"
    script.write_text(SCRIPT)

    ended = run_script(version, f"{live.url}/", user.token, script, folder=tmp_path)

    assert ended.code == 0, ended.stderr
    [dataset] = user.native.datasets.list()
    assert ended.stdout.strip() == dataset.id
    assert user.token not in live.output()


def test_a_wrong_token_is_told_as_such(old_client: OfficialClient) -> None:
    with pytest.raises(ClientRaised) as refused:
        old_client("ApiWorkflowClient(token='wrong').get_datasets()")

    assert (refused.value.status, refused.value.code) == (401, "UNAUTHORIZED")


def test_a_token_that_may_only_look_changes_nothing(
    old_client: OfficialClient, user: ScriptUser, make_user: Users, live: Deployment
) -> None:
    old_client("client.create_dataset('photos')")
    looking = make_user.another_token(user.name, Scope.READ_ONLY)
    old_client.start_anew(live.url, looking.token)

    assert [dataset["name"] for dataset in old_client("client.get_datasets()")] == ["photos"]
    for change in ("client.create_dataset('more')", "client.delete_dataset_by_id(client.dataset_id)"):
        with pytest.raises(ClientRaised) as refused:
            old_client(change)
        assert (refused.value.status, refused.value.code) == (403, "FORBIDDEN")


def test_the_quota_is_a_number(user: ScriptUser) -> None:
    assert int(user.ask("GET", "/quota").json()) > 1_000_000


def test_an_error_reads_well_in_the_client(old_client: OfficialClient) -> None:
    with pytest.raises(ClientRaised) as refused:
        old_client("client.get_dataset_by_id('0123456789abcdef01234567')")

    assert "there is no dataset `0123456789abcdef01234567`" in refused.value.message
