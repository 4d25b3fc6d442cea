"""What the strategies of a run ask about its units, answered once images and predictions have been looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from swath.core.candidates import CategoryValues, NumberValues, StrategyInput, StrategyValues, VectorValues
from swath.core.errors import InvalidConfig
from swath.core.outcomes import Finding
from swath.core.predictions import TaskSchema
from swath.core.scoring import OBJECT_FREQUENCY, ScoreColumns, image_score_names, prediction_score_names, side_by_side
from swath.pipeline.input_plan import InputPlan, input_of
from swath.pipeline.metadata_values import attached_categories, attached_numbers, measured
from swath.pipeline.prediction_columns import (
    PredictionColumns,
    categories_of_rows,
    category_totals,
    rows_of_images,
    scores_of_images,
    scores_of_rows,
)
from swath.pipeline.run_units import EarlierUnits, RunUnits
from swath.pipeline.task_reading import NamedTask
from swath.pipeline.wording import counted
from swath.wire.run_config import BalanceStrategy, MetadataInput, PredictionsInput, ScoresInput, Strategy


class StrategyInputs:
    """Answers what strategies ask about the units of a run, after images and predictions were looked at.

    `own` are the predictions of the run's own task, aligned with its table of objects, of which `used_rows` are
    candidates or were; `used_images` are the rows of images that can be used. `image_sizes` (I, 3) are width, height
    and bytes of all images, `crop_sizes` (U, 2) those of the units where they are objects.
    """

    def __init__(
        self,
        plan: InputPlan,
        *,
        units: RunUnits,
        earlier: EarlierUnits,
        own: PredictionColumns | None,
        used_rows: NDArray[np.int64],
        used_images: NDArray[np.int64],
        image_names: Sequence[str],
        image_sizes: NDArray[np.int64],
        crop_sizes: NDArray[np.int64],
    ) -> None:
        self._plan = plan
        self._units = units
        self.earlier = earlier
        self._own = own
        self._used_rows = used_rows
        self.used_images = used_images
        self._image_names = image_names
        self._image_sizes = image_sizes
        self._crop_sizes = crop_sizes

    def numbers_and_categories(self) -> list[StrategyValues | None]:
        """What each strategy needs to know besides vectors, in their order. Raises InvalidConfig for metadata that is
        of another kind."""
        return [
            self._values(strategy, f"selection.strategies[{number}]")
            for number, strategy in enumerate(self._plan.config.selection.strategies)
        ]

    def categories_for_limits(self) -> CategoryValues | None:
        """What the units have of the categories of the run's own task, as their predictions name them; for images of a
        run without one, of the first task that a strategy balances or counts."""
        if self._own is not None:
            return self._own_categories(self._own, with_shares=False)
        tasks = [
            given.task
            for strategy in self._plan.config.selection.strategies
            if isinstance(given := input_of(strategy), PredictionsInput)
        ]
        return None if not tasks or tasks[0] is None else self._categories_of_images(tasks[0], with_shares=False)

    def image_scores(self) -> ScoreColumns:
        """The scores of all images that can be used, by every task that was read."""
        found = [] if self._own is None else [scores_of_images(self._own, self.used_images, rows=self._used_rows)]
        for task in self._plan.tasks.values():
            columns = task.read_columns()
            values = self._of_known_images(task, self.used_images)
            found.append(ScoreColumns(names=_image_names_of(columns), values=values))
        return side_by_side(found, len(self.used_images))

    def findings(self) -> Iterator[Finding]:
        """What strategies were told that is not what the files say."""
        for task in dict.fromkeys(task for task, score in self._scores_asked() if score != OBJECT_FREQUENCY):
            columns, rows = self._columns_and_rows(task)
            derived = int(columns.scores.is_derived[rows].sum())
            unknown = int(columns.scores.is_unknown[rows].sum())
            plural = counted(len(rows), "prediction")
            if derived:
                yield Finding(
                    code="probabilities_derived",
                    severity="warning",
                    message=f"{derived:,} of {plural} of task `{task}` have no probabilities: their uncertainty "
                    "was derived from their score alone",
                    hint="write `probabilities` of all categories beside the score.",
                    count=derived,
                )
            if unknown:
                yield Finding(
                    code="scores_unknown",
                    severity="warning",
                    message=f"{unknown:,} of {plural} of task `{task}` say nothing about how sure they are: "
                    "they have no score for strategies",
                    count=unknown,
                )

    # --- by kind of input -------------------------------------------------------------------------------------------

    def _values(self, strategy: Strategy, place: str) -> StrategyValues | None:
        match input_of(strategy):
            case ScoresInput() as given:
                return self._scores(given, place)
            case MetadataInput() as given:
                if isinstance(strategy, BalanceStrategy):
                    return self._metadata_categories(given)
                return self._metadata_numbers(given, place)
            case PredictionsInput() as given:
                if isinstance(strategy, BalanceStrategy):
                    return self._distribution(given, place)
                return self._counts(given, place)
        return None

    def _scores(self, given: ScoresInput, place: str) -> NumberValues:
        task = self._plan.task_of(given, place)
        columns, _ = self._columns_and_rows(task)
        if task == self._plan.own_task:
            values, before = self._own_scores(columns, task, given)
        else:
            of_image = self._spread(task, given)
            values, before = of_image[self._units.image_of], _at(of_image, self.earlier.listed)
        return NumberValues(values=values, preselected=before)

    def _own_scores(
        self, columns: PredictionColumns, task: str, given: ScoresInput
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        units, earlier = self._units, self.earlier
        known = earlier.values
        if units.are_objects and given.score != OBJECT_FREQUENCY:
            return scores_of_rows(columns, units.rows).column(task, given.score), known.crop_scores.column(
                task, given.score
            )
        scores = scores_of_images(
            columns,
            self.used_images,
            rows=self._used_rows,
            frequency_penalty=given.frequency_penalty,
            min_score=given.min_score,
        ).column(task, given.score)
        of_unit = scores[np.searchsorted(self.used_images, units.image_of)]
        return of_unit, known.image_scores.column(task, given.score)[earlier.row_of_image]

    def _spread(self, task: str, given: ScoresInput) -> NDArray[np.float64]:
        """A score of another task for all images (I,) of the run, NaN where nothing is known."""
        named = self._plan.tasks[task]
        images = np.union1d(self.used_images, self.earlier.listed[self.earlier.listed >= 0])
        values = self._of_known_images(named, images, given)
        of_image = np.full(len(self._image_names), np.nan)
        of_image[images] = values[:, image_score_names(named.files.schema.task_type).index(given.score)]
        return of_image

    def _of_known_images(
        self, task: NamedTask, images: NDArray[np.int64], given: ScoresInput | None = None
    ) -> NDArray[np.float64]:
        """The scores (len(images), S) by a task, NaN for images that it says nothing of: they are not compared."""
        columns = task.read_columns()
        is_known = task.is_known()[images]
        values = np.full((len(images), len(image_score_names(columns.schema.task_type))), np.nan)
        usual = ScoresInput(score=OBJECT_FREQUENCY) if given is None else given
        values[is_known] = scores_of_images(
            columns, images[is_known], frequency_penalty=usual.frequency_penalty, min_score=usual.min_score
        ).values
        return values

    def _counts(self, given: PredictionsInput, place: str) -> NumberValues:
        task = self._plan.task_of(given, place)
        columns, _ = self._columns_and_rows(task)
        counts = _is_counted(columns.schema, given.categories)
        units, earlier = self._units, self.earlier
        if task == self._plan.own_task:
            values = np.bincount(units.unit_of_row, weights=counts[columns.category[units.rows]], minlength=len(units))
            return NumberValues(values=values.astype(np.float64), preselected=self._own_counts_before(columns, counts))
        of_image = np.bincount(
            columns.image_row, weights=counts[columns.category], minlength=len(self._image_names)
        ).astype(np.float64)
        of_image[~self._plan.tasks[task].is_known()] = np.nan
        return NumberValues(values=of_image[units.image_of], preselected=_at(of_image, earlier.listed))

    def _own_counts_before(self, columns: PredictionColumns, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """How many were counted of what earlier runs selected: one number for each unit."""
        known, earlier = self.earlier.values, self.earlier
        of_crop = np.append(counts, 0.0)[_places(columns.schema, known.category_ids)]
        if earlier.are_objects:
            return of_crop
        per_image = np.bincount(known.image_of_crop, weights=of_crop, minlength=len(known.file_names))
        return per_image[earlier.row_of_image].astype(np.float64)

    def _distribution(self, given: PredictionsInput, place: str) -> CategoryValues:
        task = self._plan.task_of(given, place)
        if task == self._plan.own_task and self._own is not None:
            return self._own_categories(self._own, with_shares=True)
        return self._categories_of_images(task, with_shares=True)

    def _own_categories(self, columns: PredictionColumns, *, with_shares: bool) -> CategoryValues:
        """What was selected before counts with the categories of its crops: their probabilities are not kept."""
        units, known = self._units, self.earlier.values
        places = _places(columns.schema, known.category_ids)
        return categories_of_rows(
            columns,
            units.rows,
            units.unit_of_row,
            len(units),
            with_shares=with_shares,
            preselected=np.bincount(
                columns.name_of_category()[places[places >= 0]], minlength=len(columns.names)
            ).astype(np.float64),
        )

    def _categories_of_images(self, task: str, *, with_shares: bool) -> CategoryValues:
        """What a unit's image has of the categories of another task."""
        columns = self._plan.tasks[task].read_columns()
        listed = self.earlier.listed[self.earlier.listed >= 0]
        # An image counts once for each of its crops, as it does for each of its candidates.
        times = np.bincount(listed, minlength=len(self._image_names))[columns.image_row]
        before = category_totals(columns, times.astype(np.float64), with_shares=with_shares)
        of_images = categories_of_rows(
            columns,
            np.arange(len(columns)),
            columns.image_row,
            len(self._image_names),
            with_shares=with_shares,
            preselected=before,
        )
        return _taken(of_images, self._units.image_of)

    def _metadata_numbers(self, given: MetadataInput, place: str) -> NumberValues:
        units, earlier = self._units, self.earlier
        if given.key in self._plan.measured_keys():
            return measured(given.key, units, earlier, image_sizes=self._image_sizes, crop_sizes=self._crop_sizes)
        return attached_numbers(
            given.key, self._plan.attached, units, earlier, image_names=self._image_names, place=place
        )

    def _metadata_categories(self, given: MetadataInput) -> CategoryValues:
        return attached_categories(
            given.key, self._plan.attached, self._units, self.earlier, image_names=self._image_names
        )

    # --- tasks ------------------------------------------------------------------------------------------------------

    def _columns_and_rows(self, task: str) -> tuple[PredictionColumns, NDArray[np.int64]]:
        if task == self._plan.own_task and self._own is not None:
            return self._own, self._used_rows
        columns = self._plan.tasks[task].read_columns()
        return columns, rows_of_images(columns, self.used_images)

    def _scores_asked(self) -> list[tuple[str, str]]:
        strategies = enumerate(self._plan.config.selection.strategies)
        inputs = [(number, input_of(strategy)) for number, strategy in strategies]
        return [
            (self._plan.task_of(given, f"selection.strategies[{number}]"), given.score)
            for number, given in inputs
            if isinstance(given, ScoresInput)
        ]


