"""The YOLO layout as Ultralytics reads it: a text file of boxes per image, a list of images, and `data.yaml`.

Where the labels of an image are sought follows from its path: the last folder `images` in it becomes `labels`, and the
ending `.txt`. So an image keeps its path where that has such a folder, and else is put below one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from swath.formats.clipped_boxes import clipped_share

IMAGES, LABELS = "images", "labels"
IMAGE_LIST = "images.txt"
DATA_YAML = "data.yaml"

_ODD = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff\\]")


class YoloPaths:
    """Gives each image a path below the folder of the dataset, and its labels the path that follows from it.

    Parts that no archive should hold are replaced, and no two images share a label file.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def place(self, file_name: str) -> tuple[str, str]:
        """The paths of an image and of its labels."""
        image = _below_images(file_name)
        stem, dot, ending = image.rpartition(".")
        if not dot or "/" in ending:
            stem, ending = image, ""
        attempt, number = stem, 1
        while _labels_of(attempt).casefold() in self._taken:
            # `a.jpg` and `a.png` would share `a.txt`.
            attempt = f"{stem}_{ending or 'image'}" if number == 1 else f"{stem}_{number}"
            number += 1
        self._taken.add(_labels_of(attempt).casefold())
        return f"{attempt}.{ending}" if ending else attempt, f"{_labels_of(attempt)}.txt"


def write_labels(boxes: Iterable[tuple[int, tuple[float, float, float, float]]], *, width: int, height: int) -> str:
    """The lines `class cx cy w h` of one image, as shares of its width and height (px).

    `boxes` are classes and x0, y0, x1, y1 in px. They are clipped to the image; those outside it are left out.
    """
    lines: list[str] = []
    for number, box in boxes:
        share = clipped_share(box, width=width, height=height)
        if share is not None:
            x, y = share.center
            lines.append(f"{number} {x:.6f} {y:.6f} {share.width:.6f} {share.height:.6f}\n")
    return "".join(lines)


def write_data_yaml(names: Sequence[str]) -> str:
    """The description of the dataset; the place of a name is its class."""
    listed = "".join(f"  {number}: {_yaml_text(name)}\n" for number, name in enumerate(names))
    return (
        f"# One set of images: give `val` another list before you trust what it measures.\n"
        f"train: {IMAGE_LIST}\nval: {IMAGE_LIST}\nnc: {len(names)}\nnames:{' {}' if not names else ''}\n{listed}"
    )


def image_list_line(path: str) -> str:
    """The line of an image in the list, its path relative to the list."""
    return f"./{path}\n"


def _below_images(file_name: str) -> str:
    parts = [_plain(part) for part in file_name.split("/") if part not in ("", ".")]
    path = "/".join(parts) or "_"
    return path if IMAGES in parts[:-1] else f"{IMAGES}/{path}"


def _plain(part: str) -> str:
    """A part of a path without what would break a list of lines, leave its folder, or be refused somewhere."""
    plain = _ODD.sub("_", part).strip(" ")
    if not plain.strip("."):
        return "_" * max(len(plain), 1)
    return f"{plain[:-1]}_" if plain.endswith(".") else plain


def _labels_of(stem: str) -> str:
    folders = f"/{stem}".rsplit(f"/{IMAGES}/", 1)
    return f"/{LABELS}/".join(folders).removeprefix("/")


def _yaml_text(text: str) -> str:
    """A double-quoted scalar of YAML."""
    letters = []
    for letter in text:
        if letter in '"\\':
            letters.append(f"\\{letter}")
        elif letter.isprintable():
            letters.append(letter)
        else:
            letters.append(f"\\U{ord(letter):08X}" if not "\ud800" <= letter <= "\udfff" else "?")
    return f'"{"".join(letters)}"'
