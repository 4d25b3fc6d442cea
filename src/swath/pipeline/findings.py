"""What a person should know about the input: findings from the listing, the files and the boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from swath.core.boxes import BoxFormat, BoxFormatEvidence
from swath.core.outcomes import MAX_EXAMPLES, FileOutcome, Finding
from swath.pipeline.image_work import ImageWork
from swath.pipeline.listing import Listing
from swath.pipeline.wording import counted
from swath.wire.run_result import FindingDocument, ObjectCounts, RepeatedRequests

_FILE_FINDINGS = {
    FileOutcome.UNREADABLE: ("warning", "cannot be read as images and were skipped"),
    FileOutcome.DUPLICATE: ("info", "have exactly the bytes of another image and were skipped"),
    FileOutcome.PREDICTIONS_MISSING: ("warning", "have no prediction file and were skipped"),
    FileOutcome.PREDICTIONS_NOT_JSON: ("warning", "have a prediction file that is not JSON and were skipped"),
    FileOutcome.PREDICTIONS_INVALID: ("warning", "have a prediction file that breaks the format and were skipped"),
    FileOutcome.PREDICTIONS_UNKNOWN_CATEGORY: (
        "warning",
        "have predictions of a category that the schema does not know and were skipped",
    ),
    FileOutcome.PREDICTIONS_OTHER_IMAGE: (
        "warning",
        "have a prediction file whose file_name names another image and were skipped",
    ),
}


def about_listing(listing: Listing) -> Iterator[Finding]:
    """Videos that are not read yet, what cannot be read at all, and lines that match no image."""
    if listing.videos:
        yield Finding(
            code="videos_skipped",
            severity="warning",
            message=f"{counted(listing.videos, 'video')} skipped: only images are read so far",
            count=listing.videos,
        )
    if listing.skipped:
        yield Finding(
            code="entries_skipped",
            severity="warning",
            message=f"{counted(len(listing.skipped), 'entry', 'entries')} of the datasource cannot be read: left out",
            hint="names are UTF-8 without backslashes, empty parts or `..`; links stay inside and lead to files.",
            examples=listing.skipped[:MAX_EXAMPLES],
            count=len(listing.skipped),
        )
    if listing.unmatched_lines:
        yield Finding(
            code="relevant_filenames_unmatched",
            severity="warning",
            message=f"no image matches {counted(len(listing.unmatched_lines), 'line')} of the relevant filenames file",
            examples=listing.unmatched_lines[:MAX_EXAMPLES],
            count=len(listing.unmatched_lines),
        )


def about_files(works: Sequence[ImageWork]) -> Iterator[Finding]:
    """One finding per bad outcome of images and prediction files, with a few names and the first reasons."""
    for outcome, (severity, what) in _FILE_FINDINGS.items():
        found = [work for work in works if work.outcome is outcome]
        if found:
            yield Finding(
                code=outcome.value,
                severity=severity,
                message=f"{len(found)} of {len(works)} images {what}",
                examples=tuple(
                    work.key if not work.reason else f"{work.key}: {work.reason.splitlines()[0]}"
                    for work in found[:MAX_EXAMPLES]
                ),
                count=len(found),
            )


def about_changes(works: Sequence[ImageWork]) -> Iterator[Finding]:
    """Images and prediction files that changed between listing and reading."""
    changed = sorted({key for work in works for key in work.changed})
    if changed:
        yield Finding(
            code="changed_during_run",
            severity="warning",
            message=f"{counted(len(changed), 'file')} changed during the run and were taken as they were when read",
            hint="run again when the datasource is at rest, and what has changed since is taken in.",
            examples=tuple(changed[:MAX_EXAMPLES]),
            count=len(changed),
        )


def about_requests(repeated: RepeatedRequests) -> Iterator[Finding]:
    """Requests to the storage that failed and were made again."""
    if count := repeated.input + repeated.output:
        yield Finding(
            code="requests_repeated",
            severity="info",
            message=f"{counted(count, 'request')} to the storage failed and had to be repeated "
            f"({repeated.input:,} to the input, {repeated.output:,} to the output)",
            count=count,
        )


def about_boxes(evidence: BoxFormatEvidence, *, asked: BoxFormat, read_as: BoxFormat) -> Iterator[Finding]:
    """What the numbers in the boxes say about the format they are written in."""
    if not evidence.total:
        return
    share = round(100 * evidence.overflow_as_xywh / evidence.total)
    if evidence.suspects_xyxy and read_as is BoxFormat.XYWH:
        yield Finding(
            code="boxes_look_like_xyxy",
            severity="warning",
            message=(
                f"{share} % of the boxes ({evidence.overflow_as_xywh:,} of {evidence.total:,}) leave their image when "
                "read as x, y, width, height, and nearly all fit as x1, y1, x2, y2: every crop may be wrong"
            ),
            hint="if so, use --box-format xyxy (object_level.box_format), or `auto`.",
            count=evidence.overflow_as_xywh,
        )
    elif asked is BoxFormat.AUTO and read_as is BoxFormat.XYXY:
        yield Finding(
            code="boxes_read_as_xyxy",
            severity="info",
            message=f"boxes were read as x1, y1, x2, y2: as x, y, width, height {share} % would leave their image",
            count=evidence.overflow_as_xywh,
        )
    elif read_as is BoxFormat.XYXY and evidence.invalid_as_xyxy > 0.2 * evidence.total:
        yield Finding(
            code="boxes_do_not_look_like_xyxy",
            severity="warning",
            message=f"{evidence.invalid_as_xyxy:,} of {evidence.total:,} boxes do not fit as x1, y1, x2, y2",
            hint="the format's own rule is x, y, width, height: --box-format xywh.",
            count=evidence.invalid_as_xyxy,
        )
    if evidence.suspects_relative:
        yield Finding(
            code="boxes_look_relative",
            severity="warning",
            message=f"{evidence.within_unit_square:,} of {evidence.total:,} boxes lie between 0 and 1: they look "
            "relative to the image's size",
            hint="boxes are in pixels of the upright image.",
            count=evidence.within_unit_square,
        )


def about_objects(counts: ObjectCounts) -> Iterator[Finding]:
    """Boxes that could not be cropped as they are."""
    for code, severity, count, what in (
        ("boxes_clipped", "info", counts.clipped, "reach beyond their image and were clipped"),
        ("boxes_outside", "warning", counts.outside, "lie outside their image and were left out"),
        ("boxes_zero_area", "warning", counts.zero_area, "have no area and were left out"),
        ("objects_filtered", "info", counts.filtered, "were left out by the filters that were set"),
    ):
        if count:
            yield Finding(
                code=code, severity=severity, message=f"{count:,} of {counts.found:,} boxes {what}", count=count
            )


def finding_document(finding: Finding) -> FindingDocument:
    """A finding as part of a result or a report."""
    return FindingDocument(
        code=finding.code,
        severity=finding.severity,
        message=finding.message,
        hint=finding.hint,
        examples=list(finding.examples),
        count=finding.count,
    )
