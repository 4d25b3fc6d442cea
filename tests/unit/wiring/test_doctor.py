from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import swath
from swath.settings import Settings, load_settings
from swath.store.home import THE_SERVER, ServerAddress, open_home
from swath.wiring.doctor import Check, examine


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"SWATH_THREADS": "2"}, home=tmp_path / "home")


def look(settings: Settings) -> dict[str, Check]:
    """All checks by name, without an embedder, which takes long to build."""
    return {check.name: check for check in examine(settings, embedder=str(settings.home / "none.onnx"))}


@contextmanager
def server_of_version(version: str, settings: Settings) -> Iterator[str]:
    """Something that holds the home as a server does, and says that it is of some version; gives its address."""

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"status": "ok", "version": version}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None: ...

    home = open_home(settings.home)
    with HTTPServer(("127.0.0.1", 0), Health) as listener, home.lock(pytest.fail, what=THE_SERVER):
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{listener.server_port}"
        with home.serve(ServerAddress(url=url, token="swath_secret", process=os.getpid())):
            yield url
        listener.shutdown()


def test_the_doctor_says_what_is_wrong_and_never_raises(settings: Settings) -> None:
    settings.home.parent.joinpath("home").write_text("a file where the home should be")
    checks = look(settings)
    assert (checks["home"].ok, checks["database"].ok, checks["embedder"].ok) == (False, False, False)
    assert checks["numpy"].ok
    assert "none.onnx" in checks["embedder"].detail
    assert checks["threads"].detail == "2"


def test_the_database_and_the_revision_of_its_tables_are_named(settings: Settings) -> None:
    database = look(settings)["database"]
    assert database.ok
    assert str(settings.home / "swath.sqlite") in database.detail
    assert "tables at revision 0" in database.detail


def test_a_database_that_does_not_answer_is_bad_and_its_password_is_not_shown(tmp_path: Path) -> None:
    url = "postgresql://swath:open-sesame@127.0.0.1:9/swath"
    checks = look(load_settings({"SWATH_DATABASE": url}, home=tmp_path / "home"))
    assert (checks["home"].ok, checks["database"].ok) == (True, False)
    assert "swath:***@127.0.0.1:9/swath" in checks["database"].detail
    assert not [check for check in checks.values() if "open-sesame" in check.detail]


def test_a_home_needs_no_server(settings: Settings) -> None:
    assert look(settings)["server"] == Check(name="server", ok=None, detail="none uses this home")


def test_the_server_of_the_home_is_asked_for_its_version(settings: Settings) -> None:
    with server_of_version(swath.__version__, settings) as url:
        assert look(settings)["server"] == Check(name="server", ok=True, detail=f"{url} answers")
    with server_of_version("0.0.1", settings):
        server = look(settings)["server"]
        assert not server.ok
        assert "version 0.0.1" in server.detail


def test_buckets_are_looked_for_where_the_operator_says(tmp_path: Path) -> None:
    settings = load_settings({"SWATH_ENDPOINTS": "s3://=http://minio:9000 gs://photos=/data"}, home=tmp_path)
    check = look(settings)["buckets"]
    assert check.ok
    assert "s3:// is at http://minio:9000; gs://photos is at /data" in check.detail
