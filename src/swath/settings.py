"""Settings: declared once, read once from the environment, handed down. Nobody else looks at the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from swath.core.errors import InvalidConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Each field is read from the environment variable `SWATH_<FIELD>`; docs/reference/settings.md lists them."""

    home: Path
    """The home folder: database, vectors, caches and built models."""

    threads: int
    """Threads that decode images, and as many that embed; 0 is one per available processor core."""

    max_image_pixels: int
    """Images whose header claims more pixels than this are refused as unreadable."""

    kill_at: str
    """For tests: the name of a kill point at which the process kills itself."""


DEFAULTS = {
    "home": str(Path("~") / ".swath"),
    "threads": "0",
    "max_image_pixels": "400000000",
    "kill_at": "",
}
"""Defaults as they would be written in the environment."""


def load_settings(environ: Mapping[str, str] | None = None, *, home: Path | None = None) -> Settings:
    """Read the settings from the environment; `home`, if given, comes before `SWATH_HOME`.

    Raises InvalidConfig naming the variable for a value that cannot be used.
    """
    environ = os.environ if environ is None else environ
    text = {field.name: environ.get(_variable(field.name), "") or DEFAULTS[field.name] for field in fields(Settings)}
    threads = _whole_number("threads", text["threads"], least=0)
    return Settings(
        home=(home or Path(text["home"])).expanduser(),
        threads=threads or available_cores(),
        max_image_pixels=_whole_number("max_image_pixels", text["max_image_pixels"], least=1),
        kill_at=text["kill_at"],
    )


def available_cores() -> int:
    """Processor cores this process may use: containers and batch systems often give fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _variable(field: str) -> str:
    return f"SWATH_{field.upper()}"


def _whole_number(field: str, text: str, *, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise InvalidConfig(f"`{_variable(field)}` is a whole number of at least {least}, got `{text}`", field=field)
    return number
