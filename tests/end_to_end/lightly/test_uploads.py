"""Datasets that scripts upload: images, embeddings, metadata and scores, by the official clients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image
from tests.end_to_end.lightly.conftest import ScriptUser
from tests.support.deployment import Deployment
from tests.support.official_client import ClientRaised, OfficialClient

pytestmark = pytest.mark.slow

SIZE = (160, 120)

CHOOSE = """
from lightly.active_learning.config.selection_config import SelectionConfig
from lightly.openapi_generated.swagger_client.models import SamplingMethod
config = SelectionConfig(method=getattr(SamplingMethod, method), n_samples=n, name=name)
client.selection(config, preselected_tag_id=before)
"""


WHERE_IMAGES_ARE_UPLOADED = pytest.mark.parametrize("client_process", ["1.2.25"], indirect=True)
"""Clients of today cannot do it any more."""


def draw(folder: Path, *names: str, mode: str = "RGB") -> Path:
    """Images of as many colours as there are names."""
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", SIZE, (number * 20 % 256, 80, 160)).convert(mode).save(path)
    return folder


def write_embeddings(path: Path, names: list[str]) -> Path:
    rows = [f"{name},{number}.0,{number * number}.0,0" for number, name in enumerate(names)]
    path.write_text("\n".join(["filenames,embedding_0,embedding_1,labels", *rows]) + "\n")
    return path


def upload(client: OfficialClient, folder: Path, mode: str = "full") -> None:
    client("client.create_dataset('photos')\nclient.upload_dataset(folder, mode=mode)", folder=str(folder), mode=mode)
    assert not [warning for warning in client.warnings if "upload" in warning.lower()], client.warnings


def hand_in(live: Deployment, client: OfficialClient, user: ScriptUser, names: list[str]) -> str:
    """A dataset of samples without images, which no client of today makes; `client` works with it from now on."""
    dataset = str(client("client.create_dataset('photos')\nclient.dataset_id"))
    with httpx2.Client(base_url=f"{live.url}/v1/datasets/{dataset}", params={"token": user.token}) as facade:
        for name in names:
            assert facade.post("/samples", json={"fileName": name}).status_code == 201
        assert facade.post("/tags/initial", json={"imgType": "meta"}).status_code == 201
    return dataset


@WHERE_IMAGES_ARE_UPLOADED
def test_images_are_uploaded_with_thumbnails_and_come_back(old_client: OfficialClient, tmp_path: Path) -> None:
    names = ["sub/b.jpg", "sub/deep/c #1 ü.png", "a/a.jpg"]
    folder = draw(tmp_path / "images", *names)
    draw(folder, "a/grey.png", mode="L")
    upload(old_client, folder)
    assert sorted(old_client("client.get_filenames()")) == sorted([*names, "a/grey.png"])
    (tag,) = old_client("client.get_all_tags()")
    assert (tag["name"], tag["bit_mask_data"]) == ("initial-tag", "0xf")
    old_client("client.download_dataset(target)", target=str(tmp_path / "back"))
    for name in names:
        with Image.open(tmp_path / "back" / name) as image:
            assert image.size == SIZE


@WHERE_IMAGES_ARE_UPLOADED
def test_a_second_upload_adds_what_is_new_and_tags_it(old_client: OfficialClient, tmp_path: Path) -> None:
    folder = draw(tmp_path / "images", "a.jpg", "b.jpg")
    upload(old_client, folder)
    draw(folder, "c.jpg")
    upload(old_client, folder)
    assert old_client("client.get_filenames()")[2] == "c.jpg"
    initial, added = old_client("client.get_all_tags()")
    assert (initial["bit_mask_data"], added["bit_mask_data"]) == ("0x7", "0x4")
    assert old_client("client.get_filenames_in_tag(client.get_tag_by_id(tag))", tag=added["id"]) == ["c.jpg"]


@pytest.mark.parametrize(("mode", "stored_as"), [("thumbnails", "thumbnail"), ("metadata", "meta")])
@WHERE_IMAGES_ARE_UPLOADED
def test_less_than_the_images_can_be_uploaded(
    old_client: OfficialClient, tmp_path: Path, mode: str, stored_as: str
) -> None:
    upload(old_client, draw(tmp_path / "images", "a.jpg", "b.jpg"), mode)
    dataset = old_client("client.get_dataset_by_id(client.dataset_id)")
    assert (dataset["img_type"], dataset["n_samples"]) == (stored_as, 2)
    with pytest.raises(ClientRaised, match="no downloadable images"):
        old_client("client.download_dataset(target)", target=str(tmp_path / "back"))


@WHERE_IMAGES_ARE_UPLOADED
def test_an_upload_that_was_cut_off_is_completed(old_client: OfficialClient, tmp_path: Path) -> None:
    folder = draw(tmp_path / "images", "a.jpg", "b.jpg", "c.jpg")
    cut = """
