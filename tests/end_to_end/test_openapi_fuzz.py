"""Requests made from the description of the interface, sensible and not, against a server that really listens.

No request may make the server fail, every answer must be as described, and most operations must have succeeded at
least once: otherwise the requests would bounce off the first check and prove nothing.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import given
from hypothesis.errors import Unsatisfiable
from PIL import Image
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.support.fuzzing import repeatable
from tests.support.live_server import serving

from swath.adapters.datasource import open_datasource
from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.adapters.parquet import ParquetTables
from swath.core.access import Scope
from swath.core.additions import RunAdditions
from swath.server.app import create_app
from swath.server.openapi import describe_api
from swath.server.services import ServerOptions, Services
from swath.store.credentials import Vault
from swath.store.database import Store
from swath.store.home import Home
from swath.store.session import open_run
from swath.store.tokens import issue_login_code, issue_token
from swath.store.users import local_user
from swath.testing.session_contract import make_additions
from swath.wire.columns import MEDIA_TYPE as COLUMNS
from swath.wire.run_result import RunResult

SUCCEEDING_SHARE = 0.8

SENSIBLE, SENSELESS = 6, 3
"""Requests per operation that fit its schema, and that do not."""

STREAMS = {"get_events", "get_run_events"}

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

NOBODYS_ID = "0" * 24

EVERYTHING: dict[str, Any] = {"all_of": []}

Json = dict[str, Any]


schemathesis.serializer.alias(COLUMNS, "application/octet-stream")


class Arena:
    """A server full of things to name; what an operation would use up is made for it alone."""

    def __init__(self, url: str, secret: str, new_login_code: Callable[[], str]) -> None:
        self.http = httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {secret}"}, timeout=30)
        self.url = url
        self._new_login_code = new_login_code
        self._count = 0

    def name(self, noun: str) -> str:
        self._count += 1
        return f"{noun} {self._count}"

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Json:
        answer = self.http.request(method, f"/api{path}", json=body, headers=headers)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        found: Json = answer.json() if answer.content else {}
        return found

    def dataset(self) -> str:
        made = self.call("POST", "/datasets", {"name": self.name("dataset"), "datasource": "photos"})
        return str(made["id"])

    def tag(self) -> str:
        made = self.call("POST", "/datasets/vehicles/tags", {"name": self.name("tag"), "selector": EVERYTHING})
        return str(made["tag"]["id"])

    def view(self) -> str:
        return str(self.call("POST", "/datasets/vehicles/views", {"name": self.name("view"), "rule": {}})["id"])

    def selection(self) -> str:
        return str(self.call("POST", "/datasets/vehicles/selections", {"selector": EVERYTHING})["id"])

    def export(self) -> str:
        return str(self.call("POST", "/datasets/vehicles/exports", {"format": "filenames"})["id"])

    def operation(self) -> str:
        change = {"selector": EVERYTHING, "add": [self.name("tag")]}
        return str(self.call("POST", "/datasets/vehicles/tags:apply", change)["operation_id"])

    def undone_operation(self) -> str:
        operation = self.operation()
        self.call("POST", f"/operations/{operation}:undo")
        return operation

    def token(self) -> str:
        return str(self.call("POST", "/tokens", {"name": self.name("token"), "scope": "read-only"})["id"])

    def user(self) -> str:
        return str(self.call("POST", "/users", {"name": self.name("user").replace(" ", "-")})["id"])

    def worker(self) -> str:
        return str(self.call("POST", "/workers", {"name": self.name("worker")})["id"])

    def run(self) -> str:
        """A run that waits for a worker."""
        request = {"dataset": self.dataset(), "selection": {"n_samples": 1, "unit": "images"}}
        return str(self.call("POST", "/runs", request)["id"])

    def claimed_run(self) -> str:
        """A run that a worker holds, under lease 1."""
        run = self.run()
        assert self.call("POST", f"/workers/{self.worker()}/claim", {"run_id": run})["assignment"]["lease"] == 1
        return run

    def finished_run(self) -> str:
        run = self.claimed_run()
        content = b"{}"
        self.http.put(f"/api/runs/{run}/artifacts/report.json", content=content, headers=_upload_headers(content))
        self.call("POST", f"/runs/{run}/finish", _failure(), **{"Swath-Lease": "1"})
        return run

    def sample(self) -> str:
        found = self.call("POST", "/datasets/vehicles/samples:query", {"limit": 1})
        return str(found["items"][0]["id"])

    def crop(self) -> str:
        found = self.call("POST", "/datasets/vehicles-crops/samples:query", {"limit": 1})
        return str(found["items"][0]["id"])

    def preview(self) -> str:
        return str(self.call("POST", "/previews", {"datasource": "photos"})["id"])

    def index(self) -> str:
        """Of an image or an object of a preview."""
        return "0"

    def projection(self) -> str:
        found = self.call("GET", "/datasets/vehicles/projections")["items"]
        return str(found[0]["id"]) if found else NOBODYS_ID

    def waiting_map(self) -> Json:
        """A map that waits for a worker, in the place of the one before it."""
        for found in self.call("GET", "/datasets/vehicles/projections")["items"]:
            if found["method"] == "tsne":
                self.call("DELETE", f"/projections/{found['id']}")
        return self.call("POST", "/datasets/vehicles/projections", {"method": "tsne"})

    def claimed_map_run(self) -> str:
        """The run of a map that a worker holds, under lease 1."""
        run = str(self.waiting_map()["run_id"])
        assert self.call("POST", f"/workers/{self.worker()}/claim", {"run_id": run})["assignment"]["lease"] == 1
        return run

    def login_code(self) -> str:
        return self._new_login_code()


def _failure() -> Json:
    result = RunResult(state="FAILED", message="it had to")
    return {"state": result.state, "message": result.message, "result": result.model_dump(mode="json")}


def _upload_headers(content: bytes) -> dict[str, str]:
    digest = b64encode(hashlib.sha256(content).digest()).decode()
    return {"Swath-Lease": "1", "Content-Digest": f"sha-256=:{digest}:", "Content-Type": "application/octet-stream"}


def path_parameters(arena: Arena, operation_id: str, names: list[str]) -> dict[str, str]:
    """Names and ids of things that are there, fresh ones of what the operation would use up."""
    found: dict[str, str] = {}
    for name in names:
        if name == "dataset":
            fresh = operation_id in {"delete_dataset", "change_dataset", "put_datasource"}
            found[name] = arena.dataset() if fresh else "vehicles"
        elif operation_id == "delete_projection":
            found[name] = str(arena.waiting_map()["id"])
        elif operation_id == "get_sample_context":
            found[name] = arena.crop()
        elif operation_id == "redo_operation":
            found[name] = arena.undone_operation()
        elif name == "run":
            found[name] = _run_for(arena, operation_id)
        elif name == "name":
            found[name] = _name_for(operation_id)
        else:
            make = getattr(arena, name, None)
            found[name] = NOBODYS_ID if make is None else make()
    return found


def _name_for(operation_id: str) -> str:
    if "projection" in operation_id:
        return "run"
    return "report.json" if "artifact" in operation_id else "images.vectors"


def _run_for(arena: Arena, operation_id: str) -> str:
    if operation_id in {"cancel_run", "get_run", "get_run_log"}:
        return arena.run()
    if operation_id in {"retry_run", "get_run_result", "list_run_artifacts", "get_run_artifact"}:
        return arena.finished_run()
    if operation_id in {"get_vectors", "get_placed_points", "put_projection"}:
        return arena.claimed_map_run()
    return arena.claimed_run()


BODIES: dict[str, Callable[[Arena], Any]] = {
    "create_dataset": lambda arena: {"name": arena.name("made"), "datasource": "photos"},
    "change_dataset": lambda arena: {"name": arena.name("renamed")},
    "put_datasource": lambda arena: {"location": "photos", "credentials": {"key": "value"}},
    "create_preview": lambda arena: {"datasource": "photos"},
    "create_projection": lambda arena: {"method": "umap"},
    "create_export": lambda arena: {"format": "coco"},
    "log_in": lambda arena: {"code": arena.login_code()},
    "query_neighbors": lambda arena: {"sample_id": arena.sample(), "k": 2},
    "create_run": lambda arena: {"dataset": arena.dataset(), "selection": {"n_samples": 1, "unit": "images"}},
    "create_selection_run": lambda arena: {"dataset": "vehicles-crops", "selection": {"n_samples": 1}},
    "create_dry_run": lambda arena: {"dataset": "vehicles-crops", "selection": {"n_samples": 1}},
    "append_run_log": lambda arena: {"lines": [{"number": 0, "level": "INFO", "message": "hello"}]},
    "query_samples": lambda arena: {"filter": {"min_width": 1}, "sort": {"key": "file_name"}, "limit": 2},
    "count_facets": lambda arena: {"filter": {}},
    "create_selection_of_samples": lambda arena: {"selector": EVERYTHING},
    "create_tag": lambda arena: {"name": arena.name("made"), "selector": EVERYTHING},
    "apply_tags": lambda arena: {"selector": EVERYTHING, "add": [arena.name("applied")]},
    "combine_tags": lambda arena: {"name": arena.name("combined"), "expression": {"tag": arena.tag()}},
    "merge_tags": lambda arena: {"into": arena.name("merged"), "sources": [arena.tag(), arena.tag()]},
    "change_tag": lambda arena: {"name": arena.name("renamed")},
    "post_token": lambda arena: {"name": arena.name("made")},
    "post_user": lambda arena: {"name": arena.name("made").replace(" ", "-")},
    "create_view": lambda arena: {"name": arena.name("made"), "rule": {}},
    "replace_view": lambda arena: {"name": arena.name("replaced"), "rule": {"page": {"columns": 3}}},
    "set_run_state": lambda arena: {"state": "EMBEDDING"},
    "set_run_progress": lambda arena: {"state": "EMBEDDING", "done": 1},
    "finish_run": lambda arena: _failure(),
    "register_worker": lambda arena: {"name": arena.name("made")},
    "update_worker": lambda arena: {"is_draining": True},
    "claim_run": lambda arena: {"run_id": arena.run()},
    "beat": lambda arena: {"held": []},
}
"""Bodies that succeed. An operation that is not here is tried without a body, and with whatever its schema allows."""


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of images, below a root that datasources may lie in, and predictions of one of them."""
    folder = tmp_path / "data" / "photos"
    predictions = folder / ".lightly" / "predictions"
    (predictions / "wheels").mkdir(parents=True)
    (predictions / "tasks.json").write_text('["wheels"]')
    schema = {"task_type": "object-detection", "categories": [{"id": 0, "name": "wheel"}]}
    (predictions / "wheels" / "schema.json").write_text(json.dumps(schema))
    found = {"predictions": [{"category_id": 0, "bbox": [10, 20, 30, 40], "score": 0.5}]}
    (predictions / "wheels" / "a.json").write_text(json.dumps(found))
    for number, name in enumerate(("a.jpg", "b.jpg", "c.jpg")):
        Image.new("RGB", (640, 480), (number * 60, 90, 30)).save(folder / name)
    return folder


