"""Any sequence of operations can be taken back: exactly, in the opposite order, whatever runs add meanwhile."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from pyroaring import BitMap

from swath.core.errors import Conflict, NotFound
from swath.store import operations, schema, tagging, tags
from swath.store.database import open_store
from swath.store.datasets import DatasetKind, PlannedDataset, create_dataset
from swath.store.ids import new_id
from swath.store.tagging import Editor
from swath.store.users import local_user
from swath.wire.tags import TagExpression

NAMES = ("cars", "vans", "night", "day")

names = st.sampled_from(NAMES)
several_names = st.lists(names, min_size=1, max_size=3, unique=True)


@dataclass(frozen=True)
class SeenTag:
    """What a person sees of a tag; revision and times are no part of it."""

    id: str
    name: str
    parent_id: str | None
    members: frozenset[int]
    total_size: int


class TaggingMachine(RuleBasedStateMachine):
    """Does, undoes and repeats operations on one dataset, next to a model: what tags were before each of them."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._store = open_store(f"sqlite:///{Path(self._folder.name) / 'swath.sqlite'}")
        # Those that stand, in the order in which they were last done, each with the tags before it.
        self._done: list[tuple[operations.Operation, frozenset[SeenTag]]] = []
        self._undone: list[operations.Operation] = []

        self._make_a_dataset()

    def teardown(self) -> None:
        try:
            while self._done:
                self.undo_the_last()
            assert self._tags() == frozenset()
        finally:
            self._store.close()
            self._folder.cleanup()

    def _make_a_dataset(self) -> None:
        with self._store.writing() as connection:
            self._user_id = local_user(connection).id
            planned = PlannedDataset(
                id=new_id(),
                owner_id=self._user_id,
                name="photos",
                kind=DatasetKind.IMAGES,
                parent_id=None,
                task=None,
                is_default=False,
                input_uri="/data",
                output_uri="/data",
                is_confined=False,
                sample_count=0,
            )
            self._dataset_id = create_dataset(connection, planned, now=0).id
        self._size = 0
        self.a_run_adds_samples(count=6)

    @rule(count=st.integers(1, 3))
    def a_run_adds_samples(self, count: int) -> None:
        """Samples come, but no tag: those of runs would only be in the model's way."""
        self._size += count
        datasets = schema.datasets
        with self._store.writing() as connection:
            connection.execute(sa.update(datasets).values(sample_count=self._size))

    @rule(name=names, seed=st.integers(0, 2**20))
    def create(self, name: str, seed: int) -> None:
        self._do(lambda editor: tagging.create_tag(editor, name=name, members=self._some(seed))[1])

    @rule(name=names, other=names, seed=st.none() | st.integers(0, 2**20))
    def change(self, name: str, other: str, seed: int | None) -> None:
        members = None if seed is None else self._some(seed)
        self._do(lambda editor: tagging.change_tag(editor, name, name=other, members=members)[1])

    @rule(name=names)
    def delete(self, name: str) -> None:
        self._do(lambda editor: tagging.delete_tag(editor, name))

    @rule(add=several_names, remove=several_names, seed=st.integers(0, 2**20))
    def apply(self, add: list[str], remove: list[str], seed: int) -> None:
        remove = [name for name in remove if name not in add]
        self._do(lambda editor: tagging.apply_tags(editor, self._some(seed), add=add, remove=remove).operation)

    @rule(name=names, operands=several_names)
    def combine(self, name: str, operands: list[str]) -> None:
        expression = TagExpression.model_validate({"none_of": [{"tag": operand} for operand in operands]})
        self._do(lambda editor: tagging.combine_tags(editor, name=name, expression=expression)[1])

    @rule(into=names, sources=several_names)
    def merge(self, into: str, sources: list[str]) -> None:
        self._do(lambda editor: tagging.merge_tags(editor, into=into, sources=sources)[1])

    @precondition(lambda self: self._done)
    @rule()
    def undo_the_last(self) -> None:
        operation, before = self._done.pop()
        with self._store.writing() as connection:
            operations.undo(connection, operation)
        self._undone.append(operation)
        assert self._tags() == before

    @precondition(lambda self: self._done)
    @rule(which=st.integers(0, 100))
    def undo_any(self, which: int) -> None:
        """One that others were built on may refuse; if it does not, it is the tags' last one."""
        position = which % len(self._done)
        operation, _ = self._done[position]
        before = self._tags()
        try:
            with self._store.writing() as connection:
                operations.undo(connection, operation)
        except Conflict:
            assert self._tags() == before
            return
        with self._store.writing() as connection:
            operations.redo(connection, operation)
        assert self._tags() == before

    @precondition(lambda self: self._undone)
    @rule(which=st.integers(0, 100))
    def redo_any(self, which: int) -> None:
        position = which % len(self._undone)
        before = self._tags()
        try:
            with self._store.writing() as connection:
                operation = operations.redo(connection, self._undone[position])
        except Conflict:
            assert self._tags() == before
            return
        self._undone.pop(position)
        self._done.append((operation, before))

    @invariant()
    def counts_agree_with_members(self) -> None:
        table = schema.tags
        with self._store.reading() as connection:
            for count, members, total in connection.execute(
                sa.select(table.c.member_count, table.c.members, table.c.total_size).where(table.c.members.is_not(None))
            ):
                bitmap = BitMap.deserialize(members)
                assert count == len(bitmap)
                assert not bitmap or bitmap.max() < total <= self._size

    def _do(self, change: object) -> None:
        assert callable(change)
        before = self._tags()
        try:
            with self._store.writing() as connection:
                operation = change(Editor(connection=connection, dataset_id=self._dataset_id, user_id=self._user_id))
        except (Conflict, NotFound):
            assert self._tags() == before
            return
        if operation is None:
            assert self._looks(self._tags()) == self._looks(before)
        else:
            self._done.append((operation, before))

    def _some(self, seed: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.flatnonzero(np.random.default_rng(seed).random(self._size) < 0.5)

    def _tags(self) -> frozenset[SeenTag]:
        with self._store.reading() as connection:
            return frozenset(
                SeenTag(
                    id=tag.id,
                    name=tag.name,
                    parent_id=tag.parent_id,
                    members=frozenset(tags.tag_members(connection, tag).tolist()),
                    total_size=tag.total_size,
                )
                for tag in tags.list_tags(connection, self._dataset_id)
                if not tag.is_initial
            )

    @staticmethod
    def _looks(seen: frozenset[SeenTag]) -> set[tuple[str, frozenset[int]]]:
        return {(tag.name, tag.members) for tag in seen}


TestTagging = TaggingMachine.TestCase
TestTagging.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
