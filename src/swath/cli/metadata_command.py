"""`swath metadata`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from swath.cli import exit_codes
from swath.cli.options import HomeOption, JsonOption
from swath.settings import load_settings


def metadata_command(
    dataset: Annotated[str, typer.Argument(help="Name or id of the image dataset.")],
    file: Annotated[Path, typer.Argument(help="CSV with a column `file_name`, a JSON list, or JSON lines.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Attach metadata to images, to filter, sort and colour by."""
    from swath.wiring.metadata import attach_file

    attached = attach_file(load_settings(home=home), dataset, file, note=lambda line: print(line, file=sys.stderr))
    if as_json:
        print(attached.model_dump_json(indent=2))
        return exit_codes.OK
    print(f"{attached.updated:,} images of `{dataset}` have it now")
    if attached.unknown_count:
        named = ", ".join(f"`{name}`" for name in attached.unknown)
        more = ", …" if attached.unknown_count > len(attached.unknown) else ""
        print(f"{attached.unknown_count:,} not in the dataset, passed over: {named}{more}", file=sys.stderr)
    return exit_codes.OK
