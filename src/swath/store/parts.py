"""Parts of what a run adds, below `parts/<run id>/<lease>/`, from when a worker hands them in until they are committed.

Another worker that takes over has a lease, and so a folder, of its own: parts of two never mix.
"""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from pathlib import Path

from swath.core.errors import Conflict, InvalidConfig
from swath.store.files import naming_failures
from swath.store.home import Home
from swath.store.ids import is_id
from swath.store.incoming import IncomingFile

MAX_PART_BYTES = 256 << 20

PART_NAME = re.compile(r"[a-z][a-z-]{0,40}-[0-9]{1,6}")


def receive_part(home: Home, run_id: str, lease: int, name: str) -> IncomingFile:
    """A part on its way. Raises InvalidConfig for a name that no part has."""
    return IncomingFile(part_path(home, run_id, lease, name), most_bytes=MAX_PART_BYTES)


def read_part(home: Home, run_id: str, lease: int, name: str) -> bytes:
    """The bytes of a part. Raises Conflict if it was not handed in."""
    path = part_path(home, run_id, lease, name)
    with naming_failures("read", path):
        try:
            return path.read_bytes()
        except FileNotFoundError as exc:
            raise Conflict(f"part `{name}` was not handed in", hint="Hand in every part, then commit.") from exc


def part_path(home: Home, run_id: str, lease: int, name: str) -> Path:
    if not PART_NAME.fullmatch(name) or not is_id(run_id):
        raise InvalidConfig(f"a part cannot be called `{name}`", field="name")
    return home.parts / run_id / str(int(lease)) / name


def remove_parts(home: Home, run_id: str, *, up_to_lease: int) -> None:
    """Remove the parts of a run that came under this lease and earlier ones. None there is fine.

    Those of the next lease stay: its worker may be handing them in already.
    """
    folder = home.parts / run_id
    with naming_failures("remove", folder):
        if not folder.is_dir():
            return
        for of_lease in folder.iterdir():
            if of_lease.name.isdigit() and int(of_lease.name) <= up_to_lease:
                shutil.rmtree(of_lease, ignore_errors=True)
        # It stays where the next lease has parts, which may come at this moment.
        with suppress(OSError):
            folder.rmdir()
