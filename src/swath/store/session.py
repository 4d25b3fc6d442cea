"""A run's line to its datasets, answered by the database in this process."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from swath.core.additions import CommitReceipt, EarlierCrops, RunAdditions, UsedFile
from swath.core.embeddings import EmbedderIdentity
from swath.core.errors import InvalidConfig, RunCancelled
from swath.core.runs import RunState
from swath.pipeline.ports import KillPoint, RunTarget
from swath.store import runs
from swath.store.artifacts import keep_artifact
from swath.store.commit import RunPlan, check_embedder, commit_additions
from swath.store.database import Store
from swath.store.datasets import crops_datasets_of, plan_crop_dataset, plan_image_dataset
from swath.store.embeddings import read_vectors
from swath.store.home import Home
from swath.store.samples import file_names_of, object_keys_of
from swath.store.sweep import sweep
from swath.store.used_files import read_used_files, readable_digests
from swath.store.users import local_user


def do_nothing(point: str) -> None:
    """The kill point of every run outside tests."""


def open_run(
    store: Store,
    home: Home,
    *,
    run_config_json: str,
    image_dataset_name: str,
    input_uri: str,
    output_uri: str,
    task: str | None,
    crop_dataset_name: str | None = None,
    owner_id: str | None = None,
    at_point: KillPoint = do_nothing,
) -> StoreRunSession:
    """Start a run: close what earlier processes left open, settle the two datasets, record the run.

    The caller holds `home.lock` until the run is over. `task` is None for a run without objects;
    `owner_id` is the local user where None.
    Raises Conflict or InvalidConfig when the datasets cannot be what was asked for; nothing is recorded then.
    """
    if not home.is_locked():
        raise RuntimeError("a run may only be opened while `home.lock` is held")
    if task is None and crop_dataset_name is not None:
        raise InvalidConfig(
            "a crops dataset is named, but no prediction task",
            field="object_level.crop_dataset_name",
            hint="Set `object_level.task_name` too.",
        )
    with store.writing() as connection:
        runs.close_abandoned_runs(connection)
    with store.writing() as connection:
        owner_id = owner_id or local_user(connection).id
        images = plan_image_dataset(
            connection, owner_id=owner_id, name=image_dataset_name, input_uri=input_uri, output_uri=output_uri
        )
        crops = None
        if task is not None:
            crops = plan_crop_dataset(connection, images, task=task, given_name=crop_dataset_name)
        run_id = runs.create_run(
            connection,
            owner_id=owner_id,
            config=run_config_json,
            image_dataset=(images.id, images.name),
            crop_dataset=None if crops is None else (crops.id, crops.name),
            task=task,
            input_uri=input_uri,
            output_uri=output_uri,
        )
    sweep(store, home)
    return StoreRunSession(store, home, RunPlan(run_id=run_id, images=images, crops=crops, task=task), at_point)


class StoreRunSession:
    """Implements `pipeline.ports.RunSession`. Methods may be called from several threads."""

    def __init__(self, store: Store, home: Home, plan: RunPlan, at_point: KillPoint) -> None:
        self._store = store
        self._home = home
        self._plan = plan
        self._at_point = at_point
        self._log_lines = 0
        self._log_turn = threading.Lock()

    @property
    def target(self) -> RunTarget:
        images, crops = self._plan.images, self._plan.crops
        return RunTarget(
            run_id=self._plan.run_id,
            image_dataset_id=images.id,
            image_dataset_name=images.name,
            image_samples=images.sample_count,
            crop_dataset_id=None if crops is None else crops.id,
            crop_dataset_name=None if crops is None else crops.name,
            crop_samples=0 if crops is None else crops.sample_count,
        )

    def used_files(self) -> Mapping[str, UsedFile]:
        with self._store.reading() as connection:
            return read_used_files(
                connection, target_id=self._plan.used_files_target.id, task=self._plan.used_files_task
            )

    def known_digests(self) -> Mapping[bytes, str]:
        images = self._plan.images
        with self._store.reading() as connection:
            family = [images.id, *(dataset.id for dataset in crops_datasets_of(connection, images.id))]
            return readable_digests(connection, family)

    def earlier_crops(self, embedder: EmbedderIdentity) -> EarlierCrops:
        """Live crops by sample index, then the keys of stale ones: vector i is of key i for every vector there is."""
        with self._store.reading() as connection:
            check_embedder(connection, self._plan, embedder)
            dataset_id = "" if self._plan.crops is None else self._plan.crops.id
            keys, stale = object_keys_of(connection, dataset_id)
            vectors = read_vectors(connection, self._home, dataset_id, dimension=embedder.dimension)
        if stale.any():
            keys = np.concatenate([keys[~stale], keys[stale]])
            vectors = vectors[~stale]
        return EarlierCrops(object_keys=keys, vectors=vectors)

    def earlier_images(self, embedder: EmbedderIdentity) -> tuple[tuple[str, ...], NDArray[np.float16]]:
        with self._store.reading() as connection:
            check_embedder(connection, self._plan, embedder)
            names = file_names_of(connection, self._plan.images.id)
            vectors = read_vectors(connection, self._home, self._plan.images.id, dimension=embedder.dimension)
        return names, vectors

    def known_crop_files(self) -> Sequence[str]:
        if self._plan.crops is None:
            return ()
        with self._store.reading() as connection:
            return file_names_of(connection, self._plan.crops.id)

    def enter(self, state: RunState) -> None:
        with self._store.writing() as connection:
            runs.move_run(connection, self._plan.run_id, state)
            cancelled = runs.find_run(connection, self._plan.run_id).cancel_requested
        if cancelled:
            raise RunCancelled(f"run `{self._plan.run_id}` was cancelled")

    def log(self, level: str, message: str) -> None:
        with self._log_turn, self._store.writing() as connection:
            runs.append_log(connection, self._plan.run_id, self._log_lines, level, message)
            self._log_lines += 1

    def store_artifact(self, name: str, data: bytes | memoryview) -> str:
        return str(keep_artifact(self._store, self._home, self._plan.run_id, name, data))

    def commit(self, additions: RunAdditions) -> CommitReceipt:
        return commit_additions(self._store, self._home, self._plan, additions, self._at_point)

    def finish(self, state: RunState, message: str, result: str) -> None:
        with self._store.writing() as connection:
            runs.finish_run(connection, self._plan.run_id, state, message=message, result=result)
