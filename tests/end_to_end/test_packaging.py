"""What `pip install .` and releases bring along."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
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
    ignored = shutil.ignore_patterns("node_modules", "dist", "build", "webapp_dist", "__pycache__", "libkernels.so")
    for name in ("src", "native", "web"):
        shutil.copytree(CHECKOUT / name, copy / name, ignore=ignored)
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copyfile(CHECKOUT / name, copy / name)
    return copy


def uv(*arguments: str | Path, **environment: str) -> str:
    """Run uv; returns what it said."""
    if not UV.exists():
        pytest.skip("uv is not there: `make setup` installs it")
    done = subprocess.run(
        [UV, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def wheel(sources: Path, mode: str, **environment: str) -> tuple[set[str], str]:
    """The names in a wheel of these sources, and what was said about it."""
    wheels = sources.parent / "wheels"
    said = uv("build", "--wheel", "--out-dir", wheels, sources, SWATH_WEB=mode, **environment)
    (built,) = wheels.glob("*.whl")
    return names_in(built), said


def test_a_wheel_made_with_node_has_the_web_app(sources: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("there is no npm: the web app is built with Node 20")
    names, _ = wheel(sources, "require")
    assert "swath/server/webapp_dist/index.html" in names
    assert any(name.startswith("swath/server/webapp_dist/assets/") for name in names)


def test_a_wheel_made_without_node_has_all_but_the_web_app_and_says_so(sources: Path) -> None:
    names, said = wheel(sources, "auto", PATH="/nowhere")
    assert "swath/server/pages/not-built.html" in names
    assert not any("webapp_dist" in name for name in names)
    assert "the web app was not built" in said


def test_a_wheel_made_of_the_sdist_selects_where_there_is_no_compiler(sources: Path, tmp_path: Path) -> None:
    built = tmp_path / "built"
    uv("build", "--sdist", "--out-dir", built, sources, SWATH_WEB="skip")
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    assert {"native/build.py", "native/nearest.c", "native/filter.h"} <= packed
    assert not any(name.endswith((".so", ".o")) for name in packed)

    uv("build", "--wheel", "--out-dir", built, sdist, SWATH_WEB="skip")
    (whole,) = built.glob("*.whl")
    assert re.search(r"-py3-none-(manylinux_2_17|linux|macosx_11_0)_\w+\.whl$", whole.name)
    assert "swath/core/selection/libkernels.so" in names_in(whole)

    # Selecting takes numpy alone, so that nothing else has to be fetched here.
    environment = tmp_path / "environment"
    uv("venv", "--python", sys.executable, environment)
    uv("pip", "install", "--python", environment / "bin" / "python", "--no-deps", whole, "numpy")
    code = (
        "import numpy as np\n"
        "from swath.core.selection import Diversity, native, select\n"
        "picks = select([Diversity(vectors=np.eye(90, dtype=np.float16))], count=40, rank=np.arange(90))\n"
        "print(len(picks), native.levels()[-1])\n"
    )
    done = subprocess.run(
        [environment / "bin" / "python", "-I", "-c", code],
        env={"PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "40 v1\n", done.stderr


@pytest.mark.parametrize("target", ["aarch64-macos.11.0", "aarch64-linux-gnu.2.17", "x86_64-linux-musl"])
def test_the_kernels_compile_for_other_machines_without_a_warning(target: str, tmp_path: Path) -> None:
    compiler = CHECKOUT / ".tools" / "native" / "bin" / "python"
    if not compiler.exists():
        pytest.skip("the compiler is not there: `make native` installs it")
    made = tmp_path / "libkernels.so"
    subprocess.run([compiler, CHECKOUT / "native" / "build.py", "--target", target, "--output", made], check=True)
    magic = {"macos": b"\xcf\xfa\xed\xfe", "linux": b"\x7fELF"}
    assert made.read_bytes().startswith(magic[target.split("-")[1].partition(".")[0]])
