"""Getting hold of what somebody may see; everything else does not exist for them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import Connection

from swath.core.access import Principal
from swath.server.browsing import BrowsedDataset, dataset_version
from swath.server.services import Services
from swath.store.datasets import Dataset, dataset_by_id
from swath.store.ids import is_id
from swath.store.sample_lookup import SamplePlace, locate_sample, unknown_sample
from swath.store.sharing import find_visible, sees_dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleSample:
    """A sample that somebody may see."""

    id: str
    index: int
    dataset: Dataset


def visible_dataset(services: Services, principal: Principal, name_or_id: str) -> Dataset:
    """The dataset of a name or an id. Raises NotFound."""
    with services.store.reading() as connection:
        return find_visible(connection, name_or_id, principal.user_id)


def browse(services: Services, principal: Principal, name_or_id: str) -> BrowsedDataset:
    """A dataset with its columns; the first look at a large one takes seconds. Raises NotFound."""
    with services.store.reading() as connection:
        dataset = find_visible(connection, name_or_id, principal.user_id)
        version = dataset_version(connection, dataset)
    return services.browser.open(services.store, services.home, dataset.id, version)


def visible_sample(services: Services, principal: Principal, sample_id: str) -> VisibleSample:
    """The sample of an id. Raises NotFound, in the same words for one that is not there and one that is hidden."""
    with services.store.reading() as connection:
        return find_visible_sample(connection, principal, sample_id)


def find_visible_sample(connection: Connection, principal: Principal, sample_id: str) -> VisibleSample:
    """As `visible_sample`, in a transaction."""
    place = _place(connection, sample_id)
    # By id alone: another dataset may have this id as its name.
    dataset = dataset_by_id(connection, place.dataset_id)
    if dataset is None or not sees_dataset(connection, place.dataset_id, principal.user_id):
        raise unknown_sample(sample_id)
    return VisibleSample(id=sample_id, index=place.index, dataset=dataset)


def _place(connection: Connection, sample_id: str) -> SamplePlace:
    if not is_id(sample_id):
        raise unknown_sample(sample_id)
    return locate_sample(connection, sample_id)
