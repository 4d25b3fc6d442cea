"""Metadata: what people attach to the images of a dataset, to filter, colour and sort by."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body

from swath.server.dataset_changes import tell_changed
from swath.server.dependencies import Member, ServicesDep
from swath.server.services import Services
from swath.store.attaching import attach_metadata
from swath.store.datasets import Dataset, crops_datasets_of
from swath.store.sharing import find_own
from swath.wire.metadata import MOST_CHANGES, AttachedMetadata, MetadataChange

router = APIRouter(tags=["samples"])

Changes = Annotated[list[MetadataChange], Body(max_length=MOST_CHANGES)]


@router.put("/datasets/{dataset}/metadata", response_model=AttachedMetadata)
def attach_metadata_to_images(
    services: ServicesDep, principal: Member, dataset: str, changes: Changes
) -> AttachedMetadata:
    """Attach metadata to images of an image dataset: all of it or, where something is wrong with it, nothing. Names
    that the dataset does not have are passed over and counted."""
    with services.store.writing() as connection:
        found = find_own(connection, dataset, principal.user_id, to="attach metadata to its images")
        attached = attach_metadata(connection, found, changes)
    if attached.updated:
        tell_changed(services, [found, *_crops_of(services, found)])
    return attached


def _crops_of(services: Services, dataset: Dataset) -> list[Dataset]:
    """The datasets whose samples have the metadata of these images."""
    with services.store.reading() as connection:
        return crops_datasets_of(connection, dataset.id)
