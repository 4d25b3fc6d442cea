"""Problem documents (RFC 9457): how an error crosses HTTP, and the one table that says which error is which."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from swath.core import errors

MEDIA_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    """One field of a request that cannot be used. `field` is named as the person wrote it (`filter.limit`)."""

    model_config = ConfigDict(frozen=True)

    field: str
    detail: str


class Problem(BaseModel):
    """What went wrong, for people (`title`, `detail`, `hint`) and for programs (`type`, `status`, `field`)."""

    model_config = ConfigDict(frozen=True)

    type: str
    title: str
    status: int
    detail: str
    hint: str | None = None
    field: str | None = None
    fields: tuple[FieldProblem, ...] | None = None  # of a request with several that cannot be used
    incident: str | None = None  # of a fault of ours: what to look for in the server's log


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemType:
    """One kind of problem: `name` is its `type`, `meaning` its line in docs/reference/problems.md."""

    name: str
    status: int
    title: str
    meaning: str
    error: type[errors.SwathError] | None = None  # None: the server makes it without an error of ours


PROBLEM_TYPES = (
    ProblemType(
        name="invalid-request",
        status=422,
        title="The request cannot be used",
        meaning="A parameter, or a field of the body, is missing or has a value that cannot be used.",
        error=errors.InvalidConfig,
    ),
    ProblemType(
        name="invalid-predictions",
        status=422,
        title="A prediction file breaks the format",
        meaning="A file below `.lightly/predictions` breaks the format.",
        error=errors.InvalidPredictions,
    ),
    ProblemType(
        name="unreadable-image",
        status=422,
        title="The image cannot be decoded",
        meaning="The bytes of an image cannot be decoded.",
        error=errors.UnreadableImage,
    ),
    ProblemType(
        name="embedder-unavailable",
        status=422,
        title="The embedder cannot be used",
        meaning="The embedder that was named cannot be loaded.",
        error=errors.EmbedderUnavailable,
    ),
    ProblemType(
        name="not-logged-in",
        status=401,
        title="A token is needed",
        meaning="No token, or one that is wrong, expired or revoked.",
        error=errors.NotLoggedIn,
    ),
    ProblemType(
        name="not-allowed",
        status=403,
        title="This is not allowed",
        meaning="The scope of the token does not reach so far.",
        error=errors.NotAllowed,
    ),
    ProblemType(
        name="foreign-origin",
        status=403,
        title="The request comes from another site",
        meaning="A browser sent the request from a page that is not of this server.",
    ),
    ProblemType(
        name="not-found",
        status=404,
        title="There is no such thing",
        meaning="What was named does not exist, or is of somebody who does not share it.",
        error=errors.NotFound,
    ),
    ProblemType(
        name="method-not-allowed",
        status=405,
        title="The method does not fit the address",
        meaning="The address exists and takes other methods (header `Allow`).",
    ),
    ProblemType(
        name="too-slow",
        status=408,
        title="The request did not arrive",
        meaning="The body of the request stopped arriving.",
    ),
    ProblemType(
        name="conflict",
        status=409,
        title="This contradicts what is there",
        meaning="A name is taken, a run is over, a revision is old: the hint says what to do.",
        error=errors.Conflict,
    ),
    ProblemType(
        name="stale-lease",
        status=409,
        title="Another worker has the run",
        meaning="The worker's lease of the run is over; it must drop the run.",
        error=errors.StaleLease,
    ),
    ProblemType(
        name="run-cancelled",
        status=409,
        title="The run was stopped",
        meaning="Somebody stopped the run.",
        error=errors.RunCancelled,
    ),
    ProblemType(
        name="run-failed",
        status=409,
        title="The run cannot go on",
        meaning="The run has failed; what was there before is untouched.",
        error=errors.RunFailed,
    ),
    ProblemType(
        name="too-large",
        status=413,
        title="The body is too large",
        meaning="The body is larger than this address takes.",
        error=errors.TooLarge,
    ),
    ProblemType(
        name="uri-too-long",
        status=414,
        title="The address is too long",
        meaning="The address is longer than 8 kB.",
    ),
    ProblemType(
        name="unsupported-media-type",
        status=415,
        title="The body is of another kind",
        meaning="The `Content-Type` is not what this address takes.",
    ),
    ProblemType(
        name="range-not-satisfiable",
        status=416,
        title="There is no such range",
        meaning="The `Range` lies outside of the file.",
    ),
    ProblemType(
        name="wrong-host",
        status=421,
        title="The server has another name",
        meaning="The `Host` is not one this server answers to; `SWATH_HOSTS` names more.",
    ),
    ProblemType(
        name="too-many-attempts",
        status=429,
        title="Too many attempts",
        meaning="Too many wrong tokens or codes came from this address (header `Retry-After`).",
        error=errors.TooManyAttempts,
    ),
    ProblemType(
        name="internal",
        status=500,
        title="Swath has a fault",
        meaning="A bug. `incident` is in the server's log, with what happened.",
    ),
    ProblemType(
        name="source-changed",
        status=503,
        title="A file changed while it was used",
        meaning="A file of a datasource was replaced while it was being worked on (header `Retry-After`).",
        error=errors.SourceChanged,
    ),
    ProblemType(
        name="unavailable",
        status=503,
        title="A storage cannot be used",
        meaning="The database, the home folder or a datasource does not answer (header `Retry-After`).",
        error=errors.SourceUnavailable,
    ),
)

BY_NAME = {problem.name: problem for problem in PROBLEM_TYPES}
_BY_ERROR = {problem.error: problem for problem in PROBLEM_TYPES if problem.error is not None}


def problem_type_of(error: errors.SwathError) -> ProblemType:
    """The kind of problem an error is: that of its class, else of the nearest class above."""
    for cls in type(error).__mro__:
        if cls in _BY_ERROR:
            return _BY_ERROR[cls]
    return BY_NAME["internal"]


def problem_of(error: errors.SwathError) -> Problem:
    """The document of an error."""
    kind = problem_type_of(error)
    return Problem(
        type=kind.name,
        title=kind.title,
        status=kind.status,
        detail=error.message,
        hint=error.hint or None,
        field=getattr(error, "field", "") or None,
    )


def error_of(problem: Problem, *, retry_after_s: int = 1) -> errors.SwathError:
    """The error that a document stands for, on the side that asked."""
    hint = problem.hint or ""
    kind = BY_NAME.get(problem.type)
    error = None if kind is None else kind.error
    if error is errors.InvalidConfig:
        return errors.InvalidConfig(problem.detail, field=problem.field or "", hint=hint)
    if error is errors.TooManyAttempts:
        return errors.TooManyAttempts(problem.detail, retry_after_s=retry_after_s, hint=hint)
    if error in (None, errors.InvalidPredictions, errors.UnreadableImage):
        return errors.SwathError(problem.detail, hint=hint)
    assert error is not None
    return error(problem.detail, hint=hint)
