"""With whom a dataset is shared: one list of users per dataset, replaced as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from sqlalchemy.engine import Connection

from swath.core.access import Principal
from swath.core.errors import NotFound
from swath.server.dataset_changes import tell_changed
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.lightly.lookups import dataset_of
from swath.store.datasets import Dataset
from swath.store.sharing import list_shares, require_owner, share_only_with
from swath.store.users import User, find_user
from swath.wire.lightly.base import CreateEntityAnswer
from swath.wire.lightly.collaboration import SharedAccessConfigCreateRequest, SharedAccessConfigData
from swath.wire.lightly.datasets import AccessType

router = APIRouter(prefix="/datasets/{dataset}/collaboration/access")


@router.post("", status_code=201)
def post_access(
    services: ServicesDep, principal: Member, dataset: str, wanted: SharedAccessConfigCreateRequest
) -> CreateEntityAnswer:
    """Share a dataset with these users, by name or e-mail address, and with nobody else."""
    if wanted.teams:
        raise FacadeError(404, ErrorCode.TEAM_UNKNOWN, "this server has no teams: name the users")
    with services.store.writing() as connection:
        found = _own(connection, principal, dataset)
        share_only_with(connection, found, _users(connection, wanted.users))
    tell_changed(services, [found])
    # There is one list per dataset, so that its id may be the dataset's.
    return CreateEntityAnswer(id=found.id)


@router.get("")
def get_access(services: ServicesDep, principal: Reader, dataset: str) -> list[SharedAccessConfigData]:
    """The users a dataset is shared with; no entry if there are none."""
    with services.store.reading() as connection:
        found = dataset_of(connection, principal, dataset)
        shares = list_shares(connection, found)
    if not shares:
        return []
    return [
        SharedAccessConfigData(
            id=found.id,
            owner=found.owner_id,
            access_type=AccessType.WRITE,
            users=tuple(share.user_name for share in shares),
            teams=(),
            created_at=shares[0].created_at,
            last_modified_at=shares[-1].created_at,
        )
    ]


@router.delete("/{access}", status_code=204)
def delete_access(services: ServicesDep, principal: Member, dataset: str, access: str) -> None:
    """Share a dataset with nobody."""
    with services.store.writing() as connection:
        found = _own(connection, principal, dataset)
        if access != found.id:
            message = f"dataset `{found.name}` has no list of users with the id `{access}`"
            raise FacadeError(404, ErrorCode.ACCESS_CONTROL_UNKNOWN, message)
        share_only_with(connection, found, [])
    tell_changed(services, [found])


def _own(connection: Connection, principal: Principal, dataset_id: str) -> Dataset:
    found = dataset_of(connection, principal, dataset_id)
    require_owner(connection, found, principal.user_id, to="share it")
    return found


def _users(connection: Connection, names: Sequence[str]) -> list[User]:
    try:
        return [find_user(connection, name) for name in names]
    except NotFound as error:
        raise FacadeError.of(error, 404, ErrorCode.USER_NOT_KNOWN) from error
