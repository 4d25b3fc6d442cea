"""What the predictions of a task say, of all images at hand: in columns, and what follows for whole images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.candidates import CategoryValues
from swath.core.predictions import TaskSchema
from swath.core.scoring import (
    OBJECT_FREQUENCY,
    UNCERTAINTIES,
    PredictionScores,
    ScoreColumns,
    Shares,
    image_score_names,
    image_scores,
    object_frequency,
    prediction_score_names,
    score_predictions,
)
from swath.pipeline.image_work import ImageWork


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PredictionColumns:
    """Row i of every column is the same prediction; those of an image stand together, in the order of its file.

    `shares` are the probabilities that are given, None where none are needed: the category of a prediction counts.
    """

    schema: TaskSchema
    image_row: NDArray[np.int64]  # (N,) into the images of the run
    category: NDArray[np.int32]  # (N,) place among the categories of the schema
    scores: PredictionScores
    pixels: NDArray[np.float64]  # (N,) that a mask covers
    shares: Shares | None

    def __len__(self) -> int:
        return len(self.image_row)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the categories, each once: two may be called the same and count as one then."""
        return tuple(dict.fromkeys(category.name for category in self.schema.categories))

    def name_of_category(self) -> NDArray[np.int32]:
        """Place in `names` of every category of the schema."""
        place_of = {name: place for place, name in enumerate(self.names)}
        return np.array([place_of[category.name] for category in self.schema.categories], dtype=np.int32)

    def score(self, name: str) -> NDArray[np.float64]:
        """A score (N,) of every prediction."""
        return self.scores.values[:, prediction_score_names(self.schema.task_type).index(name)]


def columns_of(works: Sequence[ImageWork], schema: TaskSchema) -> PredictionColumns:
    """The columns of all images that have predictions, in the order of the works, as in their object table."""
    found = [(work, work.predictions) for work in works if work.predictions is not None]
    counts = [len(predictions) for _, predictions in found]
    place_of = {category.id: place for place, category in enumerate(schema.categories)}
    ids = np.concatenate([np.zeros(0, np.int32), *(predictions.category_ids for _, predictions in found)])
    kinds, kind = np.unique(ids, return_inverse=True)
    places = np.array([place_of[category] for category in kinds.tolist()], dtype=np.int32)
    total = sum(counts)
    uncertainties = np.full((total, len(UNCERTAINTIES)), np.nan)
    keypoints, pixels = np.full(total, np.nan), np.zeros(total)
    start = 0
    for (work, _), count in zip(found, counts, strict=True):
        if work.details is not None:
            rows = slice(start, start + count)
            uncertainties[rows] = work.details.uncertainties
            keypoints[rows] = work.details.keypoints
            pixels[rows] = work.details.pixels
        start += count
    scores = np.concatenate([np.zeros(0), *(predictions.scores for _, predictions in found)])
    return PredictionColumns(
        schema=schema,
        image_row=np.repeat(np.array([work.row for work, _ in found], dtype=np.int64), counts),
        category=places[kind].astype(np.int32),
        scores=score_predictions(schema, scores=scores, uncertainties=uncertainties, keypoints=keypoints),
        pixels=pixels,
        shares=_joined([None if work.details is None else work.details.shares for work, _ in found], counts),
    )


def _joined(shares: Sequence[Shares | None], counts: Sequence[int]) -> Shares | None:
    if all(one is None for one in shares):
        return None
    sizes = [
        np.zeros(count, np.int64) if one is None else np.diff(one.starts)
        for one, count in zip(shares, counts, strict=True)
    ]
    given = [one for one in shares if one is not None]
    return Shares(
        starts=np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(sizes))]),
        categories=np.concatenate([one.categories for one in given]),
        amounts=np.concatenate([one.amounts for one in given]),
    )


