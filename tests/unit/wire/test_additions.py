from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swath.core.additions import RunAdditions, UsedFile
from swath.core.errors import InvalidConfig
from swath.testing.session_contract import make_additions, make_image_additions, with_scores
from swath.wire import additions as wire
from swath.wire.additions import (
    AdditionsManifest,
    read_additions,
    read_used_files,
    write_manifest,
    write_parts,
    write_used_files,
)
from swath.wire.columns import read_columns, write_columns


def assert_same(found: Any, expected: Any) -> None:
    if is_dataclass(expected):
        for field in fields(expected):
            assert_same(getattr(found, field.name), getattr(expected, field.name))
    elif isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    else:
        assert found == expected


def carried(additions: RunAdditions) -> RunAdditions:
    manifest = AdditionsManifest.model_validate_json(write_manifest(additions).model_dump_json())
    parts = dict(write_parts(additions))
    assert sorted(parts) == sorted(manifest.part_names())
    return read_additions(manifest, parts.__getitem__)


def test_additions_come_back_as_they_were() -> None:
    additions = make_additions({"a.jpg": 3, "b\udcff.jpg": 0, "ü.jpg": 4}, selected=[("a.jpg", 1), ("ü.jpg", 3)])
    assert_same(carried(additions), additions)


def test_scores_come_back_with_their_names_in_any_number_of_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    additions = with_scores(make_additions({"a.jpg": 3, "b.jpg": 4}))
    assert_same(carried(additions), additions)
    monkeypatch.setattr(wire, "MAX_PART_ROWS", 2)
    assert_same(carried(additions), additions)


def test_scores_that_the_manifest_does_not_name_so_are_refused() -> None:
    additions = with_scores(make_additions({"a.jpg": 3}))
    manifest, parts = write_manifest(additions), dict(write_parts(additions))
    for names in ((("wheels", "entropy"),), (("wheels", "entropy"), ("wheels", "entropy"))):
        with pytest.raises(InvalidConfig):
            read_additions(manifest.model_copy(update={"crop_scores": names}), parts.__getitem__)


def test_additions_without_objects_come_back() -> None:
    additions = make_image_additions(["a.jpg", "b.jpg"])
    assert_same(carried(additions), additions)


def test_additions_that_add_nothing_come_back() -> None:
    seen = UsedFile(
        key="a.jpg", image_digest=b"i" * 32, prediction_digest=b"", outcome="predictions_missing", modified_at=1 << 41
    )
    assert_same(carried(make_additions({}, also_used=[seen])), make_additions({}, also_used=[seen]))
    assert_same(carried(make_image_additions([])), make_image_additions([]))


def test_used_files_of_a_program_that_knows_no_times_are_read() -> None:
    seen = UsedFile(key="a.jpg", image_digest=b"i" * 32, prediction_digest=b"", outcome="used")
    document = read_columns(write_used_files([seen]), what="used files")
    earlier = {name: document.blobs(name) for name in ("key", "image_digest", "prediction_digest", "outcome")}
    assert read_used_files(read_columns(write_columns(earlier), what="used files")) == [seen]


def test_many_rows_come_in_several_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_PART_ROWS", 3)
    additions = make_additions({f"{number}.jpg": number for number in range(5)})
    assert write_manifest(additions).rows == {
        "images": (3, 2),
        "predictions": (3, 3, 3, 1),
        "crops": (3, 3, 3, 1),
        "used-files": (3, 2),
    }
    assert_same(carried(additions), additions)


def test_long_vectors_make_parts_of_fewer_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "TARGET_PART_BYTES", 100)
    additions = make_additions({"a.jpg": 1, "b.jpg": 1, "c.jpg": 1, "d.jpg": 1})
    # 16 bytes of sizes and 16 of vectors in every row of the images.
    assert write_manifest(additions).rows["images"] == (3, 1)
    assert_same(carried(additions), additions)


def test_columns_of_different_lengths_are_not_sent() -> None:
    additions = make_additions({"a.jpg": 2})
    assert additions.crops is not None
    broken = replace(additions, crops=replace(additions.crops, vectors=additions.crops.vectors[:1]))
    with pytest.raises(ValueError, match="columns of the crops differ in length"):
        write_manifest(broken)


def test_a_part_with_other_rows_than_the_manifest_says_is_refused() -> None:
    additions = make_additions({"a.jpg": 2, "b.jpg": 1})
    parts = dict(write_parts(additions))
    less = dict(write_parts(make_additions({"a.jpg": 2})))
    for name in parts:
        with pytest.raises(InvalidConfig, match=f"`{name}`"):
            read_additions(write_manifest(additions), {**parts, name: less[name]}.__getitem__)


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("images-0", "digest", [b"short"]),
        ("images-0", "file_name", ["a\0.jpg"]),
        ("images-0", "vector", np.zeros((1, 9), np.float16)),
        ("predictions-0", "corners", np.zeros((2, 3))),
        ("crops-0", "image_row", np.zeros(2, np.int64)),
        ("used-files-0", "image_digest", [b"31 bytes"]),
    ],
)
def test_a_part_with_wrong_columns_is_refused(name: str, column: str, value: Any) -> None:
    additions = make_additions({"a.jpg": 2})
    parts = dict(write_parts(additions))
    part = read_columns(parts[name], what="it")
    names = {array.removesuffix(".ends").removesuffix(".bytes") for array in part.arrays}
    columns = {
        other: part.arrays[other] if other in part.arrays else part.blobs(other) for other in names if other != column
    }
    forged = {**parts, name: write_columns({**columns, column: value})}
    with pytest.raises(InvalidConfig, match=f"part `{name}`.*`{column}`"):
        read_additions(write_manifest(additions), forged.__getitem__)


def test_a_manifest_of_crops_without_predictions_is_refused() -> None:
    manifest = write_manifest(make_additions({"a.jpg": 2}))
    forged = AdditionsManifest.model_validate(
        {
            **manifest.model_dump(),
            "rows": {table: rows for table, rows in manifest.rows.items() if table != "predictions"},
        }
    )
    with pytest.raises(InvalidConfig, match="no predictions"):
        read_additions(forged, dict(write_parts(make_additions({"a.jpg": 2}))).__getitem__)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_parts_that_were_corrupted_are_refused_or_as_they_were(data: st.DataObject) -> None:
    additions = make_additions({"a.jpg": 2, "b.jpg": 1})
    parts = dict(write_parts(additions))
    name = data.draw(st.sampled_from(sorted(parts)))
    corrupted = bytearray(parts[name])
    for _ in range(data.draw(st.integers(1, 3))):
        corrupted[data.draw(st.integers(0, len(corrupted) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read_additions(write_manifest(additions), {**parts, name: bytes(corrupted)}.__getitem__)
    except InvalidConfig:
        return
    assert_same(found, additions)
