from __future__ import annotations

import pytest

from swath.adapters.embedders import BUILT_IN, DEFAULT_EMBEDDER, OnnxOptions, load_embedder
from swath.adapters.embedders.onnx_session import usable_providers
from swath.core.errors import EmbedderUnavailable, InvalidConfig
from swath.testing.tiny_onnx import TinyModel, write_tiny_model


def test_the_default_is_built_in():
    assert DEFAULT_EMBEDDER in BUILT_IN


@pytest.mark.parametrize("name", ["", "efficientnet", "model.pt", "EfficientNet-Lite0"])
def test_an_unknown_name_lists_the_known_ones_and_the_other_forms(name, tmp_path):
    with pytest.raises(InvalidConfig) as caught:
        load_embedder(name, models_folder=tmp_path)
    assert caught.value.field == "embedder"
    for known in (*BUILT_IN, ".onnx", "hub:owner/name"):
        assert known in caught.value.hint


def test_a_path_is_an_onnx_file(tmp_path):
    path = write_tiny_model(tmp_path / "with space.onnx", TinyModel(size=None))
    embedder = load_embedder(str(path), models_folder=tmp_path, options=OnnxOptions(input_size=16))
    assert embedder.identity.name == "with space.onnx"
    with pytest.raises(EmbedderUnavailable, match="no model file"):
        load_embedder(str(tmp_path / "other.onnx"), models_folder=tmp_path)


def test_options_for_a_built_in_embedder_are_refused(tmp_path):
    with pytest.raises(InvalidConfig, match="takes no options, got `input_size=64`"):
        load_embedder(DEFAULT_EMBEDDER, models_folder=tmp_path, options=OnnxOptions(input_size=64))


def test_a_provider_that_is_not_installed_is_refused(tmp_path):
    with pytest.raises(InvalidConfig, match="no provider `Nonsense"):
        load_embedder(DEFAULT_EMBEDDER, models_folder=tmp_path, providers=["NonsenseExecutionProvider"])


def test_gpus_come_before_the_cpu_and_only_if_installed(monkeypatch):
    monkeypatch.setattr(
        "onnxruntime.get_available_providers",
        lambda: ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"],
    )
    assert usable_providers(None) == ["CUDAExecutionProvider", "CPUExecutionProvider"]
    assert usable_providers(["CPUExecutionProvider"]) == ["CPUExecutionProvider"]
    assert usable_providers(["TensorrtExecutionProvider"]) == ["TensorrtExecutionProvider", "CPUExecutionProvider"]


def test_int8_graphs_stay_on_the_cpu_unless_told_otherwise(tmp_path):
    embedder = load_embedder(DEFAULT_EMBEDDER, models_folder=tmp_path)
    assert embedder.providers == ("CPUExecutionProvider",)


def test_zero_threads_are_refused(tmp_path):
    with pytest.raises(InvalidConfig, match="`threads` is at least 1"):
        load_embedder(DEFAULT_EMBEDDER, models_folder=tmp_path, threads=0)
