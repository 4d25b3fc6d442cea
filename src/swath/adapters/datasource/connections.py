"""Connections to buckets, made once for each bucket and access, and shared."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping

from swath.adapters.datasource.bucket import Bucket, Connection
from swath.adapters.datasource.dialect import Dialect
from swath.adapters.datasource.exchange import Exchange, Patience
from swath.core.errors import InvalidConfig
from swath.wire.endpoints import check_endpoint
from swath.wire.locations import Location, Scheme

MOST_CONNECTIONS = 64

_ENVIRONMENT = ("AWS_", "AZURE_", "GOOGLE_", "GCLOUD_", "STORAGE_", "CLOUDSDK_")


def open_bucket(
    place: Location, access: Mapping[str, str] | None, endpoint: str, *, patience: Patience | None = None
) -> Bucket:
    """The datasource of a bucket. `endpoint` is the URL of its store, "" for the cloud's own. Raises InvalidConfig."""
    bucket = Location(scheme=place.scheme, bucket=place.bucket, account=place.account)
    connection = _CONNECTIONS.get(
        _identity(bucket, access, endpoint, patience), lambda: _connect(bucket, access, endpoint, patience)
    )
    return Bucket(connection, uri=place.uri, bucket_uri=bucket.uri, prefix=place.path)


class _Connections:
    """The connections used last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_identity: OrderedDict[bytes, Connection] = OrderedDict()

    def get(self, identity: bytes, connect: Callable[[], Connection]) -> Connection:
        with self._lock:
            connection = self._by_identity.get(identity)
            if connection is None:
                connection = self._by_identity[identity] = connect()
                while len(self._by_identity) > MOST_CONNECTIONS:
                    self._by_identity.popitem(last=False)
            self._by_identity.move_to_end(identity)
            return connection


_CONNECTIONS = _Connections()


def _identity(bucket: Location, access: Mapping[str, str] | None, endpoint: str, patience: Patience | None) -> bytes:
    """Names a connection without keeping its secrets. What the machine has is in its environment, as far as that goes:
    a process whose environment is changed gets another connection."""
    secrets = (
        sorted((name, value) for name, value in os.environ.items() if name.startswith(_ENVIRONMENT))
        if access is None
        else sorted(access.items())
    )
    text = repr((bucket.uri, endpoint, access is None, secrets, patience))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


def _connect(
    bucket: Location, access: Mapping[str, str] | None, endpoint: str, patience: Patience | None
) -> Connection:
    checked = check_endpoint(endpoint) if endpoint else ""
    try:
        dialect = _dialect(bucket, access, checked)
        return Connection(dialect, Exchange(dialect.url, patience))
    except ImportError:
        pass
    raise InvalidConfig(
        f"`{bucket.uri}` cannot be opened: what speaks to buckets is not installed",
        hint="Install it: `pip install 'swath[cloud]'`.",
    )


def _dialect(bucket: Location, access: Mapping[str, str] | None, endpoint: str) -> Dialect:
    import urllib3  # noqa: F401  (all of them need it)

    if bucket.scheme in (Scheme.S3, Scheme.OBS):
        from swath.adapters.datasource.s3_access import s3_dialect

        return s3_dialect(bucket, access, endpoint)
    if bucket.scheme is Scheme.AZURE:
        from swath.adapters.datasource.azure import azure_dialect

        return azure_dialect(bucket, access, endpoint)
    from swath.adapters.datasource.gcs import gcs_dialect

    return gcs_dialect(bucket, access, endpoint)