@pytest.fixture
def arena(store: Store, home: Home, photos: Path) -> Iterator[Arena]:
    run = open_run(
        store,
        home,
        run_config_json="{}",
        image_dataset_name="vehicles",
        input_uri=str(photos),
        output_uri=str(photos),
        task="wheels",
    )
    run.commit(_additions(photos))
    with store.writing() as connection:
        user_id = local_user(connection).id
        _, secret = issue_token(connection, user_id, name="fuzz", scope=Scope.OWNER)

    def new_login_code() -> str:
        with store.writing() as connection:
            return issue_login_code(connection, user_id)

    services = Services(
        store=store,
        home=home,
        vault=Vault.open(home),
        open_datasource=open_datasource,
        codec=PillowCodec(max_pixels=10_000_000),
        tables=ParquetTables(),
        options=ServerOptions(roots=(photos.parent,)),
    )
    with serving(create_app(services)) as live:
        arena = Arena(live.url, secret, new_login_code)
        with arena.http:
            yield arena


def _additions(photos: Path) -> RunAdditions:
    """Three images that are really there, with five objects."""
    additions = make_additions({"a.jpg": 3, "b.jpg": 2, "c.jpg": 0})
    digests = tuple(hashlib.sha256((photos / name).read_bytes()).digest() for name in additions.images.file_names)
    return replace(additions, images=replace(additions.images, digests=digests))


