"""Errors as problem documents: the table, its page, and what a document never says."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, ConfigDict
from starlette.testclient import TestClient

from swath.core import errors
from swath.server.dependencies import Anybody
from swath.store import schema
from swath.store.database import Store
from swath.wire.problems import PROBLEM_TYPES, Problem, error_of, problem_of

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "problems.md"


def all_errors(cls: type[errors.SwathError]) -> set[type[errors.SwathError]]:
    return {cls}.union(*(all_errors(below) for below in cls.__subclasses__()))


def test_the_page_lists_every_kind_with_its_status_and_meaning() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d+) \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(kind.name, str(kind.status), kind.meaning) for kind in PROBLEM_TYPES]


def test_the_page_lists_every_field() -> None:
    section = PAGE.read_text(encoding="utf-8").split("| type | status |")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(Problem.model_fields)


def test_every_error_has_a_kind_of_its_own() -> None:
    in_table = {kind.error for kind in PROBLEM_TYPES if kind.error is not None}
    ours = {error for error in all_errors(errors.SwathError) if error.__module__ == errors.__name__}
    assert ours - {errors.SwathError} == in_table


@pytest.mark.parametrize(
    "error",
    [
        errors.NotFound("there is no dataset `photo`", hint="Did you mean `photos`?"),
        errors.InvalidConfig("`padding` is too large", field="object_level.padding"),
        errors.StaleLease("another worker has the run"),
        errors.Conflict("taken"),
        errors.TooManyAttempts("too many", retry_after_s=1),
        errors.RunCancelled("stopped"),
        errors.SourceUnavailable("gone"),
    ],
)
def test_an_error_crosses_http_unchanged(error: errors.SwathError) -> None:
    document = problem_of(error).model_dump_json(exclude_none=True)
    arrived = error_of(Problem.model_validate_json(document))
    assert (type(arrived), arrived.message, arrived.hint) == (type(error), error.message, error.hint)
    assert getattr(arrived, "field", None) == getattr(error, "field", None)


def test_a_kind_that_a_newer_server_made_up_is_still_an_error() -> None:
    problem = Problem(type="unheard-of", title="?", status=418, detail="what it says")
    assert str(error_of(problem)) == "what it says"


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = 0
    api_key: str = ""


class Body(BaseModel):
    parts: list[Inner]


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough: nothing here asks it more than whose a token is."""
    return f"sqlite:///{tmp_path / 'home' / 'swath.sqlite'}"


@pytest.fixture
def client_of_odd_routes(app: FastAPI, client: TestClient) -> TestClient:
    router = APIRouter()

    @router.post("/odd")
    def take(principal: Anybody, body: Body) -> int:
        return len(body.parts)

    @router.get("/odd/fault")
    def fail(principal: Anybody) -> int:
        raise RuntimeError("secret words of a stack")

    @router.get("/odd/unavailable")
    def unavailable(principal: Anybody) -> int:
        raise errors.SourceUnavailable("the database does not answer")

    app.include_router(router, prefix="/api")
    return client


def test_a_field_is_named_as_it_was_written(client_of_odd_routes: TestClient) -> None:
    answer = client_of_odd_routes.post("/api/odd", json={"parts": [{"limit": 1}, {"limit": "many"}, {"lmit": 1}]})
    problem = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["field"] == "parts[1].limit"
    assert "got `many`" in problem["detail"]
    assert [item["field"] for item in problem["fields"]] == ["parts[1].limit", "parts[2].lmit"]
    assert problem["fields"][1]["detail"] == "`parts[2].lmit` is not known"


def test_long_values_are_cut_and_secrets_are_not_repeated(client_of_odd_routes: TestClient) -> None:
    answer = client_of_odd_routes.post("/api/odd", json={"parts": [{"limit": "x" * 500, "api_key": 12345678}]})
    assert len(answer.text) < 800
    assert "12345678" not in answer.text


@pytest.mark.parametrize("body", [b"{", b"", b"\xff\xfe", b"[" * 100_000, b'{"parts": NaN}', b'{"parts": ["\\ud800"]}'])
def test_a_body_that_is_no_document_is_a_problem(client_of_odd_routes: TestClient, body: bytes) -> None:
    answer = client_of_odd_routes.post("/api/odd", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["type"] == "invalid-request"


def test_a_fault_says_where_to_look_and_nothing_else(
    client_of_odd_routes: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, logger="swath.server"):
        answer = client_of_odd_routes.get("/api/odd/fault?token=in-the-query")
    assert answer.status_code == 500
    assert answer.json()["type"] == "internal"
    assert "secret words" not in answer.text
    assert answer.json()["incident"] in caplog.text
    assert "secret words" in caplog.text
    assert "in-the-query" not in caplog.text


def test_the_log_of_a_fault_in_the_database_holds_no_values(
    app: FastAPI, client: TestClient, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    router = APIRouter()
    value = "hush"

    @router.get("/odd/statement")
    def fail(principal: Anybody) -> int:
        with store.writing() as connection:
            connection.execute(sa.insert(schema.datasets).values(id=value))
        return 0

    app.include_router(router, prefix="/api")
    assert client.get("/api/odd/statement").status_code == 500
    assert "IntegrityError" in caplog.text
    assert value not in caplog.text


def test_a_storage_that_does_not_answer_is_worth_asking_again(client_of_odd_routes: TestClient) -> None:
    answer = client_of_odd_routes.get("/api/odd/unavailable")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


def test_addresses_and_methods_that_are_not_there_are_problems(client: TestClient) -> None:
    assert client.get("/api/nope").json()["type"] == "not-found"
    answer = client.delete("/api/health")
    assert (answer.status_code, answer.json()["type"]) == (405, "method-not-allowed")
    assert "GET" in answer.headers["allow"]
