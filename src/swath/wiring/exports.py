"""Writing datasets and the outcome of a run where a person wants them: a file, standard output or a folder."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from swath.core.errors import NotFound, SourceUnavailable
from swath.settings import Settings
from swath.store import catalog, exports
from swath.store.coco_export import export_coco
from swath.wire.run_result import RunResult
from swath.wiring.places import open_kept_output
from swath.wiring.served import server_of_home
from swath.wiring.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from swath.client import Client

TEXT_FORMATS = ("filenames", "embeddings-csv", "coco")
FORMATS = (*TEXT_FORMATS, "crops")

PIECE_BYTES = 1 << 20


def export_text(settings: Settings, dataset: str, *, export_format: str, tag: str | None) -> Iterator[bytes]:
    """A dataset, or one tag of it, in one of TEXT_FORMATS, in pieces. Through the server if one is running."""
    with server_of_home(settings) as client:
        if client is not None:
            with _downloaded(client, dataset, export_format, tag) as path, path.open("rb") as file:
                yield from iter(lambda: file.read(PIECE_BYTES), b"")
            return
    with open_workspace(settings) as workspace:
        yield from _pieces(workspace, dataset, export_format, tag)


def export_crops(settings: Settings, dataset: str, *, tag: str | None, folder: Path) -> int:
    """Copy crops into `folder/<category>/`, with crops.csv beside them; returns how many."""
    with server_of_home(settings) as client:
        if client is not None:
            with _downloaded(client, dataset, "crops", tag) as path, _naming_failures(folder):
                return _unpack_crops(path, folder)
    with open_workspace(settings) as workspace, _naming_failures(folder):
        return _write_crops(workspace, dataset, tag, folder)


def export_run(settings: Settings, result: RunResult, folder: Path) -> dict[str, str]:
    """Put the two datasets of a run and its artifacts into a folder; returns where each part lies."""
    paths: dict[str, str] = {}
    with server_of_home(settings) as client, _naming_failures(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, path in result.paths.items():
            if client is None or result.run is None:
                shutil.copyfile(path, folder / name)
            else:
                client.runs.get(result.run).save_artifact(name, folder / name)
            paths[name] = str(folder / name)
        images, crops = result.image_dataset, result.crop_dataset
        parts: list[tuple[str, str, str]] = []
        if images is not None and images.samples:
            parts += [("images.txt", images.id, "filenames"), ("images.coco.json", images.id, "coco")]
            if crops is None:
                parts.append(("images.embeddings.csv", images.id, "embeddings-csv"))
        if crops is not None and crops.samples:
            parts.append(("crops.embeddings.csv", crops.id, "embeddings-csv"))
            export_crops(settings, crops.id, tag=None, folder=folder / "crops")
            paths["crops"] = str(folder / "crops")
        for name, dataset, export_format in parts:
            with (folder / name).open("wb") as file:
                file.writelines(export_text(settings, dataset, export_format=export_format, tag=None))
            paths[name] = str(folder / name)
        (folder / "run.json").write_text(result.model_dump_json(indent=2))
        paths["run.json"] = str(folder / "run.json")
    return paths


@contextmanager
def _downloaded(client: Client, dataset: str, export_format: str, tag: str | None) -> Iterator[Path]:
    """An export of the server as a file, for as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="swath-export-") as folder:
        yield client.datasets.get(dataset).export(export_format, Path(folder) / "export", tag=tag)


def _unpack_crops(path: Path, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
        return sum(not name.endswith((".csv", "/")) for name in archive.namelist())


def _pieces(workspace: Workspace, dataset: str, export_format: str, tag: str | None) -> Iterable[bytes]:
    if export_format == "filenames":
        yield exports.export_filenames(workspace.store, dataset, tag).encode("utf-8", "surrogatepass")
    elif export_format == "embeddings-csv":
        for text in exports.export_embeddings_csv(workspace.store, workspace.home, dataset, tag):
            yield text.encode("utf-8", "surrogatepass")
    else:
        yield export_coco(workspace.store, dataset, tag)


def _write_crops(workspace: Workspace, dataset: str, tag: str | None, folder: Path) -> int:
    details = catalog.describe_dataset(workspace.store, dataset)
    files = exports.crop_files(workspace.store, dataset, tag)
    count = 0
    missing: list[str] = []
    source = None
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / exports.CROPS_CSV).open("w", newline="", encoding="utf-8", errors="surrogatepass") as table:
        table.write(exports.crops_csv_head())
        for file in files:
            source = source or open_kept_output(workspace, details.id)
            target = folder / file.path
            try:
                data = source.read(file.key)
            except NotFound:
                missing.append(file.key)
                continue
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(data)
            table.write(file.csv_line)
            count += 1
    if missing:
        raise exports.crops_are_gone(missing, details.output_uri, exported=count)
    return count


@contextmanager
def _naming_failures(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise SourceUnavailable(
            f"`{exc.filename or folder}` cannot be written: {exc.strerror}", hint="choose another --output."
        ) from exc


def write_file(pieces: Iterable[bytes], path: Path) -> None:
    """Write pieces to a file, whole or not at all: it gets its name when the last piece is written."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    with _naming_failures(path):
        try:
            with unfinished.open("wb") as file:
                file.writelines(pieces)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
