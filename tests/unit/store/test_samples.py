from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from swath.core.additions import RunAdditions
from swath.store import samples as stored_samples
from swath.store.catalog import iter_samples
from swath.store.database import Store
from swath.testing.session_contract import image_digest, make_additions

Fixture = Any  # of conftest.py: CommitRun


def test_images_are_in_the_order_of_their_names_per_run(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"b.jpg": 1, "ä b.jpg": 0, "Z.jpg": 1}))
    commit_run(make_additions({"a.jpg": 1}))
    found = list(iter_samples(store, "vehicles"))
    assert [sample.file_name for sample in found] == ["Z.jpg", "b.jpg", "ä b.jpg", "a.jpg"]
    assert [sample.index for sample in found] == [0, 1, 2, 3]
    assert len({sample.id for sample in found}) == 4
    assert all(sample.crop is None for sample in found)
    first = found[0]
    assert (first.digest, first.width, first.height, first.byte_size) == (image_digest("Z.jpg"), 640, 480, 1000)
    assert first.thumbnail_key == ".lightly/thumbnails/Z.jpg"


def test_images_given_in_another_order_keep_their_vectors_and_crops(store: Store, commit_run: Fixture) -> None:
    commit_run(reversed_images(make_additions({"a.jpg": 1, "b.jpg": 2, "c.jpg": 3})))
    images = list(iter_samples(store, "vehicles"))
    assert [sample.file_name for sample in images] == ["a.jpg", "b.jpg", "c.jpg"]
    assert [sample.digest for sample in images] == [image_digest(sample.file_name) for sample in images]
    parents = [sample.crop.parent_file_name for sample in iter_samples(store, "vehicles-crops") if sample.crop]
    assert parents == ["a.jpg", "b.jpg", "b.jpg", "c.jpg", "c.jpg", "c.jpg"]


def reversed_images(additions: RunAdditions) -> RunAdditions:
    assert additions.crops is not None
    assert additions.predictions is not None
    images, last = additions.images, len(additions.images) - 1
    backwards = replace(
        images,
        file_names=images.file_names[::-1],
        digests=images.digests[::-1],
        thumbnail_keys=images.thumbnail_keys[::-1],
        vectors=images.vectors[::-1],
    )
    predictions = replace(additions.predictions, image_row=last - additions.predictions.image_row)
    crops = replace(additions.crops, image_row=last - additions.crops.image_row)
    return replace(additions, images=backwards, predictions=predictions, crops=crops)


def test_a_crop_says_what_it_is_a_crop_of(store: Store, commit_run: Fixture) -> None:
    additions = make_additions({"a.jpg": 4, "b.jpg": 3}, selected=[("b.jpg", 1), ("b.jpg", 2)])
    commit_run(additions)
    parent = next(sample for sample in iter_samples(store, "vehicles") if sample.file_name == "b.jpg")
    one, two = iter_samples(store, "vehicles-crops")
    assert one.crop is not None
    assert two.crop is not None
    assert additions.predictions is not None
    assert one.crop.parent_sample_id == two.crop.parent_sample_id == parent.id
    assert one.crop.parent_file_name == "b.jpg"
    assert one.crop.object_key == additions.predictions.key[5].tobytes()
    assert (one.crop.task, one.crop.position, one.crop.category_id, one.crop.score) == ("wheels", 1, 1, 0.5)
    assert (one.crop.box, one.crop.crop_rect) == ((1.0, 1.0, 21.5, 11.5), (1, 1, 22, 12))
    assert (one.width, one.height, one.byte_size, one.digest) == (21, 11, 100, b"")
    assert (one.crop.padding, one.crop.stale) == (0.1, False)
    assert two.crop.score is None


def test_a_corrected_prediction_file_moves_its_crops(store: Store, commit_run: Fixture) -> None:
    commit_run(make_additions({"a.jpg": 3}))
    again = make_additions({"a.jpg": 3}, selected=[])
    assert again.predictions is not None
    # The same boxes in the other order, with other scores.
    corrected = replace(again.predictions, position=np.array([2, 1, 0], np.int32), score=np.array([0.1, 0.2, 0.3]))
    commit_run(replace(again, predictions=corrected))
    crops = [sample.crop for sample in iter_samples(store, "vehicles-crops")]
    assert [(crop.position, crop.score) for crop in crops if crop] == [(2, 0.1), (1, 0.2), (0, 0.3)]


def test_crops_are_live_again_when_the_old_bytes_are_back(store: Store, commit_run: Fixture) -> None:
    def stale() -> list[bool]:
        return [sample.crop.stale for sample in iter_samples(store, "vehicles-crops") if sample.crop]

    commit_run(make_additions({"a.jpg": 1}))
    commit_run(make_additions({"a.jpg": 1}, versions={"a.jpg": 2}))
    assert stale() == [True, False]
    commit_run(make_additions({"a.jpg": 1}))
    assert stale() == [False, True]


def test_an_object_given_twice_is_added_once(store: Store, commit_run: Fixture) -> None:
    additions = make_additions({"a.jpg": 2})
    assert additions.crops is not None
    crops = additions.crops
    twice = [0, 0, 1]
    doubled = replace(
        crops,
        file_names=("one", "two", "three"),
        crop_keys=crops.crop_keys[twice],
        image_row=crops.image_row[twice],
        prediction_row=crops.prediction_row[twice],
        byte_sizes=crops.byte_sizes[twice],
        thumbnail_keys=("", "", ""),
        vectors=crops.vectors[twice],
    )
    receipt = commit_run(replace(additions, crops=doubled))
    assert receipt.crops_added == 2
    assert [sample.file_name for sample in iter_samples(store, "vehicles-crops")] == ["one", "three"]


@pytest.mark.parametrize("page_size", [1, 3, 4, 100])
def test_pages_leave_nothing_out(
    store: Store, commit_run: Fixture, monkeypatch: pytest.MonkeyPatch, page_size: int
) -> None:
    commit_run(make_additions({"a.jpg": 4, "b.jpg": 5}))
    receipt = commit_run(make_additions({"c.jpg": 3}))
    monkeypatch.setattr(stored_samples, "PAGE_SIZE", page_size)
    assert [sample.index for sample in iter_samples(store, "vehicles-crops")] == list(range(12))
    of_tag = iter_samples(store, "vehicles-crops", receipt.tag_names[1])
    assert [sample.index for sample in of_tag] == [9, 10, 11]


def test_names_of_any_kind_and_length_come_back(store: Store, commit_run: Fixture) -> None:
    names = ["a/" + "n" * 698, "späte Äpfel/猫 🐈.jpg", "'; DROP TABLE samples; --.jpg", "a\nb.jpg", "100%_.jpg"]
    commit_run(make_additions(dict.fromkeys(names, 1)))
    assert {sample.file_name for sample in iter_samples(store, "vehicles")} == set(names)
    parents = {sample.crop.parent_file_name for sample in iter_samples(store, "vehicles-crops") if sample.crop}
    assert parents == set(names)