client.create_dataset('photos')
from lightly.openapi_generated.swagger_client.models import SampleCreateRequest
for name in ("c.jpg", "a.jpg"):
    client._samples_api.create_sample_by_dataset_id(
        body=SampleCreateRequest(file_name=name, meta_data={"sharpness": 1.0}), dataset_id=client.dataset_id)
"""
    old_client(cut)
    assert old_client("client.get_all_tags()") == []
    upload(old_client, folder)
    assert old_client("client.get_filenames()")[:2] == ["c.jpg", "a.jpg"]
    assert old_client("client.get_all_tags()")[0]["bit_mask_data"] == "0x7"
    old_client("client.download_dataset(target)", target=str(tmp_path / "back"))
    assert len(list((tmp_path / "back").rglob("*.jpg"))) == 3


@WHERE_IMAGES_ARE_UPLOADED
def test_embeddings_are_uploaded_and_appended_to(old_client: OfficialClient, tmp_path: Path) -> None:
    folder = draw(tmp_path / "images", "a.jpg", "b.jpg")
    upload(old_client, folder)
    csv = write_embeddings(tmp_path / "first.csv", ["b.jpg", "a.jpg"])
    old_client("client.upload_embeddings(csv, 'default')", csv=str(csv))
    first = old_client("client.embedding_id")
    draw(folder, "c.jpg")
    upload(old_client, folder)
    csv = write_embeddings(tmp_path / "second.csv", ["c.jpg"])
    old_client("client.upload_embeddings(csv, 'default')", csv=str(csv))
    second = old_client("client.embedding_id")
    old_client("client.set_embedding_id_to_latest()")
    assert old_client("client.embedding_id") == second != first
    assert old_client("client.get_embedding_by_name('default').id") == first
    read = """
from urllib.request import urlopen
url = client._embeddings_api.get_embeddings_csv_read_url_by_id(client.dataset_id, client.embedding_id)
urlopen(url).read().decode()
"""
    rows = old_client(read).splitlines()
    assert sorted(row.partition(",")[0] for row in rows) == ["a.jpg", "b.jpg", "c.jpg", "filenames"]


def test_embeddings_of_both_times_are_handed_in(
    old_client: OfficialClient, user: ScriptUser, live: Deployment, tmp_path: Path
) -> None:
    hand_in(live, old_client, user, ["a.jpg", "sub/b.jpg"])
    csv = write_embeddings(tmp_path / "first.csv", ["sub/b.jpg", "a.jpg"])
    old_client("client.upload_embeddings(csv, 'default')", csv=str(csv))
    # Under the same name again: the client reads what is there and sends all of it under another.
    csv = write_embeddings(tmp_path / "second.csv", ["a.jpg", "sub/b.jpg"])
    old_client("client.upload_embeddings(csv, 'default')", csv=str(csv))
    listed = old_client("client._embeddings_api.get_embeddings_by_dataset_id(client.dataset_id)")
    assert len(listed) == 2
    assert all(one["name"].startswith("default") and one["is_processed"] for one in listed)
    embedder = user.native.datasets.get("photos").document.embedder
    assert embedder is not None
    assert embedder.name.startswith("uploaded: default_")


def test_embeddings_of_other_files_are_refused(
    old_client: OfficialClient, user: ScriptUser, live: Deployment, tmp_path: Path
) -> None:
    hand_in(live, old_client, user, ["a.jpg", "b.jpg"])
    csv = write_embeddings(tmp_path / "first.csv", ["a.jpg"])
    with pytest.raises(ClientRaised, match="1 rows in the embedding file"):
        old_client("client.upload_embeddings(csv, 'default')", csv=str(csv))
    send = """
