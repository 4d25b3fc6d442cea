"""What has to be known for the strategies of a run, and that it can be: settled before hours of work, not after."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field

from swath.core.candidates import Vectors
from swath.core.earlier import AttachedValues
from swath.core.embeddings import EmbedderIdentity
from swath.core.errors import InvalidConfig
from swath.core.predictions import TYPES_WITH_BOXES, TaskSchema
from swath.core.scoring import image_score_names
from swath.pipeline.known_metadata import CROP_KEYS, IMAGE_KEYS
from swath.pipeline.metadata_files import MetadataFiles, find_metadata
from swath.pipeline.ports import Datasource, RunSession
from swath.pipeline.predictions import find_prediction_files
from swath.pipeline.task_reading import NamedTask
from swath.wire.run_config import (
    BalanceStrategy,
    EmbeddingsInput,
    MetadataInput,
    PredictionsInput,
    RunConfig,
    ScoresInput,
    SelectionUnit,
    SimilarityStrategy,
    Strategy,
)

NAMES_LISTED = 30


@dataclass(slots=True, kw_only=True, eq=False)
class InputPlan:
    """What has to be known for the strategies of a run, and that it can be.

    `tasks` are those besides the run's own, whose probabilities are needed `with_shares`; `with_images` says that
    vectors of full images are needed beside those of objects. `queries` are the vectors of similarities by the number
    of the strategy. `attached` is what people attached to images, `metadata` where more of it lies beside the images.
    """

    config: RunConfig
    tasks: dict[str, NamedTask] = field(default_factory=dict)
    with_shares: bool = False
    with_images: bool = False
    attached: AttachedValues = field(default_factory=lambda: AttachedValues(keys=(), of_image={}))
    metadata: MetadataFiles | None = None
    queries: dict[int, Vectors] = field(default_factory=dict)

    @property
    def own_task(self) -> str | None:
        return None if self.config.object_level is None else self.config.object_level.task_name

    @property
    def asks_about_earlier(self) -> bool:
        """Whether what earlier runs selected has to be known by more than its vectors."""
        inputs = [input_of(strategy) for strategy in self.config.selection.strategies]
        return self.with_images or any(
            isinstance(given, ScoresInput | PredictionsInput | MetadataInput) for given in inputs
        )

    @classmethod
    def make(
        cls,
        config: RunConfig,
        *,
        sources: Sequence[Datasource],
        schema: TaskSchema | None,
        session: RunSession,
        embedder: EmbedderIdentity,
    ) -> InputPlan:
        """The plan of a run, whose own task has this schema. Raises InvalidConfig, NotFound or Conflict by name."""
        plan = cls(config=config)
        for number, strategy in enumerate(config.selection.strategies):
            place = f"selection.strategies[{number}]"
            plan._add(strategy, place, sources, schema)
            if isinstance(strategy, SimilarityStrategy):
                plan.queries[number] = session.query_vectors(strategy.query.dataset, strategy.query.tag, embedder)
        for name in config.selection.quotas or {}:
            if schema is not None:
                _check_category(name, schema, "selection.quotas")
        plan._find_keys(session, sources)
        return plan

    def task_of(self, given: ScoresInput | PredictionsInput | EmbeddingsInput, place: str) -> str:
        """The task that an input is about: the one it names, else that of the run."""
        task = given.task or self.own_task
        if task is None:
            raise InvalidConfig(
                f"`{place}.input`: a run of whole images has no prediction task of its own",
                field=f"{place}.input.task",
                hint="name the task.",
            )
        return task

    def _add(self, strategy: Strategy, place: str, sources: Sequence[Datasource], schema: TaskSchema | None) -> None:
        given = input_of(strategy)
        if isinstance(given, EmbeddingsInput):
            self._add_vectors(given, place, sources)
        elif isinstance(given, ScoresInput | PredictionsInput):
            task = self.task_of(given, place)
            if task == self.own_task and schema is not None:
                known = schema
            else:
                known = self._find(task, place, sources).files.schema
            if isinstance(given, ScoresInput):
                _check_score(given, known, place)
                return
            for name in given.categories or ():
                _check_category(name, known, f"{place}.input.categories")
            if isinstance(strategy, BalanceStrategy):
                for name in strategy.target or {}:
                    _check_category(name, known, f"{place}.target")
                if task == self.own_task:
                    self.with_shares = True
                else:
                    self.tasks[task].with_shares = True

    def _add_vectors(self, given: EmbeddingsInput, place: str, sources: Sequence[Datasource]) -> None:
        if given.of == "images":
            self.with_images |= self.own_task is not None
        elif given.of == "objects":
            task = self.task_of(given, place)
            if task == self.own_task:
                return
            if self.config.selection.unit is SelectionUnit.OBJECTS:
                raise InvalidConfig(
                    f"`{place}.input.task`: objects of task `{task}` cannot be compared where those of "
                    f"`{self.own_task}` are selected",
                    field=f"{place}.input.task",
                    hint="select images (`selection.unit`), or leave `task` out.",
                )
            found = self._find(task, place, sources)
            if found.files.schema.task_type not in TYPES_WITH_BOXES:
                raise InvalidConfig(
                    f"`{place}.input.task`: task `{task}` is of type `{found.files.schema.task_type}`, which has no "
                    "objects with a box",
                    field=f"{place}.input.task",
                )
            found.with_objects = True

    def _find(self, task: str, place: str, sources: Sequence[Datasource]) -> NamedTask:
        if task not in self.tasks:
            files = find_prediction_files(sources, task, field=f"{place}.input.task", with_boxes=False)
            self.tasks[task] = NamedTask(files=files)
        return self.tasks[task]

    def measured_keys(self) -> tuple[str, ...]:
        """Keys of metadata that the run knows by itself."""
        return CROP_KEYS if self.config.selection.unit is SelectionUnit.OBJECTS else IMAGE_KEYS

    def keys_in_files(self) -> tuple[str, ...]:
        """The keys that strategies ask for and that files beside the images may have."""
        asked = {
            given.key
            for strategy in self.config.selection.strategies
            if isinstance(given := input_of(strategy), MetadataInput)
        }
        return tuple(sorted(asked & set(() if self.metadata is None else self.metadata.keys)))

    def _find_keys(self, session: RunSession, sources: Sequence[Datasource]) -> None:
        asked = {
            f"selection.strategies[{number}].input.key": given.key
            for number, strategy in enumerate(self.config.selection.strategies)
            if isinstance(given := input_of(strategy), MetadataInput)
        }
        known = self.measured_keys()
        if set(asked.values()) - set(known):
            self.metadata = find_metadata(sources)
            if session.target.image_samples:
                self.attached = session.attached_values(sorted(set(asked.values())))
        there = (*known, *self.attached.keys, *(() if self.metadata is None else self.metadata.keys))
        for place, key in asked.items():
            if key not in there:
                raise InvalidConfig(
                    f"`{place}`: nothing is known under `{key}`",
                    field=place,
                    hint=_choice(key, there, "known are"),
                )
        for number, strategy in enumerate(self.config.selection.strategies):
            given = input_of(strategy)
            if isinstance(strategy, BalanceStrategy) and isinstance(given, MetadataInput) and given.key in known:
                raise InvalidConfig(
                    f"`selection.strategies[{number}].input.key`: `{given.key}` is a number, which has no categories",
                    field=f"selection.strategies[{number}].input.key",
                    hint="`weights` and `threshold` take numbers.",
                )


def input_of(strategy: Strategy) -> object:
    """The input of a strategy, None for one that has none."""
    return getattr(strategy, "input", None)


def _check_score(given: ScoresInput, schema: TaskSchema, place: str) -> None:
    names = image_score_names(schema.task_type)
    if given.score not in names:
        raise InvalidConfig(
            f"`{place}.input.score`: task `{schema.task_name}` ({schema.task_type}) has no score `{given.score}`",
            field=f"{place}.input.score",
            hint=_choice(given.score, names, "its scores are"),
        )


def _check_category(name: str, schema: TaskSchema, place: str) -> None:
    names = [category.name for category in schema.categories]
    if name not in names:
        raise InvalidConfig(
            f"`{place}`: task `{schema.task_name}` has no category `{name}`",
            field=place,
            hint=_choice(name, names, "its categories are"),
        )


def _choice(name: str, names: Sequence[str], say: str) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    listed = ", ".join(f"`{known}`" for known in names[:NAMES_LISTED])
    more = ", …" if len(names) > NAMES_LISTED else ""
    return (f"did you mean `{close[0]}`? " if close else "") + f"{say} {listed}{more}."
