"""Metadata that lies beside images: read for the keys that strategies ask for, and for no others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from swath.store import catalog
from swath.store.attaching import attach_metadata
from swath.store.sharing import find_dataset
from swath.wire.metadata import MetadataChange

Fixture = Any  # of conftest.py: Workplace and image()

METADATA = ".lightly/metadata/"


def put_values(place: Fixture, image: str, document: Any, **fields: Any) -> None:
    body = {"file_name": image, "type": "image", "metadata": document, **fields}
    place.put(f"{METADATA}{image.rsplit('.', 1)[0]}.json", json.dumps(body).encode())


def put_schema(place: Fixture, *keys: str, **defaults: Any) -> None:
    entries = [
        {"name": key, "path": key, "defaultValue": defaults.get(key), "valueDataType": "NUMERIC_FLOAT"} for key in keys
    ]
    place.put(f"{METADATA}schema.json", json.dumps(entries).encode())


@pytest.fixture
def street(place: Fixture, make_image: Any) -> Any:
    """Four images, darker from one to the next, the last two in the rain."""
    for seed, name in enumerate("abcd"):
        place.put(f"{name}.png", make_image(seed))
        put_values(place, f"{name}.png", {"light": {"lux": 40 - 10 * seed}, "sky": "rain" if seed > 1 else "sun"})
    put_schema(place, "light.lux", "sky")
    return place


def images_of(place: Fixture) -> list[str]:
    return sorted(sample.file_name for sample in catalog.iter_samples(place.store, "street"))


def by(key: str, kind: str = "weights", **fields: Any) -> dict[str, Any]:
    return {"type": kind, "input": {"type": "metadata", "key": key}, **fields}


def codes(result: Any) -> dict[str, int]:
    return {finding.code: finding.count for finding in result.findings}


def test_images_are_weighed_by_what_lies_beside_them(street: Fixture) -> None:
    result = street.run(task=None, strategies=[by("light.lux")], n_samples=2)
    assert images_of(street) == ["a.png", "b.png"]
    assert "metadata_lacking" not in codes(result)


def test_images_are_balanced_and_shut_out_by_it(street: Fixture) -> None:
    dark = by("light.lux", "threshold", threshold=35, operation="smaller")
    balanced = by("sky", "balance", target={"sun": 0.5, "rain": 0.5})
    street.run(task=None, strategies=[dark, balanced], n_samples=2)
    (first, second) = images_of(street)
    assert (first, second) in (("b.png", "c.png"), ("b.png", "d.png"))


def test_objects_have_what_is_known_of_their_image(street: Fixture) -> None:
    street.put_schema()
    for name in "abcd":
        street.put_predictions(f"{name}.png", [(4, 4, 16, 16)])
    street.run(strategies=[by("light.lux", strength=-1.0)], n_samples=1)
    assert images_of(street) == ["d.png"]


def test_what_a_file_does_not_say_is_the_default_of_the_schema(street: Fixture) -> None:
    put_schema(street, "light.lux", **{"light.lux": 35})
    put_values(street, "d.png", {"light": {"lux": None}})
    street.run(task=None, strategies=[by("light.lux")], n_samples=2)
    assert images_of(street) == ["a.png", "d.png"]


def test_files_that_cannot_be_used_are_told_and_cost_no_image(street: Fixture, make_image: Any) -> None:
    street.put(f"{METADATA}a.json", b"{")
    put_values(street, "b.png", {"light": {"lux": 99}}, file_name="b.jpg")
    street.put("e.png", make_image(9))
    result = street.run(task=None, strategies=[by("light.lux")], n_samples=2)
    assert images_of(street) == ["c.png", "d.png"]
    (found,) = (finding for finding in result.findings if finding.code == "metadata_lacking")
    assert (found.count, found.severity) == (3, "warning")
    assert [line.split(":")[0] for line in found.examples] == ["a.png", "b.png", "e.png"]
    assert "expected JSON" in found.examples[0]
    assert found.examples[1].endswith("`.lightly/metadata/b.json` is for another image")
    assert found.examples[2].endswith("there is no `.lightly/metadata/e.json`")


def test_keys_that_the_schema_has_not_are_refused_with_those_it_has(street: Fixture) -> None:
    result = street.run(task=None, strategies=[by("light.luxx")], n_samples=2)
    assert result.state == "FAILED"
    assert result.message == "`selection.strategies[0].input.key`: nothing is known under `light.luxx`"
    assert result.hint.startswith("did you mean `light.lux`?")


def test_a_schema_that_is_none_fails_the_run_by_its_place(street: Fixture) -> None:
    street.put(f"{METADATA}schema.json", b'[{"name": "lux"}]')
    result = street.run(task=None, strategies=[by("light.lux")], n_samples=2)
    assert result.state == "FAILED"
    assert result.message.startswith("`.lightly/metadata/schema.json` at `$[0].path`")


def test_what_people_attached_comes_before_what_files_say(street: Fixture) -> None:
    street.put_schema()
    for name in "abcd":
        street.put_predictions(f"{name}.png", [(4, 4, 16, 16), (20, 4, 12, 12)])
    street.run(n_samples=4, strategies=[by("light.lux")])
    assert images_of(street) == ["a.png", "b.png"]
    with street.store.writing() as connection:
        images = find_dataset(connection, "street")
        attach_metadata(connection, images, [MetadataChange(file_name="a.png", metadata={"light": {"lux": 1}})])
    for name in "abcd":
        street.put_predictions(f"{name}.png", [(4, 4, 16, 16), (20, 4, 12, 12), (0, 20, 9, 9)])
    street.run(n_samples=1, strategies=[by("light.lux")])
    crops = [sample.crop.parent_file_name for sample in catalog.iter_samples(street.store, "street-crops")]
    assert sorted(crops) == ["a.png", "a.png", "b.png", "b.png", "b.png"]


def test_files_are_read_only_where_a_strategy_asks(street: Fixture) -> None:
    street.run(task=None, strategies=[by("lightly.width")], n_samples=2)
    assert not [key for key in street.source.reads if key.startswith(METADATA)]
