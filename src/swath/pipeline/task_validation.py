"""Reads every prediction file of one task and counts what is in them; keeps counters and problems, no predictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from swath.core.boxes import BoxFormat, BoxFormatEvidence, box_format_evidence, judge_boxes, to_corners
from swath.core.errors import NotFound, SourceUnavailable
from swath.core.objects import BoxOutcome
from swath.core.outcomes import FileOutcome
from swath.core.predictions import ImagePredictions, TaskSchema
from swath.formats.lightly.prediction_rules import PredictionProblem
from swath.formats.lightly.predictions import PredictionReader
from swath.pipeline.image_sizes import ImageSizes
from swath.pipeline.ports import Datasource
from swath.pipeline.predictions import MAX_PREDICTION_BYTES

FILES_PER_CHUNK = 64
"""Files handed to a thread at once: boxes of images of equal size are judged together."""

DISTANT_FILES_PER_CHUNK = 8
"""The same where each file takes a while, so that many requests are under way."""


@dataclass(slots=True)
class FileTally:
    """What some prediction files hold. Tallies add up with `add`; `outcomes` has one counter per way to read boxes."""

    valid: int = 0
    empty: int = 0
    predictions: int = 0
    unjudged: int = 0
    categories: Counter[int] = field(default_factory=Counter)
    evidence: BoxFormatEvidence = field(default_factory=BoxFormatEvidence)
    outcomes: dict[BoxFormat, Counter[int]] = field(default_factory=dict)
    problems: list[tuple[PredictionProblem, ...]] = field(default_factory=list)  # one item per bad file
    images_without_predictions: list[str] = field(default_factory=list)

    def add(self, other: FileTally) -> None:
        """Add everything but `problems`, of which the caller decides how many to keep."""
        self.valid += other.valid
        self.empty += other.empty
        self.predictions += other.predictions
        self.unjudged += other.unjudged
        self.categories.update(other.categories)
        self.evidence += other.evidence
        for box_format, outcomes in other.outcomes.items():
            self.outcomes.setdefault(box_format, Counter()).update(outcomes)
        self.images_without_predictions += other.images_without_predictions


def tally_files(
    schema: TaskSchema,
    *,
    source: Datasource,
    file_bytes: Mapping[str, int],
    images_of: Mapping[str, Sequence[str]],
    sizes: ImageSizes,
    box_format: BoxFormat,
    threads: int,
    on_done: Callable[[FileTally, int], None],
) -> None:
    """Read the files that have an image, in order of their keys; `on_done` gets a tally per chunk, in that order.

    A file that two images share (`a.png` and `a.jpg`) is counted once; it is valid if it is valid for one of them, and
    the images it is not for are without predictions. Its predictions count once per image they are used for.
    """
    reading = _Reading(schema, source=source, sizes=sizes, box_format=box_format)
    keys = sorted(key for key in file_bytes if key in images_of)

    def read_chunk(chunk: Sequence[str]) -> tuple[FileTally, int]:
        tally = FileTally()
        boxes: _BoxesBySize = {}
        for key in chunk:
            reading.read_one(key, file_bytes[key], images_of[key], tally, boxes)
        reading.judge(boxes, tally)
        return tally, len(chunk)

    is_distant = source.concurrency > 1
    size = DISTANT_FILES_PER_CHUNK if is_distant else FILES_PER_CHUNK
    chunks = [keys[start : start + size] for start in range(0, len(keys), size)]
    workers = source.concurrency if is_distant else threads
    with ThreadPoolExecutor(workers, thread_name_prefix="swath-validate") as pool:
        for tally, count in pool.map(read_chunk, chunks):
            on_done(tally, count)


_BoxesBySize = dict[tuple[int, int], list[NDArray[np.float64]]]
"""Boxes by width and height of their image: most images are of few sizes, and columns are judged at once."""


class _Reading:
    """Reads single files of a task; safe to use from threads."""

    def __init__(self, schema: TaskSchema, *, source: Datasource, sizes: ImageSizes, box_format: BoxFormat) -> None:
        self._reader = PredictionReader(schema, box_format=box_format)
        self._source = source
        self._sizes = sizes
        # Which format `auto` means is known only after the last file, and boxes are not kept until then.
        self._formats = (BoxFormat.XYWH, BoxFormat.XYXY) if box_format is BoxFormat.AUTO else (box_format,)

    def read_one(self, key: str, size: int, image_keys: Sequence[str], tally: FileTally, boxes: _BoxesBySize) -> None:
        """Count one file in `tally`; its boxes are put aside in `boxes`."""
        if size > MAX_PREDICTION_BYTES:
            tally.problems.append((_unread(key, f"{size:,} bytes", f"at most {MAX_PREDICTION_BYTES:,} bytes"),))
            return
        try:
            data = self._source.read(key)
        except (NotFound, SourceUnavailable) as exc:
            tally.problems.append((_unread(key, exc.message, "a file that can be read", hint=exc.hint),))
            return
        accepted: list[tuple[str, ImagePredictions]] = []
        for_others: list[str] = []
        refusals: list[tuple[PredictionProblem, ...]] = []
        for image_key in image_keys:
            predictions, problems = self._reader.validate(data, file=key, image_key=image_key)
            if predictions is not None:
                accepted.append((image_key, predictions))
                continue
            refusals.append(tuple(problems))
            if len(image_keys) > 1 and problems[0].outcome is FileOutcome.PREDICTIONS_OTHER_IMAGE:
                for_others.append(image_key)
        tally.images_without_predictions += for_others
        if not accepted:
            # What is wrong besides the name is the same for all images; the shortest list is of the image it is for.
            tally.problems.append(min(refusals, key=len))
            return
        tally.valid += 1
        tally.empty += len(accepted[0][1]) == 0
        for image_key, predictions in accepted:
            self._count(image_key, predictions, tally, boxes)

    def _count(self, image_key: str, predictions: ImagePredictions, tally: FileTally, boxes: _BoxesBySize) -> None:
        tally.predictions += len(predictions)
        tally.categories.update(predictions.category_ids.tolist())
        found = predictions.boxes[np.isfinite(predictions.boxes).all(axis=1)]
        size = self._sizes.of(image_key)
        if size is None:
            tally.unjudged += len(found)
        elif len(found):
            boxes.setdefault(size, []).append(found)

    def judge(self, boxes_by_size: _BoxesBySize, tally: FileTally) -> None:
        """Count the boxes put aside by what would become of them."""
        for (width, height), parts in boxes_by_size.items():
            boxes = np.concatenate(parts)
            tally.evidence += box_format_evidence(boxes, np.array(width), np.array(height))
            for box_format in self._formats:
                outcomes = judge_boxes(to_corners(boxes, box_format), width=width, height=height)
                counts = np.bincount(outcomes, minlength=BoxOutcome.ZERO_AREA + 1)
                tally.outcomes.setdefault(box_format, Counter()).update(dict(enumerate(counts.tolist())))


def _unread(key: str, value: str, expected: str, *, hint: str = "") -> PredictionProblem:
    return PredictionProblem(
        outcome=FileOutcome.PREDICTIONS_INVALID, file=key, json_path="$", value=value, expected=expected, hint=hint
    )
