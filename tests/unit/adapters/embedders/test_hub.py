"""Hub models, with the hub's own library: from its local cache, and from a server on this machine that speaks as it."""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from swath.adapters.embedders.hub import HubName, load_hub_model
from swath.adapters.embedders.onnx_file import load_onnx_file
from swath.adapters.embedders.onnx_options import OnnxOptions
from swath.core.errors import EmbedderUnavailable, InvalidConfig
from swath.testing.tiny_onnx import TinyModel, write_tiny_model

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CONFIG = {"size": {"shortest_edge": 24}, "crop_size": 16, "do_center_crop": True, "image_mean": [0.5] * 3}


@pytest.fixture
def offline(monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


@pytest.fixture
def images():
    return np.random.default_rng(1).integers(0, 256, (3, 16, 16, 3)).astype(np.uint8)


def fill_cache(folder, files, *, revision="main", repository="owner/model"):
    """Lay files out as the hub's library does: blobs by digest, snapshots that link to them, refs to commits."""
    root = folder / f"models--{repository.replace('/', '--')}"
    (root / "refs").mkdir(parents=True)
    (root / "refs" / revision).write_text(COMMIT)
    for name, data in files.items():
        blob = root / "blobs" / hashlib.sha256(data).hexdigest()
        blob.parent.mkdir(exist_ok=True)
        blob.write_bytes(data)
        link = root / "snapshots" / COMMIT / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)


def model_files(tmp_path, model=None, name="model.onnx", config=CONFIG):
    path = write_tiny_model(tmp_path / "made" / "model.onnx", model or TinyModel(size=None))
    files = {name: path.read_bytes()}
    if config is not None:
        files["preprocessor_config.json"] = json.dumps(config).encode()
    return files


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hub:owner/name", ("owner/name", None, None)),
        ("hub:owner/name@v1.0", ("owner/name", "v1.0", None)),
        ("hub:owner/name#onnx/model_fp16.onnx", ("owner/name", None, "onnx/model_fp16.onnx")),
        ("hub:o-1/n.a_me@refs/pr/1#a.onnx", ("o-1/n.a_me", "refs/pr/1", "a.onnx")),
    ],
)
def test_names_are_taken_apart(name, expected):
    parsed = HubName.parse(name)
    assert (parsed.repository, parsed.revision, parsed.file) == expected


@pytest.mark.parametrize("name", ["hub:", "hub:name", "hub:a/b/c", "hub:a/b#model.pt", "hub:a/b@", "hub:../b"])
def test_names_of_another_form_are_refused(name):
    if name == "hub:../b":  # has the form, and the hub's library refuses it
        with pytest.raises(EmbedderUnavailable):
            load_hub_model(name)
        return
    with pytest.raises(InvalidConfig, match="is named `hub:owner/name"):
        HubName.parse(name)


@pytest.mark.parametrize("file", ["model.onnx", "onnx/model.onnx"])
def test_a_model_in_the_local_cache_is_loaded_offline(tmp_path, offline, images, file):
    fill_cache(tmp_path / "cache", model_files(tmp_path, name=file))
    embedder = load_hub_model("hub:owner/model", cache_folder=tmp_path / "cache")
    assert embedder.identity.name == "hub:owner/model"
    assert embedder.identity.input_size == 16
    options = OnnxOptions(input_size=16, mean=(0.5,) * 3)
    from_file = load_onnx_file(tmp_path / "made" / "model.onnx", options=options)
    np.testing.assert_array_equal(embedder.embed(images), from_file.embed(images))
    assert embedder.identity.digest == from_file.identity.digest


def test_a_named_revision_and_file_are_used(tmp_path, offline):
    files = model_files(tmp_path, TinyModel(seed=5), name="other/tiny.onnx", config=None)
    fill_cache(tmp_path / "cache", files, revision="v2")
    embedder = load_hub_model("hub:owner/model@v2#other/tiny.onnx", cache_folder=tmp_path / "cache")
    assert embedder.identity.digest == load_onnx_file(tmp_path / "made" / "model.onnx").identity.digest
    with pytest.raises(EmbedderUnavailable):
        load_hub_model("hub:owner/model@v3#other/tiny.onnx", cache_folder=tmp_path / "cache")


