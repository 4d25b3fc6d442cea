"""The object-level run where the files are in buckets: from the command line, and by a server and its worker."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from swath.adapters.datasource import open_datasource
from swath.core.errors import InvalidConfig, RunFailed
from swath.pipeline.ports import Datasource

Fixture = Any  # of conftest.py: Swath, PhotoFolder, Platform

NAMES = ("plain.jpg", "sub dir/with blank.jpg", "straße/größe.jpg", "100%25 & #1?.jpg", "a+b=c;'(d)'.jpg")
PREFIX = "the photos/#1 50%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket on a server of this process. `access` is its owner's, `environment` says the same to commands."""

    server: Any
    uri: str
    access: dict[str, str] = field(repr=False)
    environment: dict[str, str] = field(repr=False)

    @property
    def endpoints(self) -> str:
        """What `SWATH_ENDPOINTS` says about it."""
        return f"{self.uri}={self.server.endpoint}"

    @property
    def secrets(self) -> dict[str, str]:
        """What a user gives who does not say where the store is."""
        return {name: value for name, value in self.access.items() if name != "endpoint"}

    def files(self, prefix: str = "") -> set[str]:
        """Keys below a prefix."""
        return {key.removeprefix(f"{prefix}/") for key in keys_of(open_datasource(self.uri, self.access), prefix)}


def keys_of(source: Datasource, prefix: str = "") -> set[str]:
    return {entry.key for page in source.list_pages(f"{prefix}/" if prefix else "") for entry in page}