def refuse_unknown_scores(plan: InputPlan, own: PredictionColumns | None) -> None:
    """Raise InvalidConfig for a score that is asked for and that none of all predictions of its task has."""
    for number, strategy in enumerate(plan.config.selection.strategies):
        given, place = input_of(strategy), f"selection.strategies[{number}]"
        if not isinstance(given, ScoresInput) or given.score == OBJECT_FREQUENCY:
            continue
        task = plan.task_of(given, place)
        columns = own if own is not None and task == plan.own_task else plan.tasks[task].read_columns()
        if len(columns) and np.isnan(columns.score(given.score)).all():
            raise _nobody_knows(given, columns.schema, place)


def strategy_inputs(
    plan: InputPlan, values: Sequence[StrategyValues | None], vectors: Mapping[int, VectorValues]
) -> tuple[StrategyInput, ...]:
    """One input for each strategy: `vectors` are those of strategies, by number, that compare something else than the
    units' own."""
    return tuple(
        StrategyInput(values=vectors.get(number, value), query=plan.queries.get(number))
        for number, value in enumerate(values)
    )


def _image_names_of(columns: PredictionColumns) -> tuple[tuple[str, str], ...]:
    schema = columns.schema
    return tuple((schema.task_name, name) for name in image_score_names(schema.task_type))


