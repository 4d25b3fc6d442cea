from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from swath.adapters.embedders.graph_cache import cached_graph


class Builder:
    def __init__(self, data: bytes = b"graph") -> None:
        self.data, self.calls = data, 0

    def __call__(self) -> bytes:
        self.calls += 1
        return self.data


def test_a_graph_is_built_once(tmp_path):
    build = Builder()
    folder = tmp_path / "new" / "models"
    assert cached_graph(folder, "a", build) == b"graph"
    assert cached_graph(folder, "a", build) == b"graph"
    assert build.calls == 1
    assert sorted(path.name for path in folder.iterdir()) == ["a.onnx", "a.onnx.sha256"]


def test_graphs_of_different_names_do_not_mix(tmp_path):
    cached_graph(tmp_path, "a", Builder(b"one"))
    assert cached_graph(tmp_path, "b", Builder(b"two")) == b"two"


@pytest.mark.parametrize("damage", ["truncated", "changed", "no_checksum", "checksum_is_binary"])
def test_a_damaged_graph_is_built_again_and_repaired(tmp_path, damage):
    cached_graph(tmp_path, "a", Builder())
    if damage == "truncated":
        (tmp_path / "a.onnx").write_bytes(b"gra")
    elif damage == "changed":
        (tmp_path / "a.onnx").write_bytes(b"Graph")
    elif damage == "no_checksum":
        (tmp_path / "a.onnx.sha256").unlink()
    else:
        (tmp_path / "a.onnx.sha256").write_bytes(b"\xff\xfe")
    build = Builder()
    assert cached_graph(tmp_path, "a", build) == b"graph"
    assert cached_graph(tmp_path, "a", build) == b"graph"
    assert build.calls == 1


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs sha256sum")
def test_the_checksum_file_is_what_sha256sum_reads(tmp_path):
    cached_graph(tmp_path, "a", Builder())
    assert subprocess.run(["sha256sum", "-c", "a.onnx.sha256"], cwd=tmp_path, capture_output=True).returncode == 0


def test_a_folder_that_cannot_be_made_costs_a_warning_only(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    assert cached_graph(tmp_path / "file" / "models", "a", Builder()) == b"graph"
    assert "cannot be kept" in caplog.text


def test_a_failed_build_leaves_nothing_behind(tmp_path):
    def fail() -> bytes:
        raise RuntimeError("no weights")

    with pytest.raises(RuntimeError, match="no weights"):
        cached_graph(tmp_path, "a", fail)
    assert list(tmp_path.iterdir()) == []


def test_processes_that_build_at_once_both_get_the_graph(tmp_path):
    script = (
        "import sys; from pathlib import Path; from swath.adapters.embedders.graph_cache import cached_graph\n"
        "for i in range(40): assert cached_graph(Path(sys.argv[1]), f'g{i}', lambda: b'x' * 200_000) == b'x' * 200_000"
    )
    both = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert sorted({path.suffix for path in tmp_path.iterdir()}) == [".onnx", ".sha256"]