import io
url = client._embeddings_api.get_embeddings_csv_write_url_by_id(client.dataset_id, name="default").signed_write_url
client.upload_file_with_signed_url(io.BytesIO(b"filenames,embedding_0,labels\\na.jpg,1,0\\n"), url)
"""
    with pytest.raises(ClientRaised, match="422"):
        old_client(send)


def test_metadata_is_attached_to_samples(old_client: OfficialClient, user: ScriptUser, live: Deployment) -> None:
    hand_in(live, old_client, user, ["a.jpg", "b.jpg"])
    coco: dict[str, Any] = {
        "images": [{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "b.jpg"}, {"id": 9, "file_name": "no.jpg"}],
        "metadata": [{"image_id": 7, "weather": {"t": 20.5}}, {"image_id": 8, "n": None}, {"image_id": 9}],
    }
    old_client("client.upload_custom_metadata(coco)", coco=coco)
    samples = old_client("client._samples_api.get_samples_by_dataset_id(client.dataset_id)")
    assert [one["custom_meta_data"] for one in samples] == [
        {"image_id": 7, "weather": {"t": 20.5}},
        {"image_id": 8, "n": None},
    ]


def test_what_metadata_to_show_is_kept(old_client: OfficialClient, user: ScriptUser, live: Deployment) -> None:
    hand_in(live, old_client, user, ["a.jpg"])
    make = """
from lightly.openapi_generated.swagger_client.models import ConfigurationEntry, ConfigurationValueDataType
entry = ConfigurationEntry(
    name="Weather", path="weather.t", default_value="unknown", value_data_type=ConfigurationValueDataType.NUMERIC_FLOAT)
client.create_custom_metadata_config("mine", [entry]).id
"""
    made = old_client(make)
    (found,) = old_client("client._metadata_configurations_api.get_meta_data_configurations(client.dataset_id)")
    assert (found["id"], found["name"], found["configs"][0]["path"]) == (made, "mine", "weather.t")


def test_scores_are_kept_with_a_tag(old_client: OfficialClient, user: ScriptUser, live: Deployment) -> None:
    hand_in(live, old_client, user, ["a.jpg", "b.jpg"])
    give = """
import numpy as np
tag = client.get_all_tags()[0].id
client.upload_scores({"uncertainty_margin": np.array([0.5, 1]), "object_frequency": np.array([2, 0.25])}, tag)
tag
"""
    tag = old_client(give)
    read = "client._scores_api.get_active_learning_scores_by_tag_id(client.dataset_id, tag)"
    assert sorted(one["score_type"] for one in old_client(read, tag=tag)) == ["object_frequency", "uncertainty_margin"]
    with pytest.raises(ClientRaised) as raised:
        old_client("client.upload_scores({'uncertainty_margin': np.array([0.5])}, tag)", tag=tag)
    assert (raised.value.status, raised.value.code) == (422, "SCORES_CANNOT_BE_SET")


def test_samples_are_chosen_by_a_worker(
    old_client: OfficialClient, user: ScriptUser, live: Deployment, worker: Any, tmp_path: Path
) -> None:
    names = [f"{number}.jpg" for number in range(8)]
    hand_in(live, old_client, user, names)
    csv = write_embeddings(tmp_path / "e.csv", names)
    old_client("client.upload_embeddings(csv, 'default')", csv=str(csv))
    first = old_client(CHOOSE, method="CORESET", n=3, name="first", before=None)
    assert bin(int(first["bit_mask_data"], 16)).count("1") == 3
    second = old_client(CHOOSE, method="RANDOM", n=5, name="second", before=first["id"])
    assert bin(int(second["bit_mask_data"], 16)).count("1") == 5
    assert int(second["bit_mask_data"], 16) & int(first["bit_mask_data"], 16) == int(first["bit_mask_data"], 16)
    with pytest.raises(ClientRaised, match="already exists"):
        old_client(CHOOSE, method="RANDOM", n=5, name="second", before=None)
    with pytest.raises(ClientRaised) as raised:
        old_client(CHOOSE, method="CORAL", n=5, name="third", before=None)
    assert (raised.value.status, raised.value.code) == (422, "SCORE_UNKNOWN")
    give = """