def _at(values: NDArray[np.float64], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """The values at some rows, NaN at -1."""
    return np.append(values, np.nan)[rows]


def _taken(values: CategoryValues, units: NDArray[np.int64]) -> CategoryValues:
    """The categories of some units, which may come several times, in that order."""
    sizes = np.diff(values.starts)[units]
    ends = np.cumsum(sizes)
    entries = np.repeat(values.starts[units] - (ends - sizes), sizes) + np.arange(int(sizes.sum()))
    return CategoryValues(
        names=values.names,
        starts=np.concatenate([np.zeros(1, np.int64), ends]),
        categories=values.categories[entries],
        amounts=values.amounts[entries],
        preselected=values.preselected,
    )


def _places(schema: TaskSchema, category_ids: NDArray[np.int32]) -> NDArray[np.int64]:
    """Places in the schema, -1 for ids that an earlier schema had and this one has not."""
    place_of = {category.id: place for place, category in enumerate(schema.categories)}
    ids, place = np.unique(category_ids, return_inverse=True)
    found = np.array([place_of.get(number, -1) for number in ids.tolist()], dtype=np.int64)
    result: NDArray[np.int64] = found[place.reshape(-1)]
    return result


def _is_counted(schema: TaskSchema, categories: Sequence[str] | None) -> NDArray[np.float64]:
    """1 for the categories (C,) that count, by name; all of them if none are named."""
    return np.array([categories is None or category.name in categories for category in schema.categories], np.float64)


def _nobody_knows(given: ScoresInput, schema: TaskSchema, place: str) -> InvalidConfig:
    possible = set(image_score_names(schema.task_type)) - set(prediction_score_names(schema.task_type))
    also = f" Without, there is {', '.join(f'`{name}`' for name in sorted(possible))}." if possible else ""
    return InvalidConfig(
        f"`{place}.input.score`: no prediction of task `{schema.task_name}` has probabilities or a score, so nobody "
        f"knows its `{given.score}`",
        field=f"{place}.input.score",
        hint=f"write `probabilities`, or at least a `score`, into the prediction files.{also}",
    )
