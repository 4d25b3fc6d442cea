"""Whole runs with a real store, caches and codec; only the datasource and the embedder are fakes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swath.core.errors import SourceUnavailable, StaleLease
from swath.core.runs import RunState
from swath.pipeline.run import execute_run
from swath.store import catalog, runs
from swath.testing.fake_embedder import FakeEmbedder
from swath.testing.ugly_images import truncated
from swath.wire.run_result import RunResult

Fixture = Any  # of conftest.py: Workplace and image()
CROPS = ".lightly/crops/"


@pytest.fixture
def street(place: Fixture) -> Any:
    """Three images with one, two and three objects."""
    place.put_schema()
    place.put_image("a.png", 1, [(4, 4, 16, 16)])
    place.put_image("b.png", 2, [(0, 0, 20, 20), (20, 4, 12, 24)])
    place.put_image("c/c.png", 3, [(1, 1, 8, 8), (12, 2, 9, 30), (30, 10, 16, 16)])
    place.forget()
    return place


def state_of(place: Fixture, run_id: str) -> Any:
    with place.store.reading() as connection:
        return runs.find_run(connection, run_id)


def log_of(place: Fixture, run_id: str) -> list[tuple[str, str]]:
    with place.store.reading() as connection:
        return [(line.level, line.message) for line in runs.read_log(connection, run_id)]


def crop_files(place: Fixture) -> list[str]:
    return sorted(key for key in place.output.files if key.startswith(CROPS))


def test_a_run_selects_objects_and_adds_them_with_their_images(street: Fixture) -> None:
    result = street.run()
    assert result.state == "COMPLETED"
    assert result.message == ("6 objects in 3 images; selected 6 objects in 3 images; crops added to street-crops")
    assert (result.crop_dataset.name, result.crop_dataset.samples, result.crop_dataset.added) == ("street-crops", 6, 6)
    assert (result.image_dataset.name, result.image_dataset.samples, result.image_dataset.added) == ("street", 3, 3)
    assert result.images.model_dump() == {
        "listed": 3,
        "new": 3,
        "unreadable": 0,
        "duplicate": 0,
        "without_predictions": 0,
        "bad_predictions": 0,
        "used": 3,
    }
    assert (result.objects.found, result.objects.used, result.objects.embedded, result.objects.cached) == (6, 6, 6, 0)
    assert (result.candidates, result.selected, result.selected_categories) == (6, 6, {"car": 6})
    run = state_of(street, result.run)
    assert (run.state, run.message) == (RunState.COMPLETED, result.message)
    assert RunResult.model_validate_json(run.result) == result
    assert [sample.file_name for sample in catalog.iter_samples(street.store, "street-crops")] == crop_files(street)
    assert len(crop_files(street)) == 6


def test_the_vector_of_a_crop_in_the_dataset_is_that_of_its_pixels(street: Fixture) -> None:
    street.run()
    vectors = catalog.read_vectors(street.store, street.home, "street-crops")
    for sample in catalog.iter_samples(street.store, "street-crops"):
        x0, y0, x1, y1 = (int(edge) for edge in sample.crop.box)
        pixels = street.codec.decode(street.source.files[sample.crop.parent_file_name])
        resized = street.codec.crop_resized(pixels, [x0, y0, x1, y1], 32)
        assert (vectors[sample.index] == FakeEmbedder().embed(resized[np.newaxis])[0].astype(np.float16)).all()
        cut = street.codec.decode(street.source.files[sample.file_name])
        assert cut.shape == (y1 - y0, x1 - x0, 3)
        assert np.abs(cut.astype(int) - pixels[y0:y1, x0:x1]).mean() < 8  # a JPEG of the same place


def test_every_key_of_the_result_is_always_there(place: Fixture) -> None:
    keys = set(RunResult.model_fields)
    failed = place.run()
    assert failed.state == "FAILED"
    assert set(json.loads(failed.model_dump_json())) == keys
    place.put_schema()
    place.put_image("a.png", 1)
    completed = place.run()
    assert set(json.loads(completed.model_dump_json())) == keys
    assert set(completed.stage_seconds) == {
        "loading_dataset",
        "loading_prediction",
        "embedding_object_crops",
        "sampling",
        "embedding_full_images",
        "saving_results",
    }
    assert all(Path(path).is_file() for path in completed.paths.values())
    assert set(completed.paths) == {"files.json", "objects.parquet", "candidates.f16"}


def test_a_second_run_over_the_same_files_reads_no_image_and_adds_nothing(street: Fixture) -> None:
    first = street.run()
    street.forget()
    second = street.run()
    assert second.state == "COMPLETED"
    assert second.message == (
        "nothing new: 3 images skipped, which earlier runs into street-crops have dealt with; "
        "use --process-all (datasource.process_all) to look at them again"
    )
    assert (second.images.new, second.selected, second.crop_dataset.added) == (0, 0, 0)
    assert second.crop_dataset.samples == first.crop_dataset.samples
    assert not [key for key in street.source.reads if key.endswith(".png")]
    assert street.source.writes == []


def test_a_run_whose_index_was_lost_still_knows_that_nothing_is_new(street: Fixture, tmp_path: Path) -> None:
    from swath.adapters.image_index import SqliteImageIndex

    street.run()
    street.index.close()
    street.index = SqliteImageIndex(tmp_path / "another.sqlite")
    street.forget()
    result = street.run()
    street.index.close()
    assert result.message.startswith("nothing new: 3 images skipped")
    assert (result.images.new, result.objects.found, street.codec.decodes) == (0, 0, 0)


def test_only_what_is_new_is_work(street: Fixture) -> None:
    street.run()
    street.put_image("d.png", 4, [(0, 0, 16, 16)])
    street.forget()
    result = street.run()
    assert (result.images.listed, result.images.new, result.images.used) == (4, 1, 1)
    assert (result.candidates, result.crop_dataset.added, result.crop_dataset.samples) == (1, 1, 7)
    assert [key for key in street.source.reads if key.endswith(".png")] == ["d.png", "d.png"]  # embedded, then kept
    assert result.message == "1 object in 1 image; selected 1 object in 1 image; crops added to street-crops"


def test_a_corrected_prediction_file_makes_its_image_work_again(street: Fixture) -> None:
    street.run()
    street.put_predictions("a.png", [(4, 4, 16, 16), (20, 4, 10, 10)])
    result = street.run()
    assert (result.images.new, result.objects.found, result.candidates, result.crop_dataset.added) == (1, 2, 1, 1)


def test_process_all_looks_again_and_adds_no_object_twice(street: Fixture) -> None:
    street.run(n_samples=2)
    street.forget()
    result = street.run(datasource={"process_all": True})
    assert (result.images.new, result.objects.found, result.objects.embedded, result.objects.cached) == (3, 6, 0, 6)
    assert (result.candidates, result.crop_dataset.added, result.crop_dataset.samples) == (4, 4, 6)
    again = street.run(datasource={"process_all": True})
    assert again.message == (
        "6 objects in 3 images; nothing was added to street-crops (no object that is not there already)"
    )
    assert len(crop_files(street)) == 6


def test_all_bad_fails_the_run_and_leaves_nothing(place: Fixture, make_image: Fixture) -> None:
    place.put_schema()
    place.put_image("a.png", 1)
    place.put("a.png", b"not an image")
    place.put("b.png", make_image(2))
    place.put("c.png", make_image(3))
    place.put(".lightly/predictions/vehicles/c.json", b"{")
    result = place.run()
    assert result.state == "FAILED"
    assert result.message.startswith("None of 3 images can be used: 1 ")
    for part in ("1 unreadable", "1 predictions missing", "1 predictions not json", "`a.png`: ", "`b.png`: "):
        assert part in result.message
    assert result.hint == "`swath validate` lists every bad prediction file."
    assert (result.images.unreadable, result.images.without_predictions, result.images.bad_predictions) == (1, 1, 1)
    assert {finding.code for finding in result.findings} == {
        "unreadable",
        "predictions_missing",
        "predictions_not_json",
    }
    run = state_of(place, result.run)
    assert (run.state, run.message) == (RunState.FAILED, result.message)
    assert log_of(place, result.run)[-1] == ("ERROR", result.message)
    assert catalog.list_datasets(place.store) == []


def test_new_files_that_are_all_bad_do_not_fail_a_run_that_knows_others(street: Fixture) -> None:
    street.run()
    street.put("d.png", b"not an image")
    street.put_predictions("d.png", [(0, 0, 9, 9)])
    result = street.run()
    assert (result.state, result.images.new, result.images.unreadable) == ("COMPLETED", 1, 1)
    assert result.crop_dataset.samples == 6
    # It is remembered with its bytes: the next run has nothing new.
    assert street.run().message.startswith("nothing new: 4 images skipped")


def test_bad_files_are_counted_logged_and_listed(street: Fixture, make_image: Fixture) -> None:
    street.put_image("d.png", 4, [(0, 0, 9, 9)])
    street.put("d.png", truncated(make_image(4)))
    street.put("e.png", make_image(1))  # the bytes of a.png
    street.put("f.png", make_image(6))
    result = street.run()
    assert result.state == "COMPLETED"
    assert (result.images.used, result.images.unreadable, result.images.duplicate) == (3, 1, 1)
    assert result.images.without_predictions == 1
    assert Path(result.paths["duplicate_filenames.txt"]).read_text() == "e.png\n"
    assert Path(result.paths["unreadable_filenames.txt"]).read_text() == "d.png\n"
    rows = json.loads(Path(result.paths["files.json"]).read_text())
    assert [(row["file"], row["outcome"]) for row in rows] == [
        ("d.png", "unreadable"),
        ("e.png", "duplicate"),
        ("f.png", "predictions_missing"),
    ]
    log = log_of(street, result.run)
    assert any(level == "WARNING" and message.startswith("`d.png`: unreadable: ") for level, message in log)
    assert log[-1] == ("INFO", result.message)
    assert {level for level, _ in street.watcher.notes} == {"INFO", "WARNING"}


def test_a_crops_candidates_artifact_holds_one_vector_per_candidate(street: Fixture) -> None:
    street.put_image("d.png", 4, [(0, 0, 9, 9), (300, 0, 5, 5)])
    result = street.run(n_samples=2)
    vectors = np.frombuffer(Path(result.paths["candidates.f16"]).read_bytes(), np.float16).reshape(-1, 48)
    assert len(vectors) == result.candidates == 7
    assert (result.objects.found, result.objects.outside) == (8, 1)
    assert np.abs(np.linalg.norm(vectors.astype(float), axis=1) - 1).max() < 0.01


def test_whole_images_are_selected_without_a_task(place: Fixture, make_image: Fixture) -> None:
    for number in range(4):
        place.put(f"{number}.png", make_image(number))
    result = place.run(task=None, n_samples=2)
    assert result.message == "4 images; selected 2 images, added to street"
    assert (result.crop_dataset, result.image_dataset.added, result.candidates) == (None, 2, 4)
    # Whole images that an earlier run looked at are not candidates again, unless asked for.
    assert place.run(task=None).message.startswith("nothing new: 4 images skipped, which earlier runs into street ")
    rest = place.run(task=None, datasource={"process_all": True})
    assert rest.message == "4 images; selected 2 images, added to street"
    assert rest.image_dataset.samples == 4
    assert crop_files(place) == []


def test_images_are_selected_with_all_their_objects(street: Fixture) -> None:
    result = street.run(n_samples=2, unit="images")
    assert (result.candidates, result.selected, result.image_dataset.added) == (3, 2, 2)
    per_image = {"a.png": 1, "b.png": 2, "c/c.png": 3}
    kept = [sample.file_name for sample in catalog.iter_samples(street.store, "street")]
    crops = sum(per_image[name] for name in kept)
    assert result.crop_dataset.added == crops
    noun = "object" if crops == 1 else "objects"
    assert result.message == (
        f"6 objects in 3 images; selected 2 images with {crops} {noun}; crops added to street-crops"
    )


def test_an_image_in_which_nothing_was_found_is_used_and_adds_nothing(place: Fixture) -> None:
    place.put_schema()
    place.put_image("a.png", 1, [])
    result = place.run()
    assert result.state == "COMPLETED"
    assert result.message == (
        "0 objects in 0 images; nothing was added to street-crops (no object that is not there already)"
    )
    assert (result.images.used, result.candidates) == (1, 0)
    assert place.run().message.startswith("nothing new: 1 image skipped")


def test_ten_thousand_objects_in_one_image_are_no_matter(place: Fixture) -> None:
    place.put_schema()
    boxes = [(x % 40, y % 24, 4 + (x + y) % 5, 4 + (x * y) % 5) for x in range(100) for y in range(100)]
    place.batch_size = 256
    place.put_image("a.png", 1, boxes)
    result = place.run(n_samples=5, object_level={"max_overlap": 0.9})
    objects = result.objects
    assert (objects.found, objects.used + objects.filtered) == (10_000, 10_000)
    assert objects.filtered > 0
    assert place.codec.decodes == 2  # once to embed, once to keep
    assert result.crop_dataset.added == 5


def test_boxes_written_as_corners_are_read_so_when_asked_to_find_out(place: Fixture) -> None:
    place.put_schema()
    for number in range(12):
        place.put_image(f"{number:02d}.png", number, [(30, 18, 46, 30)])
    plain = place.run()
    assert [finding.code for finding in plain.findings] == ["boxes_look_like_xyxy", "boxes_clipped"]
    result = place.run(object_level={"box_format": "auto"}, datasource={"process_all": True})
    assert [finding.code for finding in result.findings] == ["boxes_read_as_xyxy"]
    assert (result.objects.clipped, result.crop_dataset.added) == (0, 12)


def test_left_over_crop_files_are_removed_and_said_so(street: Fixture) -> None:
    first = street.run(n_samples=2)
    left_over = f"{CROPS}{first.crop_dataset.id}/a.png/0009_car_12345678.jpg"
    stranger = f"{CROPS}000000000000000000000000/a.png/0000_car_12345678.jpg"
    street.put(left_over, b"x")
    street.put(stranger, b"x")
    street.run()
    assert left_over not in street.source.files
    assert stranger in street.source.files
    assert ("INFO", "removed 1 crop file that an earlier run left behind") in street.watcher.notes
    assert len(crop_files(street)) == 3


def test_a_failure_while_writing_takes_back_what_was_written(street: Fixture) -> None:
    street.threads = 1
    street.source.write_errors = {}
    context = street.context()
    identifier = context.session.target.crop_dataset_id

    class Fails(dict[str, Exception]):
        """The third crop cannot be written."""

        def __contains__(self, key: object) -> bool:
            return str(key).startswith(CROPS) and len(crop_files(street)) == 2

        def __getitem__(self, key: str) -> Exception:
            return SourceUnavailable(f"`{key}` cannot be written: no space left")

    street.source.write_errors = Fails()
    result = execute_run(context)
    assert result.state == "FAILED"
    assert f"`{CROPS}{identifier}/" in result.message
    assert result.message.endswith("cannot be written: no space left")
    assert crop_files(street) == []
    assert [key for key in street.source.files if key.startswith(".lightly/thumbnails/crops/")] == []
    assert catalog.list_datasets(street.store) == []
    street.source.write_errors = {}
    assert street.run().crop_dataset.added == 6


def test_an_image_that_changes_while_the_run_looks_at_it_fails_the_run(street: Fixture, make_image: Fixture) -> None:
    def change(point: str) -> None:
        if point == "after_embedding":
            street.put("b.png", make_image(99))

    result = street.run(at_point=change)
    assert (result.state, result.message) == ("FAILED", "`b.png` changed while the run was looking at it")
    assert result.hint == "run again when the datasource is at rest."
    assert crop_files(street) == []


def test_an_image_that_goes_while_the_run_looks_at_it_fails_the_run(street: Fixture) -> None:
    def remove(point: str) -> None:
        if point == "after_embedding":
            street.source.delete(["b.png"])

    result = street.run(at_point=remove)
    assert result.state == "FAILED"
    assert result.message.startswith("`b.png` was selected but can no longer be read: ")


@pytest.mark.parametrize("point", ["after_embedding", "after_crops", "before_transaction"])
def test_an_interrupt_aborts_the_run_and_leaves_nothing(street: Fixture, point: str) -> None:
    def interrupt(reached: str) -> None:
        if reached == point:
            raise KeyboardInterrupt

    context = street.context(at_point=interrupt)
    with pytest.raises(KeyboardInterrupt):
        execute_run(context)
    run = state_of(street, context.session.target.run_id)
    assert (run.state, run.message) == (RunState.ABORTED, "stopped by a person")
    assert RunResult.model_validate_json(run.result).state == "ABORTED"
    assert crop_files(street) == []
    assert catalog.list_datasets(street.store) == []
    assert street.run().crop_dataset.added == 6


def test_an_interrupt_right_after_the_commit_keeps_the_files_it_names(street: Fixture) -> None:
    def interrupt(reached: str) -> None:
        if reached == "after_transaction":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        street.run(at_point=interrupt)
    samples = list(catalog.iter_samples(street.store, "street-crops"))
    assert len(samples) == 6
    assert crop_files(street) == [sample.file_name for sample in samples]
    assert street.run().message.startswith("nothing new")


def test_a_bug_closes_the_run_as_failed_and_is_raised(street: Fixture) -> None:
    def bug(reached: str) -> None:
        if reached == "after_crops":
            raise ZeroDivisionError("division by zero")

    context = street.context(at_point=bug)
    with pytest.raises(ZeroDivisionError):
        execute_run(context)
    run = state_of(street, context.session.target.run_id)
    assert (run.state, run.message) == (RunState.FAILED, "ZeroDivisionError: division by zero")
    assert crop_files(street) == []


def test_files_that_cannot_be_taken_back_are_swept_by_the_next_run(street: Fixture) -> None:
    def bug(reached: str) -> None:
        if reached == "after_crops":
            street.source.delete = refuse
            raise ZeroDivisionError("division by zero")

    def refuse(keys: list[str]) -> None:
        raise SourceUnavailable("the share is read-only by now")

    context = street.context(at_point=bug)
    with pytest.raises(ZeroDivisionError):
        execute_run(context)
    warning = ("WARNING", "could not take back crop files: the share is read-only by now")
    assert warning in log_of(street, context.session.target.run_id)
    del street.source.delete
    assert len(crop_files(street)) == 6
    street.run()
    assert len(crop_files(street)) == 6


def test_a_cancelled_run_ends_as_aborted(street: Fixture) -> None:
    def cancel(reached: str) -> None:
        if reached == "after_embedding":
            with street.store.writing() as connection:
                runs.request_cancel(connection, street.session.target.run_id)

    result = street.run(at_point=cancel)
    assert result.state == "ABORTED"
    assert result.message == f"run `{result.run}` was cancelled"
    assert catalog.list_datasets(street.store) == []
    assert crop_files(street) == []


def test_a_run_that_is_another_workers_by_now_is_left_as_it_is(street: Fixture) -> None:
    def lose(reached: str) -> None:
        if reached == "after_crops":
            raise StaleLease("another worker has the run by now")

    context = street.context(at_point=lose)
    with pytest.raises(StaleLease):
        execute_run(context)
    assert len(crop_files(street)) == 6
    with street.store.reading() as connection:
        assert not runs.find_run(connection, context.session.target.run_id).state.is_final


def test_another_embedder_is_refused_before_anything_is_written(street: Fixture) -> None:
    street.run(n_samples=2)
    street.embedder = type(street.embedder)(version="2")
    street.forget()
    result = street.run(datasource={"process_all": True})
    assert result.state == "FAILED"
    assert street.source.writes == []
    assert result.crop_dataset.samples == 2


def test_a_datasource_without_images_says_what_lies_there_instead(place: Fixture) -> None:
    place.put_schema()
    place.put("notes.txt", b"")
    place.put("a.mp4", b"")
    place.put("b.mp4", b"")
    result = place.run()
    assert result.state == "FAILED"
    assert result.message == (
        "There are no images in `memory://street` (1 other file) (2 videos; videos are not read yet)"
    )
    assert result.hint.startswith("images end in .bmp, .jpeg, ")


@pytest.mark.parametrize("number", range(3))
def test_progress_reaches_the_total_of_every_stage(street: Fixture, number: int) -> None:
    for image in range(number * 10):
        street.put_image(f"more/{image}.png", 100 + image)
    for _ in range(2):
        street.watcher.done.clear()
        street.watcher.stages.clear()
        street.run(datasource={"process_all": True})
        for state, total in street.watcher.stages:
            if total is not None:
                assert street.watcher.done.get(state, 0) == total, state


def test_the_digests_recorded_are_those_of_the_files(street: Fixture) -> None:
    street.run()
    used = street.context().session.used_files()
    assert set(used) == {"a.png", "b.png", "c/c.png"}
    for key, file in used.items():
        predictions = street.source.files[f".lightly/predictions/vehicles/{key.removesuffix('.png')}.json"]
        assert file.image_digest == hashlib.sha256(street.source.files[key]).digest()
        assert file.prediction_digest == hashlib.sha256(predictions).digest()
        assert file.outcome == "used"
