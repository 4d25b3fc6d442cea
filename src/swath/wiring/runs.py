"""A run in this process: the adapters it needs, the lock of the home, and the pipeline."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from swath.adapters.datasource import open_datasource
from swath.adapters.datasource.local import LocalFolder
from swath.adapters.embedders import OnnxOptions, load_embedder
from swath.adapters.parquet import ParquetTables
from swath.core.errors import SourceUnavailable
from swath.core.names import check_dataset_name, clean_dataset_name
from swath.pipeline.ports import Datasource, KillPoint, RunObserver
from swath.pipeline.run import RunContext, execute_run
from swath.settings import Settings
from swath.store.home import Home
from swath.store.session import open_run
from swath.wire.locations import is_bucket_uri, parse_location
from swath.wire.run_config import RunConfig
from swath.wire.run_result import RunResult
from swath.wiring.machinery import open_machinery
from swath.wiring.places import GivenAccess, keep_given, opener, with_kept
from swath.wiring.workspace import open_workspace


def run_here(
    config: RunConfig,
    settings: Settings,
    *,
    observer: RunObserver,
    access: GivenAccess | None = None,
    onnx_options: OnnxOptions | None = None,
) -> RunResult:
    """Do a run in this process; waits while another one uses the same home.

    What `access` holds is kept with the dataset, for later runs and commands.

    Raises SwathError for what keeps a run from starting; once it has started, the result says how it ended.
    """
    image_dataset_name, folder = name_and_folder_of(config)
    if config.object_level is not None and config.object_level.crop_dataset_name is not None:
        check_dataset_name(config.object_level.crop_dataset_name, field="object_level.crop_dataset_name")
    with open_workspace(settings) as workspace:
        home = workspace.home
        given = access or GivenAccess()
        known = with_kept(workspace, image_dataset_name, config.datasource.location, config.datasource.output, given)
        source = folder or opener(settings)(config.datasource.location, known.input)
        embedder = load_embedder(config.embedder, models_folder=home.models, options=onnx_options)
        what = f"a run on `{source.uri}`"
        with (
            home.lock(lambda notice: observer.note("INFO", notice), what=what),
            open_machinery(settings, home, source, embedder, observer) as machinery,
        ):
            output = open_output(config, source, known.output, settings, home, observer)
            at_point = kill_point(settings)
            session = open_run(
                workspace.store,
                home,
                run_config_json=config.model_dump_json(),
                image_dataset_name=image_dataset_name,
                input_uri=source.uri,
                output_uri=output.uri,
                task=None if config.object_level is None else config.object_level.task_name,
                crop_dataset_name=None if config.object_level is None else config.object_level.crop_dataset_name,
                at_point=at_point,
            )
            result = execute_run(
                RunContext(
                    config=config,
                    session=session,
                    machinery=machinery,
                    output=output,
                    tables=ParquetTables(),
                    observer=observer,
                    at_point=at_point,
                )
            )
            if result.image_dataset is not None:
                keep_given(workspace, result.image_dataset.id, given)
    return result


def onnx_options(
    *, input_size: int | None, mean: tuple[float, ...] | None, std: tuple[float, ...] | None
) -> OnnxOptions | None:
    """How an ONNX file wants its images, as far as a person said so; None if not at all."""
    if input_size is None and mean is None and std is None:
        return None
    return OnnxOptions(input_size=input_size, mean=mean, std=std)


def kill_point(settings: Settings) -> KillPoint:
    """What happens at kill points: nothing, or the death that a test asked for."""

    def at_point(name: str) -> None:
        if name == settings.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    return at_point


def name_and_folder_of(config: RunConfig) -> tuple[str, Datasource | None]:
    """The name of a run's image dataset, and the folder that it reads, opened; None for a bucket, which needs more.

    Raises InvalidConfig for a name that cannot be used, and as `open_datasource` for a folder that cannot be read.
    """
    place = parse_location(config.datasource.location, field="datasource")
    folder = None if place.is_bucket else open_datasource(config.datasource.location)
    if config.dataset is not None:
        return check_dataset_name(config.dataset, field="dataset"), folder
    name = (place.path.rpartition("/")[2] or place.bucket) if folder is None else Path(folder.uri).name
    return clean_dataset_name(name or "dataset"), folder


def open_output(
    config: RunConfig,
    source: Datasource,
    access: Mapping[str, str] | None,
    settings: Settings,
    home: Home,
    observer: RunObserver,
) -> Datasource:
    """Where crops go: the datasource named, else the input itself, else (if that cannot be written) the home.

    `access` opens it if it is a bucket. Raises SourceUnavailable for a bucket that was named for it and cannot be
    written, and what listing raises for an input that cannot be read either: nothing can stand in for that.
    """
    location = config.datasource.output
    output = source if location is None and access is None else opener(settings)(location or source.uri, access)
    reason = output.why_not_writable()
    if reason is None:
        return output
    if location is not None and is_bucket_uri(location):
        raise SourceUnavailable(
            f"`{output.uri}` cannot be written ({reason}), and crops go there",
            hint="Give credentials that may, or another `--output-datasource`.",
        )
    next(iter(source.list_pages()), None)
    folder = home.root / "outputs" / hashlib.sha256(source.uri.encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    observer.note("WARNING", f"`{output.uri}` cannot be written ({reason}): crops go to `{folder}`")
    return LocalFolder(folder)
