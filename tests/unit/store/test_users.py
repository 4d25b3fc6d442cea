from __future__ import annotations

import pytest
import sqlalchemy as sa

from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.store import schema
from swath.store.database import Store
from swath.store.users import create_user, find_user, list_users, local_user, user_by_id


def test_a_home_has_one_local_user_from_the_start(store: Store) -> None:
    with store.reading() as connection:
        [user] = list_users(connection)
        assert (user.name, user.is_local) == ("local", True)
        assert local_user(connection) == user


def test_a_local_user_that_is_gone_is_made_again(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(sa.delete(schema.users))
        user = local_user(connection)
        assert local_user(connection) == user
        assert list_users(connection) == [user]


def test_there_is_no_second_local_user(store: Store) -> None:
    row = {"id": "b" * 24, "name": "other", "is_local": True, "created_at": 1}
    with pytest.raises(sa.exc.IntegrityError), store.writing() as connection:
        connection.execute(sa.insert(schema.users).values(row))


def test_a_user_is_found_by_name_and_by_id(store: Store) -> None:
    with store.writing() as connection:
        anna = create_user(connection, "anna")
        assert (
            find_user(connection, "anna") == find_user(connection, anna.id) == user_by_id(connection, anna.id) == anna
        )
        assert [user.name for user in list_users(connection)] == ["local", "anna"]
        assert not anna.is_local
        assert user_by_id(connection, "f" * 24) is None


def test_a_user_that_is_not_there_is_not_found_and_near_names_are_told(store: Store) -> None:
    with store.writing() as connection:
        create_user(connection, "anna")
        with pytest.raises(NotFound, match="there is no user `ana`") as caught:
            find_user(connection, "ana")
    assert caught.value.hint == "Did you mean `anna`?"


def test_a_name_is_given_once(store: Store) -> None:
    with store.writing() as connection:
        create_user(connection, "anna")
        with pytest.raises(Conflict, match="`anna`"):
            create_user(connection, "anna")
        with pytest.raises(Conflict, match="`local`"):
            create_user(connection, "local")


def test_a_user_may_be_called_by_an_e_mail_address(store: Store) -> None:
    with store.writing() as connection:
        anna = create_user(connection, "anna.b+data@mail.example.com")
        assert find_user(connection, "anna.b+data@mail.example.com") == anna


@pytest.mark.parametrize("name", ["", "al", "@anna", "anna@[::1]", "-anna", "an/na", "anna\n", "a" * 129])
def test_a_name_that_breaks_the_rule_is_refused(store: Store, name: str) -> None:
    with store.writing() as connection, pytest.raises(InvalidConfig) as caught:
        create_user(connection, name)
    assert caught.value.field == "name"
