"""Finding single samples: by id, by index, and what was predicted on one image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.errors import NotFound
from swath.core.objects import BoxOutcome
from swath.store import schema
from swath.store.database import batches

_OUTCOMES = {outcome.value: outcome for outcome in BoxOutcome}

_samples = schema.samples
_crops = schema.crops
_predictions = schema.predictions
_datasets = schema.datasets


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePlace:
    """Where a sample is."""

    dataset_id: str
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CropOfPrediction:
    """A crop that was made of a prediction."""

    dataset_id: str
    dataset_name: str
    sample_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePrediction:
    """One prediction of an image and all crops made of it, oldest dataset first."""

    task: str
    position: int
    category_id: int
    score: float | None
    box: tuple[float, float, float, float]  # x0, y0, x1, y1 in px of the upright image, not clipped
    outcome: BoxOutcome
    crops: tuple[CropOfPrediction, ...]
    details: str | None = None  # JSON: what a script gave besides a box


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxOnImage:
    """One prediction of an image without what takes other tables to tell."""

    task: str
    position: int
    category_id: int
    score: float | None
    box: tuple[float, float, float, float]  # x0, y0, x1, y1 in px of the upright image, not clipped
    is_cropped: bool  # a crop was made of it


def locate_sample(connection: Connection, sample_id: str) -> SamplePlace:
    """Where the sample of an id is, in any dataset: whether somebody may see it, the dataset says. Raises NotFound."""
    query = sa.select(_samples.c.dataset_id, _samples.c.sample_index).where(_samples.c.id == sample_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise unknown_sample(sample_id)
    return SamplePlace(dataset_id=row.dataset_id, index=row.sample_index)


def unknown_sample(sample_id: str) -> NotFound:
    return NotFound(f"there is no sample `{sample_id}`")


def indices_of(connection: Connection, dataset_id: str, sample_ids: Sequence[str]) -> dict[str, int]:
    """The indices of those of the samples that are in a dataset, by id."""
    found: dict[str, int] = {}
    for batch in batches(sample_ids):
        query = sa.select(_samples.c.id, _samples.c.sample_index).where(
            _samples.c.dataset_id == dataset_id, _samples.c.id.in_(batch)
        )
        found.update((sample_id, index) for sample_id, index in connection.execute(query))
    return found


def ids_at(connection: Connection, dataset_id: str, indices: Sequence[int]) -> list[str]:
    """The ids of the samples of a dataset at these indices, in their order."""
    found: dict[int, str] = {}
    for batch in batches(indices):
        query = sa.select(_samples.c.sample_index, _samples.c.id).where(
            _samples.c.dataset_id == dataset_id, _samples.c.sample_index.in_(batch)
        )
        found.update((index, sample_id) for index, sample_id in connection.execute(query))
    return [found[index] for index in indices]


def predictions_of_image(
    connection: Connection, dataset_id: str, *, sample_id: str, index: int
) -> list[ImagePrediction]:
    """What was predicted on one image of an image dataset, by task and position."""
    crops = _crops_of_image(connection, sample_id)
    query = (
        sa.select(
            *(_predictions.c[name] for name in ("task", "position", "category_id", "score")),
            *(_predictions.c[name] for name in ("x0", "y0", "x1", "y1")),
            _predictions.c.outcome,
            _predictions.c.object_key,
            _predictions.c.details,
        )
        .where(_predictions.c.dataset_id == dataset_id, _predictions.c.sample_index == index)
        .order_by(_predictions.c.position)
    )
    found = [
        ImagePrediction(
            task=task,
            position=position,
            category_id=category_id,
            score=score,
            box=(x0, y0, x1, y1),
            outcome=_OUTCOMES[outcome],
            crops=tuple(crops.get(object_key, ())),
            details=details,
        )
        for task, position, category_id, score, x0, y0, x1, y1, outcome, object_key, details in connection.execute(
            query
        )
    ]
    return sorted(found, key=lambda prediction: prediction.task)


def _crops_of_image(connection: Connection, sample_id: str) -> dict[bytes, list[CropOfPrediction]]:
    """The crops of an image by object key."""
    query = (
        sa.select(_crops.c.object_key, _datasets.c.id, _datasets.c.name, _samples.c.id)
        .join_from(
            _crops,
            _samples,
            sa.and_(_samples.c.dataset_id == _crops.c.dataset_id, _samples.c.sample_index == _crops.c.sample_index),
        )
        .join(_datasets, _datasets.c.id == _crops.c.dataset_id)
        .where(_crops.c.parent_sample_id == sample_id)
        .order_by(_datasets.c.created_at, _datasets.c.id)
    )
    found: dict[bytes, list[CropOfPrediction]] = {}
    for object_key, dataset_id, dataset_name, crop_id in connection.execute(query):
        crop = CropOfPrediction(dataset_id=dataset_id, dataset_name=dataset_name, sample_id=crop_id)
        found.setdefault(object_key, []).append(crop)
    return found


def boxes_on_images(connection: Connection, dataset_id: str, indices: Sequence[int]) -> dict[int, list[BoxOnImage]]:
    """What was predicted on several images of an image dataset, by index; each by task and position."""
    found: dict[int, list[BoxOnImage]] = {index: [] for index in indices}
    for batch in batches(list(found)):
        cropped = _cropped_on_images(connection, dataset_id, batch)
        query = (
            sa.select(
                *(_predictions.c[name] for name in ("sample_index", "task", "position", "category_id", "score")),
                *(_predictions.c[name] for name in ("x0", "y0", "x1", "y1", "object_key")),
            )
            .where(_predictions.c.dataset_id == dataset_id, _predictions.c.sample_index.in_(batch))
            .order_by(_predictions.c.sample_index, _predictions.c.position)
        )
        for index, task, position, category_id, score, x0, y0, x1, y1, object_key in connection.execute(query):
            found[index].append(
                BoxOnImage(
                    task=task,
                    position=position,
                    category_id=category_id,
                    score=score,
                    box=(x0, y0, x1, y1),
                    is_cropped=object_key in cropped,
                )
            )
    return {index: sorted(boxes, key=lambda box: box.task) for index, boxes in found.items()}


def _cropped_on_images(connection: Connection, dataset_id: str, indices: Sequence[int]) -> set[bytes]:
    """The keys of the objects on some images of which there are crops."""
    query = (
        sa.select(_crops.c.object_key)
        .join_from(_crops, _samples, _samples.c.id == _crops.c.parent_sample_id)
        .where(_samples.c.dataset_id == dataset_id, _samples.c.sample_index.in_(indices))
    )
    return set(connection.execute(query).scalars())
