"""What `pip install .` and releases bring along."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
UV = CHECKOUT / ".tools" / "bin" / "uv"

pytestmark = pytest.mark.slow


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A checkout in which nothing was built."""
    copy = tmp_path / "swath"
    ignored = shutil.ignore_patterns("node_modules", "dist", "webapp_dist", "__pycache__")
    for name in ("src", "web"):
        shutil.copytree(CHECKOUT / name, copy / name, ignore=ignored)
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copyfile(CHECKOUT / name, copy / name)
    return copy


def wheel(sources: Path, mode: str, *, path: str | None = None) -> tuple[set[str], str]:
    """The names in a wheel of these sources, and what was said about it."""
    if not UV.exists():
        pytest.skip("uv is not there: `make setup` installs it")
    environment = {**os.environ, "SWATH_WEB": mode, **({} if path is None else {"PATH": path})}
    done = subprocess.run(
        [UV, "build", "--wheel", "--out-dir", sources.parent / "wheels", sources],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (built,) = (sources.parent / "wheels").glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist()), done.stderr


def test_a_wheel_made_with_node_has_the_web_app(sources: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("there is no npm: the web app is built with Node 20")
    names, _ = wheel(sources, "require")
    assert "swath/server/webapp_dist/index.html" in names
    assert any(name.startswith("swath/server/webapp_dist/assets/") for name in names)


def test_a_wheel_made_without_node_has_all_but_the_web_app_and_says_so(sources: Path) -> None:
    names, said = wheel(sources, "auto", path="/nowhere")
    assert "swath/server/pages/not-built.html" in names
    assert not any("webapp_dist" in name for name in names)
    assert "the web app was not built" in said
