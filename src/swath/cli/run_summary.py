"""What a person reads after a run: what was found, what was chosen, and where to look."""

from __future__ import annotations

import shlex
from pathlib import Path

from swath.cli.quality_table import print_quality
from swath.wire.run_result import RunResult

CATEGORIES_SHOWN = 8


def print_summary(result: RunResult, *, output: Path | None) -> None:
    """Print the result for a person to standard output."""
    if result.state != "COMPLETED":
        print(f"run failed: {result.message}")
        if result.hint:
            print(f"hint: {result.hint}")
        print("The datasets are as they were.")
        return
    print(result.message)
    images, objects = result.images, result.objects
    left_out = [
        f"{count:,} {what}"
        for count, what in (
            (images.listed - images.new, "already done"),
            (images.unreadable, "unreadable"),
            (images.duplicate, "duplicate" if images.duplicate == 1 else "duplicates"),
            (images.without_predictions, "without predictions"),
            (images.bad_predictions, "with bad predictions"),
        )
        if count
    ]
    print(f"  images    {images.listed:,} listed, {images.used:,} used" + _list(left_out))
    if objects.found:
        lost = [
            f"{count:,} {what}"
            for count, what in (
                (objects.outside, "outside their image"),
                (objects.zero_area, "without area"),
                (objects.filtered, "filtered"),
            )
            if count
        ]
        clipped = f" ({objects.clipped:,} clipped at the border)" if objects.clipped else ""
        print(f"  objects   {objects.found:,} found, {objects.used:,} cropped{clipped}" + _list(lost))
    if objects.embedded or objects.cached:
        print(f"  vectors   {objects.embedded:,} computed, {objects.cached:,} from the cache")
    if result.selected_categories:
        shown = list(result.selected_categories.items())[:CATEGORIES_SHOWN]
        more = len(result.selected_categories) - len(shown)
        text = ", ".join(f"{count:,} {name}" for name, count in shown) + (f" and {more} more kinds" if more else "")
        print(f"  selected  {text}")
    print_quality(result.quality)
    print(f"  time      {sum(result.stage_seconds.values()):.1f} s")
    for dataset, kind in ((result.crop_dataset, "crops"), (result.image_dataset, "images")):
        if dataset is not None:
            print(f"  {kind:<9} dataset {dataset.name!r}: {dataset.samples:,} samples, {dataset.added:,} added")
    print()
    if output is not None:
        print("Look at:")
        for name in ("crops", "crops/crops.csv", "images.txt", "images.coco.json", "objects.parquet"):
            if (output / name).exists():
                print(f"  {output / name}")
    elif result.crop_dataset is not None and result.crop_dataset.samples:
        print(f"Look at the crops: swath export {shlex.quote(result.crop_dataset.name)} --format crops --output crops")


def _list(parts: list[str]) -> str:
    return f" ({', '.join(parts)})" if parts else ""
