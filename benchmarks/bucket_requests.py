"""What one read of an object costs the machine: by our requests, and by boto3's client.

    .venv/bin/python -m benchmarks.bucket_requests [--reads 300] [--rounds 5]

Objects of 150 KB on an emulator of S3 on loopback (`make bucket-servers`), read one after another; the two take turns.
Processor time of this process alone: what the emulator computes is not in it. The keys that `ours` reads and the other
way round are the same, and so are the bytes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable

from tests.support.bucket_servers.processes import NotInstalled
from tests.support.s3_server import REGION, S3Server, shared_s3_server

from swath.adapters.datasource import open_datasource

OBJECTS = 20
SIZE = 150_000

Read = Callable[[str], bytes]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reads", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    try:
        server = shared_s3_server()
    except NotInstalled as exc:
        print(exc, file=sys.stderr)
        return 1
    uri = server.make_bucket()
    for number in range(OBJECTS):
        server.put(uri, f"a/{number}.jpg", os.urandom(SIZE))
    readers: dict[str, Read] = {"ours": open_datasource(uri, server.access).read, "boto3": _boto3_reader(server, uri)}
    costs: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(options.rounds):
        for name, read in readers.items():
            costs[name].append(_cost(read, options.reads))
    for name, values in costs.items():
        print(
            f"{name:<6} {statistics.median(values):5.2f} ms of processor time ({min(values):.2f} to {max(values):.2f})"
        )
    ratios = [theirs / mine for mine, theirs in zip(costs["ours"], costs["boto3"], strict=True)]
    print(f"boto3 / ours: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    return 0


def _boto3_reader(server: S3Server, uri: str) -> Read:
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        region_name=REGION,
        aws_access_key_id=server.access["access_key_id"],
        aws_secret_access_key=server.access["secret_access_key"],
    )
    bucket = uri.removeprefix("s3://")
    return lambda key: bytes(client.get_object(Bucket=bucket, Key=key)["Body"].read())


def _cost(read: Read, reads: int) -> float:
    """ms of processor time per read."""
    read("a/0.jpg")
    start = time.process_time()
    for number in range(reads):
        assert len(read(f"a/{number % OBJECTS}.jpg")) == SIZE
    return (time.process_time() - start) / reads * 1000


if __name__ == "__main__":
    sys.exit(main())
