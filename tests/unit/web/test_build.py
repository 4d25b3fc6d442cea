"""`web/build.py`, on sources of its own and programs that stand in for npm and Node."""

from __future__ import annotations

import importlib.util
import json
import os
import stat
from pathlib import Path
from types import ModuleType

import pytest

WEB = Path(__file__).parents[3] / "web"


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("web_build_under_test", WEB / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Checkout:
    """Sources of an app, and where it is built to."""

    def __init__(self, root: Path) -> None:
        self.web, self.dist = root / "web", root / "dist"
        (self.web / "src").mkdir(parents=True)
        for name in ("index.html", "package.json", "package-lock.json", "src/main.tsx"):
            (self.web / name).write_text("{}")
        self.bin = root / "bin"
        self.bin.mkdir()
        self.told: list[str] = []

    def install(self, *, node: str = "v20.19.1", npm: str = 'mkdir -p "$5" && echo built > "$5/index.html"') -> None:
        """Put a Node and an npm into the path: the version one tells, and what `npm run build` does."""
        self._program("node", f"echo {node}")
        self._program("npm", f'echo "$@" >> {self.bin}/calls; [ "$1" = ci ] || {{ {npm}; }}')

    def calls(self) -> list[str]:
        calls = self.bin / "calls"
        return calls.read_text().splitlines() if calls.exists() else []

    def _program(self, name: str, script: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    made = Checkout(tmp_path)
    # A path on which no real Node is, wherever this machine keeps its own.
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("sh", "mkdir"):
        (tools / tool).symlink_to(f"/bin/{tool}")
    monkeypatch.setenv("PATH", f"{made.bin}{os.pathsep}{tools}")
    return made


def build(builder: ModuleType, checkout: Checkout, mode: str) -> bool:
    return bool(builder.build(mode, checkout.told.append, web=checkout.web, dist=checkout.dist))


def test_builds_once_and_again_only_when_the_sources_changed(builder: ModuleType, checkout: Checkout) -> None:
    checkout.install()
    assert build(builder, checkout, "require")
    assert (checkout.dist / "index.html").read_text() == "built\n"
    calls = checkout.calls()
    assert build(builder, checkout, "require")
    assert checkout.calls() == calls
    (checkout.web / "src" / "main.test.tsx").write_text("a test is no part of the app")
    assert build(builder, checkout, "require")
    assert checkout.calls() == calls
    (checkout.web / "src" / "main.tsx").write_text("changed")
    assert build(builder, checkout, "require")
    assert len(checkout.calls()) > len(calls)


def test_takes_the_packages_that_are_installed_as_long_as_they_are_those_of_the_lock_file(
    builder: ModuleType, checkout: Checkout
) -> None:
    checkout.install()
    installed = checkout.web / "node_modules" / ".package-lock.json"
    installed.parent.mkdir()
    installed.write_text("{}")
    build(builder, checkout, "require")
    assert [call.split()[0] for call in checkout.calls()] == ["run"]
    os.utime(checkout.web / "package-lock.json", (2e9, 2e9))
    (checkout.web / "src" / "main.tsx").write_text("changed")
    build(builder, checkout, "require")
    assert [call.split()[0] for call in checkout.calls()] == ["run", "ci", "run"]


@pytest.mark.parametrize("node", ["v18.20.4", "v20.18.0"])
def test_goes_on_without_an_app_where_node_is_missing_or_too_old(
    builder: ModuleType, checkout: Checkout, node: str
) -> None:
    assert not build(builder, checkout, "auto")
    assert "needs Node 20.19" in checkout.told[-1]
    checkout.install(node=node)
    assert not build(builder, checkout, "auto")
    assert any(f"Node {node} is too old" in line for line in checkout.told)
    with pytest.raises(builder.BuildFailed, match=r"needs Node 20\.19"):
        build(builder, checkout, "require")


def test_keeps_the_old_app_when_a_build_fails_and_says_why(builder: ModuleType, checkout: Checkout) -> None:
    checkout.install()
    build(builder, checkout, "require")
    checkout.install(npm="echo no network; exit 1")
    (checkout.web / "src" / "main.tsx").write_text("changed")
    assert build(builder, checkout, "auto")
    assert "no network" in checkout.told[-1]
    assert (checkout.dist / "index.html").read_text() == "built\n"
    assert not builder.is_fresh(checkout.web, checkout.dist)
    with pytest.raises(builder.BuildFailed, match="no network"):
        build(builder, checkout, "require")


def test_an_app_without_its_sources_is_taken_as_it_is(builder: ModuleType, checkout: Checkout) -> None:
    checkout.dist.mkdir()
    (checkout.dist / "index.html").write_text("packed")
    (checkout.web / "package.json").unlink()
    assert build(builder, checkout, "require")
    assert checkout.calls() == []


def test_a_stamp_that_cannot_be_read_means_that_it_is_old(builder: ModuleType, checkout: Checkout) -> None:
    checkout.install()
    build(builder, checkout, "require")
    for text in ("", "[]", json.dumps({"sources": "another"})):
        (checkout.dist / "BUILD.json").write_text(text)
        assert not builder.is_fresh(checkout.web, checkout.dist)


def test_skips_on_demand_and_refuses_what_it_does_not_know(builder: ModuleType, checkout: Checkout) -> None:
    checkout.install()
    assert not build(builder, checkout, "skip")
    assert checkout.calls() == []
    with pytest.raises(builder.BuildFailed, match="`sometimes`: expected one of"):
        build(builder, checkout, "sometimes")
