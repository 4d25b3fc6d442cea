"""Runs over a datasource that behaves like a bucket: slow requests, many at a time, files that change and vanish."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swath.core.boxes import BoxFormat
from swath.core.errors import NotFound, SourceUnavailable
from swath.core.runs import RunState
from swath.pipeline.ports import FileEntry
from swath.pipeline.reading import MAX_IMAGE_BYTES
from swath.pipeline.validate import validate_datasource
from swath.store import catalog, runs
from swath.testing.memory_datasource import MemoryDatasource

Fixture = Any  # of conftest.py: Workplace and image()
CROPS = ".lightly/crops/"
LABELS = ".lightly/predictions/vehicles/"
IMAGES = 12


class Bucket(MemoryDatasource):
    """Lets `before_read(key)` happen before a file is read, and `listed` change what a listing says of files."""

    def __init__(self) -> None:
        super().__init__(uri="memory://street")
        self.concurrency = 8
        self.before_read: Callable[[str], None] = lambda key: None
        self.listed: Callable[[FileEntry], FileEntry] = lambda entry: entry
        self.seconds = 0.0  # that each request takes
        self.under_way: Counter[str] = Counter()
        self.most_at_once: Counter[str] = Counter()  # by what the files are for

    def read(self, key: str, **options: Any) -> bytes:
        self.before_read(key)
        with self._counted("labels" if key.startswith(LABELS) else "images"):
            return super().read(key, **options)

    def write(self, key: str, data: bytes, *, overwrite: bool = True) -> None:
        with self._counted("writes"):
            super().write(key, data, overwrite=overwrite)

    @contextmanager
    def _counted(self, kind: str) -> Iterator[None]:
        with self._lock:
            self.under_way[kind] += 1
            self.most_at_once[kind] = max(self.most_at_once[kind], self.under_way[kind])
        time.sleep(self.seconds)
        yield
        with self._lock:
            self.under_way[kind] -= 1

    def list_pages(self, prefix: str = "", *, skip_hidden_root: bool = False) -> Iterator[Sequence[FileEntry]]:
        for page in super().list_pages(prefix, skip_hidden_root=skip_hidden_root):
            yield [self.listed(entry) for entry in page]

    def once(self, key: str, change: Callable[[], None]) -> None:
        """Have `change` happen right before the file is read for the first time."""
        waiting = [change]

        def before_read(read: str) -> None:
            if read == key and waiting:
                waiting.pop()()

        self.before_read = before_read

    def vanish(self) -> None:
        """From now on nothing answers but to say that there is no such bucket."""
        gone = SourceUnavailable("the bucket `street` does not exist", hint="Check its name.")
        self.list_error = gone
        self.read_errors = dict.fromkeys(self.files, gone)
        self.not_writable = "the bucket `street` does not exist"


@pytest.fixture
def street(place: Fixture) -> Any:
    """Images with one to three objects in a bucket."""
    place.source = place.output = Bucket()
    fill(place)
    return place


def fill(place: Fixture) -> None:
    place.put_schema()
    for number in range(IMAGES):
        boxes = [(4 + 3 * number % 20, 4, 16, 16), (20, 4, 12, 24), (1, 1, 9, 9)][: 1 + number % 3]
        place.put_image(f"{number:02d}.png", number, boxes)
    place.forget()


def images_read(place: Fixture) -> list[str]:
    return sorted(key for key in place.source.reads if key.endswith(".png"))


def labels_read(place: Fixture) -> list[str]:
    return sorted(key for key in place.source.reads if key.startswith(LABELS) and not key.endswith("schema.json"))


def crop_files(place: Fixture) -> dict[str, bytes]:
    return {key: data for key, data in place.output.files.items() if key.startswith(CROPS)}


def findings(result: Any) -> dict[str, Any]:
    return {finding.code: finding for finding in result.findings}


def reasons(result: Any) -> dict[str, tuple[str, str]]:
    rows = json.loads(Path(result.paths["files.json"]).read_text())
    return {row["file"]: (row["outcome"], row["reason"]) for row in rows}


def outcome_of_run(place: Fixture, **options: Any) -> Any:
    """All that a run leaves behind, but for ids and times."""
    result = place.run(n_samples=0.5, **options)
    names = [sample.file_name for sample in catalog.iter_samples(place.store, "street-crops")]
    prefix = f"{CROPS}{result.crop_dataset.id}/"
    return (
        result.message,
        result.images,
        result.objects,
        result.selected_categories,
        [name.removeprefix(prefix) for name in names],
        {key.removeprefix(prefix): data for key, data in crop_files(place).items()},
        catalog.read_vectors(place.store, place.home, "street-crops").tobytes(),
        catalog.read_vectors(place.store, place.home, "street").tobytes(),
    )


@pytest.mark.parametrize("concurrency", [2, 32])
def test_a_run_gives_the_same_whatever_the_concurrency_and_the_order_of_answers(
    street: Fixture, other_place: Fixture, concurrency: int
) -> None:
    street.source.concurrency = 1
    expected = outcome_of_run(street)
    other_place.source = other_place.output = Bucket()
    fill(other_place)
    other_place.source.concurrency = concurrency
    random = np.random.default_rng(concurrency)
    other_place.source.delays = {key: float(random.uniform(0, 0.01)) for key in other_place.source.files}
    assert outcome_of_run(other_place) == expected


def test_images_and_prediction_files_are_read_while_others_are_worked_on(street: Fixture) -> None:
    street.source.seconds = 0.03
    assert street.run().state == "COMPLETED"
    for kind in ("labels", "images", "writes"):
        assert 4 <= street.source.most_at_once[kind] <= 8


def test_a_second_run_reads_no_image_and_no_prediction_file(street: Fixture) -> None:
    street.run()
    street.forget()
    result = street.run()
    assert (result.images.new, result.message.split(":")[0]) == (0, "nothing new")
    assert images_read(street) == []
    assert labels_read(street) == []


def test_a_corrected_prediction_file_is_work_again_and_the_others_are_not_read(street: Fixture) -> None:
    street.run()
    street.put_predictions("03.png", [(2, 2, 30, 30)])
    street.forget()
    result = street.run()
    assert (result.images.new, result.crop_dataset.added) == (1, 1)
    assert labels_read(street) == [f"{LABELS}03.json"]
    assert set(images_read(street)) == {"03.png"}


def test_a_prediction_file_that_was_touched_is_read_once_more_and_then_known(street: Fixture) -> None:
    street.run()
    street.put(f"{LABELS}03.json", street.source.files[f"{LABELS}03.json"])
    street.forget()
    assert street.run().images.new == 0
    assert labels_read(street) == [f"{LABELS}03.json"]
    street.forget()
    street.run()
    assert labels_read(street) == []


def test_what_the_index_forgot_is_read_again_and_still_nothing_new(street: Fixture) -> None:
    street.run()
    street.index.put_digests(
        street.source.uri, [(FileEntry(key=f"{LABELS}03.json", size=1, version="of another time"), bytes(32))]
    )
    street.forget()
    assert street.run().images.new == 0
    assert labels_read(street) == [f"{LABELS}03.json"]


def test_process_all_reads_prediction_files_but_no_image_that_is_known(street: Fixture) -> None:
    street.run(n_samples=1)
    street.forget()
    result = street.run(n_samples=1, datasource={"process_all": True})
    assert result.images.new == IMAGES
    assert len(labels_read(street)) == IMAGES
    assert len(set(images_read(street))) == result.selected == 1


def test_an_image_that_changed_since_it_was_listed_is_taken_as_it_is_now(street: Fixture, make_image: Fixture) -> None:
    street.source.once("05.png", lambda: street.put("05.png", make_image(99)))
    result = street.run()
    assert result.state == "COMPLETED"
    assert result.images.used == IMAGES
    found = findings(result)["changed_during_run"]
    assert (found.severity, found.count, found.examples) == ("warning", 1, ["05.png"])
    street.forget()
    again = street.run()
    assert again.images.new == 0
    assert images_read(street) == []  # the digest was kept under the version that was read


def test_an_image_that_changes_back_and_forth_is_unreadable_and_costs_only_itself(
    street: Fixture, make_image: Fixture
) -> None:
    def before_read(key: str) -> None:
        if key == "05.png":
            street.put("05.png", make_image(len(street.source.writes) + 100))

    street.source.before_read = before_read
    result = street.run()
    assert (result.state, result.images.unreadable, result.images.used) == ("COMPLETED", 1, IMAGES - 1)
    assert "05.png" in reasons(result)["05.png"][1]
    street.source.before_read = lambda key: None
    assert street.run().images.new == 1


def test_a_prediction_file_that_changed_since_it_was_listed_is_taken_as_it_is_now(street: Fixture) -> None:
    street.source.once(f"{LABELS}00.json", lambda: street.put_predictions("00.png", [(0, 0, 5, 5), (8, 8, 9, 9)]))
    objects = sum(1 + number % 3 for number in range(IMAGES))
    result = street.run()
    assert result.objects.found == objects + 1
    assert findings(result)["changed_during_run"].examples == [f"{LABELS}00.json"]
    street.forget()
    assert street.run().images.new == 0
    assert labels_read(street) == []


def test_files_that_vanish_meanwhile_have_an_outcome_and_the_others_go_on(street: Fixture) -> None:
    def before_read(key: str) -> None:
        if key == "04.png":
            street.source.delete(["04.png"])
        if key == f"{LABELS}07.json":
            street.source.delete([key])

    street.source.before_read = before_read
    result = street.run()
    assert result.state == "COMPLETED"
    assert (result.images.used, result.images.unreadable, result.images.without_predictions) == (IMAGES - 2, 1, 1)
    found = reasons(result)
    assert found["04.png"][0] == "unreadable"
    assert "`04.png`" in found["04.png"][1]
    assert found["07.png"][0] == "predictions_missing"
    assert f"`{LABELS}07.json`" in found["07.png"][1]


@pytest.mark.parametrize("key", ["06.png", f"{LABELS}06.json"])
def test_a_bucket_that_vanishes_while_it_is_read_fails_the_run(street: Fixture, key: str) -> None:
    street.source.once(key, street.source.vanish)
    result = street.run()
    assert (result.state, result.message) == ("FAILED", "the bucket `street` does not exist")
    assert result.hint == "Check its name."
    assert (result.image_dataset.samples, result.crop_dataset.samples) == (0, 0)
    assert crop_files(street) == {}


def test_a_bucket_that_loses_every_file_at_once_and_answers_not_found_fails_the_run(street: Fixture) -> None:
    def vanish() -> None:
        street.source.vanish()
        street.source.read_errors = dict.fromkeys(street.source.files, NotFound("no such file"))

    street.source.once("06.png", vanish)
    assert street.run().message == "the bucket `street` does not exist"


def test_writes_that_are_refused_midway_fail_the_run_and_leave_no_crop(street: Fixture) -> None:
    written: list[str] = []
    write = street.source.write

    def refuse_after_five(key: str, data: bytes, *, overwrite: bool = True) -> None:
        if len(written) >= 5:
            raise SourceUnavailable("the credentials of `street` have expired: WRITE is refused")
        written.append(key)
        write(key, data, overwrite=overwrite)

    street.source.write = refuse_after_five
    result = street.run()
    assert (result.state, result.message) == (
        "FAILED",
        "the credentials of `street` have expired: WRITE is refused",
    )
    assert len(written) == 5
    assert crop_files(street) == {}
    assert (result.image_dataset.samples, result.crop_dataset.samples) == (0, 0)


def test_a_selected_image_that_vanished_fails_the_run_by_name(street: Fixture) -> None:
    def at_point(name: str) -> None:
        if name == "after_embedding":
            street.source.delete(["02.png"])

    result = street.run(at_point=at_point)
    assert result.state == "FAILED"
    assert "`02.png` was selected but can no longer be read" in result.message
    assert crop_files(street) == {}


def test_a_selected_image_that_was_written_anew_with_the_same_bytes_is_kept(street: Fixture) -> None:
    def at_point(name: str) -> None:
        if name == "after_embedding":
            street.put("02.png", street.source.files["02.png"])

    assert street.run(at_point=at_point).state == "COMPLETED"


@pytest.mark.parametrize("concurrency", [1, 8])
def test_a_huge_image_is_unreadable_and_never_read(street: Fixture, concurrency: int) -> None:
    street.source.concurrency = concurrency
    street.source.listed = lambda entry: replace(entry, size=2 << 30) if entry.key == "01.png" else entry
    result = street.run()
    assert (result.state, result.images.unreadable, result.images.used) == ("COMPLETED", 1, IMAGES - 1)
    assert reasons(result)["01.png"] == (
        "unreadable",
        f"`01.png` has 2,147,483,648 bytes, more than {MAX_IMAGE_BYTES:,}",
    )
    assert "01.png" not in street.source.reads


def test_repeated_requests_are_counted_and_told(street: Fixture) -> None:
    street.output = Bucket()
    street.output._uri = "memory://crops"

    def at_point(name: str) -> None:
        street.source.retries, street.output.retries = 1200, 3

    result = street.run(at_point=at_point)
    assert (result.repeated_requests.input, result.repeated_requests.output) == (1200, 3)
    found = findings(result)["requests_repeated"]
    assert (found.severity, found.count) == ("info", 1203)
    assert found.message == (
        "1,203 requests to the storage failed and had to be repeated (1,200 to the input, 3 to the output)"
    )
    assert ("INFO", found.message) in street.watcher.notes
    with street.store.reading() as connection:
        assert found.message in [line.message for line in runs.read_log(connection, result.run)]


def test_one_storage_for_both_counts_as_input_and_a_failed_run_tells_too(street: Fixture) -> None:
    street.source.retries = 7
    street.source.once("06.png", street.source.vanish)
    result = street.run()
    assert result.state == "FAILED"
    assert (result.repeated_requests.input, result.repeated_requests.output) == (7, 0)


def test_a_storage_that_never_failed_is_not_mentioned(street: Fixture) -> None:
    result = street.run()
    assert (result.repeated_requests.input, result.repeated_requests.output) == (0, 0)
    assert "requests_repeated" not in findings(result)


def test_when_images_were_modified_is_kept_with_the_files_that_were_used(street: Fixture) -> None:
    street.source.listed = lambda entry: replace(entry, modified_at=1_700_000_000_000 + int(entry.version))
    entries = {entry.key: entry for page in street.source.list_pages() for entry in page}
    street.run()
    context = street.context()
    used = context.session.used_files()
    assert {key: file.modified_at for key, file in used.items()} == {
        f"{number:02d}.png": entries[f"{number:02d}.png"].modified_at for number in range(IMAGES)
    }


def test_images_count_as_progress_while_they_are_listed_and_what_is_skipped_is_told(street: Fixture) -> None:
    street.source._page_size = 5
    street.source.skipped = ["`a//b.png`: an empty part", "`../c.png`: leads out"]
    result = street.run()
    assert street.watcher.done[RunState.LOADING_DATASET] == IMAGES
    found = findings(result)["entries_skipped"]
    assert (found.count, found.examples) == (2, ["`a//b.png`: an empty part", "`../c.png`: leads out"])


def test_the_box_format_is_found_out_with_many_requests_at_a_time(street: Fixture) -> None:
    street.source.seconds = 0.03
    seen: list[int] = []

    def note_requests(key: str) -> None:
        if key.endswith(".png") and street.watcher.stages[-1][0] is RunState.LOADING_PREDICTION:
            seen.append(street.source.under_way["images"])

    street.source.before_read = note_requests
    assert street.run(object_level={"box_format": "auto"}).state == "COMPLETED"
    assert len(seen) == IMAGES
    assert max(seen) >= 4


def validate(place: Fixture) -> Any:
    return validate_datasource(
        (place.source,),
        codec=place.codec,
        index=place.index,
        task_names=None,
        box_format=BoxFormat.XYWH,
        threads=place.threads,
        observer=place.watcher,
    )


def test_a_validation_makes_many_requests_at_a_time_and_finds_what_it_finds_in_a_folder(street: Fixture) -> None:
    street.source.concurrency = 1
    expected = validate(street)
    street.source.concurrency, street.source.seconds = 8, 0.03
    assert validate(street) == expected
    assert 4 <= street.source.most_at_once["images"] <= 8
    assert 2 <= street.source.most_at_once["labels"] <= 8


def test_a_validation_says_what_a_run_would_of_a_huge_image(street: Fixture) -> None:
    street.source.listed = lambda entry: replace(entry, size=2 << 30) if entry.key == "01.png" else entry
    report = validate(street)
    assert report.unreadable_images == 1
    (found,) = (finding for finding in report.findings if finding.code == "unreadable")
    assert found.examples == [f"01.png: `01.png` has 2,147,483,648 bytes, more than {MAX_IMAGE_BYTES:,}"]
    assert "01.png" not in street.source.reads
