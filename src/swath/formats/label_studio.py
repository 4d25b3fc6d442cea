"""Label Studio: tasks with predictions, which annotators begin with, and the labelling configuration that fits them.

A task is `{data, predictions}` as Label Studio imports it; regions are rectangles in percent of the upright image.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import quoteattr

from swath.formats.clipped_boxes import clipped_share

IMAGE = "image"
"""Name of the image, in the configuration and in the data of tasks."""

BOXES = "label"
CHOICE = "category"
"""Names of what annotators set: rectangles on full images, one choice on crops."""

DIGITS = 10
"""After the point of a percentage: less than any pixel, and short enough to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One box: `id` is unique in its task, the box is x0, y0, x1, y1 in px of the upright image, not clipped."""

    id: str
    label: str
    box: tuple[float, float, float, float]
    score: float | None


def boxes_task(
    data: Mapping[str, Any], regions: Iterable[Region], *, width: int, height: int, model_version: str
) -> dict[str, Any]:
    """A task for an image of this size (px). Boxes are clipped to it; those outside it are left out.

    The score of the prediction is the mean of those of its boxes.
    """
    results: list[dict[str, Any]] = []
    for region in regions:
        share = clipped_share(region.box, width=width, height=height)
        if share is None:
            continue
        results.append(
            {
                "id": region.id,
                "type": "rectanglelabels",
                "from_name": BOXES,
                "to_name": IMAGE,
                "original_width": width,
                "original_height": height,
                "image_rotation": 0,
                "value": {
                    "x": _percent(share.x),
                    "y": _percent(share.y),
                    "width": _percent(share.width),
                    "height": _percent(share.height),
                    "rotation": 0,
                    "rectanglelabels": [region.label],
                },
                **_score(region.score),
            }
        )
    return _task(data, results, model_version)


def choice_task(
    data: Mapping[str, Any], *, id: str, choice: str, score: float | None, model_version: str
) -> dict[str, Any]:
    """A task for a whole picture of one thing, whose category is a choice."""
    result = {
        "id": id,
        "type": "choices",
        "from_name": CHOICE,
        "to_name": IMAGE,
        "value": {"choices": [choice]},
        **_score(score),
    }
    return _task(data, [result], model_version)


def boxes_config(labels: Sequence[str]) -> str:
    """The labelling configuration (XML) for rectangles with these labels."""
    return _config("RectangleLabels", BOXES, "Label", labels)


def choice_config(labels: Sequence[str]) -> str:
    """The labelling configuration (XML) for a choice among these labels."""
    return _config("Choices", CHOICE, "Choice", labels)


def write_tasks(tasks: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The JSON list of tasks, piece by piece."""
    separator = "[\n"
    for task in tasks:
        yield separator + json.dumps(task)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def _task(data: Mapping[str, Any], results: list[dict[str, Any]], model_version: str) -> dict[str, Any]:
    scores = [result["score"] for result in results if "score" in result]
    mean = _score(round(sum(scores) / len(scores), DIGITS) if scores else None)
    return {"data": dict(data), "predictions": [{"model_version": model_version, **mean, "result": results}]}


def _score(score: float | None) -> dict[str, float]:
    return {} if score is None else {"score": score}


def _percent(share: float) -> float:
    return round(share * 100, DIGITS)


def _config(control: str, name: str, option: str, labels: Sequence[str]) -> str:
    options = "".join(f"    <{option} value={_attribute(label)}/>\n" for label in dict.fromkeys(labels))
    return (
        "<View>\n"
        f'  <Image name="{IMAGE}" value="${IMAGE}"/>\n'
        f'  <{control} name="{name}" toName="{IMAGE}">\n{options}  </{control}>\n'
        "</View>\n"
    )


def _attribute(text: str) -> str:
    """A value with its quotes. What XML cannot hold becomes a question mark."""
    return quoteattr("".join(letter if _is_xml(letter) else "?" for letter in text))


def _is_xml(letter: str) -> bool:
    return letter in "\t\n\r" or " " <= letter <= "\ud7ff" or "\ue000" <= letter <= "\ufffd" or letter > "\uffff"
