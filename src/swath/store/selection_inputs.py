"""What the strategies of a selection run read: found and checked when the run is asked for, read when it is done.

Which samples are read is settled then. What is known of them, vectors and metadata, predictions and scores, is read as
it is when a worker takes the run up: nobody keeps a second copy of that.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.candidates import CategoryPage, InputPage, NumberPage, VectorPage
from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.store.datasets import Dataset, DatasetKind, dataset_by_id
from swath.store.embedders import embedder_by_id
from swath.store.hints import near_names
from swath.store.home import Home
from swath.store.metadata_columns import score_key
from swath.store.scores import covering_scores, score_names, scores_of_samples
from swath.store.selection_categories import check_categories, count_of, sample_categories, task_of
from swath.store.selection_numbers import categories_under, numbers_under, stored_scores, unknown_key
from swath.store.selection_queries import check_query_embedder, find_query
from swath.store.selection_vectors import (
    has_objects,
    image_dataset_of,
    image_page,
    object_datasets,
    object_page,
)
from swath.store.selections import create_selection, selected_members
from swath.store.tags import tag_members
from swath.wire.run_config import (
    BalanceStrategy,
    EmbeddingsInput,
    MetadataInput,
    PredictionsInput,
    RandomInput,
    RandomStrategy,
    ScoresInput,
    SelectionConfig,
    SimilarityStrategy,
    Strategy,
    ThresholdStrategy,
    WeightsStrategy,
)
from swath.wire.selection_run import SettledInput, SettledObjects, SettledQuery, SettledScores


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleSet:
    """Samples (M,) of a dataset that a strategy reads."""

    dataset_id: str
    members: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlannedInput:
    """What a strategy reads, before its samples are kept as stored selections."""

    task: str | None = None
    score_set_id: str | None = None
    scored: SampleSet | None = None
    objects: tuple[SettledObjects, ...] = ()
    query: SampleSet | None = None


def plan_inputs(
    connection: Connection,
    dataset: Dataset,
    selection: SelectionConfig,
    candidates: NDArray[np.int64],
    *,
    owner_id: str,
) -> tuple[PlannedInput, ...]:
    """What each strategy of a selection among some samples (n,) of a dataset reads, looked at and found usable.

    Raises InvalidConfig that names the field, NotFound for tasks, datasets and tags that are not there or not seen by
    the user, Conflict for vectors that are not there or cannot be compared.
    """
    planned = tuple(
        _Planner(connection, dataset, candidates, owner_id, f"selection.strategies[{number}]").plan(strategy)
        for number, strategy in enumerate(selection.strategies)
    )
    if selection.quotas:
        check_categories(connection, dataset, selection.quotas, task=dataset.task, field="selection.quotas")
    return planned


def keep_inputs(
    connection: Connection, planned: tuple[PlannedInput, ...], *, owner_id: str
) -> tuple[SettledInput, ...]:
    """Settle what strategies read: their samples become stored selections. Raises NotFound for a dataset that was
    deleted meanwhile."""

    def kept(samples: SampleSet) -> str:
        return create_selection(
            connection, dataset_id=samples.dataset_id, user_id=owner_id, selector=None, members=samples.members
        ).id

    return tuple(
        SettledInput(
            task=one.task,
            objects=one.objects,
            scores=None
            if one.scored is None or one.score_set_id is None
            else SettledScores(score_set_id=one.score_set_id, selection_id=kept(one.scored)),
            query=None
            if one.query is None
            else SettledQuery(dataset_id=one.query.dataset_id, selection_id=kept(one.query)),
        )
        for one in planned
    )


class _Planner:
    """Finds out what one strategy reads; `place` is where it stands in the request."""

    def __init__(
        self, connection: Connection, dataset: Dataset, candidates: NDArray[np.int64], owner_id: str, place: str
    ) -> None:
        self._connection = connection
        self._dataset = dataset
        self._candidates = candidates
        self._owner_id = owner_id
        self._place = place

    def plan(self, strategy: Strategy) -> PlannedInput:
        match strategy:
            case RandomStrategy():
                return PlannedInput()
            case BalanceStrategy():
                return self._balance(strategy)
            case WeightsStrategy() | ThresholdStrategy():
                return self._numbers(strategy)
            case SimilarityStrategy():
                return self._vectors(strategy.input, strategy)
        return self._vectors(strategy.input, None)

    def _balance(self, strategy: BalanceStrategy) -> PlannedInput:
        if isinstance(strategy.input, PredictionsInput):
            task = self._task(strategy.input)
            self._check_categories(strategy.target or (), task, f"{self._place}.target")
            return PlannedInput(task=task)
        page = categories_under(
            self._connection, self._dataset, strategy.input.key, self._candidates, field=f"{self._place}.input.key"
        )
        if not len(page.categories):
            raise self._unknown_key(strategy.input)
        return PlannedInput()

    def _numbers(self, strategy: WeightsStrategy | ThresholdStrategy) -> PlannedInput:
        match strategy.input:
            case RandomInput():
                return PlannedInput()
            case PredictionsInput():
                task = self._task(strategy.input)
                self._check_categories(strategy.input.categories or (), task, f"{self._place}.input.categories")
                return PlannedInput(task=task)
            case MetadataInput():
                if np.isnan(self._numbers_under(strategy.input.key, "key")).all():
                    raise self._unknown_key(strategy.input)
                return PlannedInput()
            case ScoresInput():
                return self._scores(strategy.input)

    def _scores(self, wanted: ScoresInput) -> PlannedInput:
        """Of a task; without one, those that were uploaded, else of the only task that has such scores."""
        self._check_parameters(wanted)
        connection, dataset = self._connection, self._dataset
        if wanted.task is None:
            found = covering_scores(connection, dataset.id, wanted.score, self._candidates)
            if found is not None:
                scored = SampleSet(dataset_id=dataset.id, members=found[1])
                return PlannedInput(score_set_id=found[0].id, scored=scored)
        stored = stored_scores(connection, dataset, self._candidates)
        tasks = {task for task, score in stored if score == wanted.score}
        task = wanted.task or dataset.task or (tasks.pop() if len(tasks) == 1 else None)
        if task is not None and not np.isnan(self._numbers_under(score_key(task, wanted.score), "score")).all():
            return PlannedInput(task=task)
        raise self._no_scores(wanted, stored)

    def _no_scores(self, wanted: ScoresInput, stored: set[tuple[str, str]]) -> InvalidConfig:
        """The error for scores that are not there, or are of several tasks, with those that are."""
        field = f"{self._place}.input.score"
        of_task = "" if wanted.task is None else f" of task `{wanted.task}`"
        tasks = sorted(task for task, score in stored if score == wanted.score)
        if wanted.task is None and len(tasks) > 1:
            return InvalidConfig(
                f"`{field}`: there are scores `{wanted.score}` of {len(tasks)} tasks: which are meant must be said",
                field=f"{self._place}.input.task",
                hint=near_names("", tasks, "task"),
            )
        uploaded = score_names(self._connection, self._dataset.id)
        if wanted.score in uploaded and wanted.task is None:
            return InvalidConfig(
                f"`{field}`: the scores `{wanted.score}` that were uploaded are not of all samples to choose from, or "
                "their tag was changed since",
                field=field,
                hint="Upload scores of all of them, or choose among the samples that have some.",
            )
        there = [f"{score} (of task {task})" for task, score in sorted(stored)]
        there += [f"{score} (uploaded)" for score in uploaded]
        return InvalidConfig(
            f"`{field}`: there are no scores `{wanted.score}`{of_task} of the samples to choose from",
            field=field,
            hint=near_names(wanted.score, there, "score"),
        )

    def _check_parameters(self, wanted: ScoresInput) -> None:
        """Scores that are kept were computed by the run that added the samples."""
        for name in ("frequency_penalty", "min_score"):
            value, usual = getattr(wanted, name), ScoresInput.model_fields[name].default
            if value != usual:
                field = f"{self._place}.input.{name}"
                raise InvalidConfig(
                    f"`{field}`: the scores of samples that are there are kept as runs computed them, with `{usual}`, "
                    f"got `{value}`",
                    field=field,
                    hint="Leave it out, or set it for a run on the datasource.",
                )

    def _vectors(self, wanted: EmbeddingsInput, similarity: SimilarityStrategy | None) -> PlannedInput:
        compared = self._dataset
        objects: tuple[SettledObjects, ...] = ()
        task: str | None = None
        if _compares_objects_of_images(self._dataset, wanted):
            compared, objects, task = self._objects(wanted)
        elif wanted.of == "objects":
            task_of(self._connection, self._dataset, wanted.task, field=f"{self._place}.input.task")
        elif _compares_images_of_crops(self._dataset, wanted):
            compared = image_dataset_of(self._connection, self._dataset)
            if compared.embedder_id is None:
                raise Conflict(
                    f"`{self._place}.input.of`: image dataset `{compared.name}` has no embeddings to compare by",
                    hint="Upload embeddings of all its samples, or compare the crops.",
                )
        query = None if similarity is None else self._query(similarity, compared)
        return PlannedInput(task=task, objects=objects, query=query)

    def _objects(self, wanted: EmbeddingsInput) -> tuple[Dataset, tuple[SettledObjects, ...], str | None]:
        found = object_datasets(self._connection, self._dataset, wanted.task, field=f"{self._place}.input.task")
        objects = tuple(SettledObjects(dataset_id=one.id, samples=one.sample_count) for one in found)
        if not has_objects(self._connection, self._dataset.id, objects, self._candidates):
            names = ", ".join(f"`{one.name}`" for one in found)
            raise Conflict(
                f"`{self._place}.input.of`: none of the {len(self._candidates):,} images to choose from has a crop in "
                f"{names}",
                hint="Choose among other images, or compare whole images.",
            )
        return found[0], objects, found[0].task

    def _query(self, similarity: SimilarityStrategy, compared: Dataset) -> SampleSet:
        dataset, tag = find_query(self._connection, similarity.query.dataset, similarity.query.tag, self._owner_id)
        assert compared.embedder_id is not None, f"dataset {compared.id} without embeddings"
        check_query_embedder(self._connection, dataset, embedder_by_id(self._connection, compared.embedder_id))
        return SampleSet(dataset_id=dataset.id, members=tag_members(self._connection, tag))

    def _task(self, wanted: PredictionsInput) -> str:
        return task_of(self._connection, self._dataset, wanted.task, field=f"{self._place}.input.task")

    def _check_categories(self, names: Collection[str], task: str, field: str) -> None:
        check_categories(self._connection, self._dataset, names, task=task, field=field)

    def _numbers_under(self, key: str, name: str) -> NDArray[np.float64]:
        field = f"{self._place}.input.{name}"
        return numbers_under(self._connection, self._dataset, key, self._candidates, field=field)

    def _unknown_key(self, wanted: MetadataInput) -> InvalidConfig:
        field = f"{self._place}.input.key"
        return unknown_key(self._connection, self._dataset, wanted.key, self._candidates, field=field)


def read_input(
    connection: Connection,
    home: Home,
    dataset: Dataset,
    strategy: Strategy,
    settled: SettledInput,
    indices: NDArray[np.int64],
    *,
    place: str,
    most_rows: int | None = None,
    is_checked: bool = False,
) -> tuple[InputPage | None, int]:
    """What a strategy has to know of some samples (n,), ascending, and of how many of them: vectors, of which a sample
    may have many, are of the first ones until there are `most_rows`. None where it has to know nothing.

    `place` is where the strategy stands in a request. With `is_checked` vectors are not compared with their
    checksums. Raises InvalidConfig for metadata that cannot be used any more, SourceUnavailable for damaged vectors.
    """
    match strategy:
        case RandomStrategy():
            page: InputPage | None = None
        case BalanceStrategy():
            page = _read_categories(connection, dataset, strategy, settled, indices, place)
        case WeightsStrategy() | ThresholdStrategy():
            page = _read_numbers(connection, dataset, strategy, settled, indices, place)
        case _ if _compares_objects_of_images(dataset, strategy.input):
            found = object_page(
                connection,
                home,
                dataset.id,
                settled.objects,
                indices,
                most_rows=most_rows,
                is_checked=is_checked,
            )
            return found, found.unit_count
        case _ if _compares_images_of_crops(dataset, strategy.input):
            page = image_page(connection, home, dataset, indices, is_checked=is_checked)
        case _:
            page = None
    return page, len(indices)


def _read_categories(
    connection: Connection,
    dataset: Dataset,
    strategy: BalanceStrategy,
    settled: SettledInput,
    indices: NDArray[np.int64],
    place: str,
) -> CategoryPage:
    if isinstance(strategy.input, PredictionsInput):
        return sample_categories(connection, dataset, indices, task=settled.task)
    field = f"{place}.input.key"
    # Categories that are wanted are there, whether or not any sample is of them.
    return categories_under(
        connection, dataset, strategy.input.key, indices, field=field, names=tuple(strategy.target or ())
    )


def _read_numbers(
    connection: Connection,
    dataset: Dataset,
    strategy: WeightsStrategy | ThresholdStrategy,
    settled: SettledInput,
    indices: NDArray[np.int64],
    place: str,
) -> NumberPage | None:
    match strategy.input:
        case RandomInput():
            return None
        case PredictionsInput():
            found = sample_categories(connection, dataset, indices, task=settled.task)
            values = count_of(found, strategy.input.categories)
        case MetadataInput():
            values = numbers_under(connection, dataset, strategy.input.key, indices, field=f"{place}.input.key")
        case ScoresInput() if settled.scores is not None:
            members = selected_members(connection, settled.scores.selection_id)
            values = scores_of_samples(connection, settled.scores.score_set_id, members, indices)
        case ScoresInput():
            key = score_key(settled.task or "", strategy.input.score)
            values = numbers_under(connection, dataset, key, indices, field=f"{place}.input.score")
    return NumberPage(values=values)


def _compares_objects_of_images(dataset: Dataset, wanted: EmbeddingsInput) -> bool:
    return dataset.kind is DatasetKind.IMAGES and wanted.of == "objects"


def _compares_images_of_crops(dataset: Dataset, wanted: EmbeddingsInput) -> bool:
    return dataset.kind is DatasetKind.CROPS and wanted.of == "images"


def check_query(connection: Connection, dataset: Dataset, strategy: SimilarityStrategy, settled: SettledInput) -> None:
    """Raise Conflict if the vectors of a query cannot be compared any more, and NotFound if either side is gone."""
    compared_id, query_id = dataset.id, None if settled.query is None else settled.query.dataset_id
    if _compares_objects_of_images(dataset, strategy.input):
        compared_id = settled.objects[0].dataset_id
    elif _compares_images_of_crops(dataset, strategy.input):
        compared_id = dataset.parent_id or ""
    compared, query = dataset_by_id(connection, compared_id), dataset_by_id(connection, query_id or "")
    if compared is None or query is None or compared.embedder_id is None:
        raise NotFound("what a similarity compares is not there any more", hint="Ask for the selection again.")
    check_query_embedder(connection, query, embedder_by_id(connection, compared.embedder_id))


def query_page(vectors: NDArray[np.float16]) -> VectorPage:
    """Vectors that belong to no sample but themselves."""
    return VectorPage(vectors=vectors, unit_of_row=np.arange(len(vectors)), unit_count=len(vectors))
