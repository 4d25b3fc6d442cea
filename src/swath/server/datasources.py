"""The places of datasets: what may be given for one, and opening the files of a dataset with what it has for that."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.engine import Connection

from swath.core.access import Principal, Scope
from swath.core.errors import InvalidConfig, NotFound, SwathError
from swath.pipeline.ports import Datasource, Rights
from swath.server.memo import Memo
from swath.server.services import Services, resolve_location
from swath.store.credentials import Purpose, credentials_stamp
from swath.store.datasets import Dataset
from swath.store.datasources import apply_datasource, read_access
from swath.store.tokens import is_local_token, is_session
from swath.wire.confinement import check_confined_access
from swath.wire.datasource_access import check_access, with_account
from swath.wire.endpoints import check_endpoint, folder_of
from swath.wire.locations import is_bucket_uri, parse_location

SECONDS_OPEN = 300.0
"""After so long a bucket is opened anew, which asks again whether it may be: names change their addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenPlace:
    """A place that somebody named for a dataset, checked; `access` is None where nothing was said about it."""

    uri: str
    access: dict[str, str] | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenablePlace:
    """What opens the input or the output of a dataset, here or on a worker.

    `access` is None where the machine that opens it may use what it has itself. `endpoint` is where the operator of
    this server says the bucket is.
    """

    uri: str
    access: dict[str, str] | None = field(repr=False)
    endpoint: str | None


def check_place(
    services: Services,
    text: str,
    access: Mapping[str, str] | None,
    *,
    anywhere: bool,
    field: str = "datasource",
    access_field: str = "credentials",
) -> GivenPlace:
    """What somebody gives for the input or output of a dataset, in the spelling it is kept in. Touches no bucket.

    Without `anywhere` (see `resolve_location`) the access may only hold what is good for everybody. Raises
    InvalidConfig naming `field` or what of `access_field` cannot be used, never a value.
    """
    uri = resolve_location(text, services.options, anywhere=anywhere, field=field)
    place = parse_location(uri, field=field)
    if not place.is_bucket:
        if access:
            raise InvalidConfig(
                f"a folder needs no `{access_field}`", field=access_field, hint="Leave them out, or name a bucket."
            )
        return GivenPlace(uri=uri, access=None)
    given = None if access is None else check_access(place.scheme, access, field=access_field)
    if given is not None and "endpoint" in given and folder_of(given["endpoint"]) is None:
        check_endpoint(given["endpoint"], field=f"{access_field}.endpoint")
    if given is not None and not anywhere:
        _check_confined(services, given, access_field)
    return GivenPlace(uri=place.uri, access=given)


def may_name_any_place(services: Services, principal: Principal) -> bool:
    """The token of this very server is for the commands of its own user, who can use those places anyway. So can
    that user in a browser, where the server answers no other machine."""
    with services.store.reading() as connection:
        if services.options.is_private and principal.is_local and principal.scope is Scope.OWNER:
            return is_local_token(connection, principal.token_id) or is_session(connection, principal.token_id)
        return is_local_token(connection, principal.token_id)


def opener_of_given(services: Services, given: GivenPlace, *, anywhere: bool) -> Callable[[], Datasource]:
    """Opens a place that no dataset has: as one with this place would be opened, where somebody waits for the answer.

    Whether it may be opened is asked again each time for a folder, and after a while for a bucket, which stays open
    meanwhile. What is returned raises InvalidConfig, NotFound or SourceUnavailable.
    """
    opener = services.open_quickly or services.open_datasource
    opened = Memo(1)

    def open_bucket() -> Datasource:
        if anywhere:
            return opener(given.uri, given.access)
        if given.access is None and _needs_access(services, given.uri):
            raise _without_access(given.uri, "credentials")
        access = given.access or {}
        _check_confined(services, access)
        return opener(given.uri, access)

    def open_it() -> Datasource:
        if is_bucket_uri(given.uri):
            return opened.get(_now(), open_bucket, size_of=lambda _: 1)
        return services.open_datasource(resolve_location(given.uri, services.options, anywhere=anywhere))

    return open_it


def apply_places(
    services: Services,
    connection: Connection,
    dataset: Dataset,
    images: GivenPlace,
    crops: GivenPlace | None = None,
    *,
    is_confined: bool,
) -> Dataset:
    """Set where the images of a dataset are and where its crops go (None: beside them), with what opens both.

    Raises Conflict as `apply_datasource` does, and InvalidConfig for a confined dataset in a bucket that nothing would
    open, for what this machine has itself is its owner's; the caller's transaction must not be kept then.
    """
    changed = apply_datasource(
        connection,
        services.vault,
        dataset,
        input_uri=images.uri,
        output_uri="" if crops is None else crops.uri,
        input_access=images.access,
        output_access=None if crops is None else crops.access,
        is_confined=is_confined,
    )
    if is_confined:
        _require_access(services, connection, changed, "input", "credentials")
        _require_access(services, connection, changed, "output", "output_credentials")
    return changed


def _require_access(services: Services, connection: Connection, dataset: Dataset, purpose: Purpose, field: str) -> None:
    uri = uri_of(dataset, purpose)
    if _needs_access(services, uri) and read_access(connection, services.vault, dataset, purpose) is None:
        raise _without_access(uri, field)


def _needs_access(services: Services, uri: str) -> bool:
    """Whether a place opens for others than the owner of this machine only with what they give."""
    return is_bucket_uri(uri) and services.options.endpoints.target_of(parse_location(uri)) is None


