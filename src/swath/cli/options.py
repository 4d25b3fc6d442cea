"""Options that several commands share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel

HomeOption = Annotated[Path | None, typer.Option("--home", help="Home folder (default: $SWATH_HOME or ~/.swath).")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output, nothing else.")]

CredentialsOption = Annotated[
    Path | None,
    typer.Option("--credentials", help="JSON file with what opens the bucket (default: what this machine has)."),
]
OutputCredentialsOption = Annotated[
    Path | None,
    typer.Option(
        "--output-credentials",
        help="The same for --output-datasource (default: --credentials, if it is in the same bucket).",
    ),
]


def print_documents(documents: Sequence[BaseModel]) -> None:
    """Print documents as one JSON list."""
    print(json.dumps([document.model_dump(mode="json") for document in documents], indent=2))
