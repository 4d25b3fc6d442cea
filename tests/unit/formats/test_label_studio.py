from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from tests.support.label_studio_sdk import read_by_label_studio

from swath.formats.label_studio import Region, boxes_config, boxes_task, choice_config, choice_task, write_tasks

HOSTILE_NAMES = ["car", '"quoted" <b>&amp;</b>', "Schlüssel 🔑", "two\nlines", "it's", "]]>"]


def region(label: str = "car", *, box: tuple[float, float, float, float] = (10, 20, 60, 120), **more: Any) -> Region:
    return Region(**{"id": "k1", "label": label, "box": box, "score": 0.5, **more})


def task_of(*regions: Region, name: str = "a.jpg", width: int = 200, height: int = 400) -> dict[str, Any]:
    data = {"image": f"http://localhost/v1/links/t/{name}", "file_name": name}
    return boxes_task(data, regions, width=width, height=height, model_version="vehicles")


def test_a_task_has_its_boxes_in_percent_of_the_image() -> None:
    [prediction] = task_of(region())["predictions"]
    assert prediction == {
        "model_version": "vehicles",
        "score": 0.5,
        "result": [
            {
                "id": "k1",
                "type": "rectanglelabels",
                "from_name": "label",
                "to_name": "image",
                "original_width": 200,
                "original_height": 400,
                "image_rotation": 0,
                "value": {"x": 5, "y": 5, "width": 25, "height": 25, "rotation": 0, "rectanglelabels": ["car"]},
                "score": 0.5,
            }
        ],
    }


def test_boxes_are_clipped_and_those_outside_left_out() -> None:
    [prediction] = task_of(
        region(box=(-50, -50, 100, 100)), region(box=(300, 0, 400, 100)), region(box=(float("nan"), 0, 1, 1))
    )["predictions"]
    [result] = prediction["result"]
    value = result["value"]
    assert (value["x"], value["y"], value["width"], value["height"]) == (0, 0, 50, 25)


def test_a_prediction_without_scores_has_none() -> None:
    [prediction] = task_of(region(score=None), region(score=None, id="k2"))["predictions"]
    assert "score" not in prediction
    assert all("score" not in result for result in prediction["result"])


def test_the_score_of_a_prediction_is_the_mean_of_those_there_are() -> None:
    [prediction] = task_of(region(score=0.25), region(score=None, id="k2"), region(score=0.75, id="k3"))["predictions"]
    assert prediction["score"] == 0.5


def test_no_tasks_are_an_empty_list() -> None:
    assert json.loads("".join(write_tasks([]))) == []
    assert json.loads("".join(write_tasks([{"data": {"file_name": "a\udcff"}}]))) == [
        {"data": {"file_name": "a\udcff"}}
    ]


@pytest.mark.parametrize("config", [boxes_config, choice_config])
def test_a_configuration_holds_every_label_once_whatever_it_is(config: Any) -> None:
    tree = ET.fromstring(config([*HOSTILE_NAMES, "car", "nul\0\ud800"]))
    values = [element.get("value") for element in tree[1]]
    assert values == [*HOSTILE_NAMES, "nul??"]
    assert (tree[0].get("name"), tree[1].get("toName")) == ("image", "image")


@pytest.mark.slow
def test_label_studio_takes_boxes_and_gives_the_same_ones_back(tmp_path: Path) -> None:
    boxes = {
        "a.jpg": [("car", (10.0, 20.0, 60.5, 120.25)), (HOSTILE_NAMES[1], (-5.0, 390.0, 250.0, 500.0))],
        "b c.jpg": [("Schlüssel 🔑", (0.0, 0.0, 200.0, 400.0))],
    }
    tasks = [
        task_of(*(region(label, box=box, id=f"k{place}") for place, (label, box) in enumerate(found)), name=name)
        for name, found in boxes.items()
    ]
    found = read_by_label_studio(boxes_config(HOSTILE_NAMES), "".join(write_tasks(tasks)), tmp_path)
    assert found["problems"] == []
    names = {category["id"]: category["name"] for category in found["coco"]["categories"]}
    back = [(names[box["category_id"]], box["bbox"]) for box in found["coco"]["annotations"]]
    clipped = [(10, 20, 50.5, 100.25), (0, 390, 200, 10), (0, 0, 200, 400)]
    assert [name for name, _ in back] == ["car", HOSTILE_NAMES[1], "Schlüssel 🔑"]
    for (_, box), expected in zip(back, clipped, strict=True):
        assert box == pytest.approx(expected, abs=1e-6)
    shares = [line.split() for text in found["yolo"].values() for line in text.splitlines()]
    centers = sorted((float(x) * 200, float(y) * 400) for _, x, y, _, _ in shares)
    assert centers == [pytest.approx(one, abs=1e-6) for one in [(35.25, 70.125), (100, 200), (100, 395)]]


@pytest.mark.slow
def test_label_studio_takes_the_category_of_a_crop(tmp_path: Path) -> None:
    data = {"image": "http://localhost/v1/links/t/a.jpg", "file_name": "a.jpg"}
    tasks = [
        choice_task(data, id=str(place), choice=label, score=0.25, model_version="vehicles")
        for place, label in enumerate(HOSTILE_NAMES)
    ]
    found = read_by_label_studio(choice_config(HOSTILE_NAMES), "".join(write_tasks(tasks)), tmp_path)
    assert found == {"problems": []}
