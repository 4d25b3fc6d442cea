"""Datasets over HTTP: making, finding, naming, sharing, deleting them; where they may read from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.unit.server.conftest import BASE_URL, UserClient

from swath.core.access import Scope
from swath.server.services import ServerOptions
from swath.store import schema
from swath.store.credentials import MASK
from swath.store.database import Store
from swath.store.home import Home
from swath.store.session import open_run
from swath.store.tokens import replace_local_token
from swath.testing.session_contract import make_additions


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder that datasources may lie in, with an escape beside it."""
    root = tmp_path / "data"
    (root / "photos").mkdir(parents=True)
    (root / "more photos").mkdir()
    (tmp_path / "private").mkdir()
    (root / "link-out").symlink_to(tmp_path / "private")
    (root / "link-in").symlink_to(root / "photos")
    (root / "file.txt").write_text("")
    return root


@pytest.fixture
def options(root: Path) -> ServerOptions:
    return ServerOptions(roots=(root,))


@pytest.fixture
def anna(user_client: UserClient) -> TestClient:
    return user_client(Scope.MEMBER, "anna")


@pytest.fixture
def owner_of_machine(user_client: UserClient, store: Store) -> TestClient:
    """Whoever holds the local token."""
    client = user_client(Scope.OWNER, "local")
    with store.writing() as connection:
        _, secret = replace_local_token(connection)
    client.headers["Authorization"] = f"Bearer {secret}"
    return client


@pytest.fixture
def berta(user_client: UserClient) -> TestClient:
    return user_client(Scope.MEMBER, "berta")


@pytest.fixture
def committed(store: Store, home: Home, root: Path) -> Path:
    """Datasets `vehicles` and `vehicles-crops` of the local user, with a crop file; returns that file."""
    run = open_run(
        store,
        home,
        run_config_json="{}",
        image_dataset_name="vehicles",
        input_uri=str(root / "photos"),
        output_uri=str(root / "photos"),
        task="wheels",
    )
    additions = make_additions({"a.jpg": 2, "b.jpg": 1})
    run.commit(additions)
    assert additions.crops is not None
    crop_file = root / "photos" / additions.crops.file_names[0]
    crop_file.parent.mkdir(parents=True, exist_ok=True)
    crop_file.write_bytes(b"jpeg")
    return crop_file


def names(client: TestClient, query: str = "") -> list[str]:
    return [dataset["name"] for dataset in client.get(f"/api/datasets{query}").json()["items"]]


def test_a_dataset_is_made_empty_and_found_by_name_and_id(anna: TestClient, root: Path) -> None:
    made = anna.post("/api/datasets", json={"name": "vehicles", "datasource": "photos"})
    assert made.status_code == 201
    assert made.json()["input_uri"] == made.json()["output_uri"] == str(root / "photos")
    assert made.json()["sample_count"] == 0
    assert made.json()["owner"] == "anna"
    by_id, by_name = (anna.get(f"/api/datasets/{key}").json() for key in (made.json()["id"], "vehicles"))
    assert by_id == by_name == made.json()


def test_a_dataset_may_be_made_before_its_datasource_is_known(anna: TestClient, root: Path) -> None:
    assert anna.post("/api/datasets", json={"name": "vehicles"}).json()["input_uri"] == ""
    change = {"location": "photos", "output": "more photos"}
    answer = anna.put("/api/datasets/vehicles/datasource", json=change)
    assert (answer.json()["location"], answer.json()["output_location"]) == (
        str(root / "photos"),
        str(root / "more photos"),
    )


def test_two_users_may_use_one_name(anna: TestClient, berta: TestClient) -> None:
    assert [who.post("/api/datasets", json={"name": "vehicles"}).status_code for who in (anna, berta)] == [201, 201]
    again = anna.post("/api/datasets", json={"name": "vehicles"})
    assert (again.status_code, again.json()["type"]) == (409, "conflict")


@pytest.mark.parametrize("name", ["ab", "", "a/b", "-abc", "x" * 129, "naïve"])
def test_a_name_that_breaks_the_rule_is_refused(anna: TestClient, name: str) -> None:
    answer = anna.post("/api/datasets", json={"name": name})
    assert (answer.status_code, answer.json()["field"]) == (422, "name")


