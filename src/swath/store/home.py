"""The home folder: where the database and all files of one installation lie, and the lock of the one that writes."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from swath.core.errors import Conflict, SourceUnavailable
from swath.store.files import naming_failures

THE_SERVER = "the server"
"""What the lock file says while a server holds the home: it does so for its whole life, so nobody waits for it."""

SECONDS_BETWEEN_TRIES = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAddress:
    """Where the server that holds a home answers, and the token by which commands on this machine speak to it."""

    url: str
    token: str = field(repr=False)
    process: int


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
    def projections(self) -> Path:
        return self.root / "projections"

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    @property
    def parts(self) -> Path:
        return self.root / "parts"

    @property
    def arriving(self) -> Path:
        """Files that come by links, while they come."""
        return self.root / "arriving"

    @property
    def uploads(self) -> Path:
        """What clients hand in: a folder per dataset."""
        return self.root / "uploads"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def lock_file(self) -> Path:
        return self.root / "lock"

    @property
    def secret_key_file(self) -> Path:
        return self.root / "secret.key"

    @property
    def server_file(self) -> Path:
        return self.root / "server.json"

    @property
    def token_file(self) -> Path:
        return self.root / "token"

    @contextmanager
    def lock(self, wait_notice: Callable[[str], None], *, what: str = "a run") -> Iterator[None]:
        """Hold the home for one run, deletion or server; reading needs no lock.

        If another process holds it, `wait_notice` is told once who does (process, since when, what), then this
        waits; if that process is a server, Conflict is raised, for it may hold the home for days. The kernel lets go
        of the lock when its process ends, however it ends.
        """
        with naming_failures("lock", self.lock_file):
            file = self.lock_file.open("a+b")
        with file:
            with naming_failures("lock", self.lock_file):
                self._take(file, wait_notice)
                _write_holder(file, what)
            try:
                yield
            finally:
                # Only for people: an empty file is as unlocked as a full one.
                file.truncate(0)

    def _take(self, file: IO[bytes], wait_notice: Callable[[str], None]) -> None:
        is_told = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._refuse_if_served()
            else:
                return
            if not is_told:
                wait_notice(f"waiting for {self.lock_holder() or 'another process'}, which uses `{self.root}`")
                is_told = True
            # Asked again rather than waited for: the next one to hold the home may be a server.
            time.sleep(SECONDS_BETWEEN_TRIES)

    def _refuse_if_served(self) -> None:
        holder = self._holder()
        if holder is None or holder["what"] != THE_SERVER:
            return
        address = self.written_address()
        where = f" at {address.url}" if address is not None and address.process == holder["process"] else ""
        raise Conflict(
            f"a server (process {holder['process']}{where}) uses `{self.root}`",
            hint="Stop it, or choose another home with `--home`; other commands go through the server once it answers.",
        )

    @contextmanager
    def serve(self, address: ServerAddress) -> Iterator[None]:
        """Let commands on this machine find the server. The caller holds the lock as THE_SERVER."""
        write_private(self.server_file, json.dumps(asdict(address)))
        try:
            yield
        finally:
            self.server_file.unlink(missing_ok=True)

    def server_address(self) -> ServerAddress | None:
        """The server that holds this home now; None if none does, whatever a killed one may have left."""
        address = self.written_address()
        if address is None or not self.is_locked():
            return None
        holder = self._holder()
        return address if holder is not None and holder["process"] == address.process else None

    def written_address(self) -> ServerAddress | None:
        """What a server has written: the one that is running, or one that was killed and could not remove it."""
        try:
            return ServerAddress(**json.loads(self.server_file.read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

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


def write_private(path: Path, text: str) -> None:
    """Write a file that holds a secret: for its owner's eyes only, from its first byte, and whole or not at all."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    with naming_failures("write", path):
        unfinished.unlink(missing_ok=True)
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        unfinished.replace(path)


def open_home(path: Path) -> Home:
    """Make the home folder, or use the one that is there. Raises SourceUnavailable if it cannot hold data."""
    root = path.expanduser().absolute()
    if root.exists() and not root.is_dir():
        raise SourceUnavailable(f"the home `{root}` is a file, not a folder", hint="Name a folder as the home.")
    home = Home(root=root)
    with naming_failures("make the home folder", root):
        for folder in (home.artifacts, home.vectors, home.projections, home.exports, home.cache, home.models):
            folder.mkdir(parents=True, exist_ok=True)
    for folder in (root, home.artifacts, home.vectors, home.projections):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise SourceUnavailable(
                f"the home folder `{folder}` cannot be written", hint="Change its permissions, or use a home elsewhere."
            )
    return home
