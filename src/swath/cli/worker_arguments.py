"""Arguments of `swath worker`: `key=value`, as the container of the format's makers took them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from swath.core.errors import InvalidConfig

RUN_KEYS = frozenset(
    """
    active_learning append_weak_labels cache_size checkpoint checkpoint_run_id collate corruptness_check criterion crops
    datapool dataset_id dump_dataset dump_sampled_embeddings embeddings enable_corruptness_check enable_training
    lightly loader method model n_example_images normalize_embeddings num_processes num_threads object_level optimizer
    output_image_format output_image_size pretagging pretagging_config pretagging_debug pretagging_upload
    relevant_filenames_file remove_exact_duplicates run_directory scorer scorer_config selected_sequence_length
    selection selection_config shutdown_when_job_finished stopping_condition trainer training upload_dataset
    upload_report use_datapool
    """.split()  # noqa: SIM905, one to a line they would fill a screen
)
"""First words of keys that the old container took to configure a run."""

MACHINE_KEYS = frozenset(
    {"hydra", "input_mount", "output_mount", "shared_mount", "memory_requirement_in_gb", "show_video_sampling_timeline"}
)
"""First words of keys that concerned the old container itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerArguments:
    """What was given on the command line; None or empty where nothing was."""

    server: str | None = None
    token: str | None = field(default=None, repr=False)
    worker_id: str | None = None
    force_start: bool = False
    name: str | None = None
    labels: tuple[str, ...] = ()
    home: Path | None = None
    roots: tuple[Path, ...] = ()
    sanity_check: bool = False
    trust_server: bool = False
    stop_with_stdin: bool = False


def parse_worker_arguments(arguments: Iterable[str]) -> WorkerArguments:
    """Read `key=value` arguments; the last one of a key counts. Raises InvalidConfig, which never shows a value."""
    found = WorkerArguments()
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if key not in _KEYS:
            raise _unknown_key(key, is_pair=bool(equals))
        if not equals:
            raise InvalidConfig(f"`{key}` needs a value", field=key, hint=f"Write `{key}=…`.")
        name, read = _KEYS[key]
        found = replace(found, **{name: read(key, value)})
    return found


def _unknown_key(key: str, *, is_pair: bool) -> InvalidConfig:
    if not is_pair:
        # It may be a secret that was given without its key: it is not repeated.
        return InvalidConfig("an argument is not of the form `key=value`", hint=f"Keys are {_listed(_KEYS)}.")
    first_word = key.lstrip("+~-").split(".")[0].lower()
    if first_word == "datasource" or first_word in RUN_KEYS:
        return InvalidConfig(
            f"`{key}` is about a run, and runs are configured where they are scheduled",
            field=key,
            hint="Leave it out here; give it to `swath run`, to the client or in the web app.",
        )
    if first_word in MACHINE_KEYS:
        return InvalidConfig(
            f"`{key}` is about the container of another product; Swath has no use for it",
            field=key,
            hint="Leave it out.",
        )
    near = difflib.get_close_matches(key, _KEYS, n=1)
    hint = f"Did you mean `{near[0]}`?" if near else f"Keys are {_listed(_KEYS)}."
    return InvalidConfig(f"there is no key `{key}`", field=key, hint=hint)


def _text(key: str, value: str) -> str:
    if not value.strip():
        raise InvalidConfig(f"`{key}` is empty", field=key)
    return value.strip()


def _switch(key: str, value: str) -> bool:
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if value.strip().lower() not in known:
        raise InvalidConfig(f"`{key}` is `True` or `False`, got `{value}`", field=key)
    return known[value.strip().lower()]


def _names(key: str, value: str) -> tuple[str, ...]:
    """`a,b` or `[a,b]`, with or without quotes."""
    words = value.strip().removeprefix("[").removesuffix("]").split(",")
    return tuple(word for word in (word.strip().strip("'\"") for word in words) if word)


def _folder(key: str, value: str) -> Path:
    return Path(_text(key, value)).expanduser()


def _folders(key: str, value: str) -> tuple[Path, ...]:
    return tuple(Path(part).expanduser().absolute() for part in _text(key, value).split(os.pathsep) if part)


_KEYS: dict[str, tuple[str, Callable[[str, str], Any]]] = {
    "server": ("server", _text),
    "token": ("token", _text),
    "worker.worker_id": ("worker_id", _text),
    "worker.force_start": ("force_start", _switch),
    "name": ("name", _text),
    "labels": ("labels", _names),
    "home": ("home", _folder),
    "root": ("roots", _folders),
    "sanity_check": ("sanity_check", _switch),
    "trust_server": ("trust_server", _switch),
    "stop_with_stdin": ("stop_with_stdin", _switch),
}


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(f"`{key}`" for key in keys)
