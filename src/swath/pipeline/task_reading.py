"""Prediction tasks that strategies name besides the one whose objects a run selects: their files, read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from swath.core.boxes import BoxFormat
from swath.core.errors import RunFailed
from swath.core.objects import ObjectTable
from swath.core.outcomes import MAX_EXAMPLES, FileOutcome, Finding
from swath.pipeline.image_pass import Machinery, decide_box_format
from swath.pipeline.image_work import ImageWork
from swath.pipeline.prediction_columns import PredictionColumns, columns_of
from swath.pipeline.predictions import PredictionFiles, build_object_table, read_predictions
from swath.pipeline.wording import counted

REASONS_SHOWN = 3


@dataclass(slots=True, kw_only=True, eq=False)
class NamedTask:
    """A task and where its files lie; what they say once they were read.

    `works` are of the same images as those of the run, row by row, with outcomes and predictions of this task.
    """

    files: PredictionFiles
    with_shares: bool = False  # probabilities are asked for
    with_objects: bool = False  # vectors of its objects are
    works: list[ImageWork] = field(default_factory=list)
    columns: PredictionColumns | None = None
    table: ObjectTable | None = None

    @property
    def name(self) -> str:
        return self.files.schema.task_name

    def read_columns(self) -> PredictionColumns:
        if self.columns is None:
            raise AssertionError(f"task `{self.name}` was not read")
        return self.columns

    def is_known(self) -> NDArray[np.bool_]:
        """Of which images (I,) there are predictions that can be used."""
        return np.array([work.predictions is not None for work in self.works], dtype=np.bool_)


def read_task(
    task: NamedTask,
    works: Sequence[ImageWork],
    wanted: NDArray[np.bool_],
    *,
    machinery: Machinery,
    box_format: BoxFormat,
    on_done: Callable[[int], None],
) -> None:
    """Read the files of the `wanted` images (I,). Raises RunFailed if there are some, and none of them can be used."""
    task.works = [ImageWork(row=work.row, entry=work.entry, known=work.known) for work in works]
    for work, is_wanted in zip(task.works, wanted.tolist(), strict=True):
        if not is_wanted:
            work.end(FileOutcome.ALREADY_USED)
    read_predictions(
        task.works,
        task.files,
        box_format=box_format,
        used={},
        index=machinery.index,
        threads=machinery.threads,
        on_done=on_done,
        with_shares=task.with_shares,
    )
    for work in task.works:
        works[work.row].changed += work.changed
    if wanted.any() and not task.is_known().any():
        raise _all_bad(task, [work for work in task.works if wanted[work.row]])
    if task.with_objects:
        decided = decide_box_format(box_format, task.works, source=machinery.source, codec=machinery.codec)
        task.table = build_object_table(task.works, box_format=decided)
    task.columns = columns_of(task.works, task.files.schema)


def about_task(task: NamedTask, used: NDArray[np.int64]) -> Iterator[Finding]:
    """Images that are used (rows) without anything known of them by this task."""
    lacking = [work for work in (task.works[row] for row in used.tolist()) if work.predictions is None]
    if lacking:
        yield Finding(
            code="task_predictions_lacking",
            severity="warning",
            message=f"{len(lacking):,} of {counted(len(used), 'image')} have no predictions of task `{task.name}` that "
            "can be used: nothing is known of them by it",
            examples=tuple(map(_line, lacking[:MAX_EXAMPLES])),
            count=len(lacking),
        )


def about_earlier_objects(tasks: Iterable[NamedTask], earlier_images: int) -> Iterator[Finding]:
    """Images that earlier runs selected and whose objects of a task cannot be compared with."""
    for task in tasks:
        if task.with_objects and earlier_images:
            yield Finding(
                code="earlier_objects_unknown",
                severity="info",
                message=f"nothing was compared with the objects of task `{task.name}` in the "
                f"{counted(earlier_images, 'image')} that earlier runs selected: their vectors were not kept",
                count=earlier_images,
            )


def _all_bad(task: NamedTask, works: Sequence[ImageWork]) -> RunFailed:
    reasons = "; ".join(map(_line, works[:REASONS_SHOWN]))
    return RunFailed(
        f"None of {counted(len(works), 'image')} has predictions of task `{task.name}` that can be used. "
        f"First reasons: {reasons}",
        hint=f"`swath validate` lists every bad file; or leave out the strategies that need task `{task.name}`.",
    )


def _line(work: ImageWork) -> str:
    return f"{work.key}: {work.reason.splitlines()[0]}" if work.reason else work.key
