"""Tokens and users of a home, through its server if one is running."""

from __future__ import annotations

import time

from swath.core.access import Scope
from swath.settings import Settings
from swath.store import tokens, users
from swath.wire.access import TokenDocument, UserDocument
from swath.wiring.served import server_of_home
from swath.wiring.workspace import open_workspace

MS_PER_DAY = 24 * 60 * 60 * 1000


def create_token(settings: Settings, *, name: str, scope: Scope, user: str | None, expires_days: int | None) -> str:
    """Make a token of a user, by default of the owner; returns its secret, which nobody can ask for again."""
    expires_at = None if expires_days is None else int(time.time() * 1000) + expires_days * MS_PER_DAY
    with server_of_home(settings) as client:
        if client is not None:
            return client.tokens.create(name, scope=scope, user=user, expires_at=expires_at).secret
    with open_workspace(settings) as workspace, workspace.store.writing() as connection:
        whose = users.local_user(connection) if user is None else users.find_user(connection, user)
        _, secret = tokens.issue_token(connection, whose.id, name=name, scope=scope, expires_at=expires_at)
    return secret


def list_tokens(settings: Settings) -> list[TokenDocument]:
    """All tokens and logged-in browsers, oldest first, revoked ones too."""
    with server_of_home(settings) as client:
        if client is not None:
            return client.tokens.list()
    with open_workspace(settings) as workspace, workspace.store.reading() as connection:
        names = {user.id: user.name for user in users.list_users(connection)}
        return [
            TokenDocument(
                id=token.id,
                user_id=token.user_id,
                user=names[token.user_id],
                name=token.name,
                scope=token.scope,
                kind=token.kind.value,
                created_at=token.created_at,
                last_used_at=token.last_used_at,
                expires_at=token.expires_at,
                revoked_at=token.revoked_at,
            )
            for token in tokens.list_tokens(connection)
        ]


def revoke_token(settings: Settings, name_or_id: str) -> None:
    """Make a token useless from now on. Raises NotFound, and Conflict for a name that several have."""
    with server_of_home(settings) as client:
        if client is not None:
            client.tokens.revoke(name_or_id)
            return
    with open_workspace(settings) as workspace, workspace.store.writing() as connection:
        tokens.revoke_token(connection, name_or_id)


def create_user(settings: Settings, name: str) -> UserDocument:
    """Make a user. Raises InvalidConfig or Conflict for a name that cannot be used."""
    with server_of_home(settings) as client:
        if client is not None:
            return client.users.create(name)
    with open_workspace(settings) as workspace, workspace.store.writing() as connection:
        return _document(users.create_user(connection, name))


def list_users(settings: Settings) -> list[UserDocument]:
    """All users, the owner of the home first."""
    with server_of_home(settings) as client:
        if client is not None:
            return client.users.list()
    with open_workspace(settings) as workspace, workspace.store.reading() as connection:
        return [_document(user) for user in users.list_users(connection)]


def _document(user: users.User) -> UserDocument:
    return UserDocument(id=user.id, name=user.name, is_local=user.is_local, created_at=user.created_at)
