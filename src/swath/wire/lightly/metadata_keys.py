"""Keys of metadata as scripts write them: which of them a run can know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from swath.core.errors import InvalidConfig
from swath.wire.run_config import SelectionUnit

PREFIX: Final = "lightly."
"""Of what is measured; keys of people's own never begin with it."""

MEASURED: Final[Mapping[SelectionUnit, tuple[str, ...]]] = {
    SelectionUnit.IMAGES: ("lightly.width", "lightly.height", "lightly.aspectRatio", "lightly.sizeInBytes"),
    SelectionUnit.OBJECTS: ("lightly.width", "lightly.height", "lightly.aspectRatio", "lightly.area"),
}
"""What a run measures of what it selects."""


def check_key(key: str, unit: SelectionUnit, *, field: str) -> str:
    """The key, if a run can know what is under it: what it measures, or metadata of people's own, nested by dots.

    Raises InvalidConfig that names `field`: for what nobody measures here, and for places in lists.
    """
    if key.startswith(PREFIX) and key not in MEASURED[unit]:
        listed = ", ".join(f"`{name}`" for name in MEASURED[unit])
        raise InvalidConfig(
            f"`{field}` is `{key}`, which runs do not measure of {unit}",
            field=field,
            hint=f"There are {listed}, and metadata of your own.",
        )
    if "[" in key:
        raise InvalidConfig(
            f"`{field}` is `{key}`, a place in a list: only single values can be selected by",
            field=field,
            hint="Give the value a key of its own.",
        )
    return key