def test_weights_in_a_file_of_their_own_are_found_through_the_cache(tmp_path, offline, images):
    model = write_tiny_model(tmp_path / "made" / "model.onnx", TinyModel(external_data="model.onnx_data"))
    files = {f"onnx/{path.name}": path.read_bytes() for path in model.parent.iterdir()}
    fill_cache(tmp_path / "cache", files)
    embedder = load_hub_model("hub:owner/model", cache_folder=tmp_path / "cache")
    np.testing.assert_array_equal(embedder.embed(images), load_onnx_file(model).embed(images))


def test_offline_without_the_model_says_what_to_fetch_and_where_to_put_it(tmp_path, offline):
    with pytest.raises(EmbedderUnavailable, match="neither in the local cache") as caught:
        load_hub_model("hub:owner/model@v1", cache_folder=tmp_path / "cache")
    assert "hf download owner/model --revision v1" in caught.value.hint
    assert str(tmp_path / "cache" / "models--owner--model") in caught.value.hint


def test_without_the_library_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(EmbedderUnavailable, match="huggingface_hub") as caught:
        load_hub_model("hub:owner/model", cache_folder=tmp_path)
    assert "pip install 'swath[hub]'" in caught.value.hint


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"size": {"height": 16, "width": 24}}, "equal height and width"),
        ({"size": 16, "image_std": [0, 0, 0]}, "`std`: expected"),
        ([], "expected a JSON object"),
    ],
)
def test_a_configuration_that_cannot_be_meant_is_refused(tmp_path, offline, config, message):
    fill_cache(tmp_path / "cache", model_files(tmp_path, config=config))
    with pytest.raises(EmbedderUnavailable, match=message) as caught:
        load_hub_model("hub:owner/model", cache_folder=tmp_path / "cache")
    assert "preprocessor_config.json" in caught.value.message


class _Hub(BaseHTTPRequestHandler):
    """What the hub answers to HEAD and GET of /owner/name/resolve/revision/file."""

    files: dict[str, bytes]

    def do_HEAD(self):
        self._answer(with_body=False)

    def do_GET(self):
        self._answer(with_body=True)

    def _answer(self, *, with_body):
        repository, _, rest = self.path.strip("/").partition("/resolve/")
        _revision, _, file = rest.partition("/")
        data = self.files.get(file) if repository == "owner/model" else None
        if data is None:
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound" if repository == "owner/model" else "RepoNotFound")
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if with_body:
            self.wfile.write(data)

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def hub(tmp_path):
    handler = type("Hub", (_Hub,), {"files": model_files(tmp_path, name="onnx/model.onnx")})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_model_is_fetched_once_and_then_found_offline(tmp_path, hub, images, monkeypatch):
    import huggingface_hub.constants

    fetched = load_hub_model("hub:owner/model", cache_folder=tmp_path / "cache", endpoint=hub)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    again = load_hub_model("hub:owner/model", cache_folder=tmp_path / "cache")
    assert again.identity == fetched.identity
    assert fetched.identity.input_size == 16
    np.testing.assert_array_equal(again.embed(images), fetched.embed(images))


def test_a_repository_that_does_not_exist_is_named(tmp_path, hub):
    with pytest.raises(EmbedderUnavailable, match="`owner/other` cannot be fetched"):
        load_hub_model("hub:owner/other", cache_folder=tmp_path / "cache", endpoint=hub)


def test_a_file_that_does_not_exist_is_named(tmp_path, hub):
    with pytest.raises(EmbedderUnavailable, match=r"`gone\.onnx` is neither"):
        load_hub_model("hub:owner/model#gone.onnx", cache_folder=tmp_path / "cache", endpoint=hub)
