"""Metadata of images in a datasource: `.lightly/metadata/schema.json` lists what there is, and a file per image, named
like its prediction file, has it below `metadata`."""

from __future__ import annotations

from swath.core.browsing.metadata import LONGEST_KEY, Scalar, flattened
from swath.core.errors import InvalidPredictions
from swath.formats.json_text import child_path, load_document, shown
from swath.formats.lightly.locations import without_extension

METADATA_PREFIX = ".lightly/metadata/"

METADATA_SCHEMA_KEY = f"{METADATA_PREFIX}schema.json"


def metadata_key(image_key: str) -> str:
    """The key of the metadata file of an image. Images of one name but for their extension share a file."""
    return f"{METADATA_PREFIX}{without_extension(image_key)}.json"


def parse_metadata_schema(data: bytes, file: str = METADATA_SCHEMA_KEY) -> dict[str, Scalar | None]:
    """The default of each key, nested by dots; None where there is none. Raises InvalidPredictions that names the first
    wrong place. Types of values are not looked at: values say themselves what they are."""
    document = load_document(data, file)
    if not isinstance(document, list):
        raise InvalidPredictions(
            file=file, json_path="$", value=shown(document), expected='a list of `{"name": …, "path": …}`'
        )
    defaults: dict[str, Scalar | None] = {}
    for place, entry in enumerate(document):
        path = entry.get("path") if isinstance(entry, dict) else None
        if not isinstance(path, str) or not 0 < len(path) <= LONGEST_KEY:
            raise InvalidPredictions(
                file=file,
                json_path=f"$[{place}].path" if isinstance(entry, dict) else f"$[{place}]",
                value=shown(path if isinstance(entry, dict) else entry),
                expected="where a value is, nested by dots, like `weather.temperature`",
            )
        defaults[path] = flattened({"default": entry.get("defaultValue")}).get("default")
    return defaults


def parse_metadata(data: bytes, file: str, *, image_key: str) -> dict[str, Scalar] | None:
    """The metadata of an image, nested by dots; None if the file says that it is for another image.

    Raises InvalidPredictions that names the first wrong place.
    """
    document = load_document(data, file)
    values = document.get("metadata") if isinstance(document, dict) else None
    if not isinstance(values, dict):
        raise InvalidPredictions(
            file=file,
            json_path=child_path("$", "metadata") if isinstance(document, dict) else "$",
            value=shown(values if isinstance(document, dict) else document),
            expected='an object, as in `{"file_name": "a.jpg", "type": "image", "metadata": {"sky": "clear"}}`',
        )
    named = document.get("file_name")
    return None if named not in (None, image_key) else flattened(values)
