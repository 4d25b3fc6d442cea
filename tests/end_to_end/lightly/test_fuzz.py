"""Requests made from the facade's own routes, sensible and not: none may make the server fail.

What they name is there: a dataset with crops, tags, samples and a run. Whatever comes of a request, an error has the
one shape that clients know.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from fastapi.openapi.utils import get_openapi
from hypothesis import given
from hypothesis.errors import Unsatisfiable
from PIL import Image
from schemathesis import GenerationMode
from starlette.routing import Mount
from tests.support.fuzzing import repeatable
from tests.support.live_server import serving

from swath.adapters.datasource import open_datasource
from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.adapters.parquet import ParquetTables
from swath.core.access import Scope
from swath.server.app import create_app
from swath.server.lightly.errors import ErrorCode
from swath.server.services import ServerOptions, Services
from swath.store.credentials import Vault
from swath.store.database import Store
from swath.store.home import Home
from swath.store.session import open_run
from swath.store.tokens import issue_token
from swath.store.users import local_user
from swath.testing.session_contract import make_additions

SENSIBLE, SENSELESS = 6, 3
"""Requests per endpoint that fit its parameters, and that do not."""

READS_THAT_SUCCEED = 0.6
"""Share of the endpoints that are only read from."""

USES_UP = frozenset({"delete_dataset"})
"""Endpoints after which there would be nothing left to name: they are asked for what nobody knows."""

Json = dict[str, Any]


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'home' / 'swath.sqlite'}"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of images, below a root that datasources may lie in."""
    folder = tmp_path / "data" / "photos"
    folder.mkdir(parents=True)
    for number, name in enumerate(("a.jpg", "b.jpg", "c.jpg")):
        Image.new("RGB", (64, 48), (number * 60, 90, 30)).save(folder / name)
    return folder


class Arena:
    """A server, and the parameters of paths that name something there."""

    def __init__(self, url: str, token: str, schema: Json) -> None:
        self.url = url
        self.headers = {"Authorization": f"Bearer {token}"}
        self.http = httpx2.Client(base_url=f"{url}/v1", headers=self.headers, timeout=30)
        self.schema = schema
        self.known = self._known()

    def _known(self) -> dict[str, str]:
        dataset = self._get("/datasets/query/name/vehicles?exact=True")[0]["id"]
        below = f"/datasets/{dataset}"
        config = self._post("/docker/worker/config", {"config": {"workerType": "FULL"}})
        known = {
            "dataset": dataset,
            "name": "vehicles",
            "tag": self._get(f"{below}/tags")[0]["id"],
            "sample": self._get(f"{below}/mappings?field=_id")[0],
            "embedding": self._get(f"{below}/embeddings")[0]["id"],
            "run": self._get("/docker/runs")[0]["id"],
            "worker": self._post("/docker/worker", {"name": "Default", "workerType": "FULL"}),
            "config": config,
            "task": "wheels",
        }
        return known | {f"{name}_id": value for name, value in known.items()}

    def _get(self, path: str) -> Any:
        answer = self.http.get(path)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        return answer.json()

    def _post(self, path: str, body: Json) -> str:
        answer = self.http.post(path, json=body)
        assert answer.status_code == 201, f"{path}: {answer.text}"
        return str(answer.json()["id"])


@pytest.fixture
def arena(store: Store, home: Home, photos: Path) -> Iterator[Arena]:
    additions = make_additions({"a.jpg": 3, "b.jpg": 2, "c.jpg": 0})
    digests = tuple(hashlib.sha256((photos / name).read_bytes()).digest() for name in additions.images.file_names)
    run = open_run(
        store,
        home,
        run_config_json="{}",
        image_dataset_name="vehicles",
        input_uri=str(photos),
        output_uri=str(photos),
        task="wheels",
    )
    run.commit(replace(additions, images=replace(additions.images, digests=digests)))
    with store.writing() as connection:
        _, secret = issue_token(connection, local_user(connection).id, name="fuzz", scope=Scope.OWNER)
    services = Services(
        store=store,
        home=home,
        vault=Vault.open(home),
        open_datasource=open_datasource,
        codec=PillowCodec(max_pixels=10_000_000),
        tables=ParquetTables(),
        options=ServerOptions(roots=(photos.parent,)),
    )
    app = create_app(services)
    [mount] = [route for route in app.routes if isinstance(route, Mount)]
    schema = get_openapi(title="facade", version="1", routes=mount.app.routes)  # type: ignore[attr-defined]
    with serving(app) as live:
        arena = Arena(live.url, secret, schema)
        yield arena
        arena.http.close()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore:Duplicate Operation ID")
def test_no_request_makes_the_server_fail(arena: Arena) -> None:
    failures: dict[str, str] = {}
    succeeded: set[str] = set()
    reads: set[str] = set()
    for operation in (found.ok() for found in schemathesis.openapi.from_dict(arena.schema).get_all_operations()):
        for mode, count in ((GenerationMode.POSITIVE, SENSIBLE), (GenerationMode.NEGATIVE, SENSELESS)):
            _ask(arena, operation, mode, count, failures, succeeded)
        if operation.method == "get":
            reads.add(operation.path)

    assert not failures, "\n\n".join(failures.values())
    # Otherwise the requests would bounce off the first check and prove nothing.
    assert len(reads & succeeded) >= READS_THAT_SUCCEED * len(reads), sorted(reads - succeeded)


def _ask(
    arena: Arena, operation: Any, mode: GenerationMode, count: int, failures: dict[str, str], succeeded: set[str]
) -> None:
    uses_up = any(name in operation.definition.raw["operationId"] for name in USES_UP)
    asked = 0

    @repeatable(count)
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        nonlocal asked
        asked += 1
        if asked % 4 and not uses_up:  # every fourth request names what nobody knows
            given_parameters = case.path_parameters or {}
            case.path_parameters = given_parameters | {
                name: value for name, value in arena.known.items() if name in given_parameters
            }
        answer = case.call(base_url=f"{arena.url}/v1", headers=arena.headers, timeout=30)
        fault = "" if case.method == "HEAD" else _fault(answer.status_code, answer.content)
        if answer.status_code < 300:
            succeeded.add(operation.path)
        if fault:
            failures.setdefault(f"{operation.method} {operation.path} {fault}", f"{fault}: {case.as_curl_command()}")

    with suppress(Unsatisfiable):  # what takes nothing can be sent nothing senseless
        ask()


def _fault(status: int, content: bytes) -> str:
    """What is wrong with an answer; nothing if all is well."""
    if status >= 500 and status != 501:
        return f"{status} {content[:200]!r}"
    if status >= 400:
        try:
            document = json.loads(content)
        except ValueError:
            return f"{status} without a document"
        if not isinstance(document, dict) or not {"code", "error"} <= document.keys() <= {"code", "error", "requestId"}:
            return f"{status} of another shape"
        if document["code"] not in set(ErrorCode):
            return f"unknown code {document['code']}"
    return ""
