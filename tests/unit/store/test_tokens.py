from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from swath.core.access import Principal, Scope
from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.tokens import (
    LOGIN_CODE_MS,
    SESSION_MS,
    TokenKind,
    find_principal,
    issue_login_code,
    issue_session,
    issue_token,
    list_tokens,
    redeem_login_code,
    replace_local_token,
    revoke_session,
    revoke_token,
    touch_token,
)
from swath.store.users import create_user, local_user

MINUTE = 60_000


def test_a_secret_leads_to_its_user_and_scope(store: Store) -> None:
    with store.writing() as connection:
        anna = create_user(connection, "anna")
        token, secret = issue_token(connection, anna.id, name="laptop", scope=Scope.READ_ONLY)
    with store.reading() as connection:
        assert find_principal(connection, secret, now_ms()) == Principal(
            user_id=anna.id, user_name="anna", scope=Scope.READ_ONLY, token_id=token.id, is_local=False
        )


def test_a_secret_is_recognisable_and_long_and_no_two_are_the_same(store: Store) -> None:
    with store.writing() as connection:
        user = local_user(connection)
        secrets = {issue_token(connection, user.id, name="ci", scope=Scope.MEMBER)[1] for _ in range(20)}
    assert len(secrets) == 20
    assert all(re.fullmatch(r"swath_[A-Za-z0-9_-]{43}", secret) for secret in secrets)


@pytest.mark.parametrize("change", ["", "swath_", "x", "swath_" + "a" * 43, "\udcff", "ä"])
def test_a_secret_of_nobody_leads_nowhere(store: Store, change: str) -> None:
    with store.writing() as connection:
        issue_token(connection, local_user(connection).id, name="ci", scope=Scope.OWNER)
        assert find_principal(connection, change, now_ms()) is None


def test_neither_secrets_nor_codes_are_in_the_database(store: Store) -> None:
    with store.writing() as connection:
        user = local_user(connection)
        secrets = [
            issue_token(connection, user.id, name="ci", scope=Scope.OWNER)[1],
            issue_session(connection, user)[1],
            replace_local_token(connection)[1],
            issue_login_code(connection, user.id),
        ]
    with store.reading() as connection:
        for table in (schema.tokens, schema.login_codes):
            rows = connection.execute(sa.select(table)).all()
            assert rows
            for value in (value for row in rows for value in row):
                text = value if isinstance(value, bytes) else str(value).encode()
                assert not any(secret.encode() in text or secret[6:].encode() in text for secret in secrets)


def test_an_expired_token_leads_nowhere(store: Store) -> None:
    expires = now_ms() + MINUTE
    with store.writing() as connection:
        user = local_user(connection)
        _, secret = issue_token(connection, user.id, name="ci", scope=Scope.OWNER, expires_at=expires)
        assert find_principal(connection, secret, expires - 1) is not None
        assert find_principal(connection, secret, expires) is None


def test_a_token_that_is_over_before_it_begins_is_refused(store: Store) -> None:
    with store.writing() as connection, pytest.raises(InvalidConfig) as caught:
        issue_token(connection, local_user(connection).id, name="ci", scope=Scope.OWNER, expires_at=now_ms() - 1)
    assert caught.value.field == "expires_at"


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 129])
def test_a_token_has_a_name_of_one_line(store: Store, name: str) -> None:
    with store.writing() as connection, pytest.raises(InvalidConfig) as caught:
        issue_token(connection, local_user(connection).id, name=name, scope=Scope.OWNER)
    assert caught.value.field == "name"


@pytest.mark.parametrize("by", ["id", "name"])
def test_a_revoked_token_leads_nowhere_and_others_go_on(store: Store, by: str) -> None:
    with store.writing() as connection:
        user = local_user(connection)
        token, secret = issue_token(connection, user.id, name="ci", scope=Scope.OWNER)
        _, other = issue_token(connection, user.id, name="laptop", scope=Scope.OWNER)
        assert revoke_token(connection, token.id if by == "id" else "ci").id == token.id
        assert find_principal(connection, secret, now_ms()) is None
        assert find_principal(connection, other, now_ms()) is not None
        # Of one millisecond, either may come first.
        assert {token.name: token.revoked_at is None for token in list_tokens(connection)} == {
            "ci": False,
            "laptop": True,
        }
        with pytest.raises(NotFound, match="`ci`"):
            revoke_token(connection, "ci")


def test_of_two_tokens_of_one_name_the_id_says_which_to_revoke(store: Store) -> None:
    with store.writing() as connection:
        user = local_user(connection)
        first, _ = issue_token(connection, user.id, name="ci", scope=Scope.OWNER)
        second, _ = issue_token(connection, user.id, name="ci", scope=Scope.OWNER)
        with pytest.raises(Conflict, match="2 tokens are called `ci`") as caught:
            revoke_token(connection, "ci")
        assert first.id in caught.value.hint
        revoke_token(connection, first.id)
        assert revoke_token(connection, "ci").id == second.id


