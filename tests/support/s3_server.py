"""A server that speaks like S3, STS and IAM (moto), on loopback."""

from __future__ import annotations

import functools
import itertools
import json
import os
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.support.bucket_servers import processes

REGION = "us-east-1"


class S3Server:
    """Lets everybody do everything, but inside of `enforcing`. `access` is that of its owner."""

    scheme = "s3"

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.access = {
            "access_key_id": "AKIAOWNEROWNEROWNER0",
            "secret_access_key": "owner-secret-owner-secret-owner-secret-0",
            "region": REGION,
            "endpoint": endpoint,
        }
        self._numbers = itertools.count()

    def make_bucket(self, name: str = "") -> str:
        """The URI of a new bucket."""
        name = name or f"bucket-{os.getpid()}-{next(self._numbers)}"
        self.client("s3").create_bucket(Bucket=name)
        return f"s3://{name}"

    def remove_bucket(self, uri: str) -> None:
        name = uri.removeprefix("s3://")
        client = self.client("s3")
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=name):
            for item in page.get("Contents", ()):
                client.delete_object(Bucket=name, Key=item["Key"])
        client.delete_bucket(Bucket=name)

    def put(self, uri: str, key: str, data: bytes = b"") -> None:
        """An object under any key, valid or not."""
        self.client("s3").put_object(Bucket=uri.removeprefix("s3://"), Key=key, Body=data)

    def client(self, service: str) -> Any:
        """A client of boto3 for what the owner may do."""
        import boto3  # slow to import, and not all tests need it

        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=self.access["access_key_id"],
            aws_secret_access_key=self.access["secret_access_key"],
        )

    def user(self, *actions: str, uri: str = "") -> dict[str, str]:
        """The access of a new user who may do these things to a bucket ("": to all there is)."""
        iam = self.client("iam")
        name = f"user-{next(self._numbers)}"
        iam.create_user(UserName=name)
        if actions:
            iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=_policy(actions, uri))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {
            **self.access,
            "access_key_id": key["AccessKeyId"],
            "secret_access_key": key["SecretAccessKey"],
        }

    def role(self, *actions: str, uri: str = "", trusted: Mapping[str, Any] | None = None) -> str:
        """The ARN of a new role with these rights, which whoever `trusted` says may assume."""
        iam = self.client("iam")
        name = f"role-{next(self._numbers)}"
        trust = {"Version": "2012-10-17", "Statement": [trusted or _ANYBODY]}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=_policy(actions, uri))
        return str(role["Role"]["Arn"])

    @contextmanager
    def enforcing(self) -> Iterator[None]:
        """Signatures are checked, and rights are those of users and roles."""
        self._unchecked_requests("0")
        try:
            yield
        finally:
            self._unchecked_requests("inf")

    def _unchecked_requests(self, count: str) -> None:
        request = urllib.request.Request(
            f"{self.endpoint}/moto-api/reset-auth", data=count.encode(), headers={"Content-Type": "text/plain"}
        )
        urllib.request.urlopen(request).close()


_ANYBODY = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}


def _policy(actions: tuple[str, ...], uri: str) -> str:
    bucket = f"arn:aws:s3:::{uri.removeprefix('s3://')}"
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": [bucket, f"{bucket}/*"] if uri else "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@functools.cache
def shared_s3_server() -> S3Server:
    """The server of this process, started when first asked for. Raises NotInstalled."""
    server = processes.program("python", "bin", "moto_server")
    port = processes.start(lambda port: [server, "-H", "127.0.0.1", "-p", str(port)], ready="/moto-api/data.json")
    return S3Server(f"http://127.0.0.1:{port}")
