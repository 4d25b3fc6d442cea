from __future__ import annotations

from pathlib import Path

import pytest

from swath.adapters.embedders import OnnxOptions
from swath.core.errors import InvalidConfig, NotFound
from swath.testing.tiny_onnx import TinyModel, write_tiny_model
from swath.wiring.machinery import EmbedderShelf, Reach


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A root, and a folder beside it."""
    root, other = tmp_path / "root", tmp_path / "rooted"
    (root / "photos").mkdir(parents=True)
    other.mkdir()
    (root / "link").symlink_to(other)
    return root, other


@pytest.mark.parametrize("trusts_server", [True, False])
def test_runs_of_others_stay_below_the_roots(folders: tuple[Path, Path], trusts_server: bool) -> None:
    root, other = folders
    reach = Reach(roots=(root,), trusts_server=trusts_server)
    assert reach.open(str(root / "photos"), is_confined=True).uri == str(root / "photos")
    for outside in (other, root / "link", root / ".." / "rooted", root / "photos" / ".." / ".." / "rooted"):
        with pytest.raises(InvalidConfig, match="does not lie below a folder that this worker may use") as caught:
            reach.open(str(outside), is_confined=True)
        assert f"`{root}`" in caught.value.hint


def test_runs_of_the_owner_reach_everything_where_the_server_is_trusted(folders: tuple[Path, Path]) -> None:
    root, other = folders
    assert Reach(roots=(), trusts_server=True).open(str(other), is_confined=False).uri == str(other)
    with pytest.raises(InvalidConfig, match="does not lie below") as caught:
        Reach(roots=(), trusts_server=False).open(str(other), is_confined=False)
    assert "`root=FOLDER`" in caught.value.hint
    assert "now there is none" in caught.value.hint
    with pytest.raises(NotFound):
        Reach(roots=(root,), trusts_server=False).open(str(root / "nowhere"), is_confined=False)


def test_an_embedder_is_loaded_once_for_runs_that_name_it_in_turn(tmp_path: Path) -> None:
    one = str(write_tiny_model(tmp_path / "one.onnx", TinyModel()))
    two = str(write_tiny_model(tmp_path / "two.onnx", TinyModel()))
    shelf = EmbedderShelf(tmp_path / "models")
    first = shelf.get(one)
    assert shelf.get(one) is first
    assert shelf.get(two) is not first
    assert shelf.get(one) is not first
    with pytest.raises(InvalidConfig):
        shelf.get("nope")
    assert shelf.get(one, OnnxOptions(mean=(0.5, 0.5, 0.5))) is not shelf.get(one)
    before = shelf.get(one)
    write_tiny_model(Path(one), TinyModel())
    assert shelf.get(one) is not before
