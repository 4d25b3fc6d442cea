from __future__ import annotations

from typing import Any

import pytest

from swath.core.errors import NotFound
from swath.store.database import Store
from swath.store.users import create_user
from swath.store.worker_configs import create_worker_config, find_worker_config, list_worker_configs


@pytest.mark.parametrize("document", [{}, {"docker": {"a.b": [1, 1.0, None, "ü\0\n"]}}, {"n": 10**30}])
def test_a_configuration_is_given_back_as_it_came(store: Store, document: dict[str, Any]) -> None:
    with store.writing() as connection:
        ann = create_user(connection, "ann").id
        config_id = create_worker_config(connection, owner_id=ann, generation="V2", document=document, now=7)
        found = find_worker_config(connection, config_id, owner_id=ann)
    assert repr(found.document) == repr(document)
    assert (found.id, found.owner_id, found.generation, found.created_at) == (config_id, ann, "V2", 7)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_what_json_cannot_carry_is_not_kept(store: Store, value: object) -> None:
    with store.writing() as connection:
        ann = create_user(connection, "ann").id
        with pytest.raises(ValueError):  # noqa: PT011, of two kinds
            create_worker_config(connection, owner_id=ann, generation="V0", document={"x": value}, now=1)
        assert list_worker_configs(connection, owner_id=ann) == []


def test_configurations_belong_to_their_user(store: Store) -> None:
    with store.writing() as connection:
        ann, ben = create_user(connection, "ann").id, create_user(connection, "ben").id
        ids = [create_worker_config(connection, owner_id=ann, generation="V0", document={}, now=now) for now in (1, 2)]
        assert [config.id for config in list_worker_configs(connection, owner_id=ann)] == ids[::-1]
        assert list_worker_configs(connection, owner_id=ben) == []
        for unknown in (ids[0], "0" * 24, "odd"):
            with pytest.raises(NotFound):
                find_worker_config(connection, unknown, owner_id=ben)
