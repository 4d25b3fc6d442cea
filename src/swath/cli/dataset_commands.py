"""`swath datasets`, `show`, `export` and `delete`."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from swath.cli import exit_codes
from swath.cli.options import HomeOption, JsonOption
from swath.core.errors import InvalidConfig
from swath.settings import load_settings
from swath.wire.exports import ExportFormat

LINK_DAYS = (0.001, 366)


def datasets_command(home: HomeOption = None, as_json: JsonOption = False) -> int:
    """List all datasets."""
    from swath.wiring.datasets import list_datasets

    found = list_datasets(load_settings(home=home))
    if as_json:
        print(json.dumps([dataset.model_dump() for dataset in found], indent=2))
        return exit_codes.OK
    if not found:
        print("There are no datasets yet: `swath run DATASOURCE --task NAME --n-samples 0.1` makes the first two.")
        return exit_codes.OK
    width = max(len(dataset.name) for dataset in found)
    for dataset in found:
        of = "" if dataset.parent is None else f"  of {dataset.parent} ({dataset.task})"
        print(
            f"{dataset.name:<{width}}  {dataset.kind:<6} {dataset.sample_count:>9,}  {_when(dataset.modified_at)}{of}"
        )
    return exit_codes.OK


def show_command(
    dataset: Annotated[str, typer.Argument(help="Name or id of the dataset.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show all about one dataset."""
    from swath.wiring.datasets import describe_dataset

    details = describe_dataset(load_settings(home=home), dataset)
    if as_json:
        print(details.model_dump_json(indent=2))
        return exit_codes.OK
    print(f"{details.name} ({details.kind}, {details.id})")
    print(f"  samples   {details.sample_count:,}, {details.byte_size / 1024**2:.1f} MiB of files")
    if details.stale_crops:
        print(f"  stale     {details.stale_crops:,} crops whose image has changed since")
    print(f"  input     {details.input_uri}")
    print(f"  output    {details.output_uri}")
    if details.parent is not None:
        print(f"  of        {details.parent}, task {details.task}")
    for child in details.children:
        print(f"  crops     {child.name} ({child.sample_count:,}, task {child.task})")
    if details.embedder is not None:
        print(f"  embedder  {details.embedder.name} ({details.embedder.dimension} dimensions)")
    for category in details.categories:
        print(f"  {category.count:>9,}  {category.name or category.category_id} ({category.task})")
    for tag in details.tags:
        print(f"  tag       {tag.name} ({tag.size:,})")
    for run in details.runs:
        print(f"  run       {run.id} {run.state} {_when(run.created_at)}  {run.message}")
    return exit_codes.OK


def export_command(
    dataset: Annotated[str, typer.Argument(help="Name or id of the dataset.")],
    export_format: Annotated[str, typer.Option("--format", help=f"One of {', '.join(ExportFormat)}.")],
    tag: Annotated[str | None, typer.Option("--tag", help="Only the samples of this tag.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write (default: standard output); for crops a folder."),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option("--unit", help="Of a crops dataset: `crops`, or the `images` that they were cut from."),
    ] = None,
    with_metadata: Annotated[
        bool, typer.Option("--with-metadata", help="Also what was attached to images (label-studio, csv, parquet).")
    ] = False,
    with_images: Annotated[
        bool, typer.Option("--with-images", help="Put the images into the archive too (yolo).")
    ] = False,
    link_days: Annotated[
        float, typer.Option("--link-days", help="How many days links to images hold (label-studio).")
    ] = 7.0,
    home: HomeOption = None,
) -> int:
    """Write a dataset, or one tag of it, as a file others can read."""
    from swath.wiring.exports import export_crops, export_pieces, export_request, write_file

    settings = load_settings(home=home)
    if not LINK_DAYS[0] <= link_days <= LINK_DAYS[1]:
        raise InvalidConfig(f"`--link-days` is from {LINK_DAYS[0]} to {LINK_DAYS[1]}", field="link-days")
    request = export_request(
        export_format,
        tag=tag,
        unit=unit,
        include_metadata=with_metadata,
        include_images=with_images,
        expires_in_s=round(link_days * 24 * 3600),
    )
    if request.format is ExportFormat.CROPS:
        if output is None:
            raise InvalidConfig("`--format crops` needs a folder", field="output", hint="add `--output FOLDER`.")
        count = export_crops(settings, dataset, tag=tag, folder=output)
        print(f"{count:,} crops in {output}", file=sys.stderr)
        return exit_codes.OK
    if output is None and request.format.is_binary and sys.stdout.isatty():
        raise InvalidConfig(
            f"`--format {export_format}` is nothing to look at", field="output", hint="add `--output FILE`."
        )
    pieces = export_pieces(settings, dataset, request)
    if output is None:
        sys.stdout.buffer.writelines(pieces)
        sys.stdout.flush()
    else:
        write_file(pieces, output)
    return exit_codes.OK


def delete_command(
    dataset: Annotated[str, typer.Argument(help="Name or id of the dataset.")],
    cascade: Annotated[
        bool, typer.Option("--cascade", help="Delete the crops datasets of an image dataset with it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    home: HomeOption = None,
) -> int:
    """Delete a dataset: its samples, vectors and crop files, never the images of the datasource."""
    from swath.wiring.datasets import describe_dataset, remove_dataset

    settings = load_settings(home=home)
    details = describe_dataset(settings, dataset)
    if not yes:
        if not sys.stdin.isatty():
            raise InvalidConfig("deleting asks before it does so, and nobody can answer here", hint="add `--yes`.")
        typer.confirm(f"Delete {details.name} with {details.sample_count:,} samples?", abort=True)
    for name in remove_dataset(settings, dataset, cascade=cascade, note=lambda line: print(line, file=sys.stderr)):
        print(f"deleted {name}")
    return exit_codes.OK


def _when(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC).strftime("%Y-%m-%d %H:%M")
