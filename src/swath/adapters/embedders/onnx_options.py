"""How an ONNX model wants its images: what a sidecar, a flag or a hub's configuration says about it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from swath.core.errors import EmbedderUnavailable, InvalidConfig

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
DEFAULT_SCALE = 1 / 255

_CHOICES = {
    "layout": ("nhwc", "nchw"),
    "channel_order": ("rgb", "bgr"),
    "pooling": ("first", "mean"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxOptions:
    """None means: not said, so what the graph shows or the default holds.

    A float input gets (pixel * scale - mean) / std, with `mean` and `std` of one value or one per channel in
    `channel_order`; the defaults are 1/255 and ImageNet's. A uint8 input gets the pixels. Raises InvalidConfig for
    values that cannot be meant.
    """

    input_size: int | None = None  # px; needed if the graph leaves it open
    layout: str | None = None  # "nhwc" or "nchw"
    channel_order: str | None = None  # "rgb" (default) or "bgr"
    scale: float | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    output: str | None = None  # name of the output to use
    pooling: str | None = None  # of an output (N, tokens, D): "first" token or "mean" of all
    normalize: bool | None = None  # to length 1; default true

    def __post_init__(self) -> None:
        if self.input_size is not None and not (_is_whole(self.input_size) and 8 <= self.input_size <= 4096):
            raise _invalid("input_size", self.input_size, "a whole number of pixels from 8 to 4096")
        for field, allowed in _CHOICES.items():
            value = getattr(self, field)
            if value is not None and value not in allowed:
                raise _invalid(field, value, " or ".join(f'"{choice}"' for choice in allowed))
        if self.scale is not None and not (_is_number(self.scale) and self.scale > 0):
            raise _invalid("scale", self.scale, "a number above 0, such as 0.00392156862745098 (1/255)")
        for field, check, expected in (
            ("mean", _is_number, "1 or 3 numbers"),
            ("std", lambda value: _is_number(value) and value > 0, "1 or 3 numbers above 0"),
        ):
            value = getattr(self, field)
            if value is not None and not (
                isinstance(value, tuple) and len(value) in (1, 3) and all(check(item) for item in value)
            ):
                raise _invalid(field, list(value) if isinstance(value, tuple) else value, expected)
        if self.output is not None and not (isinstance(self.output, str) and self.output):
            raise _invalid("output", self.output, "the name of an output")
        if self.normalize is not None and not isinstance(self.normalize, bool):
            raise _invalid("normalize", self.normalize, "true or false")

    def over(self, other: OnnxOptions) -> OnnxOptions:
        """These options, and the other's where these say nothing."""
        return replace(other, **self._said())

    def described(self) -> str:
        return ", ".join(f"`{name}={value}`" for name, value in self._said().items()) or "none"

    def _said(self) -> dict[str, Any]:
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name)) is not None}


def options_from_document(document: object, *, source: str) -> OnnxOptions:
    """The options a JSON document holds; numbers instead of lists are fine for mean and std.

    Raises EmbedderUnavailable naming `source` and the key for anything else.
    """
    if not isinstance(document, Mapping):
        raise EmbedderUnavailable(f"`{source}`: expected a JSON object, got {_shown(document)}")
    known = [field.name for field in fields(OnnxOptions)]
    for key in document:
        if key not in known:
            raise EmbedderUnavailable(
                f"`{source}` at `{key}`: there is no such key", hint=f"the keys are {', '.join(known)}"
            )
    values = dict(document)
    for key in ("mean", "std"):
        if isinstance(values.get(key), list):
            values[key] = tuple(values[key])
        elif _is_number(values.get(key)):
            values[key] = (values[key],)
    try:
        return OnnxOptions(**values)
    except InvalidConfig as exc:
        raise EmbedderUnavailable(f"`{source}` at `{exc.field}`: {exc.message}", hint=exc.hint) from exc


def read_sidecar(model: Path) -> OnnxOptions:
    """The options in the `.json` beside a model file; none if there is no such file. Raises EmbedderUnavailable."""
    path = model.with_suffix(".json")
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return OnnxOptions()
    except (OSError, ValueError) as exc:
        raise EmbedderUnavailable(f"`{path}` is not a JSON file that can be read: {exc}") from exc
    return options_from_document(document, source=str(path))


def options_from_preprocessor_config(document: object, *, source: str) -> OnnxOptions:
    """What a `preprocessor_config.json` of a hub model says about size, scale, mean and std.

    Models that resize and then cut out the centre get the whole object squashed to the size of that cut instead: the
    border of a crop belongs to the object. Raises EmbedderUnavailable for values that cannot be meant.
    """
    if not isinstance(document, Mapping):
        raise EmbedderUnavailable(f"`{source}`: expected a JSON object, got {_shown(document)}")
    size = document.get("crop_size") if document.get("do_center_crop") else None
    size = document.get("size") if size is None else size
    if isinstance(size, Mapping):
        sides = [size.get("height", size.get("shortest_edge")), size.get("width", size.get("shortest_edge"))]
        if sides[0] != sides[1]:
            raise EmbedderUnavailable(
                f"`{source}` at `size`: expected equal height and width, got {_shown(dict(size))}",
                hint="models with oblong inputs are not supported",
            )
        size = sides[0]
    values: dict[str, Any] = {"input_size": size}
    values["scale"] = document.get("rescale_factor") if document.get("do_rescale", True) else 1.0
    if document.get("do_normalize", True):
        values |= {"mean": document.get("image_mean"), "std": document.get("image_std")}
    else:
        values |= {"mean": [0.0], "std": [1.0]}
    return options_from_document({key: value for key, value in values.items() if value is not None}, source=source)


def _invalid(field: str, value: object, expected: str) -> InvalidConfig:
    return InvalidConfig(f"expected {expected}, got {_shown(value)}", field=field)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: object) -> str:
    text = json.dumps(value, default=str)
    return f"`{text if len(text) <= 60 else text[:57] + '...'}`"
