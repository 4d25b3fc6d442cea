"""Buckets of Google Cloud Storage. The server checks no credentials, so a small one stands in where these matter."""

from __future__ import annotations

import base64
import json
import traceback
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from tests.support.gcs_server import GcsServer, service_account

from swath.adapters.datasource import open_datasource
from swath.core.errors import InvalidConfig, NotFound, SourceUnavailable, SwathError
from swath.testing.datasource_contract import listed

EMPTY = '{"kind": "storage#objects"}'


def refusal(code: int, reason: str, message: str) -> tuple[int, str]:
    error = {"code": code, "message": message, "errors": [{"reason": reason, "message": message}]}
    return code, json.dumps({"error": error})


def test_requests_carry_a_token_that_the_key_signed(answering: Any) -> None:
    seen: list[str] = []

    def answer(request: Any) -> tuple[int, str]:
        seen.append(request.headers["Authorization"])
        return 200, EMPTY

    datasource = open_datasource("gs://photos", {"service_account": service_account(), "endpoint": answering(answer)})
    assert listed(datasource) == {}
    listed(datasource)
    kind, _, token = seen[0].partition(" ")
    assert kind == "Bearer"
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["iss"] == "swath@swath-test.iam.gserviceaccount.com"
    assert claims["scope"] == "https://www.googleapis.com/auth/devstorage.read_write"
    assert seen[0] == seen[1]  # made once, used until it ends


def test_without_credentials_there_is_no_token(answering: Any) -> None:
    seen: list[Any] = []
    endpoint = answering(lambda request: seen.append(request.headers.get("Authorization")) or (200, EMPTY))
    listed(open_datasource("gs://photos", {"endpoint": endpoint}))
    assert seen == [None]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refusal(403, "forbidden", "x does not have storage.objects.list access"), "LIST (`storage.objects.list`)"),
        (refusal(401, "authError", "Invalid Credentials"), "the store does not accept the credentials"),
        (refusal(404, "notFound", "The specified bucket does not exist."), "There is no bucket `gs://photos`"),
        (refusal(400, "userProjectMissing", "Bucket is a requester pays bucket"), "has to pay"),
        (refusal(418, "teapot", "SECRET"), "it answers 418 `teapot`"),
    ],
)
def test_refusals_are_explained(answering: Any, answer: tuple[int, str], words: str) -> None:
    access = {"service_account": service_account(), "endpoint": answering(*answer)}
    error = failure_of(lambda: listed(open_datasource("gs://photos", access)))
    assert words in error.message
    assert "gs://photos" in error.message
    assert "SECRET" not in all_text_of(error)
    assert "PRIVATE KEY" not in all_text_of(error)


def test_overwriting_without_the_right_to_delete_is_told_apart_from_writing(answering: Any) -> None:
    def answer(request: Any) -> tuple[int, str]:
        if request.command == "POST" and "ifGenerationMatch=0" not in request.path:
            return refusal(403, "forbidden", "no storage.objects.delete access")
        return 200, EMPTY

    rights = open_datasource("gs://photos", {"endpoint": answering(answer)}).check_rights()
    assert rights.write is None
    assert rights.overwrite is not None
    assert "`storage.objects.delete`" in rights.overwrite


@pytest.mark.parametrize("body", ["<html>", "[]", '{"items": [1]}', '{"items": [{"name": "a.jpg"}]}', "null"])
def test_what_answers_and_is_no_such_store_is_said_to_be_none(answering: Any, body: str) -> None:
    datasource = open_datasource("gs://photos", {"endpoint": answering(200, body)})
    with pytest.raises(SourceUnavailable, match="no such store"):
        listed(datasource)
    with pytest.raises(SourceUnavailable, match="no such store"):
        datasource.stat("a.jpg")


@pytest.mark.parametrize("text", ["{", "[]", '{"type": "authorized_user"}', '{"type": "service_account"}', '"secret"'])
def test_a_service_account_that_is_none(text: str) -> None:
    with pytest.raises(InvalidConfig, match="service account is none") as caught:
        open_datasource("gs://photos", {"service_account": text})
    assert "secret" not in all_text_of(caught.value).replace("raise", "")


def test_no_address_in_a_service_account_is_ever_asked(answering: Any) -> None:
    asked: list[str] = []
    trap = answering(lambda request: asked.append(request.path) or (200, '{"access_token": "x", "expires_in": 3600}'))
    account = json.loads(service_account()) | {"token_uri": f"{trap}/token", "universe_domain": "example.com"}
    access = {"service_account": json.dumps(account), "endpoint": answering(200, EMPTY)}
    datasource = open_datasource("gs://photos", access)
    listed(datasource)
    datasource.read_url("a.jpg", expires_s=60)
    assert asked == []


def test_the_machine_s_own_key_file(gcs_server: GcsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "key.json"
    path.write_text(service_account())
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_server.endpoint)
    uri = gcs_server.make_bucket()
    gcs_server.put(uri, "a.jpg", b"x")
    url = open_datasource(uri).read_url("a.jpg", expires_s=60)
    assert url is not None
    assert "X-Goog-Signature=" in url


def test_a_key_file_that_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(InvalidConfig, match="Google Cloud cannot be used"):
        open_datasource("gs://photos")


def test_a_signed_url_names_whom_and_how_long(gcs_server: GcsServer) -> None:
    uri = gcs_server.make_bucket()
    gcs_server.put(uri, "ä b/c#1.jpg", b"bytes")
    url = open_datasource(f"{uri}/ä b", gcs_server.access).read_url("c#1.jpg", expires_s=77)
    assert url is not None
    fields = parse_qs(urlsplit(url).query)
    assert fields["X-Goog-Expires"] == ["77"]
    assert fields["X-Goog-Credential"][0].startswith("swath@swath-test.iam.gserviceaccount.com/")
    with urlopen(url) as answer:
        assert answer.read() == b"bytes"


def test_googles_own_address() -> None:
    url = open_datasource("gs://photos", {"service_account": service_account()}).read_url("a.jpg", expires_s=60)
    assert url is not None
    assert url.startswith("https://storage.googleapis.com/photos/a.jpg?X-Goog-Algorithm=GOOG4-RSA-SHA256&")
    assert open_datasource("gs://photos", {}).read_url("a b.jpg", expires_s=60) == (
        "https://storage.googleapis.com/photos/a%20b.jpg"
    )


def test_a_bucket_that_is_not_there(gcs_server: GcsServer) -> None:
    with pytest.raises(NotFound, match="There is no bucket `gs://no-such-bucket`"):
        listed(open_datasource("gs://no-such-bucket", gcs_server.access))


def test_a_machine_without_credentials_reads_open_buckets(
    gcs_server: GcsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_server.endpoint.removeprefix("http://"))
    uri = gcs_server.make_bucket()
    gcs_server.put(uri, "a.jpg", b"open")
    assert open_datasource(uri).read("a.jpg") == b"open"


def test_what_is_not_open_says_so(answering: Any) -> None:
    endpoint = answering(*refusal(401, "required", "Anonymous caller does not have storage.objects.get access"))
    with pytest.raises(SourceUnavailable, match=r"not open to everybody for READ \(`storage.objects.get`\)"):
        open_datasource("gs://photos", {"endpoint": endpoint}).read("a.jpg")


def failure_of(act: Any) -> SwathError:
    with pytest.raises(SwathError) as caught:
        act()
    return caught.value


def all_text_of(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.__context__) + repr(error.__cause__)
