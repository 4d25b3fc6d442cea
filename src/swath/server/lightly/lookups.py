"""Finding what a request of the facade names by its id; what somebody may not see is not there for them."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from swath.core.access import Principal
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.services import Services
from swath.store.datasets import Dataset, dataset_by_id
from swath.store.ids import is_id
from swath.store.sample_lookup import indices_of
from swath.store.sharing import sees_dataset
from swath.store.tags import Tag, tag_by_id
from swath.store.uploads import has_initial_tag
from swath.wire.runs import RunKind

UNKNOWN_KINDS = (RunKind.PROJECTION,)
"""Of runs that no script has asked for and that come by themselves: who takes the newest run means one of theirs."""


def find_dataset(services: Services, principal: Principal, dataset_id: str) -> Dataset:
    """The dataset of an id. Raises FacadeError 404."""
    with services.store.reading() as connection:
        return dataset_of(connection, principal, dataset_id)


def dataset_of(connection: Connection, principal: Principal, dataset_id: str) -> Dataset:
    """As `find_dataset`, in a transaction."""
    # By id alone: another dataset may have this id as its name.
    found = dataset_by_id(connection, dataset_id) if is_id(dataset_id) else None
    if found is None or not sees_dataset(connection, dataset_id, principal.user_id):
        raise FacadeError(404, ErrorCode.DATASET_UNKNOWN, f"there is no dataset `{dataset_id}`")
    return found


def tag_of(connection: Connection, dataset: Dataset, tag_id: str) -> Tag:
    """The tag of an id; before a first run or upload is complete there is none, as far as clients know.

    Raises FacadeError 404.
    """
    is_there = is_id(tag_id) and has_initial_tag(connection, dataset)
    found = tag_by_id(connection, dataset.id, tag_id) if is_there else None
    if found is None:
        raise FacadeError(404, ErrorCode.TAG_UNKNOWN, f"dataset `{dataset.name}` has no tag `{tag_id}`")
    return found


def sample_index_of(connection: Connection, dataset: Dataset, sample_id: str) -> int:
    """The index of the sample of an id. Raises FacadeError 404."""
    found = indices_of(connection, dataset.id, [sample_id]) if is_id(sample_id) else {}
    if sample_id not in found:
        raise FacadeError(404, ErrorCode.SAMPLE_UNKNOWN, f"dataset `{dataset.name}` has no sample `{sample_id}`")
    return found[sample_id]