@functools.cache
def token_server() -> str:
    """The URL of a server that gives an access token to everybody, as Google's does for keys."""

    class Tokens(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.dumps({"access_token": "a-token", "expires_in": 3600, "token_type": "Bearer"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Tokens)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/token"


def environment_of(name: str, access: dict[str, str], folder: Path) -> dict[str, str]:
    if name == "s3":
        return {
            "AWS_ACCESS_KEY_ID": access["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": access["secret_access_key"],
            "AWS_DEFAULT_REGION": access["region"],
        }
    if name == "azure":
        return {"AZURE_STORAGE_ACCOUNT": access["account_name"], "AZURE_STORAGE_KEY": access["account_key"]}
    key = folder / "service-account.json"
    key.write_text(json.dumps({**json.loads(access["service_account"]), "token_uri": token_server()}))
    return {"GOOGLE_APPLICATION_CREDENTIALS": str(key)}


@pytest.fixture
def make_bucket(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Bucket]]:
    """Makes empty buckets on the servers that are named `s3`, `gcs` and `azure`."""
    made: list[tuple[Any, str]] = []

    def make(name: str) -> Bucket:
        server = request.getfixturevalue(f"{name}_server")
        uri = server.make_bucket()
        made.append((server, uri))
        environment = environment_of(name, server.access, tmp_path) | {"SWATH_ENDPOINTS": f"{uri}={server.endpoint}"}
        return Bucket(server=server, uri=uri, access=server.access, environment=environment)

    yield make
    for server, uri in made:
        server.remove_bucket(uri)


@pytest.fixture
def photos(open_photos: Any, tmp_path: Path) -> Fixture:
    """Photos whose names need care in URLs."""
    folder = open_photos(tmp_path / "street photos")
    for name in NAMES:
        folder.add(name)
    return folder


def upload(photos: Fixture, bucket: Bucket, prefix: str = "") -> str:
    """Put a folder into a bucket; the URI of where it is."""
    uri = f"{bucket.uri}/{prefix}" if prefix else bucket.uri
    target = open_datasource(uri, bucket.access)
    for path in sorted(photos.root.rglob("*")):
        if path.is_file():
            target.write(path.relative_to(photos.root).as_posix(), path.read_bytes())
    return uri


def test_a_run_on_a_bucket_leaves_its_crops_there(
    make_bucket: Callable[[str], Bucket], swath: Fixture, photos: Fixture
) -> None:
    bucket = make_bucket("s3")
    uri = upload(photos, bucket, PREFIX)
    result = swath.run(uri, "--n-samples", "2", "--dataset", "street", env=bucket.environment)
    assert (result["images"]["used"], result["crop_dataset"]["added"]) == (len(NAMES), 2)
    assert set(swath.names("street-crops")) <= bucket.files(PREFIX)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["s3", "gcs", "azure"])
def test_a_bucket_is_run_on_with_what_the_environment_has(
    make_bucket: Callable[[str], Bucket], swath: Fixture, photos: Fixture, name: str, tmp_path: Path
) -> None:
    bucket = make_bucket(name)
    uri = upload(photos, bucket, PREFIX)
    before = bucket.files(PREFIX)
    result = swath.run(uri, "--n-samples", "4", env=bucket.environment)
    assert (result["image_dataset"]["name"], result["crop_dataset"]["added"]) == ("1 50", 4)
    assert result["images"]["used"] == len(NAMES)
    assert swath.show("1 50")["input_uri"] == uri
    crops = {key for key in bucket.files(PREFIX) if key.startswith(".lightly/crops/")}
    assert crops == set(swath.names("1 50-crops"))
    assert swath("validate", uri, env=bucket.environment).code == 0

    exported = swath("export", "1 50-crops", "--format", "crops", "-o", tmp_path / "crops", env=bucket.environment)
    assert exported.code == 0, exported.stderr
    assert len(list((tmp_path / "crops").rglob("*.jpg"))) == 4
    bucket.server.put(bucket.uri, f"{PREFIX}/folder.jpg/")  # what consoles make for a folder
    again = swath.run(uri, "--n-samples", "4", env=bucket.environment)
    assert (again["images"]["new"], again["crop_dataset"]["added"]) == (0, 0)

    deleted = swath("delete", "1 50", "--cascade", "--yes", env=bucket.environment)
    assert (deleted.code, deleted.stderr) == (0, "")
    assert bucket.files(PREFIX) - {"folder.jpg/"} == before


@pytest.mark.slow
@pytest.mark.parametrize("name", ["s3", "gcs", "azure"])
def test_credentials_of_a_file_are_kept_for_later_commands(
    make_bucket: Callable[[str], Bucket], swath: Fixture, photos: Fixture, name: str, tmp_path: Path
) -> None:
    bucket = make_bucket(name)
    uri = upload(photos, bucket)
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(bucket.access))
    first = swath.run(uri, "--n-samples", "2", "--dataset", "street", "--credentials", keys)
    assert first["crop_dataset"]["added"] == 2
    keys.unlink()
    assert swath.run(uri, "--n-samples", "1", "--dataset", "street", "--process-all")["crop_dataset"]["added"] == 1
    exported = swath("export", "street-crops", "--format", "crops", "-o", tmp_path / "crops")
    assert exported.code == 0, exported.stderr
    deleted = swath("delete", "street", "--cascade", "--yes")
    assert (deleted.code, deleted.stderr) == (0, "")
    assert not any("crops/" in key for key in bucket.files())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "target"),
    [("s3", "gcs"), ("gcs", "azure"), ("azure", "s3"), ("folder", "s3"), ("s3", "folder"), ("azure", "folder")],
)
def test_crops_may_go_to_another_kind_of_place(
    make_bucket: Callable[[str], Bucket], swath: Fixture, photos: Fixture, source: str, target: str, tmp_path: Path
) -> None:
    environment: dict[str, str] = {}
    places: list[tuple[str, Datasource]] = []
    for name in (source, target):
        if name == "folder":
            folder = photos.root if not places else tmp_path / "crops here"
            folder.mkdir(exist_ok=True)
            places.append((str(folder), open_datasource(str(folder))))
            continue
        bucket = make_bucket(name)
        uri = upload(photos, bucket, "in") if not places else f"{bucket.uri}/out"
        endpoints = " ".join((environment.get("SWATH_ENDPOINTS", ""), bucket.endpoints))
        environment = {**environment, **bucket.environment, "SWATH_ENDPOINTS": endpoints}
        places.append((uri, open_datasource(uri, bucket.access)))
    (images, images_source), (crops, crops_source) = places
    before = keys_of(images_source)
    result = swath.run(images, "--dataset", "street", "--n-samples", "4", "--output-datasource", crops, env=environment)
    assert result["crop_dataset"]["added"] == 4
    assert keys_of(images_source) == before
    assert set(swath.names("street-crops")) <= keys_of(crops_source)
    again = swath.run(images, "--dataset", "street", "--n-samples", "4", "--output-datasource", crops, env=environment)
    assert again["images"]["new"] == 0
    assert swath("delete", "street", "--cascade", "--yes", env=environment).stderr == ""
    assert keys_of(crops_source) == set()


