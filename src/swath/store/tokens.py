"""Tokens, sessions of browsers and login codes. The secrets are nowhere: a token is found by the digest of its own."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from swath.core.access import Principal, Scope
from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.hints import near_names
from swath.store.ids import new_id
from swath.store.users import User, local_user, user_by_id

SECRET_PREFIX = "swath_"
"""Lets people and scanners of repositories recognise a secret that got loose."""

SECRET_BYTES = 32
"""Random, so that a plain digest is as good as a slow one: there is nothing to guess."""

MAX_NAME_LENGTH = 128

SESSION_MS = 30 * 24 * 3600 * 1000
LOGIN_CODE_MS = 10 * 60 * 1000
TOUCH_MS = 60 * 1000
"""Last use is kept to the minute: not every request should write to the database."""

_table = schema.tokens
_codes = schema.login_codes


class TokenKind(StrEnum):
    TOKEN = "token"
    SESSION = "session"  # a browser's cookie
    LOCAL = "local"  # of the server that is running, for the commands of its own machine; at most one


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known about a token; its secret is not."""

    id: str
    user_id: str
    name: str
    scope: Scope
    kind: TokenKind
    created_at: int  # ms
    last_used_at: int | None
    expires_at: int | None  # None: never
    revoked_at: int | None

    def is_live(self, now: int) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


def issue_token(
    connection: Connection,
    user_id: str,
    *,
    name: str,
    scope: Scope,
    kind: str = TokenKind.TOKEN,
    expires_at: int | None = None,
) -> tuple[Token, str]:
    """Make a token of a user; the second is its secret, which nobody can ask for again.

    Raises InvalidConfig for a name that is empty, too long or not on one line, and for a time that is over.
    """
    now = now_ms()
    if not name.strip() or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise InvalidConfig(f"the name of a token has 1 to {MAX_NAME_LENGTH} characters on one line", field="name")
    if expires_at is not None and expires_at <= now:
        raise InvalidConfig("a token cannot expire before it is made", field="expires_at")
    secret = SECRET_PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    token = Token(
        id=new_id(),
        user_id=user_id,
        name=name,
        scope=Scope(scope),
        kind=TokenKind(kind),
        created_at=now,
        last_used_at=None,
        expires_at=expires_at,
        revoked_at=None,
    )
    connection.execute(
        sa.insert(_table).values(
            id=token.id,
            user_id=user_id,
            name=name,
            scope=token.scope.value,
            kind=token.kind.value,
            digest=_digest(secret),
            created_at=now,
            expires_at=expires_at,
        )
    )
    return token, secret


def find_principal(connection: Connection, secret: str, now: int) -> Principal | None:
    """Whose secret this is; None if nobody's, or that of a token that is revoked or expired at `now` (ms)."""
    digest = _digest(secret)
    users = schema.users
    query = (
        sa.select(_table, users.c.name.label("user_name"), users.c.is_local)
        .join_from(_table, users)
        .where(_table.c.digest == digest)
    )
    row = connection.execute(query).one_or_none()
    # The index has compared already, but not in constant time.
    if row is None or not hmac.compare_digest(row.digest, digest) or not _token(row).is_live(now):
        return None
    return Principal(
        user_id=row.user_id,
        user_name=row.user_name,
        scope=Scope(row.scope),
        token_id=row.id,
        is_local=row.is_local,
    )


def is_local_token(connection: Connection, token_id: str) -> bool:
    """Whether this is the token of the server that is running: who has it may read all that this process may."""
    return _kind(connection, token_id) == TokenKind.LOCAL.value


def is_session(connection: Connection, token_id: str) -> bool:
    """Whether this is the cookie of a browser that somebody logged in."""
    return _kind(connection, token_id) == TokenKind.SESSION.value


def _kind(connection: Connection, token_id: str) -> str | None:
    return connection.execute(sa.select(_table.c.kind).where(_table.c.id == token_id)).scalar()


def touch_token(connection: Connection, token_id: str, now: int) -> None:
    """Note that a token was used at `now` (ms); writes at most once a minute per token."""
    connection.execute(
        sa.update(_table)
        .where(
            _table.c.id == token_id,
            sa.or_(_table.c.last_used_at.is_(None), _table.c.last_used_at <= now - TOUCH_MS),
        )
        .values(last_used_at=now)
    )


