"""Selection runs: settling what they choose from, answering for it, and keeping what they chose."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.errors import Conflict, InvalidConfig
from swath.core.runs import RunState
from swath.pipeline.wording import why_it_ended
from swath.store import runs, schema, selections, tags
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.datasets import Dataset, DatasetKind, dataset_by_id
from swath.store.predictions import task_schemas
from swath.store.queue import schedule_run
from swath.store.runs import Run
from swath.store.selection_candidates import gone, running_dataset, selection_config_of
from swath.store.selection_inputs import PlannedInput, keep_inputs, plan_inputs
from swath.wire.run_config import SelectionConfig, SelectionUnit
from swath.wire.run_result import DatasetResult
from swath.wire.runs import RunKind
from swath.wire.selection_run import CategoryCounts, Choice, SelectionRunConfig, SelectionRunResult

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
    inputs: tuple[PlannedInput, ...] | None = None  # what strategies read; None: not looked at yet


def unit_of(dataset: Dataset) -> SelectionUnit:
    """What the samples of a dataset are as units of a selection."""
    return SelectionUnit.OBJECTS if dataset.kind is DatasetKind.CROPS else SelectionUnit.IMAGES


def with_inputs(connection: Connection, plan: SelectionPlan, *, owner_id: str) -> SelectionPlan:
    """The plan with what its strategies read. That may take a look at every sample, which nobody who waits for their
    turn to write should have to wait for: it is done in a transaction that only reads.

    Raises as `schedule_selection`.
    """
    members, _ = _samples_of(connection, plan)
    return replace(plan, inputs=plan_inputs(connection, plan.dataset, plan.selection, members, owner_id=owner_id))


def schedule_selection(
    connection: Connection,
    plan: SelectionPlan,
    *,
    owner_id: str,
    priority: int = 0,
    runs_on: Sequence[str] = (),
) -> str:
    """Let a selection run wait for a worker, with its samples settled. Returns its id.

    Raises NotFound for a tag, a task or a dataset that is not there, InvalidConfig for what a strategy cannot read,
    InvalidConfig or Conflict for a name that the new tag cannot have, Conflict where nothing is left to choose from,
    for samples without embeddings and for vectors that cannot be compared.
    """
    dataset = plan.dataset
    members, preselected = _samples_of(connection, plan)
    planned = plan.inputs
    if planned is None:
        planned = plan_inputs(connection, dataset, plan.selection, members, owner_id=owner_id)
    config = SelectionRunConfig(
        dataset_id=dataset.id,
        dataset_name=dataset.name,
        selection=plan.selection,
        input_selection_id=_settle(connection, dataset, owner_id, members),
        input_tag=plan.input_tag,
        preselected_selection_id=None
        if preselected is None
        else _settle(connection, dataset, owner_id, preselected.members),
        preselected_tag=None if preselected is None else preselected.tag,
        new_tag=plan.new_tag,
        tags_preselected=plan.tags_preselected,
        dry_run=plan.dry_run,
        inputs=keep_inputs(connection, planned, owner_id=owner_id),
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Preselected:
    tag: str
    members: NDArray[np.int64]


def _samples_of(connection: Connection, plan: SelectionPlan) -> tuple[NDArray[np.int64], _Preselected | None]:
    """The candidates (N,) and what counts as chosen before, as they are now. Raises as `schedule_selection`."""
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
    preselected = None
    if plan.preselected_tag is not None:
        tag = tags.find_tag(connection, dataset.id, plan.preselected_tag)
        preselected = _Preselected(tag=tag.name, members=tags.tag_members(connection, tag))
        members = np.setdiff1d(members, preselected.members, assume_unique=True)
    if not len(members):
        raise Conflict(
            f"there is nothing to choose from in dataset `{dataset.name}`",
            hint="Choose among other samples, or take a smaller tag for what was chosen before.",
        )
    return members, preselected


def begin_here(connection: Connection, run_id: str) -> None:
    """Let this process do a run that waits. The caller holds `home.lock` until the run is over."""
    connection.execute(
        sa.update(_runs)
        .where(_runs.c.id == run_id)
        .values(process_id=os.getpid(), host_name=socket.gethostname(), cancel_requested=False)
    )
    runs.move_run(connection, run_id, RunState.STARTED)


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
        candidates = selections.selected_members(connection, config.input_selection_id)
        preselected = selections.selected_members(connection, config.preselected_selection_id)
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
        dataset = running_dataset(connection, config)
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
            quality=choice.quality,
            findings=list(choice.findings),
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
        raise gone(dataset_id)
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
    return text + why_it_ended(
        choice.stopped_by,
        noun=nouns[0],
        selected=count,
        asked=choice.asked,
        available=choice.available,
        eligible=choice.eligible,
    )


def _mask(members: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    mask = np.zeros(count, dtype=np.bool_)
    mask[members] = True
    return mask
