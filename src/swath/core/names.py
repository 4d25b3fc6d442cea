"""Names of datasets and users: the rule the official clients enforce, and how derived names are made to follow it."""

from __future__ import annotations

import re
import unicodedata

from swath.core.errors import InvalidConfig

DATASET_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9 _-]{2,}")
MAX_DATASET_NAME_LENGTH = 128

USER_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9 _.+@-]{2,}")
"""Old scripts share datasets with e-mail addresses."""


def check_dataset_name(name: str, *, field: str) -> str:
    """Return a name the user gave, or raise InvalidConfig with a name that would do.

    Given names are refused, never changed behind the user's back.
    """
    if DATASET_NAME.fullmatch(name) and len(name) <= MAX_DATASET_NAME_LENGTH:
        return name
    raise InvalidConfig(
        f"`{field}` cannot be `{name}`: a dataset name has 3 to {MAX_DATASET_NAME_LENGTH} letters, digits, spaces, "
        "`_` or `-`, and starts with a letter or a digit",
        field=field,
        hint=f"`{clean_dataset_name(name)}` would do.",
    )


def check_user_name(name: str, *, field: str) -> str:
    """Return a name a user may have, an e-mail address for one, or raise InvalidConfig."""
    if USER_NAME.fullmatch(name) and len(name) <= MAX_DATASET_NAME_LENGTH:
        return name
    raise InvalidConfig(
        f"a user cannot be called `{name}`: a name has 3 to {MAX_DATASET_NAME_LENGTH} letters, digits, spaces or "
        "`_-.+@`, and starts with a letter or a digit",
        field=field,
    )


def clean_dataset_name(text: str) -> str:
    """A valid dataset name made from any text (a folder's name, say); never empty."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    cleaned = re.sub(r"[^a-zA-Z0-9 _-]+", "-", plain).strip(" _-")[: MAX_DATASET_NAME_LENGTH - 20]
    return cleaned if DATASET_NAME.fullmatch(cleaned) else f"dataset-{cleaned or 'unnamed'}".rstrip("-")


def crops_dataset_name(image_dataset: str, *, task_name: str | None = None) -> str:
    """`<name>-crops`, or `<name>-<task>-crops` when another task has that name.

    May be longer than a dataset name may be: then the user has to give one, rather than find one cut short.
    """
    if task_name is None:
        return f"{image_dataset}-crops"
    return f"{image_dataset}-{clean_dataset_name(task_name)}-crops"
