from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from swath.core.errors import RunFailed, SourceUnavailable, StaleLease
from swath.core.objects import BoxOutcome, ObjectTable, object_keys
from swath.pipeline.image_work import ImageWork
from swath.pipeline.keeping import (
    THUMBNAIL_SIDE,
    KeptFiles,
    crop_thumbnail_key,
    image_thumbnail_key,
    keep_selected,
    sweep_left_overs,
)
from swath.pipeline.ports import KnownImage, RunTarget
from swath.testing.fake_embedder import FakeEmbedder
from swath.testing.memory_datasource import MemoryDatasource

Fixture = Any  # of conftest.py: Workplace and image()
ID = "c" * 24


def kept_works(place: Fixture, make_image: Fixture, count: int, width: int = 48, height: int = 32) -> list[ImageWork]:
    for number in range(count):
        place.put(f"{number}.png", make_image(number, width, height))
    works = place.works()
    for work in works:
        digest = hashlib.sha256(place.source.files[work.key]).digest()
        work.known = KnownImage(digest=digest, width=width, height=height, max_scale=1)
    return works


def table_of(works: list[ImageWork], rects: list[list[int]]) -> ObjectTable:
    """Every image has all of the rectangles."""
    corners = np.array(rects * len(works), dtype=np.float64).reshape(-1, 4)
    each = len(rects)
    count = each * len(works)
    keys = [
        object_keys(
            image_digest=work.known.digest if work.known else b"",
            task_name="vehicles",
            category_ids=np.zeros(each, np.int32),
            corners=corners[:each],
        )
        for work in works
    ]
    return ObjectTable(
        image_row=np.repeat(np.arange(len(works), dtype=np.int32), each),
        position=np.tile(np.arange(each, dtype=np.int32), len(works)),
        category_id=np.zeros(count, np.int32),
        score=np.full(count, 0.5),
        corners=corners,
        crop_rects=corners.astype(np.int32),
        outcome=np.full(count, BoxOutcome.USED, np.uint8),
        key=np.concatenate(keys),
    )


def keep(
    place: Fixture,
    works: list[ImageWork],
    table: ObjectTable | None,
    selected: list[int],
    files: KeptFiles,
    done: list[int] | None = None,
) -> Any:
    rows: NDArray[np.int64] = np.array(selected, dtype=np.int64)
    return keep_selected(
        place.machinery,
        place.output,
        works,
        table=table,
        selected=rows,
        category_names={0: "Lkw & Bus"},
        padding=0.0,
        crop_dataset_id=None if table is None else ID,
        crop_vectors=np.zeros((len(rows), 48), np.float16),
        files=files,
        on_done=(done if done is not None else []).append,
    )


def test_crops_are_cut_at_native_size_and_named_after_image_position_and_category(
    place: Fixture, make_image: Fixture
) -> None:
    works = kept_works(place, make_image, 2)
    table = table_of(works, [[0, 0, 8, 8], [10, 5, 40, 30]])
    files, done = KeptFiles(written=[]), []
    images, crops = keep(place, works, table, [1, 2], files, done)
    stem = [f".lightly/crops/{ID}/0.png/0001_Lkw-Bus_", f".lightly/crops/{ID}/1.png/0000_Lkw-Bus_"]
    for place_in_list, (name, start) in enumerate(zip(crops.file_names, stem, strict=True)):
        assert name == f"{start}{crops.crop_keys[place_in_list].tobytes().hex()[:8]}.jpg"
        assert crops.byte_sizes[place_in_list] == len(place.source.files[name])
    assert place.codec.decode(place.source.files[crops.file_names[0]]).shape == (25, 30, 3)
    assert crops.thumbnail_keys == tuple(crop_thumbnail_key(name) for name in crops.file_names)
    assert (crops.image_row.tolist(), crops.prediction_row.tolist()) == ([0, 1], [1, 2])
    assert sorted(files.written) == sorted([*crops.file_names, *crops.thumbnail_keys])
    assert sum(done) == 2
    assert images.file_names == ("0.png", "1.png")
    assert images.byte_sizes.tolist() == [len(place.source.files[work.key]) for work in works]
    assert all(key in place.source.files for key in images.thumbnail_keys)


def test_kept_images_are_embedded_whole_and_only_once(place: Fixture, make_image: Fixture) -> None:
    works = kept_works(place, make_image, 3)
    images, crops = keep(place, works, None, [0, 1, 2], KeptFiles(written=[]))
    assert crops is None
    for row, work in enumerate(works):
        whole = place.codec.crop_resized(place.codec.decode(place.source.files[work.key]), [0, 0, 48, 32], 32)
        assert (images.vectors[row] == FakeEmbedder().embed(whole[np.newaxis])[0].astype(np.float16)).all()
    place.forget()
    again, _ = keep(place, works, None, [0, 1, 2], KeptFiles(written=[]))
    assert (place.embedder.batches, (again.vectors == images.vectors).all()) == ([], True)


def test_nothing_kept_writes_nothing(place: Fixture) -> None:
    images, crops = keep(place, [], None, [], KeptFiles(written=[]))
    assert (len(images), crops, place.source.writes) == (0, None, [])


