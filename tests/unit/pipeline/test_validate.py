"""What the validation report says about datasources with one thing wrong each, and about real ones."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from swath.adapters.datasource import open_datasource
from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.core.boxes import BoxFormat
from swath.core.errors import InvalidConfig, InvalidPredictions, RunFailed, SourceUnavailable
from swath.core.runs import RunState
from swath.pipeline.image_sizes import HEADER_BYTES
from swath.pipeline.ports import Datasource, FileEntry, KnownImage
from swath.pipeline.validate import validate_datasource
from swath.pipeline.validation_parts import MAX_PROBLEMS
from swath.testing.memory_datasource import MemoryDatasource
from swath.wire.run_result import FindingDocument
from swath.wire.validation import TaskReport, ValidationReport

COCO128 = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "coco128"
ROOT = ".lightly/predictions/"
WIDTH, HEIGHT = 64, 48
CATEGORIES = [{"id": 0, "name": "car"}, {"id": 7, "name": "bus"}]


class Index:
    """Knows what it was told; nothing may be put into it."""

    def __init__(self, known: dict[str, KnownImage] | None = None) -> None:
        self._known = known or {}

    def get(self, uri: str, entries: Sequence[FileEntry]) -> dict[str, KnownImage]:
        return {entry.key: self._known[entry.key] for entry in entries if entry.key in self._known}

    def put(self, uri: str, known: Sequence[tuple[FileEntry, KnownImage]]) -> None:
        raise AssertionError("sizes without a digest do not belong into the index")


class Observer:
    """Keeps the stages, with how far each came."""

    def __init__(self) -> None:
        self.stages: list[tuple[RunState, int | None]] = []
        self.done: dict[RunState, int] = {}

    def stage(self, state: RunState, *, total: int | None, unit: str) -> None:
        self.stages.append((state, total))

    def advance(self, count: int = 1) -> None:
        state = self.stages[-1][0]
        self.done[state] = self.done.get(state, 0) + count

    def note(self, level: str, message: str) -> None:
        raise AssertionError(f"nothing to note: {message}")


@cache
def picture(width: int = WIDTH, height: int = HEIGHT, kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "grey").save(out, kind)
    return out.getvalue()


def prediction(category: int = 0, box: Sequence[float] = (1, 2, 10, 10), **fields: Any) -> dict[str, Any]:
    return {"category_id": category, "bbox": list(box), **fields}


def prediction_file(*predictions: dict[str, Any], file_name: str | None = None) -> bytes:
    named = {} if file_name is None else {"file_name": file_name}
    return json.dumps({**named, "predictions": list(predictions)}).encode()


def task_files(files: dict[str, bytes], *, task: str = "cars", task_type: str = "object-detection") -> dict[str, bytes]:
    schema = json.dumps({"task_type": task_type, "categories": CATEGORIES}).encode()
    return {f"{ROOT}{task}/schema.json": schema, **{f"{ROOT}{task}/{name}": data for name, data in files.items()}}


def datasource(
    images: Sequence[str] | dict[str, bytes], files: dict[str, bytes], *, tasks: Sequence[str] = ("cars",)
) -> MemoryDatasource:
    pictures = images if isinstance(images, dict) else dict.fromkeys(images, picture())
    return MemoryDatasource({**pictures, f"{ROOT}tasks.json": json.dumps(list(tasks)).encode(), **files})


def validate(
    *sources: Datasource,
    task_names: Sequence[str] | None = None,
    box_format: BoxFormat = BoxFormat.XYWH,
    index: Index | None = None,
    observer: Observer | None = None,
) -> ValidationReport:
    return validate_datasource(
        sources,
        codec=PillowCodec(),
        index=index or Index(),
        task_names=task_names,
        box_format=box_format,
        threads=2,
        observer=observer or Observer(),
    )


def validate_task(*sources: Datasource, **options: Any) -> TaskReport:
    (task,) = validate(*sources, **options).tasks
    return task


def finding(report: TaskReport | ValidationReport, code: str) -> FindingDocument:
    (found,) = [finding for finding in report.findings if finding.code == code]
    return found


def codes(report: TaskReport | ValidationReport) -> dict[str, str]:
    return {finding.code: finding.severity for finding in report.findings}


def test_a_datasource_without_mistakes_is_ok_and_counted() -> None:
    files = {
        "a.json": prediction_file(prediction(), prediction(7), file_name="a.jpg"),
        "b/c.json": prediction_file(),
    }
    observer = Observer()
    source = datasource(["a.jpg", "b/c.jpg"], task_files(files))
    report = validate(source, observer=observer)
    assert report.ok
    assert report.findings == []
    assert (report.datasource, report.predictions_datasource) == (source.uri, source.uri)
    assert (report.images, report.unreadable_images) == (2, 0)
    (task,) = report.tasks
    assert task.findings == []
    assert (task.task, task.task_type, task.usable) == ("cars", "object-detection", True)
    assert (task.prediction_files, task.valid_files, task.empty_files, task.bad_files) == (2, 2, 1, 0)
    assert (task.predictions, task.boxes.total, task.boxes.used, task.boxes.read_as) == (2, 2, 2, "xywh")
    assert observer.stages == [
        (RunState.LOADING_DATASET, None),
        (RunState.CHECKING_CORRUPTNESS, 2),
        (RunState.LOADING_PREDICTION, 2),
    ]
    assert set(observer.done.values()) == {2}


def test_categories_without_predictions_are_listed_with_zero() -> None:
    task = validate_task(datasource(["a.jpg"], task_files({"a.json": prediction_file(prediction(7), prediction(7))})))
    assert [(c.id, c.name, c.predictions) for c in task.categories] == [(0, "car", 0), (7, "bus", 2)]


def test_every_problem_of_every_bad_file_is_listed_in_order_of_names() -> None:
    files = {
        "a.json": b"{'predictions': []}",
        "b.json": prediction_file(prediction(score=90), prediction(box=(1, 2, -3, 4))),
        "c.json": prediction_file(prediction(99)),
        "d.json": prediction_file(prediction(), file_name="z.jpg"),
        "e.json": prediction_file(prediction()),
    }
    report = validate(datasource([f"{name}.jpg" for name in "abcde"], task_files(files)))
    (task,) = report.tasks
    assert not report.ok
    assert (task.valid_files, task.bad_files, task.predictions) == (1, 4, 1)
    assert [(problem.file[-6], problem.json_path, problem.value, problem.outcome) for problem in task.problems] == [
        ("a", "$", task.problems[0].value, "predictions_not_json"),
        ("b", "$.predictions[0].score", "90", "predictions_invalid"),
        ("b", "$.predictions[1].bbox[2]", "-3", "predictions_invalid"),
        ("c", "$.predictions[0].category_id", "99", "predictions_unknown_category"),
        ("d", "$.file_name", '"z.jpg"', "predictions_other_image"),
    ]
    assert task.problems[1].expected == "a number from 0 to 1"
    assert task.problems[1].hint == "divide percentages by 100."
    assert codes(task) == dict.fromkeys(
        (
            "predictions_not_json",
            "predictions_invalid",
            "predictions_unknown_category",
            "predictions_other_image",
        ),
        "error",
    )
    assert finding(task, "predictions_invalid").examples == [f"{ROOT}cars/b.json"]


def test_more_problems_than_the_limit_are_counted_but_not_listed() -> None:
    broken = prediction_file(*[prediction(score=2)] * 20)
    files = MAX_PROBLEMS // 20 + 3
    names = [f"{number:04d}" for number in range(files)]
    known = {f"{name}.jpg": KnownImage(digest=bytes(32), width=9, height=9, max_scale=1) for name in names}
    source = datasource([f"{name}.jpg" for name in names], task_files({f"{name}.json": broken for name in names}))
    task = validate_task(source, index=Index(known))
    assert task.bad_files == files
    assert len(task.problems) == MAX_PROBLEMS
    assert [problem.file for problem in task.problems] == sorted(problem.file for problem in task.problems)
    assert finding(task, "problems_not_listed").count == 60


def test_the_limit_of_listed_problems_is_for_all_tasks_together() -> None:
    names = [f"{number:04d}" for number in range(MAX_PROBLEMS // 20)]
    known = {f"{name}.jpg": KnownImage(digest=bytes(32), width=9, height=9, max_scale=1) for name in names}
    broken = {f"{name}.json": prediction_file(*[prediction(score=2)] * 12) for name in names}
    files = task_files(broken) | task_files(broken, task="other")
    source = datasource([f"{name}.jpg" for name in names], files, tasks=("cars", "other"))
    first, second = validate(source, index=Index(known)).tasks
    assert (len(first.problems), len(second.problems)) == (6_000, 4_000)
    assert (first.bad_files, second.bad_files) == (500, 500)
    assert finding(second, "problems_not_listed").count == 2_000


def test_a_prediction_file_that_cannot_be_read_is_bad_and_stops_nothing() -> None:
    source = datasource(["a.jpg", "b.jpg"], task_files({"a.json": prediction_file(), "b.json": prediction_file()}))
    source.read_errors[f"{ROOT}cars/a.json"] = SourceUnavailable("`a.json` cannot be read: disk on fire")
    task = validate_task(source)
    assert (task.valid_files, task.bad_files) == (1, 1)
    assert "disk on fire" in task.problems[0].value


@pytest.mark.parametrize(
    ("schema", "json_path", "value"),
    [
        (b'{"task_type": "object-detection", "categories": []}', "$.categories", "[]"),
        (b"nonsense", "$", None),
        (None, "$", "no such file"),
    ],
)
def test_a_schema_problem_is_reported_and_other_tasks_are_still_read(
    schema: bytes | None, json_path: str, value: str | None
) -> None:
    files = task_files({"a.json": prediction_file(prediction())}) | task_files({"a.json": b"{"}, task="broken")
    del files[f"{ROOT}broken/schema.json"]
    if schema is not None:
        files[f"{ROOT}broken/schema.json"] = schema
    report = validate(datasource(["a.jpg", "b.jpg"], files, tasks=("broken", "cars")))
    broken, cars = report.tasks
    assert not report.ok
    assert (broken.usable, broken.task_type, broken.categories) == (False, None, [])
    (problem,) = broken.problems
    assert (problem.file, problem.json_path) == (f"{ROOT}broken/schema.json", json_path)
    assert value is None or problem.value == value
    assert finding(broken, "schema_invalid").severity == "error"
    assert (broken.prediction_files, broken.bad_files, broken.images_without_predictions) == (1, 0, 1)
    assert (cars.usable, cars.valid_files) == (True, 1)


def test_a_task_without_boxes_is_validated_but_not_usable_for_objects() -> None:
    files = {
        "a.json": prediction_file({"category_id": 0, "probabilities": [0.4, 0.6]}),
        "b.json": prediction_file({"category_id": 0, "probabilities": [0.4, 0.4]}),
    }
    task = validate_task(datasource(["a.jpg", "b.jpg"], task_files(files, task_type="classification")))
    assert (task.task_type, task.usable) == ("classification", False)
    assert (task.valid_files, task.bad_files, task.predictions, task.boxes.total) == (1, 1, 1, 0)
    assert task.problems[0].json_path == "$.predictions[0].probabilities"
    assert finding(task, "task_without_boxes").severity == "info"


def test_a_task_without_boxes_alone_leaves_the_report_ok() -> None:
    files = task_files({"a.json": prediction_file({"category_id": 0})}, task_type="classification")
    assert validate(datasource(["a.jpg"], files)).ok


def test_images_without_predictions_are_counted_with_the_first_five_by_name() -> None:
    images = [f"{letter}.jpg" for letter in "hgfedcba"]
    report = validate(datasource(images, task_files({"a.json": prediction_file()})))
    (task,) = report.tasks
    assert task.images_without_predictions == 7
    assert task.images_without_predictions_examples == ["b.jpg", "c.jpg", "d.jpg", "e.jpg", "f.jpg"]
    assert finding(task, "predictions_missing").severity == "warning"
    assert not report.ok


def test_prediction_files_without_an_image_are_counted_and_not_read() -> None:
    source = datasource(["a.jpg"], task_files({"a.json": prediction_file(), "x.json": b"{", "y/z.json": b"{"}))
    report = validate(source)
    (task,) = report.tasks
    assert (task.prediction_files, task.valid_files, task.bad_files, task.predictions_without_image) == (3, 1, 0, 2)
    assert task.predictions_without_image_examples == [f"{ROOT}cars/x.json", f"{ROOT}cars/y/z.json"]
    assert finding(task, "predictions_without_image").hint == ""
    assert f"{ROOT}cars/x.json" not in source.reads
    assert not report.ok


@pytest.mark.parametrize(
    ("image", "file"),
    [
        ("Photos/A.jpg", "photos/a.json"),
        ("Photos/A.jpg", "Photos/A.jpg.json"),
        ("caf\u00e9.jpg", "cafe\u0301.json"),
    ],
)
def test_a_prediction_file_whose_name_nearly_fits_is_explained(image: str, file: str) -> None:
    task = validate_task(datasource([image], task_files({file: prediction_file()})))
    assert (task.predictions_without_image, task.images_without_predictions) == (1, 1)
    hint = finding(task, "predictions_without_image").hint
    assert f"`{image}`" in hint
    assert f"`{ROOT}cars/{image.removesuffix('.jpg')}.json`" in hint


def test_files_of_a_task_below_another_are_not_its_files() -> None:
    files = task_files({"a.json": prediction_file()}) | task_files({"a.json": prediction_file()}, task="cars/night")
    report = validate(datasource(["a.jpg"], files, tasks=("cars", "cars/night")))
    assert report.ok
    assert [task.prediction_files for task in report.tasks] == [1, 1]


def test_two_images_that_share_a_file_count_it_once() -> None:
    files = {"a.json": prediction_file(prediction(), file_name="a.png")}
    images = {"a.jpg": picture(), "a.png": picture(kind="PNG")}
    task = validate_task(datasource(images, task_files(files)))
    assert (task.prediction_files, task.valid_files, task.bad_files, task.predictions) == (1, 1, 0, 1)
    assert task.images_without_predictions_examples == ["a.jpg"]


def test_a_broken_file_of_two_images_is_reported_for_the_image_it_is_for() -> None:
    files = {"a.json": prediction_file(prediction(score=2), file_name="a.png")}
    images = {"a.jpg": picture(), "a.png": picture(kind="PNG")}
    task = validate_task(datasource(images, task_files(files)))
    assert (task.valid_files, task.bad_files) == (0, 1)
    assert [problem.outcome for problem in task.problems] == ["predictions_invalid"]


def test_boxes_are_counted_by_what_a_run_would_do_with_them() -> None:
    boxes = [(0, 0, 64, 48), (60, 40, 20, 20), (100, 100, 5, 5), (3, 3, 0, 5)]
    report = validate(
        datasource(["a.jpg"], task_files({"a.json": prediction_file(*[prediction(box=box) for box in boxes])}))
    )
    (task,) = report.tasks
    counts = task.boxes
    assert (counts.total, counts.used, counts.clipped, counts.outside, counts.zero_area) == (4, 1, 1, 1, 1)
    assert codes(task) == {"boxes_clipped": "info", "boxes_outside": "warning", "boxes_zero_area": "warning"}
    assert not report.ok


def test_clipped_boxes_alone_leave_the_report_ok() -> None:
    file = prediction_file(prediction(box=(60, 40, 20, 20)))
    assert validate(datasource(["a.jpg"], task_files({"a.json": file}))).ok


def corner_boxes(count: int = 40) -> list[dict[str, Any]]:
    rng = np.random.default_rng(3)
    first = rng.uniform([20, 15], [40, 30], (count, 2))
    second = first + rng.uniform(8, 18, (count, 2))
    return [prediction(box=box) for box in np.hstack([first, second]).round(1).tolist()]


def test_boxes_written_as_corners_are_suspected_over_all_images() -> None:
    boxes = corner_boxes()
    files = {f"{number}.json": prediction_file(box) for number, box in enumerate(boxes)}
    source = datasource([f"{number}.jpg" for number in range(len(boxes))], task_files(files))
    report = validate(source)
    (task,) = report.tasks
    assert task.boxes.suspects_xyxy
    assert finding(task, "boxes_look_like_xyxy").severity == "warning"
    assert not report.ok


@pytest.mark.parametrize("box_format", [BoxFormat.XYXY, BoxFormat.AUTO])
def test_boxes_written_as_corners_are_fine_when_read_as_such(box_format: BoxFormat) -> None:
    source = datasource(["a.jpg"], task_files({"a.json": prediction_file(*corner_boxes())}))
    report = validate(source, box_format=box_format)
    (task,) = report.tasks
    assert report.ok
    assert (task.boxes.read_as, task.boxes.used, task.boxes.clipped) == ("xyxy", 40, 0)


def test_auto_reads_ordinary_boxes_as_width_and_height() -> None:
    source = datasource(["a.jpg"], task_files({"a.json": prediction_file(*[prediction()] * 20)}))
    task = validate_task(source, box_format=BoxFormat.AUTO)
    assert (task.boxes.read_as, task.boxes.used) == ("xywh", 20)


def test_boxes_relative_to_the_image_are_suspected() -> None:
    file = prediction_file(*[prediction(box=(0.1, 0.2, 0.3, 0.4))] * 12)
    task = validate_task(datasource(["a.jpg"], task_files({"a.json": file})))
    assert task.boxes.suspects_relative
    assert "boxes_look_relative" in codes(task)


def test_keypoints_without_a_box_are_no_boxes() -> None:
    file = prediction_file({"category_id": 0, "keypoints": [1, 2, 0.5]}, prediction(keypoints=[1, 2, 0.5]))
    task = validate_task(datasource(["a.jpg"], task_files({"a.json": file}, task_type="keypoint-detection")))
    assert (task.predictions, task.boxes.total, task.boxes.used) == (2, 1, 1)


def test_unreadable_images_are_counted_and_their_boxes_are_not_judged() -> None:
    source = datasource(
        {"a.jpg": b"not an image", "b.jpg": picture(), "c.jpg": b""},
        task_files({f"{name}.json": prediction_file(prediction()) for name in "abc"}),
    )
    report = validate(source)
    (task,) = report.tasks
    assert (report.images, report.unreadable_images) == (3, 2)
    assert [example.split(":")[0] for example in finding(report, "unreadable").examples] == ["a.jpg", "c.jpg"]
    assert (task.valid_files, task.boxes.total, task.boxes.unjudged) == (3, 1, 2)
    assert not report.ok


def test_sizes_that_the_index_knows_are_not_read() -> None:
    known = {
        "a.jpg": KnownImage(digest=bytes(32), width=20, height=20, max_scale=1),
        "b.jpg": KnownImage(digest=bytes(32), width=0, height=0, max_scale=1, unreadable="cut off"),
    }
    files = {"a.json": prediction_file(prediction(box=(15, 15, 10, 10))), "b.json": prediction_file()}
    source = datasource(["a.jpg", "b.jpg"], task_files(files))
    report = validate(source, index=Index(known))
    assert report.tasks[0].boxes.clipped == 1
    assert finding(report, "unreadable").examples == ["b.jpg: cut off"]
    assert not [key for key in source.reads if key.endswith(".jpg")]


class RangeLog(MemoryDatasource):
    """Remembers how many bytes of each key were read."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(files)
        self.bytes_read: dict[str, int] = {}

    def read(self, key: str, *, start: int = 0, end: int | None = None, version: str | None = None) -> bytes:
        data = super().read(key, start=start, end=end, version=version)
        self.bytes_read[key] = self.bytes_read.get(key, 0) + len(data)
        return data


