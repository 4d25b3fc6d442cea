"""Worker configurations: kept as they came, judged when a run is scheduled with one.

Four generations of clients have an address each; the last one names the generation in the body.
"""

from __future__ import annotations

from fastapi import APIRouter, Response

from swath.core.access import Principal
from swath.core.errors import NotFound
from swath.server.dependencies import Member, Reader, ServicesDep
from swath.server.lightly.answers import document_answer, list_answer
from swath.server.lightly.errors import ErrorCode, FacadeError
from swath.server.services import Services
from swath.store.clock import now_ms
from swath.store.worker_configs import WorkerConfig, create_worker_config, find_worker_config, list_worker_configs
from swath.wire.lightly.base import CreateEntityAnswer
from swath.wire.lightly.config_keys import Generation
from swath.wire.lightly.worker_configs import (
    Config,
    VersionedWorkerConfigCreateRequest,
    WorkerConfigCreateRequest,
    WorkerConfigData,
    without_secrets,
)

router = APIRouter(prefix="/docker/worker/config")


@router.post("", status_code=201)
def post_config(services: ServicesDep, principal: Member, wanted: WorkerConfigCreateRequest) -> CreateEntityAnswer:
    """Keep a configuration of the first generation."""
    return _keep(services, principal, Generation.V0, wanted.config)


@router.post("/v2", status_code=201)
def post_config_v2(services: ServicesDep, principal: Member, wanted: WorkerConfigCreateRequest) -> CreateEntityAnswer:
    """Keep one of the second generation."""
    return _keep(services, principal, Generation.V2, wanted.config)


@router.post("/v3", status_code=201)
def post_config_v3(services: ServicesDep, principal: Member, wanted: WorkerConfigCreateRequest) -> CreateEntityAnswer:
    """Keep one of the third generation."""
    return _keep(services, principal, Generation.V3, wanted.config)


@router.post("/vX", status_code=201)
def post_versioned_config(
    services: ServicesDep, principal: Member, wanted: VersionedWorkerConfigCreateRequest
) -> CreateEntityAnswer:
    """Keep one of the generation that it names."""
    return _keep(services, principal, Generation(wanted.version), wanted.config)


@router.get("")
def get_configs(services: ServicesDep, principal: Reader) -> Response:
    """The caller's configurations of the first generation, newest first: of others this list has no shape."""
    with services.store.reading() as connection:
        found = list_worker_configs(connection, owner_id=principal.user_id)
    return list_answer(_document(config) for config in found if config.generation == Generation.V0)


@router.get("/{config_id}")
@router.get("/v2/{config_id}")
@router.get("/v3/{config_id}")
@router.get("/vX/{config_id}")
def get_config(services: ServicesDep, principal: Reader, config_id: str) -> Response:
    """A configuration as it came, whichever its generation."""
    return document_answer(_document(find_config(services, principal, config_id)))


def find_config(services: Services, principal: Principal, config_id: str) -> WorkerConfig:
    """A configuration of the caller. Raises FacadeError 404."""
    try:
        with services.store.reading() as connection:
            return find_worker_config(connection, config_id, owner_id=principal.user_id)
    except NotFound as error:
        raise FacadeError.of(error, 404, ErrorCode.DOCKER_WORKER_CONFIG_UNKNOWN) from error


def _keep(services: Services, principal: Principal, generation: Generation, config: Config) -> CreateEntityAnswer:
    try:
        with services.store.writing() as connection:
            config_id = create_worker_config(
                connection,
                owner_id=principal.user_id,
                generation=generation,
                document=without_secrets(config),
                now=now_ms(),
            )
    except ValueError as error:
        raise FacadeError(
            422,
            ErrorCode.DOCKER_WORKER_CONFIG_INVALID,
            "the configuration holds numbers or text that JSON cannot carry",
        ) from error
    return CreateEntityAnswer(id=config_id)


def _document(config: WorkerConfig) -> WorkerConfigData:
    return WorkerConfigData(
        id=config.id, version=config.generation, created_at=config.created_at, config=config.document
    )
