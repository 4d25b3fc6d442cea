"""A server that speaks like Azure Blob Storage (Azurite), on loopback."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import itertools
import os
import shutil
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

from tests.support.bucket_servers import processes

from swath.adapters.datasource.azure import API_VERSION, AzureDialect, azure_dialect
from swath.adapters.datasource.exchange import Exchange
from swath.wire.locations import Location, Scheme, parse_location

ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = base64.b64encode(b"a key that tests alone know, sixty-four bytes long, as keys are").decode()


class AzureServer:
    """Checks signatures and rights always. `access` is that of the account's owner."""

    scheme = "az"

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.access = {"account_name": ACCOUNT, "account_key": ACCOUNT_KEY, "endpoint": endpoint}
        self._numbers = itertools.count()

    def make_bucket(self, name: str = "", *, public: bool = False) -> str:
        """The URI of a new container."""
        name = name or f"container-{os.getpid()}-{next(self._numbers)}"
        self._container("PUT", name, {"x-ms-blob-public-access": "container"} if public else {}, 201)
        return f"az://{name}@{ACCOUNT}"

    def remove_bucket(self, uri: str) -> None:
        self._container("DELETE", parse_location(uri).bucket, {}, 202)

    def put(self, uri: str, key: str, data: bytes = b"") -> None:
        """A blob under any key, valid or not."""
        dialect = self._dialect(parse_location(uri).bucket)
        answer = Exchange(self.endpoint).send(lambda: dialect.write(key, data, create=False), _never)
        assert answer.status == 201, answer.body

    def sas(self, uri: str, permissions: str, *, expires: timedelta = timedelta(hours=1)) -> str:
        """A signature for one container, made from the published description, not by the code under test."""
        ends = (datetime.now(UTC) + expires).strftime("%Y-%m-%dT%H:%M:%SZ")
        resource = f"/blob/{ACCOUNT}/{parse_location(uri).bucket}"
        lines = [permissions, "", ends, resource, "", "", "", API_VERSION, "c", "", "", "", "", "", "", ""]
        digest = hmac.new(base64.b64decode(ACCOUNT_KEY), "\n".join(lines).encode(), hashlib.sha256).digest()
        signature = base64.b64encode(digest).decode()
        fields = {"sv": API_VERSION, "sr": "c", "sp": permissions, "se": ends, "sig": signature}
        return urlencode(fields, quote_via=quote)

    def _container(self, method: str, name: str, headers: dict[str, str], expected: int) -> None:
        dialect = self._dialect(name)
        answer = Exchange(self.endpoint).send(
            lambda: dialect._signed(method, dialect.url, headers, fields={"restype": "container"}), _never
        )
        assert answer.status == expected, answer.body

    def _dialect(self, name: str) -> AzureDialect:
        return azure_dialect(Location(scheme=Scheme.AZURE, bucket=name, account=ACCOUNT), self.access, self.endpoint)


def _never() -> None:
    raise AssertionError("a server on loopback has to answer at once")


@functools.cache
def shared_azure_server() -> AzureServer:
    """The server of this process, started when first asked for. Raises NotInstalled."""
    server = processes.program("node_modules", "azurite", "dist", "src", "blob", "main.js")
    node = shutil.which("node")
    if node is None:
        raise processes.NotInstalled("`node` is not installed")
    port = processes.start(
        lambda port: [
            *(node, server, "--blobHost", "127.0.0.1", "--blobPort", str(port)),
            *("--inMemoryPersistence", "--silent", "--disableTelemetry"),
        ],
        # Keys of its own: that of the documentation would let code pass that has it built in.
        {**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{ACCOUNT_KEY}"},
    )
    return AzureServer(f"http://127.0.0.1:{port}/{ACCOUNT}")
