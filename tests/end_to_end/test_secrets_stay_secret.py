"""One long life of a platform whose secrets are known; then they are looked for in everything that was left behind."""

from __future__ import annotations

import base64
import io
import json
import secrets
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, unquote

import httpx2
import pytest
from arro3.io import read_parquet

from swath.adapters.datasource import open_datasource
from swath.core.errors import NotLoggedIn, RunFailed, SwathError
from swath.store.credentials import Vault, keep_credentials
from swath.store.database import open_store
from swath.store.home import Home

Fixture = Any  # of conftest.py: Swath, PhotoFolder, Platform

OBJECTS = {"task_name": "vehicles"}

MEANT_TO_HOLD = {"token": "the owner's token", "server.json": "the local token", "secret.key": "the key of the vault"}
"""Files of the home, and the one secret that each is there for."""

WATCHER = """
import os, sys

def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "subprocess.Popen", "os.posix_spawn"):
        shown = arguments[1] if event == "subprocess.Popen" else arguments[0 if event == "socket.getaddrinfo" else 1]
        with open(os.environ["WATCHER_FILE"], "a") as file:
            file.write(f"{event}\\t{os.getpid()}\\t{shown!r}\\n")

sys.addaudithook(watch)
with open(os.environ["WATCHER_FILE"], "a") as file:
    file.write(f"process\\t{os.getpid()}\\t{sys.orig_argv!r}\\n")
"""
"""Put into every process that is started: writes down what it connects to and what it starts. What libraries in C do
behind Python's back, it does not see."""


@dataclass(slots=True)
class Life:
    """The secrets by what they are for, and what anybody was told: answers of the server, outputs of commands."""

    secrets: dict[str, str] = field(default_factory=dict)
    told: dict[str, bytes] = field(default_factory=dict)

    def hear(self, what: str, data: bytes) -> None:
        self.told[f"{what} ({len(self.told)})"] = data


def forms_of(secret: str) -> set[bytes]:
    """A secret as it may be written: plain, escaped for URLs or JSON, in base64 at every place of a longer text."""
    plain = secret.encode()
    forms = {plain, json.dumps(secret)[1:-1].encode()}
    forms |= {escaped(secret, safe=safe).encode() for escaped in (quote, quote_plus) for safe in ("", "/")}
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + plain + b"\0" * (-(len(plain) + shift) % 3)).decode()
        # The first and the last characters depend on the neighbours, too.
        inner = coded[4 if shift else 0 : -4]
        forms |= {inner.encode(), inner.replace("+", "-").replace("/", "_").encode(), quote(inner, safe="").encode()}
    forms.add(plain.hex().encode())
    return forms


def leaks(data: bytes, known: Mapping[str, str]) -> set[str]:
    """Which secrets a text holds, in whatever form."""
    return {name for name, secret in known.items() if any(form in data for form in forms_of(secret))}


def contents(path: Path) -> Iterator[bytes]:
    """The bytes of a file, and what they are when unpacked."""
    data = path.read_bytes()
    yield data
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield archive.read(member)
    if data.startswith(b"PAR1"):
        table = read_parquet(io.BytesIO(data)).read_all()
        for name in table.column_names:
            yield "\n".join(map(str, table[name].to_pylist())).encode()


def files_below(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".onnx")


def test_a_secret_is_found_in_every_form(tmp_path: Path) -> None:
    secret = 'swath_a+b/c=d"e' + secrets.token_urlsafe(16)
    known = {"it": secret}
    for before in ("", "x", "xy", "xyz"):
        whole = f"{before}{secret} and more".encode()
        assert leaks(whole, known)
        assert leaks(base64.b64encode(whole), known)
        assert leaks(base64.urlsafe_b64encode(whole), known)
        assert leaks(quote(whole).encode(), known)
        assert leaks(json.dumps({"detail": whole.decode()}).encode(), known)
    assert not leaks(secret[:-1].encode(), known)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside", secret * 9)
    assert any(leaks(data, known) for data in contents(tmp_path / "a.zip"))


