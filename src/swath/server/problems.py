"""Every answer that is an error: RFC 9457 documents made from the table in `swath.wire.problems`."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from swath.core.errors import InvalidConfig, NotLoggedIn, SourceUnavailable, SwathError, TooManyAttempts
from swath.wire.documents import field_name
from swath.wire.problems import BY_NAME, MEDIA_TYPE, PROBLEM_TYPES, FieldProblem, Problem, problem_of

logger = logging.getLogger("swath.server")

RETRY_AFTER_S = 5
"""When a storage that does not answer is worth asking again."""

SHOWN_VALUE_LENGTH = 40


def error_response(error: SwathError) -> Response:
    """The answer for an error of ours."""
    headers: dict[str, str] = {}
    if isinstance(error, NotLoggedIn):
        headers["WWW-Authenticate"] = "Bearer"
    elif isinstance(error, TooManyAttempts):
        headers["Retry-After"] = str(error.retry_after_s)
    elif isinstance(error, SourceUnavailable):
        headers["Retry-After"] = str(RETRY_AFTER_S)
    return problem_response(problem_of(error), headers)


def named_response(
    name: str, detail: str, *, hint: str = "", headers: Mapping[str, str] | None = None, incident: str | None = None
) -> Response:
    """The answer for a problem that is no error of ours, by its name in the table."""
    kind = BY_NAME[name]
    problem = Problem(
        type=name, title=kind.title, status=kind.status, detail=detail, hint=hint or None, incident=incident
    )
    return problem_response(problem, headers or {})


def problem_response(problem: Problem, headers: Mapping[str, str]) -> Response:
    return Response(
        problem.model_dump_json(exclude_none=True),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **headers},
    )


def fault_response(request_line: str, fault: Exception) -> Response:
    """The answer for a bug: an id here, what happened in the log. Called where the fault was caught."""
    incident = secrets.token_hex(6)
    logger.error("fault %s in `%s`", incident, request_line, exc_info=fault)
    return named_response(
        "internal",
        "Swath has a fault; nothing of this request is known to have been done",
        hint=f"The server's log says what happened, under `{incident}`.",
        incident=incident,
    )


def install_problem_handlers(app: FastAPI) -> None:
    """Make every error that an endpoint or the routing raises a problem document."""
    app.add_exception_handler(SwathError, _on_swath_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(sa.exc.DataError, _on_number_out_of_range)
    app.add_exception_handler(OverflowError, _on_number_out_of_range)


async def _on_swath_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SwathError)
    return error_response(error)


async def _on_number_out_of_range(request: Request, error: Exception) -> Response:
    # Documents limit their numbers; this is for one that forgot to. SQLite's driver says the one, PostgreSQL the other.
    logger.warning("`%s %s` was asked with a number out of range", request.method, request.url.path)
    return error_response(InvalidConfig("a number in the request is too large to be kept"))


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = tuple(_field_problem(item) for item in error.errors()[:20])
    kind = BY_NAME["invalid-request"]
    first = fields[0]
    more = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
    problem = Problem(
        type=kind.name,
        title=kind.title,
        status=kind.status,
        detail=f"{first.detail}{more}",
        field=first.field or None,
        fields=fields,
    )
    return problem_response(problem, {})


def _field_problem(item: Mapping[str, Any]) -> FieldProblem:
    field = field_name(item["loc"][1:])
    if item["type"] == "json_invalid":
        return FieldProblem(field="", detail=f"the body is not JSON: {item.get('ctx', {}).get('error', item['msg'])}")
    what = f"`{field}`" if field else "the body"
    if item["type"] == "missing":
        return FieldProblem(field=field, detail=f"{what} is missing")
    if item["type"] == "extra_forbidden":
        return FieldProblem(field=field, detail=f"{what} is not known")
    message = str(item["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return FieldProblem(field=field, detail=f"{what}: {message}{_got(field, item.get('input'))}")


def _got(field: str, value: object) -> str:
    """What stands there, shortened; whole documents and what may be a secret are not repeated."""
    is_secret = any(word in field.lower() for word in ("secret", "token", "password", "code", "credential", "key"))
    if is_secret or not isinstance(value, str | int | float | bool):
        return ""
    text = repr(value) if not isinstance(value, str) else value
    shown = text if len(text) <= SHOWN_VALUE_LENGTH else f"{text[:SHOWN_VALUE_LENGTH]}…"
    return f", got `{shown.encode('utf-8', 'backslashreplace').decode()}`"


_HTTP_PROBLEMS = {problem.status: problem.name for problem in reversed(PROBLEM_TYPES)} | {
    400: "invalid-request",
    403: "not-allowed",
    409: "conflict",
    422: "invalid-request",
}


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path
    detail = {
        404: f"there is no `{path}`",
        405: f"`{path}` does not take {request.method}",
    }.get(error.status_code, str(error.detail))
    name = _HTTP_PROBLEMS.get(error.status_code, "internal" if error.status_code >= 500 else "invalid-request")
    return named_response(name, detail, headers=error.headers)
