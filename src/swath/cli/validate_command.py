"""`swath validate`: what is wrong with the predictions of a datasource, without running."""

from __future__ import annotations

from typing import Annotated

import typer

from swath.cli import exit_codes
from swath.cli.options import CredentialsOption, HomeOption, JsonOption, OutputCredentialsOption
from swath.cli.progress import progress_observer
from swath.core.boxes import BoxFormat
from swath.core.errors import InvalidConfig, SwathError
from swath.settings import load_settings
from swath.wire.run_result import FindingDocument
from swath.wire.validation import TaskReport, ValidationReport

PROBLEMS_SHOWN = 20


def validate_command(
    datasource: Annotated[str, typer.Argument(help="Folder or bucket with the images and predictions.")],
    task: Annotated[list[str] | None, typer.Option("--task", help="Only this task; may be repeated.")] = None,
    box_format: Annotated[str, typer.Option("--box-format", help="xywh, xyxy or auto.")] = "xywh",
    output_datasource: Annotated[
        str | None, typer.Option("--output-datasource", help="Where predictions lie, if not with the images.")
    ] = None,
    credentials: CredentialsOption = None,
    output_credentials: OutputCredentialsOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Report on predictions: counts, every bad file, suspicious boxes, categories, missing files."""
    from swath.wiring.places import read_given_access
    from swath.wiring.validation import validate_here

    try:
        if box_format not in list(BoxFormat):
            raise InvalidConfig(f"`--box-format` is one of {', '.join(BoxFormat)}, got `{box_format}`")
        access = read_given_access(datasource, output_datasource, credentials, output_credentials)
        with progress_observer() as observer:
            report = validate_here(
                load_settings(home=home),
                datasource,
                output=output_datasource,
                access=access,
                task_names=task or None,
                box_format=BoxFormat(box_format),
                observer=observer,
            )
    except SwathError as exc:
        if as_json:
            failed = ValidationReport(datasource=datasource, ok=False, images=0, findings=[_as_finding(exc)])
            print(failed.model_dump_json(indent=2))
        exit_codes.show_error(exc)
        return exit_codes.exit_code(exc)
    print(report.model_dump_json(indent=2)) if as_json else _print_report(report)
    return exit_codes.OK if report.ok else exit_codes.FAILED


def _as_finding(error: SwathError) -> FindingDocument:
    return FindingDocument(code=type(error).__name__, severity="error", message=error.message, hint=error.hint)


def _print_report(report: ValidationReport) -> None:
    print(f"{report.datasource}: {report.images:,} images")
    _print_findings(report.findings, indent="  ")
    for task in report.tasks:
        _print_task(task)
    print("everything is fine" if report.ok else "something is wrong, see above")


def _print_task(task: TaskReport) -> None:
    print(f"\ntask {task.task} ({task.task_type or 'schema cannot be read'})")
    print(
        f"  files        {task.prediction_files:,}: {task.valid_files:,} valid ({task.empty_files:,} empty), "
        f"{task.bad_files:,} bad"
    )
    print(f"  images       {task.images:,}, {task.images_without_predictions:,} without predictions")
    boxes = task.boxes
    print(f"  predictions  {task.predictions:,}")
    if boxes.total:
        print(
            f"  boxes        {boxes.total:,}: {boxes.used:,} inside, {boxes.clipped:,} reach beyond the image, "
            f"{boxes.outside:,} outside, {boxes.zero_area:,} without area"
        )
    for category in sorted(task.categories, key=lambda category: -category.predictions):
        print(f"    {category.predictions:>10,}  {category.name} ({category.id})")
    _print_findings(task.findings, indent="  ")
    for problem in task.problems[:PROBLEMS_SHOWN]:
        value = f", got {problem.value}" if problem.value else ""
        print(f"  {problem.file} at {problem.json_path}: expected {problem.expected}{value}")
        if problem.hint:
            print(f"    hint: {problem.hint}")
    if len(task.problems) > PROBLEMS_SHOWN:
        print(f"  and {len(task.problems) - PROBLEMS_SHOWN:,} more places (--json lists them)")


def _print_findings(findings: list[FindingDocument], *, indent: str) -> None:
    for finding in findings:
        print(f"{indent}{finding.severity}: {finding.message}")
        for example in finding.examples:
            print(f"{indent}  {example}")
        if finding.hint:
            print(f"{indent}  hint: {finding.hint}")
