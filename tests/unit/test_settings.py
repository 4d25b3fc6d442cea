from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from swath.core.errors import InvalidConfig
from swath.settings import available_cores, load_settings


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
