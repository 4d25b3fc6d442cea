"""Real servers, asked by the real official clients.

One server per module; every test has a user of its own, so that it finds an empty world. A module that needs its
server told something has a fixture `server_environment` of its own.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.deployment import Deployment
from tests.support.official_client import VERSIONS, OfficialClient

from swath.client import Client
from swath.core.access import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptUser:
    """Somebody with a token, and what they own seen through the native interface."""

    name: str
    token: str
    native: Client
    url: str

    def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Ask the facade without any client: `user.ask("GET", "/datasets")`."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx2.request(method, f"{self.url}/v1{path}", headers=headers, **options)


class Users:
    """Makes users of one server; their native clients are closed at the end."""

    def __init__(self, live: Deployment) -> None:
        self._live = live
        self._numbers = itertools.count(1)
        self._made: list[ScriptUser] = []

    def __call__(self, scope: Scope = Scope.MEMBER, *, name: str = "") -> ScriptUser:
        """A user with a token of that scope."""
        name = name or f"script-user-{next(self._numbers)}"
        self._live.client.users.create(name)
        return self.another_token(name, scope)

    def another_token(self, name: str, scope: Scope) -> ScriptUser:
        """The same user with another token."""
        token = self._live.client.tokens.create("test", scope=scope, user=name).secret
        made = ScriptUser(name=name, token=token, native=Client(self._live.url, token), url=self._live.url)
        self._made.append(made)
        return made

    def close(self) -> None:
        for user in self._made:
            user.native.close()


@pytest.fixture(scope="module")
def server_environment() -> dict[str, str]:
    """What the server and workers of this module are told besides what all are."""
    return {}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, server_environment: dict[str, str]) -> Iterator[Deployment]:
    """A server that answers, without a worker. It reads local folders below `live.folder`."""
    deployment = Deployment(tmp_path_factory.mktemp("live"), "")
    deployment.environment = server_environment
    try:
        deployment.start_server()
        yield deployment
    finally:
        deployment.close()


@pytest.fixture(scope="module")
def worker(live: Deployment, models: Path) -> Any:
    """A worker of the server, with the default embedder at hand."""
    home = live.folder / "worker"
    home.mkdir()
    shutil.copytree(models, home / "models", copy_function=os.link)
    return live.start_worker("worker")


@pytest.fixture(scope="module")
def make_user(live: Deployment) -> Iterator[Users]:
    """Makes further users."""
    users = Users(live)
    yield users
    users.close()


@pytest.fixture
def user(make_user: Users) -> ScriptUser:
    """Who runs the scripts of this test."""
    return make_user()


@pytest.fixture(scope="session")
def client_processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, Deployment], OfficialClient]]:
    """Processes with an official client by its version, kept for all tests: importing a client takes seconds."""
    kept: dict[str, OfficialClient] = {}

    def process_of(version: str, live: Deployment) -> OfficialClient:
        if version not in kept:
            kept[version] = OfficialClient(version, live.url, live.token, folder=tmp_path_factory.mktemp("scripts"))
        return kept[version]

    yield process_of
    for client in kept.values():
        client.close()


@pytest.fixture(scope="module", params=VERSIONS)
def client_process(
    request: pytest.FixtureRequest, live: Deployment, client_processes: Callable[[str, Deployment], OfficialClient]
) -> OfficialClient:
    """A process with an official client of either version."""
    return client_processes(request.param, live)


@pytest.fixture
def old_client(client_process: OfficialClient, live: Deployment, user: ScriptUser) -> OfficialClient:
    """Either official client, with a fresh `client` of `user`: `old_client("client.create_dataset('photos')")`."""
    client_process.start_anew(live.url, user.token)
    return client_process