class Tally:
    """What came of all requests."""

    def __init__(self) -> None:
        self.succeeded: set[str] = set()
        self.refused: dict[str, str] = {}  # the last refusal of each operation, for whoever must find out why
        self.failures: dict[tuple[str, str], str] = {}  # the first of each kind

    def record(self, operation_id: str, status: int, content: bytes) -> None:
        if 200 <= status < 300:
            self.succeeded.add(operation_id)
        else:
            self.refused.setdefault(operation_id, f"{status} {content[:300]!r}")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_request_makes_the_server_fail(arena: Arena) -> None:
    schema = schemathesis.openapi.from_dict(describe_api())
    tally = Tally()
    operations = sorted(
        (found.ok() for found in schema.get_all_operations()), key=lambda operation: operation.method == "delete"
    )
    for operation in operations:
        operation_id = operation.definition.raw["operationId"]
        if operation_id in STREAMS:
            _listen(arena, operation, operation_id, tally)
        else:
            _ask_sensibly(arena, operation, operation_id, tally)
            _ask_anything(arena, operation, operation_id, tally)
    assert not tally.failures, "\n\n".join(tally.failures.values())
    unproved = {operation_id: why for operation_id, why in tally.refused.items() if operation_id not in tally.succeeded}
    share = len(tally.succeeded) / len(operations)
    assert share >= SUCCEEDING_SHARE, f"{share:.0%} succeeded; the others:\n{json.dumps(unproved, indent=1)}"


