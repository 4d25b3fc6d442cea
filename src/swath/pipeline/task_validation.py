"""Reads every prediction file of one task and counts what is in them; keeps counters and problems, no predictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
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


SizeOf = Callable[[str], tuple[int, int] | None]
"""Width and height in pixels of the image of a key; None if it cannot be read."""


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
    reader = PredictionReader(schema, box_format=box_format)
    keys = sorted(key for key in file_bytes if key in images_of)

    def read_chunk(chunk: Sequence[str]) -> tuple[FileTally, int]:
        readings = (read_prediction_file(reader, key, file_bytes[key], images_of[key], source=source) for key in chunk)
        return tally_readings(readings, size_of=sizes.of, box_format=box_format), len(chunk)

    is_distant = source.concurrency > 1
    size = DISTANT_FILES_PER_CHUNK if is_distant else FILES_PER_CHUNK
    chunks = [keys[start : start + size] for start in range(0, len(keys), size)]
    workers = source.concurrency if is_distant else threads
    with ThreadPoolExecutor(workers, thread_name_prefix="swath-validate") as pool:
        for tally, count in pool.map(read_chunk, chunks):
            on_done(tally, count)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReading:
    """What one prediction file says about the images it could be for."""

    accepted: tuple[tuple[str, ImagePredictions], ...]  # image keys with their predictions
    problems: tuple[PredictionProblem, ...] = ()  # why it is valid for none of its images
    for_others: tuple[str, ...] = ()  # images that share its name and are not the one it is for


def read_prediction_file(
    reader: PredictionReader, key: str, size: int, image_keys: Sequence[str], *, source: Datasource
) -> FileReading:
    """Read one file of `size` bytes and judge it for each of its images. Raises nothing for what is wrong with it."""
    if size > MAX_PREDICTION_BYTES:
        return _unread(key, f"{size:,} bytes", f"at most {MAX_PREDICTION_BYTES:,} bytes")
    try:
        data = source.read(key)
    except (NotFound, SourceUnavailable) as exc:
        return _unread(key, exc.message, "a file that can be read", hint=exc.hint)
    accepted: list[tuple[str, ImagePredictions]] = []
    for_others: list[str] = []
    refusals: list[tuple[PredictionProblem, ...]] = []
    for image_key in image_keys:
        predictions, problems = reader.validate(data, file=key, image_key=image_key)
        if predictions is not None:
            accepted.append((image_key, predictions))
            continue
        refusals.append(tuple(problems))
        if len(image_keys) > 1 and problems[0].outcome is FileOutcome.PREDICTIONS_OTHER_IMAGE:
            for_others.append(image_key)
    return FileReading(
        accepted=tuple(accepted),
        # What is wrong besides the name is the same for all images; the shortest list is of the image it is for.
        problems=() if accepted else min(refusals, key=len),
        for_others=tuple(for_others),
    )


def _unread(key: str, value: str, expected: str, *, hint: str = "") -> FileReading:
    problem = PredictionProblem(
        outcome=FileOutcome.PREDICTIONS_INVALID, file=key, json_path="$", value=value, expected=expected, hint=hint
    )
    return FileReading(accepted=(), problems=(problem,))


_BoxesBySize = dict[tuple[int, int], list[NDArray[np.float64]]]
"""Boxes by width and height of their image: most images are of few sizes, and columns are judged at once."""


def tally_readings(readings: Iterable[FileReading], *, size_of: SizeOf, box_format: BoxFormat) -> FileTally:
    """Count what was read, and the boxes by what would become of them in images of these sizes."""
    tally = FileTally()
    boxes: _BoxesBySize = {}
    for reading in readings:
        tally.images_without_predictions += reading.for_others
        if not reading.accepted:
            tally.problems.append(reading.problems)
            continue
        tally.valid += 1
        tally.empty += len(reading.accepted[0][1]) == 0
        for image_key, predictions in reading.accepted:
            _count(image_key, predictions, size_of, tally, boxes)
    _judge(boxes, box_format, tally)
    return tally


def _count(
    image_key: str, predictions: ImagePredictions, size_of: SizeOf, tally: FileTally, boxes: _BoxesBySize
) -> None:
    tally.predictions += len(predictions)
    tally.categories.update(predictions.category_ids.tolist())
    found = predictions.boxes[np.isfinite(predictions.boxes).all(axis=1)]
    size = size_of(image_key)
    if size is None:
        tally.unjudged += len(found)
    elif len(found):
        boxes.setdefault(size, []).append(found)


def _judge(boxes_by_size: _BoxesBySize, box_format: BoxFormat, tally: FileTally) -> None:
    # Which format `auto` means is known only after the last file, and boxes are not kept until then.
    formats = (BoxFormat.XYWH, BoxFormat.XYXY) if box_format is BoxFormat.AUTO else (box_format,)
    for (width, height), parts in boxes_by_size.items():
        boxes = np.concatenate(parts)
        tally.evidence += box_format_evidence(boxes, np.array(width), np.array(height))
        for one in formats:
            outcomes = judge_boxes(to_corners(boxes, one), width=width, height=height)
            counts = np.bincount(outcomes, minlength=BoxOutcome.ZERO_AREA + 1)
            tally.outcomes.setdefault(one, Counter()).update(dict(enumerate(counts.tolist())))
