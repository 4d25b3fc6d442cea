"""Datasets: finding them, and which two datasets a run adds to (settled before the run writes anything)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.errors import Conflict, InvalidConfig
from swath.core.names import MAX_DATASET_NAME_LENGTH, check_dataset_name, crops_dataset_name
from swath.core.runs import FINAL_STATES
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.ids import new_id
from swath.store.tags import create_initial_tag

_table = schema.datasets


class DatasetKind(StrEnum):
    IMAGES = "images"
    CROPS = "crops"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A dataset that is there. `parent_id` and `task` are those of a crops dataset, None for images."""

    id: str
    owner_id: str
    name: str
    kind: DatasetKind
    parent_id: str | None
    task: str | None
    is_default: bool
    input_uri: str
    output_uri: str
    is_confined: bool
    embedder_id: str | None
    stored_as: str | None  # what an upload left of images: full, thumbnail, meta
    processed_until: int | None  # ms, as an old script set it
    sample_count: int
    created_at: int  # ms
    modified_at: int  # ms


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDataset:
    """A dataset that a run adds to; it exists already, or comes into being under this id with the run's commit."""

    id: str
    owner_id: str
    name: str
    kind: DatasetKind
    parent_id: str | None
    task: str | None
    is_default: bool
    input_uri: str
    output_uri: str
    is_confined: bool
    sample_count: int


def dataset_by_id(connection: Connection, dataset_id: str) -> Dataset | None:
    return _one(connection, _table.c.id == dataset_id)


def dataset_by_name(connection: Connection, name: str, *, owner_id: str) -> Dataset | None:
    return _one(connection, sa.and_(_table.c.owner_id == owner_id, _table.c.name == name))


def select_datasets(connection: Connection, condition: sa.ColumnElement[bool]) -> list[Dataset]:
    """The datasets of which a condition on the columns of `schema.datasets` is true, in no order."""
    return [_dataset(row) for row in connection.execute(sa.select(_table).where(condition))]


def crops_datasets_of(connection: Connection, image_dataset_id: str) -> list[Dataset]:
    """The crops datasets of an image dataset, oldest first."""
    found = select_datasets(connection, _table.c.parent_id == image_dataset_id)
    return sorted(found, key=lambda dataset: (dataset.created_at, dataset.name))


def plan_image_dataset(
    connection: Connection, *, owner_id: str, name: str, input_uri: str, output_uri: str, is_confined: bool = False
) -> PlannedDataset:
    """The image dataset of `owner_id` that a run adds to.

    Raises InvalidConfig for a name that breaks the rule and for a dataset without datasource, Conflict if the name
    belongs to a crops dataset or to an image dataset of another datasource.
    """
    check_dataset_name(name, field="dataset_name")
    found = dataset_by_name(connection, name, owner_id=owner_id)
    if found is None:
        planned_id = _id_of_failed_run(
            connection, schema.runs.c.image_dataset_id, {"owner_id": owner_id, "image_dataset_name": name}
        )
        return PlannedDataset(
            id=planned_id or new_id(),
            owner_id=owner_id,
            name=name,
            kind=DatasetKind.IMAGES,
            parent_id=None,
            task=None,
            is_default=False,
            input_uri=input_uri,
            output_uri=output_uri,
            is_confined=is_confined,
            sample_count=0,
        )
    if found.kind is DatasetKind.CROPS:
        parent = _parent_name(connection, found)
        raise Conflict(
            f"dataset `{name}` holds crops of `{parent}`; a run cannot start from a crops dataset",
            hint=f"Run on image dataset `{parent}`.",
        )
    require_datasource(found)
    if found.input_uri != input_uri:
        raise Conflict(
            f"dataset `{name}` reads from `{found.input_uri}`, this run from `{input_uri}`",
            hint="Give the run another dataset name (`--dataset`), or the datasource the dataset was made from.",
        )
    return _existing(found, output_uri)


