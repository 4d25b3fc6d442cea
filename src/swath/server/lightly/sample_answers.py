"""Samples as documents of the facade, in any order and any number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from swath.server.services import Services
from swath.store.datasets import Dataset
from swath.store.predictions import count_before_task
from swath.store.sample_metadata import NOTHING_KNOWN, SampleMetadata, sample_metadata_of
from swath.store.samples import Sample, iter_samples
from swath.wire.lightly.samples import CropDataAnswer, SampleAnswer, SampleType

PAGE_SIZE = 2_000

SCORE_OF_UNSCORED: Final = 1.0
"""Clients know no prediction without a score; one that was written without is one that somebody is sure of."""


def iter_sample_answers(services: Services, dataset: Dataset, indices: NDArray[np.int64]) -> Iterator[SampleAnswer]:
    """The samples of these indices (M,), in their order."""
    for start in range(0, len(indices), PAGE_SIZE):
        page = indices[start : start + PAGE_SIZE]
        rows = {sample.index: sample for sample in iter_samples(services.store, dataset.id, np.sort(page))}
        samples = [rows[index] for index in page.tolist() if index in rows]
        with services.store.reading() as connection:
            known = sample_metadata_of(connection, dataset.id, page.tolist())
            before = count_before_task(
                connection,
                dataset.parent_id or "",
                [sample.crop.parent_sample_id for sample in samples if sample.crop],
                task=dataset.task or "",
            )
        for sample in samples:
            yield _sample_answer(sample, dataset, known.get(sample.index, NOTHING_KNOWN), before)


def _sample_answer(sample: Sample, dataset: Dataset, known: SampleMetadata, before: Mapping[str, int]) -> SampleAnswer:
    return SampleAnswer(
        id=sample.id,
        type=_type_of(sample, known),
        dataset_id=dataset.id,
        file_name=sample.file_name,
        thumb_name=sample.thumbnail_key or None,
        exif=known.exif,
        index=sample.index,
        created_at=sample.created_at,
        last_modified_at=sample.modified_at,
        meta_data=_meta_data(sample, known),
        custom_meta_data=known.custom,
        video_frame_data=known.video_frame,
        crop_data=_crop_data(sample, before),
    )


def _type_of(sample: Sample, known: SampleMetadata) -> SampleType:
    if sample.crop is not None:
        return SampleType.CROP
    return SampleType.IMAGE if known.video_frame is None else SampleType.VIDEO_FRAME


def _meta_data(sample: Sample, known: SampleMetadata) -> dict[str, object] | None:
    """What a client measured, and the size of the file, which the server knows itself."""
    size = {"sizeInBytes": sample.byte_size} if sample.byte_size else {}
    return {**size, **(known.measured or {})} or None


def _crop_data(sample: Sample, before: Mapping[str, int]) -> CropDataAnswer | None:
    crop = sample.crop
    if crop is None:
        return None
    return CropDataAnswer(
        parent_id=crop.parent_sample_id,
        prediction_uuid_timestamp=sample.created_at,
        prediction_index=before.get(crop.parent_sample_id, 0) + crop.position,
        prediction_task_name=crop.task,
        prediction_task_category_id=crop.category_id,
        prediction_task_score=SCORE_OF_UNSCORED if crop.score is None else crop.score,
    )
