"""`swath select`: choose again among the samples of a dataset."""

from __future__ import annotations

from typing import Annotated

import typer

from swath.cli import exit_codes
from swath.cli.options import HomeOption, JsonOption
from swath.cli.progress import progress_observer
from swath.cli.quality_table import finding_text, print_quality
from swath.cli.selection_options import (
    MaxPerImageOption,
    MinDistanceModeOption,
    MinDistanceOption,
    QuotaOption,
    SeedOption,
    SelectionFileOption,
    SelectionOptions,
    StrategyOption,
    read_selection,
)
from swath.core.errors import SwathError
from swath.settings import load_settings
from swath.wire.selection_run import SelectionRunResult, parse_sample_selection

CATEGORIES_SHOWN = 20


def select_command(
    dataset: Annotated[str, typer.Argument(help="Name or id of a dataset, of crops or of images.")],
    n_samples: Annotated[
        str | None,
        typer.Option(
            "--n-samples", help="How many to choose: 0.1 is a tenth, 100 is a count; 1 is one, 1.0 all.", metavar="N"
        ),
    ] = None,
    strategy: StrategyOption = None,
    min_distance: MinDistanceOption = None,
    min_distance_mode: MinDistanceModeOption = None,
    max_per_image: MaxPerImageOption = None,
    quota: QuotaOption = None,
    selection: SelectionFileOption = None,
    seed: SeedOption = None,
    input_tag: Annotated[
        str | None, typer.Option("--from-tag", help="Choose among the samples of this tag only.")
    ] = None,
    preselected_tag: Annotated[
        str | None, typer.Option("--preselected-tag", help="Samples of this tag count as chosen.")
    ] = None,
    new_tag: Annotated[
        str | None, typer.Option("--tag", help="Name of the tag of what is chosen (default: one with the time).")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be chosen; make no tag.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Choose again among the samples of a dataset, and tag what was chosen."""
    try:
        from swath.wiring.selecting import SelectionRequest, select_again

        options = SelectionOptions(
            n_samples=n_samples,
            strategy=strategy,
            min_distance=min_distance,
            min_distance_mode=min_distance_mode,
            seed=seed,
            max_per_image=max_per_image,
            quota=quota,
        )
        request = SelectionRequest(
            dataset=dataset,
            selection=parse_sample_selection(read_selection(options, selection)),
            input_tag=input_tag,
            preselected_tag=preselected_tag,
            new_tag=new_tag,
            dry_run=dry_run,
        )
        with progress_observer() as observer:
            result = select_again(request, load_settings(home=home), observer=observer)
    except SwathError as exc:
        if as_json:
            failed = SelectionRunResult(state="FAILED", message=exc.message, hint=exc.hint, dry_run=dry_run)
            print(failed.model_dump_json(indent=2))
        exit_codes.show_error(exc)
        return exit_codes.exit_code(exc)
    is_complete = result.state == "COMPLETED"
    if as_json:
        print(result.model_dump_json(indent=2))
    elif is_complete:
        _print_summary(result)
    if not is_complete:
        exit_codes.show_error(SwathError(result.message, hint=result.hint))
    return exit_codes.OK if is_complete else exit_codes.FAILED


def _print_summary(result: SelectionRunResult) -> None:
    print(result.message)
    for finding in result.findings:
        print(f"  {finding_text(finding)}")
    print_quality(result.quality)
    shown = list(result.categories.items())[:CATEGORIES_SHOWN]
    if not shown:
        return
    width = max(len("category"), *(len(name) for name, _ in shown))
    print(f"  {'category':<{width}}  {'available':>11}  {'before':>11}  {'after':>11}")
    for name, counts in shown:
        print(f"  {name:<{width}}  {counts.available:>11,}  {counts.before:>11,}  {counts.after:>11,}")
    more = len(result.categories) - len(shown)
    if more:
        print(f"  and {more:,} more")