def require_datasource(dataset: Dataset) -> None:
    """Raise InvalidConfig for a dataset that no run can add to yet."""
    if not dataset.input_uri:
        raise InvalidConfig(
            f"dataset `{dataset.name}` has no datasource", field="datasource", hint="Set the datasource of it first."
        )


def plan_crop_dataset(
    connection: Connection, parent: PlannedDataset, *, task: str, given_name: str | None
) -> PlannedDataset:
    """The crops dataset of a run on image dataset `parent` with prediction task `task`.

    With no name given: the one marked default for (parent, task), else a new one under a derived name, which is
    the default from then on. A given name is used if parent and task match, and made if it is free.
    Raises InvalidConfig for a name that breaks the rule, Conflict if the name belongs to anything else.
    """
    if given_name is not None:
        check_dataset_name(given_name, field="object_level.crop_dataset_name")
    default = _one(
        connection, sa.and_(_table.c.parent_id == parent.id, _table.c.task == task, _table.c.is_default.is_(True))
    )
    if given_name is None and default is not None:
        return _existing(default, parent.output_uri)
    derived = _derived_name(connection, parent, task)
    name = derived if given_name is None else given_name
    if len(name) > MAX_DATASET_NAME_LENGTH:
        raise InvalidConfig(
            f"the crops dataset cannot get the name `{name}`, which is too long",
            field="object_level.crop_dataset_name",
            hint=f"Set `object_level.crop_dataset_name` to one of at most {MAX_DATASET_NAME_LENGTH} characters.",
        )
    found = dataset_by_name(connection, name, owner_id=parent.owner_id)
    if found is None and name != parent.name:
        planned_id = _id_of_failed_run(
            connection,
            schema.runs.c.crop_dataset_id,
            {"crop_dataset_name": name, "task": task, "image_dataset_id": parent.id},
        )
        return PlannedDataset(
            id=planned_id or new_id(),
            owner_id=parent.owner_id,
            name=name,
            kind=DatasetKind.CROPS,
            parent_id=parent.id,
            task=task,
            # Whoever gives the name that would have been derived means the default.
            is_default=default is None and name == derived,
            input_uri=parent.input_uri,
            output_uri=parent.output_uri,
            is_confined=parent.is_confined,
            sample_count=0,
        )
    if found is not None and given_name is not None and (found.parent_id, found.task) == (parent.id, task):
        return _existing(found, parent.output_uri)
    belongs = "is the image dataset of this run" if found is None else _what_it_is(connection, found)
    raise Conflict(
        f"crops of `{parent.name}` (task `{task}`) cannot go to dataset `{name}`: it {belongs}",
        hint="Set `object_level.crop_dataset_name` to a name that is free.",
    )


def _derived_name(connection: Connection, parent: PlannedDataset, task: str) -> str:
    name = crops_dataset_name(parent.name)
    found = dataset_by_name(connection, name, owner_id=parent.owner_id)
    if found is not None and found.parent_id == parent.id and found.task != task:
        name = crops_dataset_name(parent.name, task_name=task)
    return name


def _what_it_is(connection: Connection, dataset: Dataset) -> str:
    if dataset.kind is DatasetKind.IMAGES:
        return f"is an image dataset (of `{dataset.input_uri}`)"
    return f"holds crops of `{_parent_name(connection, dataset)}` (task `{dataset.task}`)"


def _parent_name(connection: Connection, dataset: Dataset) -> str:
    parent = dataset_by_id(connection, dataset.parent_id or "")
    assert parent is not None, f"crops dataset {dataset.id} without a parent"
    return parent.name


def _existing(found: Dataset, output_uri: str) -> PlannedDataset:
    if found.output_uri != output_uri:
        raise Conflict(
            f"the files of dataset `{found.name}` lie in `{found.output_uri}`, this run would write to `{output_uri}`",
            hint=f"Use `{found.output_uri}` for output again, or give the run another dataset name (`--dataset`).",
        )
    return PlannedDataset(
        id=found.id,
        owner_id=found.owner_id,
        name=found.name,
        kind=found.kind,
        parent_id=found.parent_id,
        task=found.task,
        is_default=found.is_default,
        input_uri=found.input_uri,
        output_uri=found.output_uri,
        is_confined=found.is_confined,
        sample_count=found.sample_count,
    )


