"""What an ONNX model consists of: its file and the files in which its tensors lie."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from swath.core.errors import EmbedderUnavailable


def content_digest(path: Path) -> str:
    """SHA-256 of the file and, if its tensors lie in other files, of those. Raises EmbedderUnavailable."""
    data = path.read_bytes()
    digest = hashlib.sha256(hashlib.sha256(data).digest())
    for name in external_files(data, source=str(path)):
        try:
            with (path.parent / name).open("rb") as file:
                digest.update(name.encode() + hashlib.file_digest(file, "sha256").digest())
        except OSError as exc:
            raise EmbedderUnavailable(
                f"`{path}` keeps tensors in `{name}`, which cannot be read: {exc.strerror}",
                hint=f"put `{name}` beside the model file",
            ) from exc
    return digest.hexdigest()


def external_files(data: bytes, *, source: str) -> list[str]:
    """Files, relative to the model's folder, that hold tensors of an ONNX model. Raises EmbedderUnavailable."""
    if b"location" not in data:  # the key under which such a file is named; importing onnx takes a while
        return []
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model = onnx.load_model_from_string(data)
    except DecodeError as exc:
        raise EmbedderUnavailable(f"`{source}` cannot be loaded as an ONNX model: {exc}") from exc
    names = {
        entry.value for tensor in _tensors(model.graph) for entry in tensor.external_data if entry.key == "location"
    }
    for name in names:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise EmbedderUnavailable(
                f"`{source}` keeps tensors in `{name}`, outside of its folder",
                hint="save the model again with its tensors beside it",
            )
    return sorted(names)


def _tensors(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for subgraph in (attribute.g, *attribute.graphs):
                yield from _tensors(subgraph)