def _without_access(uri: str, field: str) -> InvalidConfig:
    return InvalidConfig(
        f"`{uri}` needs `{field}`: what this server's machine has is for its owner",
        field=field,
        hint="Give them; `{}` says that the bucket is public.",
    )


def _check_confined(services: Services, access: Mapping[str, str], field: str = "credentials") -> None:
    check_confined_access(
        access,
        listed_endpoints=services.options.endpoints.targets.values(),
        delegated_roles=services.options.delegated_roles,
        field=field,
    )


def place_of(services: Services, connection: Connection, dataset: Dataset, purpose: Purpose) -> OpenablePlace:
    """Where the input or output of a dataset is and what opens it. Holds secrets: for who opens it alone.

    Raises SourceUnavailable for credentials that cannot be decrypted, and InvalidConfig for a confined dataset with
    what only the owner of this machine may use.
    """
    uri = uri_of(dataset, purpose)
    if not is_bucket_uri(uri):
        return OpenablePlace(uri=uri, access=None, endpoint=None)
    access = read_access(connection, services.vault, dataset, purpose)
    if dataset.is_confined:
        access = access or {}
        _check_confined(services, access)
    endpoint = services.options.endpoints.target_of(with_account(parse_location(uri), access))
    return OpenablePlace(uri=uri, access=access, endpoint=endpoint)


def uri_of(dataset: Dataset, purpose: Purpose) -> str:
    """Where the input or the output of a dataset is; "" where no datasource is set."""
    return dataset.input_uri if purpose == "input" else dataset.output_uri or dataset.input_uri


def open_files_of(services: Services, dataset: Dataset, purpose: Purpose, *, is_waited_for: bool = True) -> Datasource:
    """The input or output of a dataset, opened with what the dataset has for that; crops with what their images have.

    Quick: a bucket stays open for later calls, until its credentials change. A store that fails is given up soon where
    somebody waits for the answer; without `is_waited_for` it is borne with as by a run. Whether a confined dataset may
    be there is asked again: folders become links, and operators change their mind. Raises NotFound for one that may
    not (any more), SourceUnavailable.
    """
    uri = uri_of(dataset, purpose)
    if is_bucket_uri(uri):
        return _open_bucket(services, dataset, purpose, uri, is_waited_for=is_waited_for)
    if not dataset.is_confined:
        return services.open_datasource(uri)
    try:
        location = resolve_location(uri, services.options, anywhere=False)
    except InvalidConfig as exc:
        raise _unreadable(dataset, exc) from exc
    return services.open_datasource(location)


def _open_bucket(
    services: Services, dataset: Dataset, purpose: Purpose, uri: str, *, is_waited_for: bool
) -> Datasource:
    opener = (services.open_quickly if is_waited_for else None) or services.open_datasource
    kept_with = dataset.parent_id or dataset.id
    with services.store.reading() as connection:
        stamp = credentials_stamp(connection, kept_with)

    def open_it() -> Datasource:
        with services.store.reading() as connection:
            place = place_of(services, connection, dataset, purpose)
        return opener(place.uri, place.access)

    key = (kept_with, purpose, uri, dataset.input_uri, dataset.is_confined, stamp, is_waited_for, _now())
    try:
        return services.open_buckets.get(key, open_it, size_of=lambda _: 1)
    except InvalidConfig as exc:
        raise _unreadable(dataset, exc) from exc


def _now() -> int:
    """The same for a while."""
    return int(time.monotonic() // SECONDS_OPEN)


def _unreadable(dataset: Dataset, reason: SwathError) -> NotFound:
    return NotFound(f"the files of dataset `{dataset.name}` cannot be read: {reason.message}", hint=reason.hint)


def opener_of_outputs(services: Services, datasets: Sequence[Dataset]) -> Callable[[str], Datasource]:
    """Opens the outputs of datasets, by URI, also when these are deleted by then: with what they have now."""
    by_uri = {dataset.output_uri: dataset for dataset in datasets}
    places: dict[str, OpenablePlace | SwathError] = {}
    with services.store.reading() as connection:
        for uri, dataset in by_uri.items():
            try:
                places[uri] = place_of(services, connection, dataset, "output")
            except SwathError as exc:
                places[uri] = exc

    def open_output(uri: str) -> Datasource:
        place = places[uri]
        if isinstance(place, SwathError):
            raise place
        if is_bucket_uri(uri):
            return services.open_datasource(uri, place.access)
        return open_files_of(services, by_uri[uri], "output")

    return open_output


def read_url(
    services: Services, dataset: Dataset, key: str, *, purpose: Purpose = "input", expires_s: int = 3600
) -> str | None:
    """A URL from which anybody can load a file of a dataset for a while, without asking whether it is there.

    None where the storage has no such thing, as a folder: then the file is served by this server. Raises as
    `open_files_of`.
    """
    return open_files_of(services, dataset, purpose).read_url(key, expires_s=expires_s)


def rights_of(services: Services, dataset: Dataset, purpose: Purpose) -> Rights:
    """What may be done with the input or output of a dataset; a place that cannot be opened has no rights at all."""
    try:
        return open_files_of(services, dataset, purpose).check_rights()
    except SwathError as exc:
        return Rights(list=exc.message, read=exc.message, write=exc.message, overwrite=exc.message)
