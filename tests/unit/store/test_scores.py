from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from swath.core.errors import InvalidConfig, NotFound
from swath.store import tagging
from swath.store.database import Store
from swath.store.operations import undo
from swath.store.scores import find_scores, keep_scores, list_scores, read_scores
from swath.store.sharing import find_dataset
from swath.store.tagging import Editor
from swath.store.tags import create_tag, find_tag
from swath.store.users import local_user
from swath.testing.session_contract import make_image_additions

Fixture = Any  # of conftest.py: CommitRun


@pytest.fixture
def dataset_id(store: Store, commit_run: Fixture) -> str:
    """A dataset of three images with a tag `two` of two."""
    commit_run(make_image_additions(["a.jpg", "b.jpg", "c.jpg"]), task=None)
    with store.writing() as connection:
        dataset = find_dataset(connection, "vehicles")
        create_tag(connection, dataset.id, name="two", members=np.array([0, 2]))
        return dataset.id


def test_scores_of_one_name_replace_each_other(store: Store, dataset_id: str) -> None:
    with store.writing() as connection:
        tag = find_tag(connection, dataset_id, "two")
        first = keep_scores(connection, tag, "margin", np.array([0.5, 1.0]))
        other = keep_scores(connection, tag, "entropy", np.array([3.0, 4.0]))
        assert keep_scores(connection, tag, "margin", np.array([0.25, 2.0])) == first
    with store.reading() as connection:
        assert [(one.id, one.name) for one in list_scores(connection, tag)] == [(other, "entropy"), (first, "margin")]
        assert read_scores(connection, find_scores(connection, tag, first)).tolist() == [0.25, 2.0]
        everything = find_tag(connection, dataset_id, "initial-tag")
        assert list_scores(connection, everything) == []
        with pytest.raises(NotFound, match="`initial-tag` has no scores"):
            find_scores(connection, everything, first)


@pytest.mark.parametrize("scores", [[1.0], [1.0, 2.0, 3.0], [1.0, np.nan], [np.inf, 0.0]])
def test_every_member_has_one_finite_score(store: Store, dataset_id: str, scores: list[float]) -> None:
    with store.writing() as connection:
        tag = find_tag(connection, dataset_id, "two")
        with pytest.raises(InvalidConfig, match="`margin`"):
            keep_scores(connection, tag, "margin", np.array(scores))


def test_a_tag_that_is_brought_back_has_its_scores(store: Store, dataset_id: str) -> None:
    with store.writing() as connection:
        tag = find_tag(connection, dataset_id, "two")
        keep_scores(connection, tag, "margin", np.array([0.5, 1.0]))
        user_id = local_user(connection).id
        deleted = tagging.delete_tag(Editor(connection=connection, dataset_id=dataset_id, user_id=user_id), "two")
    with store.writing() as connection:
        undo(connection, deleted)
        assert [one.name for one in list_scores(connection, find_tag(connection, dataset_id, "two"))] == ["margin"]