def _parameter_names(operation: Any) -> list[str]:
    return [parameter.name for parameter in operation.path_parameters]


def _listen(arena: Arena, operation: Any, operation_id: str, tally: Tally) -> None:
    """Streams have no end: hear that one begins."""
    path = operation.path.format(**path_parameters(arena, operation_id, _parameter_names(operation)))
    with arena.http.stream("GET", path) as answer:
        lines = answer.iter_lines()
        next(lines)
        tally.record(operation_id, answer.status_code, b"")
        answer.close()


def _ask_sensibly(arena: Arena, operation: Any, operation_id: str, tally: Tally) -> None:
    path = operation.path.format(**path_parameters(arena, operation_id, _parameter_names(operation)))
    make_body = BODIES.get(operation_id)
    if operation_id in {"put_part", "put_artifact"}:
        content = b"some bytes"
        answer = arena.http.request(operation.method, path, content=content, headers=_upload_headers(content))
    else:
        body = None if make_body is None else make_body(arena)
        answer = arena.http.request(operation.method, path, json=body, headers={"Swath-Lease": "1"})
    tally.record(operation_id, answer.status_code, answer.content)
    if answer.status_code >= 500:
        tally.failures[operation_id, "server error"] = f"{operation_id}: {answer.status_code} {answer.text}"


def _ask_anything(arena: Arena, operation: Any, operation_id: str, tally: Tally) -> None:
    known = path_parameters(arena, operation_id, _parameter_names(operation))
    for mode, count in ((GenerationMode.POSITIVE, SENSIBLE), (GenerationMode.NEGATIVE, SENSELESS)):
        _ask_generated(arena, operation, mode, count, known, tally)


def _ask_generated(
    arena: Arena, operation: Any, mode: GenerationMode, count: int, known: dict[str, str], tally: Tally
) -> None:
    operation_id = operation.definition.raw["operationId"]
    authorization = {"Authorization": arena.http.headers["authorization"]}
    asked = 0

    @repeatable(count)
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        nonlocal asked
        asked += 1
        if asked % 4:  # every fourth request names what nobody knows
            case.path_parameters.update(known)
            if "Swath-Lease" in case.headers and mode is GenerationMode.POSITIVE:
                case.headers["Swath-Lease"] = "1"
        answer = case.call(base_url=arena.url, headers=authorization, timeout=30)
        tally.record(operation_id, answer.status_code, answer.content)
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                told = f"{operation_id}: {failure}\n{case.as_curl_command()}"
                tally.failures.setdefault((operation_id, type(failure).__name__), told)

    with suppress(Unsatisfiable):  # what takes nothing can be sent nothing senseless
        ask()
