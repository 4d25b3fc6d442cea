"""Attaching metadata to the images of a dataset, from a file. Through the server if one is running."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from swath.core.errors import InvalidConfig
from swath.formats.metadata_files import ImageMetadata, parse_metadata
from swath.settings import Settings
from swath.store.attaching import attach_metadata
from swath.store.sharing import find_dataset
from swath.wire.metadata import AttachedMetadata, MetadataChange
from swath.wiring.served import server_of_home
from swath.wiring.workspace import open_workspace


def attach_file(settings: Settings, dataset: str, path: Path, *, note: Callable[[str], None]) -> AttachedMetadata:
    """Attach what a file says of images. Raises InvalidConfig naming row and column, NotFound."""
    found = _read(path)
    with server_of_home(settings) as client:
        if client is not None:
            documents = ({"file_name": one.file_name, "metadata": one.metadata} for one in found)
            return client.datasets.get(dataset).attach_metadata(documents)
    changes = [_change(one, path) for one in found]
    with (
        open_workspace(settings) as workspace,
        workspace.home.lock(note, what=f"metadata of `{dataset}`"),
        workspace.store.writing() as connection,
    ):
        return attach_metadata(connection, find_dataset(connection, dataset), changes)


def _read(path: Path) -> list[ImageMetadata]:
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise InvalidConfig(f"`{path}` cannot be read: {exc.strerror}", field="file") from exc
    return parse_metadata(data, str(path))


def _change(one: ImageMetadata, path: Path) -> MetadataChange:
    try:
        return MetadataChange(file_name=one.file_name, metadata=dict(one.metadata))
    except ValidationError as exc:
        raise InvalidConfig(f"`{path}`, `{one.file_name}`: {exc.errors()[0]['msg']}", field="file") from exc