@pytest.mark.parametrize(
    "location",
    [
        "photos",
        "photos/",
        "./photos",
        "link-in",
        "{root}/photos",
        "file://{root}/photos",
        "file://localhost{root}/photos",
    ],
)
def test_folders_below_a_root_may_be_named_in_any_way(anna: TestClient, root: Path, location: str) -> None:
    answer = anna.post("/api/datasets", json={"name": "vehicles", "datasource": location.format(root=root)})
    assert (answer.status_code, answer.json()["input_uri"]) == (201, str(root / "photos"))


@pytest.mark.parametrize(
    "location",
    [
        "..",
        "photos/../../private",
        "{root}/../private",
        "/",
        "/etc",
        "link-out",
        "{root}-other",
        "file:///etc",
        "file://{root}/%2e%2e/private",
        "file://elsewhere/photos",
        "s3:/bucket/photos",
        "s3://key:secret@bucket/photos",
        "http://127.0.0.1/photos",
        "file.txt",
        "absent",
        " ",
        "a\0b",
        "file://{root}/a%00b",
        "x" * 4000,
        "/".join("x" * 1000),
    ],
)
@pytest.mark.parametrize("field", ["datasource", "output"])
def test_nothing_else_may_be_named(anna: TestClient, root: Path, location: str, field: str) -> None:
    wanted = {"name": "vehicles", "datasource": "photos", field: location.format(root=root)}
    answer = anna.post("/api/datasets", json=wanted)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert names(anna) == []


def test_a_refusal_says_what_may_be_named(anna: TestClient, root: Path) -> None:
    answer = anna.post("/api/datasets", json={"name": "vehicles", "datasource": "/etc"})
    assert str(root) in answer.json()["hint"]


def test_the_owner_of_the_home_is_confined_too(client: TestClient) -> None:
    assert client.post("/api/datasets", json={"name": "vehicles", "datasource": "/etc"}).status_code == 422


def test_the_local_token_may_name_any_folder(client: TestClient, store: Store, root: Path, tmp_path: Path) -> None:
    with store.writing() as connection:
        _, secret = replace_local_token(connection)
    local = TestClient(client.app, base_url=BASE_URL, headers={"Authorization": f"Bearer {secret}"})
    private = str(tmp_path / "private")
    assert local.post("/api/datasets", json={"name": "vehicles", "datasource": private}).json()["input_uri"] == private
    # A relative one begins at the first root, as for everybody.
    below = local.post("/api/datasets", json={"name": "others", "datasource": "photos"}).json()["input_uri"]
    assert below == str(root / "photos")


class TestWithoutRoots:
    @pytest.fixture
    def options(self) -> ServerOptions:
        return ServerOptions()

    def test_no_folder_may_be_named_and_the_hint_says_how_one_could(self, anna: TestClient) -> None:
        answer = anna.post("/api/datasets", json={"name": "vehicles", "datasource": "/etc"})
        assert answer.status_code == 422
        assert "--root" in answer.json()["hint"]


def test_lists_are_searched_and_come_in_pages(anna: TestClient) -> None:
    for name in ("cars north", "cars south", "trucks"):
        anna.post("/api/datasets", json={"name": name})
    assert names(anna, "?q=CARS") == ["cars north", "cars south"]
    page = anna.get("/api/datasets?offset=1&limit=1").json()
    assert ([item["name"] for item in page["items"]], page["total"]) == (["cars south"], 3)
    assert names(anna, "?kind=crops") == []
    assert anna.get("/api/datasets?limit=0").status_code == 422
    assert anna.get("/api/datasets?offset=-1").status_code == 422


def test_what_is_not_shared_does_not_exist_for_others(anna: TestClient, berta: TestClient) -> None:
    made = anna.post("/api/datasets", json={"name": "vehicles"}).json()
    for key in ("vehicles", made["id"]):
        for method, path, body in (
            ("GET", "", None),
            ("GET", "/summary", None),
            ("GET", "/datasource", None),
            ("GET", "/shares", None),
            ("PATCH", "", {"name": "mine"}),
            ("DELETE", "", None),
            ("PUT", "/datasource", {"location": "photos"}),
            ("PUT", "/shares/berta", None),
        ):
            answer = berta.request(method, f"/api/datasets/{key}{path}", json=body)
            absent = berta.request(method, f"/api/datasets/{'0' * 24}{path}", json=body)
            assert (answer.status_code, absent.status_code) == (404, 404), (method, path)
    assert names(berta) == []


