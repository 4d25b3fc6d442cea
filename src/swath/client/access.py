"""Tokens and users."""

from __future__ import annotations

from swath.client.documents import read, segment
from swath.client.transport import Transport
from swath.core.access import Scope
from swath.wire.access import (
    MeDocument,
    NewToken,
    TokenCreate,
    TokenDocument,
    TokenList,
    UserCreate,
    UserDocument,
    UserList,
)


class Tokens:
    """`client.tokens`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        name: str,
        *,
        scope: Scope | str = Scope.MEMBER,
        user: str | None = None,
        expires_at: int | None = None,
    ) -> NewToken:
        """Make a token; its `secret` is in this answer and nowhere else. Times are milliseconds since 1970 (UTC).

        Raises NotAllowed for one that reaches further than one's own.
        """
        request = TokenCreate(name=name, scope=Scope(scope), user=user, expires_at=expires_at)
        return read(NewToken, self._transport.post("/tokens", request.model_dump(mode="json")))

    def list(self) -> list[TokenDocument]:
        """The tokens that one may see, oldest first, revoked ones too."""
        return list(read(TokenList, self._transport.get("/tokens")).items)

    def revoke(self, token: str) -> None:
        """Make a token useless from now on, given by its name or id. Raises NotFound."""
        self._transport.delete(f"/tokens/{segment(token)}")


class Users:
    """`client.users`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def me(self) -> MeDocument:
        """Whose token this client shows, and what it is good for."""
        return read(MeDocument, self._transport.get("/me"))

    def create(self, name: str) -> UserDocument:
        """Make a user. Raises NotAllowed for all but owners, Conflict for a name that is taken."""
        return read(UserDocument, self._transport.post("/users", UserCreate(name=name).model_dump(mode="json")))

    def list(self) -> list[UserDocument]:
        return list(read(UserList, self._transport.get("/users")).items)