def _id_of_failed_run(connection: Connection, column: sa.Column[str], same: dict[str, str]) -> str | None:
    """The id that the last run for the same dataset had planned, if no run ever brought it into being.

    The folder of crop files carries the id: with the same id the next run finds what the failed one left there.
    """
    runs = schema.runs
    came_into_being = sa.select(column).where(runs.c.receipt.is_not(None), column.is_not(None))
    query = (
        sa.select(column)
        .where(column.not_in(came_into_being), *(runs.c[name] == value for name, value in same.items()))
        .order_by(runs.c.created_at.desc(), runs.c.id.desc())
        .limit(1)
    )
    return connection.execute(query).scalar()


def create_dataset(connection: Connection, planned: PlannedDataset, *, now: int) -> Dataset:
    """Bring a planned dataset into being, with its initial-tag; one that is there is returned as it is."""
    found = dataset_by_id(connection, planned.id)
    if found is not None:
        return found
    if dataset_by_name(connection, planned.name, owner_id=planned.owner_id) is not None:
        raise Conflict(f"dataset `{planned.name}` was made by something else during the run")
    connection.execute(
        sa.insert(_table).values(
            id=planned.id,
            owner_id=planned.owner_id,
            name=planned.name,
            kind=planned.kind.value,
            parent_id=planned.parent_id,
            task=planned.task,
            is_default=planned.is_default,
            input_uri=planned.input_uri,
            output_uri=planned.output_uri,
            is_confined=planned.is_confined,
            embedder_id=None,
            sample_count=0,
            created_at=now,
            modified_at=now,
        )
    )
    create_initial_tag(connection, planned.id, now=now)
    created = dataset_by_id(connection, planned.id)
    assert created is not None
    return created


def create_empty_dataset(
    connection: Connection,
    *,
    owner_id: str,
    name: str,
    kind: DatasetKind = DatasetKind.IMAGES,
    input_uri: str = "",
    output_uri: str = "",
    is_confined: bool = True,
) -> Dataset:
    """Make a dataset without samples; without `input_uri` no run can add to it until its datasource is set.

    Raises InvalidConfig for a name that breaks the rule and for a kind that only runs make, Conflict for a name that
    the owner has given already.
    """
    check_dataset_name(name, field="name")
    if kind is not DatasetKind.IMAGES:
        raise InvalidConfig(
            "a crops dataset is made by the run that cuts its crops", field="kind", hint="Make an image dataset."
        )
    _refuse_taken_name(connection, name, owner_id=owner_id)
    planned = PlannedDataset(
        id=new_id(),
        owner_id=owner_id,
        name=name,
        kind=kind,
        parent_id=None,
        task=None,
        is_default=False,
        input_uri=input_uri,
        output_uri=output_uri or input_uri,
        is_confined=is_confined,
        sample_count=0,
    )
    return create_dataset(connection, planned, now=now_ms())


def rename_dataset(connection: Connection, dataset: Dataset, name: str) -> Dataset:
    """Give a dataset another name. Raises InvalidConfig or Conflict as making one."""
    if name == dataset.name:
        return dataset
    check_dataset_name(name, field="name")
    _refuse_taken_name(connection, name, owner_id=dataset.owner_id)
    return _changed(connection, dataset, {"name": name})


