"""The drawn demo datasource, drawn once per checkout: that takes longer than most tests that use it."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from pathlib import Path

import swath.demo
from swath.demo.datasource import make_demo_datasource

DRAWN = Path(__file__).parents[2] / ".tools" / "scenes"


def copy_scenes(folder: Path, *, images: int = 240) -> None:
    """Put the first scenes of the demo into a new folder. Processes of tests wait for the one that draws."""
    kept = DRAWN / f"{_digest_of_drawing()}-{images}"
    kept.parent.mkdir(parents=True, exist_ok=True)
    with (DRAWN / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make_demo_datasource(kept, images=images)
    shutil.copytree(kept, folder)


def _digest_of_drawing() -> str:
    """Names the code that draws: other code may draw other scenes."""
    digest = hashlib.sha256()
    for path in sorted(Path(swath.demo.__path__[0]).glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
