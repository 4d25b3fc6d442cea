from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.store import schema
from swath.store.catalog import describe_dataset, read_vectors
from swath.store.database import Store
from swath.store.datasets import Dataset, create_empty_dataset, dataset_by_id
from swath.store.deletion import delete_dataset, delete_files
from swath.store.exports import export_embeddings_csv
from swath.store.home import Home
from swath.store.sample_metadata import SampleMetadata, sample_metadata_of
from swath.store.samples import iter_samples
from swath.store.sharing import find_dataset
from swath.store.sweep import sweep
from swath.store.tags import find_tag, tag_members
from swath.store.uploaded_embeddings import announce_embedding, receive_embeddings
from swath.store.uploads import (
    NewSample,
    StoredAs,
    add_sample,
    check_file_name,
    complete_first_upload,
    complete_upload,
    files_folder,
    has_arrived,
    has_initial_tag,
    record_file,
    record_thumbnail,
    settle_datasource,
)
from swath.store.users import local_user
from swath.testing.session_contract import make_additions, make_image_additions

Fixture = Any  # of conftest.py: CommitRun


@pytest.fixture
def photos(store: Store, home: Home) -> Dataset:
    """An empty dataset that keeps its uploads in the home."""
    with store.writing() as connection:
        dataset = create_empty_dataset(connection, owner_id=local_user(connection).id, name="photos")
        return settle_datasource(connection, home, dataset)


def add(store: Store, dataset: Dataset, *names: str) -> list[str]:
    with store.writing() as connection:
        return [add_sample(connection, now(store, dataset), NewSample(file_name=name)) for name in names]


def now(store: Store, dataset: Dataset) -> Dataset:
    """The dataset as it is by now."""
    with store.reading() as connection:
        found = dataset_by_id(connection, dataset.id)
    assert found is not None
    return found


def arrived(store: Store, home: Home, dataset: Dataset) -> list[str]:
    with store.reading() as connection:
        query = sa.select(schema.samples.c.file_name).where(
            schema.samples.c.dataset_id == dataset.id, has_arrived(home, now(store, dataset))
        )
        return sorted(connection.execute(query).scalars())


def put_file(store: Store, dataset: Dataset, sample_id: str) -> None:
    with store.writing() as connection:
        record_file(connection, dataset, sample_id, digest=b"d" * 32, width=640, height=480, byte_size=1000)


def test_samples_get_indices_in_the_order_in_which_they_come(store: Store, photos: Dataset) -> None:
    ids = add(store, photos, "b.jpg", "sub/a.jpg", "c, d.jpg")
    samples = list(iter_samples(store, photos.id))
    assert [(one.id, one.index, one.file_name) for one in samples] == [
        (ids[0], 0, "b.jpg"),
        (ids[1], 1, "sub/a.jpg"),
        (ids[2], 2, "c, d.jpg"),
    ]
    assert {len(one.digest) for one in samples} == {32}
    assert len({one.digest for one in samples}) == 3


def test_a_sample_that_is_there_is_found_by_its_name(store: Store, photos: Dataset) -> None:
    first = add(store, photos, "a.jpg", "b.jpg")
    with store.writing() as connection:
        again = NewSample(file_name="b.jpg", metadata=SampleMetadata(custom={"weather": "fog"}))
        assert add_sample(connection, now(store, photos), again) == first[1]
    assert now(store, photos).sample_count == 2
    with store.reading() as connection:
        assert sample_metadata_of(connection, photos.id) == {1: SampleMetadata(custom={"weather": "fog"})}


BAD_NAMES = (
    ["", "/etc/passwd", "../a.jpg", "a/../../b.jpg", "./a.jpg", "a//b.jpg", "a/", "a\\b.jpg", "a\nb.jpg", "a\0.jpg"],
    [".lightly/thumbnails/a.jpg", "\ud800.jpg", "x" * 300, "a/" * 600 + "b"],
)


