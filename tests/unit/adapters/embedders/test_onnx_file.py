from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from swath.adapters.embedders.onnx_file import load_onnx_file
from swath.adapters.embedders.onnx_options import IMAGENET_MEAN, IMAGENET_STD, OnnxOptions
from swath.core.errors import EmbedderUnavailable, InvalidConfig
from swath.testing.tiny_onnx import CHANNELS, TinyModel, tiny_model, write_tiny_model


@pytest.fixture
def images():
    return np.random.default_rng(1).integers(0, 256, (3, 16, 16, 3)).astype(np.uint8)


def constants_of(model: TinyModel) -> dict[str, np.ndarray]:
    from onnx import numpy_helper

    return {constant.name: numpy_helper.to_array(constant) for constant in tiny_model(model).graph.initializer}


def maps_of(model: TinyModel, values: np.ndarray) -> np.ndarray:
    """What the tiny model's convolution and ReLU give for values (N, H, W, 3): (N, H/4, W/4, 8), by numpy alone."""
    count, height, width, channels = values.shape
    patches = values.reshape(count, height // 4, 4, width // 4, 4, channels).astype(np.float64)
    return np.maximum(np.einsum("nyaxbc,ocab->nyxo", patches, constants_of(model)["weight"].astype(np.float64)), 0)


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def load(tmp_path: Path, model: TinyModel, **arguments):
    return load_onnx_file(write_tiny_model(tmp_path / "model.onnx", model), **arguments)


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("size", [16, None])
def test_float_images_are_normalised_as_for_imagenet_unless_said_otherwise(tmp_path, images, layout, size):
    model = TinyModel(layout=layout, size=size)
    options = OnnxOptions(input_size=16, layout=layout)
    expected = maps_of(model, (images / 255 - IMAGENET_MEAN) / IMAGENET_STD).mean(axis=(1, 2))
    got = load(tmp_path, model, options=options).embed(images)
    np.testing.assert_allclose(got, unit(expected), atol=1e-5)


def test_layout_and_size_come_from_the_graph(tmp_path, images):
    for layout in ("nchw", "nhwc"):
        embedder = load(tmp_path, TinyModel(layout=layout))
        assert embedder.identity.input_size == 16
        assert embedder.identity.dimension == CHANNELS
        assert embedder.embed(images).shape == (3, CHANNELS)


def test_uint8_inputs_get_the_pixels_as_they_are(tmp_path, images):
    model = TinyModel(dtype="uint8", layout="nhwc")
    np.testing.assert_allclose(
        load(tmp_path, model).embed(images), unit(maps_of(model, images).mean(axis=(1, 2))), atol=1e-5
    )


def test_the_sidecar_says_how_images_are_normalised(tmp_path, images):
    sidecar = {"scale": 1, "mean": 127.5, "std": [127.5, 100, 50], "channel_order": "bgr", "normalize": False}
    (tmp_path / "model.json").write_text(json.dumps(sidecar))
    model = TinyModel()
    expected = maps_of(model, (images[..., ::-1] - 127.5) / np.array([127.5, 100, 50])).mean(axis=(1, 2))
    np.testing.assert_allclose(load(tmp_path, model).embed(images), expected, rtol=1e-4, atol=1e-5)


def test_options_win_over_the_sidecar_and_the_sidecar_over_defaults(tmp_path):
    (tmp_path / "model.json").write_text(json.dumps({"input_size": 32, "mean": 0.5}))
    model = TinyModel(size=None)
    assert load(tmp_path, model, defaults=OnnxOptions(input_size=48)).identity.input_size == 32
    assert load(tmp_path, model, options=OnnxOptions(input_size=64)).identity.input_size == 64


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_maps_are_averaged_over_the_image(tmp_path, images, layout):
    model = TinyModel(layout=layout, outputs=("maps",))
    expected = load(tmp_path, TinyModel(layout=layout)).embed(images)
    np.testing.assert_allclose(load(tmp_path, model).embed(images), expected, atol=1e-5)


def test_tokens_are_averaged_or_the_first_is_taken_as_said(tmp_path, images):
    model = TinyModel(outputs=("tokens",))
    maps = maps_of(model, (images / 255 - IMAGENET_MEAN) / IMAGENET_STD)
    mean = load(tmp_path, model, options=OnnxOptions(pooling="mean")).embed(images)
    np.testing.assert_allclose(mean, unit(maps.mean(axis=(1, 2))), atol=1e-5)
    first = load(tmp_path, model, options=OnnxOptions(pooling="first")).embed(images)
    np.testing.assert_allclose(first, unit(maps[:, 0, 0]), atol=1e-5)
    with pytest.raises(EmbedderUnavailable, match="`pooling` is not given"):
        load(tmp_path, model)


def test_the_one_output_with_rows_is_chosen_among_others(tmp_path, images):
    several = load(tmp_path, TinyModel(outputs=("labels", "maps", "dense")))
    assert several.embed(images).shape == (3, CHANNELS)
    known_name = load(tmp_path, TinyModel(outputs=("dense", "vectors")))
    alone = load(tmp_path, TinyModel())
    np.testing.assert_array_equal(known_name.embed(images), alone.embed(images))


def test_several_outputs_that_could_be_it_are_listed(tmp_path):
    with pytest.raises(EmbedderUnavailable, match="several outputs") as caught:
        load(tmp_path, TinyModel(outputs=("dense", "dynamic")))
    assert "`dense` [1, 8]" in caught.value.message
    assert load(tmp_path, TinyModel(outputs=("dense", "dynamic")), options=OnnxOptions(output="dense")) is not None


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (TinyModel(outputs=("nan",)), {}, "finite"),
        (TinyModel(outputs=("labels",)), {}, "no output that could be a vector"),
        (TinyModel(outputs=("labels", "vectors")), {"output": "labels"}, "expected floats"),
        (TinyModel(), {"output": "other"}, "has no output `other`; it has `vectors`"),
        (TinyModel(channels=4), {}, "expected 3 channels"),
        (TinyModel(), {"layout": "nhwc"}, "expected 3 channels in layout `nhwc`"),
        (TinyModel(size=None), {}, "`input_size` is not given"),
        (TinyModel(), {"input_size": 32}, "`input_size` is 32, but the graph only takes 16"),
        (TinyModel(dtype="uint8", layout="nhwc"), {"mean": (0.5,)}, "`mean` is given"),
    ],
)
def test_a_model_that_does_not_fit_is_refused_with_file_and_field(tmp_path, model, options, message):
    with pytest.raises(EmbedderUnavailable, match=message) as caught:
        load(tmp_path, model, options=OnnxOptions(**options))
    assert "model.onnx" in caught.value.message


