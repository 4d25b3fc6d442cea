"""What both interfaces do when a dataset changes or ends."""

from __future__ import annotations

from collections.abc import Iterable

from swath.server.datasources import opener_of_outputs
from swath.server.services import Services
from swath.store.datasets import Dataset, crops_datasets_of
from swath.store.deletion import delete_dataset as delete_rows
from swath.store.deletion import delete_files
from swath.wire.datasets import DeletedDatasets


def tell_changed(services: Services, datasets: Iterable[Dataset]) -> None:
    """Let whoever looks at these datasets know that they look anew. Call it after the transaction."""
    for dataset in datasets:
        services.events.publish("dataset", id=dataset.id, dataset_id=dataset.id, owner_id=dataset.owner_id)


def delete_dataset(services: Services, dataset: Dataset, *, cascade: bool, user_id: str) -> DeletedDatasets:
    """Delete a dataset of a user, with `cascade` its crops datasets too, and what files it leaves; images stay.

    Raises NotAllowed, and Conflict while it has crops datasets or a run is not over.
    """
    with services.store.reading() as connection:
        doomed = [*crops_datasets_of(connection, dataset.id), dataset]
    # What opens the places of its files goes with its rows.
    open_output = opener_of_outputs(services, doomed)
    deleted = delete_rows(services.store, services.home, dataset.id, cascade=cascade, user_id=user_id)
    tell_changed(services, doomed)
    notes = [note for rest in deleted for note in delete_files(rest, open_output)]
    return DeletedDatasets(names=tuple(rest.name for rest in deleted), notes=tuple(notes))
