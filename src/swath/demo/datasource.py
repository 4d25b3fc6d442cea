"""Writes the demo datasource: pictures, prediction files, and a ground truth that runs never read."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

from swath.core.errors import Conflict, InvalidConfig, SourceUnavailable
from swath.demo.kinds import CATEGORIES, rare_kinds
from swath.demo.predictions import TASK, Detection, detect, prediction_file
from swath.demo.scenes import Scene, picture_name, sample_scene

VERSION = 1
"""Raised whenever the same seed would give other pictures or predictions."""

MARKER = ".lightly/demo.json"
GROUND_TRUTH = ".lightly/ground_truth.json"
_PICTURE = re.compile(r"camera_[a-z]+/frame_\d+\.jpg")
_FEW = 12  # starting processes takes longer than drawing this many pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSummary:
    """What a demo datasource holds.

    `objects` counts predictions, by predicted category in `categories`; `rare_kinds` counts those predictions that
    show a vehicle of a rare kind. `missed` vehicles are in the pictures but not among the predictions.
    """

    folder: Path
    images: int
    objects: int
    categories: Mapping[str, int]
    rare_kinds: Mapping[str, int]
    false_positives: int
    missed: int


class TrueObject(TypedDict):
    """A vehicle as it was drawn; `box` is x, y, width, height in pixels, `visible` the share that is not covered."""

    kind: str
    category: str
    colour: str
    box: list[float]
    visible: float
    parked: bool


class TruePrediction(TypedDict):
    """What prediction i of the file really shows; all None for a false positive. `object` is its row in `objects`."""

    false_positive: bool
    object: int | None
    kind: str | None
    category: str | None
    colour: str | None
    box: list[float] | None


class TrueImage(TypedDict):
    camera: str
    weather: str
    width: int
    height: int
    predicted: list[str]  # category names as predicted, in the order of the file
    predictions: list[TruePrediction]
    objects: list[TrueObject]
    missed: list[int]  # rows of objects without a prediction


def make_demo_datasource(
    folder: Path,
    *,
    images: int = 240,
    seed: int = 7,
    workers: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> DemoSummary:
    """Fill `folder` with drawn street scenes, predictions and ground truth; returns what it holds.

    Picture i depends on (seed, i) alone: any number of images or workers gives the same bytes. A folder that
    already holds this demo is left as it is; one with another demo, or one cut short, is completed or replaced.
    `workers` processes draw (default: one per core); with 1, or for a few pictures, this process does. As with
    every process pool, a script that calls this needs its `if __name__ == "__main__"`.
    `on_progress` gets (pictures done, pictures in all).

    Raises InvalidConfig for impossible numbers, Conflict if the folder holds anything else, SourceUnavailable if it
    cannot be read or written.
    """
    for field, value, least in (
        ("images", images, 1),
        ("seed", seed, 0),
        ("workers", 1 if workers is None else workers, 1),
    ):
        if value < least:
            raise InvalidConfig(f"`{field}` cannot be `{value}`: expected at least {least}", field=field)
    report = on_progress or (lambda _done, _total: None)
    try:
        marker = _marker_of(folder)
        same = marker is not None and (marker["version"], marker["seed"]) == (VERSION, seed)
        names = [picture_name(seed, index) for index in range(images)]
        there = {name for name in names if same and (folder / name).is_file()}
        if marker is not None and same and marker["complete"] and marker["files"] == names and len(there) == images:
            report(images, images)
            return _summary(folder, json.loads((folder / GROUND_TRUTH).read_text("utf-8"))["images"])
        if marker is not None:
            _remove_pictures(folder, [name for name in marker["files"] if name not in there])
        _write_json(folder / MARKER, _marker(names, seed, complete=False))
        _write_schema(folder)
        truth: dict[str, TrueImage] = {}
        tasks = [(index, names[index] not in there) for index in range(images)]
        for name, image in _made(folder, seed, tasks, workers):
            truth[name] = image
            report(len(truth), images)
        _write_json(folder / GROUND_TRUTH, {"version": VERSION, "seed": seed, "task": TASK, "images": truth})
        _write_json(folder / MARKER, _marker(names, seed, complete=True))
    except OSError as exc:
        raise SourceUnavailable(
            f"Cannot write the demo datasource in `{folder}`: {exc.strerror or exc}",
            hint="Choose a folder you may write to, on a disk with about 40 MB to spare.",
        ) from exc
    return _summary(folder, truth)


def true_image(scene: Scene, detections: tuple[Detection, ...]) -> TrueImage:
    """The entry of the ground truth for one picture."""
    objects: list[TrueObject] = [
        {
            "kind": vehicle.kind,
            "category": vehicle.category,
            "colour": vehicle.paint,
            "box": [round(value, 2) for value in vehicle.box],
            "visible": round(vehicle.visible, 3),
            "parked": vehicle.parked,
        }
        for vehicle in scene.vehicles
    ]
    predictions: list[TruePrediction] = []
    for detection in detections:
        shown = None if detection.vehicle is None else objects[detection.vehicle]
        predictions.append(
            {
                "false_positive": shown is None,
                "object": detection.vehicle,
                "kind": shown and shown["kind"],
                "category": shown and shown["category"],
                "colour": shown and shown["colour"],
                "box": shown and shown["box"],
            }
        )
    found = {detection.vehicle for detection in detections}
    return {
        "camera": scene.rig.name,
        "weather": scene.weather,
        "width": scene.camera.width,
        "height": scene.camera.height,
        "predicted": [CATEGORIES[detection.category_id] for detection in detections],
        "predictions": predictions,
        "objects": objects,
        "missed": [row for row in range(len(objects)) if row not in found],
    }


def _made(
    folder: Path, seed: int, tasks: list[tuple[int, bool]], workers: int | None
) -> Iterator[tuple[str, TrueImage]]:
    """Make the pictures, here or in processes, and yield (name, ground truth) in order."""
    make = partial(_make_image, folder, seed)
    count = min(workers or os.cpu_count() or 1, len(tasks))
    if count == 1 or sum(draw for _, draw in tasks) <= _FEW:
        yield from map(make, tasks)
        return
    # spawned, not forked: the caller may have threads that hold locks
    with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            yield from pool.map(make, tasks, chunksize=4)
        finally:
            pool.shutdown(cancel_futures=True)


def _make_image(folder: Path, seed: int, task: tuple[int, bool]) -> tuple[str, TrueImage]:
    from swath.demo.drawing import encode_scene  # Pillow: only who draws pays for it

    index, draw = task
    scene = sample_scene(seed, index)
    detections = detect(scene, seed)
    document = prediction_file(scene, detections)
    _write_json(_prediction_path(folder, scene.file_name), document)
    if draw:
        _write(folder / scene.file_name, encode_scene(scene))
    return scene.file_name, true_image(scene, detections)


def _prediction_path(folder: Path, picture: str) -> Path:
    return folder / ".lightly" / "predictions" / TASK / Path(picture).with_suffix(".json")


def _write_schema(folder: Path) -> None:
    root = folder / ".lightly" / "predictions"
    categories = [{"id": index, "name": name} for index, name in enumerate(CATEGORIES)]
    _write_json(root / "tasks.json", [TASK])
    _write_json(root / TASK / "schema.json", {"task_type": "object-detection", "categories": categories})


class _Marker(TypedDict):
    """Says that Swath made the folder, with what, and whether it was finished."""

    made_by: str
    version: int
    seed: int
    complete: bool
    files: list[str]


def _marker(names: list[str], seed: int, *, complete: bool) -> _Marker:
    return {"made_by": "swath demo", "version": VERSION, "seed": seed, "complete": complete, "files": names}


def _marker_of(folder: Path) -> _Marker | None:
    """The marker of a folder Swath made, None for a new or empty folder; Conflict for any other."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return None
    try:
        found: Any = json.loads((folder / MARKER).read_text("utf-8"))
        marker = _Marker(
            made_by=found["made_by"],
            version=int(found["version"]),
            seed=int(found["seed"]),
            complete=found["complete"] is True,
            files=[str(name) for name in found["files"]],
        )
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise _foreign(folder) from exc
    if marker["made_by"] != "swath demo":
        raise _foreign(folder)
    return marker


