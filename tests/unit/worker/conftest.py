"""A server that listens, and the line of a worker to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.support.live_server import serving

from swath.adapters.datasource import open_datasource
from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.adapters.parquet import ParquetTables
from swath.client import Client
from swath.client.runs import Run
from swath.client.transport import Transport
from swath.core.access import Scope
from swath.server.app import create_app
from swath.server.services import ServerOptions, Services
from swath.store.credentials import Vault
from swath.store.database import Store
from swath.store.home import Home
from swath.store.tokens import issue_token
from swath.store.users import local_user
from swath.worker.server_line import ServerLine

OpenLine = Callable[[], ServerLine]
AskForRun = Callable[[], Run]


@pytest.fixture
def database_url(home: Home) -> str:
    """One database is enough: a worker knows the server by HTTP alone."""
    return home.database_url


@pytest.fixture
def secret(store: Store) -> str:
    """A token of the home's owner."""
    with store.writing() as connection:
        return issue_token(connection, local_user(connection).id, name="test", scope=Scope.OWNER)[1]


@pytest.fixture
def worker_timeout_s() -> float:
    """When a worker counts as offline; tests that need something else have a fixture of that name."""
    return 2.0


@pytest.fixture
def url(store: Store, home: Home, tmp_path: Path, worker_timeout_s: float) -> Iterator[str]:
    services = Services(
        store=store,
        home=home,
        vault=Vault.open(home),
        open_datasource=open_datasource,
        codec=PillowCodec(max_pixels=50_000_000),
        options=ServerOptions(worker_timeout_s=worker_timeout_s, roots=(tmp_path,)),
        tables=ParquetTables(),
    )
    with serving(create_app(services)) as server:
        yield server.url


@pytest.fixture
def open_line(url: str, secret: str) -> Iterator[OpenLine]:
    with ExitStack() as opened:

        def open_one() -> ServerLine:
            patient, quick = Transport(url, secret), Transport(url, secret, patience_s=0.0)
            return opened.enter_context(ServerLine(patient=patient, quick=quick))

        yield open_one


@pytest.fixture
def client(url: str, secret: str) -> Iterator[Client]:
    with Client(url, secret) as client:
        yield client


@pytest.fixture
def ask_for_run(client: Client, tmp_path: Path) -> AskForRun:
    """Asks for runs on one dataset, whose datasource is empty."""
    folder = tmp_path / "photos"
    folder.mkdir()
    dataset = client.datasets.create("photos", datasource=folder)
    return lambda: client.runs.create(dataset, selection={"n_samples": 1, "unit": "images"})
