"""The command line: parse, call one function, print. `swath --help` lists the commands."""

from __future__ import annotations


def main() -> None:
    """The entry point of the `swath` command."""
    from swath.cli.app import run_app

    run_app()
