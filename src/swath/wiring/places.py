"""Opening datasources on this machine: with credentials from a file, with those a dataset keeps, or with its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from swath.adapters.datasource import open_datasource
from swath.adapters.datasource.exchange import Patience
from swath.core.errors import InvalidConfig, SwathError
from swath.pipeline.ports import Datasource, DatasourceOpener
from swath.settings import Settings
from swath.store.credentials import Purpose, Vault
from swath.store.datasets import Dataset, dataset_by_id, dataset_by_name
from swath.store.datasources import apply_datasource, is_same_bucket, read_access
from swath.store.users import local_user
from swath.wire.datasource_access import check_access
from swath.wire.locations import is_bucket_uri, parse_location
from swath.wiring.workspace import Workspace

MOST_BYTES = 1 << 20
"""Of a file with credentials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAccess:
    """What opens the two places of a command, as a person gave it; None where nothing was given."""

    input: dict[str, str] | None = field(default=None, repr=False)
    output: dict[str, str] | None = field(default=None, repr=False)

    def for_output(self, location: str, output: str | None) -> dict[str, str] | None:
        """What opens the output, which is `location` if no other is named: of one bucket the input's does, too."""
        if self.output is None and is_same_bucket(location, output or location):
            return self.input
        return self.output


def opener(settings: Settings) -> DatasourceOpener:
    """Opens any place, where the settings say it is."""
    return partial(open_datasource, endpoints=settings.endpoints)


def quick_opener(settings: Settings) -> DatasourceOpener:
    """The same, for somebody who waits: a store that does not answer is given up after seconds."""
    patience = Patience(attempts=3, connect=4.0, silence=8.0, whole=30.0)
    return partial(open_datasource, endpoints=settings.endpoints, patience=patience)


def read_given_access(
    location: str, output: str | None, credentials: Path | None, output_credentials: Path | None
) -> GivenAccess:
    """Read the files that hold credentials for a command on `location` and, if another one is named, `output`.

    Raises InvalidConfig naming the option; nothing of a file is ever repeated.
    """
    return GivenAccess(
        input=_read_access("credentials", credentials, location),
        output=_read_access("output-credentials", output_credentials, output or location),
    )


def _read_access(option: str, path: Path | None, location: str) -> dict[str, str] | None:
    if path is None:
        return None
    place = parse_location(location)
    if not place.is_bucket:
        raise InvalidConfig(f"`--{option}` is for buckets, and `{location}` is a folder", field=option)
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES).decode()
        document = json.loads(text)
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is no JSON"
        raise InvalidConfig(f"`{path}`, which `--{option}` names, cannot be read: {reason}", field=option) from None
    if isinstance(document, dict) and document.get("type") == "service_account":
        # The key of a Google service account, as its console makes it.
        document = {"service_account": text}
    if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
        raise InvalidConfig(
            f"`{path}`, which `--{option}` names, is not a JSON object with a text under each name",
            field=option,
            hint='Such as `{"access_key_id": "…", "secret_access_key": "…"}`.',
        )
    return check_access(place.scheme, document, field=option)


def open_kept(workspace: Workspace, dataset: Dataset, purpose: Purpose) -> Datasource:
    """The input or output of a dataset of the home, with what it keeps for that, else with what this machine has."""
    uri = dataset.input_uri if purpose == "input" else dataset.output_uri
    return opener(workspace.settings)(uri, kept_access(workspace, dataset, purpose))


def open_kept_output(workspace: Workspace, dataset_id: str) -> Datasource:
    """The datasource that holds the crop files and thumbnails of a dataset."""
    with workspace.store.reading() as connection:
        dataset = dataset_by_id(connection, dataset_id)
    assert dataset is not None
    return open_kept(workspace, dataset, "output")


def kept_access(workspace: Workspace, dataset: Dataset, purpose: Purpose) -> dict[str, str] | None:
    """What a dataset of the home keeps to open its input or output; None if nothing, and for folders."""
    uri = dataset.input_uri if purpose == "input" else dataset.output_uri
    if not is_bucket_uri(uri):
        return None
    vault = Vault.open(workspace.home, workspace.settings.secret_key)
    with workspace.store.reading() as connection:
        return read_access(connection, vault, dataset, purpose)


def with_kept(
    workspace: Workspace, dataset_name: str, location: str, output: str | None, given: GivenAccess
) -> GivenAccess:
    """What opens the places of a run in this process: as given, else what the dataset of that name keeps for them."""
    with workspace.store.reading() as connection:
        dataset = dataset_by_name(connection, dataset_name, owner_id=local_user(connection).id)
    if dataset is None:
        return GivenAccess(input=given.input, output=given.for_output(location, output))
    source, target = given.input, given.for_output(location, output)
    if source is None and _names(location, dataset.input_uri):
        source = kept_access(workspace, dataset, "input")
    if target is None and _names(output or location, dataset.output_uri):
        target = kept_access(workspace, dataset, "output")
    return GivenAccess(input=source, output=target)


def _names(location: str, uri: str) -> bool:
    return is_bucket_uri(location) and parse_location(location).uri == uri


def keep_given(workspace: Workspace, dataset_id: str, given: GivenAccess) -> None:
    """Keep what opened the places of a dataset with it, encrypted, so that later commands need not be given it."""
    if given.input is None and given.output is None:
        return
    vault = Vault.open(workspace.home, workspace.settings.secret_key)
    with workspace.store.writing() as connection:
        dataset = dataset_by_id(connection, dataset_id)
        if dataset is None:
            return
        apply_datasource(
            connection,
            vault,
            dataset,
            input_uri=dataset.input_uri,
            output_uri=dataset.output_uri,
            input_access=given.input,
            output_access=given.output if is_bucket_uri(dataset.output_uri) else None,
            is_confined=dataset.is_confined,
        )


class KeptOutputs:
    """Opens the outputs of datasets, by URI, also once these are deleted: with what they kept before."""

    def __init__(self, workspace: Workspace, datasets: Sequence[Dataset]) -> None:
        self._open = opener(workspace.settings)
        self._access: dict[str, Mapping[str, str] | SwathError | None] = {}
        for dataset in datasets:
            try:
                self._access[dataset.output_uri] = kept_access(workspace, dataset, "output")
            except SwathError as exc:
                self._access[dataset.output_uri] = exc

    def __call__(self, uri: str) -> Datasource:
        access = self._access.get(uri)
        if isinstance(access, SwathError):
            raise access
        return self._open(uri, access)
