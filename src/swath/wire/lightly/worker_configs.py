"""Worker configurations as they are sent and given back: what is in them, `normalise` says."""

from __future__ import annotations

from typing import Any, Literal

from swath.wire.lightly.base import Answer, Milliseconds, ObjectId, Request

Config = dict[str, Any]

HIDDEN = "***"
"""Instead of a secret."""


class WorkerConfigCreateRequest(Request):
    """A configuration of the generation that its address names."""

    config: Config


class VersionedWorkerConfigCreateRequest(Request):
    """A configuration that says of which generation it is."""

    version: Literal["V2", "V3", "V4"]
    config: Config


class WorkerConfigData(Answer):
    """A configuration as it came. `version` is its generation."""

    id: ObjectId
    version: str
    created_at: Milliseconds
    config: Config


def without_secrets(config: Config) -> Config:
    """A configuration as it may be kept: scripts of the first generation may give the token of a worker in it."""
    docker = config.get("docker")
    if not isinstance(docker, dict) or "token" not in docker:
        return config
    return {**config, "docker": {**docker, "token": HIDDEN}}
