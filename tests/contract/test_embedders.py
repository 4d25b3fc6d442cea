"""Every embedder keeps the promises of the port."""

from __future__ import annotations

import pytest

from swath.adapters.embedders import BUILT_IN, load_embedder
from swath.testing.embedder_contract import EmbedderContract
from swath.testing.fake_embedder import FakeEmbedder
from swath.testing.tiny_onnx import TinyModel, write_tiny_model


class TestFakeEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self):
        return FakeEmbedder()


@pytest.fixture(scope="module")
def models_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


class TestBuiltInEmbedders(EmbedderContract):
    @pytest.fixture(scope="class", params=sorted(BUILT_IN))
    @classmethod
    def embedder(cls, request, models_folder):
        return load_embedder(request.param, models_folder=models_folder)


class TestBuiltInEmbedderWithTwoThreadsPerCall(EmbedderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls, models_folder):
        return load_embedder("efficientnet-lite0-fp32", models_folder=models_folder, threads=2)


TINY_MODELS = {
    "float_nchw": TinyModel(),
    "float_nhwc": TinyModel(layout="nhwc"),
    "uint8_nhwc": TinyModel(layout="nhwc", dtype="uint8"),
    "half": TinyModel(dtype="float16"),
    "maps": TinyModel(outputs=("maps",)),
    "matrix_product": TinyModel(outputs=("dense",)),
    "batch_of_one": TinyModel(batch=1),
    "batch_of_four": TinyModel(batch=4),
    "scale_from_the_batch": TinyModel(outputs=("dynamic",)),
    "scale_from_a_fixed_batch": TinyModel(outputs=("dynamic",), batch=4),
}


class TestOnnxFiles(EmbedderContract):
    @pytest.fixture(scope="class", params=sorted(TINY_MODELS))
    @classmethod
    def embedder(cls, request, tmp_path_factory):
        path = write_tiny_model(tmp_path_factory.mktemp("tiny") / "model.onnx", TINY_MODELS[request.param])
        return load_embedder(str(path), models_folder=path.parent)
