from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from swath.core.errors import NotFound
from swath.store import selections
from swath.store.catalog import describe_dataset
from swath.store.database import Store
from swath.store.users import local_user
from swath.testing.session_contract import make_additions

Fixture = Any  # of conftest.py: CommitRun


def test_a_selection_keeps_its_members_until_its_dataset_is_forgotten(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 5}))
    dataset_id = describe_dataset(store, "vehicles-crops").id
    with store.writing() as connection:
        made = selections.create_selection(
            connection,
            dataset_id=dataset_id,
            user_id=local_user(connection).id,
            selector='{"all_of": []}',
            members=np.array([4, 0, 4, 2]),
        )
    assert (made.member_count, made.selector) == (3, '{"all_of": []}')
    with store.writing() as connection:
        assert selections.find_selection(connection, made.id) == made
        assert selections.selection_members(connection, made).tolist() == [0, 2, 4]
        selections.forget_selections(connection, dataset_id)
        with pytest.raises(NotFound, match=f"there is no selection `{made.id}`"):
            selections.find_selection(connection, made.id)
        with pytest.raises(NotFound, match=f"there is no selection `{made.id}`"):
            selections.selection_members(connection, made)
