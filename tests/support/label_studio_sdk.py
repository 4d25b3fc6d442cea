"""Label Studio's own checks and converter, in an environment of its own (`make label-studio`), driven from tests."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).parent / "label_studio" / "convert.py"
PYTHON = ROOT / ".tools" / "label-studio" / "bin" / "python"


def read_by_label_studio(config: str, tasks: str, folder: Path) -> dict[str, Any]:
    """What Label Studio finds wrong with tasks (`problems`), and its COCO and YOLO exports of their predictions.

    Skips the test where the converter is not installed, but in continuous integration, where that is a failure.
    """
    if not PYTHON.exists():
        assert os.environ.get("CI") != "true", "the converter of Label Studio is not installed"
        pytest.skip("the converter of Label Studio is not installed (make label-studio)")
    config_path, tasks_path = folder / "config.xml", folder / "tasks.json"
    config_path.write_text(config, encoding="utf-8")
    tasks_path.write_text(tasks, encoding="utf-8")
    done = subprocess.run(
        [PYTHON, SCRIPT, config_path, tasks_path, folder], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found