import numpy as np
everything = next(tag.id for tag in client.get_all_tags() if tag.name == "initial-tag")
client.upload_scores({"uncertainty_margin": np.arange(8) / 8}, everything)
"""
    old_client(give)
    highest = old_client(CHOOSE, method="ACTIVE_LEARNING", n=3, name="third", before=None)
    assert int(highest["bit_mask_data"], 16) == 0b11100000
    both = old_client(CHOOSE, method="CORAL", n=5, name="fourth", before=first["id"])
    assert bin(int(both["bit_mask_data"], 16)).count("1") == 5
    assert int(both["bit_mask_data"], 16) & int(first["bit_mask_data"], 16) == int(first["bit_mask_data"], 16)


@WHERE_IMAGES_ARE_UPLOADED
def test_the_agent_asks_again_and_again(
    old_client: OfficialClient, user: ScriptUser, live: Deployment, worker: Any, tmp_path: Path
) -> None:
    names = [f"{number}.jpg" for number in range(6)]
    upload(old_client, draw(tmp_path / "images", *names))
    csv = write_embeddings(tmp_path / "e.csv", names)
    old_client("client.upload_embeddings(csv, 'default')", csv=str(csv))
    begin = """
from lightly.active_learning.agents import ActiveLearningAgent
from lightly.active_learning.config.selection_config import SelectionConfig
from lightly.openapi_generated.swagger_client.models import SamplingMethod
agent = ActiveLearningAgent(client)
agent.query(SelectionConfig(n_samples=2, method=SamplingMethod.RANDOM, name="begin"))
agent.labeled_set
"""
    labeled = old_client(begin)
    assert len(labeled) == 2
    go_on = """
agent.query(SelectionConfig(n_samples=5, method=SamplingMethod.CORESET, name="go on"))
(agent.labeled_set, agent.added_set, agent.unlabeled_set)
"""
    now_labeled, added, unlabeled = old_client(go_on)
    assert sorted(now_labeled) == sorted([*labeled, *added])
    assert sorted([*now_labeled, *unlabeled]) == names
    assert (len(now_labeled), len(added), len(unlabeled)) == (5, 3, 1)


@WHERE_IMAGES_ARE_UPLOADED
@pytest.mark.parametrize("method", ["CORESET", "RANDOM", "CORAL", "ACTIVE_LEARNING"])
@pytest.mark.parametrize("query", [None, "query"])
@pytest.mark.parametrize("before", [None, "before"])
def test_the_agent_chooses_within_one_tag_beside_another(
    old_client: OfficialClient,
    user: ScriptUser,
    live: Deployment,
    worker: Any,
    tmp_path: Path,
    method: str,
    query: str | None,
    before: str | None,
) -> None:
    names = [f"{number}.jpg" for number in range(10)]
    hand_in(live, old_client, user, names)
    csv = write_embeddings(tmp_path / "e.csv", names)
    choose = """
from lightly.active_learning.agents import ActiveLearningAgent
from lightly.active_learning.config.selection_config import SelectionConfig
from lightly.active_learning.scorers.classification import ScorerClassification
import numpy as np
client.upload_embeddings(csv, "default")
client.create_tag_from_filenames([f"{number}.jpg" for number in range(2, 9)], "query")
client.create_tag_from_filenames(["1.jpg", "2.jpg"], "before")
agent = ActiveLearningAgent(client, query_tag_name=query or "initial-tag", preselected_tag_name=before)
if method in ("CORAL", "ACTIVE_LEARNING"):
    # As unsure as their names are high.
    rows = [[0.9 - 0.04 * int(name[0]), 0.1 + 0.04 * int(name[0])] for name in agent.query_set]
    scorer = ScorerClassification(model_output=np.array(rows))
else:
    scorer = None
agent.query(SelectionConfig(n_samples=6, method=method, name="chosen"), scorer)
(agent.query_set, agent.labeled_set, agent.added_set)
"""
    asked, labeled, added = old_client(choose, csv=str(csv), query=query, before=before, method=method)
    assert len(labeled) == 6
    assert len(added) == (4 if before else 6)
    assert set(added) <= set(asked)
    assert not {"1.jpg", "2.jpg"} & set(added) or before is None
    if method == "ACTIVE_LEARNING":
        left = sorted(set(asked) - ({"1.jpg", "2.jpg"} if before else set()))
        assert sorted(added) == left[-len(added) :]
