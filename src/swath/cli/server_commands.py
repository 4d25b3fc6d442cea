"""`swath up` and `swath server`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from swath.cli import exit_codes
from swath.cli.options import HomeOption
from swath.settings import load_settings

HostOption = Annotated[str, typer.Option("--host", help="Address to listen at; others than this machine's need hosts.")]
PortOption = Annotated[int, typer.Option("--port", help="Port to listen at; 0 takes a free one.")]
RootOption = Annotated[
    list[Path] | None,
    typer.Option("--root", help="Folder that datasources of others than the owner may lie in; may be repeated."),
]

DEFAULT_PORT = 8750


def up_command(
    host: HostOption = "127.0.0.1",
    port: PortOption = DEFAULT_PORT,
    root: RootOption = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
    home: HomeOption = None,
) -> int:
    """Start the server and one worker on this machine, and open the web app."""
    return _serve(home=home, host=host, port=port, roots=root, with_worker=True, with_browser=not no_browser)


def server_command(
    host: HostOption = "127.0.0.1", port: PortOption = DEFAULT_PORT, root: RootOption = None, home: HomeOption = None
) -> int:
    """Start the server alone; workers join it with `swath worker`."""
    return _serve(home=home, host=host, port=port, roots=root, with_worker=False, with_browser=False)


def _serve(
    *, home: Path | None, host: str, port: int, roots: list[Path] | None, with_worker: bool, with_browser: bool
) -> int:
    from swath.wiring.up import run_server

    settings = load_settings(home=home)
    more = tuple(root.expanduser().absolute() for root in roots or ())
    run_server(
        replace(settings, roots=settings.roots + more),
        host=host,
        port=port,
        with_worker=with_worker,
        with_browser=with_browser,
        say=lambda line: print(line, flush=True),
        note=lambda line: print(line, file=sys.stderr, flush=True),
    )
    return exit_codes.OK