def test_thumbnails_are_small_and_one_that_is_there_stays(place: Fixture, make_image: Fixture) -> None:
    works = kept_works(place, make_image, 1, 700, 400)
    key = image_thumbnail_key("0.png", works[0].known.digest)
    assert key == f".lightly/thumbnails/0.png_{works[0].known.digest.hex()[:8]}_thumb.jpg"
    keep(place, works, None, [0], KeptFiles(written=[]))
    assert max(place.codec.decode(place.source.files[key]).shape) == THUMBNAIL_SIDE
    place.put(key, b"made by somebody else")
    keep(place, works, None, [0], KeptFiles(written=[]))
    assert place.source.files[key] == b"made by somebody else"


def test_crops_go_to_the_output(place: Fixture, make_image: Fixture) -> None:
    works = kept_works(place, make_image, 1)
    place.forget()
    place.output = MemoryDatasource(uri="memory://output")
    _, crops = keep(place, works, table_of(works, [[0, 0, 8, 8]]), [0], KeptFiles(written=[]))
    assert place.source.writes == []
    assert set(crops.file_names) <= set(place.output.files)


def test_files_written_are_known_even_if_writing_fails(place: Fixture, make_image: Fixture) -> None:
    works = kept_works(place, make_image, 4)
    table = table_of(works, [[0, 0, 8, 8]])
    files = KeptFiles(written=[])
    _, crops = keep(place, works, table, [0, 1, 2, 3], files)
    place.source.delete(files.written)
    place.source.write_errors[crops.file_names[2]] = SourceUnavailable("the disk is full")
    files = KeptFiles(written=[])
    with pytest.raises(SourceUnavailable, match="the disk is full"):
        keep(place, works, table, [0, 1, 2, 3], files)
    there = {key for key in place.source.files if key.startswith((".lightly/crops/", ".lightly/thumbnails/crops/"))}
    assert there <= set(files.written)
    assert crops.file_names[2] not in there


def test_an_image_with_other_bytes_than_before_fails_the_run(place: Fixture, make_image: Fixture) -> None:
    works = kept_works(place, make_image, 2)
    place.put("1.png", make_image(77))
    with pytest.raises(RunFailed, match=r"`1.png` changed while the run was looking at it"):
        keep(place, works, None, [0, 1], KeptFiles(written=[]))


def target(crop_dataset_id: str | None) -> RunTarget:
    return RunTarget(
        run_id="r",
        image_dataset_id="i",
        image_dataset_name="street",
        image_samples=0,
        crop_dataset_id=crop_dataset_id,
        crop_dataset_name=None,
        crop_samples=0,
    )


def test_only_crop_files_of_this_dataset_that_nothing_names_are_swept() -> None:
    named, left_over = f".lightly/crops/{ID}/a.png/0.jpg", f".lightly/crops/{ID}/a.png/1.jpg"
    other = ".lightly/crops/dddddddddddddddddddddddd/a.png/1.jpg"
    files = [named, left_over, other, crop_thumbnail_key(named), crop_thumbnail_key(left_over), "a.png"]
    output = MemoryDatasource(dict.fromkeys(files, b"x"))
    assert sweep_left_overs(output, target(ID), lambda: [named], on_refused=fail) == 1
    assert set(output.files) == {named, other, crop_thumbnail_key(named), "a.png"}
    assert sweep_left_overs(output, target(ID), lambda: [named], on_refused=fail) == 0
    assert sweep_left_overs(output, target(None), list, on_refused=fail) == 0


def fail(count: int, reason: str) -> None:
    pytest.fail(f"{count} files could not be deleted: {reason}")


def test_left_overs_that_may_not_be_deleted_are_told_and_left() -> None:
    class WithoutDelete(MemoryDatasource):
        def delete(self, keys: Sequence[str]) -> None:
            raise SourceUnavailable("the credentials lack the right DELETE")

    told: list[tuple[int, str]] = []
    output = WithoutDelete({f".lightly/crops/{ID}/a.png/0.jpg": b"x"})
    removed = sweep_left_overs(output, target(ID), list, on_refused=lambda *reason: told.append(reason))
    assert (removed, told) == (0, [(1, "the credentials lack the right DELETE")])


def test_a_run_that_is_another_workers_by_now_sweeps_nothing() -> None:
    written_since = f".lightly/crops/{ID}/a.png/0.jpg"
    output = MemoryDatasource({written_since: b"x"})

    def known() -> list[str]:
        raise StaleLease("lease 1 is over")

    with pytest.raises(StaleLease):
        sweep_left_overs(output, target(ID), known, on_refused=fail)
    assert set(output.files) == {written_since}


def test_what_the_next_run_named_while_this_one_stood_still_is_not_swept() -> None:
    named = f".lightly/crops/{ID}/a.png/0.jpg"
    output = MemoryDatasource({named: b"x"})

    def known() -> list[str]:
        output.write(f".lightly/crops/{ID}/a.png/1.jpg", b"written only now")
        return [named]

    assert sweep_left_overs(output, target(ID), known, on_refused=fail) == 0
    assert len(output.files) == 2