def test_a_shared_dataset_is_seen_and_stays_its_owners(anna: TestClient, berta: TestClient) -> None:
    anna.post("/api/datasets", json={"name": "vehicles"})
    assert anna.put("/api/datasets/vehicles/shares/berta").status_code == 204
    assert names(berta) == ["vehicles"]
    assert berta.get("/api/datasets/vehicles").json()["owner"] == "anna"
    assert [share["user"] for share in anna.get("/api/datasets/vehicles/shares").json()["items"]] == ["berta"]
    assert berta.patch("/api/datasets/vehicles", json={"name": "mine"}).status_code == 403
    assert berta.delete("/api/datasets/vehicles").status_code == 403
    assert anna.delete("/api/datasets/vehicles/shares/berta").status_code == 204
    assert names(berta) == []


def test_who_only_looks_changes_nothing(anna: TestClient, user_client: UserClient) -> None:
    anna.post("/api/datasets", json={"name": "vehicles"})
    reader = user_client(Scope.READ_ONLY, "anna")
    assert names(reader) == ["vehicles"]
    for method, path, body in (
        ("POST", "/api/datasets", {"name": "others"}),
        ("PATCH", "/api/datasets/vehicles", {"name": "others"}),
        ("DELETE", "/api/datasets/vehicles", None),
        ("PUT", "/api/datasets/vehicles/datasource", {"location": "photos"}),
        ("PUT", "/api/datasets/vehicles/shares/berta", None),
    ):
        assert reader.request(method, path, json=body).status_code == 403


KEYS = {"access_key_id": "AKIA", "secret_access_key": "hush"}


def test_credentials_are_kept_and_never_shown(anna: TestClient) -> None:
    anna.post("/api/datasets", json={"name": "vehicles"})
    change = {"location": "s3a://photos/2026/", "credentials": {**KEYS, "region": "eu-west-1", "session_token": ""}}
    answer = anna.put("/api/datasets/vehicles/datasource", json=change)
    assert answer.json() == {
        "location": "s3://photos/2026",
        "output_location": "s3://photos/2026",
        "credentials": {"access_key_id": MASK, "secret_access_key": MASK, "region": "eu-west-1"},
        "output_credentials": {},
    }
    assert anna.put("/api/datasets/vehicles/datasource", json={"location": "s3://photos/2026"}).json() == answer.json()
    for text in (
        answer.text,
        anna.get("/api/datasets/vehicles/datasource").text,
        anna.get("/api/datasets/vehicles").text,
    ):
        assert not any(value in text for value in KEYS.values())
    public = anna.put("/api/datasets/vehicles/datasource", json={"location": "s3://photos/2026", "credentials": {}})
    assert public.json()["credentials"] == {}


def test_a_dataset_is_made_with_what_opens_its_places(anna: TestClient) -> None:
    made = anna.post(
        "/api/datasets",
        json={
            "name": "vehicles",
            "datasource": "s3://photos",
            "output": "abfss://crops@acme.dfs.core.windows.net/x",
            "credentials": KEYS,
            "output_credentials": {"sas_token": "sig=hush"},
        },
    )
    assert made.status_code == 201
    assert anna.get("/api/datasets/vehicles/datasource").json() == {
        "location": "s3://photos",
        "output_location": "az://crops@acme/x",
        "credentials": dict.fromkeys(KEYS, MASK),
        "output_credentials": {"sas_token": MASK},
    }


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"datasource": "s3://photos"}, "credentials"),
        ({"datasource": "s3://photos", "credentials": {"sas_token": "hush"}}, "credentials.sas_token"),
        ({"datasource": "s3://photos", "credentials": {"access_key_id": "hush"}}, "credentials.secret_access_key"),
        (
            {"datasource": "s3://photos", "credentials": {**KEYS, "endpoint": "http://127.0.0.1"}},
            "credentials.endpoint",
        ),
        ({"datasource": "s3://photos", "credentials": {"role_arn": "arn:aws:iam::1:role/x"}}, "credentials.role_arn"),
        ({"datasource": "s3://photos", "output": "gs://crops", "credentials": KEYS}, "output_credentials"),
        ({"datasource": "photos", "credentials": KEYS}, "credentials"),
        ({"datasource": "photos", "output": "s3://b", "output_credentials": {"sas": "hush"}}, "output_credentials.sas"),
        ({"output": "photos"}, "datasource"),
        ({"credentials": KEYS}, "datasource"),
    ],
)
def test_what_cannot_open_a_place_is_named_and_never_repeated(
    anna: TestClient, wanted: dict[str, object], field: str
) -> None:
    answer = anna.post("/api/datasets", json={"name": "vehicles", **wanted})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert "hush" not in answer.text
    assert names(anna) == []


