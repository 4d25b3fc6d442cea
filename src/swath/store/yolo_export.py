"""Datasets in the layout that YOLO is trained on."""

from __future__ import annotations

from collections.abc import Iterator

from swath.formats.spreadsheet import csv_line
from swath.formats.yolo import DATA_YAML, IMAGE_LIST, YoloPaths, image_list_line, write_data_yaml, write_labels
from swath.store.archives import CopiedEntry, Entry, TextEntry
from swath.store.database import Store
from swath.store.labelled_images import LabelledImage, Labels, iter_labelled_images, labels_of
from swath.store.subsets import Subset

IMAGES_CSV = "images.csv"
_IMAGE_COLUMNS = ("file_name", "image", "labels")


def yolo_entries(store: Store, dataset: str, subset: Subset, *, include_images: bool) -> Iterator[Entry]:
    """The files of the archive: labels of each image, with `include_images` the image itself (by its key in the input
    datasource), then the lists. `images.csv` says which sample lies where: names that no archive should hold, or that
    would share a label file, are changed."""
    labels = labels_of(store, dataset)
    paths = YoloPaths()
    listed: list[str] = []
    lines = [csv_line(_IMAGE_COLUMNS)]
    for one in iter_labelled_images(store, dataset, subset):
        image_path, labels_path = paths.place(one.image.file_name)
        yield TextEntry(path=labels_path, text=_label_text(one, labels))
        if include_images:
            yield CopiedEntry(path=image_path, key=one.image.file_name)
        listed.append(image_list_line(image_path))
        lines.append(csv_line((one.image.file_name, image_path, labels_path)))
    yield TextEntry(path=DATA_YAML, text=write_data_yaml(labels.all))
    yield TextEntry(path=IMAGE_LIST, text="".join(listed))
    yield TextEntry(path=IMAGES_CSV, text="".join(lines))


def _label_text(one: LabelledImage, labels: Labels) -> str:
    boxes = [(labels.number_of(box.task, box.category_id), box.box) for box in one.boxes]
    return write_labels(boxes, width=one.image.width, height=one.image.height)