def ask_in_wrong_places(url: str, life: Life) -> None:
    """Requests of people who put their token where it does not belong."""
    good = life.secrets["a member's token"]
    wrong = life.secrets["a wrong token"]
    revoked = life.secrets["a revoked token"]
    bearer = {"Authorization": f"Bearer {good}"}
    with httpx2.Client(base_url=f"{url}/api") as browser:
        for what, answer, status in (
            ("wrong token", browser.get("/me", headers={"Authorization": f"Bearer {wrong}"}), 401),
            ("revoked token", browser.get("/me", headers={"Authorization": f"Bearer {revoked}"}), 401),
            ("other scheme", browser.get("/me", headers={"Authorization": f"Basic {good}"}), 401),
            ("no scheme", browser.get("/me", headers={"Authorization": good}), 401),
            ("token in the query", browser.get("/datasets", params={"token": good}), 401),
            ("token in the query too", browser.get("/datasets", params={"token": good}, headers=bearer), None),
            ("token as a number", browser.get("/datasets", params={"limit": good}, headers=bearer), 422),
            ("token in the body", browser.post("/datasets", json={"name": "x", "token": good}, headers=bearer), 422),
            ("token as the body", browser.post("/datasets", content=good.encode(), headers=bearer), None),
            ("token of a wrong kind", browser.post("/tokens", json={"name": {"a": good}}, headers=bearer), 422),
            ("token as a login code", browser.post("/login", json={"code": wrong}), 401),
            ("login code of a wrong kind", browser.post("/login", json={"code": [good]}), 422),
        ):
            assert status in (None, answer.status_code), (what, answer.text)
            assert answer.status_code < 500, (what, answer.text)
            life.hear(what, answer.content + repr(answer.headers.multi_items()).encode())


def read_everything(url: str, token: str, life: Life) -> None:
    """Whatever an owner can be told about datasets, runs, workers, tokens and users."""
    with httpx2.Client(base_url=f"{url}/api", headers={"Authorization": f"Bearer {token}"}, timeout=60) as reader:

        def get(path: str) -> Any:
            answer = reader.get(path)
            assert answer.status_code < 500, (path, answer.text)
            life.hear(path, answer.content + repr(answer.headers.multi_items()).encode())
            return answer.json() if answer.headers.get("content-type", "").startswith("application/json") else None

        for path in ("/me", "/health", "/users", "/tokens", "/workers", "/openapi.json"):
            get(path)
        for dataset in get("/datasets")["items"]:
            for part in ("", "/datasource", "/summary", "/shares", "/tags", "/exports", "/operations", "/views"):
                get(f"/datasets/{dataset['id']}{part}")
            get(f"/datasets/{dataset['id']}/samples/0")
        for run in get("/runs")["items"]:
            for part in ("", "/log", "/result"):
                get(f"/runs/{run['id']}{part}")
            for artifact in get(f"/runs/{run['id']}/artifacts")["items"]:
                get(f"/runs/{run['id']}/artifacts/{artifact['name']}")


def log_in(platform: Fixture, life: Life) -> None:
    """A browser logs in by the address that `swath up` printed, looks around, and logs out."""
    life.secrets["a login code"] = code = platform.login_url.partition("#code=")[2]
    with httpx2.Client(base_url=platform.url, headers={"Sec-Fetch-Site": "same-origin"}) as browser:
        answer = browser.post("/api/login", json={"code": code})
        life.hear("login", answer.content)  # the cookie belongs into its header
        life.secrets["a cookie"] = answer.cookies["swath_session"]
        for again in (browser.get("/api/me"), browser.get("/"), browser.post("/api/login", json={"code": code})):
            life.hear("browser", again.content + repr(again.headers.multi_items()).encode())
        assert browser.get("/api/me").status_code == 200
        assert browser.post("/api/logout").status_code == 204
        assert browser.get("/api/me").status_code == 401