def scores_of_images(
    columns: PredictionColumns,
    images: NDArray[np.int64],
    *,
    rows: NDArray[np.int64] | None = None,
    frequency_penalty: float = 0.25,
    min_score: float = 0.9,
) -> ScoreColumns:
    """Every score of a task (I, S) for the images with these rows (I,), ascending, by the predictions in `rows`.

    Without `rows` all predictions count. How many objects there are is compared among these images.
    """
    task = columns.schema.task_type
    of_them = _rows_within(columns, images, rows)
    image_of = np.searchsorted(images, columns.image_row[of_them])
    values = image_scores(
        task, columns.scores.values[of_them], columns.pixels[of_them], image_of, image_count=len(images)
    )
    names = image_score_names(task)
    if OBJECT_FREQUENCY in names:
        frequency = object_frequency(
            image_of,
            columns.category[of_them],
            image_count=len(images),
            frequency_penalty=frequency_penalty,
            min_score=min_score,
        )
        values = np.concatenate([values, frequency[:, np.newaxis]], axis=1)
    return ScoreColumns(names=tuple((columns.schema.task_name, name) for name in names), values=values)


def scores_of_rows(columns: PredictionColumns, rows: NDArray[np.int64]) -> ScoreColumns:
    """Every score (R, S) of single predictions."""
    names = prediction_score_names(columns.schema.task_type)
    return ScoreColumns(
        names=tuple((columns.schema.task_name, name) for name in names), values=columns.scores.values[rows]
    )


def categories_of_rows(
    columns: PredictionColumns,
    rows: NDArray[np.int64],
    unit_of_row: NDArray[np.int64],
    unit_count: int,
    *,
    with_shares: bool,
    preselected: NDArray[np.float64],
) -> CategoryValues:
    """What units have of each category: the sum over their predictions `rows` (R,), which are of `unit_of_row` (R,).

    With shares a prediction counts with its probabilities where it has any, else as one of its category.
    """
    owner, category, amount = _entries(columns, rows, with_shares)
    names = columns.names
    cell = unit_of_row[owner] * len(names) + columns.name_of_category()[category]
    cells, place = np.unique(cell, return_inverse=True)
    sizes = np.bincount(cells // len(names), minlength=unit_count)
    return CategoryValues(
        names=names,
        starts=np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)]),
        categories=(cells % len(names)).astype(np.int32),
        amounts=np.bincount(place.reshape(-1), weights=amount, minlength=len(cells)).astype(np.float64),
        preselected=preselected,
    )


def category_totals(
    columns: PredictionColumns, weights: NDArray[np.float64], *, with_shares: bool
) -> NDArray[np.float64]:
    """How much there is of each of `columns.names` (C,) in all predictions, each as often as its weight (N,) says."""
    rows = np.flatnonzero(weights)
    owner, category, amount = _entries(columns, rows, with_shares)
    return np.bincount(
        columns.name_of_category()[category], weights=amount * weights[rows][owner], minlength=len(columns.names)
    ).astype(np.float64)


def rows_of_images(columns: PredictionColumns, images: NDArray[np.int64]) -> NDArray[np.int64]:
    """The predictions in some images, given by ascending rows."""
    return _rows_within(columns, images, None)


def _rows_within(
    columns: PredictionColumns, images: NDArray[np.int64], rows: NDArray[np.int64] | None
) -> NDArray[np.int64]:
    found = np.arange(len(columns)) if rows is None else rows
    return found[np.isin(columns.image_row[found], images)]


def _entries(
    columns: PredictionColumns, rows: NDArray[np.int64], with_shares: bool
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
    """Place in `rows`, category and amount of everything that predictions count for."""
    if not with_shares or columns.shares is None:
        return np.arange(len(rows)), columns.category[rows], np.ones(len(rows))
    shares = columns.shares
    sizes = shares.starts[rows + 1] - shares.starts[rows]
    bare = np.flatnonzero(sizes == 0)
    owner = np.repeat(np.arange(len(rows)), sizes)
    first_of_owner = np.cumsum(sizes) - sizes
    entry = shares.starts[rows][owner] + np.arange(len(owner)) - first_of_owner[owner]
    return (
        np.concatenate([owner, bare]),
        np.concatenate([shares.categories[entry], columns.category[rows[bare]]]),
        np.concatenate([shares.amounts[entry].astype(np.float64), np.ones(len(bare))]),
    )
