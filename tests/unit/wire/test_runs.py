from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from swath.core.errors import InvalidConfig
from swath.wire.run_config import RunConfig
from swath.wire.runs import RunRequest, WorkerRegistration, requested_config


def config_of(output_uri: str = "/data", **request: Any) -> RunConfig:
    asked = RunRequest.model_validate(
        {"dataset": "vehicles", "selection": {"n_samples": 3, "unit": "images"}, **request}
    )
    return requested_config(asked, dataset_name="vehicles", input_uri="/data", output_uri=output_uri)


def test_a_request_becomes_a_configuration_on_the_datasource_of_its_dataset() -> None:
    config = config_of(
        object_level={"task_name": "wheels", "padding": 0.1},
        selection={"n_samples": 3, "strategies": [{"type": "random", "seed": 7}]},
        embedder="file.onnx",
        process_all=True,
        relevant_filenames_file="names.txt",
        remove_exact_duplicates=False,
    )
    assert (config.dataset, config.embedder, config.remove_exact_duplicates) == ("vehicles", "file.onnx", False)
    assert (config.datasource.location, config.datasource.output) == ("/data", None)
    assert (config.datasource.process_all, config.datasource.relevant_filenames_file) == (True, "names.txt")
    assert config.object_level is not None
    assert config.object_level.padding == 0.1
    assert config.selection.strategies[0].model_dump() == {"type": "random", "strength": 1.0, "seed": 7}


@pytest.mark.parametrize(("output_uri", "expected"), [("/data", None), ("", None), ("/crops", "/crops")])
def test_crops_go_where_the_dataset_says(output_uri: str, expected: str | None) -> None:
    assert config_of(output_uri).datasource.output == expected


def test_a_share_is_a_share_and_a_count_a_count() -> None:
    assert repr(config_of(selection={"proportion_samples": 1, "unit": "images"}).selection.n_samples) == "1.0"
    assert repr(config_of(selection={"n_samples": 1, "unit": "images"}).selection.n_samples) == "1"


@pytest.mark.parametrize(
    ("request_", "field", "hint"),
    [
        ({"proces_all": True}, "proces_all", "Did you mean `process_all`?"),
        ({"selection": {"strategy": []}}, "selection.strategy", "Did you mean `strategies`?"),
        ({"object_level": {"xyz": 1}}, "object_level.xyz", "There are `task_name`"),
    ],
)
def test_a_key_that_is_not_known_is_named_with_the_one_meant(request_: dict[str, Any], field: str, hint: str) -> None:
    with pytest.raises(InvalidConfig, match=f"`{field}` is not known") as caught:
        config_of(**request_)
    assert caught.value.field == field
    assert hint in caught.value.hint


def test_what_is_no_document_is_left_to_pydantic() -> None:
    for data in ([], "vehicles", {"dataset": "vehicles", "selection": [1]}, {"dataset": 3}):
        with pytest.raises(ValidationError):
            RunRequest.model_validate(data)


@pytest.mark.parametrize("name", ["w", "a b", "wörker"])
def test_names_of_workers(name: str) -> None:
    assert WorkerRegistration(name=name).name == name


@pytest.mark.parametrize("name", ["", " ", " w", "w\n", "w" * 201])
def test_what_no_worker_is_called(name: str) -> None:
    with pytest.raises(ValidationError):
        WorkerRegistration(name=name)
