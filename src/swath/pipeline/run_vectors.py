"""The vectors of a run: one matrix, so that one pass over the images fills it; parts of it are of different things."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from swath.core.embeddings import STORED_DTYPE
from swath.core.objects import BoxOutcome, ObjectTable
from swath.core.outcomes import FileOutcome
from swath.pipeline.image_pass import PlanCrops, plan_objects, plan_together, plan_whole_image
from swath.pipeline.image_work import ImageWork
from swath.pipeline.judging import NO_FILTERS, ObjectRules
from swath.pipeline.ports import Embedder
from swath.pipeline.task_reading import NamedTask


class RunVectors:
    """`own` are the vectors of what a run compares: the objects of its table, or its images without one.

    Beside them may be those of full images and those of the objects of named tasks.
    """

    def __init__(
        self,
        embedder: Embedder,
        works: Sequence[ImageWork],
        *,
        table: ObjectTable | None,
        rules: ObjectRules,
        task_name: str,
        tasks: Sequence[NamedTask] = (),
        with_images: bool = False,
    ) -> None:
        plans: list[PlanCrops] = []
        if table is None:
            plans.append(plan_whole_image(embedder))
        else:
            plans.append(plan_objects(table, task_name=task_name, rules=rules, embedder=embedder))
        rows = self.own_count = len(works) if table is None else len(table)
        self._images = slice(0, rows)
        if with_images and table is not None:
            plans.append(plan_whole_image(embedder, first_row=rows))
            self._images = slice(rows, rows + len(works))
            rows += len(works)
        self._tasks: dict[str, slice] = {}
        self._tables: dict[str, ObjectTable] = {}
        for task in tasks:
            if task.table is None:
                continue
            plans.append(
                plan_objects(
                    task.table,
                    task_name=task.name,
                    rules=NO_FILTERS,
                    embedder=embedder,
                    works=task.works,
                    first_row=rows,
                )
            )
            self._tasks[task.name] = slice(rows, rows + len(task.table))
            self._tables[task.name] = task.table
            rows += len(task.table)
        self.plan = plan_together(plans)
        self.matrix = np.zeros((rows, embedder.identity.dimension), dtype=STORED_DTYPE)

    @property
    def own(self) -> NDArray[np.float16]:
        return self.matrix[: self.own_count]

    @property
    def of_images(self) -> NDArray[np.float16]:
        """One (I, D) for each image of the run."""
        return self.matrix[self._images]

    def of_task(self, name: str) -> tuple[ObjectTable, NDArray[np.float16]]:
        """The objects of a named task, and their vectors."""
        return self._tables[name], self.matrix[self._tasks[name]]

    def settle(self, works: Sequence[ImageWork]) -> None:
        """Now that the pass is over: objects of images that are not used are nobody's."""
        is_used = np.array([work.outcome is FileOutcome.USED for work in works], dtype=np.bool_)
        for table in self._tables.values():
            table.outcome[~is_used[table.image_row]] = BoxOutcome.PENDING
