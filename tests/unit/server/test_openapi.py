"""The description of the interface that is committed, and what it says of every route."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from swath.server.openapi import TAGS, describe_api, rendered
from swath.wire.problems import MEDIA_TYPE, PROBLEM_TYPES

COMMITTED = Path(__file__).parents[3] / "openapi.json"

DOCUMENT = describe_api()

OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def test_the_committed_description_is_that_of_the_code() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == rendered(), "run `make api`"


def test_making_it_again_changes_nothing() -> None:
    assert rendered() == rendered()


def test_the_server_hands_it_out_to_who_has_a_token(client: TestClient, stranger: TestClient) -> None:
    assert client.get("/api/openapi.json").json() == DOCUMENT
    assert stranger.get("/api/openapi.json").status_code == 401


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_every_operation_is_described(operation: dict[str, Any]) -> None:
    assert operation["description"].strip()
    assert set(operation["tags"]) <= set(TAGS)
    successes = {status: answer for status, answer in operation["responses"].items() if status.startswith("2")}
    assert successes
    for status, answer in successes.items():
        if status != "204":
            assert answer["content"], "say what kind of body it is"
            is_document = set(answer["content"]) == {"application/json"}
            assert not is_document or answer["content"]["application/json"]["schema"], "give it a response model"


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_every_error_is_a_problem(operation: dict[str, Any]) -> None:
    for status, answer in operation["responses"].items():
        if status.startswith(("4", "5")) or status == "default":
            name = answer["$ref"].removeprefix("#/components/responses/")
            assert set(DOCUMENT["components"]["responses"][name]["content"]) == {MEDIA_TYPE}


def test_every_status_of_the_table_is_described() -> None:
    assert {f"Problem{kind.status}" for kind in PROBLEM_TYPES} < DOCUMENT["components"]["responses"].keys()


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, below in value.items():
            if key == "$ref":
                yield below
            else:
                yield from references(below)
    elif isinstance(value, list):
        for below in value:
            yield from references(below)


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        found: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def test_nothing_that_is_described_is_unused() -> None:
    used = set(references(DOCUMENT))
    unused = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]} - used
    assert not unused


def test_only_health_and_login_want_no_token() -> None:
    open_ones = {name for name, operation in OPERATIONS.items() if operation.get("security") == []}
    assert open_ones == {"GET /api/health", "POST /api/login"}
    assert DOCUMENT["security"]


def test_it_holds_nothing_of_the_machine_it_was_made_on() -> None:
    text = json.dumps(DOCUMENT)
    assert not re.search(r"/(home|work|root|tmp|Users)/", text)