def keep_credentials_of(dataset_id: str, swath: Fixture, value: str) -> None:
    home = Home(root=swath.home)
    with closing(open_store(home.database_url)) as store, store.writing() as connection:
        keep_credentials(connection, Vault.open(home), dataset_id, "input", {"secret_access_key": value})


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_secret_is_left_behind_and_nobody_is_called(
    platform: Fixture, swath: Fixture, photos: Fixture, make_photos: Fixture, tmp_path: Path
) -> None:
    photos.add_many(6)
    gone = make_photos("gone")
    gone.add_many(2)
    life = Life()
    life.secrets["a wrong token"] = f"swath_{secrets.token_urlsafe(32)}"
    life.secrets["credentials of a bucket"] = f'wJal/{secrets.token_urlsafe(20)}+bPx=&"é'
    life.secrets["the password of a database"] = f"pg{secrets.token_urlsafe(12)}/=&?#ö"
    watched = {"PYTHONPATH": str(tmp_path / "watcher"), "WATCHER_FILE": str(tmp_path / "watched.txt")}
    (tmp_path / "watcher").mkdir()
    (tmp_path / "watcher" / "sitecustomize.py").write_text(WATCHER)

    def command(*arguments: Any, code: int = 0, env: dict[str, str] | None = None) -> str:
        """What a command prints; heard unless it is meant to print a secret."""
        done = swath(*arguments, env=env)
        assert done.code == code, done.stderr
        life.hear(f"swath {arguments[0]}", done.stderr.encode())
        if arguments[:2] != ("token", "create"):
            life.hear(f"swath {arguments[0]}", done.stdout)
        return str(done.stdout.decode().strip())

    up = platform.serve("up", "--no-browser", env=watched)
    log_in(platform, life)
    address = Home(root=swath.home).server_address()
    assert address is not None
    life.secrets["the local token"] = address.token
    life.secrets["the owner's token"] = (swath.home / "token").read_text().strip()
    life.secrets["the key of the vault"] = (swath.home / "secret.key").read_text().strip()
    for scope in ("owner", "member", "worker", "read-only"):
        life.secrets[f"a token of scope {scope}"] = command("token", "create", "--scope", scope, "--name", scope)
    command("user", "create", "ada")
    life.secrets["a member's token"] = command("token", "create", "--user", "ada", "--name", "ada")
    life.secrets["a revoked token"] = revoked = command("token", "create", "--name", "old")
    command("token", "revoke", "old")
    ask_in_wrong_places(platform.url, life)

    # Runs by the worker of `swath up`, one with credentials, one that fails; then by workers with tokens of their own.
    with platform.client() as client:
        dataset = client.datasets.create("photos", datasource=photos.root)
        keep_credentials_of(dataset.id, swath, life.secrets["credentials of a bucket"])
        kept = client.runs.create(dataset, object_level=OBJECTS, selection={"n_samples": 6}).wait(timeout=120)
        assert kept.selected == 6
        [crops] = dataset.crops_datasets
        chosen = client.runs.select(crops, selection={"n_samples": 3}, new_tag="chosen").wait(timeout=60)
        assert chosen.selected == 3
        failing = client.datasets.create("gone", datasource=gone.root)
        shutil.rmtree(gone.predictions)
        with pytest.raises((RunFailed, SwathError)) as failed:
            client.runs.create(failing, object_level=OBJECTS, selection={"n_samples": 1}).wait(timeout=60)
        life.hear("a failed run", repr(failed.value).encode())
        (tmp_path / "exports").mkdir()
        for export_format in ("filenames", "embeddings-csv", "coco", "crops", "csv", "parquet", "tags"):
            crops.export(export_format, tmp_path / "exports" / export_format)
        by_argument = platform.work(
            f"token={life.secrets['a token of scope worker']}", "labels=argument", token="-", env=watched
        )
        by_environment = platform.work("labels=environment", token=life.secrets["a token of scope owner"], env=watched)
        for worker, label in ((by_argument, "argument"), (by_environment, "environment")):
            platform.wait_for(worker, "waiting for runs")
            again = client.runs.create(
                dataset, object_level=OBJECTS, selection={"n_samples": 1}, process_all=True, runs_on=[label]
            )
            assert again.wait(timeout=60).state == "COMPLETED"
    for token in (revoked, life.secrets["a wrong token"]):
        refused = platform.work(token=token, env=watched)
        assert refused.wait(30) == 1
        with pytest.raises(NotLoggedIn) as refusal, platform.client(token) as stranger:
            stranger.datasets.list()
        life.hear("a refused client", repr(refusal.value).encode())
    life.hear("a client", repr(platform.client(life.secrets["a member's token"])).encode())
    # Not one of these gets as far as to start a worker.
    command("worker", f"server={platform.url}", life.secrets["a member's token"], code=2)
    command("worker", f"server={platform.url}", f"tokn={life.secrets['a wrong token']}", code=2)
    run = swath.process("run", photos.root, "--task", "vehicles", "--n-samples", "1", env=watched)
    assert run.returncode == 0, run.stderr.decode()
    life.hear("swath run", run.stdout + run.stderr)
    command("token", "list")
    password = quote(life.secrets["the password of a database"], safe="")
    elsewhere = {
        "SWATH_DATABASE": f"postgresql://swath:{password}@127.0.0.1:9/none",
        "SWATH_HOME": str(tmp_path / "pg"),
    }
    command("datasets", code=1, env=elsewhere)
    command("server", "--port", "0", code=1, env=elsewhere)
    command("doctor", code=1, env=elsewhere)
    command("datasets", code=2, env={**elsewhere, "SWATH_DATABASE": f"mysql://swath:{password}@127.0.0.1/none"})
    read_everything(platform.url, life.secrets["the owner's token"], life)

    # While everything is still there: the database with its write-ahead log, and the files that are meant to hold one.
    found: dict[str, set[str]] = {}
    looked_at = list(files_below(swath.home, tmp_path / "logs", photos.root, tmp_path / "exports", tmp_path / "pg"))
    for path in looked_at:
        for data in contents(path):
            found.setdefault(str(path.relative_to(tmp_path)), set()).update(leaks(data, life.secrets))
    for what, data in life.told.items():
        found[what] = leaks(data, life.secrets)
    platform.stop()
    for path in files_below(swath.home, tmp_path / "logs"):
        for data in contents(path):
            found.setdefault(str(path.relative_to(tmp_path)), set()).update(leaks(data, life.secrets))
    for name, secret in MEANT_TO_HOLD.items():
        assert found.pop(f"home/{name}") == {secret}
    assert {what: held for what, held in found.items() if held} == {}
    names = {path.name for path in looked_at}
    assert {"swath.sqlite", "swath.sqlite-wal", "0.txt", "crops", "parquet"} <= names
    assert up.returncode == 0

    events = [line.split("\t") for line in (tmp_path / "watched.txt").read_text().splitlines()]
    started = {kind for kind, _, _ in events}
    assert {"process", "socket.connect", "subprocess.Popen"} <= started
    given_away = {life.secrets["a token of scope worker"], life.secrets["a member's token"]}  # as arguments, by hand
    hidden = {name: secret for name, secret in life.secrets.items() if secret not in given_away}
    for kind, _, shown in events:
        if kind in ("process", "subprocess.Popen", "os.posix_spawn"):
            assert not leaks(shown.encode(), hidden), shown
        elif kind == "socket.getaddrinfo":
            assert shown in ("'127.0.0.1'", "'localhost'", "None"), shown
        else:
            assert shown.startswith(("('127.0.0.1'", "('::1'", "'/", "b'/")), shown


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedBucket:
    """A bucket with photos, what opens it, and what opens it not."""

    uri: str
    endpoint: str
    access: dict[str, str]
    wrong: dict[str, str]


