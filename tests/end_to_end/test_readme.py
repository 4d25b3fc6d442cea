"""The Python of the first page, run as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

Fixture = Any  # of conftest.py: Swath, PhotoFolder, Platform

README = Path(__file__).parents[2] / "README.md"


def test_the_snippet_of_the_readme_runs(
    platform: Fixture, swath: Fixture, open_photos: Fixture, tmp_path: Path
) -> None:
    photos = open_photos(tmp_path / "data" / "photos", task="vehicles_object_detections")
    photos.add_many(4)
    platform.serve("up", "--no-browser", "--root", str(tmp_path / "data"))
    [snippet] = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-c", snippet],
        env={**os.environ, "SWATH_HOME": str(swath.home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *states, result = done.stdout.splitlines()
    assert states[-1] == "COMPLETED"
    assert result == "12 objects in 4 images; selected 1 object in 1 image; crops added to streets-crops 1 (1, 128)"
