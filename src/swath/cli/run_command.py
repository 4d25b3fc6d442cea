"""`swath run`: the object-level run, or a selection of whole images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from swath.cli import exit_codes
from swath.cli.options import CredentialsOption, HomeOption, JsonOption, OutputCredentialsOption
from swath.cli.progress import progress_observer
from swath.cli.run_summary import print_summary
from swath.cli.selection_options import (
    MaxPerImageOption,
    MinDistanceModeOption,
    MinDistanceOption,
    QuotaOption,
    SeedOption,
    SelectionFileOption,
    SelectionOptions,
    StrategyOption,
    one_of,
    read_selection,
)
from swath.core.errors import InvalidConfig, SwathError
from swath.settings import load_settings
from swath.wire.run_config import RunConfig, parse_run_config
from swath.wire.run_result import RunResult


def run_command(
    datasource: Annotated[str, typer.Argument(help="Folder or bucket with the images (and their predictions).")],
    task: Annotated[
        str | None, typer.Option("--task", help="Prediction task whose boxes become objects.", show_default=False)
    ] = None,
    n_samples: Annotated[
        str | None,
        typer.Option(
            "--n-samples", help="How many to add: 0.1 is a tenth, 100 is a count; 1 is one, 1.0 all.", metavar="N"
        ),
    ] = None,
    strategy: StrategyOption = None,
    min_distance: MinDistanceOption = None,
    min_distance_mode: MinDistanceModeOption = None,
    max_per_image: MaxPerImageOption = None,
    quota: QuotaOption = None,
    selection: SelectionFileOption = None,
    unit: Annotated[
        str | None, typer.Option("--unit", help="object (default), or image to select whole images.")
    ] = None,
    padding: Annotated[
        float, typer.Option("--padding", help="Grow boxes by this share of their width and height.")
    ] = 0.0,
    dataset: Annotated[
        str | None, typer.Option("--dataset", help="Name of the image dataset (default: that of the folder or bucket).")
    ] = None,
    crop_dataset_name: Annotated[
        str | None, typer.Option("--crop-dataset-name", help="Name of the crops dataset (default: <dataset>-crops).")
    ] = None,
    min_score: Annotated[float | None, typer.Option("--min-score", help="Leave out objects scored lower.")] = None,
    categories: Annotated[
        list[str] | None,
        typer.Option("--categories", help="Only these categories: names or ids, comma-separated or repeated."),
    ] = None,
    min_size: Annotated[
        float | None, typer.Option("--min-size", help="Leave out objects with a shorter side below this (px).")
    ] = None,
    max_overlap: Annotated[
        float | None, typer.Option("--max-overlap", help="Of two boxes with a higher IoU the lower score goes.")
    ] = None,
    box_format: Annotated[str, typer.Option("--box-format", help="xywh, xyxy or auto.")] = "xywh",
    process_all: Annotated[
        bool, typer.Option("--process-all", help="Look again at images that earlier runs have dealt with.")
    ] = False,
    keep_duplicates: Annotated[
        bool, typer.Option("--keep-duplicates", help="Do not leave out images with equal bytes.")
    ] = False,
    relevant_filenames: Annotated[
        str | None, typer.Option("--relevant-filenames", help="File below .lightly/ that lists the images to look at.")
    ] = None,
    output_datasource: Annotated[
        str | None, typer.Option("--output-datasource", help="Where crops and thumbnails go (default: the datasource).")
    ] = None,
    credentials: CredentialsOption = None,
    output_credentials: OutputCredentialsOption = None,
    embedder: Annotated[
        str, typer.Option("--embedder", help="Built-in name, path of an ONNX file, or hub:owner/name.")
    ] = "efficientnet-lite0",
    embedder_size: Annotated[
        int | None, typer.Option("--embedder-size", help="ONNX files: input size in px, if the file leaves it open.")
    ] = None,
    embedder_mean: Annotated[
        str | None, typer.Option("--embedder-mean", help="ONNX files: mean per channel, e.g. 0.485,0.456,0.406.")
    ] = None,
    embedder_std: Annotated[
        str | None, typer.Option("--embedder-std", help="ONNX files: standard deviation per channel.")
    ] = None,
    seed: SeedOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Also put both datasets and the artifacts into this folder.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Cut objects out of images, embed them, select a diverse subset, and keep crops and images as linked datasets."""
    try:
        config = parse_run_config(
            {
                "datasource": {
                    "location": datasource,
                    "output": output_datasource,
                    "process_all": process_all,
                    "relevant_filenames_file": relevant_filenames,
                },
                "dataset": dataset,
                "object_level": _object_level(
                    task,
                    crop_dataset_name=crop_dataset_name,
                    padding=padding,
                    box_format=box_format,
                    min_score=min_score,
                    categories=_names(categories),
                    min_size=min_size,
                    max_overlap=max_overlap,
                ),
                "selection": _selection(
                    SelectionOptions(
                        n_samples=n_samples,
                        strategy=strategy,
                        min_distance=min_distance,
                        min_distance_mode=min_distance_mode,
                        seed=seed,
                        max_per_image=max_per_image,
                        quota=quota,
                    ),
                    selection,
                    unit,
                ),
                "embedder": embedder,
                "remove_exact_duplicates": not keep_duplicates,
            }
        )
        result = _run(
            config,
            credentials=credentials,
            output_credentials=output_credentials,
            home=home,
            size=embedder_size,
            mean=_numbers(embedder_mean),
            std=_numbers(embedder_std),
            output=output,
        )
    except SwathError as exc:
        if as_json:
            failed = RunResult(state="FAILED", message=exc.message, hint=exc.hint)
            print(failed.model_dump_json(indent=2))
        exit_codes.show_error(exc)
        return exit_codes.exit_code(exc)
    if as_json:
        print(result.model_dump_json(indent=2))
        if result.state != "COMPLETED":
            # Whoever sends the document to a file still sees what went wrong.
            exit_codes.show_error(SwathError(result.message, hint=result.hint))
    else:
        print_summary(result, output=output)
    return exit_codes.OK if result.state == "COMPLETED" else exit_codes.FAILED


