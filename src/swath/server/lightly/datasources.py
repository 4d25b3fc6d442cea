"""Datasources of datasets, as scripts configure them: one storage for everything, or one for images and one for what is
written.

Every configuration that makes sense is recorded. It is put to use at once where it can be; a dataset with samples keeps
the place that those are in, whatever a script names on its way to naming that place again.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body
from sqlalchemy.engine import Connection
from starlette.responses import JSONResponse, Response

from swath.core.access import Principal
from swath.core.errors import Conflict, InvalidConfig, SwathError
from swath.pipeline.ports import Datasource, Rights
from swath.server.dataset_changes import tell_changed
from swath.server.datasources import check_place, open_files_of, rights_of, uri_of
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.lightly.lookups import dataset_of
from swath.server.services import Services
from swath.store.credentials import Purpose
from swath.store.datasets import Dataset, DatasetKind, dataset_by_id
from swath.store.datasource_documents import (
    RecordedDatasource,
    for_purpose,
    record_datasource,
    recorded_datasources,
)
from swath.store.datasources import apply_datasource, read_access
from swath.store.sharing import require_owner
from swath.store.tokens import is_local_token
from swath.store.uploads import keeps_uploads_here
from swath.wire.lightly.datasources import (
    AnyDatasourceConfig,
    DatasourceConfigVerifyData,
    DatasourceConfigVerifyDataErrors,
    DatasourcePurpose,
    LightlyConfig,
    describe_place,
)
from swath.wire.locations import parse_location

router = APIRouter()


@router.put("/datasets/{dataset}/datasource", status_code=204)
def put_datasource(
    services: ServicesDep, principal: Member, dataset: str, config: Annotated[AnyDatasourceConfig, Body()]
) -> None:
    """Record where the files of a dataset are, and use it from now on if that is possible."""
    with services.store.reading() as connection:
        _own_images(connection, principal, dataset)
        anywhere = is_local_token(connection, principal.token_id)
    uri = _uri_of(services, config, anywhere=anywhere)
    with services.store.writing() as connection:
        found = _own_images(connection, principal, dataset)
        record_datasource(connection, services.vault, found.id, config, uri=uri, is_confined=not anywhere)
        recorded = recorded_datasources(connection, services.vault, found.id)
    try:
        _put_to_use(services, found.id, recorded)
    except (FacadeError, SwathError):
        return  # it is recorded; whoever wants to use it hears why that cannot be
    tell_changed(services, [found])


@router.get("/datasets/{dataset}/datasource")
def get_datasource(
    services: ServicesDep,
    principal: Reader,
    dataset: str,
    purpose: DatasourcePurpose = DatasourcePurpose.INPUT_OUTPUT,
) -> Response:
    """The configuration for a purpose, without its secrets."""
    found, shown = _shown(services, principal, dataset)
    one = for_purpose(shown, purpose)
    if one is None:
        raise _no_datasource(found, f" for `{purpose.value}`" if shown else "")
    return JSONResponse(one.config.answer(one.id or None))


@router.get("/datasets/{dataset}/datasource/all")
def get_all_datasources(services: ServicesDep, principal: Reader, dataset: str) -> Response:
    """The configurations for all purposes."""
    _, shown = _shown(services, principal, dataset)
    return JSONResponse([one.config.answer(one.id or None) for one in shown])


def _shown(services: Services, principal: Principal, dataset_id: str) -> tuple[Dataset, list[RecordedDatasource]]:
    """The image dataset, and what is configured for it: by scripts, else what scripts would call the places it has."""
    with services.store.reading() as connection:
        images = images_of(connection, dataset_of(connection, principal, dataset_id))
        recorded = recorded_datasources(connection, services.vault, images.id)
        if recorded or not images.input_uri:
            return images, recorded

        def described(purpose: Purpose, told: DatasourcePurpose) -> RecordedDatasource:
            uri = uri_of(images, purpose)
            access = read_access(connection, services.vault, images, purpose) or {}
            told_as = describe_place(parse_location(uri), access, told)
            return RecordedDatasource(id="", config=told_as, uri=uri, is_confined=images.is_confined)

        if keeps_uploads_here(services.home, images):
            config = LightlyConfig(full_path=images.id)
            return images, [RecordedDatasource(id="", config=config, uri="", is_confined=images.is_confined)]
        if images.output_uri in ("", images.input_uri):
            return images, [described("input", DatasourcePurpose.INPUT_OUTPUT)]
        return images, [described("input", DatasourcePurpose.INPUT), described("output", DatasourcePurpose.LIGHTLY)]


@router.get("/datasets/{dataset}/datasource/verify", response_model_exclude_none=True)
def verify_datasource(services: ServicesDep, principal: Reader, dataset: str) -> DatasourceConfigVerifyData:
    """Try what may be done with the datasource. Leaves nothing behind."""
    found = used_datasource(services, principal, dataset)
    of_input, of_output = rights_of(services, found, "input"), rights_of(services, found, "output")
    return _verified(of_input, of_output)


def _verified(of_input: Rights, of_output: Rights) -> DatasourceConfigVerifyData:
    """Images are listed and read, all else is written."""
    reasons = {
        "can_read": of_input.read or of_output.read,
        "can_write": of_output.write,
        "can_list": of_input.list or of_output.list,
        "can_overwrite": of_output.overwrite,
    }
    errors = None if set(reasons.values()) == {None} else DatasourceConfigVerifyDataErrors(**reasons)
    return DatasourceConfigVerifyData(**{name: why is None for name, why in reasons.items()}, errors=errors)


def used_datasource(services: Services, principal: Principal, dataset_id: str) -> Dataset:
    """The dataset, its datasource put to use. Raises FacadeError: 404 without one, 422 if it cannot be used."""
    with services.store.reading() as connection:
        dataset = dataset_of(connection, principal, dataset_id)
        images = images_of(connection, dataset)
        recorded = recorded_datasources(connection, services.vault, images.id)
    if not recorded and not images.input_uri:
        raise _no_datasource(images)
    if recorded and not _is_in_use(images, recorded):
        _put_to_use(services, images.id, recorded)
        with services.store.reading() as connection:
            return dataset_of(connection, principal, dataset_id)
    return dataset


def effective_datasource(services: Services, dataset: Dataset) -> Dataset:
    """The image dataset with the datasource that is configured for it, put to use if it was not yet.

    For who schedules a run, before its own transaction. Raises FacadeError (422) where nothing is configured, where
    only half of a pair is, and where the configured place cannot be used: for one, because the samples are elsewhere.
    """
    with services.store.reading() as connection:
        recorded = recorded_datasources(connection, services.vault, dataset.id)
        current = dataset_by_id(connection, dataset.id) or dataset
    if not recorded:
        if current.input_uri:
            return current
        raise _cannot_use(f"dataset `{dataset.name}` has no datasource", ErrorCode.DATASET_DATASOURCE_UNKNOWN)
    for purpose, what in ((DatasourcePurpose.INPUT, "images"), (DatasourcePurpose.LIGHTLY, "what is written")):
        if for_purpose(recorded, purpose) is None:
            message = f"dataset `{dataset.name}` has no datasource for {what} (purpose `{purpose.value}`)"
            raise _cannot_use(message, ErrorCode.DATASET_DATASOURCE_UNKNOWN)
    images, written = _pair(recorded)
    if written is None and images is not None and not isinstance(images.config, LightlyConfig):
        message = f"dataset `{dataset.name}` reads from a storage of yours: what runs write cannot stay with the server"
        raise _cannot_use(message, ErrorCode.DATASET_DATASOURCE_INVALID)
    return current if _is_in_use(current, recorded) else _put_to_use(services, dataset.id, recorded)


def open_datasource_of(services: Services, dataset: Dataset, purpose: Purpose) -> Datasource:
    """The input or output, opened. Raises FacadeError (403, 404 or 422: clients ask again for half a minute on 5xx)."""
    try:
        return open_files_of(services, dataset, purpose)
    except SwathError as error:
        raise unusable(error) from error


def takes_on_role(services: Services, dataset: Dataset, purpose: Purpose) -> bool:
    """Whether a bucket is opened by a role: what is signed then holds for no longer than the role does."""
    with services.store.reading() as connection:
        access = read_access(connection, services.vault, dataset, purpose)
    return bool(access and access.get("role_arn"))


def unusable(error: SwathError) -> FacadeError:
    """What a storage that does not answer, or not as it should, is to a client."""
    return FacadeError.of(error, 422, ErrorCode.DATASET_DATASOURCE_INVALID)


def images_of(connection: Connection, dataset: Dataset) -> Dataset:
    """The image dataset that a dataset shares its datasource with: itself, or the one that crops are cut from."""
    parent = dataset_by_id(connection, dataset.parent_id) if dataset.parent_id else None
    return parent or dataset


def _own_images(connection: Connection, principal: Principal, dataset_id: str) -> Dataset:
    found = dataset_of(connection, principal, dataset_id)
    require_owner(connection, found, principal.user_id, to="change its datasource")
    if found.kind is DatasetKind.CROPS:
        message = f"`{found.name}` holds crops; it reads from where its image dataset does"
        raise _cannot_use(message, ErrorCode.DATASET_DATASOURCE_ILLEGAL_ACTION)
    return found


def _uri_of(services: Services, config: AnyDatasourceConfig, *, anywhere: bool) -> str:
    """The place of a configuration; raises FacadeError (422) for one that names none, and for a folder that is not
    there. A bucket that may not be used is no error here."""
    try:
        location = config.location()
        if location is None:
            return ""
        config.access()
        if location.is_bucket:
            return location.uri
        return check_place(services, location.uri, None, anywhere=anywhere, field="fullPath").uri
    except InvalidConfig as error:
        raise FacadeError.of(error, 422, ErrorCode.DATASET_DATASOURCE_INVALID) from error


def _is_in_use(dataset: Dataset, recorded: list[RecordedDatasource]) -> bool:
    """Whether the dataset has the places that are configured for it; that of images may be all there is."""
    images, written = _pair(recorded)
    if images is None or isinstance(images.config, LightlyConfig):
        return True
    return (dataset.input_uri, dataset.output_uri) == (images.uri, (written or images).uri)


def _pair(recorded: list[RecordedDatasource]) -> tuple[RecordedDatasource | None, RecordedDatasource | None]:
    """What counts for images and for what is written; the latter is None, too, if it is the server's own storage."""
    written = for_purpose(recorded, DatasourcePurpose.LIGHTLY)
    if written is not None and isinstance(written.config, LightlyConfig):
        written = None
    return for_purpose(recorded, DatasourcePurpose.INPUT), written


