"""Validation of a datasource's predictions with the adapters of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.adapters.image_index import SqliteImageIndex
from swath.core.boxes import BoxFormat
from swath.pipeline.ports import RunObserver
from swath.pipeline.validate import validate_datasource
from swath.settings import Settings
from swath.store.home import open_home
from swath.wire.validation import ValidationReport
from swath.wiring.places import GivenAccess, opener


def validate_here(
    settings: Settings,
    location: str,
    *,
    output: str | None,
    access: GivenAccess,
    task_names: Sequence[str] | None,
    box_format: BoxFormat,
    observer: RunObserver,
) -> ValidationReport:
    """Report on the predictions of a datasource. Raises SwathError where there is nothing to report on."""
    open_datasource = opener(settings)
    source = open_datasource(location, access.input)
    sources = (source,) if output is None else (open_datasource(output, access.for_output(location, output)), source)
    home = open_home(settings.home)
    with closing(SqliteImageIndex(home.cache / "images.sqlite")) as index:
        return validate_datasource(
            sources,
            codec=PillowCodec(max_pixels=settings.max_image_pixels),
            index=index,
            task_names=task_names,
            box_format=box_format,
            threads=settings.threads,
            observer=observer,
        )
