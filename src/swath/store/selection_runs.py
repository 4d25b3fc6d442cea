"""Selection runs: settling what they choose from, answering for it, and keeping what they chose."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.candidates import Candidates, Choice
from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.core.objects import KEY_BYTES
from swath.core.runs import RunState
from swath.store import runs, schema, selections, tags
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.datasets import Dataset, DatasetKind, dataset_by_id
from swath.store.embeddings import read_vectors
from swath.store.home import Home
from swath.store.predictions import task_schemas
from swath.store.queue import schedule_run
from swath.store.runs import Run
from swath.wire.run_config import SelectionConfig, SelectionUnit
from swath.wire.run_result import DatasetResult
from swath.wire.runs import RunKind
from swath.wire.selection_run import CategoryCounts, SelectionRunConfig, SelectionRunResult

_runs = schema.runs


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionPlan:
    """What a selection run is asked. `members` (N,) are the samples to choose among, None for all."""

    dataset: Dataset
    selection: SelectionConfig
    members: NDArray[np.int64] | None
    input_tag: str | None  # where they are those of a tag: its name, for people
    preselected_tag: str | None
    new_tag: str | None
    dry_run: bool
    tags_preselected: bool = False  # the new tag holds what was chosen before, too


def unit_of(dataset: Dataset) -> SelectionUnit:
    """What the samples of a dataset are as units of a selection."""
    return SelectionUnit.OBJECTS if dataset.kind is DatasetKind.CROPS else SelectionUnit.IMAGES


def schedule_selection(
    connection: Connection,
    plan: SelectionPlan,
    *,
    owner_id: str,
    priority: int = 0,
    runs_on: Sequence[str] = (),
) -> str:
    """Let a selection run wait for a worker, with its samples settled. Returns its id.

    Raises NotFound for a tag that is not there, InvalidConfig or Conflict for a name that the new tag cannot have,
    Conflict where nothing is left to choose from and for samples without embeddings.
    """
    dataset = plan.dataset
    if dataset.sample_count and dataset.embedder_id is None:
        raise Conflict(
            f"dataset `{dataset.name}` has no embeddings to choose by", hint="Upload embeddings of all its samples."
        )
    if plan.new_tag is not None:
        tags.check_tag_name(plan.new_tag, field="new_tag")
        tags.check_name_free(connection, dataset.id, plan.new_tag)
    members = np.arange(dataset.sample_count) if plan.members is None else plan.members
    members = _without_stale(connection, dataset, members)
    preselected_id = preselected_name = None
    if plan.preselected_tag is not None:
        tag = tags.find_tag(connection, dataset.id, plan.preselected_tag)
        preselected = tags.tag_members(connection, tag)
        members = np.setdiff1d(members, preselected, assume_unique=True)
        preselected_id = _settle(connection, dataset, owner_id, preselected)
        preselected_name = tag.name
    if not len(members):
        raise Conflict(
            f"there is nothing to choose from in dataset `{dataset.name}`",
            hint="Choose among other samples, or take a smaller tag for what was chosen before.",
        )
    config = SelectionRunConfig(
        dataset_id=dataset.id,
        dataset_name=dataset.name,
        selection=plan.selection,
        input_selection_id=_settle(connection, dataset, owner_id, members),
        input_tag=plan.input_tag,
        preselected_selection_id=preselected_id,
        preselected_tag=preselected_name,
        new_tag=plan.new_tag,
        tags_preselected=plan.tags_preselected,
        dry_run=plan.dry_run,
    )
    return schedule_run(
        connection,
        owner_id=owner_id,
        kind=RunKind.SELECTION,
        config_json=config.model_dump_json(),
        dataset=dataset,
        task=dataset.task,
        priority=priority,
        runs_on=runs_on,
        now=now_ms(),
    )


def begin_here(connection: Connection, run_id: str) -> None:
    """Let this process do a run that waits. The caller holds `home.lock` until the run is over."""
    connection.execute(
        sa.update(_runs)
        .where(_runs.c.id == run_id)
        .values(process_id=os.getpid(), host_name=socket.gethostname(), cancel_requested=False)
    )
    runs.move_run(connection, run_id, RunState.STARTED)


def load_candidates(connection: Connection, home: Home, run: Run) -> Candidates:
    """What a selection run chooses from. Raises NotFound if its dataset or samples are not there any more."""
    rows = read_candidate_rows(connection, home, run, first=0, count=None)
    return Candidates(
        sample_indices=rows.sample_indices,
        keys=rows.keys,
        vectors=rows.vectors,
        preselected=read_preselected_rows(connection, home, run, first=0, count=None).vectors,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleRows:
    """Some of `total` samples by index."""

    total: int
    sample_indices: NDArray[np.int64]  # (n,)
    keys: NDArray[np.uint8]  # (n, 16) of crops the object key, of images the start of the digest
    vectors: NDArray[np.float16]  # (n, D)


def read_candidate_rows(connection: Connection, home: Home, run: Run, *, first: int, count: int | None) -> SampleRows:
    """Rows [first, first + count) of what a selection run chooses from."""
    return _rows(connection, home, run, selection_config_of(run).input_selection_id, first, count)


def read_preselected_rows(connection: Connection, home: Home, run: Run, *, first: int, count: int | None) -> SampleRows:
    """Rows [first, first + count) of what counts as chosen before."""
    return _rows(connection, home, run, selection_config_of(run).preselected_selection_id, first, count)


def _rows(
    connection: Connection, home: Home, run: Run, selection_id: str | None, first: int, count: int | None
) -> SampleRows:
    dataset = _dataset_of(connection, selection_config_of(run))
    members = _settled(connection, selection_id)
    page = members[first:] if count is None else members[first : first + count]
    vectors = read_vectors(connection, home, dataset.id)
    return SampleRows(
        total=len(members),
        sample_indices=page,
        keys=_content_keys(connection, dataset, page),
        vectors=np.asarray(vectors[page]),
    )


def keep_choice(store: Store, run_id: str, lease: int | None, choice: Choice) -> SelectionRunResult:
    """Keep what a run chose, as a tag or (a dry run) as a selection, and close it; all of it or nothing.

    A second call for the same run and lease answers the same and changes nothing. Raises StaleLease or Conflict if
    the run is another worker's or over, InvalidConfig for samples that are no candidates.
    """
    with store.reading() as connection:
        run = runs.find_run(connection, run_id)
        done = _result_of(run, lease)
        if done is not None:
            return done
        config = selection_config_of(run)
        candidates = _settled(connection, config.input_selection_id)
        preselected = _settled(connection, config.preselected_selection_id)
        _check_choice(choice.sample_indices, candidates)
        # Minutes of reading for millions of predictions: not while others wait for their turn to write.
        categories = count_categories(connection, config.dataset_id, candidates, preselected, choice.sample_indices)
    with store.writing() as connection:
        run = runs.find_run(connection, run_id)
        done = _result_of(run, lease)
        if done is not None:
            return done
        if lease is not None:
            runs.check_lease(connection, run_id, lease)
        dataset = _dataset_of(connection, config)
        tag = selection_id = None
        if config.dry_run:
            selection_id = _settle(connection, dataset, run.owner_id, choice.sample_indices)
        else:
            tagged = choice.sample_indices
            if config.tags_preselected:
                tagged = np.union1d(tagged, preselected)
            tag = _make_tag(connection, dataset, run, config.new_tag, tagged)
        counted = DatasetResult(id=dataset.id, name=dataset.name, samples=dataset.sample_count, added=0)
        is_crops = dataset.kind is DatasetKind.CROPS
        result = SelectionRunResult(
            run=run_id,
            state=RunState.COMPLETED.value,
            message=_message(config, choice, tag),
            image_dataset=None if is_crops else counted,
            crop_dataset=counted if is_crops else None,
            candidates=len(candidates),
            selected=len(choice.sample_indices),
            selected_categories={name: found.after - found.before for name, found in categories.items()},
            dry_run=config.dry_run,
            preselected=len(preselected),
            stopped_by=choice.stopped_by,
            categories=categories,
            tag=tag,
            selection_id=selection_id,
        )
        runs.append_log(connection, run_id, "INFO", result.message)
        runs.finish_run(connection, run_id, RunState.COMPLETED, message=result.message, result=result.model_dump_json())
    return result


def selection_config_of(run: Run) -> SelectionRunConfig:
    """What a selection run is asked. Raises Conflict for a run of another kind."""
    if run.kind != RunKind.SELECTION:
        raise Conflict(f"run `{run.id}` is no selection run: its kind is `{run.kind}`")
    return SelectionRunConfig.model_validate_json(run.config)


def count_categories(
    connection: Connection,
    dataset_id: str,
    candidates: NDArray[np.int64],
    preselected: NDArray[np.int64],
    chosen: NDArray[np.int64],
) -> dict[str, CategoryCounts]:
    """Counts by name of category, most frequent first; crops count once, of images their predictions do.

    Categories of one name (in several tasks) are one; one without a name goes by its id.
    """
    dataset = dataset_by_id(connection, dataset_id)
    if dataset is None:
        raise _gone(dataset_id)
    sets = {"available": candidates, "before": preselected, "chosen": chosen}
    masks = {name: _mask(members, dataset.sample_count) for name, members in sets.items()}
    names = {
        (schema_.task_name, category.id): category.name
        for schema_ in task_schemas(connection, dataset.parent_id or dataset.id)
        for category in schema_.categories
    }
    table = schema.crops if dataset.kind is DatasetKind.CROPS else schema.predictions
    rows = connection.execute(
        sa.select(table.c.task, table.c.category_id, table.c.sample_index).where(table.c.dataset_id == dataset.id)
    )
    counts: dict[str, dict[str, int]] = {}
    samples_of: dict[tuple[str, int], list[int]] = {}
    for task, category_id, index in rows:
        samples_of.setdefault((task, category_id), []).append(index)
    for key, indices in samples_of.items():
        of_category = np.array(indices, dtype=np.int64)
        entry = counts.setdefault(names.get(key) or str(key[1]), dict.fromkeys(sets, 0))
        for name, mask in masks.items():
            # Samples that were added since the dataset was read are in none of the sets.
            entry[name] += int(np.count_nonzero(mask[of_category[of_category < len(mask)]]))
    found = {
        name: CategoryCounts(
            available=entry["available"], before=entry["before"], after=entry["before"] + entry["chosen"]
        )
        for name, entry in counts.items()
        if any(entry.values())
    }
    return dict(sorted(found.items(), key=lambda item: (-item[1].available - item[1].before, item[0])))


def _result_of(run: Run, lease: int | None) -> SelectionRunResult | None:
    """The result of a run that was closed under this lease."""
    if run.state is RunState.COMPLETED and run.lease == (lease or 0) and run.result is not None:
        return SelectionRunResult.model_validate_json(run.result)
    return None


def _settle(connection: Connection, dataset: Dataset, owner_id: str, members: NDArray[np.int64]) -> str:
    """Keep samples as a selection; returns its id."""
    return selections.create_selection(
        connection, dataset_id=dataset.id, user_id=owner_id, selector=None, members=members
    ).id


def _settled(connection: Connection, selection_id: str | None) -> NDArray[np.int64]:
    if selection_id is None:
        return np.empty(0, dtype=np.int64)
    return selections.selection_members(connection, selections.find_selection(connection, selection_id))


def _content_keys(connection: Connection, dataset: Dataset, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Stable keys (n, 16) of samples of ascending indices (n,)."""
    if not len(indices):
        return np.empty((0, KEY_BYTES), dtype=np.uint8)
    is_crops = dataset.kind is DatasetKind.CROPS
    table = schema.crops if is_crops else schema.samples
    key = table.c.object_key if is_crops else table.c.digest
    first, last = int(indices[0]), int(indices[-1])
    query = (
        sa.select(key)
        .where(table.c.dataset_id == dataset.id, table.c.sample_index.between(first, last))
        .order_by(table.c.sample_index)
    )
    joined = b"".join(found[:KEY_BYTES] for found in connection.execute(query).scalars())
    return np.frombuffer(joined, dtype=np.uint8).reshape(-1, KEY_BYTES)[indices - first]


