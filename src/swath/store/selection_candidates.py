"""What a selection run chooses from, and what its strategies have to know of it: whole, or page by page."""

from __future__ import annotations

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.candidates import Candidates, StrategyInput, categories_of_pages, strategy_input
from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.core.objects import KEY_BYTES
from swath.store import schema
from swath.store.datasets import Dataset, DatasetKind, dataset_by_id
from swath.store.embeddings import read_rows
from swath.store.home import Home
from swath.store.runs import Run
from swath.store.sample_rows import iter_sample_rows, parent_indices
from swath.store.selection_categories import sample_categories
from swath.store.selection_inputs import check_query, query_page, read_input
from swath.store.selections import selected_members
from swath.wire.runs import RunKind
from swath.wire.selection import SimilarityStrategy, Strategy
from swath.wire.selection_pages import GroupPage, PlacedPage, SamplePage
from swath.wire.selection_run import SelectionRunConfig


class CandidateReader:
    """Reads what one selection run is about.

    Rows are those of its candidates or, with `preselected`, of what counts as chosen before, by index: [first, first +
    count), all from `first` on where no count is given. Files of vectors are compared with their checksums where a
    reading begins, not for every page of it. Raises NotFound if dataset or samples are not there any more,
    SourceUnavailable for damaged vectors.
    """

    def __init__(self, connection: Connection, home: Home, run: Run) -> None:
        self._connection = connection
        self._home = home
        self._config = selection_config_of(run)
        self._dataset = running_dataset(connection, self._config)

    def samples(self, *, preselected: bool, first: int = 0, count: int | None = None) -> SamplePage:
        """The samples themselves."""
        members = self._members(preselected)
        page = _slice(members, first, count)
        return SamplePage(
            total=len(members),
            strategies=len(self._config.selection.strategies),
            sample_indices=page,
            keys=_content_keys(self._connection, self._dataset, page),
            vectors=self._vectors(self._dataset.id, page, first),
        )

    def groups(self, *, preselected: bool, first: int = 0, count: int | None = None) -> GroupPage:
        """What limits and figures group them by."""
        members = self._members(preselected)
        page = _slice(members, first, count)
        is_crops = self._dataset.kind is DatasetKind.CROPS
        return GroupPage(
            total=len(members),
            image_of=parent_indices(self._connection, self._dataset.id, page) if is_crops else None,
            categories=sample_categories(self._connection, self._dataset, page),
        )

    def input(self, strategy: int, *, preselected: bool, first: int = 0, count: int | None = None) -> PlacedPage:
        """What the strategy of a number has to know of them: with vectors of many objects, of fewer than `count`
        samples. Raises InvalidConfig for a number that no strategy has."""
        members = self._members(preselected)
        page, covered = read_input(
            self._connection,
            self._home,
            self._dataset,
            self._strategy(strategy),
            self._config.input_of(strategy),
            _slice(members, first, count),
            place=f"selection.strategies[{strategy}]",
            most_rows=count,
            is_checked=first > 0,
        )
        return PlacedPage(total=len(members), next=min(first + covered, len(members)), page=page)

    def query(self, strategy: int, *, first: int = 0, count: int | None = None) -> PlacedPage:
        """The vectors that a similarity of a number looks for; of another strategy there is nothing."""
        similarity, settled = self._strategy(strategy), self._config.input_of(strategy)
        query = settled.query
        if query is None or not isinstance(similarity, SimilarityStrategy):
            return PlacedPage(total=0, next=0, page=None)
        check_query(self._connection, self._dataset, similarity, settled)
        members = selected_members(self._connection, query.selection_id)
        page = _slice(members, first, count)
        return PlacedPage(
            total=len(members),
            next=min(first + len(page), len(members)),
            page=query_page(self._vectors(query.dataset_id, page, first)),
        )

    def everything(self) -> Candidates:
        """All of it at once."""
        samples, before = self.samples(preselected=False), self.samples(preselected=True)
        groups, groups_before = self.groups(preselected=False), self.groups(preselected=True)
        return Candidates(
            sample_indices=samples.sample_indices,
            keys=samples.keys,
            vectors=samples.vectors,
            preselected=before.vectors,
            inputs=tuple(self._whole_input(number) for number in range(len(self._config.selection.strategies))),
            image_of=groups.image_of,
            categories=categories_of_pages([groups.categories], [groups_before.categories]),
        )

    def _whole_input(self, strategy: int) -> StrategyInput:
        return strategy_input(
            [self.input(strategy, preselected=False).page],
            [self.input(strategy, preselected=True).page],
            [self.query(strategy).page],
        )

    def _strategy(self, number: int) -> Strategy:
        strategies = self._config.selection.strategies
        if not 0 <= number < len(strategies):
            raise InvalidConfig(f"the selection has {len(strategies)} strategies, from 0 on: there is no {number}")
        return strategies[number]

    def _members(self, preselected: bool) -> NDArray[np.int64]:
        config = self._config
        return selected_members(
            self._connection, config.preselected_selection_id if preselected else config.input_selection_id
        )

    def _vectors(self, dataset_id: str, indices: NDArray[np.int64], first: int) -> NDArray[np.float16]:
        return read_rows(self._connection, self._home, dataset_id, indices, is_checked=first > 0)


def selection_config_of(run: Run) -> SelectionRunConfig:
    """What a selection run is asked. Raises Conflict for a run of another kind."""
    if run.kind != RunKind.SELECTION:
        raise Conflict(f"run `{run.id}` is no selection run: its kind is `{run.kind}`")
    return SelectionRunConfig.model_validate_json(run.config)


def running_dataset(connection: Connection, config: SelectionRunConfig) -> Dataset:
    """The dataset that a selection run is on. Raises NotFound if it is not there any more."""
    dataset = dataset_by_id(connection, config.dataset_id)
    if dataset is None:
        raise gone(config.dataset_name)
    return dataset


def gone(name: str) -> NotFound:
    return NotFound(f"dataset `{name}` is not there any more")


def _slice(members: NDArray[np.int64], first: int, count: int | None) -> NDArray[np.int64]:
    return members[first:] if count is None else members[first : first + count]


def _content_keys(connection: Connection, dataset: Dataset, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Stable keys (n, 16) of samples of ascending indices (n,)."""
    is_crops = dataset.kind is DatasetKind.CROPS
    table = schema.crops if is_crops else schema.samples
    key = table.c.object_key if is_crops else table.c.digest
    query = sa.select(table.c.sample_index, key).where(table.c.dataset_id == dataset.id)
    found = np.zeros((len(indices), KEY_BYTES), dtype=np.uint8)
    for places, rows in iter_sample_rows(connection, query, table.c.sample_index, indices):
        joined = b"".join(row[1][:KEY_BYTES] for row in rows)
        found[places] = np.frombuffer(joined, dtype=np.uint8).reshape(-1, KEY_BYTES)
    return found
