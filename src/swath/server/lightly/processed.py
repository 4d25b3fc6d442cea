"""Until when the files of a datasource have been processed, in unix seconds, and saying that they shall be again."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy.engine import Connection

from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.lightly.datasources import images_of
from swath.server.lightly.lookups import dataset_of
from swath.store.datasets import Dataset, crops_datasets_of, set_processed_until
from swath.store.sharing import require_owner
from swath.store.used_files import forget_files_modified_from, newest_modification
from swath.wire.lightly.datasources import ProcessedUntilTimestamp, ProcessedUntilTimestampRequest

router = APIRouter()

MS = 1000


@router.get("/datasets/{dataset}/datasource/processedUntilTimestamp")
def get_processed_until(services: ServicesDep, principal: Reader, dataset: str) -> ProcessedUntilTimestamp:
    """When the newest file was changed that has been processed, or what was set, whichever is later; 0: none."""
    with services.store.reading() as connection:
        images = images_of(connection, dataset_of(connection, principal, dataset))
        newest = newest_modification(connection, _targets(connection, images))
    return ProcessedUntilTimestamp(processed_until_timestamp=max(newest, images.processed_until or 0) // MS)


@router.put("/datasets/{dataset}/datasource/processedUntilTimestamp", status_code=204)
def put_processed_until(
    services: ServicesDep, principal: Member, dataset: str, wanted: ProcessedUntilTimestampRequest
) -> None:
    """Let runs look again at files that were changed after a second (0: at all files). Samples stay as they are."""
    with services.store.writing() as connection:
        images = images_of(connection, dataset_of(connection, principal, dataset))
        require_owner(connection, images, principal.user_id, to="say what is processed")
        set_processed_until(connection, images, wanted.seconds * MS)
        # A second counts as a whole, as in listings: what was told comes back and changes nothing.
        first_ms = (wanted.seconds + 1) * MS if wanted.seconds else 0
        forget_files_modified_from(connection, _targets(connection, images), first_ms)


def _targets(connection: Connection, images: Dataset) -> list[str]:
    """Whatever runs of an image dataset have recorded files for."""
    return [images.id, *(crops.id for crops in crops_datasets_of(connection, images.id))]
