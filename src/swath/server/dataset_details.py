"""Datasets in detail. What takes a look at every row is counted once for each version of a dataset."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from swath.server.browsing import dataset_version
from swath.server.services import Services
from swath.store.catalog import DatasetTotals, count_totals
from swath.store.catalog import describe_dataset as describe
from swath.store.datasets import Dataset
from swath.wire.datasets import DatasetDetails


def describe_dataset(services: Services, name_or_id: str, user_id: str) -> DatasetDetails:
    """Everything about a dataset that a user sees. Raises NotFound."""

    def totals_of(connection: Connection, dataset: Dataset) -> DatasetTotals:
        return services.dataset_totals.get(
            (dataset.id, dataset_version(connection, dataset)),
            lambda: count_totals(connection, dataset),
            size_of=lambda totals: 1 + len(totals.categories),
        )

    return describe(services.store, name_or_id, user_id=user_id, totals_of=totals_of)
