"""Files of neighbour indexes below the home's cache: losing them costs the seconds it takes to build them again."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.core.errors import SourceUnavailable
from swath.store.files import write_whole
from swath.store.home import Home

SUFFIX = ".npz"


def load_index(home: Home, name: str) -> dict[str, NDArray[Any]] | None:
    """The arrays that were stored under a name, None if there are none that can be read."""
    try:
        # Opened here: of a damaged file, numpy would leave it open.
        with (_folder(home) / f"{name}{SUFFIX}").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
        return None


def store_index(home: Home, name: str, arrays: Mapping[str, NDArray[Any]], *, replaces: str) -> None:
    """Keep arrays under a name, instead of all that start with `replaces`. A disk that is full is no error."""
    folder = _folder(home)
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / f"{name}{SUFFIX}", file.getbuffer())
        for old in folder.glob(f"{replaces}*{SUFFIX}"):
            if old.stem != name:
                old.unlink(missing_ok=True)
    except (OSError, SourceUnavailable):
        with suppress(OSError):
            (folder / f"{name}{SUFFIX}").unlink(missing_ok=True)


def _folder(home: Home) -> Path:
    return home.cache / "neighbors"
