"""Opens ONNX graphs with onnxruntime the way the pipeline needs it, and embeds with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.core.embeddings import EmbedderIdentity
from swath.core.errors import EmbedderUnavailable, InvalidConfig

CPU_PROVIDER = "CPUExecutionProvider"

GPU_PROVIDERS = (
    "CUDAExecutionProvider",
    "ROCMExecutionProvider",
    "MIGraphXExecutionProvider",
    "CoreMLExecutionProvider",
)
"""Used when onnxruntime has them and the caller did not choose, in this order. TensorRT is not among them: it compiles
for minutes at first, which nobody should meet unasked."""

RECOMMENDED_BATCH = 16
"""Images per call of `embed` that is as fast as any on a CPU (docs/models.md); more only costs memory."""

Session = Any  # onnxruntime.InferenceSession; the package has no types


def usable_providers(asked: Sequence[str] | None) -> list[str]:
    """Providers to run on, best first, the CPU always last.

    Raises InvalidConfig if one that was asked for is not in the installed onnxruntime.
    """
    import onnxruntime

    available = onnxruntime.get_available_providers()
    if asked is None:
        chosen = [provider for provider in GPU_PROVIDERS if provider in available]
    else:
        for provider in asked:
            if provider not in available:
                raise InvalidConfig(
                    f"onnxruntime has no provider `{provider}`, it has {', '.join(f'`{name}`' for name in available)}",
                    field="providers",
                    hint="for NVIDIA GPUs install `swath[gpu]`",
                )
        chosen = [provider for provider in asked if provider != CPU_PROVIDER]
    return [*chosen, CPU_PROVIDER]


def open_session(graph: bytes | str, *, threads: int, providers: Sequence[str], source: str) -> Session:
    """An onnxruntime session of a model given as bytes or as a path; `source` names it in errors.

    Raises EmbedderUnavailable for anything onnxruntime cannot load.
    """
    import onnxruntime

    if threads < 1:
        raise InvalidConfig(f"`threads` is at least 1, got `{threads}`", field="threads")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors; what is worth a warning we say ourselves
    # Threads that wait by spinning take the CPU from those that decode.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(graph, options, providers=list(providers))
    except Exception as exc:  # onnxruntime's errors have no base class below Exception
        raise EmbedderUnavailable(
            f"`{source}` cannot be loaded as an ONNX model: {first_line(exc)}",
            hint="check that the file is complete and that this onnxruntime knows its operators",
        ) from exc


class OnnxEmbedder:
    """The embedder of one session.

    `prepare` turns images (N, S, S, 3) uint8 into what the graph reads, `finish` what the graph gives into vectors
    (N, D) float32. With `batch` every run has exactly that many rows, the last ones empty if need be: for graphs
    with a fixed batch. With `one_by_one` each run holds a single image.
    """

    def __init__(
        self,
        session: Session,
        *,
        identity: EmbedderIdentity,
        input_name: str,
        output_name: str,
        prepare: Callable[[NDArray[np.uint8]], NDArray[Any]] = lambda images: images,
        finish: Callable[[NDArray[Any]], NDArray[np.float32]] = lambda vectors: vectors,
        batch: int | None = None,
        one_by_one: bool = False,
    ) -> None:
        self._session = session
        self._identity = identity
        self._input_name = input_name
        self._output_name = output_name
        self._prepare = prepare
        self._finish = finish
        self._batch = batch
        self._one_by_one = one_by_one

    @property
    def identity(self) -> EmbedderIdentity:
        return self._identity

    @property
    def providers(self) -> tuple[str, ...]:
        """What onnxruntime runs the graph on, best first."""
        return tuple(self._session.get_providers())

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Vectors (N, D) of images (N, S, S, 3) uint8 RGB.

        Raises ValueError for another shape or dtype and EmbedderUnavailable if the model fails or gives a value that
        is not finite.
        """
        size = self._identity.input_size
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (size, size, 3):
            raise ValueError(f"expected images (N, {size}, {size}, 3) uint8, got {images.shape} {images.dtype}")
        at_once = 1 if self._one_by_one else self._batch or max(1, len(images))
        vectors = np.empty((len(images), self._identity.dimension), dtype=np.float32)
        for start in range(0, len(images), at_once):
            vectors[start : start + at_once] = self._run(images[start : start + at_once])
        finite = np.isfinite(vectors).all(axis=1)
        if not finite.all():
            raise EmbedderUnavailable(
                f"Embedder `{self._identity.name}` gave a vector with NaN or infinity for image"
                f" {int(np.argmin(finite))} of a batch of {len(images)}",
                hint="its preprocessing (mean, std, scale) may be wrong, or the model overflows in half precision",
            )
        return vectors

    def _run(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        count = len(images)
        if self._batch is not None and count < self._batch:
            images = np.concatenate([images, np.zeros((self._batch - count, *images.shape[1:]), dtype=np.uint8)])
        # Views of larger frames are common here, and onnxruntime copies them more slowly.
        fed = np.ascontiguousarray(self._prepare(images))
        try:
            (result,) = self._session.run([self._output_name], {self._input_name: fed})
        except Exception as exc:  # onnxruntime's errors have no base class below Exception
            raise EmbedderUnavailable(
                f"Embedder `{self._identity.name}` failed on a batch of {count}: {first_line(exc)}",
                hint="if it ran out of memory, use fewer inference threads or a smaller model",
            ) from exc
        return self._finish(result[:count])


def first_line(exc: Exception) -> str:
    """What a foreign error says, without its stack or context."""
    return (str(exc).strip().splitlines() or [type(exc).__name__])[0]
