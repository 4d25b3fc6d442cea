"""`swath demo-data`: draw the demo datasource."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from swath.cli import exit_codes
from swath.cli.progress import progress_observer


def demo_data_command(
    folder: Annotated[Path, typer.Argument(help="Folder to make; an earlier demo in it is reused.")],
    images: Annotated[int, typer.Option("--images", help="How many street scenes.")] = 240,
    seed: Annotated[int, typer.Option("--seed", help="The same seed draws the same scenes.")] = 7,
) -> int:
    """Draw street scenes with predictions, to try Swath on."""
    from swath.demo import make_demo_datasource

    with progress_observer() as observer:
        observer.start("draw street scenes", total=images, unit="images")
        done = 0

        def report(now: int, total: int) -> None:
            nonlocal done
            observer.advance(now - done)
            done = now

        summary = make_demo_datasource(folder, images=images, seed=seed, on_progress=report)
    kinds = ", ".join(f"{count:,} {name}" for name, count in summary.categories.items())
    print(f"{summary.images:,} images with {summary.objects:,} predictions ({kinds}) in {summary.folder}")
    return exit_codes.OK
