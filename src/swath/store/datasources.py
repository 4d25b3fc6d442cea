"""Where the files of a dataset are together with what opens them: set at once, and read back for whoever opens them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.engine import Connection

from swath.store.credentials import Purpose, Vault, keep_credentials, read_credentials
from swath.store.datasets import Dataset, set_datasource
from swath.wire.locations import is_bucket_uri, parse_location

Access = Mapping[str, str]


def apply_datasource(
    connection: Connection,
    vault: Vault,
    dataset: Dataset,
    *,
    input_uri: str,
    output_uri: str = "",
    input_access: Access | None = None,
    output_access: Access | None = None,
    is_confined: bool,
) -> Dataset:
    """Set both places of an image dataset and what opens them, in the caller's transaction.

    Without `output_uri` crops go where the images are. An access of None keeps what opens the place if the place
    stays the same, and forgets it otherwise: credentials never follow to another place. `{}` says that none are
    needed. The place a dataset has may always be set again, which renews its credentials, also for a dataset with
    samples and while a run waits. Raises Conflict as `set_datasource` does; then nothing has changed.
    """
    output_uri = output_uri or input_uri
    changed = set_datasource(connection, dataset, input_uri=input_uri, output_uri=output_uri, is_confined=is_confined)
    _renew(connection, vault, dataset.id, "input", input_access, is_same=dataset.input_uri == input_uri)
    _renew(connection, vault, dataset.id, "output", output_access, is_same=dataset.output_uri == output_uri)
    return changed


def read_access(connection: Connection, vault: Vault, dataset: Dataset, purpose: Purpose) -> dict[str, str] | None:
    """What opens the input or output of a dataset; None where nothing is kept, {} where nothing is needed.

    Crops are opened with what their image dataset has. An output without an access of its own in the bucket of the
    input is opened like the input. Raises SourceUnavailable for credentials that cannot be decrypted.
    """
    kept_with = dataset.parent_id or dataset.id
    access = read_credentials(connection, vault, kept_with, purpose)
    if access is None and purpose == "output" and is_same_bucket(dataset.input_uri, dataset.output_uri):
        return read_credentials(connection, vault, kept_with, "input")
    return access


def is_same_bucket(one: str, other: str) -> bool:
    """Whether two places are in one bucket, so that what opens one may open the other."""
    if not (is_bucket_uri(one) and is_bucket_uri(other)):
        return False
    first, second = parse_location(one), parse_location(other)
    return (first.scheme, first.bucket, first.account) == (second.scheme, second.bucket, second.account)


def _renew(
    connection: Connection, vault: Vault, dataset_id: str, purpose: Purpose, access: Access | None, *, is_same: bool
) -> None:
    if access is not None or not is_same:
        keep_credentials(connection, vault, dataset_id, purpose, access)
