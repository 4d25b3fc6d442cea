"""Users, whom owners make."""

from __future__ import annotations

from fastapi import APIRouter

from swath.server.dependencies import Owner, ServicesDep
from swath.store.users import User, create_user, list_users
from swath.wire.access import UserCreate, UserDocument, UserList

router = APIRouter(tags=["users"])


@router.get("/users")
def get_users(services: ServicesDep, principal: Owner) -> UserList:
    """All users, the local one first."""
    with services.store.reading() as connection:
        users = list_users(connection)
    return UserList(items=tuple(_document(user) for user in users), total=len(users))


@router.post("/users", status_code=201)
def post_user(services: ServicesDep, principal: Owner, wanted: UserCreate) -> UserDocument:
    """Make a user. Their first token is made with `POST /api/tokens`."""
    with services.store.writing() as connection:
        user = create_user(connection, wanted.name)
    return _document(user)


def _document(user: User) -> UserDocument:
    return UserDocument(id=user.id, name=user.name, is_local=user.is_local, created_at=user.created_at)