def _put_to_use(services: Services, dataset_id: str, recorded: list[RecordedDatasource]) -> Dataset:
    """Make the configured places those of the dataset. Raises FacadeError (422) if that cannot be."""
    images, written = _pair(recorded)
    try:
        for one in (images, written):
            if one is not None and one.uri:
                check_place(services, one.uri, one.config.access(), anywhere=not one.is_confined)
        with services.store.writing() as connection:
            dataset = dataset_by_id(connection, dataset_id)
            if dataset is None:
                raise FacadeError(404, ErrorCode.DATASET_UNKNOWN, f"there is no dataset `{dataset_id}`")
            if images is None or isinstance(images.config, LightlyConfig):
                return dataset
            return apply_datasource(
                connection,
                services.vault,
                dataset,
                input_uri=images.uri,
                output_uri=(written or images).uri,
                input_access=images.config.access(),
                output_access=(written or images).config.access(),
                is_confined=images.is_confined or (written or images).is_confined,
            )
    except InvalidConfig as error:
        raise FacadeError.of(error, 422, ErrorCode.DATASET_DATASOURCE_CREDENTIALS_ERROR) from error
    except Conflict as error:
        raise FacadeError.of(error, 422, ErrorCode.DATASET_DATASOURCE_ILLEGAL_ACTION) from error


def _no_datasource(dataset: Dataset, what: str = "") -> FacadeError:
    message = f"dataset `{dataset.name}` has no datasource{what}"
    return FacadeError(404, ErrorCode.DATASET_DATASOURCE_UNKNOWN, message)


def _cannot_use(message: str, code: ErrorCode) -> FacadeError:
    return FacadeError(422, code, message)