def file_of(access: dict[str, str], folder: Path, name: str = "keys.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(access))
    return path


@pytest.mark.slow
def test_a_second_run_reads_no_image(
    make_bucket: Callable[[str], Bucket], swath: Fixture, photos: Fixture, tmp_path: Path
) -> None:
    bucket = make_bucket("s3")
    upload(photos, bucket, "in")
    everything = bucket.server.user("s3:*", uri=bucket.uri)
    no_images = bucket.server.user("s3:ListBucket", "s3:PutObject", "s3:DeleteObject", uri=bucket.uri)
    allow = {"Effect": "Allow", "Action": ["s3:GetObject"]}
    resource = f"arn:aws:s3:::{bucket.uri.removeprefix('s3://')}/in/.lightly/*"
    iam = bucket.server.client("iam")
    owner = next(
        key["UserName"]
        for user in iam.list_users()["Users"]
        for key in iam.list_access_keys(UserName=user["UserName"])["AccessKeyMetadata"]
        if key["AccessKeyId"] == no_images["access_key_id"]
    )
    policy = {"Version": "2012-10-17", "Statement": [{**allow, "Resource": [resource]}]}
    iam.put_user_policy(UserName=owner, PolicyName="predictions", PolicyDocument=json.dumps(policy))
    run = (f"{bucket.uri}/in", "--n-samples", "2", "--dataset", "street", "--credentials")
    with bucket.server.enforcing():
        assert swath.run(*run, file_of(everything, tmp_path))["crop_dataset"]["added"] == 2
        result = swath.run(*run, file_of(no_images, tmp_path))
    assert (result["images"]["new"], result["crop_dataset"]["added"]) == (0, 0)


WRONG = {
    "s3 secret": ("s3", lambda bucket: {**bucket.access, "secret_access_key": "wr0ng-s3cret-wr0ng-s3cret-wr0ng"}),
    "s3 key": ("s3", lambda bucket: {**bucket.access, "access_key_id": "AKIANOBODYNOBODYNOB0"}),
    "azure key": ("azure", lambda bucket: {**bucket.access, "account_key": "d3Iwbmctczs="}),
    "azure expired": ("azure", lambda bucket: sas_of(bucket, "rlwcd", expires=timedelta(minutes=-5))),
    "azure nothing": ("azure", lambda bucket: {"endpoint": bucket.server.endpoint}),
}


def sas_of(bucket: Bucket, permissions: str, **options: Any) -> dict[str, str]:
    token = bucket.server.sas(bucket.uri, permissions, **options)
    return {"sas_token": token, "endpoint": bucket.server.endpoint}


def assert_tells_no_secret(outcome: Fixture, access: dict[str, str]) -> None:
    for name in ("secret_access_key", "account_key", "sas_token"):
        for secret in access.get(name, "").split("sig=")[-1:]:
            assert not secret or (secret not in outcome.stderr and secret.encode() not in outcome.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("case", list(WRONG))
def test_credentials_that_are_not_good_are_told_with_the_bucket_and_never_repeated(
    make_bucket: Callable[[str], Bucket], swath: Fixture, photos: Fixture, case: str, tmp_path: Path
) -> None:
    name, access_of = WRONG[case]
    bucket = make_bucket(name)
    upload(photos, bucket)
    access = access_of(bucket)
    with bucket.server.enforcing() if name == "s3" else nullcontext():
        outcome = swath.try_run(bucket.uri, "--credentials", file_of(access, tmp_path))
        assert swath("validate", bucket.uri, "--credentials", file_of(access, tmp_path)).code != 0
    assert outcome.code == 1, outcome.stderr
    assert bucket.uri in outcome.stderr
    assert "hint:" in outcome.stderr
    assert_tells_no_secret(outcome, access)


S3_RIGHTS = {
    "list": ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
    "read": ("s3:ListBucket", "s3:PutObject", "s3:DeleteObject"),
    "write": ("s3:ListBucket", "s3:GetObject"),
}
AZURE_RIGHTS = {"list": "rwcd", "read": "lwcd", "write": "lr"}
WORDS = {
    "s3": {"list": "s3:ListBucket", "read": "s3:GetObject", "write": "s3:PutObject"},
    "azure": {"list": "list", "read": "read", "write": "write"},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["s3", "azure"])
@pytest.mark.parametrize("missing", ["list", "read", "write"])
def test_the_right_that_is_missing_is_named(
    make_bucket: Callable[[str], Bucket], swath: Fixture, photos: Fixture, name: str, missing: str, tmp_path: Path
) -> None:
    bucket = make_bucket(name)
    upload(photos, bucket)
    access = (
        bucket.server.user(*S3_RIGHTS[missing], uri=bucket.uri)
        if name == "s3"
        else sas_of(bucket, AZURE_RIGHTS[missing])
    )
    keys = file_of(access, tmp_path)
    run = (bucket.uri, "--dataset", "street", "--credentials", keys)
    with bucket.server.enforcing() if name == "s3" else nullcontext():
        into_bucket = swath.try_run(*run, "--output-datasource", bucket.uri, "--output-credentials", keys)
        beside = swath.try_run(*run)
    assert into_bucket.code == 1
    assert bucket.uri in into_bucket.stderr
    assert WORDS[name][missing] in into_bucket.stderr.lower().replace("listbucket", "ListBucket").replace(
        "getobject", "GetObject"
    ).replace("putobject", "PutObject")
    assert_tells_no_secret(into_bucket, access)
    if missing == "write":
        # Where nobody said where crops go, they go to the home.
        assert beside.code == 0, beside.stderr
        assert "cannot be written" in beside.stderr
        assert swath.show("street-crops")["output_uri"].startswith(str(swath.home))
    else:
        assert beside.code == 1


def token_of_ada(swath: Fixture) -> str:
    """The token of a user who does not own the home."""
    swath("user", "create", "ada")
    token: str = swath("token", "create", "--user", "ada").stdout.decode().strip()
    return token


@pytest.mark.slow
@pytest.mark.parametrize("source", ["s3", "gcs", "azure"])
def test_a_user_runs_on_buckets_with_credentials_of_their_own(
    make_bucket: Callable[[str], Bucket],
    swath: Fixture,
    platform: Fixture,
    photos: Fixture,
    source: str,
) -> None:
    images, crops = make_bucket(source), make_bucket({"s3": "azure", "gcs": "s3", "azure": "gcs"}[source])
    uri = upload(photos, images, PREFIX)
    platform.serve(env={"SWATH_ENDPOINTS": f"{images.endpoints} {crops.endpoints}"})
    token = token_of_ada(swath)
    with platform.client(token) as client:
        dataset = client.datasets.create(
            "street",
            datasource=uri,
            output=crops.uri,
            credentials=images.secrets,
            output_credentials=crops.secrets,
        )
        verified = dataset.verify()
        assert verified.is_usable
        assert {verified.input.list, verified.input.read, verified.output.write, verified.output.overwrite} == {None}
        # The worker is told where the store is.
        platform.work(token=token)
        run = client.runs.create(dataset, object_level={"task_name": "vehicles"}, selection={"n_samples": 4})
        assert run.wait(timeout=120).crop_dataset.added == 4
        (crops_dataset,) = dataset.crops_datasets
        samples = list(crops_dataset.iter_samples())
        assert {sample.file_name for sample in samples} <= crops.files()
        assert crops_dataset.image(samples[0])[:2] == b"\xff\xd8"
        assert all(client.datasets.get("street").image(one, max_size=64) for one in dataset.iter_samples())
        again = client.runs.create(dataset, object_level={"task_name": "vehicles"}, selection={"n_samples": 4})
        assert again.wait(timeout=120).images.new == 0
        gone = client.datasets.delete("street", cascade=True)
        assert gone.notes == ()
    assert crops.files() == set()


@pytest.mark.slow
def test_commands_beside_a_server_give_it_what_opens_the_bucket(
    make_bucket: Callable[[str], Bucket], swath: Fixture, platform: Fixture, photos: Fixture, tmp_path: Path
) -> None:
    bucket = make_bucket("s3")
    uri = upload(photos, bucket, "in")
    platform.serve()
    keys = file_of(bucket.access, tmp_path)
    arguments = ("--n-samples", "2", "--dataset", "street", "--output-datasource", f"{bucket.uri}/out")
    result = swath.run(uri, *arguments, "--credentials", keys)
    assert result["crop_dataset"]["added"] == 2
    assert set(swath.names("street-crops")) <= bucket.files("out")
    # What it was given it keeps.
    assert swath.run(uri, "--n-samples", "1", "--dataset", "street", "--process-all")["crop_dataset"]["added"] == 1
    exported = swath("export", "street-crops", "--format", "crops", "-o", tmp_path / "crops")
    assert exported.code == 0, exported.stderr
    assert len(list((tmp_path / "crops").rglob("*.jpg"))) == 3
    assert swath("delete", "street", "--cascade", "--yes").code == 0
    assert bucket.files("out") == set()


@pytest.mark.slow
def test_what_a_user_may_not_do_with_a_bucket_is_told_before_and_by_the_run(
    make_bucket: Callable[[str], Bucket], swath: Fixture, platform: Fixture, photos: Fixture
) -> None:
    bucket = make_bucket("s3")
    uri = upload(photos, bucket)
    platform.serve(env={"SWATH_ENDPOINTS": bucket.endpoints})
    token = token_of_ada(swath)
    platform.work(token=token)
    nobody = bucket.server.user()
    reader = bucket.server.user("s3:ListBucket", "s3:GetObject", uri=bucket.uri)
    for user in (nobody, reader):
        del user["endpoint"]
    with platform.client(token) as client, bucket.server.enforcing():
        dataset = client.datasets.create("street", datasource=uri, credentials=reader)
        rights = dataset.verify()
        assert not rights.is_usable
        assert (rights.input.list, rights.input.read) == (None, None)
        assert "s3:PutObject" in (rights.output.write or "")
        run = client.runs.create(dataset, object_level={"task_name": "vehicles"}, selection={"n_samples": 4})
        with pytest.raises(RunFailed, match="cannot be written"):
            run.wait(timeout=60)
        dataset.set_datasource(uri, credentials=nobody)
        assert "s3:ListBucket" in (dataset.verify().input.list or "")
        with pytest.raises(InvalidConfig, match="https address"):
            dataset.set_datasource(uri, credentials={**reader, "endpoint": "http://169.254.169.254"})


@pytest.mark.slow
def test_a_role_that_the_operator_lists_is_taken_on_for_users(
    make_bucket: Callable[[str], Bucket], swath: Fixture, platform: Fixture, photos: Fixture, tmp_path: Path
) -> None:
    bucket = make_bucket("s3")
    uri = upload(photos, bucket)
    role, other = (bucket.server.role("s3:*", uri=bucket.uri) for _ in range(2))
    machine = environment_of("s3", bucket.server.user("sts:AssumeRole"), tmp_path)
    platform.serve(env={**machine, "SWATH_ENDPOINTS": bucket.endpoints, "SWATH_DELEGATED_ROLES": f"{role},none"})
    token = token_of_ada(swath)
    platform.work(token=token, env={**machine, "SWATH_DELEGATED_ROLES": role})
    with platform.client(token) as client, bucket.server.enforcing():
        with pytest.raises(InvalidConfig, match="SWATH_DELEGATED_ROLES"):
            client.datasets.create("street", datasource=uri, credentials={"role_arn": other})
        # What the machine has is nobody else's but through that role.
        dataset = client.datasets.create("street", datasource=uri)
        assert dataset.verify().input.list is not None
        dataset.set_datasource(uri, credentials={"role_arn": role, "external_id": "id"})
        assert dataset.verify().is_usable
        run = client.runs.create(dataset, object_level={"task_name": "vehicles"}, selection={"n_samples": 2})
        assert run.wait(timeout=120).crop_dataset.added == 2
