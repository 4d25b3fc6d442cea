"""Embedders by name: built in, any ONNX file, or a model from a hub."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from swath.adapters.embedders.efficientnet_lite0 import VARIANTS, load_lite0
from swath.adapters.embedders.hub import HUB_PREFIX, load_hub_model
from swath.adapters.embedders.onnx_file import load_onnx_file
from swath.adapters.embedders.onnx_options import OnnxOptions
from swath.adapters.embedders.onnx_session import RECOMMENDED_BATCH
from swath.core.errors import InvalidConfig
from swath.pipeline.ports import Embedder

__all__ = ["BUILT_IN", "DEFAULT_EMBEDDER", "RECOMMENDED_BATCH", "OnnxOptions", "load_embedder"]

DEFAULT_EMBEDDER = "efficientnet-lite0"

BUILT_IN = dict.fromkeys(VARIANTS, load_lite0)
"""Names that need no file, with the function that loads them."""


def load_embedder(
    name: str,
    *,
    models_folder: Path,
    threads: int = 1,
    providers: Sequence[str] | None = None,
    options: OnnxOptions | None = None,
) -> Embedder:
    """The embedder that a person named: a built-in name, a path that ends in `.onnx`, or `hub:owner/name`.

    `models_folder` keeps built graphs. `threads` is per call of `embed`: callers that embed from several threads at
    once leave it at 1. `providers` are onnxruntime's, by default a GPU if there is one and else the CPU (int8 graphs
    always run on the CPU by default). `options` say how an ONNX file wants its images, where the file does not.

    Raises InvalidConfig for a name or option that cannot be meant, EmbedderUnavailable for a model that cannot be
    loaded.
    """
    if name in BUILT_IN:
        if options is not None and options != OnnxOptions():
            raise InvalidConfig(
                f"Embedder `{name}` takes no options, got {options.described()}",
                field="embedder",
                hint="options are for ONNX files and hub models",
            )
        return BUILT_IN[name](VARIANTS[name], models_folder=models_folder, threads=threads, providers=providers)
    if name.startswith(HUB_PREFIX):
        return load_hub_model(name, threads=threads, providers=providers, options=options)
    if name.endswith(".onnx"):
        return load_onnx_file(Path(name), threads=threads, providers=providers, options=options)
    raise InvalidConfig(
        f"There is no embedder `{name}`",
        field="embedder",
        hint=f"choose one of {', '.join(f'`{known}`' for known in BUILT_IN)}, the path of an ONNX file"
        " (`./model.onnx`), or a model from a hub (`hub:owner/name`, `hub:owner/name@revision#onnx/model.onnx`)",
    )
