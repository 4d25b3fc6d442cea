"""From what an ONNX graph gives to vectors: which output, and how tokens or maps become one row per image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.adapters.embedders.onnx_options import OnnxOptions
from swath.core.errors import EmbedderUnavailable

_VECTOR_NAMES = (
    "vectors", "vector", "embeddings", "embedding", "image_embeds", "image_embeddings", "sentence_embedding",
    "pooler_output", "features",
)  # fmt: skip
"""Output names that mean the vector when several outputs could be it, best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooling:
    """From one output of the graph to vectors (N, D): the axes to average over, or the first token of axis 1."""

    output: str
    average_axes: tuple[int, ...]
    first_token: bool
    normalize: bool

    def apply(self, result: NDArray[Any]) -> NDArray[np.float32]:
        vectors = result.astype(np.float32)
        if self.first_token:
            vectors = vectors[:, 0]
        if self.average_axes:
            vectors = vectors.mean(axis=self.average_axes)
        if self.normalize:
            # By einsum, row by row: what a row gives must not depend on how many there are.
            lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))
            vectors = (vectors / np.maximum(lengths, 1e-12)[:, None]).astype(np.float32)
        return vectors


def pooling_for(
    results: Mapping[str, NDArray[Any]], *, images: int, layout: str, said: OnnxOptions, source: str
) -> Pooling:
    """Choose the output and its pooling by what a run on `images` images gave, by output name.

    A run and not the graph, since graphs often leave the shapes of outputs open. Raises EmbedderUnavailable if no
    output fits or several do.
    """
    listed = ", ".join(f"`{name}` {list(result.shape)}" for name, result in results.items())
    output = _chosen_output(results, said, source, listed)
    result = results[output]
    if not np.issubdtype(result.dtype, np.floating) or result.ndim not in (2, 3, 4) or len(result) != images:
        raise EmbedderUnavailable(
            f"`{source}` at output `{output}`: expected floats with 2, 3 or 4 dimensions and one row per image, got"
            f" {result.dtype} {list(result.shape)}; the outputs are {listed}",
            hint="set `output` to the name of another one",
        )
    if result.ndim == 3 and said.pooling is None:
        raise EmbedderUnavailable(
            f"`{source}` at output `{output}`: it has tokens {list(result.shape)}, and `pooling` is not given",
            hint='set `pooling` to "first" (class token) or "mean"',
        )
    spatial = (2, 3) if layout == "nchw" else (1, 2)
    averaged = {2: (), 3: (1,) if said.pooling == "mean" else (), 4: spatial}[result.ndim]
    return Pooling(
        output=output,
        average_axes=averaged,
        first_token=result.ndim == 3 and said.pooling == "first",
        normalize=True if said.normalize is None else said.normalize,
    )


def _chosen_output(results: Mapping[str, NDArray[Any]], said: OnnxOptions, source: str, listed: str) -> str:
    if said.output is not None:
        if said.output not in results:
            raise EmbedderUnavailable(
                f"`{source}` has no output `{said.output}`; it has {listed}", hint="set `output` to one of these"
            )
        return said.output
    for rank in (2, 4, 3):
        names = [name for name, result in results.items() if result.ndim == rank]
        if len(names) == 1:
            return names[0]
        for known in _VECTOR_NAMES:
            if known in names:
                return known
        if names:
            break
    else:
        raise EmbedderUnavailable(f"`{source}` has no output that could be a vector; it has {listed}")
    raise EmbedderUnavailable(
        f"`{source}` has several outputs that could be the vector: {listed}", hint="set `output` to one of these"
    )
