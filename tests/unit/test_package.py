from __future__ import annotations

import subprocess
import sys

import pytest

import swath


def test_importing_the_package_loads_next_to_nothing_and_its_client_no_engine() -> None:
    code = """
import sys, swath
print("pydantic" in sys.modules, "numpy" in sys.modules)
swath.Client
print("httpx2" in sys.modules, "numba" in sys.modules, "sqlalchemy" in sys.modules, "onnxruntime" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["False False", "True False False False"]


def test_the_package_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="no attribute `Clinet`"):
        swath.Clinet  # noqa: B018
