"""The description of `/api` (OpenAPI 3.1): `python -m swath.server.openapi > openapi.json`.

FastAPI describes what succeeds; this adds what all routes share: how to log in, and that every error is a problem.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from swath import __version__
from swath.server.api import ROUTERS
from swath.server.auth import COOKIE
from swath.server.paths import OPEN_PATHS
from swath.server.security import is_upload
from swath.wire.problems import MEDIA_TYPE, PROBLEM_TYPES, Problem

Json = dict[str, Any]

DESCRIPTION = """The HTTP interface of Swath, which the web app, workers and `swath.Client` use.

Ids are 24 lower-case hex digits; a dataset may be named by its name, too. Times are milliseconds since 1970, UTC.
Lists answer `items` and `total`. Errors are problem documents (RFC 9457); docs/reference/problems.md lists them.
Requests that create something take an `Idempotency-Key`: repeated with the same key and body, they answer as they
did the first time and create nothing more."""

TAGS = {
    "server": "The server itself, and what changes in it.",
    "login": "Logging in, and who is.",
    "users": "Users.",
    "tokens": "Tokens.",
    "datasets": "Datasets, their datasources and with whom they are shared.",
    "samples": "Samples: pages, facets, files.",
    "images": "Thumbnails and files.",
    "previews": "A quick look at a place before anything is stored.",
    "projections": "Maps of embeddings: points and columns by position, as binary.",
    "embeddings": "Vectors, and what looks alike.",
    "selections": "Sets of samples that somebody picked out.",
    "tags": "Tags, and changing them.",
    "operations": "What was done to tags, and undoing it.",
    "views": "Named ways to look at a dataset.",
    "exports": "Files made of a dataset.",
    "runs": "Runs: asking for them, watching them, their results.",
    "workers": "Workers: what executes runs.",
    "worker protocol": "What a worker says about the run it holds; every call carries its lease.",
}
"""Of all nouns, in the order of the document; those without routes are left out."""

IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Any text that only this request has: a repetition answers the same and creates nothing more.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}


def describe_api() -> Json:
    """The document, made from the routes. The same routes give the same document."""
    routes = FastAPI(generate_unique_id_function=lambda route: route.name)
    for router in ROUTERS:
        routes.include_router(router, prefix="/api")
    document = get_openapi(title="Swath", version=__version__, description=DESCRIPTION, routes=routes.routes)
    components: Json = document.setdefault("components", {})
    schemas: Json = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    components["schemas"] = dict(sorted(schemas.items()))
    components["responses"] = _problem_responses()
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "A token: `swath token create` makes one."},
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "Of a browser that logged in."},
    }
    document["security"] = [{"bearer": []}, {"session": []}]
    used = set()
    for path, method, operation in _operations(document):
        used.update(operation["tags"])
        _complete(path, method, operation)
    document["tags"] = [{"name": name, "description": text} for name, text in TAGS.items() if name in used]
    return document


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _complete(path: str, method: str, operation: Json) -> None:
    responses: Json = operation["responses"]
    statuses = [403, 422, 503]
    if path in OPEN_PATHS:
        operation["security"] = []
    else:
        statuses.append(401)
    if "{" in path:
        statuses.append(404)
    if method != "get":
        statuses += [409, 413]
    if method == "post" and not responses.keys().isdisjoint({"201", "202"}):
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    if method == "put" and is_upload(path):
        content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
        operation["requestBody"] = {"required": True, "content": content}
    statuses += [int(status) for status in responses if status.startswith(("4", "5"))]
    for status in sorted(set(statuses)):
        responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    if "206" in responses:
        responses["206"]["content"] = responses["200"]["content"]
    responses["default"] = {"$ref": "#/components/responses/Problem"}


def _problem_responses() -> Json:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    found: Json = {"Problem": {"description": "Any other problem.", "content": content}}
    for status in sorted({kind.status for kind in PROBLEM_TYPES}):
        kinds = [kind for kind in PROBLEM_TYPES if kind.status == status]
        description = "\n".join(f"`{kind.name}`: {kind.meaning}" for kind in kinds)
        found[f"Problem{status}"] = {"description": description, "content": content}
    return found


def rendered() -> str:
    """The document as text, the same every time."""
    return json.dumps(describe_api(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(rendered())