def _foreign(folder: Path) -> Conflict:
    return Conflict(
        f"`{folder}` exists and was not made as a demo datasource (no valid `{MARKER}` in it)",
        hint="Name a folder that does not exist or is empty; nothing was written.",
    )


def _remove_pictures(folder: Path, names: list[str]) -> None:
    """Delete pictures of another demo with their predictions; whatever else is in the folder stays."""
    for name in names:
        if _PICTURE.fullmatch(name):  # the marker is a file anyone may edit: never follow it out of the folder
            (folder / name).unlink(missing_ok=True)
            _prediction_path(folder, name).unlink(missing_ok=True)


def _write_json(path: Path, document: object) -> None:
    _write(path, json.dumps(document, indent=1 if path.name == "schema.json" else None).encode())


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; one that holds the same bytes is left alone, so its time stamp stays."""
    if path.is_file() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)


def _summary(folder: Path, truth: Mapping[str, TrueImage]) -> DemoSummary:
    predicted = Counter(name for image in truth.values() for name in image["predicted"])
    shown = Counter(prediction["kind"] for image in truth.values() for prediction in image["predictions"])
    return DemoSummary(
        folder=folder,
        images=len(truth),
        objects=predicted.total(),
        categories={name: predicted[name] for name in CATEGORIES},
        rare_kinds={name: shown[name] for name in sorted(rare_kinds)},
        false_positives=shown[None],
        missed=sum(len(image["missed"]) for image in truth.values()),
    )
