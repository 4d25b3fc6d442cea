"""Keys of metadata as scripts write them, and what they are called here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from swath.core.errors import InvalidConfig

PREFIX: Final = "lightly."
"""Of what the worker of old measured itself; scripts' own keys never begin with it."""

MEASURED: Final[Mapping[str, str]] = {}
"""Without the prefix -> here."""


def native_key(key: str, *, field: str) -> str:
    """The key under which metadata is found here: one's own is the same, nested by dots.

    Raises InvalidConfig that names `field`: for what nobody measures here, and for places in lists.
    """
    if key.startswith(PREFIX):
        found = MEASURED.get(key.removeprefix(PREFIX))
        if found is None:
            listed = ", ".join(f"`{PREFIX}{name}`" for name in MEASURED)
            raise InvalidConfig(
                f"`{field}` is `{key}`, which nobody measures here",
                field=field,
                hint=f"There are {listed}, and what you attach to images yourself.",
            )
        return found
    if "[" in key:
        raise InvalidConfig(
            f"`{field}` is `{key}`, a place in a list: only single values can be selected by",
            field=field,
            hint="Attach the value under a key of its own.",
        )
    return key