def list_tokens(connection: Connection, user_id: str | None = None) -> list[Token]:
    """Tokens and sessions of a user (of all users), oldest first, revoked ones too; never the local one."""
    query = sa.select(_table).where(_table.c.kind != TokenKind.LOCAL.value)
    if user_id is not None:
        query = query.where(_table.c.user_id == user_id)
    return [_token(row) for row in connection.execute(query.order_by(_table.c.created_at, _table.c.id))]


def revoke_token(connection: Connection, name_or_id: str, *, user_id: str | None = None) -> Token:
    """Make a token (of that user, where one is given) useless from now on, by its id or its name.

    Raises NotFound for one that is not there or revoked already, Conflict for a name that several have.
    """
    now = now_ms()
    live = [token for token in list_tokens(connection, user_id) if token.is_live(now)]
    found = [token for token in live if token.id == name_or_id]
    found = found or [token for token in live if token.name == name_or_id and token.kind is TokenKind.TOKEN]
    if not found:
        names = [token.name for token in live if token.kind is TokenKind.TOKEN]
        raise NotFound(f"there is no token `{name_or_id}`", hint=near_names(name_or_id, names, "token"))
    if len(found) > 1:
        ids = " or ".join(f"`{token.id}`" for token in found)
        raise Conflict(f"{len(found)} tokens are called `{name_or_id}`", hint=f"Name one by its id: {ids}.")
    connection.execute(sa.update(_table).where(_table.c.id == found[0].id).values(revoked_at=now))
    return replace(found[0], revoked_at=now)


def revoke_session(connection: Connection, token_id: str) -> None:
    """Log a browser out; one that is logged out already stays so."""
    connection.execute(
        sa.update(_table)
        .where(_table.c.id == token_id, _table.c.kind == TokenKind.SESSION.value, _table.c.revoked_at.is_(None))
        .values(revoked_at=now_ms())
    )


def replace_local_token(connection: Connection, left_behind: str = "") -> tuple[Token, str]:
    """The token of a server that starts: of the local user and good for everything. That of the last one is gone.

    Unless that server was killed and so has left its token behind: commands that it served go on with it.
    """
    is_local = _table.c.kind == TokenKind.LOCAL.value
    row = connection.execute(sa.select(_table).where(is_local, _table.c.digest == _digest(left_behind))).one_or_none()
    if row is not None:
        return _token(row), left_behind
    connection.execute(sa.delete(_table).where(is_local))
    user = local_user(connection)
    return issue_token(connection, user.id, name="this machine", scope=Scope.OWNER, kind=TokenKind.LOCAL)


def issue_session(connection: Connection, user: User) -> tuple[Token, str]:
    """The cookie of a browser in which a user has logged in, for 30 days; sessions that are over are forgotten."""
    now = now_ms()
    over = sa.or_(_table.c.expires_at <= now, _table.c.revoked_at.is_not(None))
    connection.execute(sa.delete(_table).where(_table.c.kind == TokenKind.SESSION.value, over))
    scope = Scope.OWNER if user.is_local else Scope.MEMBER
    return issue_token(
        connection, user.id, name="browser", scope=scope, kind=TokenKind.SESSION, expires_at=now + SESSION_MS
    )


def issue_login_code(connection: Connection, user_id: str) -> str:
    """A code that logs a browser in as a user, once, within ten minutes; codes that are over are forgotten."""
    now = now_ms()
    connection.execute(sa.delete(_codes).where(_codes.c.expires_at <= now))
    code = secrets.token_urlsafe(SECRET_BYTES)
    connection.execute(sa.insert(_codes).values(digest=_digest(code), user_id=user_id, expires_at=now + LOGIN_CODE_MS))
    return code


def redeem_login_code(connection: Connection, code: str, now: int) -> User | None:
    """The user whom a code logs in, the first time it is shown until it expires; None otherwise."""
    digest = _digest(code)
    row = connection.execute(sa.select(_codes).where(_codes.c.digest == digest)).one_or_none()
    if row is None or not hmac.compare_digest(row.digest, digest):
        return None
    # Of two that come at once only one deletes it.
    deleted = connection.execute(sa.delete(_codes).where(_codes.c.digest == digest))
    if deleted.rowcount != 1 or row.expires_at <= now:
        return None
    return user_by_id(connection, row.user_id)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _token(row: sa.Row[tuple[object, ...]]) -> Token:
    values = row._mapping
    return Token(
        id=values["id"],
        user_id=values["user_id"],
        name=values["name"],
        scope=Scope(values["scope"]),
        kind=TokenKind(values["kind"]),
        created_at=values["created_at"],
        last_used_at=values["last_used_at"],
        expires_at=values["expires_at"],
        revoked_at=values["revoked_at"],
    )
