"""Errors as scripts of the official clients know them: a status, a code of their list, a sentence for a person."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from swath.core.errors import SwathError
from swath.server.links import LinkRefused
from swath.server.problems import install_problem_handlers
from swath.wire.problems import Problem


class ErrorCode(StrEnum):
    """The codes of the format that this server answers with."""

    BAD_REQUEST = "BAD_REQUEST"
    NOT_IMPLEMENTED = "NOT_IMPLEMENTED"
    FORBIDDEN = "FORBIDDEN"
    UNAUTHORIZED = "UNAUTHORIZED"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    MALFORMED_REQUEST = "MALFORMED_REQUEST"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    JWT_INVALID = "JWT_INVALID"
    JOB_UNKNOWN = "JOB_UNKNOWN"
    USER_NOT_KNOWN = "USER_NOT_KNOWN"
    TEAM_UNKNOWN = "TEAM_UNKNOWN"
    ACCESS_CONTROL_UNKNOWN = "ACCESS_CONTROL_UNKNOWN"
    ILLEGAL_ACTION_RESOURCE_IN_USE = "ILLEGAL_ACTION_RESOURCE_IN_USE"
    DATASET_UNKNOWN = "DATASET_UNKNOWN"
    DATASET_NOT_SUPPORTED = "DATASET_NOT_SUPPORTED"
    DATASET_NAME_EXISTS = "DATASET_NAME_EXISTS"
    DATASET_DATASOURCE_UNKNOWN = "DATASET_DATASOURCE_UNKNOWN"
    DATASET_DATASOURCE_CREDENTIALS_ERROR = "DATASET_DATASOURCE_CREDENTIALS_ERROR"
    DATASET_DATASOURCE_INVALID = "DATASET_DATASOURCE_INVALID"
    DATASET_DATASOURCE_ILLEGAL_ACTION = "DATASET_DATASOURCE_ILLEGAL_ACTION"
    DATASET_DATASOURCE_RELEVANT_FILENAMES_INVALID = "DATASET_DATASOURCE_RELEVANT_FILENAMES_INVALID"
    EMBEDDING_UNKNOWN = "EMBEDDING_UNKNOWN"
    EMBEDDING_NAME_EXISTS = "EMBEDDING_NAME_EXISTS"
    EMBEDDING_INVALID = "EMBEDDING_INVALID"
    EMBEDDING_NOT_READY = "EMBEDDING_NOT_READY"
    EMBEDDING_ROW_COUNT_INVALID = "EMBEDDING_ROW_COUNT_INVALID"
    TAG_UNKNOWN = "TAG_UNKNOWN"
    TAG_NAME_EXISTS = "TAG_NAME_EXISTS"
    TAG_INITIAL_EXISTS = "TAG_INITIAL_EXISTS"
    TAG_UNDELETABLE_NOT_A_LEAF = "TAG_UNDELETABLE_NOT_A_LEAF"
    TAG_UNDELETABLE_IS_INITIAL = "TAG_UNDELETABLE_IS_INITIAL"
    TAG_PREVTAG_NOT_IN_DATASET = "TAG_PREVTAG_NOT_IN_DATASET"
    TAG_QUERYTAG_NOT_IN_DATASET = "TAG_QUERYTAG_NOT_IN_DATASET"
    TAG_PRESELECTEDTAG_NOT_IN_DATASET = "TAG_PRESELECTEDTAG_NOT_IN_DATASET"
    SAMPLE_UNKNOWN = "SAMPLE_UNKNOWN"
    SAMPLE_CREATE_REQUEST_INVALID_FORMAT = "SAMPLE_CREATE_REQUEST_INVALID_FORMAT"
    SAMPLE_CREATE_REQUEST_INVALID_CROP_DATA = "SAMPLE_CREATE_REQUEST_INVALID_CROP_DATA"
    PREDICTION_TASK_SCHEMA_UNKNOWN = "PREDICTION_TASK_SCHEMA_UNKNOWN"
    PREDICTION_TASK_SCHEMA_CATEGORIES_NOT_UNIQUE = "PREDICTION_TASK_SCHEMA_CATEGORIES_NOT_UNIQUE"
    SCORE_UNKNOWN = "SCORE_UNKNOWN"
    SCORES_CANNOT_BE_SET = "SCORES_CANNOT_BE_SET"
    DOCKER_RUN_UNKNOWN = "DOCKER_RUN_UNKNOWN"
    DOCKER_RUN_REPORT_UNAVAILABLE = "DOCKER_RUN_REPORT_UNAVAILABLE"
    DOCKER_RUN_ARTIFACT_UNKNOWN = "DOCKER_RUN_ARTIFACT_UNKNOWN"
    DOCKER_WORKER_UNKNOWN = "DOCKER_WORKER_UNKNOWN"
    DOCKER_WORKER_CONFIG_UNKNOWN = "DOCKER_WORKER_CONFIG_UNKNOWN"
    DOCKER_WORKER_CONFIG_INVALID = "DOCKER_WORKER_CONFIG_INVALID"
    DOCKER_WORKER_CONFIG_REFERENCES_INVALID_FILES = "DOCKER_WORKER_CONFIG_REFERENCES_INVALID_FILES"
    DOCKER_WORKER_SCHEDULE_UNKNOWN = "DOCKER_WORKER_SCHEDULE_UNKNOWN"
    DOCKER_WORKER_SCHEDULE_UPDATE_FAILED = "DOCKER_WORKER_SCHEDULE_UPDATE_FAILED"
    METADATA_CONFIGURATION_UNKNOWN = "METADATA_CONFIGURATION_UNKNOWN"
    CUSTOM_METADATA_AT_MAX_SIZE = "CUSTOM_METADATA_AT_MAX_SIZE"


class FacadeError(Exception):
    """Ends a request with a status and a code; any other error of ours gets the code of its kind."""

    def __init__(self, status: int, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    @classmethod
    def of(cls, error: SwathError, status: int, code: ErrorCode) -> FacadeError:
        """With the words of an error of ours, its hint too."""
        return cls(status, code, f"{error.message}. {error.hint}".rstrip())


BY_PROBLEM: Mapping[str, tuple[int, ErrorCode]] = {
    "invalid-request": (422, ErrorCode.BAD_REQUEST),
    "invalid-predictions": (422, ErrorCode.BAD_REQUEST),
    "unreadable-image": (422, ErrorCode.BAD_REQUEST),
    "embedder-unavailable": (422, ErrorCode.BAD_REQUEST),
    "not-logged-in": (401, ErrorCode.UNAUTHORIZED),
    "not-allowed": (403, ErrorCode.FORBIDDEN),
    "foreign-origin": (403, ErrorCode.FORBIDDEN),
    "not-found": (404, ErrorCode.NOT_FOUND),
    "method-not-allowed": (405, ErrorCode.NOT_IMPLEMENTED),
    "conflict": (409, ErrorCode.CONFLICT),
    "stale-lease": (409, ErrorCode.CONFLICT),
    "run-cancelled": (409, ErrorCode.CONFLICT),
    "run-failed": (409, ErrorCode.CONFLICT),
    "too-large": (413, ErrorCode.PAYLOAD_TOO_LARGE),
}
"""Status and code of problems of the native interface; those that are absent keep their status and are FAULTY."""

FAULTY = ErrorCode.BAD_REQUEST
"""The list knows no code for a fault, a storage that does not answer or an odd request: the status says which."""


def error_response(
    status: int,
    code: ErrorCode,
    message: str,
    *,
    request_id: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer for an error. `request_id` is what to look for in the server's log."""
    document = {"code": code.value, "error": message} | ({} if request_id is None else {"requestId": request_id})
    return JSONResponse(document, status_code=status, headers={"Cache-Control": "no-store", **(headers or {})})


def response_of_problem(problem: Problem, headers: Mapping[str, str]) -> Response:
    """The answer for an error that the native interface would tell as `problem`."""
    status, code = BY_PROBLEM.get(problem.type, (problem.status, FAULTY))
    if problem.fields is not None:
        status, code = 400, ErrorCode.MALFORMED_REQUEST
    message = problem.detail if problem.hint is None else f"{problem.detail}. {problem.hint}"
    return error_response(status, code, message, request_id=problem.incident, headers=headers)


def install_error_handlers(app: FastAPI) -> None:
    """Make every error of an endpoint or the routing an answer in the facade's shape.

    Errors that are not of the facade become problems first, as they do for the native interface, and what they are
    called there is turned into a status and a code on their way out (`swath.server.lightly.door`).
    """
    install_problem_handlers(app)
    app.add_exception_handler(FacadeError, _on_facade_error)
    app.add_exception_handler(LinkRefused, _on_refused_link)


async def _on_facade_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, FacadeError)
    return error_response(error.status, error.code, error.message)


async def _on_refused_link(request: Request, error: Exception) -> Response:
    assert isinstance(error, LinkRefused)
    return error_response(403, ErrorCode.JWT_INVALID, error.message)