@pytest.mark.parametrize("name", [name for some in BAD_NAMES for name in some])
def test_names_that_leave_the_folder_or_cannot_be_files_are_refused(name: str) -> None:
    with pytest.raises(InvalidConfig, match="cannot be the name of a sample"):
        check_file_name(name)


def test_only_samples_whose_files_have_arrived_need_not_be_sent_again(
    store: Store, home: Home, photos: Dataset
) -> None:
    ids = add(store, photos, "a.jpg", "b.jpg", "c.jpg")
    put_file(store, photos, ids[1])
    assert arrived(store, home, photos) == ["b.jpg"]
    with store.writing() as connection:
        complete_first_upload(connection, photos, StoredAs.FULL)
    assert arrived(store, home, photos) == ["b.jpg"]


def test_what_has_to_arrive_depends_on_what_the_upload_leaves_of_images(
    store: Store, home: Home, photos: Dataset
) -> None:
    ids = add(store, photos, "a.jpg", "b.jpg")
    with store.writing() as connection:
        record_thumbnail(connection, photos, ids[0], ".lightly/thumbnails/a.webp", width=128, height=64)
        complete_first_upload(connection, photos, StoredAs.THUMBNAIL)
    assert arrived(store, home, photos) == ["a.jpg"]
    assert [(one.width, one.height) for one in iter_samples(store, photos.id)] == [(128, 64), (0, 0)]
    with store.writing() as connection:
        connection.execute(sa.update(schema.datasets).values(stored_as="meta"))
    assert arrived(store, home, photos) == ["a.jpg", "b.jpg"]


def test_the_first_upload_is_completed_once(store: Store, photos: Dataset) -> None:
    add(store, photos, "a.jpg")
    with store.writing() as connection:
        assert not has_initial_tag(connection, photos)
        tag = complete_first_upload(connection, photos, StoredAs.META)
    assert (tag.name, tag.member_count) == ("initial-tag", 1)
    assert now(store, photos).stored_as == "meta"
    with store.writing() as connection, pytest.raises(Conflict, match="has an `initial-tag` already"):
        complete_first_upload(connection, now(store, photos), StoredAs.FULL)


def test_a_further_upload_is_tagged_and_initial_tag_is_everything(store: Store, photos: Dataset) -> None:
    add(store, photos, "a.jpg", "b.jpg")
    with store.writing() as connection:
        complete_first_upload(connection, photos, StoredAs.FULL)
    members = []
    for names, tag_name in ((["c.jpg"], "second"), (["d.jpg", "e.jpg"], "third"), ([], "fourth")):
        add(store, photos, *names)
        with store.writing() as connection:
            tag = complete_upload(connection, now(store, photos), tag_name)
            members.append(tag_members(connection, tag).tolist())
    assert members == [[2], [3, 4], []]
    with store.reading() as connection:
        assert find_tag(connection, photos.id, "initial-tag").member_count == 5
    assert now(store, photos).stored_as == "full"


def test_nothing_is_uploaded_to_crops_and_to_what_runs_embedded(store: Store, home: Home, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 1}))
    for name, why in (("vehicles-crops", "holds crops"), ("vehicles", "a run made the embeddings")):
        with store.writing() as connection:
            dataset = find_dataset(connection, name)
            with pytest.raises(Conflict, match=why):
                add_sample(connection, dataset, NewSample(file_name="b.jpg"))


def test_vectors_are_forgotten_when_samples_without_any_come(store: Store, home: Home, photos: Dataset) -> None:
    add(store, photos, "a.jpg", "b.jpg")
    with store.writing() as connection:
        embedding = announce_embedding(connection, photos.id, "default")
    file = home.root / "arrived.csv"
    file.write_text("filenames,embedding_0,embedding_1,labels\na.jpg,1,2,0\nb.jpg,3,4,0\n")
    receive_embeddings(store, home, embedding, file)
    assert read_vectors(store, home, "photos").tolist() == [[1, 2], [3, 4]]
    add(store, photos, "b.jpg")
    assert len(read_vectors(store, home, "photos")) == 2
    add(store, photos, "c.jpg")
    assert len(read_vectors(store, home, "photos")) == 0
    assert now(store, photos).embedder_id is None