def test_the_owner_of_the_machine_needs_no_credentials(owner_of_machine: TestClient) -> None:
    made = owner_of_machine.post("/api/datasets", json={"name": "vehicles", "datasource": "s3://photos"})
    assert made.status_code == 201
    endpoint: dict[str, Any] = {"location": "s3://photos", "credentials": {**KEYS, "endpoint": "http://127.0.0.1:9000"}}
    answer = owner_of_machine.put("/api/datasets/vehicles/datasource", json=endpoint)
    assert answer.json()["credentials"] == {**dict.fromkeys(KEYS, MASK), "endpoint": "http://127.0.0.1:9000"}
    # What is shown holds no secret.
    endpoint["credentials"] = {**KEYS, "endpoint": "http://me:hush@127.0.0.1:9000"}
    answer = owner_of_machine.put("/api/datasets/vehicles/datasource", json=endpoint)
    assert (answer.status_code, answer.json()["field"]) == (422, "credentials.endpoint")
    assert "hush" not in answer.text


def test_what_may_be_done_with_a_datasource_is_tried(anna: TestClient, berta: TestClient, root: Path) -> None:
    wanted = {"name": "vehicles", "datasource": "photos", "output": "more photos"}
    anna.post("/api/datasets", json=wanted)
    everything = dict.fromkeys(("list", "read", "write", "overwrite"))
    answer = anna.post("/api/datasets/vehicles/datasource:verify")
    assert answer.json() == {"is_usable": True, "input": everything, "output": everything}
    assert list((root / "photos").iterdir()) == list((root / "more photos").iterdir()) == []
    assert berta.post("/api/datasets/vehicles/datasource:verify").status_code == 404
    (root / "more photos").rmdir()
    answer = anna.post("/api/datasets/vehicles/datasource:verify").json()
    assert (answer["is_usable"], answer["input"]) == (False, everything)
    assert "more photos" in answer["output"]["write"]
    anna.post("/api/datasets", json={"name": "empty"})
    assert anna.post("/api/datasets/empty/datasource:verify").status_code == 422


def test_a_dataset_gets_another_name(client: TestClient, committed: Path) -> None:
    renamed = client.patch("/api/datasets/vehicles", json={"name": "cars"}).json()
    assert renamed["name"] == "cars"
    assert names(client) == ["cars", "vehicles-crops"]
    assert client.get("/api/datasets/vehicles-crops").json()["parent"] == "cars"
    assert client.patch("/api/datasets/cars", json={"name": "vehicles-crops"}).status_code == 409


def test_a_dataset_with_samples_keeps_its_datasource(client: TestClient, committed: Path) -> None:
    answer = client.put("/api/datasets/vehicles/datasource", json={"location": "more photos"})
    assert answer.status_code == 409
    assert client.get("/api/datasets/vehicles-crops/datasource").json()["location"].endswith("photos")


def test_deleting_images_takes_their_crops_only_when_told(client: TestClient, committed: Path) -> None:
    assert client.delete("/api/datasets/vehicles").status_code == 409
    assert committed.exists()
    answer = client.delete("/api/datasets/vehicles?cascade=true")
    assert answer.json() == {"names": ["vehicles-crops", "vehicles"], "notes": []}
    assert not committed.exists()
    assert names(client) == []


def test_files_that_cannot_be_deleted_are_named(client: TestClient, committed: Path, root: Path) -> None:
    (root / "photos").rename(root / "moved")
    notes = client.delete("/api/datasets/vehicles?cascade=true").json()["notes"]
    assert any("vehicles-crops" in note for note in notes)
    assert names(client) == []


def test_deleting_follows_no_link_out_of_the_roots(
    client: TestClient, store: Store, committed: Path, root: Path, tmp_path: Path
) -> None:
    with store.writing() as connection:
        connection.execute(schema.datasets.update().values(is_confined=True))
    (root / "photos").rename(tmp_path / "private" / "photos")
    (root / "photos").symlink_to(tmp_path / "private" / "photos")
    answer = client.delete("/api/datasets/vehicles?cascade=true")
    assert any("does not lie below" in note for note in answer.json()["notes"])
    assert committed.exists()


def test_the_summary_is_the_line_of_the_list(client: TestClient, committed: Path) -> None:
    listed = client.get("/api/datasets").json()["items"][1]
    assert client.get("/api/datasets/vehicles-crops/summary").json() == listed
    assert listed["sample_count"] == 3
