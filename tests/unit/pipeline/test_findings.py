from __future__ import annotations

import pytest

from swath.core.boxes import BoxFormat, BoxFormatEvidence
from swath.core.outcomes import MAX_EXAMPLES, FileOutcome, Finding
from swath.pipeline.findings import about_boxes, about_files, about_listing, about_objects, finding_document
from swath.pipeline.image_work import ImageWork
from swath.pipeline.listing import Listing
from swath.pipeline.ports import FileEntry
from swath.wire.run_result import ObjectCounts


def codes(evidence: BoxFormatEvidence, asked: BoxFormat, read_as: BoxFormat) -> list[str]:
    return [finding.code for finding in about_boxes(evidence, asked=asked, read_as=read_as)]


SUSPICIOUS = BoxFormatEvidence(total=100, overflow_as_xywh=83, fits_as_xyxy_only=83)
FINE = BoxFormatEvidence(total=100, overflow_as_xywh=1, invalid_as_xyxy=60)


def test_a_listing_without_oddities_finds_nothing() -> None:
    assert not list(about_listing(Listing(images=(), videos=0, other_files=9, left_out=3, unmatched_lines=())))


def test_videos_and_lines_that_match_nothing_are_found() -> None:
    lines = tuple(f"{number}.jpg" for number in range(9))
    videos, unmatched = about_listing(Listing(images=(), videos=3, other_files=0, left_out=0, unmatched_lines=lines))
    assert (videos.code, videos.severity, videos.count) == ("videos_skipped", "warning", 3)
    assert videos.message == "3 videos skipped: only images are read so far"
    assert unmatched.message == "no image matches 9 lines of the relevant filenames file"
    assert (unmatched.code, unmatched.count) == ("relevant_filenames_unmatched", 9)
    assert unmatched.examples == lines[:MAX_EXAMPLES]


def test_a_single_video_is_one_video() -> None:
    (finding,) = about_listing(Listing(images=(), videos=1, other_files=0, left_out=0, unmatched_lines=()))
    assert finding.message.startswith("1 video skipped")


def test_bad_files_are_found_by_kind_with_a_few_examples() -> None:
    works = [ImageWork(row=row, entry=FileEntry(key=f"{row}.jpg", size=1, version="1")) for row in range(20)]
    for work in works[:8]:
        work.end(FileOutcome.UNREADABLE, "torn\nin two")
    works[8].end(FileOutcome.DUPLICATE)
    for work in works[9:]:
        work.end(FileOutcome.USED)
    unreadable, duplicate = about_files(works)
    assert unreadable.message == "8 of 20 images cannot be read as images and were skipped"
    assert unreadable.examples == tuple(f"{row}.jpg: torn" for row in range(MAX_EXAMPLES))
    assert (duplicate.severity, duplicate.examples, duplicate.count) == ("info", ("8.jpg",), 1)


@pytest.mark.parametrize("outcome", [o for o in FileOutcome if o not in (FileOutcome.USED, FileOutcome.ALREADY_USED)])
def test_every_bad_outcome_has_its_finding(outcome: FileOutcome) -> None:
    work = ImageWork(row=0, entry=FileEntry(key="a.jpg", size=1, version="1"), outcome=outcome)
    assert [finding.code for finding in about_files([work])] == [outcome.value]


def test_boxes_that_look_like_corners_are_named_loudly_with_their_share() -> None:
    (finding,) = about_boxes(SUSPICIOUS, asked=BoxFormat.XYWH, read_as=BoxFormat.XYWH)
    assert finding.code == "boxes_look_like_xyxy"
    assert finding.message.startswith("83 % of the boxes (83 of 100) leave their image when read as x, y, width, ")
    assert "--box-format xyxy" in finding.hint


def test_box_formats_that_agree_with_the_numbers_find_nothing() -> None:
    assert codes(FINE, BoxFormat.XYWH, BoxFormat.XYWH) == []
    assert codes(SUSPICIOUS, BoxFormat.XYXY, BoxFormat.XYXY) == []
    assert codes(BoxFormatEvidence(), BoxFormat.AUTO, BoxFormat.XYWH) == []


def test_what_auto_found_out_and_what_does_not_fit_is_said() -> None:
    assert codes(SUSPICIOUS, BoxFormat.AUTO, BoxFormat.XYXY) == ["boxes_read_as_xyxy"]
    assert codes(FINE, BoxFormat.XYXY, BoxFormat.XYXY) == ["boxes_do_not_look_like_xyxy"]
    relative = BoxFormatEvidence(total=50, within_unit_square=50, invalid_as_xyxy=20)
    assert codes(relative, BoxFormat.XYWH, BoxFormat.XYWH) == ["boxes_look_relative"]


def test_boxes_that_cannot_be_cropped_as_they_are_are_counted() -> None:
    counts = ObjectCounts(found=2000, used=1000, clipped=7, outside=900, zero_area=1, filtered=99)
    assert [(finding.code, finding.severity, finding.message) for finding in about_objects(counts)] == [
        ("boxes_clipped", "info", "7 of 2,000 boxes reach beyond their image and were clipped"),
        ("boxes_outside", "warning", "900 of 2,000 boxes lie outside their image and were left out"),
        ("boxes_zero_area", "warning", "1 of 2,000 boxes have no area and were left out"),
        ("objects_filtered", "info", "99 of 2,000 boxes were left out by the filters that were set"),
    ]
    assert not list(about_objects(ObjectCounts(found=5, used=5)))


def test_a_finding_becomes_a_document_with_all_it_says() -> None:
    finding = Finding(code="c", severity="info", message="m", hint="h", examples=("a", "b"), count=3)
    assert finding_document(finding).model_dump() == {
        "code": "c",
        "severity": "info",
        "message": "m",
        "hint": "h",
        "examples": ["a", "b"],
        "count": 3,
    }