def test_the_same_vectors_elsewhere_are_others(store: Store, home: Home, photos: Dataset) -> None:
    with store.writing() as connection:
        other = create_empty_dataset(connection, owner_id=local_user(connection).id, name="others")
        settle_datasource(connection, home, other)
    for dataset, name in ((photos, "mine"), (other, "theirs")):
        add(store, dataset, "a.jpg")
        with store.writing() as connection:
            embedding = announce_embedding(connection, dataset.id, name)
        file = home.root / "arrived.csv"
        file.write_text("filenames,embedding_0,labels\na.jpg,1,0\n")
        receive_embeddings(store, home, embedding, file)
    summaries = [describe_dataset(store, dataset.name).embedder for dataset in (photos, other)]
    assert [summary and summary.name for summary in summaries] == ["uploaded: mine", "uploaded: theirs"]


def test_no_run_adds_to_what_was_uploaded_without_embeddings(store: Store, photos: Dataset, start_run: Fixture) -> None:
    add(store, photos, "a.jpg")
    run = start_run("photos", task=None, input_uri=photos.input_uri, output_uri=photos.output_uri)
    with pytest.raises(Conflict, match="was filled by an upload"):
        run.commit(make_image_additions(["b.jpg"]))


def test_uploaded_files_go_with_their_dataset(store: Store, home: Home, photos: Dataset) -> None:
    add(store, photos, "sub/a.jpg")
    folder = files_folder(home, photos.id)
    (folder / "sub").mkdir()
    (folder / "sub" / "a.jpg").write_bytes(b"x")
    [deleted] = delete_dataset(store, home, "photos")
    assert delete_files(deleted, lambda location: pytest.fail(location)) == []
    assert list(home.uploads.iterdir()) == []


def test_a_sweep_takes_uploads_of_datasets_that_are_gone(store: Store, home: Home, photos: Dataset) -> None:
    gone = home.uploads / ("0" * 24)
    gone.mkdir()
    (gone / "a.jpg").write_bytes(b"x")
    assert sweep(store, home) == [gone]
    assert files_folder(home, photos.id).is_dir()


def test_files_of_samples_that_are_not_there_are_refused(store: Store, photos: Dataset) -> None:
    with pytest.raises(NotFound, match="there is no sample `0000"):
        put_file(store, photos, "0" * 24)


def test_metadata_is_changed_part_by_part(store: Store, photos: Dataset) -> None:
    everything = SampleMetadata(custom={"n": 1}, measured={"snr": 1.5}, exif={"Make": "\0"}, video_frame={})
    with store.writing() as connection:
        add_sample(connection, photos, NewSample(file_name="a.jpg", metadata=everything))
        add_sample(connection, photos, NewSample(file_name="a.jpg", metadata=SampleMetadata(custom={"m": [1, None]})))
        add_sample(connection, photos, NewSample(file_name="b.jpg"))
    expected = SampleMetadata(custom={"m": [1, None]}, measured={"snr": 1.5}, exif={"Make": "\0"}, video_frame={})
    with store.reading() as connection:
        assert sample_metadata_of(connection, photos.id) == {0: expected}
        assert sample_metadata_of(connection, photos.id, np.array([1]).tolist()) == {}


def test_embeddings_that_are_not_there_are_not_exported(store: Store, home: Home, photos: Dataset) -> None:
    assert "".join(export_embeddings_csv(store, home, "photos", None)).splitlines() == ["filenames,labels"]
    add(store, photos, "a.jpg")
    with pytest.raises(Conflict, match="`photos` has no embeddings"):
        export_embeddings_csv(store, home, "photos", None)
