"""`swath up`: the server in this process, one worker beside it, and a browser that is logged in."""

from __future__ import annotations

import os
import threading
import webbrowser

from swath.settings import Settings, child_environment, has_display
from swath.wiring.server import Note, ServedHome, open_server, serve
from swath.wiring.worker_process import WorkerProcess

WORKER_NAME = "local"
"""Of the worker beside the server, whichever process it is."""


def run_server(
    settings: Settings, *, host: str, port: int, with_worker: bool, with_browser: bool, say: Note, note: Note
) -> None:
    """Serve the home until SIGINT or SIGTERM. `say` is told the address to log in at, `note` everything else.

    Raises what keeps the server from starting, see `swath.wiring.server.open_server`.
    """
    with open_server(settings, host=host, port=port, note=note) as served:
        worker = _worker_of(served, settings, note) if with_worker else None

        def on_ready() -> None:
            if served.new_token_file is not None:
                note(f"the owner's token is in `{served.new_token_file}`")
            say(served.login_url)
            if worker is not None:
                worker.start()
            if with_browser and has_display():
                # Some browsers keep the caller until they are closed.
                threading.Thread(target=webbrowser.open, args=(served.login_url,), daemon=True).start()

        def before_stop() -> None:
            note("stopping")
            if worker is not None:
                worker.stop()

        try:
            serve(served, on_ready=on_ready, before_stop=before_stop)
        finally:
            if worker is not None:
                worker.stop()


def _worker_of(served: ServedHome, settings: Settings, note: Note) -> WorkerProcess:
    # The token goes by the environment: arguments of a process are there for all users of the machine to see.
    environment = child_environment(
        token=served.address.token,
        home=str(settings.home),
        roots=os.pathsep.join(map(str, settings.roots)),
        worker_id="",
    )
    return WorkerProcess(
        [
            f"server={served.address.url}",
            f"name={WORKER_NAME}",
            "worker.force_start=True",
            "trust_server=True",
            "stop_with_stdin=True",
        ],
        environment,
        note=note,
    )