def upload(photos: Fixture, server: Any) -> str:
    uri: str = server.make_bucket()
    target = open_datasource(uri, server.access)
    for path in photos.root.rglob("*"):
        if path.is_file():
            target.write(path.relative_to(photos.root).as_posix(), path.read_bytes())
    return uri


def open_buckets(photos: Fixture, life: Life, s3: Any, gcs: Any, azure: Any) -> list[OpenedBucket]:
    """One of each kind, with secrets that `life` knows."""
    in_s3, in_gcs, in_azure = (upload(photos, server) for server in (s3, gcs, azure))
    life.secrets["an S3 key"] = f"wJalr+{secrets.token_urlsafe(24)}/K7MD"
    life.secrets["a session token"] = secrets.token_urlsafe(48)
    life.secrets["an external id"] = secrets.token_urlsafe(16)
    life.secrets["a wrong S3 key"] = f"wrong/{secrets.token_urlsafe(24)}+"
    life.secrets["an account key"] = azure.access["account_key"]
    life.secrets["a wrong account key"] = base64.b64encode(secrets.token_bytes(64)).decode()
    life.secrets["a wrong private key"] = secrets.token_urlsafe(40)
    sas = azure.sas(in_azure, "rlwcd")
    life.secrets["a signature"] = unquote(sas.partition("sig=")[2])
    account = gcs.access["service_account"]
    life.secrets["a private key"] = json.loads(account)["private_key"].splitlines()[5]
    key = {"access_key_id": "AKIA0123456789ABCDEF", "secret_access_key": life.secrets["an S3 key"]}
    torn = json.dumps({**json.loads(account), "private_key": life.secrets["a wrong private key"]})
    return [
        OpenedBucket(
            uri=in_s3,
            endpoint=s3.endpoint,
            access={**key, "session_token": life.secrets["a session token"], "region": "us-east-1"},
            wrong={"access_key_id": key["access_key_id"], "secret_key": life.secrets["a wrong S3 key"]},
        ),
        OpenedBucket(
            uri=in_gcs, endpoint=gcs.endpoint, access={"service_account": account}, wrong={"service_account": torn}
        ),
        OpenedBucket(
            uri=in_azure,
            endpoint=azure.endpoint,
            access={"sas_token": sas},
            wrong={"account_key": life.secrets["a wrong account key"]},
        ),
    ]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_credentials_of_buckets_are_left_nowhere(
    platform: Fixture,
    swath: Fixture,
    make_swath: Fixture,
    photos: Fixture,
    tmp_path: Path,
    s3_server: Any,
    gcs_server: Any,
    azure_server: Any,
) -> None:
    photos.add_many(3)
    life = Life()
    buckets = open_buckets(photos, life, s3_server, gcs_server, azure_server)
    endpoints = {"SWATH_ENDPOINTS": " ".join(f"{bucket.uri}={bucket.endpoint}" for bucket in buckets)}
    platform.serve("up", "--no-browser", env=endpoints)
    swath("user", "create", "ada")
    token = swath("token", "create", "--user", "ada").stdout.decode().strip()
    with platform.client(token) as client:
        for number, bucket in enumerate(buckets):
            dataset = client.datasets.create(f"street {number}", datasource=bucket.uri, credentials=bucket.access)
            life.hear("rights", repr(dataset.verify()).encode() + repr(dataset.datasource).encode())
            asked = client.runs.create(dataset, object_level=OBJECTS, selection={"n_samples": 2})
            assert asked.wait(timeout=120).selected == 2
            [crops] = dataset.crops_datasets
            crops.export("crops", tmp_path / f"crops-{number}.zip")
            assert crops.image(next(crops.iter_samples()))
            with pytest.raises(SwathError) as refused:
                dataset.set_datasource(bucket.uri, credentials={**bucket.wrong, "no_such_field": "x"})
            life.hear("a refusal", repr(refused.value).encode())
            with suppress(SwathError):
                dataset.set_datasource(bucket.uri, credentials=bucket.wrong)
                life.hear("no rights", repr(dataset.verify()).encode())
            role = {"role_arn": "arn:aws:iam::1:role/x", "external_id": life.secrets["an external id"]}
            with pytest.raises(SwathError) as refused:
                dataset.set_datasource(bucket.uri, credentials=role)
            life.hear("a role", repr(refused.value).encode())
    read_everything(platform.url, token, life)

    # Commands, through the server and in a home without one.
    for number, bucket in enumerate(buckets):
        for name, access in (("right", bucket.access), ("wrong", bucket.wrong)):
            keys = tmp_path / "keys.json"
            keys.write_text(json.dumps(access))
            run = ("run", bucket.uri, "--task", "vehicles", "--n-samples", "1", "--json")
            for command in (swath, make_swath(f"home {number} {name}")):
                for arguments in (
                    (*run, "--dataset", f"photos {number}", "--credentials", keys),
                    ("validate", bucket.uri, "--credentials", keys),
                ):
                    done = command(*arguments, env=endpoints)
                    assert (name == "wrong") == (done.code != 0), done.stderr
                    life.hear(f"swath {arguments[0]}", done.stdout + done.stderr.encode())
                listed = command("datasets", "--json")
                life.hear("swath datasets", listed.stdout)
                for each in listed.document:
                    life.hear("swath show", command("show", each["id"], "--json").stdout)
            keys.unlink()
    life.hear("swath doctor", swath("doctor", env=endpoints).stdout)
    platform.stop()
    found = {what: held for what, data in life.told.items() if (held := leaks(data, life.secrets))}
    looked_at = list(files_below(tmp_path))
    for path in looked_at:
        for data in contents(path):
            if held := leaks(data, life.secrets):
                found.setdefault(str(path.relative_to(tmp_path)), set()).update(held)
    assert found == {}
    assert {"swath.sqlite", "0.txt", "crops-2.zip"} <= {path.name for path in looked_at}
