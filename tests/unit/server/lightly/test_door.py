"""How requests of the official clients come in, and how errors of every layer go out."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI, Request
from starlette.routing import Mount
from starlette.testclient import TestClient
from tests.unit.server.conftest import BASE_URL, UserClient
from tests.unit.server.lightly.conftest import FacadeClient

from swath.core.access import Scope
from swath.core.errors import Conflict
from swath.server.auth import ATTEMPTS_PER_MINUTE
from swath.server.lightly.errors import ErrorCode, FacadeError, response_of_problem
from swath.server.services import ServerOptions
from swath.wire.problems import PROBLEM_TYPES, Problem, ProblemType


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough: nothing here asks it more than whose a token is."""
    return f"sqlite:///{tmp_path / 'home' / 'swath.sqlite'}"


def error_of(response: object) -> tuple[int, str]:
    return response.status_code, response.json()["code"]  # type: ignore[attr-defined]


def test_the_token_may_be_in_the_address_or_in_a_header(facade: TestClient, user_client: UserClient) -> None:
    assert facade.get("/datasets").json() == []
    assert user_client().get("/v1/datasets").json() == []


def test_slashes_in_front_are_one(app: FastAPI, facade: TestClient) -> None:
    answer = TestClient(app, base_url=BASE_URL).get("http://localhost//v1/datasets", params=facade.params)

    assert answer.json() == []


def test_booleans_are_read_as_python_prints_them(facade: TestClient) -> None:
    assert facade.get("/datasets", params={"shared": "False"}).json() == []
    assert facade.get("/datasets", params={"shared": "True"}).json() == []


def test_bodies_where_none_belongs_are_ignored(facade: TestClient) -> None:
    assert facade.request("GET", "/datasets", json={}).json() == []


def test_without_a_token_only_versions_answer(stranger: TestClient) -> None:
    assert stranger.get("/v1/versions/pip/minimum").json() == "1.0.0"
    assert stranger.get("/v1/versions/pip/latest", params={"currentVersion": "1.2.25"}).json() == "1.0.0"
    assert error_of(stranger.get("/v1/datasets")) == (401, "UNAUTHORIZED")
    assert error_of(stranger.get("/v1/datasets", params={"token": "wrong"})) == (401, "UNAUTHORIZED")


def test_cookies_open_nothing(stranger: TestClient, facade: TestClient) -> None:
    stranger.cookies.set("swath_session", dict(facade.params)["token"])

    assert error_of(stranger.get("/v1/datasets")) == (401, "UNAUTHORIZED")


def test_an_error_has_a_code_and_a_sentence_and_nothing_else(facade: TestClient) -> None:
    answer = facade.get("/nothing/here")

    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")
    assert answer.json() == {"code": "NOT_FOUND", "error": "there is no `/v1/nothing/here`"}


def test_a_field_that_cannot_be_used_is_named(facade: TestClient) -> None:
    answer = facade.post("/datasets", json={"name": "a.b"})

    assert error_of(answer) == (400, "MALFORMED_REQUEST")
    assert "`name`" in answer.json()["error"]


def test_requests_for_another_server_are_refused(facade: TestClient) -> None:
    assert facade.get("/datasets", headers={"host": "elsewhere.example"}).status_code == 421


@pytest.mark.parametrize("scope", [Scope.READ_ONLY, Scope.WORKER])
def test_scopes_bound_what_a_token_may_do(facade_client: FacadeClient, scope: Scope) -> None:
    assert error_of(facade_client(scope).post("/datasets", json={"name": "photos"})) == (403, "FORBIDDEN")


@pytest.fixture
def inner(app: FastAPI) -> FastAPI:
    """The facade as an application of its own."""
    [mount] = [route for route in app.routes if isinstance(route, Mount)]
    assert isinstance(mount.app, FastAPI)
    return mount.app