def test_nan_that_appears_later_is_an_error_that_says_which_image(tmp_path, images):
    embedder = load(tmp_path, TinyModel(outputs=("unit",)), options=OnnxOptions(mean=(0.0,)))
    assert np.isfinite(embedder.embed(images)).all()
    images[1] = 0
    with pytest.raises(EmbedderUnavailable, match="NaN or infinity for image 1 of a batch of 3"):
        embedder.embed(images)


def test_overflow_in_half_precision_is_found_on_loading(tmp_path):
    with pytest.raises(EmbedderUnavailable, match="finite"):
        load(tmp_path, TinyModel(dtype="float16"), options=OnnxOptions(scale=1.0, mean=(0.0,), std=(2e-3,)))


@pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x03\x04location"])
def test_a_file_that_is_no_model_is_refused(tmp_path, content):
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(EmbedderUnavailable, match=r"broken\.onnx"):
        load_onnx_file(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(EmbedderUnavailable, match=r"no model file `.*nowhere\.onnx`"):
        load_onnx_file(tmp_path / "nowhere.onnx")


@pytest.mark.parametrize(
    ("sidecar", "message"),
    [
        ("{", "not a JSON file"),
        ("[1]", "expected a JSON object"),
        ('{"input_sise": 16}', "`input_sise`: there is no such key"),
        ('{"input_size": "16"}', "`input_size`: expected a whole number"),
        ('{"layout": "chw"}', "`layout`: expected"),
        ('{"mean": [0.5, 0.5]}', "`mean`: expected 1 or 3 numbers"),
        ('{"std": [1, 0, 1]}', "`std`: expected 1 or 3 numbers above 0"),
        ('{"std": NaN}', "`std`: expected 1 or 3 numbers above 0"),
        ('{"scale": -1}', "`scale`: expected a number above 0"),
        ('{"normalize": "yes"}', "`normalize`: expected true or false"),
    ],
)
def test_a_sidecar_that_cannot_be_meant_is_refused_with_file_and_key(tmp_path, sidecar, message):
    (tmp_path / "model.json").write_text(sidecar)
    with pytest.raises(EmbedderUnavailable, match=message) as caught:
        load(tmp_path, TinyModel())
    assert "model.json" in caught.value.message


def test_an_option_that_cannot_be_meant_is_refused():
    with pytest.raises(InvalidConfig) as caught:
        OnnxOptions(input_size=0)
    assert caught.value.field == "input_size"


def test_the_digest_names_weights_and_preprocessing_but_not_the_path(tmp_path):
    def digest(folder: str, model: TinyModel, **options) -> str:
        path = write_tiny_model(tmp_path / folder / "model.onnx", model)
        return load_onnx_file(path, options=OnnxOptions(**options)).identity.digest

    same = digest("a", TinyModel())
    assert digest("b", TinyModel()) == same
    assert digest("b", TinyModel(), mean=IMAGENET_MEAN) == same
    others = [
        digest("b", TinyModel(seed=1)),
        digest("b", TinyModel(), mean=(0.5,)),
        digest("b", TinyModel(), normalize=False),
        digest("b", TinyModel(), channel_order="bgr"),
    ]
    assert len({same, *others}) == 5


def test_weights_in_a_file_of_their_own_are_part_of_the_digest(tmp_path, images):
    first = load(tmp_path / "a", TinyModel(external_data="model.onnx_data"))
    second = load(tmp_path / "b", TinyModel(external_data="model.onnx_data", seed=1))
    assert first.identity.digest != second.identity.digest
    np.testing.assert_array_equal(first.embed(images), load(tmp_path / "c", TinyModel()).embed(images))


def test_a_missing_weights_file_is_named(tmp_path):
    path = write_tiny_model(tmp_path / "model.onnx", TinyModel(external_data="model.onnx_data"))
    (tmp_path / "model.onnx_data").unlink()
    with pytest.raises(EmbedderUnavailable, match=r"model\.onnx_data"):
        load_onnx_file(path)


def test_a_weights_file_outside_the_folder_is_refused(tmp_path):
    path = write_tiny_model(tmp_path / "model.onnx", TinyModel(external_data="aa_secret"))
    path.write_bytes(path.read_bytes().replace(b"aa_secret", b"../secret"))
    with pytest.raises(EmbedderUnavailable, match="outside of its folder"):
        load_onnx_file(path)
