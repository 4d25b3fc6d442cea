"""Selections by every strategy, as the official clients ask for them, done by a worker on photos."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end.lightly.conftest import ScriptUser
from tests.end_to_end.lightly.test_schedules import point_at
from tests.end_to_end.lightly.test_uploads import CHOOSE
from tests.support.deployment import Deployment
from tests.support.official_client import OfficialClient, only_new, only_old

pytestmark = pytest.mark.slow

PHOTOS = 8
WEATHER = ("sun", "rain")


def name_of(number: int) -> str:
    return f"photo_{number}.jpg"


def doubt_of(number: int) -> float:
    """How unsure the weather of a photo is: the margin between its probabilities is what is left of 1."""
    return round(0.1 + 0.1 * number, 2)


def write_metadata(folder: Path, number: int, document: Any) -> None:
    path = folder / ".lightly" / "metadata" / f"photo_{number}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


@pytest.fixture(scope="module")
def photos(live: Deployment, open_photos: Any) -> Any:
    """Photos with one to eight objects each, and weather: sun in the first six, the surer the lower the number.

    The last two are wider than the others.
    """
    photos = open_photos(live.folder / "photos")
    photos.write_tasks(["vehicles", "weather"])
    photos.write_schema(["car", "truck", "bus"], task="vehicles")
    photos.write_schema(WEATHER, task="weather", kind="classification")
    for number in range(PHOTOS):
        name = name_of(number)
        boxes = [(4 + 12 * place, 6 + 8 * place, 20 + 3 * place, 18) for place in range(1 + number % 4)]
        photos.add(name, boxes, size=(256 if number >= 6 else 160, 96))
        high = 1 - doubt_of(number) / 2
        sky = {"category_id": int(number >= 6), "probabilities": [high, 1 - high] if number < 6 else [1 - high, high]}
        photos.predict_document(name, {"file_name": name, "predictions": [sky]}, task="weather")
        road = {"weather": {"temperature": 10 + number}, "road": ("wet", "dry")[number % 2]}
        write_metadata(photos.root, number, {"file_name": name, "type": "image", "metadata": road})
    entries = [
        {"name": "Temperature", "path": "weather.temperature", "defaultValue": 0, "valueDataType": "NUMERIC_FLOAT"},
        {"name": "Road", "path": "road", "defaultValue": "dry", "valueDataType": "CATEGORICAL_STRING"},
    ]
    (photos.root / ".lightly" / "metadata" / "schema.json").write_text(json.dumps(entries))
    return photos


def run(client: OfficialClient, user: ScriptUser, photos: Any, *, name: str = "photos", **given: Any) -> Any:
    """The run that a client schedules on a fresh dataset, when it is over. Raises RunFailed if it failed."""
    client("client.create_dataset(name)", name=name)
    point_at(client, photos.root.name)
    scheduled_id = client("client.schedule_compute_worker_run(**given)", given=given)
    user.native.runs.get(scheduled_id).wait(timeout=120)
    return user.native.runs.get(scheduled_id)


def select(
    client: OfficialClient, user: ScriptUser, photos: Any, *strategies: Any, name: str = "photos", **sizes: Any
) -> Any:
    """A run with a `selection_config`."""
    return run(client, user, photos, name=name, selection_config={**sizes, "strategies": list(strategies)})


def entry(source: dict[str, Any], rule: dict[str, Any]) -> dict[str, Any]:
    return {"input": source, "strategy": rule}


def selected(client: OfficialClient) -> list[str]:
    """The names of the images in the dataset at hand."""
    return sorted(client("client.get_filenames()"))


def names(numbers: Sequence[int]) -> list[str]:
    return sorted(map(name_of, numbers))


def scores(score: str, task: str = "weather") -> dict[str, str]:
    return {"type": "SCORES", "task": task, "score": score}


# --- scores ---------------------------------------------------------------------------------------------------------


@only_old
def test_active_learning_of_old_takes_what_is_least_sure(
    old_client: OfficialClient, user: ScriptUser, worker: Any, photos: Any
) -> None:
    config = {
        "method": "active_learning",
        "active_learning": {"task_name": "weather", "score_name": "uncertainty_margin"},
        "stopping_condition": {"n_samples": 3, "min_distance": -1},
    }
    run(old_client, user, photos, worker_config=config)
    assert selected(old_client) == names([5, 6, 7])


@only_old
def test_coral_of_old_selects_objects_by_distance_and_scores(
    old_client: OfficialClient, user: ScriptUser, worker: Any, photos: Any
) -> None:
    config = {
        "object_level": {"task_name": "vehicles"},
        "method": "coral",
        "active_learning": {"task_name": "vehicles", "score_name": "uncertainty_least_confidence"},
        "stopping_condition": {"n_samples": 5, "min_distance": -1},
    }
    done = run(old_client, user, photos, worker_config=config)
    assert (done.result.objects.used, done.result.crop_dataset.added) == (20, 5)
    kinds = [strategy["type"] for strategy in done.document.config["selection"]["strategies"]]
    assert kinds == ["diversity", "weights"]


@only_old
def test_object_frequency_of_old_takes_images_with_many_objects(
    old_client: OfficialClient, user: ScriptUser, worker: Any, photos: Any
) -> None:
    config = {
        "method": "active_learning",
        "scorer": "object-frequency",
        "scorer_config": {"frequency_penalty": 0.25, "min_score": 0.5},
        "active_learning": {"task_name": "vehicles"},
        "stopping_condition": {"n_samples": 2},
    }
    run(old_client, user, photos, worker_config=config)
    assert selected(old_client) == names([3, 7])


@only_new
def test_a_sum_of_scores_is_enough(old_client: OfficialClient, user: ScriptUser, worker: Any, photos: Any) -> None:
    rule = {"type": "WEIGHTS", "stopping_condition_max_sum": 1.5}
    select(old_client, user, photos, entry(scores("uncertainty_margin"), rule), n_samples=-1)
    # 0.8 and 0.7: with the second one it is reached.
    assert selected(old_client) == names([6, 7])


@only_new
def test_scores_of_a_run_are_read_by_a_strict_client(
    old_client: OfficialClient, user: ScriptUser, worker: Any, photos: Any
) -> None:
    select(old_client, user, photos, entry(scores("uncertainty_margin"), {"type": "WEIGHTS"}), proportion_samples=1.0)
    api = "client._scores_api"
    listed = old_client(f"{api}.get_active_learning_v2_scores_by_dataset_id(client.dataset_id)")
    margin = next(one for one in listed if (one["task_name"], one["score_type"]) == ("weather", "uncertainty_margin"))
    read = f"{api}.get_active_learning_v2_score_by_dataset_and_score_id(client.dataset_id, i).scores"
    found = dict(zip(old_client("client.get_filenames()"), old_client(read, i=margin["id"]), strict=True))
    assert found == pytest.approx({name_of(number): doubt_of(number) for number in range(PHOTOS)})
    chosen = old_client(CHOOSE, method="ACTIVE_LEARNING", n=3, name="least sure", before=None)
    assert sorted(old_client("client.get_filenames_in_tag(client.get_tag_by_id(i))", i=chosen["id"])) == names(
        [5, 6, 7]
    )


# --- several strategies ---------------------------------------------------------------------------------------------


@only_new
def test_images_objects_scores_and_balance_go_together(
    old_client: OfficialClient, user: ScriptUser, worker: Any, photos: Any
) -> None:
    done = select(
        old_client,
        user,
        photos,
        entry({"type": "EMBEDDINGS"}, {"type": "DIVERSITY"}),
        entry({"type": "EMBEDDINGS", "task": "vehicles"}, {"type": "DIVERSITY", "strength": 0.5}),
        entry(scores("uncertainty_entropy"), {"type": "WEIGHTS", "strength": 2.0}),
        entry(
            {"type": "PREDICTIONS", "task": "weather", "name": "CLASS_DISTRIBUTION"},
            {"type": "BALANCE", "target": {"sun": 0.5, "rain": 0.5}},
        ),
        n_samples=4,
    )
    chosen = selected(old_client)
    assert len(chosen) == 4
    # Rain is rare: both photos of it bring the sky into balance.
    assert {name_of(6), name_of(7)} < set(chosen)
    objects = sum(1 + int(name[6]) % 4 for name in chosen)
    assert (done.result.image_dataset.added, done.result.crop_dataset.added) == (4, objects)
    kinds = {d["name"]: d["type"] for d in old_client("client.get_datasets()")}
    assert kinds == {"photos": "Images", "photos-crops": "Crops"}


@only_new
def test_typicality_of_objects_and_random_numbers_go_together(
    old_client: OfficialClient, user: ScriptUser, worker: Any, photos: Any
) -> None:
    done = select(
        old_client,
        user,
        photos,
        entry({"type": "EMBEDDINGS", "task": "vehicles"}, {"type": "TYPICALITY", "num_nearest_neighbors": 3}),
        entry({"type": "RANDOM", "random_seed": 7}, {"type": "WEIGHTS", "strength": 0.1}),
        proportion_samples=0.5,
    )
    assert done.result.image_dataset.added == 4


# --- what shuts out -------------------------------------------------------------------------------------------------


@only_new
def test_thresholds_shut_out_whatever_else_is_asked(
    old_client: OfficialClient, user: ScriptUser, worker: Any, photos: Any
) -> None:
    wide = {"type": "THRESHOLD", "threshold": 200, "operation": "BIGGER"}
    select(old_client, user, photos, entry({"type": "METADATA", "key": "lightly.width"}, wide), n_samples=-1)
    assert selected(old_client) == names([6, 7])
    objects = {"type": "PREDICTIONS", "task": "vehicles", "name": "CATEGORY_COUNT", "categories": ["car", "truck"]}
    two = {"type": "THRESHOLD", "threshold": 2, "operation": "BIGGER_EQUAL"}
    select(
        old_client,
        user,
        photos,
        entry(objects, two),
        entry({"type": "EMBEDDINGS"}, {"type": "DIVERSITY"}),
        name="counted",
        n_samples=100,
    )
    assert selected(old_client) == names([1, 2, 3, 5, 6, 7])


# --- metadata -------------------------------------------------------------------------------------------------------


@only_new
def test_metadata_beside_the_images_is_selected_by(
    old_client: OfficialClient, user: ScriptUser, worker: Any, photos: Any
) -> None:
    select(
        old_client,
        user,
        photos,
        entry({"type": "METADATA", "key": "weather.temperature"}, {"type": "WEIGHTS", "strength": 3.0}),
        entry({"type": "METADATA", "key": "road"}, {"type": "BALANCE", "target": {"wet": 0.5, "dry": 0.5}}),
        n_samples=2,
    )
    # The two warmest photos of a wet and of a dry road.
    assert selected(old_client) == names([6, 7])


# --- similarity -----------------------------------------------------------------------------------------------------


@only_new
def test_what_is_like_the_samples_of_a_tag_is_found(
    old_client: OfficialClient, user: ScriptUser, worker: Any, photos: Any
) -> None:
    select(
        old_client, user, photos, entry({"type": "RANDOM"}, {"type": "WEIGHTS"}), name="known", proportion_samples=1.0
    )
    query = old_client("client.dataset_id")
    old_client("client.create_tag_from_filenames(names, 'wanted')", names=names([2, 5]))
    like = {"type": "EMBEDDINGS", "dataset_id": query, "tag_name": "wanted"}
    select(old_client, user, photos, entry(like, {"type": "SIMILARITY"}), name="found", n_samples=2)
    assert selected(old_client) == names([2, 5])


@only_new
def test_images_with_objects_like_the_crops_of_a_tag_are_found(
    old_client: OfficialClient, user: ScriptUser, worker: Any, photos: Any
) -> None:
    by_objects = entry({"type": "EMBEDDINGS", "task": "vehicles"}, {"type": "DIVERSITY"})
    select(old_client, user, photos, by_objects, name="known", proportion_samples=1.0)
    old_client("client.set_dataset_id_by_name('known-crops')")
    wanted = [name for name in old_client("client.get_filenames()") if "photo_3" in name][-1:]
    old_client("client.create_tag_from_filenames(wanted, 'wanted')", wanted=wanted)
    like = {
        "type": "EMBEDDINGS",
        "task": "vehicles",
        "dataset_id": old_client("client.dataset_id"),
        "tag_name": "wanted",
    }
    select(old_client, user, photos, entry(like, {"type": "SIMILARITY"}), name="found", n_samples=1)
    assert selected(old_client) == names([3])
