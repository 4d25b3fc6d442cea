"""What a claimed run on the samples of a dataset is asked to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from pydantic import JsonValue

from swath.adapters.remote_run_line import RemoteRunLine
from swath.core.errors import InvalidConfig
from swath.core.runs import RunState
from swath.wire.run_result import RunResult
from swath.wire.runs import Assignment

Config = TypeVar("Config")


def understood_config(
    parse: Callable[[Mapping[str, JsonValue]], Config],
    assignment: Assignment,
    line: RemoteRunLine,
    result_type: type[RunResult],
) -> Config:
    """The configuration of a claimed run. For one that this version does not understand the run is closed as FAILED,
    with a result of its type, and InvalidConfig raised."""
    try:
        return parse(assignment.config)
    except InvalidConfig as exc:
        result = result_type(run=assignment.run_id, state=RunState.FAILED.value, message=exc.message, hint=exc.hint)
        line.finish(RunState.FAILED, exc.message, result.model_dump_json())
        raise