def _run(
    config: RunConfig,
    *,
    credentials: Path | None,
    output_credentials: Path | None,
    home: Path | None,
    size: int | None,
    mean: tuple[float, ...] | None,
    std: tuple[float, ...] | None,
    output: Path | None,
) -> RunResult:
    from swath.wiring.exports import export_run
    from swath.wiring.jobs import run_job
    from swath.wiring.places import read_given_access
    from swath.wiring.runs import onnx_options

    settings = load_settings(home=home)
    access = read_given_access(config.datasource.location, config.datasource.output, credentials, output_credentials)
    with progress_observer() as observer:
        result = run_job(
            config,
            settings,
            observer=observer,
            access=access,
            onnx_options=onnx_options(input_size=size, mean=mean, std=std),
        )
        if output is not None and result.state == "COMPLETED":
            result.paths |= export_run(settings, result, output)
    return result


def _selection(options: SelectionOptions, file: Path | None, unit: str | None) -> dict[str, Any]:
    """The document of the selection; a file may say the unit too, and where neither does it is objects."""
    document = read_selection(options, file)
    if unit is not None:
        if "unit" in document:
            raise InvalidConfig(
                "`--selection` says the unit, `--unit` does too", field="selection.unit", hint="Leave one of them out."
            )
        document["unit"] = one_of("--unit", unit, {"object": "objects", "image": "images"})
    return document


def _object_level(task: str | None, **options: Any) -> dict[str, Any] | None:
    if task is not None:
        return {"task_name": task, **options}
    given = [name for name, value in options.items() if value not in (None, 0.0, "xywh")]
    if given:
        raise InvalidConfig(
            f"`--{given[0].replace('_', '-')}` is about objects, which need `--task`", field=f"object_level.{given[0]}"
        )
    return None


def _names(values: list[str] | None) -> list[str] | None:
    if not values:
        return None
    return [name.strip() for value in values for name in value.split(",") if name.strip()]


def _numbers(text: str | None) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as exc:
        raise InvalidConfig(f"expected numbers separated by commas, got `{text}`", field="embedder") from exc
