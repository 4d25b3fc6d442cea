from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from swath.core.errors import InvalidConfig
from swath.wire.run_config import DiversityStrategy, RandomStrategy, parse_run_config


def document(**changes: Any) -> dict[str, Any]:
    """A valid configuration; `selection__n_samples=3` sets a field of a part."""
    made: dict[str, Any] = {
        "datasource": {"location": "street"},
        "object_level": {"task_name": "vehicles"},
        "selection": {"n_samples": 0.1},
    }
    for name, value in changes.items():
        part, _, field = name.partition("__")
        if field:
            made[part] = {**made[part], field: value}
        else:
            made[part] = value
    return made


def test_what_is_not_given_has_a_default() -> None:
    config = parse_run_config(document())
    assert config.selection.strategies == (DiversityStrategy(),)
    assert config.object_level is not None
    assert (config.object_level.padding, config.object_level.box_format, config.remove_exact_duplicates) == (
        0.0,
        "xywh",
        True,
    )
    assert config.embedder == "efficientnet-lite0"


def test_a_configuration_survives_being_written_and_read() -> None:
    strategies = [{"type": "random", "seed": 3}, {"type": "diversity", "minimum_distance": 0.5}]
    for amount in (1, 1.0, 0.25, 7):
        config = parse_run_config(document(selection__n_samples=amount, selection__strategies=strategies))
        again = type(config).model_validate_json(config.model_dump_json())
        assert again == config
        assert type(again.selection.n_samples) is type(amount)


def test_a_count_of_one_is_not_all_of_them() -> None:
    assert isinstance(parse_run_config(document(selection__n_samples=1)).selection.n_samples, int)
    assert isinstance(parse_run_config(document(selection__n_samples=1.0)).selection.n_samples, float)


@pytest.mark.parametrize("value", [0, -1, 0.0, 1.5, -0.1, float("nan"), float("inf"), "10", "abc", True, [1]])
def test_an_amount_is_a_count_or_a_fraction(value: object) -> None:
    with pytest.raises(InvalidConfig) as caught:
        parse_run_config(document(selection__n_samples=value))
    assert caught.value.field == "selection.n_samples"
    assert caught.value.message == (
        "`selection.n_samples`: expected a whole number of at least 1 for a count, "
        f"or a fraction above 0 and at most 1.0, got `{value}`"
    )
    assert caught.value.hint == ""


@pytest.mark.parametrize(
    ("changes", "field", "value", "expected"),
    [
        ({"object_level__padding": -0.5}, "object_level.padding", "-0.5", "greater than or equal to 0"),
        ({"object_level__padding": float("inf")}, "object_level.padding", "inf", "finite"),
        ({"object_level__min_score": 1.5}, "object_level.min_score", "1.5", "less than or equal to 1"),
        ({"object_level__max_overlap": -1}, "object_level.max_overlap", "-1", "greater than or equal to 0"),
        ({"object_level__box_format": "xyhw"}, "object_level.box_format", "xyhw", "'xywh', 'xyxy' or 'auto'"),
        ({"object_level__task_name": ""}, "object_level.task_name", "", "at least 1 character"),
        ({"object_level__categories": []}, "object_level.categories", "[]", "at least 1 item"),
        ({"selection__unit": "crops"}, "selection.unit", "crops", "'objects' or 'images'"),
        ({"datasource__location": 5}, "datasource.location", "5", "valid string"),
    ],
)
def test_an_error_names_field_value_and_what_was_expected(
    changes: dict[str, Any], field: str, value: str, expected: str
) -> None:
    with pytest.raises(InvalidConfig) as caught:
        parse_run_config(document(**changes))
    assert caught.value.field == field
    assert caught.value.message.startswith(f"`{field}`: ")
    assert caught.value.message.endswith(f", got `{value}`")
    assert expected in caught.value.message


def test_a_field_of_a_strategy_is_named_as_it_was_written() -> None:
    strategies = [{"type": "random"}, {"type": "diversity", "minimum_distance": -2}]
    with pytest.raises(InvalidConfig) as caught:
        parse_run_config(document(selection__strategies=strategies))
    assert caught.value.field == "selection.strategies[1].minimum_distance"


@pytest.mark.parametrize(
    ("changes", "field", "hint"),
    [
        ({"colour": "red"}, "colour", "There are `datasource`, "),
        ({"object_level__paddin": 1}, "object_level.paddin", "Did you mean `padding`?"),
        ({"selection__strategy": []}, "selection.strategy", "Did you mean `strategies`?"),
    ],
)
def test_a_key_that_is_not_known_is_named_with_the_one_meant(changes: dict[str, Any], field: str, hint: str) -> None:
    with pytest.raises(InvalidConfig, match=f"`{field}` is not known") as caught:
        parse_run_config(document(**changes))
    assert caught.value.field == field
    assert caught.value.hint.startswith(hint)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(InvalidConfig, match="`datasource`: Field required") as caught:
        parse_run_config({"object_level": {"task_name": "vehicles"}})
    assert caught.value.field == "datasource"


def test_other_wrong_fields_are_counted() -> None:
    with pytest.raises(InvalidConfig) as caught:
        parse_run_config(document(object_level__padding=-1, selection__n_samples="abc"))
    assert caught.value.hint == "1 more field is wrong too."
    with pytest.raises(InvalidConfig) as caught:
        parse_run_config(document(object_level__padding=-1, selection__n_samples="abc", embedder=3))
    assert caught.value.hint == "2 more fields are wrong too."


def test_objects_need_a_task() -> None:
    with pytest.raises(InvalidConfig, match="needs a prediction task") as caught:
        parse_run_config(document(object_level=None))
    assert caught.value.field == "object_level.task_name"
    assert parse_run_config(document(object_level=None, selection__unit="images")).object_level is None


def test_something_must_say_how_many() -> None:
    with pytest.raises(InvalidConfig, match="how many to select") as caught:
        parse_run_config(document(selection__n_samples=None))
    assert caught.value.field == "selection.n_samples"
    by_distance = [{"type": "diversity", "minimum_distance": 0.2}]
    assert parse_run_config(document(selection={"strategies": by_distance})).selection.n_samples is None


def test_at_least_one_strategy_is_needed() -> None:
    with pytest.raises(InvalidConfig, match=r"`selection.strategies`: at least one strategy is needed"):
        parse_run_config(document(selection__strategies=[]))


def test_a_configuration_never_changes() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        parse_run_config(document()).embedder = "other"  # type: ignore[misc]
    assert RandomStrategy(seed=1) != RandomStrategy(seed=2)
