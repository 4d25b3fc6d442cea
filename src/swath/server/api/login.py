"""Logging a browser in and out, and who is asking."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from swath.core.access import Principal, Scope
from swath.core.errors import NotLoggedIn
from swath.server.auth import COOKIE, client_address
from swath.server.dependencies import Anybody, AuthenticatorDep, ServicesDep
from swath.store.clock import now_ms
from swath.store.tokens import SESSION_MS, issue_session, redeem_login_code, revoke_session
from swath.wire.access import LoginRequest, MeDocument

router = APIRouter(tags=["login"])


@router.post("/login")
def log_in(
    services: ServicesDep, authenticator: AuthenticatorDep, login: LoginRequest, request: Request, response: Response
) -> MeDocument:
    """Exchange the code of a login link, once, for a cookie that is good for 30 days."""
    with services.store.writing() as connection:
        user = redeem_login_code(connection, login.code, now_ms())
        session = None if user is None else issue_session(connection, user)
    if user is None or session is None:
        authenticator.attempts.record(client_address(request.scope))
        raise NotLoggedIn(
            "the login code is wrong, used or older than ten minutes",
            hint="`swath up` prints a new login link when it starts.",
        )
    token, secret = session
    response.set_cookie(
        COOKIE,
        secret,
        max_age=SESSION_MS // 1000,
        path="/",
        httponly=True,
        samesite="strict",
        secure=_came_by_https(request),
    )
    return _me(
        Principal(
            user_id=user.id, user_name=user.name, scope=Scope(token.scope), token_id=token.id, is_local=user.is_local
        )
    )


def _came_by_https(request: Request) -> bool:
    """Whether the browser did, whatever a proxy before this server speaks: it says so in `Origin`."""
    return request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://")


@router.post("/logout", status_code=204)
def log_out(services: ServicesDep, authenticator: AuthenticatorDep, principal: Anybody, response: Response) -> None:
    """End this browser's session. A token of a script stays good."""
    with services.store.writing() as connection:
        revoke_session(connection, principal.token_id)
    authenticator.forget()
    services.events.disconnect(principal.token_id)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


@router.get("/me")
def get_me(principal: Anybody) -> MeDocument:
    """Who is asking, and what their token is good for."""
    return _me(principal)


def _me(principal: Principal) -> MeDocument:
    return MeDocument(
        user_id=principal.user_id,
        user=principal.user_name,
        scope=principal.scope,
        is_local=principal.is_local,
        token_id=principal.token_id,
    )
