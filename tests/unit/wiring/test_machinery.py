from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from swath.adapters.embedders import OnnxOptions
from swath.core.errors import InvalidConfig, NotFound
from swath.testing.tiny_onnx import TinyModel, write_tiny_model
from swath.wire.endpoints import Endpoints
from swath.wire.runs import DatasourceAccess
from swath.wiring.machinery import EmbedderShelf, Reach


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A root, and a folder beside it."""
    root, other = tmp_path / "root", tmp_path / "rooted"
    (root / "photos").mkdir(parents=True)
    other.mkdir()
    (root / "link").symlink_to(other)
    return root, other


def at(folder: Path) -> DatasourceAccess:
    return DatasourceAccess(location=str(folder))


@pytest.mark.parametrize("trusts_server", [True, False])
def test_runs_of_others_stay_below_the_roots(folders: tuple[Path, Path], trusts_server: bool) -> None:
    root, other = folders
    reach = Reach(roots=(root,), trusts_server=trusts_server)
    assert reach.open(at(root / "photos"), is_confined=True).uri == str(root / "photos")
    for outside in (other, root / "link", root / ".." / "rooted", root / "photos" / ".." / ".." / "rooted"):
        with pytest.raises(InvalidConfig, match="does not lie below a folder that this worker may use") as caught:
            reach.open(at(outside), is_confined=True)
        assert f"`{root}`" in caught.value.hint


def test_runs_of_the_owner_reach_everything_where_the_server_is_trusted(folders: tuple[Path, Path]) -> None:
    root, other = folders
    assert Reach(roots=(), trusts_server=True).open(at(other), is_confined=False).uri == str(other)
    with pytest.raises(InvalidConfig, match="does not lie below") as caught:
        Reach(roots=(), trusts_server=False).open(at(other), is_confined=False)
    assert "`root=FOLDER`" in caught.value.hint
    assert "now there is none" in caught.value.hint
    with pytest.raises(NotFound):
        Reach(roots=(root,), trusts_server=False).open(at(root / "nowhere"), is_confined=False)


def bucket(**access: Any) -> DatasourceAccess:
    return DatasourceAccess(location="s3://photos/2026", **access)


def test_a_bucket_is_where_the_server_says_unless_the_worker_knows_better(tmp_path: Path) -> None:
    (tmp_path / "server" / "photos").mkdir(parents=True)
    (tmp_path / "worker" / "photos").mkdir(parents=True)
    handed = bucket(endpoint=(tmp_path / "server" / "photos").as_uri())
    reach = Reach(roots=(), trusts_server=True)
    reach.open(handed, is_confined=False).write("a.jpg", b"server")
    known = replace(reach, endpoints=Endpoints.parse(f"s3://={tmp_path}/worker"))
    opened = known.open(handed, is_confined=True)
    opened.write("a.jpg", b"worker")
    assert opened.uri == "s3://photos/2026"
    assert (tmp_path / "server" / "photos" / "a.jpg").read_bytes() == b"server"
    assert (tmp_path / "worker" / "photos" / "2026" / "a.jpg").read_bytes() == b"worker"


def test_an_account_that_only_the_credentials_name_has_its_endpoint_too(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    place = DatasourceAccess(location="az://photos", credentials={"account_name": "acme"})
    reach = Reach(roots=(), trusts_server=False, endpoints=Endpoints.parse(f"az://@acme={tmp_path}"))
    reach.open(place, is_confined=True).write("a.jpg", b"")
    handed = place.model_copy(update={"endpoint": (tmp_path / "photos").as_uri()})
    assert Reach(roots=(tmp_path,), trusts_server=False).open(handed, is_confined=True).stat("a.jpg")


def test_a_folder_that_stands_for_a_bucket_lies_below_the_roots_as_any_other(folders: tuple[Path, Path]) -> None:
    root, other = folders
    reach = Reach(roots=(root,), trusts_server=True)
    for outside in (bucket(endpoint=other.as_uri()), bucket(credentials={"endpoint": other.as_uri()})):
        with pytest.raises(InvalidConfig, match="does not lie below a folder that this worker may use"):
            reach.open(outside, is_confined=True)
        with pytest.raises(InvalidConfig, match="does not lie below"):
            replace(reach, trusts_server=False).open(outside, is_confined=False)
    assert reach.open(bucket(endpoint=(root / "photos").as_uri()), is_confined=True).uri == "s3://photos/2026"


def test_what_the_machine_has_opens_no_bucket_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAMACHINE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    reach = Reach(roots=(), trusts_server=True)

    def signs(is_confined: bool) -> bool:
        url = reach.open(bucket(), is_confined=is_confined).read_url("a.jpg", expires_s=60)
        return "AKIAMACHINE" in (url or "")

    assert signs(is_confined=False)
    assert not signs(is_confined=True)


def test_a_role_is_taken_on_for_others_only_where_the_operator_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAMACHINE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    role = bucket(credentials={"role_arn": "arn:aws:iam::1:role/readers"})
    with pytest.raises(InvalidConfig, match="SWATH_DELEGATED_ROLES"):
        Reach(roots=(), trusts_server=True).open(role, is_confined=True)
    listed = Reach(roots=(), trusts_server=False, delegated_roles=("arn:aws:iam::1:role/*",))
    assert listed.open(role, is_confined=True).uri == "s3://photos/2026"


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