def set_datasource(
    connection: Connection, dataset: Dataset, *, input_uri: str, output_uri: str = "", is_confined: bool
) -> Dataset:
    """Say where the images of an image dataset are and where its crops go (without a word, beside them).

    Raises Conflict for a crops dataset, for one with samples, whose files would not be found any more, and while a
    run is under way. The place it has already is always fine.
    """
    if dataset.kind is DatasetKind.CROPS:
        parent = _parent_name(connection, dataset)
        raise Conflict(
            f"`{dataset.name}` reads from where its image dataset does", hint=f"Set the datasource of `{parent}`."
        )
    changed = {"input_uri": input_uri, "output_uri": output_uri or input_uri, "is_confined": is_confined}
    is_same = (dataset.input_uri, dataset.output_uri) == (changed["input_uri"], changed["output_uri"])
    if not is_same and dataset.sample_count:
        raise Conflict(
            f"dataset `{dataset.name}` has samples, whose files are in `{dataset.input_uri}` (crops in "
            f"`{dataset.output_uri}`)",
            hint="Make another dataset for another datasource.",
        )
    if not is_same:
        refuse_while_used(connection, [dataset], to="change its datasource")
    for crops in crops_datasets_of(connection, dataset.id):
        _changed(connection, crops, changed)
    return _changed(connection, dataset, changed)


def refuse_while_used(connection: Connection, datasets: Sequence[Dataset], *, to: str) -> None:
    """Raise Conflict if a run that adds to or chooses from one of the datasets waits or a worker has it; `to` says what
    was asked.

    The caller holds the home's lock: a run of a process that is not over was left by one that is gone.
    """
    runs = schema.runs
    for dataset in datasets:
        query = (
            sa.select(runs.c.id, runs.c.state)
            .where(
                runs.c.state.not_in([state.value for state in FINAL_STATES]),
                # Runs that extend maps come by themselves: nobody should have to cancel what they never asked for.
                runs.c.kind != "projection",
                runs.c.process_id.is_(None),
                sa.or_(runs.c.image_dataset_id == dataset.id, runs.c.crop_dataset_id == dataset.id),
            )
            .order_by(runs.c.created_at, runs.c.id)
            .limit(1)
        )
        run = connection.execute(query).one_or_none()
        if run is not None:
            raise Conflict(
                f"run `{run.id}` on dataset `{dataset.name}` is not over (state `{run.state}`)",
                hint=f"Cancel it, or wait until it is over, to {to}.",
            )


def record_samples_added(connection: Connection, dataset: Dataset, *, added: int, embedder_id: str, now: int) -> None:
    connection.execute(
        sa.update(_table)
        .where(_table.c.id == dataset.id)
        .values(sample_count=dataset.sample_count + added, embedder_id=embedder_id, modified_at=now)
    )


def set_processed_until(connection: Connection, dataset: Dataset, until: int) -> None:
    """Keep until when (unix ms) somebody says that the files of an image dataset are processed."""
    connection.execute(sa.update(_table).where(_table.c.id == dataset.id).values(processed_until=until))


def mark_modified(connection: Connection, dataset_id: str, *, now: int) -> None:
    """Say that something about a dataset or the crops of its images has changed: whoever keeps copies looks anew."""
    connection.execute(sa.update(_table).where(_table.c.id == dataset_id).values(modified_at=now))


def mark_changed(connection: Connection, dataset_id: str) -> None:
    """As `mark_modified`, now, and later than before on any clock: two changes within a millisecond are two changes."""
    later = sa.case((_table.c.modified_at >= now_ms(), _table.c.modified_at + 1), else_=now_ms())
    connection.execute(sa.update(_table).where(_table.c.id == dataset_id).values(modified_at=later))


def _refuse_taken_name(connection: Connection, name: str, *, owner_id: str) -> None:
    if dataset_by_name(connection, name, owner_id=owner_id) is not None:
        raise Conflict(f"there is a dataset `{name}` already", hint="Choose another name.")


def _changed(connection: Connection, dataset: Dataset, values: Mapping[str, object]) -> Dataset:
    connection.execute(sa.update(_table).where(_table.c.id == dataset.id).values(**values, modified_at=now_ms()))
    changed = dataset_by_id(connection, dataset.id)
    assert changed is not None
    return changed


def _one(connection: Connection, condition: sa.ColumnElement[bool]) -> Dataset | None:
    row = connection.execute(sa.select(_table).where(condition)).one_or_none()
    return None if row is None else _dataset(row)


def _dataset(row: sa.Row[tuple[object, ...]]) -> Dataset:
    values = dict(row._mapping)
    return Dataset(**{**values, "kind": DatasetKind(values["kind"])})