def _without_stale(connection: Connection, dataset: Dataset, members: NDArray[np.int64]) -> NDArray[np.int64]:
    """What a stale crop shows is gone: it is no candidate."""
    crops = schema.crops
    query = sa.select(crops.c.sample_index).where(crops.c.dataset_id == dataset.id, crops.c.stale)
    stale = np.array(connection.execute(query).scalars().all(), dtype=np.int64)
    return np.setdiff1d(members, stale, assume_unique=True)


def _check_choice(chosen: NDArray[np.int64], candidates: NDArray[np.int64]) -> None:
    if len(np.unique(chosen)) != len(chosen):
        raise InvalidConfig("a sample was chosen twice", field="sample_indices")
    strange = np.setdiff1d(chosen, candidates)
    if len(strange):
        raise InvalidConfig(f"sample {strange[0]} was chosen, but is no candidate", field="sample_indices")


def _make_tag(connection: Connection, dataset: Dataset, run: Run, wanted: str | None, chosen: NDArray[np.int64]) -> str:
    """Tag samples; returns the name. The work of a run is not lost to a name that was taken meanwhile."""
    if wanted is None:
        started = time.strftime("%Y-%m-%d %Hh%Mm%S", time.localtime(run.created_at / 1000))
        wanted = f"selection {started} {len(chosen)} selected"
    name = tags.free_name(connection, dataset.id, wanted)
    return tags.create_tag(connection, dataset.id, name=name, members=chosen, run_id=run.id).name


def _message(config: SelectionRunConfig, choice: Choice, tag: str | None) -> str:
    nouns = ("object", "objects") if config.selection.unit is SelectionUnit.OBJECTS else ("image", "images")
    count = len(choice.sample_indices)
    text = f"selected {count:,} of {choice.available:,} {nouns[choice.available != 1]} of {config.dataset_name}"
    if tag is not None:
        text += f"; they are tag {tag}"
        if config.new_tag not in (None, tag):
            text += f" ({config.new_tag} was taken by then)"
    if choice.stopped_by == "minimum_distance":
        text += f" (stopped early: every other {nouns[0]} is closer than the minimum distance to a selected one)"
    elif choice.asked is not None and choice.asked > choice.available:
        text += f" ({choice.asked:,} were asked for)"
    return text


def _dataset_of(connection: Connection, config: SelectionRunConfig) -> Dataset:
    dataset = dataset_by_id(connection, config.dataset_id)
    if dataset is None:
        raise _gone(config.dataset_name)
    return dataset


def _gone(name: str) -> NotFound:
    return NotFound(f"dataset `{name}` is not there any more")


def _mask(members: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    mask = np.zeros(count, dtype=np.bool_)
    mask[members] = True
    return mask
