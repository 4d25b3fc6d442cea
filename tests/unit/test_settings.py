from __future__ import annotations

import os
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from swath.core.errors import InvalidConfig
from swath.settings import SECRETS, available_cores, child_environment, load_settings


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = load_settings({})
    assert settings.home == Path("~/.swath").expanduser()
    assert settings.threads == available_cores() >= 1
    assert (settings.max_image_pixels, settings.kill_at) == (400_000_000, "")


def test_every_setting_is_read_from_the_environment() -> None:
    settings = load_settings(
        {"SWATH_HOME": "/srv/swath", "SWATH_THREADS": "3", "SWATH_MAX_IMAGE_PIXELS": "1000", "SWATH_KILL_AT": "x"}
    )
    assert (settings.home, settings.threads) == (Path("/srv/swath"), 3)
    assert (settings.max_image_pixels, settings.kill_at) == (1000, "x")


def test_lists_are_split_and_locations_cleaned() -> None:
    settings = load_settings(
        {
            "SWATH_ROOTS": f"/data{os.pathsep}~/photos",
            "SWATH_HOSTS": "Swath.example.org, swath",
            "SWATH_SERVER": "http://swath:8750/",
            "SWATH_WORKER_TIMEOUT": "1.5",
            "SWATH_WEBAPP_DIR": "/srv/webapp",
        }
    )
    assert settings.roots == (Path("/data"), Path("~/photos").expanduser())
    assert settings.hosts == ("swath.example.org", "swath")
    assert (settings.server, settings.worker_timeout) == ("http://swath:8750", 1.5)
    assert settings.webapp_dir == Path("/srv/webapp")


def test_the_public_address_and_roles_are_cleaned() -> None:
    settings = load_settings(
        {
            "SWATH_PUBLIC_URL": "https://swath.example.org/images/ ",
            "SWATH_DELEGATED_ROLES": "arn:aws:iam::1:role/a, arn:aws:iam::2:role/swath-*",
        }
    )
    assert settings.public_url == "https://swath.example.org/images"
    assert settings.delegated_roles == ("arn:aws:iam::1:role/a", "arn:aws:iam::2:role/swath-*")


@pytest.mark.parametrize(
    "value",
    [
        "swath.example.org",
        "ftp://swath",
        "https://",
        "https://swath:99999",
        "https://swath:0",
        "https://me:s3cret@swath",
        "https://swath?x=1",
        "https://swath#x",
        "http://[",
        "https://sw ath",
    ],
)
def test_a_public_address_is_that_of_a_web_server(value: str) -> None:
    with pytest.raises(InvalidConfig, match="`SWATH_PUBLIC_URL` is not the http or https address") as caught:
        load_settings({"SWATH_PUBLIC_URL": value})
    assert "s3cret" not in str(caught.value)


def test_endpoints_are_read_and_a_wrong_one_names_the_variable() -> None:
    given = "s3://=http://minio:9000  gs://photos=/data/buckets"
    targets = load_settings({"SWATH_ENDPOINTS": given}).endpoints.targets
    assert targets == {"s3://": "http://minio:9000", "gs://photos": "/data/buckets"}
    for wrong in ("minio", "s3://=minio", "ftp://x=http://minio", "s3://=http://me:s3cret@minio"):
        with pytest.raises(InvalidConfig) as caught:
            load_settings({"SWATH_ENDPOINTS": wrong})
        assert caught.value.field == "SWATH_ENDPOINTS"


def test_variables_of_the_official_container_are_read_where_ours_are_not_set() -> None:
    old = {"LIGHTLY_TOKEN": "old", "LIGHTLY_WORKER_ID": "w1", "LIGHTLY_SERVER_LOCATION": "http://swath/"}
    settings = load_settings(old)
    assert (settings.token, settings.worker_id, settings.server) == ("old", "w1", "http://swath")
    assert load_settings({**old, "SWATH_TOKEN": "new"}).token == "new"


def test_secrets_are_not_in_the_representation() -> None:
    secrets = {
        "SWATH_TOKEN": "s3cret-1",
        "SWATH_SECRET_KEY": "s3cret-2",
        "SWATH_DATABASE": "postgresql://u:s3cret-3@h/n",
    }
    assert "s3cret" not in repr(load_settings(secrets))


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_secret_may_stand_in_a_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("s3cret\n")
    variable = f"SWATH_{name.upper()}"
    assert getattr(load_settings({f"{variable}_FILE": str(path)}), name) == "s3cret"
    assert getattr(load_settings({f"{variable}_FILE": str(path), variable: "mine"}), name) == "mine"
    path.unlink()
    with pytest.raises(InvalidConfig, match=f"which `{variable}_FILE` names, cannot be read: No such file"):
        load_settings({f"{variable}_FILE": str(path)})


def test_a_child_gets_this_environment_and_what_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMETHING_ELSE", "stays")
    environment = child_environment(token="t", home="/srv/swath")
    assert (environment["SWATH_TOKEN"], environment["SWATH_HOME"]) == ("t", "/srv/swath")
    assert environment["SOMETHING_ELSE"] == "stays"


@pytest.mark.parametrize("value", ["0", "-1", "soon", "nan", "inf"])
def test_a_timeout_is_a_positive_number(value: str) -> None:
    with pytest.raises(InvalidConfig, match=f"`SWATH_WORKER_TIMEOUT` is a number of seconds above 0, got `{value}`"):
        load_settings({"SWATH_WORKER_TIMEOUT": value})


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load_settings({"SWATH_THREADS": "", "SWATH_MAX_IMAGE_PIXELS": ""}).max_image_pixels == 400_000_000


def test_a_home_that_is_given_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SWATH_HOME", "/srv/swath")
    assert load_settings().home == Path("/srv/swath")
    assert load_settings(home=tmp_path).home == tmp_path
    assert load_settings({}, home=Path("~/here")).home == Path("~/here").expanduser()


@pytest.mark.parametrize(
    ("variable", "value", "least"),
    [
        ("SWATH_THREADS", "-1", 0),
        ("SWATH_THREADS", "many", 0),
        ("SWATH_THREADS", "1.5", 0),
        ("SWATH_MAX_IMAGE_PIXELS", "0", 1),
    ],
)
def test_a_number_that_cannot_be_used_is_named(variable: str, value: str, least: int) -> None:
    with pytest.raises(InvalidConfig) as caught:
        load_settings({variable: value})
    assert caught.value.message == f"`{variable}` is a whole number of at least {least}, got `{value}`"


def test_settings_never_change() -> None:
    with pytest.raises(FrozenInstanceError):
        load_settings({}).threads = 5  # type: ignore[misc]
