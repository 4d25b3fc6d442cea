"""Writing datasets and the outcome of a run where a person wants them: a file, standard output or a folder."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from swath.core.errors import InvalidConfig, NotFound, SourceUnavailable
from swath.pipeline.ports import Datasource
from swath.settings import Settings
from swath.store import catalog, export_files, exports
from swath.store.credentials import Purpose, Vault
from swath.store.datasets import Dataset, dataset_by_id
from swath.store.export_files import ExportSource
from swath.store.label_studio_export import UrlOf
from swath.store.sharing import find_dataset
from swath.wire.exports import ExportFormat, NewExport
from swath.wire.run_result import RunResult
from swath.wiring.places import open_kept, open_kept_output
from swath.wiring.served import server_of_home
from swath.wiring.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from swath.client import Client

PIECE_BYTES = 1 << 20

USUAL_ADDRESS = "http://127.0.0.1:8750"
"""Of a server that is started without options."""

COMMAND_LINE = {
    "unit": "--unit",
    "include_metadata": "--with-metadata",
    "include_images": "--with-images",
    "expires_in_s": "--link-days",
}
"""What people write for an option."""

FORMATS = tuple(known.value for known in ExportFormat)


def export_request(export_format: str, *, tag: str | None = None, **options: object) -> NewExport:
    """What a person asks for; options that are None are not given. Raises InvalidConfig for what cannot be meant."""
    if export_format not in FORMATS:
        listed = ", ".join(f"`{name}`" for name in FORMATS)
        raise InvalidConfig(f"`--format` is one of {listed}, got `{export_format}`", field="format")
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return NewExport.model_validate({"format": export_format, "tag": tag, "options": given})
    except ValidationError as exc:
        problem = exc.errors()[0]
        place = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        text = f"`{place}`: {message}" if place else message
        for name, option in COMMAND_LINE.items():
            text = text.replace(f"options.{name}", option)
        raise InvalidConfig(text, field="options") from exc


def export_pieces(settings: Settings, dataset: str, request: NewExport) -> Iterator[bytes]:
    """A dataset, or one tag of it, as a file, in pieces. Through the server if one is running."""
    with server_of_home(settings) as client:
        if client is not None:
            with _downloaded(client, dataset, request) as path:
                yield from _pieces_of(path)
            return
    with open_workspace(settings) as workspace:
        source = _source(workspace, dataset, request)
        if not request.format.is_binary:
            yield from export_files.export_pieces(source, request.format)
            return
        with tempfile.TemporaryDirectory(prefix="swath-export-") as folder:
            path = Path(folder) / "export"
            export_files.write_export(path, source, request.format)
            yield from _pieces_of(path)


def _pieces_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(PIECE_BYTES), b"")


def export_crops(settings: Settings, dataset: str, *, tag: str | None, folder: Path) -> int:
    """Copy crops into `folder/<category>/`, with crops.csv beside them; returns how many."""
    with server_of_home(settings) as client:
        if client is not None:
            with _downloaded(client, dataset, export_request("crops", tag=tag)) as path, _naming_failures(folder):
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
                file.writelines(export_pieces(settings, dataset, export_request(export_format)))
            paths[name] = str(folder / name)
        (folder / "run.json").write_text(result.model_dump_json(indent=2))
        paths["run.json"] = str(folder / "run.json")
    return paths


@contextmanager
def _downloaded(client: Client, dataset: str, request: NewExport) -> Iterator[Path]:
    """An export of the server as a file, for as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="swath-export-") as folder:
        yield client.datasets.get(dataset).export(
            request.format, Path(folder) / "export", tag=request.tag, options=request.options
        )


def _unpack_crops(path: Path, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
        return sum(not name.endswith((".csv", "/")) for name in archive.namelist())


def _source(workspace: Workspace, dataset: str, request: NewExport) -> ExportSource:
    from swath.adapters.parquet import ParquetTables

    with workspace.store.reading() as connection:
        found = find_dataset(connection, dataset)
    return ExportSource(
        store=workspace.store,
        home=workspace.home,
        tables=ParquetTables(),
        places=_KeptPlaces(workspace=workspace, dataset=found),
        dataset=found,
        subset=request.tag,
        options=request.options,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeptPlaces:
    """Answers Places with what the home keeps. Links lead to the server that will use the home."""

    workspace: Workspace
    dataset: Dataset

    def open_files(self, purpose: Purpose) -> Datasource:
        return open_kept(self.workspace, self.dataset, purpose)

    def urls(self, purpose: Purpose, *, expires_in_s: int) -> UrlOf:
        # Only who makes links needs what the server is made of.
        from swath.server.export_sources import file_urls
        from swath.server.links import LinkMaker

        settings = self.workspace.settings
        maker = LinkMaker(Vault.open(self.workspace.home, settings.secret_key), settings.public_url or USUAL_ADDRESS)
        return file_urls(maker, self._files_of(purpose), purpose, self.open_files(purpose), expires_in_s=expires_in_s)

    def _files_of(self, purpose: Purpose) -> Dataset:
        """The dataset whose files are meant: the input of crops is that of their images."""
        if purpose == "output" or self.dataset.parent_id is None:
            return self.dataset
        with self.workspace.store.reading() as connection:
            return dataset_by_id(connection, self.dataset.parent_id) or self.dataset


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
