"""Exit codes that scripts can rely on, and how errors are shown."""

from __future__ import annotations

import sys

from swath.core.errors import Conflict, InvalidConfig, NotFound, SwathError

OK = 0  # also when there was nothing new
FAILED = 1  # the run failed, or a datasource could not be used; validate: something is wrong with the input
USAGE = 2  # what was asked cannot be done as it was asked
INTERRUPTED = 130  # stopped by a person (Ctrl-C or SIGTERM); everything is as it was


def exit_code(error: SwathError) -> int:
    """USAGE for errors that another command line would not have had, FAILED for all others."""
    return USAGE if isinstance(error, InvalidConfig | Conflict | NotFound) else FAILED


def show_error(error: SwathError) -> None:
    """Print an error and its hint to standard error."""
    print(f"error: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)
