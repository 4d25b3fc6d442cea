"""What `Dockerfile` and `compose.yaml` say is there: files, commands, options, settings."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from swath.cli.app import app
from swath.cli.server_commands import DEFAULT_PORT
from swath.settings import DEFAULTS, SECRETS

ROOT = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
OF_PACKAGING = {"SWATH_WEB"}
"""What `hatch_build.py` understands: no setting of the program that is packed."""

VARIABLES = {f"SWATH_{name.upper()}" for name in DEFAULTS} | {f"SWATH_{name.upper()}_FILE" for name in SECRETS}


def check_command(words: list[str]) -> None:
    command, rest = COMMANDS[words[0]], words[1:]
    while hasattr(command, "commands"):
        command, rest = command.commands[rest[0]], rest[1:]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in rest if word.startswith("-")} <= options


def test_the_image_is_built_from_files_that_are_there_and_get_into_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = [name for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.M) for name in line.split()]
    assert copied
    for name in copied:
        assert (ROOT / name).exists(), name
        assert f"!{name.split('/')[0]}" in ignored, name
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {needed["readme"], *needed["license-files"], "pyproject.toml", "src"} <= set(copied)
    extras = re.findall(r"'\.\[(\w+)\]'", DOCKERFILE)
    assert set(extras) <= set(needed["optional-dependencies"])


def test_the_image_does_not_run_as_root_and_starts_a_command_that_is_there() -> None:
    assert re.findall(r"^USER (\w+)$", DOCKERFILE, re.M) == ["swath"]
    assert re.findall(r"^ENTRYPOINT (.*)$", DOCKERFILE, re.M) == ['["swath"]']
    check_command(yaml.safe_load(re.findall(r"^CMD (.*)$", DOCKERFILE, re.M)[0]))
    assert re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.M) == [str(DEFAULT_PORT)]


def test_variables_of_containers_are_settings() -> None:
    in_image = set(re.findall(r"\b(SWATH_\w+)=", DOCKERFILE))
    in_services = {name for service in COMPOSE["services"].values() for name in service.get("environment", {})}
    assert in_image
    assert {name for name in in_image | in_services if name.startswith("SWATH_")} <= VARIABLES | OF_PACKAGING


@pytest.mark.parametrize("name", ["server", "worker"])
def test_services_run_commands_with_options_that_are_there(name: str) -> None:
    check_command(COMPOSE["services"][name]["command"])


def test_scripts_of_services_run_commands_with_options_that_are_there() -> None:
    scripts = [service["command"][0] for service in COMPOSE["services"].values() if "entrypoint" in service]
    lines = [line for script in scripts for line in script.splitlines()]
    calls = [line.split(" > ")[0].split()[1:] for line in lines if line.startswith("swath ")]
    assert calls
    for words in calls:
        check_command(words)


def test_services_wait_for_services_that_tell_when_they_are_ready() -> None:
    services = COMPOSE["services"]
    for name, service in services.items():
        for other, wanted in service.get("depends_on", {}).items():
            if wanted["condition"] == "service_healthy":
                assert "healthcheck" in services[other], (name, other)


def test_volumes_are_declared() -> None:
    used = {volume.split(":")[0] for service in COMPOSE["services"].values() for volume in service.get("volumes", [])}
    assert {volume for volume in used if not volume.startswith(".")} == set(COMPOSE["volumes"])


def test_no_secret_stands_in_the_files() -> None:
    text = (ROOT / "compose.yaml").read_text() + DOCKERFILE
    for value in re.findall(r"(?:PASSWORD|SECRET_KEY|TOKEN)\w*: (.+)", text):
        assert value.startswith(("${", "/")), value