def test_nobody_revokes_or_lists_the_token_of_another(store: Store) -> None:
    with store.writing() as connection:
        anna, bert = create_user(connection, "anna"), create_user(connection, "bert")
        token, secret = issue_token(connection, anna.id, name="laptop", scope=Scope.MEMBER)
        for name_or_id in ("laptop", token.id):
            with pytest.raises(NotFound) as caught:
                revoke_token(connection, name_or_id, user_id=bert.id)
            assert caught.value.hint == "There is no token yet."
        assert list_tokens(connection, bert.id) == []
        assert list_tokens(connection, anna.id) == list_tokens(connection) == [token]
        assert find_principal(connection, secret, now_ms()) is not None


def test_the_last_use_is_kept_to_the_minute(store: Store) -> None:
    with store.writing() as connection:
        token, _ = issue_token(connection, local_user(connection).id, name="ci", scope=Scope.OWNER)
        seen = []
        for now in (100 * MINUTE, 100 * MINUTE + 59_999, 101 * MINUTE):
            touch_token(connection, token.id, now)
            seen.append(list_tokens(connection)[0].last_used_at)
    assert seen == [100 * MINUTE, 100 * MINUTE, 101 * MINUTE]


def test_a_server_that_starts_replaces_the_token_of_the_last(store: Store) -> None:
    with store.writing() as connection:
        _, first = replace_local_token(connection)
        _, second = replace_local_token(connection)
        assert find_principal(connection, first, now_ms()) is None
        principal = find_principal(connection, second, now_ms())
        assert principal is not None
        assert (principal.scope, principal.is_local) == (Scope.OWNER, True)
        # It is the server's own affair.
        assert list_tokens(connection) == []


@pytest.mark.parametrize(("user", "scope"), [("local", Scope.OWNER), ("anna", Scope.MEMBER)])
def test_a_session_lasts_thirty_days_with_the_scope_of_its_user(store: Store, user: str, scope: Scope) -> None:
    with store.writing() as connection:
        found = local_user(connection) if user == "local" else create_user(connection, user)
        token, secret = issue_session(connection, found)
        assert token.kind is TokenKind.SESSION
        assert token.expires_at is not None
        assert token.expires_at - token.created_at == pytest.approx(SESSION_MS, abs=MINUTE)
        principal = find_principal(connection, secret, token.expires_at - 1)
        assert principal is not None
        assert (principal.user_name, principal.scope) == (user, scope)
        assert find_principal(connection, secret, token.expires_at) is None


def test_a_browser_that_logs_out_is_out_and_may_say_so_twice(store: Store) -> None:
    with store.writing() as connection:
        token, secret = issue_session(connection, local_user(connection))
        for _ in range(2):
            revoke_session(connection, token.id)
        assert find_principal(connection, secret, now_ms()) is None
        # The next login tidies up.
        issue_session(connection, local_user(connection))
        assert token.id not in {one.id for one in list_tokens(connection)}


def test_logging_out_revokes_no_token(store: Store) -> None:
    with store.writing() as connection:
        token, secret = issue_token(connection, local_user(connection).id, name="ci", scope=Scope.OWNER)
        revoke_session(connection, token.id)
        assert find_principal(connection, secret, now_ms()) is not None


def test_a_code_logs_in_once(store: Store) -> None:
    with store.writing() as connection:
        anna = create_user(connection, "anna")
        code = issue_login_code(connection, anna.id)
        assert redeem_login_code(connection, "wrong", now_ms()) is None
        assert redeem_login_code(connection, code, now_ms()) == anna
        assert redeem_login_code(connection, code, now_ms()) is None


def test_a_code_is_good_for_ten_minutes_and_then_forgotten(store: Store) -> None:
    with store.writing() as connection:
        anna = create_user(connection, "anna")
        before = now_ms()
        early, late = issue_login_code(connection, anna.id), issue_login_code(connection, anna.id)
        assert redeem_login_code(connection, early, before + LOGIN_CODE_MS - 1) == anna
        assert redeem_login_code(connection, late, now_ms() + LOGIN_CODE_MS) is None
        connection.execute(
            sa.insert(schema.login_codes).values(digest=b"x" * 32, user_id=anna.id, expires_at=before - 1)
        )
        issue_login_code(connection, anna.id)
        left = connection.execute(sa.select(schema.login_codes.c.digest)).scalars().all()
    assert len(left) == 1
    assert b"x" * 32 not in left


def test_a_server_goes_on_with_the_token_that_a_killed_one_left_behind_and_with_no_other(store: Store) -> None:
    with store.writing() as connection:
        _, secret = replace_local_token(connection)
        assert replace_local_token(connection, left_behind=secret)[1] == secret
        assert find_principal(connection, secret, now_ms()) is not None
        _, mine = issue_token(connection, local_user(connection).id, name="mine", scope=Scope.OWNER)
        for forged in ("", "swath_forged", mine):
            _, fresh = replace_local_token(connection, left_behind=forged)
            assert fresh != forged
            assert find_principal(connection, secret, now_ms()) is None
