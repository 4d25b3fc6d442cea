"""Tags as clients know them: a name, a parent, and one bit per sample."""

from __future__ import annotations

from enum import StrEnum

from swath.wire.lightly.base import Answer, HexMask, Milliseconds, ObjectId, Request


class TagAnswer(Answer):
    """One tag. `tot_size` is how many samples the dataset had when the members were set; `prev_tag_id` is the tag it
    was made from, None for the one that is everything."""

    id: ObjectId
    dataset_id: ObjectId
    prev_tag_id: ObjectId | None
    name: str
    bit_mask_data: HexMask
    tot_size: int
    created_at: Milliseconds
    last_modified_at: Milliseconds
    run_id: ObjectId | None


class NewTagRequest(Request):
    """A tag to be made. Masks and names are judged where the dataset is known, not here."""

    name: str
    prev_tag_id: str
    bit_mask_data: str
    query_tag_id: str | None = None
    preselected_tag_id: str | None = None
    run_id: str | None = None


class TagUpdateRequest(Request):
    """Another name for a tag, other members, or both."""

    name: str
    bit_mask_data: str | None = None


class TagOperation(StrEnum):
    """What two tags are combined by; a difference is the first without the second."""

    UNION = "UNION"
    INTERSECTION = "INTERSECTION"
    DIFFERENCE = "DIFFERENCE"


class TagArithmeticsRequest(Request):
    """Two tags and an operation; with a name the result becomes a tag."""

    tag_id1: str
    tag_id2: str
    operation: TagOperation
    new_tag_name: str | None = None
    run_id: str | None = None


class BitMaskAnswer(Answer):
    """Samples that are no tag."""

    bit_mask_data: HexMask
