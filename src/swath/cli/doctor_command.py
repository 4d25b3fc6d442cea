"""`swath doctor`: whether this installation can work."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from swath.cli import exit_codes
from swath.cli.options import HomeOption, JsonOption
from swath.settings import load_settings


def doctor_command(
    embedder: Annotated[str, typer.Option("--embedder", help="The embedder to look for.")] = "efficientnet-lite0",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Check versions, the home folder, its database and server, the embedder and the web app."""
    from swath.wiring.doctor import examine

    checks = examine(load_settings(home=home), embedder=embedder)
    if as_json:
        print(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        for check in checks:
            mark = {True: "ok", False: "BAD", None: "-"}[check.ok]
            print(f"{mark:>4}  {check.name:<12} {check.detail}")
    return exit_codes.FAILED if any(check.ok is False for check in checks) else exit_codes.OK
