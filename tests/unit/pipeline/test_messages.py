from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from swath.core.additions import CommitReceipt
from swath.core.outcomes import FileOutcome
from swath.pipeline import messages
from swath.pipeline.image_work import ImageWork
from swath.pipeline.listing import Listing
from swath.pipeline.ports import FileEntry, RunTarget
from swath.pipeline.run_progress import RunProgress
from swath.pipeline.selecting import Selected
from swath.wire.run_config import RunConfig, parse_run_config
from swath.wire.run_result import ObjectCounts

OBJECTS = RunTarget(
    run_id="r",
    image_dataset_id="i",
    image_dataset_name="street",
    image_samples=0,
    crop_dataset_id="c",
    crop_dataset_name="street-crops",
    crop_samples=0,
)
IMAGES = RunTarget(
    run_id="r",
    image_dataset_id="i",
    image_dataset_name="street",
    image_samples=0,
    crop_dataset_id=None,
    crop_dataset_name=None,
    crop_samples=0,
)


def config(unit: str = "objects") -> RunConfig:
    return parse_run_config(
        {
            "datasource": {"location": "street"},
            "object_level": {"task_name": "vehicles"},
            "selection": {"n_samples": 10, "unit": unit},
        }
    )


def chosen(
    *, asked: int | None = None, available: int = 100, eligible: int | None = None, stopped_by: str = "count"
) -> Selected:
    passed = available if eligible is None else eligible
    count = passed if asked is None else min(asked, passed)
    return Selected(
        units=np.arange(count),
        distances=np.zeros(count),
        asked=asked,
        available=available,
        eligible=passed,
        stopped_by=stopped_by,
    )


def works(*outcomes: FileOutcome, reason: str = "") -> list[ImageWork]:
    made = []
    for row, outcome in enumerate(outcomes):
        work = ImageWork(row=row, entry=FileEntry(key=f"{row}.jpg", size=1, version="1"))
        work.end(outcome, reason)
        made.append(work)
    return made


def progress(used: int = 0, objects: int = 0, **values: Any) -> RunProgress:
    return RunProgress(works=works(*[FileOutcome.USED] * used), counts=ObjectCounts(used=objects), **values)


def test_counts_are_written_with_their_noun() -> None:
    assert [messages.counted(count, "image") for count in (0, 1, 2, 2000)] == [
        "0 images",
        "1 image",
        "2 images",
        "2,000 images",
    ]


def test_a_run_says_what_it_found_chose_and_where_it_went() -> None:
    done = progress(objects=929, images_with_objects=126, selected=93, kept=71)
    assert messages.completed(done, OBJECTS, chosen(asked=93, available=929), config()) == (
        "929 objects in 126 images; selected 93 objects in 71 images; crops added to street-crops"
    )
    one = progress(objects=1, images_with_objects=1, selected=1, kept=1)
    assert messages.completed(one, OBJECTS, chosen(), config()) == (
        "1 object in 1 image; selected 1 object in 1 image; crops added to street-crops"
    )


def test_images_with_their_objects() -> None:
    receipt = CommitReceipt(image_samples=2, images_added=2, crop_samples=7, crops_added=7, tag_names=())
    done = progress(objects=9, images_with_objects=3, selected=2, kept=2, receipt=receipt)
    assert messages.completed(done, OBJECTS, chosen(), config("images")) == (
        "9 objects in 3 images; selected 2 images with 7 objects; crops added to street-crops"
    )


def test_whole_images() -> None:
    assert messages.completed(progress(used=1, selected=1), IMAGES, chosen(), config("images")) == (
        "1 image; selected 1 image, added to street"
    )
    assert messages.completed(progress(used=3), IMAGES, chosen(available=0), config("images")) == (
        "3 images; nothing was added to street (no image that is not there already)"
    )


@pytest.mark.parametrize("unit", ["objects", "images"])
def test_fewer_than_asked_for_is_said(unit: str) -> None:
    done = progress(objects=3, images_with_objects=2, selected=3, kept=2)
    message = messages.completed(done, OBJECTS, chosen(asked=1000, available=3), config(unit))
    assert "(1,000 were asked for, " in message
    assert message.endswith("all are kept)")
    assert "1,000" not in messages.completed(done, OBJECTS, chosen(asked=3, available=3), config(unit))


def test_thresholds_that_leave_too_few_are_named() -> None:
    done = progress(objects=30, images_with_objects=2, selected=3, kept=2)
    few = messages.completed(done, OBJECTS, chosen(asked=10, available=30, eligible=3), config())
    assert few.endswith(" (10 were asked for, only 3 pass the thresholds: all are kept)")
    none = messages.completed(progress(objects=30), OBJECTS, chosen(asked=10, available=30, eligible=0), config())
    assert none.endswith("nothing was added to street-crops (no object passes the thresholds)")
    enough = messages.completed(done, OBJECTS, chosen(asked=3, available=30, eligible=3), config())
    assert "(" not in enough


@pytest.mark.parametrize(
    ("stopped_by", "why"),
    [
        (
            "minimum_distance",
            "stopped early: the best object left is closer than the minimum distance to a selected one",
        ),
        ("minimum_value", "stopped early: the best object left is less typical than the minimum"),
        ("maximum_sum", "stopped by its maximum: the sum over the selected objects has reached it"),
        ("limits", "stopped early: the limits let no other object be selected"),
    ],
)
def test_an_early_stop_is_said(stopped_by: str, why: str) -> None:
    done = progress(objects=3, images_with_objects=2, selected=1, kept=1)
    message = messages.completed(done, OBJECTS, chosen(stopped_by=stopped_by), config())
    assert message.endswith(f" ({why})")


def test_nothing_added_is_said() -> None:
    done = progress(objects=3, images_with_objects=2)
    assert messages.completed(done, OBJECTS, chosen(available=0), config()) == (
        "3 objects in 2 images; nothing was added to street-crops (no object that is not there already)"
    )


def test_nothing_new_says_how_to_look_again() -> None:
    done = RunProgress(works=works(FileOutcome.ALREADY_USED))
    assert messages.nothing_new(done, OBJECTS) == (
        "nothing new: 1 image skipped, which earlier runs into street-crops have dealt with; "
        "use --process-all (datasource.process_all) to look at them again"
    )
    assert "earlier runs into street have" in messages.nothing_new(done, IMAGES)


def listing(videos: int = 0, other_files: int = 0, left_out: int = 0) -> Listing:
    return Listing(images=(), videos=videos, other_files=other_files, left_out=left_out, unmatched_lines=())


def test_no_images_says_what_there_is() -> None:
    assert messages.no_images(listing(), "here").message == "There are no images in `here`"
    assert messages.no_images(listing(videos=1, other_files=1200), "here").message == (
        "There are no images in `here` (1,200 other files) (1 video; videos are not read yet)"
    )
    error = messages.no_images(listing(left_out=1, other_files=4), "here")
    assert error.message == "`here` has 1 image, but the relevant filenames file names none of them"
    assert error.hint == "its lines are paths relative to the datasource, or prefixes that end in `*`."


def test_all_bad_gives_kinds_and_the_first_reasons() -> None:
    bad = works(*[FileOutcome.UNREADABLE] * 4, FileOutcome.PREDICTIONS_NOT_JSON, reason="it is torn\nin two")
    error = messages.all_bad(bad)
    assert error.message == (
        "None of 5 images can be used: 4 unreadable, 1 predictions not json. "
        "First reasons: `0.jpg`: it is torn; `1.jpg`: it is torn; `2.jpg`: it is torn"
    )
    assert error.hint
