"""The commit of a run: vector files first, then one transaction that names everything. The row is the commit."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.additions import CommitReceipt, CropAdditions, RunAdditions
from swath.core.embeddings import EmbedderIdentity
from swath.core.errors import Conflict
from swath.core.objects import ObjectTable
from swath.core.outcomes import FileOutcome
from swath.core.scoring.columns import ScoreColumns
from swath.store import predictions as stored_predictions
from swath.store import runs
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.datasets import (
    Dataset,
    PlannedDataset,
    create_dataset,
    dataset_by_id,
    mark_modified,
    record_samples_added,
)
from swath.store.embedders import check_same_embedder, ensure_embedder
from swath.store.embeddings import AddedVectors, Segment, record_segments, write_segment
from swath.store.home import Home
from swath.store.ids import new_ids
from swath.store.projections import PointFile, record_points, write_points
from swath.store.sample_scores import record_scores
from swath.store.samples import (
    find_object_keys,
    find_samples,
    insert_crops,
    insert_images,
    key_list,
    mark_stale,
    refresh_links,
    update_images,
)
from swath.store.tags import tag_added_samples
from swath.store.used_files import NO_TASK, record_used_files


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """A run and the datasets it adds to, settled when it started. `crops` and `task` are None without objects.

    `lease` is that of the worker which has the run; None for a run in this process.
    """

    run_id: str
    images: PlannedDataset
    crops: PlannedDataset | None
    task: str | None
    lease: int | None = None

    @property
    def used_files_target(self) -> PlannedDataset:
        return self.crops or self.images

    @property
    def used_files_task(self) -> str:
        return self.task or NO_TASK


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placement:
    """Where every row of the additions goes, settled before anything is written.

    `sample_ids` and `sample_indices` are of all K images, new or there before. `new_images` and `new_crops` are
    rows to add, in the order of their indices; `changed_images` are rows whose sample is there with other bytes.
    `stale_parents` are samples whose files changed, kept by this run or not.
    """

    images_before: int
    crops_before: int
    sample_ids: list[str]
    sample_indices: NDArray[np.int32]
    new_images: NDArray[np.int64]
    changed_images: NDArray[np.int64]
    stale_parents: list[str]
    new_crops: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    """Files that are written and that no row names yet."""

    vectors: list[Segment]
    points: list[PointFile]


def commit_additions(
    store: Store, home: Home, plan: RunPlan, additions: RunAdditions, at_point: Callable[[str], None]
) -> CommitReceipt:
    """Add everything a run found, atomically and once; a second call for the same run returns the same receipt.

    Raises Conflict if a dataset holds vectors of another embedder or changed since the run started, StaleLease if
    another worker has the run, ValueError for additions whose columns disagree.
    """
    _check_shapes(plan, additions)
    with store.reading() as connection:
        done = _receipt(connection, plan)
        if done is not None:
            return done
        check_embedder(connection, plan, additions.embedder)
        placement = _place(connection, plan, additions)
    files = _write_files(store, home, plan, additions, placement)
    at_point("before_transaction")
    with store.writing() as connection:
        receipt = _receipt(connection, plan) or _record(connection, plan, additions, placement, files)
    at_point("after_transaction")
    return receipt


def check_embedder(connection: Connection, plan: RunPlan, identity: EmbedderIdentity) -> None:
    """Raise Conflict if either dataset holds vectors of another embedder, or samples without vectors."""
    for planned in (plan.images, plan.crops):
        dataset = None if planned is None else dataset_by_id(connection, planned.id)
        if dataset is not None:
            if dataset.sample_count and dataset.embedder_id is None:
                raise Conflict(
                    f"dataset `{dataset.name}` was filled by an upload and has no embeddings; a run cannot add to it",
                    hint="Give the run another dataset name.",
                )
            check_same_embedder(
                connection, dataset_name=dataset.name, embedder_id=dataset.embedder_id, identity=identity
            )


def _place(connection: Connection, plan: RunPlan, additions: RunAdditions) -> _Placement:
    images = additions.images
    used = {file.key: file for file in additions.used_files if file.outcome != FileOutcome.UNREADABLE}
    known = find_samples(connection, plan.images.id, list({*images.file_names, *used}))
    kept = set(images.file_names)
    by_name = sorted(range(len(images)), key=images.file_names.__getitem__)
    new = [row for row in by_name if images.file_names[row] not in known]
    changed = [
        row for row in by_name if (there := known.get(images.file_names[row])) and there.digest != images.digests[row]
    ]
    images_before = _size(connection, plan.images)
    sample_ids = [known[name].id if name in known else "" for name in images.file_names]
    sample_indices = np.array([known[name].index if name in known else -1 for name in images.file_names], np.int32)
    sample_indices[new] = np.arange(images_before, images_before + len(new))
    for row, sample_id in zip(new, new_ids(len(new)), strict=True):
        sample_ids[row] = sample_id
    # An image that changed but of which nothing is kept has no new row; what it showed is gone all the same.
    left_out = [
        known[key].id
        for key in sorted(used.keys() & known.keys() - kept)
        if used[key].image_digest not in (b"", known[key].digest)
    ]
    return _Placement(
        images_before=images_before,
        crops_before=0 if plan.crops is None else _size(connection, plan.crops),
        sample_ids=sample_ids,
        sample_indices=sample_indices,
        new_images=np.array(new, dtype=np.int64),
        changed_images=np.array(changed, dtype=np.int64),
        stale_parents=[sample_ids[row] for row in changed] + left_out,
        new_crops=_new_crops(connection, plan, additions),
    )


def _new_crops(connection: Connection, plan: RunPlan, additions: RunAdditions) -> NDArray[np.int64]:
    """Rows of the crops that the crops dataset does not hold; the first of any that are given twice."""
    if plan.crops is None or additions.crops is None or additions.predictions is None:
        return np.empty(0, dtype=np.int64)
    keys = key_list(additions.predictions.key[additions.crops.prediction_row])
    there = find_object_keys(connection, plan.crops.id, keys)
    first_row: dict[bytes, int] = {}
    for row, key in enumerate(keys):
        if key not in there:
            first_row.setdefault(key, row)
    return np.fromiter(first_row.values(), dtype=np.int64, count=len(first_row))


def _write_files(store: Store, home: Home, plan: RunPlan, additions: RunAdditions, placement: _Placement) -> _Files:
    """Write the vectors and their points, one dataset after the other: each holds a copy of its vectors meanwhile."""
    files = _Files(vectors=[], points=[])

    def write(dataset_id: str, added: list[AddedVectors]) -> None:
        files.vectors.extend(write_segment(home, dataset_id, rows) for rows in added)
        with store.reading() as connection:
            files.points.extend(write_points(connection, home, dataset_id, added))

    write(plan.images.id, _added_images(additions, placement))
    if plan.crops is not None:
        write(plan.crops.id, _added_crops(additions, placement))
    return files


def _added_images(additions: RunAdditions, placement: _Placement) -> list[AddedVectors]:
    vectors, new, changed = additions.images.vectors, placement.new_images, placement.changed_images
    added: list[AddedVectors] = []
    if len(new):
        added.append(AddedVectors(vectors=vectors[new], first_index=placement.images_before))
    if len(changed):
        added.append(AddedVectors(vectors=vectors[changed], sample_indices=placement.sample_indices[changed]))
    return added


def _added_crops(additions: RunAdditions, placement: _Placement) -> list[AddedVectors]:
    if additions.crops is None or not len(placement.new_crops):
        return []
    vectors = additions.crops.vectors[placement.new_crops]
    return [AddedVectors(vectors=vectors, first_index=placement.crops_before)]


def _record(
    connection: Connection, plan: RunPlan, additions: RunAdditions, placement: _Placement, files: _Files
) -> CommitReceipt:
    now = now_ms()
    images = create_dataset(connection, plan.images, now=now)
    crops = None if plan.crops is None else create_dataset(connection, plan.crops, now=now)
    _check_unchanged(images, placement.images_before)
    _record_images(connection, plan, additions, placement, now=now)
    if additions.schema is not None:
        stored_predictions.record_task(connection, images.id, additions.schema, now=now)
    if additions.predictions is not None:
        _record_predictions(connection, plan, additions.predictions, placement)
    if crops is not None and additions.crops is not None and additions.predictions is not None:
        _check_unchanged(crops, placement.crops_before)
        _record_crops(connection, plan, additions.crops, additions.predictions, placement, now=now)
    record_used_files(
        connection,
        additions.used_files,
        target_id=plan.used_files_target.id,
        task=plan.used_files_task,
        run_id=plan.run_id,
    )
    # Even where nothing is added: crops may be stale now, and predictions others.
    mark_modified(connection, images.id, now=now)
    embedder_id = ensure_embedder(connection, additions.embedder)
    record_segments(connection, files.vectors, embedder_id=embedder_id, run_id=plan.run_id)
    record_points(connection, files.points, embedder_id=embedder_id, run_id=plan.run_id)
    tag_names: list[str] = []
    for dataset, added in ((images, len(placement.new_images)), (crops, len(placement.new_crops))):
        if dataset is None or not any(segment.dataset_id == dataset.id for segment in files.vectors):
            continue
        record_samples_added(connection, dataset, added=added, embedder_id=embedder_id, now=now)
        name = tag_added_samples(
            connection, dataset.id, first_index=dataset.sample_count, added=added, run_id=plan.run_id, now=now
        )
        if name is not None and name not in tag_names:
            tag_names.append(name)
    receipt = CommitReceipt(
        image_samples=images.sample_count + len(placement.new_images),
        images_added=len(placement.new_images),
        crop_samples=0 if crops is None else crops.sample_count + len(placement.new_crops),
        crops_added=len(placement.new_crops),
        tag_names=tuple(tag_names),
    )
    runs.record_receipt(connection, plan.run_id, json.dumps(asdict(receipt)))
    return receipt


def _record_images(
    connection: Connection, plan: RunPlan, additions: RunAdditions, placement: _Placement, *, now: int
) -> None:
    insert_images(
        connection,
        plan.images.id,
        additions.images,
        placement.new_images,
        sample_ids=placement.sample_ids,
        first_index=placement.images_before,
        run_id=plan.run_id,
        now=now,
    )
    update_images(connection, additions.images, placement.changed_images, sample_ids=placement.sample_ids, now=now)
    # Boxes of any task were drawn on pixels that are gone.
    changed = placement.sample_indices[placement.changed_images].tolist()
    stored_predictions.delete_predictions(connection, plan.images.id, changed)
    mark_stale(connection, placement.stale_parents)
    if additions.images.scores is not None:
        is_new = set(placement.new_images.tolist())
        there_before = [row for row in range(len(placement.sample_ids)) if row not in is_new]
        record_scores(
            connection,
            plan.images.id,
            placement.sample_indices,
            additions.images.scores,
            known=placement.sample_indices[there_before].tolist(),
            outdated=set(changed),
        )


def _record_predictions(connection: Connection, plan: RunPlan, predictions: ObjectTable, placement: _Placement) -> None:
    task = plan.task
    assert task is not None, "predictions without a task"
    new = set(placement.new_images.tolist())
    there_before = [row for row in range(len(placement.sample_ids)) if row not in new]
    stored_predictions.replace_predictions(
        connection,
        plan.images.id,
        predictions,
        task=task,
        sample_indices=placement.sample_indices.tolist(),
        known=placement.sample_indices[there_before].tolist(),
    )
    parents = [(row, placement.sample_ids[row]) for row in there_before]
    refresh_links(connection, predictions, task=task, parents=parents)


def _record_crops(
    connection: Connection,
    plan: RunPlan,
    crops: CropAdditions,
    predictions: ObjectTable,
    placement: _Placement,
    *,
    now: int,
) -> None:
    assert plan.crops is not None
    assert plan.task is not None
    insert_crops(
        connection,
        plan.crops.id,
        crops,
        placement.new_crops,
        predictions=predictions,
        task=plan.task,
        sample_ids=new_ids(len(placement.new_crops)),
        parent_ids=placement.sample_ids,
        first_index=placement.crops_before,
        run_id=plan.run_id,
        now=now,
    )
    if crops.scores is not None:
        indices = np.arange(len(placement.new_crops), dtype=np.int32) + np.int32(placement.crops_before)
        record_scores(connection, plan.crops.id, indices, crops.scores.take(placement.new_crops))


def _receipt(connection: Connection, plan: RunPlan) -> CommitReceipt | None:
    run = runs.find_run(connection, plan.run_id)
    receipt = runs.receipt_of(run)
    if receipt is None:
        if run.state.is_final:
            raise Conflict(f"run `{run.id}` is over (state `{run.state}`) and can add nothing any more")
        if plan.lease is not None:
            # Asked inside the transaction that adds: whoever lost the run meanwhile adds nothing.
            runs.check_lease(connection, run.id, plan.lease)
    return receipt


def _size(connection: Connection, planned: PlannedDataset) -> int:
    dataset = dataset_by_id(connection, planned.id)
    return 0 if dataset is None else dataset.sample_count


def _check_unchanged(dataset: Dataset, samples_before: int) -> None:
    if dataset.sample_count != samples_before:
        raise Conflict(
            f"dataset `{dataset.name}` had {samples_before} samples when the run began to commit and has "
            f"{dataset.sample_count} now",
            hint="Two runs added to it at once: run again.",
        )


def _check_shapes(plan: RunPlan, additions: RunAdditions) -> None:
    """Refuse columns that disagree: a row out of step would give samples the vectors of others."""
    images, crops, predictions = additions.images, additions.crops, additions.predictions
    count = len(images)
    dimension = additions.embedder.dimension
    _check(len(set(images.file_names)) == count, "an image is named twice")
    columns = (images.digests, images.widths, images.heights, images.byte_sizes, images.thumbnail_keys)
    _check(all(len(column) == count for column in columns), "columns of the images differ in length")
    _check_vectors(images.vectors, count, dimension, "images")
    _check_scores(images.scores, count, "images")
    _check((plan.task is None) == (additions.schema is None) == (predictions is None), "objects without a task")
    if plan.task is not None and additions.schema is not None:
        _check(additions.schema.task_name == plan.task, "the schema is of another task")
    if predictions is not None:
        _check_rows(predictions.image_row, count, "predictions", "images")
    if crops is None:
        return
    _check(predictions is not None and plan.crops is not None, "crops without predictions or dataset")
    crop_columns = (crops.crop_keys, crops.image_row, crops.prediction_row, crops.byte_sizes, crops.thumbnail_keys)
    _check(all(len(column) == len(crops) for column in crop_columns), "columns of the crops differ in length")
    _check_vectors(crops.vectors, len(crops), dimension, "crops")
    _check_scores(crops.scores, len(crops), "crops")
    assert predictions is not None
    _check_rows(crops.image_row, count, "crops", "images")
    _check_rows(crops.prediction_row, len(predictions), "crops", "predictions")
    same = predictions.image_row[crops.prediction_row] == crops.image_row
    _check(bool(same.all()), "a crop and its prediction are of two images")


def _check_vectors(vectors: NDArray[np.float16], count: int, dimension: int, noun: str) -> None:
    _check(vectors.shape == (count, dimension), f"vectors of {noun}: {vectors.shape}, not {(count, dimension)}")
    _check(bool(np.isfinite(vectors).all()), f"vectors of {noun} hold NaN or infinity")


def _check_scores(scores: ScoreColumns | None, count: int, noun: str) -> None:
    if scores is not None:
        _check(len(scores) == count, f"scores of {noun}: {len(scores)}, not {count}")
        _check(not np.isinf(scores.values).any(), f"scores of {noun} hold infinity")


def _check_rows(rows: NDArray[np.int32], count: int, whose: str, into: str) -> None:
    fits = len(rows) == 0 or (int(rows.min()) >= 0 and int(rows.max()) < count)
    _check(fits, f"rows of {whose} point outside the {count} {into}")


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"additions of a run: {what}")
