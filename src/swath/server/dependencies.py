"""What endpoints declare to get the services and whoever asks.

    def list_tags(services: ServicesDep, principal: Reader, dataset: str) -> TagPage: ...

That a token is there and good has been settled before (`swath.server.auth`); these say which scopes may come in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from swath.core.access import Principal, Scope
from swath.core.errors import NotAllowed, NotLoggedIn
from swath.server.auth import Authenticator
from swath.server.services import Services


async def services_of(request: Request) -> Services:
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


async def authenticator_of(request: Request) -> Authenticator:
    authenticator = request.app.state.authenticator
    assert isinstance(authenticator, Authenticator)
    return authenticator


def _principal_with(*scopes: Scope) -> Callable[[Request], object]:
    # Async, though it waits for nothing: a plain function would cost a turn in the thread pool.
    async def principal_with(request: Request) -> Principal:
        principal = request.scope.get("state", {}).get("principal")
        if not isinstance(principal, Principal):
            raise NotLoggedIn("this needs a token")
        if principal.scope not in scopes:
            needed = " or ".join(f"`{scope.value}`" for scope in scopes)
            raise NotAllowed(
                f"a token of scope `{principal.scope.value}` is not enough for this",
                hint=f"Use one of scope {needed}.",
            )
        return principal

    return principal_with


ServicesDep = Annotated[Services, Depends(services_of)]

AuthenticatorDep = Annotated[Authenticator, Depends(authenticator_of)]

Reader = Annotated[Principal, Depends(_principal_with(Scope.OWNER, Scope.MEMBER, Scope.READ_ONLY))]
"""Who may look: any scope but that of workers."""

Member = Annotated[Principal, Depends(_principal_with(Scope.OWNER, Scope.MEMBER))]
"""Who may change things of their own and shared with them."""

Owner = Annotated[Principal, Depends(_principal_with(Scope.OWNER))]
"""Who may change what concerns everybody: users, tokens of others."""

WorkerCaller = Annotated[Principal, Depends(_principal_with(Scope.OWNER, Scope.MEMBER, Scope.WORKER))]
"""Who may call the worker protocol."""

Anybody = Annotated[Principal, Depends(_principal_with(*Scope))]
"""Whoever has a token."""
