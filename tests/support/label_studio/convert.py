"""Run by the Python that has `label-studio-sdk`: what Label Studio makes of tasks and their configuration.

    python convert.py CONFIG TASKS FOLDER

Prints one JSON document: what its checks find wrong, and the boxes of its COCO and YOLO exports of the predictions,
taken for annotations as if an annotator had accepted all of them.
"""

import json
import sys
from pathlib import Path

from label_studio_sdk.converter import Converter
from label_studio_sdk.label_interface import LabelInterface


def main(config_path: str, tasks_path: str, folder: str) -> None:
    config = Path(config_path).read_text(encoding="utf-8")
    tasks = json.loads(Path(tasks_path).read_text(encoding="utf-8"))
    interface = LabelInterface(config)
    problems = []
    try:
        interface.validate()
    except Exception as error:
        problems.append(str(error))
    for task in tasks:
        if not interface.validate_task({"data": task["data"]}):
            problems.append(f"the data of {task['data']['file_name']}")
        for prediction in task["predictions"]:
            problems += interface.validate_prediction(prediction, return_errors=True)
    found = {"problems": problems}
    if "RectangleLabels" in config:
        found |= converted(config, tasks, Path(folder))
    json.dump(found, sys.stdout)


def converted(config: str, tasks: list, folder: Path) -> dict:
    accepted = [
        {
            "id": number,
            "data": task["data"],
            "annotations": [
                {"id": number, "completed_by": {"id": 1}, "was_cancelled": False, "result": prediction["result"]}
                for prediction in task["predictions"]
            ],
        }
        for number, task in enumerate(tasks, start=1)
    ]
    source = folder / "accepted.json"
    source.write_text(json.dumps(accepted), encoding="utf-8")
    converter = Converter(config, str(folder), download_resources=False)
    converter.convert_to_coco(str(source), str(folder / "coco"), output_image_dir=str(folder / "images"), is_dir=False)
    converter.convert_to_yolo(
        str(source),
        str(folder / "yolo"),
        output_image_dir=str(folder / "yolo-images"),
        output_label_dir=str(folder / "yolo-labels"),
        is_dir=False,
    )
    coco = json.loads((folder / "coco" / "result.json").read_text(encoding="utf-8"))
    labels = {path.name: path.read_text() for path in sorted((folder / "yolo-labels").glob("*.txt"))}
    classes = (folder / "yolo" / "classes.txt").read_text().splitlines()
    return {"coco": coco, "yolo": labels, "classes": classes}


if __name__ == "__main__":
    main(*sys.argv[1:])
