"""A run's line to its datasets, answered by the database in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.additions import CommitReceipt, EarlierCrops, RunAdditions, UsedFile
from swath.core.earlier import AttachedValues, EarlierValues
from swath.core.embeddings import EmbedderIdentity
from swath.core.errors import Conflict, InvalidConfig, RunCancelled
from swath.core.runs import RunState
from swath.pipeline.ports import KillPoint, RunTarget
from swath.store import runs
from swath.store.artifacts import keep_artifact
from swath.store.clock import now_ms
from swath.store.commit import RunPlan, check_embedder, commit_additions
from swath.store.database import Store
from swath.store.datasets import crops_datasets_of, plan_crop_dataset, plan_image_dataset
from swath.store.earlier_values import read_attached, read_earlier_values
from swath.store.embeddings import read_vectors
from swath.store.home import Home
from swath.store.queue import plan_of, requeue_dead, run_in_the_way
from swath.store.run_endings import close_abandoned_runs
from swath.store.samples import file_names_of, object_keys_of
from swath.store.selection_queries import query_vectors
from swath.store.sweep import sweep
from swath.store.used_files import read_used_files, readable_digests
from swath.store.users import local_user
from swath.store.workers import worker_names


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
    Raises Conflict or InvalidConfig when the datasets cannot be what was asked for, Conflict also while a worker has
    a run on the same image dataset; nothing is recorded then.
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
        close_abandoned_runs(connection)
        requeue_dead(connection, now=now_ms())
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
        _refuse_to_disturb(connection, run_id)
    sweep(store, home)
    return StoreRunSession(store, home, RunPlan(run_id=run_id, images=images, crops=crops, task=task), at_point)


def _refuse_to_disturb(connection: Connection, run_id: str) -> None:
    """Of an image dataset one run at a time is under way: two would each select without the other's crops."""
    run = runs.find_run(connection, run_id)
    other = run_in_the_way(run, runs.runs_under_way(connection))
    if other is not None:
        worker_id = other.worker_id or ""
        name = worker_names(connection, [worker_id]).get(worker_id, worker_id)
        raise Conflict(
            f"run `{other.id}` on dataset `{run.image_dataset_name}` is under way (worker `{name}`)",
            hint="Wait until it is over, or stop its worker and try again a minute later.",
        )


def resume_session(
    store: Store, home: Home, run_id: str, lease: int, at_point: KillPoint = do_nothing
) -> StoreRunSession:
    """The session of a run that a worker holds under this lease, as its claim settled it.

    The lease is checked now and in the transaction of every change: StaleLease if the run is another's by now,
    Conflict if it is over. A run that is over but has committed may be asked for its receipt again.
    """
    with store.reading() as connection:
        run = runs.find_run(connection, run_id)
        if run.lease != lease or run.receipt is None:
            runs.check_lease(connection, run_id, lease)
        plan = replace(plan_of(connection, run), lease=lease)
    return StoreRunSession(store, home, plan, at_point)


class StoreRunSession:
    """Implements `pipeline.ports.RunSession`. Methods may be called from several threads."""

    def __init__(self, store: Store, home: Home, plan: RunPlan, at_point: KillPoint) -> None:
        self._store = store
        self._home = home
        self._plan = plan
        self._at_point = at_point

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

    def check_embedder(self, embedder: EmbedderIdentity) -> None:
        """Raise Conflict if either dataset holds vectors of another embedder."""
        with self._store.reading() as connection:
            check_embedder(connection, self._plan, embedder)

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

    def earlier_values(self) -> EarlierValues:
        images, crops = self._plan.images, self._plan.crops
        with self._store.reading() as connection:
            return read_earlier_values(connection, images.id, None if crops is None else crops.id)

    def attached_values(self, keys: Sequence[str]) -> AttachedValues:
        with self._store.reading() as connection:
            return read_attached(connection, self._plan.images.id, keys)

    def query_vectors(self, dataset: str, tag: str, embedder: EmbedderIdentity) -> NDArray[np.float16]:
        with self._store.reading() as connection:
            owner_id = runs.find_run(connection, self._plan.run_id).owner_id
            return query_vectors(connection, self._home, dataset, tag, owner_id, embedder)

    def known_crop_files(self) -> Sequence[str]:
        if self._plan.crops is None:
            return ()
        with self._store.reading() as connection:
            return file_names_of(connection, self._plan.crops.id)

    def enter(self, state: RunState) -> None:
        with self._store.writing() as connection:
            run = runs.find_run(connection, self._plan.run_id)
            if self._plan.lease is not None:
                runs.check_lease(connection, run.id, self._plan.lease)
            # A worker that lost the answer says it again.
            if self._plan.lease is None or run.state is not state:
                runs.move_run(connection, run.id, state)
        if run.cancel_requested:
            raise RunCancelled(f"run `{self._plan.run_id}` was cancelled")

    def log(self, level: str, message: str) -> None:
        with self._store.writing(durable=False) as connection:
            runs.append_log(connection, self._plan.run_id, level, message)

    def store_artifact(self, name: str, data: bytes | memoryview) -> str:
        return str(keep_artifact(self._store, self._home, self._plan.run_id, name, data))

    def commit(self, additions: RunAdditions) -> CommitReceipt:
        return commit_additions(self._store, self._home, self._plan, additions, self._at_point)

    def finish(self, state: RunState, message: str, result: str) -> None:
        run_id, lease = self._plan.run_id, self._plan.lease
        with self._store.writing() as connection:
            if lease is None:
                runs.finish_run(connection, run_id, state, message=message, result=result)
            else:
                runs.finish_leased_run(connection, run_id, lease, state, message=message, result=result)
