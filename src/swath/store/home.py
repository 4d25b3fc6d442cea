"""The home folder: where the database and all files of one installation lie, and the lock of the one run in it."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from swath.core.errors import SourceUnavailable
from swath.store.files import naming_failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The layout of the home folder. Only `cache` and `models` may be deleted by hand."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "swath.sqlite"

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.database}"

    @property
    def artifacts(self) -> Path:
        return self.root / "artifacts"

    @property
    def vectors(self) -> Path:
        return self.root / "vectors"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def lock_file(self) -> Path:
        return self.root / "lock"

    @contextmanager
    def lock(self, wait_notice: Callable[[str], None], *, what: str = "a run") -> Iterator[None]:
        """Hold the home for one run; reading needs no lock.

        If another process holds it, `wait_notice` is told once who does (process, since when, what), then this
        waits. The kernel lets go of the lock when its process ends, however it ends.
        """
        with naming_failures("lock", self.lock_file):
            file = self.lock_file.open("a+b")
        with file:
            with naming_failures("lock", self.lock_file):
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    wait_notice(f"waiting for {self.lock_holder() or 'another process'}, which uses `{self.root}`")
                    fcntl.flock(file, fcntl.LOCK_EX)
                _write_holder(file, what)
            try:
                yield
            finally:
                # Only for people: an empty file is as unlocked as a full one.
                file.truncate(0)

    def is_locked(self) -> bool:
        """Whether some process holds the lock, asked of the kernel: what the file says may be long over."""
        with naming_failures("lock", self.lock_file), self.lock_file.open("a+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def lock_holder(self) -> str | None:
        """Who wrote themselves into the lock file, for a person; None if it does not say (yet)."""
        holder = self._holder()
        if holder is None:
            return None
        return f"{holder['what']} (process {holder['process']}, since {holder['since']})"

    def _holder(self) -> dict[str, str | int] | None:
        try:
            holder = json.loads(self.lock_file.read_bytes())
        except (OSError, ValueError):
            return None
        return holder if isinstance(holder, dict) and {"what", "process", "since"} <= holder.keys() else None


def _write_holder(file: IO[bytes], what: str) -> None:
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    file.truncate(0)
    file.write(json.dumps({"process": os.getpid(), "since": since, "what": what}).encode())
    file.flush()


def open_home(path: Path) -> Home:
    """Make the home folder, or use the one that is there. Raises SourceUnavailable if it cannot hold data."""
    root = path.expanduser().absolute()
    if root.exists() and not root.is_dir():
        raise SourceUnavailable(f"the home `{root}` is a file, not a folder", hint="Name a folder as the home.")
    home = Home(root=root)
    with naming_failures("make the home folder", root):
        for folder in (home.artifacts, home.vectors, home.cache, home.models):
            folder.mkdir(parents=True, exist_ok=True)
    for folder in (root, home.artifacts, home.vectors):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise SourceUnavailable(
                f"the home folder `{folder}` cannot be written", hint="Change its permissions, or use a home elsewhere."
            )
    return home
