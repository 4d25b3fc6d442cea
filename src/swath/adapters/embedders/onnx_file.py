"""Any ONNX file as an embedder: what the graph shows is used, what it leaves open a sidecar or options say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.adapters.embedders.onnx_content import content_digest
from swath.adapters.embedders.onnx_options import OnnxOptions, read_sidecar
from swath.adapters.embedders.onnx_pooling import pooling_for
from swath.adapters.embedders.onnx_preprocessing import Preprocessing, preprocessing_for, single_input
from swath.adapters.embedders.onnx_session import OnnxEmbedder, Session, first_line, open_session, usable_providers
from swath.core.embeddings import EmbedderIdentity
from swath.core.errors import EmbedderUnavailable

PREPROCESSING_VERSION = 1
"""Part of every digest. Raise it when `Preprocessing` or `Pooling` give other numbers."""


def load_onnx_file(
    path: Path,
    *,
    threads: int = 1,
    providers: Sequence[str] | None = None,
    options: OnnxOptions | None = None,
    defaults: OnnxOptions | None = None,
    name: str = "",
) -> OnnxEmbedder:
    """The embedder in an ONNX file. `options` win over the sidecar `<file>.json`, the sidecar over `defaults`.

    `name` is what people see, by default the file's name; it is not part of the identity's digest. Raises
    EmbedderUnavailable, naming the file and what was expected, for anything that does not fit.
    """
    source = str(path)
    if not path.is_file():
        raise EmbedderUnavailable(f"There is no model file `{source}`", hint="check the path of the ONNX file")
    said = (options or OnnxOptions()).over(read_sidecar(path)).over(defaults or OnnxOptions())
    content = content_digest(path)
    session = open_session(source, threads=threads, providers=usable_providers(providers), source=source)
    graph_input = single_input(session, source)
    preprocessing = preprocessing_for(graph_input, said, source)
    batch = graph_input.shape[0] if isinstance(graph_input.shape[0], int) else None

    probe = np.random.default_rng(0).integers(0, 256, (4, preprocessing.input_size, preprocessing.input_size, 3))
    images = probe.astype(np.uint8)
    results = _first_results(session, graph_input.name, preprocessing, _batch_of(images, batch or 1), source)
    layout = preprocessing.layout
    pooling = pooling_for(results, images=batch or 1, layout=layout, said=said, source=source)
    vectors = pooling.apply(results[pooling.output])
    if not np.isfinite(vectors).all():
        raise EmbedderUnavailable(
            f"`{source}` at output `{pooling.output}`: expected finite vectors, got NaN or infinity for a random image",
            hint="check `scale`, `mean` and `std`, or use a version of the model in float32",
        )
    digested = {
        "content": content,
        "preprocessing": {"version": PREPROCESSING_VERSION, **asdict(preprocessing)},
        "pooling": asdict(pooling),
    }
    identity = EmbedderIdentity(
        name=name or path.name,
        digest=hashlib.sha256(json.dumps(digested, sort_keys=True).encode()).hexdigest(),
        dimension=vectors.shape[1],
        input_size=preprocessing.input_size,
        resize_mode="squash",
    )

    def embedder(*, one_by_one: bool) -> OnnxEmbedder:
        return OnnxEmbedder(
            session,
            identity=identity,
            input_name=graph_input.name,
            output_name=pooling.output,
            prepare=preprocessing.apply,
            finish=pooling.apply,
            batch=batch,
            one_by_one=one_by_one,
        )

    return embedder(one_by_one=not _rows_are_independent(embedder(one_by_one=False), embedder(one_by_one=True), images))


def _batch_of(images: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    return np.resize(images, (count, *images.shape[1:]))


def _first_results(
    session: Session, input_name: str, preprocessing: Preprocessing, images: NDArray[np.uint8], source: str
) -> dict[str, NDArray[Any]]:
    """Every output of a run, by name."""
    names = [output.name for output in session.get_outputs()]
    try:
        results = session.run(names, {input_name: np.ascontiguousarray(preprocessing.apply(images))})
    except Exception as exc:  # onnxruntime's errors have no base class below Exception
        raise EmbedderUnavailable(
            f"`{source}` fails on images of {preprocessing.input_size} px: {first_line(exc)}",
            hint="set `input_size` or `layout` to what the model was exported with",
        ) from exc
    return {name: np.asarray(result) for name, result in zip(names, results, strict=True)}


def _rows_are_independent(together: OnnxEmbedder, one_by_one: OnnxEmbedder, images: NDArray[np.uint8]) -> bool:
    """Whether a batch gives the bits that its images give alone.

    Graphs that quantise as they run take their scale from the whole batch, some kernels sum in another order for
    single rows, and some exports fail on batches: all of these are run image by image.
    """
    alone = one_by_one.embed(images)
    try:
        return bool(np.array_equal(together.embed(images), alone))
    except (EmbedderUnavailable, ValueError):
        return False
