from __future__ import annotations

import os
from pathlib import Path

import pytest

from swath.cli.worker_arguments import WorkerArguments, parse_worker_arguments
from swath.core.errors import InvalidConfig


def test_the_call_of_the_old_container_is_understood() -> None:
    found = parse_worker_arguments(["token=abc", "worker.worker_id=0123", "worker.force_start=True"])
    assert found == WorkerArguments(token="abc", worker_id="0123", force_start=True)


def test_every_key_is_read() -> None:
    found = parse_worker_arguments(
        [
            "server=http://swath:8750",
            "name=gpu box",
            "labels=[gpu, 'big']",
            "home=~/worker",
            f"root=/data{os.pathsep}/photos",
            "sanity_check=true",
        ]
    )
    assert (found.server, found.name, found.labels) == ("http://swath:8750", "gpu box", ("gpu", "big"))
    assert found.home == Path("~/worker").expanduser()
    assert found.roots == (Path("/data"), Path("/photos"))
    assert found.sanity_check
    assert not found.force_start


def test_a_value_may_hold_an_equals_sign() -> None:
    assert parse_worker_arguments(["token=a=b=="]).token == "a=b=="


@pytest.mark.parametrize(
    ("key", "hint"), [("tokn", "`token`"), ("worker_id", "`worker.worker_id`"), ("something", "Keys are `server`")]
)
def test_an_unknown_key_is_named_with_the_one_that_was_meant(key: str, hint: str) -> None:
    with pytest.raises(InvalidConfig, match=f"there is no key `{key}`") as caught:
        parse_worker_arguments([f"{key}=s3cret"])
    assert hint in caught.value.hint
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "key", ["stopping_condition.n_samples", "object_level.task_name", "datasource.process_all", "enable_training"]
)
def test_keys_of_a_run_belong_where_it_is_scheduled(key: str) -> None:
    with pytest.raises(InvalidConfig, match="runs are configured where they are scheduled"):
        parse_worker_arguments([f"{key}=1"])


@pytest.mark.parametrize("key", ["hydra.run.dir", "input_mount", "+hydra.job.name"])
def test_keys_of_the_old_container_itself_are_told_apart(key: str) -> None:
    with pytest.raises(InvalidConfig, match="container of another product"):
        parse_worker_arguments([f"{key}=1"])


def test_an_argument_without_a_key_is_not_repeated() -> None:
    with pytest.raises(InvalidConfig) as caught:
        parse_worker_arguments(["s3cret"])
    assert "s3cret" not in str(caught.value)
    assert "key=value" in caught.value.message


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("token", "`token` needs a value"),
        ("token=", "`token` is empty"),
        ("sanity_check=maybe", "`sanity_check` is `True` or `False`, got `maybe`"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(argument: str, message: str) -> None:
    with pytest.raises(InvalidConfig, match=message):
        parse_worker_arguments([argument])


def test_a_token_is_not_in_the_representation() -> None:
    assert "s3cret" not in repr(parse_worker_arguments(["token=s3cret"]))
