from __future__ import annotations

import pytest

from swath.core.errors import InvalidConfig
from swath.wire.confinement import check_confined_access, require_public_address

KEYS = {"access_key_id": "AKIA", "secret_access_key": "hush"}
ROLE = "arn:aws:iam::1:role/swath-readers"


@pytest.mark.parametrize(
    "access", [{}, KEYS, {**KEYS, "role_arn": ROLE}, {"sas_token": "sig=hush"}, {"service_account": "{}"}]
)
def test_credentials_of_ones_own_are_fine(access: dict[str, str]) -> None:
    check_confined_access(access)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://1.1.1.1",
        "https://127.0.0.1",
        "https://localhost:9000",
        "https://[::1]",
        "https://10.0.0.7",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:127.0.0.1]",
        "https://0.0.0.0",
        "https://2130706433",
        "https://me:hush@1.1.1.1",
        "file:///etc",
        "https://",
        "https://[",
        "minio",
    ],
)
def test_an_endpoint_that_is_not_public_is_refused(endpoint: str) -> None:
    with pytest.raises(InvalidConfig, match=r"`credentials\.endpoint`") as caught:
        check_confined_access({**KEYS, "endpoint": endpoint})
    assert "hush" not in str(caught.value)
    assert caught.value.field == "credentials.endpoint"


def test_public_addresses_and_listed_endpoints_are_fine() -> None:
    require_public_address("https://1.1.1.1", field="endpoint")
    require_public_address("https://[2606:4700:4700::1111]:8443/store", field="endpoint")
    listed = ["http://minio:9000", "file:///data"]
    check_confined_access({"endpoint": "http://minio:9000/"}, listed_endpoints=listed)
    check_confined_access({"endpoint": "file:///data"}, listed_endpoints=listed)
    with pytest.raises(InvalidConfig):
        check_confined_access({"endpoint": "http://minio:9001"}, listed_endpoints=listed)


def test_a_role_is_taken_on_without_keys_only_where_the_operator_lists_it() -> None:
    check_confined_access({"role_arn": ROLE}, delegated_roles=["arn:aws:iam::1:role/swath-*"])
    for roles in ([], ["arn:aws:iam::2:role/*"], ["arn:aws:iam::1:role/swath"]):
        with pytest.raises(InvalidConfig, match="SWATH_DELEGATED_ROLES") as caught:
            check_confined_access({"role_arn": ROLE, "external_id": "hush"}, delegated_roles=roles, field="output")
        assert caught.value.field == "output.role_arn"


def test_what_takes_on_a_role_is_shown_to_listed_endpoints_alone() -> None:
    roles = [ROLE]
    check_confined_access({**KEYS, "role_arn": ROLE, "endpoint": "https://1.1.1.1"})
    access = {"role_arn": ROLE, "endpoint": "https://1.1.1.1"}
    check_confined_access(access, delegated_roles=roles, listed_endpoints=["https://1.1.1.1/"])
    with pytest.raises(InvalidConfig, match="are not shown to that endpoint") as caught:
        check_confined_access(access, delegated_roles=roles)
    assert caught.value.field == "credentials.endpoint"
