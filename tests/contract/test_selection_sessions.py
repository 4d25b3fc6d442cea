"""What strategies have to know reaches the process that selects alike, from the database and over HTTP in pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from swath.adapters import remote_selection
from swath.adapters.datasource import open_datasource
from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.adapters.parquet import ParquetTables
from swath.adapters.remote_selection import RemoteSelectionSession
from swath.client.transport import Transport
from swath.core.access import Scope
from swath.core.candidates import Candidates, CategoryValues, NumberValues, VectorValues
from swath.core.runs import RunState
from swath.pipeline.ports import SelectionSession
from swath.server.app import create_app
from swath.server.services import Services
from swath.store import catalog, queue, scores, tags
from swath.store.credentials import Vault
from swath.store.database import Store
from swath.store.home import Home
from swath.store.sample_metadata import SampleMetadata, keep_sample_metadata
from swath.store.selection_runs import SelectionPlan, schedule_selection, unit_of
from swath.store.selection_session import StoreSelectionSession
from swath.store.session import open_run
from swath.store.sharing import find_visible
from swath.store.tokens import issue_token
from swath.store.users import local_user
from swath.store.workers import register_worker
from swath.testing.session_contract import make_additions, vector_of
from swath.wire.run_config import SelectionConfig

IMAGES = {"a.jpg": 3, "b.jpg": 2, "c.jpg": 0, "d.jpg": 1}
"""Objects of each image; object p is a `big wheel` if p is even, else a `small wheel`."""

KEPT = [1, 4]
"""Crops, the second of `a.jpg` and the second of `b.jpg`, that count as chosen before."""

Ask = Callable[..., Candidates]


@pytest.fixture
def dataset(store: Store, home: Home) -> None:
    """`vehicles` and `vehicles-crops` of two runs, with metadata, scores and tags."""
    for additions in (make_additions({"a.jpg": 3, "b.jpg": 2, "c.jpg": 0}), make_additions({"d.jpg": 1})):
        session = open_run(
            store, home, run_config_json="{}", image_dataset_name="vehicles", input_uri="/data", output_uri="/data",
            task="wheels",
        )  # fmt: skip
        session.commit(additions)
        session.finish(RunState.COMPLETED, "done", "{}")
    with store.writing() as connection:
        owner_id = local_user(connection).id
        crops, images = (find_visible(connection, name, owner_id) for name in ("vehicles-crops", "vehicles"))
        tags.create_tag(connection, crops.id, name="kept", members=np.array(KEPT))
        tags.create_tag(connection, images.id, name="kept", members=np.array([1]))
        documents: tuple[dict[str, Any], ...] = ({"weather": {"sky": "grey"}, "speed": 3}, {"weather": {"sky": "blue"}})
        for index, document in enumerate(documents):
            keep_sample_metadata(connection, images.id, index, SampleMetadata(custom=document))
        keep_sample_metadata(connection, crops.id, 2, SampleMetadata(custom={"speed": -1.5, "bright": True}))
        for index in range(6):
            # Of the third crop nobody knows how sure it is.
            known = {} if index == 2 else {"uncertainty_margin": index / 10}
            found = SampleMetadata(scores={"wheels": known})
            keep_sample_metadata(connection, crops.id, index, found)
        of_image = {"uncertainty_margin": 0.9, "object_frequency": 0.95}
        found = SampleMetadata(scores={"wheels": of_image, "doors": {"uncertainty_margin": 0.7}})
        keep_sample_metadata(connection, images.id, 0, found)
        everything = tags.find_tag(connection, crops.id, "initial-tag")
        scores.keep_scores(connection, everything, "gut feeling", np.array([5.0, 4, 3, 2, 1, 0]))


@pytest.fixture(params=["database", "http"])
def ask(
    request: pytest.FixtureRequest, store: Store, home: Home, dataset: None, monkeypatch: pytest.MonkeyPatch
) -> Ask:
    """Schedules a selection by some strategies and answers what the process that selects is told."""

    def open_session(run_id: str, lease: int) -> SelectionSession:
        if request.param == "database":
            return StoreSelectionSession(store, home, run_id, lease)
        monkeypatch.setattr(remote_selection, "ROWS_AT_ONCE", 2)
        services = Services(
            store=store,
            home=home,
            vault=Vault.open(home),
            open_datasource=open_datasource,
            codec=PillowCodec(max_pixels=1_000_000),
            tables=ParquetTables(),
        )
        with store.writing() as connection:
            _, token = issue_token(connection, local_user(connection).id, name="test", scope=Scope.OWNER)
        client = TestClient(create_app(services), base_url="http://localhost")
        transport = Transport("http://localhost", token, patience_s=0.0, transport=client._transport)
        return RemoteSelectionSession(transport, run_id, lease)

    def candidates(
        *strategies: dict[str, Any], dataset: str = "vehicles-crops", kept: str | None = "kept"
    ) -> Candidates:
        with store.writing() as connection:
            owner_id = local_user(connection).id
            found = find_visible(connection, dataset, owner_id)
            selection = {"n_samples": 1, "unit": unit_of(found), "strategies": strategies}
            plan = SelectionPlan(
                dataset=found,
                selection=SelectionConfig.model_validate(selection),
                members=None,
                input_tag=None,
                preselected_tag=kept,
                new_tag=None,
                dry_run=True,
            )
            run_id = schedule_selection(connection, plan, owner_id=owner_id)
            worker = register_worker(connection, owner_id=owner_id, name="w", now=0)
            claim = queue.claim_run(connection, worker, serves_everybody=True, now=0, lease_ms=10**15).claim
        assert claim is not None
        return open_session(run_id, claim.run.lease).candidates()

    return candidates


def numbers(candidates: Candidates, strategy: int = 0) -> tuple[list[float], list[float]]:
    values = candidates.inputs[strategy].values
    assert isinstance(values, NumberValues)
    return values.values.tolist(), values.preselected.tolist()


def amounts(values: object) -> tuple[list[dict[str, float]], dict[str, float]]:
    """What each candidate has of each category, and what was chosen before."""
    assert isinstance(values, CategoryValues)
    of_units: list[dict[str, float]] = []
    for start, end in zip(values.starts[:-1], values.starts[1:], strict=True):
        places = values.categories[start:end]
        assert (np.diff(places) > 0).all()
        of_units.append({values.names[p]: amount for p, amount in zip(places, values.amounts[start:end], strict=True)})
    before = {name: amount for name, amount in zip(values.names, values.preselected.tolist(), strict=True) if amount}
    return of_units, before


def weights(**given: Any) -> dict[str, Any]:
    return {"type": "weights", "input": given}


def balance(**given: Any) -> dict[str, Any]:
    return {"type": "balance", "input": given}


def test_what_compares_the_samples_themselves_has_to_know_nothing(ask: Ask, store: Store, home: Home) -> None:
    found = ask({"type": "diversity"}, {"type": "random"}, weights(type="random", seed=3), {"type": "typicality"})
    assert [(one.values, one.query) for one in found.inputs] == [(None, None)] * 4
    vectors = catalog.read_vectors(store, home, "vehicles-crops")
    assert found.sample_indices.tolist() == [0, 2, 3, 5]
    assert np.array_equal(found.vectors, vectors[[0, 2, 3, 5]])
    assert np.array_equal(found.preselected, vectors[KEPT])
    samples = list(catalog.iter_samples(store, "vehicles-crops"))
    assert [bytes(key) for key in found.keys] == [samples[index].crop.object_key for index in found.sample_indices]


def test_crops_are_told_apart_by_image_and_category(ask: Ask) -> None:
    found = ask({"type": "diversity"})
    assert found.image_of is not None
    assert found.image_of.tolist() == [0, 0, 1, 3]
    assert amounts(found.categories) == (
        [{"big wheel": 1}, {"big wheel": 1}, {"big wheel": 1}, {"big wheel": 1}],
        {"small wheel": 2},
    )


def test_images_have_the_categories_of_their_predictions(ask: Ask) -> None:
    found = ask({"type": "diversity"}, balance(type="predictions"), dataset="vehicles")
    assert found.image_of is None
    for values in (found.categories, found.inputs[1].values):
        assert amounts(values) == (
            [{"big wheel": 2, "small wheel": 1}, {}, {"big wheel": 1}],
            {"big wheel": 1, "small wheel": 1},
        )


def test_metadata_is_that_of_the_crop_else_of_its_image(ask: Ask) -> None:
    found = ask(weights(type="metadata", key="speed"), kept=None)
    np.testing.assert_array_equal(numbers(found)[0], [3, 3, -1.5, np.nan, np.nan, np.nan])
    found = ask(balance(type="metadata", key="weather.sky"), balance(type="metadata", key="bright"))
    assert amounts(found.inputs[0].values) == ([{"grey": 1}, {"grey": 1}, {"blue": 1}, {}], {"grey": 1, "blue": 1})
    assert amounts(found.inputs[1].values) == ([{}, {"true": 1}, {}, {}], {})


def test_categories_that_a_balance_wants_are_there_whether_or_not_anything_is_of_them(ask: Ask) -> None:
    target = {"blue": 0.5, "black": 0.5}
    found = ask({**balance(type="metadata", key="weather.sky"), "target": target}).inputs[0].values
    assert isinstance(found, CategoryValues)
    assert found.names == ("black", "blue", "grey")


@pytest.mark.parametrize(
    ("key", "of_crops", "of_images"),
    [
        ("lightly.width", [21, 21, 21, 21], [640, 640, 640]),
        ("lightly.height", [11, 11, 11, 11], [480, 480, 480]),
        ("lightly.aspectRatio", [21 / 11] * 4, [640 / 480] * 3),
        ("lightly.area", [231] * 4, [640 * 480] * 3),
        ("lightly.sizeInBytes", [100] * 4, [1000] * 3),
    ],
)
def test_sizes_are_known_of_everything(
    ask: Ask, key: str, of_crops: Sequence[float], of_images: Sequence[float]
) -> None:
    assert numbers(ask(weights(type="metadata", key=key)))[0] == of_crops
    assert numbers(ask(weights(type="metadata", key=key), dataset="vehicles"))[0] == of_images


def test_scores_are_those_of_the_task_or_those_that_were_uploaded(ask: Ask) -> None:
    found = ask(
        weights(type="scores", task="wheels", score="uncertainty_margin"),
        weights(type="scores", score="uncertainty_margin"),
        weights(type="scores", score="gut feeling"),
        weights(type="metadata", key="scores.wheels.uncertainty_margin"),
    )
    for strategy in (0, 1, 3):
        np.testing.assert_array_equal(numbers(found, strategy)[0], [0, np.nan, 0.3, 0.5])
        assert numbers(found, strategy)[1] == [0.1, 0.4]
    assert numbers(found, 2) == ([5, 3, 2, 0], [4, 1])


def test_scores_that_only_images_have_are_those_of_their_crops(ask: Ask) -> None:
    found = ask(
        weights(type="scores", task="wheels", score="object_frequency"),
        weights(type="scores", task="doors", score="uncertainty_margin"),
    )
    for strategy, expected in enumerate((0.95, 0.7)):
        np.testing.assert_array_equal(numbers(found, strategy)[0], [expected, expected, np.nan, np.nan])
        np.testing.assert_array_equal(numbers(found, strategy)[1], [expected, np.nan])


def test_predictions_are_counted(ask: Ask) -> None:
    small = {"categories": ["small wheel"]}
    found = ask(
        weights(type="predictions", name="category_count"),
        weights(type="predictions", name="category_count", task="wheels", **small),
    )
    assert numbers(found, 0) == ([1, 1, 1, 1], [1, 1])
    assert numbers(found, 1) == ([0, 0, 0, 0], [1, 1])
    found = ask(
        {
            "type": "threshold",
            "threshold": 0,
            "operation": "bigger",
            "input": {"type": "predictions", "name": "category_count"},
        },
        weights(type="predictions", name="category_count", **small),
        dataset="vehicles",
    )
    assert numbers(found, 0) == ([3, 0, 1], [2])
    assert numbers(found, 1) == ([1, 0, 0], [1])


def test_objects_stand_for_their_images(ask: Ask, store: Store, home: Home) -> None:
    crops = catalog.read_vectors(store, home, "vehicles-crops")
    found = ask({"type": "diversity", "input": {"type": "embeddings", "of": "objects"}}, dataset="vehicles")
    values = found.inputs[0].values
    assert isinstance(values, VectorValues)
    assert values.unit_of_row is not None
    assert values.unit_of_row.tolist() == [0, 0, 0, 2]  # the image without objects has no row
    assert np.array_equal(values.vectors, crops[[0, 1, 2, 5]])
    assert np.array_equal(values.preselected, crops[[3, 4]])


def test_images_stand_for_their_crops(ask: Ask, store: Store, home: Home) -> None:
    images = catalog.read_vectors(store, home, "vehicles")
    found = ask({"type": "diversity", "input": {"type": "embeddings", "of": "images"}})
    values = found.inputs[0].values
    assert isinstance(values, VectorValues)
    assert values.unit_of_row is not None
    assert values.unit_of_row.tolist() == [0, 1, 2, 3]
    assert np.array_equal(values.vectors, images[[0, 0, 1, 3]])
    assert np.array_equal(values.preselected, images[[0, 1]])


def test_a_query_is_a_tag_of_any_dataset(ask: Ask, store: Store, home: Home) -> None:
    crops, images = (catalog.read_vectors(store, home, name) for name in ("vehicles-crops", "vehicles"))
    found = ask(
        {"type": "similarity", "query": {"dataset": "vehicles", "tag": "kept"}},
        {"type": "similarity", "query": {"dataset": "vehicles-crops", "tag": "initial-tag"}},
        {"type": "diversity"},
    )
    assert found.inputs[0].values is None
    assert np.array_equal(found.inputs[0].query, images[[1]])  # type: ignore[arg-type]
    assert np.array_equal(found.inputs[1].query, crops)  # type: ignore[arg-type]
    assert found.inputs[2].query is None


def test_an_object_in_two_crops_datasets_counts_once_and_stale_ones_not_at_all(
    ask: Ask, store: Store, home: Home
) -> None:
    session = open_run(
        store,
        home,
        run_config_json="{}",
        image_dataset_name="vehicles",
        input_uri="/data",
        output_uri="/data",
        task="wheels",
        crop_dataset_name="others",
    )
    # All of what `vehicles-crops` has of `b.jpg`, a second object of `d.jpg`, and `a.jpg` has changed meanwhile.
    session.commit(make_additions({"b.jpg": 2, "d.jpg": 2, "a.jpg": 1}, versions={"a.jpg": 2}))
    session.finish(RunState.COMPLETED, "done", "{}")
    found = ask({"type": "diversity", "input": {"type": "embeddings", "of": "objects"}}, dataset="vehicles", kept=None)
    values = found.inputs[0].values
    assert isinstance(values, VectorValues)
    assert values.unit_of_row is not None
    assert values.unit_of_row.tolist() == [0, 1, 1, 3, 3]
    live = {
        vector_of(bytes(sample.crop.object_key)).tobytes()
        for name in ("vehicles-crops", "others")
        for sample in catalog.iter_samples(store, name)
        if sample.crop is not None and not sample.crop.stale
    }
    assert {vector.tobytes() for vector in values.vectors} == live
    assert len(live) == 5
