"""All commands of `swath`."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Annotated

import typer

import swath
from swath.cli import exit_codes
from swath.cli.access_commands import token_app, user_app
from swath.cli.dataset_commands import datasets_command, delete_command, export_command, show_command
from swath.cli.demo_command import demo_data_command
from swath.cli.doctor_command import doctor_command
from swath.cli.map_command import map_command
from swath.cli.metadata_command import metadata_command
from swath.cli.run_command import run_command
from swath.cli.select_command import select_command
from swath.cli.server_commands import server_command, up_command
from swath.cli.validate_command import validate_command
from swath.cli.worker_command import worker_command
from swath.core.errors import SwathError

app = typer.Typer(
    name="swath",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Object-level curation for vision datasets: select the objects worth labelling.",
)
app.command("run")(run_command)
app.command("select")(select_command)
app.command("map")(map_command)
app.command("up")(up_command)
app.command("server")(server_command)
app.command("worker")(worker_command)
app.add_typer(token_app, name="token")
app.add_typer(user_app, name="user")
app.command("validate")(validate_command)
app.command("datasets")(datasets_command)
app.command("show")(show_command)
app.command("export")(export_command)
app.command("metadata")(metadata_command)
app.command("delete")(delete_command)
app.command("doctor")(doctor_command)
app.command("demo-data")(demo_data_command)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"swath {swath.__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def run_app() -> None:
    """Run the command line and exit with one of the documented codes."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = app(standalone_mode=False)
    except SwathError as exc:
        exit_codes.show_error(exc)
        code = exit_codes.exit_code(exc)
    except (KeyboardInterrupt, typer.Abort):
        code = exit_codes.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has enough of it (`| head`).
        sys.stderr.close()
        code = exit_codes.OK
    except Exception as exc:
        if not hasattr(exc, "format_message") or not hasattr(exc, "show"):
            raise
        # click's own usage errors, without naming its classes (typer re-exports but few).
        exc.show()
        code = getattr(exc, "exit_code", exit_codes.USAGE)
    if code == exit_codes.INTERRUPTED:
        # Said here: newer versions of typer turn Ctrl-C into this code themselves.
        print("stopped; the datasets are as they were", file=sys.stderr)
    sys.exit(code if isinstance(code, int) else exit_codes.OK)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
