"""What a preview says about datasources, and that it never looks at more than it may."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from swath.adapters.datasource import open_datasource
from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.core.boxes import BoxFormat
from swath.core.errors import InvalidConfig, SourceUnavailable
from swath.core.objects import BoxOutcome
from swath.pipeline.ports import Datasource, FileEntry
from swath.pipeline.preview import IMAGES_SHOWN, PreviewLimits, preview_datasource
from swath.pipeline.preview_parts import Preview
from swath.pipeline.validate import validate_datasource
from swath.testing.memory_datasource import MemoryDatasource

ROOT = ".lightly/predictions/"
WIDTH, HEIGHT = 64, 48
CATEGORIES = [{"id": 0, "name": "car"}, {"id": 7, "name": "bus"}]

Fixture = Any


@cache
def picture(width: int = WIDTH, height: int = HEIGHT) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "grey").save(out, "JPEG")
    return out.getvalue()


def predictions(*boxes: Sequence[float], scores: Sequence[float] = (), **document: Any) -> bytes:
    found: list[dict[str, Any]] = [{"category_id": 0, "bbox": list(box)} for box in boxes]
    for entry, score in zip(found, scores, strict=False):
        entry["score"] = score
    return json.dumps({**document, "predictions": found}).encode()


def schema(task_type: str = "object-detection") -> bytes:
    return json.dumps({"task_type": task_type, "categories": CATEGORIES}).encode()


def place(count: int = 3, **files: bytes) -> MemoryDatasource:
    """Images `000.jpg`, … with one box each, of the one task `cars`."""
    source = MemoryDatasource(uri="memory://street")
    source.write(f"{ROOT}tasks.json", b'["cars"]')
    source.write(f"{ROOT}cars/schema.json", schema())
    for number in range(count):
        source.write(f"{number:03}.jpg", picture())
        source.write(f"{ROOT}cars/{number:03}.json", predictions((4, 4, 16, 8), scores=[0.5]))
    return source


def preview(
    *sources: Datasource,
    task: str | None = None,
    box_format: BoxFormat = BoxFormat.XYWH,
    limits: PreviewLimits | None = None,
) -> Preview:
    return preview_datasource(sources, codec=PillowCodec(), task_name=task, box_format=box_format, limits=limits)


def codes(found: Preview) -> dict[str, str]:
    return {finding.code: finding.message for finding in found.findings}


class NoIndex:
    """Knows nothing."""

    def get(self, uri: str, entries: Sequence[FileEntry]) -> dict[str, Any]:
        return {}


class Silent:
    """An observer who tells nobody."""

    def stage(self, *_: Any, **__: Any) -> None: ...

    def advance(self, count: int = 1) -> None: ...

    def note(self, level: str, message: str) -> None: ...


def test_images_tasks_and_objects_are_told() -> None:
    found = preview(place())
    assert (found.uri, found.images_listed, found.is_listing_complete) == ("memory://street", 3, True)
    assert [(task.name, task.problem) for task in found.tasks] == [("cars", None)]
    assert found.task_name == "cars"
    assert found.task is not None
    assert found.task.category_names == {0: "car", 7: "bus"}
    assert [(image.entry.key, image.size, image.problem) for image in found.images] == [
        (f"00{number}.jpg", (WIDTH, HEIGHT), None) for number in range(3)
    ]
    assert found.checked == 3
    assert found.objects.image.tolist() == [0, 1, 2]
    assert found.objects.corners.tolist() == [[4, 4, 20, 12]] * 3
    assert found.objects.shorter_side.tolist() == [8] * 3
    assert found.objects.usable.all()
    assert found.findings == ()
    assert found.problems == ()


def test_boxes_are_judged_as_a_run_judges_them() -> None:
    source = place(1)
    boxes = ((4, 4, 16, 8), (-10, 0, 20, 20), (100, 100, 5, 5), (3, 3, 0, 9))
    source.write(f"{ROOT}cars/000.json", predictions(*boxes, scores=[0.25]))
    objects = preview(source).objects
    assert [BoxOutcome(outcome).name for outcome in objects.outcome] == ["USED", "CLIPPED", "OUTSIDE", "ZERO_AREA"]
    assert objects.usable.tolist() == [True, True, False, False]
    assert objects.shorter_side[:2].tolist() == [8, 10], "of the part that is inside"
    assert objects.score[0] == 0.25
    assert np.isnan(objects.score[1:]).all()


def test_findings_and_problems_are_those_of_validate() -> None:
    source = place(8)
    source.write("008.jpg", picture())
    source.write("009.jpg", b"no image at all")
    source.write(f"{ROOT}cars/009.json", predictions((1, 1, 2, 2)))
    source.write(f"{ROOT}cars/000.json", b"{nonsense")
    source.write(f"{ROOT}cars/001.json", predictions((1, 1, "x", 2)))
    source.write(f"{ROOT}cars/002.json", b'{"predictions": [{"category_id": 3, "bbox": [1, 2, 3, 4]}]}')
    source.write(f"{ROOT}cars/003.json", predictions((100, 0, 9, 9), (0, 0, 0, 9), (60, 0, 20, 9)))
    source.write(f"{ROOT}cars/Stray.json", predictions())
    found = preview(source)
    report = validate_datasource(
        (source,),
        codec=PillowCodec(),
        index=NoIndex(),  # type: ignore[arg-type]
        task_names=None,
        box_format=BoxFormat.XYWH,
        threads=1,
        observer=Silent(),
    )
    expected = {finding.code: finding for finding in [*report.findings, *report.tasks[0].findings]}
    assert {finding.code for finding in found.findings} == set(expected)
    for finding in found.findings:
        told = expected[finding.code]
        assert (finding.severity, finding.hint, list(finding.examples), finding.count) == (
            told.severity,
            told.hint,
            told.examples,
            told.count,
        )
        # What is only in part of the files is told of that part; everything else is word for word.
        same = "prediction files" not in finding.message and "images cannot be read" not in finding.message
        assert finding.message == told.message or not same
    assert list(found.problems) == report.tasks[0].problems


def test_bad_files_and_images_are_named_and_the_rest_lives() -> None:
    source = place(4)
    source.write("000.jpg", b"no image at all")
    source.write(f"{ROOT}cars/001.json", predictions((1, 1, "x", 2)))
    found = preview(source)
    assert found.checked == 4
    assert found.images[0].size is None
    assert found.images[0].problem is not None
    assert found.images[1].size == (WIDTH, HEIGHT)
    assert found.images[1].problem is not None
    assert "$.predictions[0].bbox[2]" in found.images[1].problem
    assert found.objects.image.tolist() == [2, 3]
    assert "1 of 4 images cannot be read" in codes(found)["unreadable"]


def test_a_truncated_image_has_a_size() -> None:
    source = place(1)
    source.write("000.jpg", picture(640, 480)[:-200])
    assert preview(source).images[0].size == (640, 480)


def test_names_may_be_hostile() -> None:
    names = [
        '<img src=x onerror="alert(1)">',
        "'; drop table samples; --",
        "ü 🚗",
        "line\nbreak",
        "a b%20c",
        "..hidden",
    ]
    source = place(0)
    for name in names:
        source.write(f"{name}.jpg", picture())
        source.write(f"{ROOT}cars/{name}.json", predictions((1, 1, 9, 9)))
    found = preview(source)
    assert [image.entry.key for image in found.images] == sorted(f"{name}.jpg" for name in names)
    assert found.checked == len(names)
    assert len(found.objects.image) == len(names)


def test_an_image_without_a_file_is_shown_after_those_with_one() -> None:
    source = place(2)
    source.write("000 first by name.jpg", picture())
    found = preview(source)
    assert [image.entry.key for image in found.images] == ["000.jpg", "001.jpg", "000 first by name.jpg"]
    assert found.checked == 2
    assert codes(found)["predictions_missing"].startswith("1 of 3 images")


def test_images_that_share_a_file_are_each_told_whether_it_is_theirs() -> None:
    source = place(0)
    source.write("a.jpg", picture())
    source.write("a.jpeg", picture())
    source.write(f"{ROOT}cars/a.json", predictions((1, 1, 9, 9), file_name="a.jpg"))
    found = preview(source)
    problems = {image.entry.key: image.problem for image in found.images}
    assert problems["a.jpg"] is None
    assert problems["a.jpeg"] == "its prediction file is for another image of the same name"
    assert len(found.objects.image) == 1


def test_a_folder_without_predictions_still_shows_its_images() -> None:
    source = MemoryDatasource({f"{number:03}.jpg": picture() for number in range(30)})
    found = preview(source)
    assert found.task is None
    assert found.tasks == ()
    assert len(found.images) == IMAGES_SHOWN
    assert found.checked == 0
    [finding] = found.findings
    assert finding.code == "no_predictions"
    assert "tasks.json" in finding.hint


def test_an_empty_folder_is_told() -> None:
    found = preview(MemoryDatasource())
    assert codes(found)["no_images"] == "there are no images in `memory://test`"
    assert found.images == ()


@pytest.mark.parametrize("text", [b"{", b'{"a": 1}', b'["../up"]', b"[1]"])
def test_a_list_of_tasks_that_cannot_be_used_is_a_problem(text: bytes) -> None:
    source = place(2)
    source.write(f"{ROOT}tasks.json", text)
    found = preview(source)
    assert found.tasks == ()
    assert [problem.file for problem in found.problems] == [f"{ROOT}tasks.json"]
    assert "tasks_invalid" in codes(found)
    assert len(found.images) == 2


def test_a_list_without_tasks_is_told() -> None:
    source = place(2)
    source.write(f"{ROOT}tasks.json", b"[]")
    assert codes(preview(source))["no_tasks"] == f"`{ROOT}tasks.json` lists no task"


@pytest.fixture
def many_tasks() -> MemoryDatasource:
    source = place(2)
    source.write(f"{ROOT}tasks.json", b'["gone", "broken", "whole", "cars", "cars/nested"]')
    source.write(f"{ROOT}broken/schema.json", b'{"task_type": "object-detection", "categories": 1}')
    source.write(f"{ROOT}whole/schema.json", schema("classification"))
    source.write(f"{ROOT}cars/nested/schema.json", schema())
    source.write(f"{ROOT}cars/nested/000.json", predictions((1, 1, 5, 5), (2, 2, 5, 5)))
    return source


def test_a_task_that_is_broken_spoils_no_other(many_tasks: MemoryDatasource) -> None:
    found = preview(many_tasks)
    problems = {task.name: task.problem for task in found.tasks}
    assert list(problems) == ["gone", "broken", "whole", "cars", "cars/nested"]
    assert "has no `.lightly/predictions/gone/schema.json`" in (problems["gone"] or "")
    assert "$.categories" in (problems["broken"] or "")
    assert problems["whole"] == "predictions of type `classification` have no boxes to cut objects from"
    assert problems["cars"] is None
    assert problems["cars/nested"] is None
    assert found.task_name == "cars", "the first that can be used"
    assert found.checked == 2
    assert [problem.outcome for problem in found.problems] == ["schema_invalid"] * 2
    assert "predictions_without_image" not in codes(found), "files of a task in a folder below are not its own"


def test_the_task_that_is_asked_for_is_looked_at(many_tasks: MemoryDatasource) -> None:
    nested = preview(many_tasks, task="cars/nested")
    assert (nested.task_name, nested.checked, len(nested.objects.image)) == ("cars/nested", 1, 2)
    broken = preview(many_tasks, task="broken")
    assert (broken.task_name, broken.task, broken.checked) == ("broken", None, 0)
    assert "schema_invalid" in codes(broken)
    whole = preview(many_tasks, task="whole")
    assert (whole.task_name, whole.checked) == ("whole", 0)
    assert "task_without_boxes" in codes(whole)
    with pytest.raises(InvalidConfig, match="There is no prediction task `car`") as caught:
        preview(many_tasks, task="car")
    assert caught.value.field == "task"


def test_predictions_are_looked_for_in_the_output_first() -> None:
    images, output = place(2), MemoryDatasource(uri="memory://output")
    output.write(f"{ROOT}tasks.json", b'["new"]')
    output.write(f"{ROOT}new/schema.json", schema())
    output.write(f"{ROOT}new/001.json", predictions((1, 1, 5, 5)))
    found = preview(output, images)
    assert found.uri == "memory://street"
    assert found.task_name == "new"
    assert [image.entry.key for image in found.images] == ["001.jpg", "000.jpg"]


def test_auto_finds_out_how_boxes_are_written() -> None:
    source = place(0)
    for number in range(20):
        source.write(f"{number:03}.jpg", picture())
        source.write(f"{ROOT}cars/{number:03}.json", predictions((40, 30, 60, 45)))
    as_asked = preview(source)
    assert as_asked.box_format is BoxFormat.XYWH
    assert "boxes_look_like_xyxy" in codes(as_asked)
    found_out = preview(source, box_format=BoxFormat.AUTO)
    assert found_out.box_format is BoxFormat.XYXY
    assert found_out.objects.corners.tolist() == [[40, 30, 60, 45]] * 20
    assert "boxes_read_as_xyxy" in codes(found_out)


def test_no_more_is_looked_at_than_the_limits_say() -> None:
    source = place(200)
    few = preview(source, limits=PreviewLimits(images=50))
    assert few.checked == 50
    assert [image.entry.key for image in few.images] == [f"{number:03}.jpg" for number in range(50)]
    assert "predictions_missing" not in codes(few)
    assert preview(source, limits=PreviewLimits(objects=10)).checked == 11
    size = len(source.files[f"{ROOT}cars/000.json"])
    assert preview(source, limits=PreviewLimits(prediction_bytes=size * 7)).checked == 7


def test_a_listing_that_is_stopped_early_says_so() -> None:
    source = MemoryDatasource(uri="memory://street", page_size=100)
    for key, data in place(500).files.items():
        source.write(key, data)
    found = preview(source, limits=PreviewLimits(files=200))
    assert not found.is_listing_complete
    assert found.images_listed == 200
    assert found.checked == 200
    assert "predictions_without_image" not in codes(found), "which of them are strays is not known"


def test_files_that_were_not_listed_are_tried() -> None:
    """Where both listings are parts, an image and its file need not be in both."""

    class Backwards(MemoryDatasource):
        def list_pages(self, prefix: str = "", *, skip_hidden_root: bool = False) -> Iterator[Sequence[FileEntry]]:
            pages = [list(page) for page in super().list_pages(prefix, skip_hidden_root=skip_hidden_root)]
            yield from reversed(pages) if prefix else pages

    source = Backwards(uri="memory://street", page_size=100)
    for key, data in place(500).files.items():
        source.write(key, data)
    source.delete([f"{ROOT}cars/007.json"])
    found = preview(source, limits=PreviewLimits(files=100))
    assert found.images_listed == 100
    assert found.checked == 99, "one has no file, wherever one looks"
    assert "007.jpg" not in {image.entry.key for image in found.images[:99]}


def test_what_does_not_answer_is_given_up_soon() -> None:
    class Hanging(MemoryDatasource):
        may_go_on = threading.Event()

        def list_pages(self, prefix: str = "", *, skip_hidden_root: bool = False) -> Iterator[Sequence[FileEntry]]:
            self.may_go_on.wait(20)
            return super().list_pages(prefix, skip_hidden_root=skip_hidden_root)

    source = Hanging(place().files, uri="memory://far")
    started = time.monotonic()
    with pytest.raises(SourceUnavailable, match=r"`memory://far` did not answer within 0\.2 seconds"):
        preview(source, limits=PreviewLimits(silence_s=0.2))
    assert time.monotonic() - started < 5
    source.may_go_on.set()


def test_files_that_come_too_late_are_not_waited_for() -> None:
    source = place(40)
    source.concurrency = 4
    source.delays = {f"{ROOT}cars/{number:03}.json": 3.0 for number in (3, 7)}
    started = time.monotonic()
    found = preview(source, limits=PreviewLimits(reading_s=0.5))
    assert time.monotonic() - started < 2.5
    assert found.checked == 38
    assert {"003.jpg", "007.jpg"}.isdisjoint(image.entry.key for image in found.images)


def test_a_place_that_refuses_says_so() -> None:
    source = place()
    source.list_error = SourceUnavailable("`memory://street` refuses: the secret is wrong", hint="Give another.")
    with pytest.raises(SourceUnavailable, match="the secret is wrong"):
        preview(source)


def test_predictions_without_boxes_are_no_objects() -> None:
    source = place(1)
    source.write(f"{ROOT}cars/schema.json", schema("keypoint-detection"))
    entry = {"category_id": 7, "score": 0.5, "keypoints": [1, 2, 1]}
    source.write(f"{ROOT}cars/000.json", json.dumps({"predictions": [entry]}).encode())
    objects = preview(source).objects
    assert len(objects.image) == 1
    assert not objects.usable.any()
    assert np.isnan(objects.corners).all()


@pytest.mark.slow
def test_a_folder_of_ten_thousand_empty_files_is_looked_at_soon(tmp_path: Path) -> None:
    predictions_folder = tmp_path / ROOT / "cars"
    predictions_folder.mkdir(parents=True)
    (tmp_path / ROOT / "tasks.json").write_bytes(b'["cars"]')
    (predictions_folder / "schema.json").write_bytes(schema())
    for number in range(10_000):
        (tmp_path / f"{number:05}.jpg").touch()
        (predictions_folder / f"{number:05}.json").touch()
    started = time.monotonic()
    found = preview(open_datasource(str(tmp_path)))
    assert time.monotonic() - started < 8
    assert found.images_listed == 10_000
    assert found.checked == 1000
    assert codes(found)["predictions_not_json"].startswith("1,000 of 1,000 prediction files")
    assert codes(found)["unreadable"].startswith("1,000 of 1,000 images")
    assert "problems_not_listed" in codes(found)
