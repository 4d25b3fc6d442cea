"""Tokens: everybody makes and revokes their own, owners those of all."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from fastapi import APIRouter

from swath.core.access import Principal, Scope
from swath.core.errors import NotAllowed
from swath.server.dependencies import AuthenticatorDep, Member, ServicesDep
from swath.store.tokens import Token, issue_token, list_tokens, revoke_token
from swath.store.users import find_user, list_users, user_by_id
from swath.wire.access import NewToken, TokenCreate, TokenDocument, TokenList

router = APIRouter(tags=["tokens"])


@router.get("/tokens")
def get_tokens(services: ServicesDep, principal: Member) -> TokenList:
    """The caller's tokens and browser sessions, for owners those of all users; oldest first, revoked ones too."""
    with services.store.reading() as connection:
        names = {user.id: user.name for user in list_users(connection)}
        tokens = list_tokens(connection, _reach(principal))
    return TokenList(
        items=tuple(TokenDocument(**_values(token, names[token.user_id])) for token in tokens), total=len(tokens)
    )


@router.post("/tokens", status_code=201)
def post_token(services: ServicesDep, principal: Member, wanted: TokenCreate) -> NewToken:
    """Make a token. Its secret is in this answer and nowhere else."""
    if principal.scope is not Scope.OWNER:
        _refuse_more_than(principal, wanted.scope)
    with services.store.writing() as connection:
        user_id, user_name = principal.user_id, principal.user_name
        if wanted.user is not None and wanted.user not in (user_id, user_name):
            if principal.scope is not Scope.OWNER:
                raise NotAllowed("only owners may make tokens for others")
            user = find_user(connection, wanted.user)
            user_id, user_name = user.id, user.name
        token, secret = issue_token(
            connection, user_id, name=wanted.name, scope=wanted.scope, expires_at=wanted.expires_at
        )
    return NewToken(**_values(token, user_name), secret=secret)


@router.delete("/tokens/{token}")
def delete_token(
    services: ServicesDep, authenticator: AuthenticatorDep, principal: Member, token: str
) -> TokenDocument:
    """Revoke a token by its id or name, or end a browser's session by its id: from now on it is good for nothing."""
    with services.store.writing() as connection:
        revoked = revoke_token(connection, token, user_id=_reach(principal))
        user = user_by_id(connection, revoked.user_id)
    authenticator.forget()
    services.events.disconnect(revoked.id)
    assert user is not None, f"token {revoked.id} without a user"
    return TokenDocument(**_values(revoked, user.name))


def _refuse_more_than(principal: Principal, scope: Scope) -> None:
    """Let a member make no token that reaches further than their own."""
    if scope is Scope.OWNER:
        raise NotAllowed("only owners may make a token of scope `owner`", hint="Ask for `member`.")
    if scope is Scope.WORKER and principal.is_local:
        raise NotAllowed(
            "a worker of the local user executes the runs of everybody: only owners may make its token",
            hint="A token of scope `member` runs a worker for its own user's runs.",
        )


def _reach(principal: Principal) -> str | None:
    """Whose tokens the caller reaches: None is everybody's."""
    return None if principal.scope is Scope.OWNER else principal.user_id


def _values(token: Token, user_name: str) -> dict[str, Any]:
    return {"user": user_name, **{field.name: getattr(token, field.name) for field in fields(token)}}
