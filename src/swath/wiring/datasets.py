"""What a person does with datasets besides running: list, describe, delete. Through the server if one is running."""

from __future__ import annotations

from collections.abc import Callable

from swath.settings import Settings
from swath.store import catalog
from swath.store.datasets import crops_datasets_of
from swath.store.deletion import delete_dataset, delete_files
from swath.store.sharing import find_dataset
from swath.wire.datasets import DatasetDetails, DatasetSummary
from swath.wiring.places import KeptOutputs
from swath.wiring.served import server_of_home
from swath.wiring.workspace import open_workspace


def list_datasets(settings: Settings) -> list[DatasetSummary]:
    """All datasets that the home's owner sees, oldest first."""
    with server_of_home(settings) as client:
        if client is not None:
            return client.datasets.list()
    with open_workspace(settings) as workspace:
        return catalog.list_datasets(workspace.store)


def describe_dataset(settings: Settings, name: str) -> DatasetDetails:
    """Everything about one dataset. Raises NotFound."""
    with server_of_home(settings) as client:
        if client is not None:
            return client.datasets.get(name).document
    with open_workspace(settings) as workspace:
        return catalog.describe_dataset(workspace.store, name)


def remove_dataset(settings: Settings, name: str, *, cascade: bool, note: Callable[[str], None]) -> list[str]:
    """Delete a dataset with its vectors, crop files and thumbnails; returns the names of what was deleted.

    Files that cannot be deleted are named through `note`; the dataset is gone all the same.
    """
    with server_of_home(settings) as client:
        if client is not None:
            gone = client.datasets.delete(name, cascade=cascade)
            for line in gone.notes:
                note(line)
            return list(gone.names)
    with open_workspace(settings) as workspace, workspace.home.lock(note, what=f"deletion of `{name}`"):
        with workspace.store.reading() as connection:
            found = find_dataset(connection, name)
            outputs = KeptOutputs(workspace, [found, *crops_datasets_of(connection, found.id)])
        deleted = delete_dataset(workspace.store, workspace.home, name, cascade=cascade)
        for dataset in deleted:
            for line in delete_files(dataset, outputs):
                note(line)
        return [dataset.name for dataset in deleted]
