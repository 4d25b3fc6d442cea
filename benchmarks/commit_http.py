"""How long a worker takes to hand in and commit the crops of a large run over HTTP, next to committing in process.

    .venv/bin/python benchmarks/commit_http.py [--crops 100000] [--images 15000] [--dimension 128]

The server is a real one on this machine's loopback, in a process of its own, with SQLite. A second run reads what
the first added, as every later run does.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from commit import make_additions, timed
from swath.adapters.remote_session import RemoteRunSession
from swath.client.transport import Transport
from swath.core.access import Scope
from swath.core.runs import RunState
from swath.store.clock import now_ms
from swath.store.database import open_store
from swath.store.datasets import create_dataset, plan_image_dataset
from swath.store.home import open_home
from swath.store.tokens import issue_token
from swath.store.users import local_user
from swath.wire.additions import write_parts

SERVER = """
import sys
from pathlib import Path

import uvicorn

from swath.adapters.datasource import open_datasource
from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.adapters.parquet import ParquetTables
from swath.server.app import create_app
from swath.server.services import Services
from swath.store.credentials import Vault
from swath.store.database import open_store
from swath.store.home import open_home

home = open_home(Path(sys.argv[1]))
services = Services(store=open_store(home.database_url), home=home, vault=Vault.open(home), tables=ParquetTables(),
                    open_datasource=open_datasource, codec=PillowCodec(max_pixels=10**8))
with home.lock(print):
    uvicorn.run(create_app(services), port=int(sys.argv[2]), log_level="warning")
"""


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def prepare(folder: Path) -> str:
    """Make a home with an empty dataset; returns a token of its owner."""
    home = open_home(folder)
    store = open_store(home.database_url)
    with store.writing() as connection:
        owner_id = local_user(connection).id
        planned = plan_image_dataset(
            connection, owner_id=owner_id, name="vehicles", input_uri="/data", output_uri="/data"
        )
        create_dataset(connection, planned, now=now_ms())
        _, token = issue_token(connection, owner_id, name="benchmark", scope=Scope.OWNER)
    store.close()
    return token


def claim(transport: Transport) -> RemoteRunSession:
    request = {
        "dataset": "vehicles",
        "object_level": {"task_name": "vehicles"},
        "selection": {"n_samples": 1},
    }
    run = transport.post("/runs", request)
    worker = transport.post("/workers", {"name": "benchmark"})
    assignment = transport.post(f"/workers/{worker['id']}/claim", {"run_id": run["id"]})["assignment"]
    return RemoteRunSession(transport, run["id"], assignment["lease"])


def measure(arguments: argparse.Namespace, folder: Path) -> None:
    token, port = prepare(folder), free_port()
    first = make_additions(
        crops=arguments.crops,
        images=arguments.images,
        dimension=arguments.dimension,
        predictions_per_crop=2.5,
        name_bytes=80,
        seed=1,
    )
    parts = dict(write_parts(first))
    size = sum(map(len, parts.values()))
    print(f"{arguments.crops} crops in {arguments.images} images, {len(parts)} parts, {size / 2**20:.0f} MiB")
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(folder), str(port)])
    try:
        with Transport(f"http://127.0.0.1:{port}", token) as transport:
            timed("the server starts", lambda: transport.get("/health"))
            session = claim(transport)
            seconds, _ = timed("hand in and commit into empty datasets", lambda: session.commit(first))
            timed("the same commit again", lambda: session.commit(first))
            session.finish(RunState.COMPLETED, "done", json.dumps({}))
            later = claim(transport)
            timed("used_files", later.used_files)
            timed("known_digests", later.known_digests)
            timed("earlier_crops", lambda: later.earlier_crops(first.embedder))
            timed("earlier_images", lambda: later.earlier_images(first.embedder))
            timed("known_crop_files", later.known_crop_files)
            ticks = [timed(f"state {number}", lambda: later.enter(RunState.EMBEDDING))[0] for number in range(3)]
            print(
                f"commit: {seconds:.2f} s, {arguments.crops / seconds:,.0f} crops/s; a state {min(ticks) * 1000:.0f} ms"
            )
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crops", type=int, default=100_000)
    parser.add_argument("--images", type=int, default=15_000)
    parser.add_argument("--dimension", type=int, default=128)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        measure(arguments, Path(folder))
        print(f"in all {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