def test_a_fault_is_told_with_an_id_that_the_log_has(
    inner: FastAPI, facade: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    @inner.get("/broken")
    def broken() -> None:
        raise ZeroDivisionError("detail of the inside")

    answer = facade.get("/broken")

    assert answer.status_code == 500
    assert set(answer.json()) == {"code", "error", "requestId"}
    assert "detail of the inside" not in answer.text
    assert answer.json()["requestId"] in caplog.text


@pytest.mark.parametrize(
    "error", [Conflict("taken", hint="Choose another."), FacadeError(404, ErrorCode.TAG_UNKNOWN, "no tag")]
)
def test_errors_of_endpoints_have_one_shape(inner: FastAPI, facade: TestClient, error: Exception) -> None:
    @inner.get("/refusing")
    def refusing() -> None:
        raise error

    document = facade.get("/refusing").json()

    expected = {"code": "CONFLICT", "error": "taken. Choose another."}
    assert document == (expected if isinstance(error, Conflict) else {"code": "TAG_UNKNOWN", "error": "no tag"})


def test_the_token_is_in_no_log(
    inner: FastAPI, facade: TestClient, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    @inner.get("/asked")
    def asked(request: Request) -> str:
        if request.query_params["fail"] == "yes":
            raise ZeroDivisionError
        return str(request.url)

    caplog.set_level("DEBUG")
    token = str(dict(facade.params)["token"])
    urls = [facade.get("/asked", params={"fail": fail}).text for fail in ("no", "yes")]

    # The tests' own client logs what it asks.
    logged = [record.getMessage() for record in caplog.records if record.name != "httpx2"]
    assert any("/v1/asked" in line for line in logged)
    assert token not in "".join([*logged, *capfd.readouterr(), *urls])


def test_what_else_is_in_the_address_stays_as_it_was(inner: FastAPI, app: FastAPI, facade: TestClient) -> None:
    @inner.get("/asked")
    def asked(request: Request) -> str:
        return request.url.query

    token = str(dict(facade.params)["token"])
    answer = TestClient(app, base_url=BASE_URL).get(f"/v1/asked?a=%2F+%C3%A4&token={token}&b=x=y&labels=1&labels=2")

    assert answer.json() == "a=%2F+%C3%A4&b=x=y&labels=1&labels=2"


def test_wrong_tokens_are_heard_so_often_and_no_more(stranger: TestClient, facade: TestClient) -> None:
    answers = [stranger.get("/v1/datasets", params={"token": f"wrong {n}"}) for n in range(ATTEMPTS_PER_MINUTE + 1)]

    assert {answer.status_code for answer in answers[:-1]} == {401}
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0
    assert facade.get("/datasets").status_code == 200


def test_a_key_of_native_clients_means_nothing_here(facade: TestClient) -> None:
    headers = {"Idempotency-Key": "same"}
    assert facade.post("/datasets", json={"name": "photos"}, headers=headers).status_code == 201

    again = facade.post("/datasets", json={"name": "photos"}, headers=headers)
    assert error_of(again) == (409, "DATASET_NAME_EXISTS")


def test_pages_of_other_sites_may_use_links_only(facade: TestClient) -> None:
    headers = {"origin": "https://labels.example"}

    assert error_of(facade.get("/datasets", headers=headers)) == (403, "FORBIDDEN")
    answer = facade.get("/links/none/none/a.jpg", headers=headers)
    assert answer.status_code != 200
    assert "labels.example" not in answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


def test_a_redirect_wants_a_token_of_either_kind(stranger: TestClient) -> None:
    path = "/v1/datasets/0123456789abcdef01234567/samples/0123456789abcdef01234567/readurlRedirect"

    assert error_of(stranger.get(path, params={"type": "full"})) == (401, "UNAUTHORIZED")
    assert error_of(stranger.get(path, params={"x": "publicToken=", "y": "1"})) == (401, "UNAUTHORIZED")
    assert error_of(stranger.get(f"{path}?x=publicToken=1")) == (401, "UNAUTHORIZED")
    answer = stranger.get(path, params={"type": "full", "publicToken": "forged"}, follow_redirects=False)
    assert answer.status_code in (401, 403, 404)
    assert error_of(stranger.get("/v1/datasets", params={"publicToken": "forged"})) == (401, "UNAUTHORIZED")


def test_the_head_of_an_error_is_an_answer_too(facade: TestClient) -> None:
    assert facade.head("/nothing").status_code == 404


def test_a_method_that_does_not_fit_is_told(facade: TestClient) -> None:
    answer = facade.patch("/quota", json={})

    assert error_of(answer) == (405, "NOT_IMPLEMENTED")
    assert answer.headers["allow"] == "GET"


def test_an_error_that_is_long_is_compressed_like_any_text(inner: FastAPI, facade: TestClient) -> None:
    @inner.get("/long")
    def long() -> None:
        raise Conflict("taken " * 1000)

    answer = facade.get("/long", headers={"accept-encoding": "gzip"})

    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json() == {"code": "CONFLICT", "error": "taken " * 1000}


def test_an_error_has_each_header_once(facade: TestClient) -> None:
    headers = [name for name, _ in facade.get("/nothing").headers.multi_items()]

    assert len(set(headers)) == len(headers)
    assert "content-security-policy" in headers


def test_the_facade_is_not_described_with_the_native_interface(app: FastAPI, user_client: UserClient) -> None:
    assert not [path for path in user_client().get("/api/openapi.json").json()["paths"] if "/v1" in path]


class TestSizes:
    @pytest.fixture
    def options(self) -> ServerOptions:
        return ServerOptions(max_body_bytes=1000, max_selector_bytes=2000, max_report_bytes=3000, max_upload_bytes=4000)

    @pytest.mark.parametrize(
        ("path", "limit"),
        [
            ("/datasets", 1000),
            ("/docker/worker/config", 1000),
            ("/datasets/d/tags", 2000),
            ("/datasets/d/tags/arithmetics/bitmask", 2000),
            ("/datasets/d/predictions/samples/s", 2000),
            ("/datasets/d/tags/t/scores", 3000),
            ("/datasets/d/predictions/scores", 3000),
            ("/links/none/none/a.jpg", 4000),
        ],
    )
    def test_bodies_have_the_size_that_is_needed(self, facade: TestClient, path: str, limit: int) -> None:
        assert error_of(facade.post(path, content=b"x" * (limit + 1))) == (413, "PAYLOAD_TOO_LARGE")
        assert facade.post(path, content=b"x" * limit).status_code != 413


@pytest.mark.parametrize("kind", PROBLEM_TYPES, ids=lambda kind: kind.name)
def test_problems_of_the_native_interface_keep_the_class_of_their_status(kind: ProblemType) -> None:
    problem = Problem(type=kind.name, title=kind.title, status=kind.status, detail="x")

    answer = response_of_problem(problem, {})

    assert answer.status_code == kind.status
