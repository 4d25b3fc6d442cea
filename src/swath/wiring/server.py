"""The server of a home: what its endpoints work with, its address, and serving until somebody stops it."""

from __future__ import annotations

import errno
import gc
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.adapters.parquet import ParquetTables
from swath.core.access import Scope
from swath.core.errors import InvalidConfig, SourceUnavailable
from swath.server.app import create_app
from swath.server.browsing import Browser
from swath.server.services import ServerOptions, Services
from swath.server.slow_clients import ImpatientProtocol
from swath.settings import Settings
from swath.store.credentials import Vault
from swath.store.database import Store, open_store
from swath.store.home import THE_SERVER, Home, ServerAddress, open_home, write_private
from swath.store.idempotency import abandon_requests
from swath.store.run_endings import close_abandoned_runs
from swath.store.sweep import sweep
from swath.store.tokens import issue_login_code, issue_token, replace_local_token
from swath.store.users import local_user
from swath.wiring.places import opener, quick_opener
from swath.wiring.runs import kill_point
from swath.wiring.workspace import database_url

LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})

SECONDS_TO_CLOSE = 2
"""How long answers that are under way when the server stops may take."""

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedHome:
    """A server that is about to serve: its address is taken and its tokens are made."""

    services: Services
    address: ServerAddress
    listener: socket.socket
    new_token_file: Path | None
    """Where the owner's token was written, if this is the first start."""

    login_url: str = field(repr=False)
    """Logs a browser in as the owner, once, within ten minutes."""


@contextmanager
def open_server(settings: Settings, *, host: str, port: int, note: Note) -> Iterator[ServedHome]:
    """Take the home and the address. Raises Conflict where another server has the home, SourceUnavailable for an
    address that cannot be had, InvalidConfig for one that nobody could use."""
    _check_host(host, settings)
    home = open_home(settings.home)
    with home.lock(note, what=THE_SERVER), _listener(host, port) as listener:
        store = open_store(database_url(settings, home))
        try:
            _tidy_up(store, home)
            url = _url(host, listener.getsockname()[1])
            served = _served(settings, home, store, listener, url)
            with home.serve(served.address):
                yield served
        finally:
            store.close()


def serve(served: ServedHome, *, on_ready: Callable[[], None], before_stop: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM. `on_ready` is called once requests are answered, `before_stop` while they still
    are: a worker wants to hand its run back."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    config = uvicorn.Config(
        create_app(served.services),
        http=ImpatientProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        timeout_graceful_shutdown=SECONDS_TO_CLOSE,
    )
    server = _Server(config, on_ready)
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    def stop_in_order() -> None:
        stopping.wait()
        before_stop()
        # Streams of events have no end of their own.
        served.services.events.close()
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    threading.Thread(target=stop_in_order, name="swath-stop", daemon=True).start()
    server.run(sockets=[served.listener])
    if not server.started:
        raise SourceUnavailable("the server could not start", hint="The lines above say why.")


class _Server(uvicorn.Server):
    """Leaves signals to us, who have a worker to stop first."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    def capture_signals(self) -> Any:
        return nullcontext()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        _leave_loaded_code_alone()
        if self.started:
            self._on_ready()


def _tidy_up(store: Store, home: Home) -> None:
    """Clean up after a process that was killed while it had the home: a server, or a run."""
    with store.writing() as connection:
        close_abandoned_runs(connection)
        abandon_requests(connection)
    sweep(store, home)


def _leave_loaded_code_alone() -> None:
    """Take what there is from the start, which never goes, out of garbage collection.

    A collection holds up all threads, for a tenth of a second if it looks through every module each time.
    """
    gc.collect()
    gc.freeze()


def _served(settings: Settings, home: Home, store: Store, listener: socket.socket, url: str) -> ServedHome:
    vault = Vault.open(home, settings.secret_key)
    new_token_file = None
    killed = home.written_address()
    with store.writing() as connection:
        user = local_user(connection)
        _, local_secret = replace_local_token(connection, "" if killed is None else killed.token)
        code = issue_login_code(connection, user.id)
        if not home.token_file.exists():
            _, secret = issue_token(connection, user.id, name="owner", scope=Scope.OWNER)
            write_private(home.token_file, secret + "\n")
            new_token_file = home.token_file
    services = Services(
        store=store,
        home=home,
        vault=vault,
        open_datasource=opener(settings),
        open_quickly=quick_opener(settings),
        codec=PillowCodec(max_pixels=settings.max_image_pixels),
        tables=ParquetTables(),
        options=ServerOptions(
            roots=settings.roots,
            hosts=settings.hosts,
            is_private=listener.getsockname()[0] in LOCAL_HOSTS and not (settings.hosts or settings.public_url),
            public_url=settings.public_url,
            endpoints=settings.endpoints,
            delegated_roles=settings.delegated_roles,
            webapp=settings.webapp_dir,
            worker_timeout_s=settings.worker_timeout,
        ),
        at_point=kill_point(settings),
        browser=Browser(),
    )
    return ServedHome(
        services=services,
        address=ServerAddress(url=url, token=local_secret, process=os.getpid()),
        listener=listener,
        new_token_file=new_token_file,
        login_url=f"{url}/login#code={code}",
    )


def _check_host(host: str, settings: Settings) -> None:
    if host not in LOCAL_HOSTS and not (settings.hosts or settings.public_url):
        raise InvalidConfig(
            f"`--host {host}` opens the server to other machines, but it knows no name under which they may ask",
            field="host",
            hint="Set `SWATH_HOSTS` to the names and addresses of this machine, separated by commas.",
        )


@contextmanager
def _listener(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=256)
    except OverflowError as exc:
        raise InvalidConfig(f"`--port` is a number from 0 to 65535, got `{port}`", field="port") from exc
    except OSError as exc:
        raise _address_problem(host, port, exc) from exc
    with listener:
        # Connections take this over. An answer goes out as head and body, and without it the body waits for the other
        # side to acknowledge the head, 40 ms; the event loop sets it for listeners only that it made itself.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener


def _address_problem(host: str, port: int, exc: OSError) -> SourceUnavailable:
    if exc.errno == errno.EADDRINUSE:
        return SourceUnavailable(
            f"port {port} of `{host}` is in use by another program",
            hint="Choose another one with `--port`; `--port 0` takes a free one.",
        )
    return SourceUnavailable(
        f"the server cannot listen on port {port} of `{host}`: {os.strerror(exc.errno or 0)}",
        hint="Choose another `--host` or `--port`.",
    )


def _url(host: str, port: int) -> str:
    """Where this machine reaches the server."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
