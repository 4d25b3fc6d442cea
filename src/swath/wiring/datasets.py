"""What a person does with datasets besides running: list, describe, delete."""

from __future__ import annotations

from collections.abc import Callable

from swath.adapters.datasource import open_datasource
from swath.core.errors import SwathError
from swath.settings import Settings
from swath.store import catalog
from swath.store.deletion import delete_dataset
from swath.wire.datasets import DatasetDetails, DatasetSummary
from swath.wiring.workspace import open_workspace


def list_datasets(settings: Settings) -> list[DatasetSummary]:
    """All datasets of the home, oldest first."""
    with open_workspace(settings) as workspace:
        return catalog.list_datasets(workspace.store)


def describe_dataset(settings: Settings, name: str) -> DatasetDetails:
    """Everything about one dataset. Raises NotFound."""
    with open_workspace(settings) as workspace:
        return catalog.describe_dataset(workspace.store, name)


def remove_dataset(settings: Settings, name: str, *, cascade: bool, note: Callable[[str], None]) -> list[str]:
    """Delete a dataset with its vectors, crop files and thumbnails; returns the names of what was deleted.

    Files that cannot be deleted are named through `note`; the dataset is gone all the same.
    """
    with open_workspace(settings) as workspace, workspace.home.lock(note, what=f"deletion of `{name}`"):
        deleted = delete_dataset(workspace.store, workspace.home, name, cascade=cascade)
        for dataset in deleted:
            for path in dataset.home_files:
                path.unlink(missing_ok=True)
            try:
                open_datasource(dataset.output_uri).delete([*dataset.crop_files, *dataset.thumbnails])
            except SwathError as exc:
                note(f"files of `{dataset.name}` in `{dataset.output_uri}` could not be deleted: {exc.message}")
        return [dataset.name for dataset in deleted]
