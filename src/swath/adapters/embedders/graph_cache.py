"""Keeps graphs that were built, in files named for everything that made them. Losing them costs seconds, no more."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

logger = logging.getLogger(__name__)


def cached_graph(folder: Path, name: str, build: Callable[[], bytes]) -> bytes:
    """The bytes of the graph `name`: from `folder` if they lie there undamaged, else built and left there.

    `name` must change with whatever changes the graph. Processes that build the same graph at once do not disturb
    each other. A folder that cannot be written is reported in the log; the graph is then built each time.
    """
    path = folder / f"{name}.onnx"
    # The format of sha256sum, so that a person can check the file too.
    checksum_path = folder / f"{name}.onnx.sha256"
    try:
        data = path.read_bytes()
        if checksum_path.read_text(encoding="utf-8", errors="replace") == _checksum_line(data, path.name):
            return data
        logger.warning("The model file %s is damaged; building it again", path)
    except FileNotFoundError:
        pass
    except OSError as exc:
        logger.warning("The model file %s cannot be read (%s); building it again", path, exc)
    data = build()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_whole(path, data)
        _write_whole(checksum_path, _checksum_line(data, path.name).encode())
    except OSError as exc:
        logger.warning("The model file %s cannot be kept (%s); it will be built at every start", path, exc)
    return data


def _checksum_line(data: bytes, file_name: str) -> str:
    return f"{hashlib.sha256(data).hexdigest()}  {file_name}\n"


def _write_whole(path: Path, data: bytes) -> None:
    """Write the file or leave what was there: a reader never sees half of it."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
