"""Names of datasets: what is refused, and what derived names become."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.core.errors import InvalidConfig
from swath.core.names import (
    DATASET_NAME,
    MAX_DATASET_NAME_LENGTH,
    check_dataset_name,
    check_user_name,
    clean_dataset_name,
    crops_dataset_name,
)


@pytest.mark.parametrize("name", ["vehicles_dataset", "Vehicles 2024-crops", "abc", "0 a", "a" * 128])
def test_a_fitting_name_is_kept_as_it_is(name: str) -> None:
    assert check_dataset_name(name, field="dataset") == name


@pytest.mark.parametrize(
    "name", ["", "ab", " abc", "-abc", "_abc", "a.b.c", "a/b", "Fu\u00dfg\u00e4nger", "abc\n", "a" * 129]
)
def test_an_unfitting_name_is_refused_with_one_that_would_do(name: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        check_dataset_name(name, field="object_level.crop_dataset_name")
    assert caught.value.field == "object_level.crop_dataset_name"
    suggestion = caught.value.hint.split("`")[1]
    assert check_dataset_name(suggestion, field="dataset") == suggestion


@pytest.mark.parametrize("name", ["anna", "anna.b+data@mail.example.com", "Anna B", "a" * 128])
def test_a_user_may_be_called_by_name_or_address(name: str) -> None:
    assert check_user_name(name, field="name") == name


@pytest.mark.parametrize("name", ["", "ab", ".anna", "an/na", "anna\n", "an\u00e4", "a" * 129])
def test_an_unfitting_name_of_a_user_is_refused(name: str) -> None:
    with pytest.raises(InvalidConfig):
        check_user_name(name, field="name")


@given(st.text(max_size=300))
def test_a_derived_name_always_fits_and_stays_when_derived_again(text: str) -> None:
    cleaned = clean_dataset_name(text)
    assert DATASET_NAME.fullmatch(cleaned)
    assert clean_dataset_name(cleaned) == cleaned


@given(st.text(max_size=300))
def test_the_crops_dataset_of_a_derived_name_fits_too(text: str) -> None:
    name = crops_dataset_name(clean_dataset_name(text))
    assert len(name) <= MAX_DATASET_NAME_LENGTH
    assert check_dataset_name(name, field="dataset") == name


def test_a_crops_dataset_is_named_after_its_images_and_if_need_be_its_task() -> None:
    assert crops_dataset_name("vehicles_dataset") == "vehicles_dataset-crops"
    assert crops_dataset_name("vehicles", task_name="yolo/v8.boxes") == "vehicles-yolo-v8-boxes-crops"