def noise(kind: str, **options: Any) -> bytes:
    """A wide picture of more bytes than a header takes, turned upright by its EXIF data."""
    pixels = np.random.default_rng(1).integers(0, 256, (500, 700, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind, exif=exif, **options)
    assert len(out.getvalue()) > HEADER_BYTES
    return out.getvalue()


def png_turned_at_its_end() -> bytes:
    pixels = np.random.default_rng(1).integers(0, 256, (500, 700, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    exif = Image.Exif()
    exif[0x0112] = 6
    body = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    assert len(out.getvalue()) > HEADER_BYTES
    return out.getvalue()[:-12] + chunk + out.getvalue()[-12:]


@pytest.mark.parametrize(
    ("key", "data"),
    [
        ("a.jpg", noise("JPEG", quality=98)),
        ("a.png", noise("PNG")),
        ("a.png", png_turned_at_its_end()),
        ("a.webp", noise("WEBP", lossless=True)),
    ],
    ids=["jpeg", "png", "png-turned-at-its-end", "webp"],
)
def test_the_size_of_a_large_image_is_of_the_upright_image_wherever_its_orientation_stands(
    key: str, data: bytes
) -> None:
    assert PillowCodec().probe(data).width == 500
    file = prediction_file(prediction(box=(0, 0, 500, 700)))
    task = validate_task(datasource({key: data}, task_files({"a.json": file})))
    assert (task.boxes.used, task.boxes.clipped) == (1, 0)


def test_a_large_jpeg_is_read_only_as_far_as_its_header() -> None:
    source = RangeLog(datasource({"a.jpg": noise("JPEG", quality=98)}, task_files({"a.json": prediction_file()})).files)
    assert validate(source).ok
    assert source.bytes_read["a.jpg"] == HEADER_BYTES


def test_a_header_longer_than_the_first_range_is_found_in_the_whole_file() -> None:
    plain = picture()
    segment = b"\xff\xec" + struct.pack(">H", 0xFFFF) + bytes(0xFFFD)
    padded = plain[:2] + segment * 5 + plain[2:]
    report = validate(datasource({"a.jpg": padded}, task_files({"a.json": prediction_file(prediction())})))
    assert report.ok
    assert report.tasks[0].boxes.used == 1


def test_predictions_in_the_output_datasource_come_first() -> None:
    images = datasource(["a.jpg"], task_files({"a.json": b"{"}))
    output = MemoryDatasource(
        {f"{ROOT}tasks.json": b'["cars"]', **task_files({"a.json": prediction_file()})}, uri="memory://out"
    )
    report = validate(output, images)
    assert report.ok
    assert (report.datasource, report.predictions_datasource) == ("memory://test", "memory://out")


def test_only_the_tasks_asked_for_are_looked_at() -> None:
    files = task_files({"a.json": prediction_file()}) | task_files({"a.json": b"{"}, task="other")
    source = datasource(["a.jpg"], files, tasks=("other", "cars"))
    report = validate(source, task_names=["cars", "cars"])
    assert report.ok
    assert [task.task for task in report.tasks] == ["cars"]


def test_a_task_that_is_not_listed_is_refused_as_in_a_run() -> None:
    with pytest.raises(InvalidConfig, match="no prediction task `car`") as caught:
        validate(datasource(["a.jpg"], task_files({})), task_names=["car"])
    assert caught.value.hint == "did you mean `cars`?"


@pytest.mark.parametrize(
    ("tasks", "error"),
    [(None, RunFailed), (b'{"cars": 1}', InvalidPredictions), (b"[", InvalidPredictions)],
)
def test_without_a_list_of_tasks_there_is_no_report(tasks: bytes | None, error: type[Exception]) -> None:
    files = {"a.jpg": picture()} if tasks is None else {"a.jpg": picture(), f"{ROOT}tasks.json": tasks}
    with pytest.raises(error, match=r"predictions"):
        validate(MemoryDatasource(files))


def test_no_tasks_no_images_and_videos_are_reported() -> None:
    report = validate(datasource({"a.mp4": b"video"}, {}, tasks=()))
    assert not report.ok
    assert codes(report) == {"no_tasks": "error", "no_images": "error", "videos_skipped": "warning"}


def test_the_report_does_not_depend_on_the_order_of_files() -> None:
    files = {f"{number}.json": prediction_file(prediction(score=number / 100)) for number in range(90, 190)}
    source = datasource([f"{number}.jpg" for number in range(80, 180)], task_files(files))
    turned = MemoryDatasource(dict(reversed(source.files.items())), page_size=7)
    assert validate(source) == validate(turned)


@pytest.mark.skipif(not COCO128.is_dir(), reason="needs the photos of coco128 beside the repository")
def test_real_photos_with_real_boxes_are_ok() -> None:
    report = validate(open_datasource(str(COCO128)), task_names=["coco_object_detections"])
    (task,) = report.tasks
    assert (report.images, report.unreadable_images) == (128, 0)
    assert (task.prediction_files, task.bad_files, task.problems) == (128, 0, [])
    assert task.predictions == sum(category.predictions for category in task.categories) == task.boxes.total
    assert not task.boxes.suspects_xyxy
    assert report.ok, report.findings + task.findings
