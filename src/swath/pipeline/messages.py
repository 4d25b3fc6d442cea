"""The sentences with which a run ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from swath.core.errors import RunFailed
from swath.core.outcomes import FileOutcome, Finding
from swath.pipeline.image_work import ImageWork
from swath.pipeline.listing import IMAGE_EXTENSIONS, Listing
from swath.pipeline.ports import RunTarget
from swath.pipeline.run_progress import RunProgress
from swath.pipeline.selecting import Selected
from swath.pipeline.selection_findings import unit_noun
from swath.pipeline.wording import counted, why_it_ended
from swath.wire.run_config import RunConfig, SelectionUnit

EXAMPLES_SHOWN = 3
"""Examples of a finding on its line; files.json has every file."""

REASONS_SHOWN = 3
"""Reasons given when a run fails because everything is bad; more of them would say the same."""


def completed(progress: RunProgress, target: RunTarget, chosen: Selected, config: RunConfig) -> str:
    """What was found, what was selected and where it went."""
    images_used = progress.count(FileOutcome.USED)
    shortage = _shortage(chosen, config)
    if target.crop_dataset_name is None:
        found = counted(images_used, "image")
        if not progress.selected:
            return f"{found}; nothing was added to {target.image_dataset_name}{shortage}"
        return (
            f"{found}; selected {counted(progress.selected, 'image')}, added to {target.image_dataset_name}{shortage}"
        )
    with_objects = progress.images_with_objects
    found = f"{counted(progress.counts.used, 'object')} in {counted(with_objects, 'image')}"
    if not progress.selected:
        return f"{found}; nothing was added to {target.crop_dataset_name}{shortage}"
    if config.selection.unit is SelectionUnit.IMAGES:
        crops = 0 if progress.receipt is None else progress.receipt.crops_added
        selected = f"selected {counted(progress.kept, 'image')} with {counted(crops, 'object')}"
    else:
        selected = f"selected {counted(progress.selected, 'object')} in {counted(progress.kept, 'image')}"
    return f"{found}; {selected}; crops added to {target.crop_dataset_name}{shortage}"


def _shortage(chosen: Selected, config: RunConfig) -> str:
    return why_it_ended(
        chosen.stopped_by,
        noun=unit_noun(config.selection),
        selected=len(chosen.units),
        asked=chosen.asked,
        available=chosen.available,
        eligible=chosen.eligible,
    )


def finding_line(finding: Finding) -> str:
    """A finding on one line for the log and the terminal, with its first examples and its hint."""
    shown = finding.examples[:EXAMPLES_SHOWN]
    more = ", …" if finding.count > len(shown) else ""
    examples = f": {', '.join(shown)}{more}" if shown else ""
    return f"{finding.message}{examples}" + (f" (hint: {finding.hint})" if finding.hint else "")


def nothing_new(progress: RunProgress, target: RunTarget) -> str:
    """What a run says that found only images an earlier run has dealt with."""
    skipped = progress.count(FileOutcome.ALREADY_USED)
    into = target.crop_dataset_name or target.image_dataset_name
    return (
        f"nothing new: {counted(skipped, 'image')} skipped, which earlier runs into {into} have dealt with; "
        "use --process-all (datasource.process_all) to look at them again"
    )


def no_images(listing: Listing, uri: str) -> RunFailed:
    """The failure of a run that has no image to look at."""
    if listing.left_out:
        return RunFailed(
            f"`{uri}` has {counted(listing.left_out, 'image')}, but the relevant filenames file names none of them",
            hint="its lines are paths relative to the datasource, or prefixes that end in `*`.",
        )
    beside = f" ({counted(listing.other_files, 'other file')})" if listing.other_files else ""
    videos = f" ({counted(listing.videos, 'video')}; videos are not read yet)" if listing.videos else ""
    return RunFailed(
        f"There are no images in `{uri}`{beside}{videos}", hint=f"images end in {', '.join(sorted(IMAGE_EXTENSIONS))}."
    )


def all_bad(works: Sequence[ImageWork]) -> RunFailed:
    """The failure of a run none of whose images can be used, with the first reasons."""
    tally = Counter(work.outcome for work in works)
    kinds = ", ".join(f"{count:,} {_words(outcome)}" for outcome, count in tally.most_common() if outcome is not None)
    reasons = [f"`{work.key}`: {work.reason.splitlines()[0]}" for work in works if work.reason][:REASONS_SHOWN]
    return RunFailed(
        f"None of {counted(len(works), 'image')} can be used: {kinds}. First reasons: {'; '.join(reasons)}",
        hint="`swath validate` lists every bad prediction file.",
    )


def _words(outcome: FileOutcome) -> str:
    return outcome.value.replace("_", " ")
