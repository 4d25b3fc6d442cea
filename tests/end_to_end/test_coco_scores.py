"""Real photos whose predictions have probabilities: a run picks what a plain reading of the files says."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from arro3.io import read_parquet

Fixture = Any  # of conftest.py
COCO = "coco_object_detections"


def write_probabilities(folder: Path) -> dict[tuple[str, int], float]:
    """Give every prediction two probabilities above 0; returns the margin of each by image and position."""
    numbers = random.Random(7)
    task = folder / ".lightly/predictions" / COCO
    count = len(json.loads((task / "schema.json").read_text())["categories"])
    margins = {}
    for file in sorted(task.rglob("*.json")):
        if file.name == "schema.json":
            continue
        document = json.loads(file.read_text())
        for position, prediction in enumerate(document["predictions"]):
            best = round(numbers.uniform(0.5, 1), 6)
            prediction["probabilities"] = [best, round(1 - best, 6), *[0.0] * (count - 2)]
            image = str(file.relative_to(task).with_suffix(".jpg"))
            margins[image, position] = 1 - (best - round(1 - best, 6))
        file.write_text(json.dumps(document))
    return margins


def rows_of(file: Path) -> list[dict[str, Any]]:
    table = read_parquet(file).read_all()
    names = ("image", "position", "selected", "vector_row")
    columns = [table[name].to_pylist() for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def test_the_most_unsure_objects_of_real_photos_are_picked(swath: Fixture, coco128: Path, tmp_path: Path) -> None:
    margins = write_probabilities(coco128)
    options = ("--n-samples", "40", "--strategy", "weights,score=uncertainty_margin", "--json")
    ended = swath.process("run", coco128, "--task", COCO, *options, "--output", tmp_path / "result")
    document = json.loads(ended.stdout)
    assert (document["state"], document["selected"]) == ("COMPLETED", 40), document["message"]
    assert "probabilities_derived" not in {finding["code"] for finding in document["findings"]}
    objects = rows_of(Path(document["paths"]["objects.parquet"]))
    candidates = {
        (row["image"], row["position"]): margins[row["image"], row["position"]]
        for row in objects
        if row["vector_row"] >= 0
    }
    picked = {(row["image"], row["position"]) for row in objects if row["selected"]}
    assert picked == set(sorted(candidates, key=candidates.__getitem__, reverse=True)[:40])
