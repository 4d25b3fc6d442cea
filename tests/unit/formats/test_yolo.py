from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.formats.yolo import YoloPaths, write_data_yaml, write_labels

PARTS = st.text(st.sampled_from("ab./\\ \n\u2028é💥\0"), min_size=1, max_size=12)


def labels_path_sought(image: str) -> str:
    """Where Ultralytics looks for the labels of an image, in its own words."""
    return "/labels/".join(f"/{image}".rsplit("/images/", 1)).rsplit(".", 1)[0].removeprefix("/") + ".txt"


@pytest.mark.parametrize(
    ("name", "image", "labels"),
    [
        ("a.jpg", "images/a.jpg", "labels/a.txt"),
        ("day 1/a.b.jpg", "images/day 1/a.b.jpg", "labels/day 1/a.b.txt"),
        ("images/train/a.jpg", "images/train/a.jpg", "labels/train/a.txt"),
        ("coco/images/images/a.jpg", "coco/images/images/a.jpg", "coco/images/labels/a.txt"),
        ("images.jpg", "images/images.jpg", "labels/images.txt"),
        ("../../etc/a.jpg", "images/__/__/etc/a.jpg", "labels/__/__/etc/a.txt"),
        ("/a//b.jpg", "images/a/b.jpg", "labels/a/b.txt"),
        ("a\nb.jpg", "images/a_b.jpg", "labels/a_b.txt"),
        ("a./b.jpg", "images/a_/b.jpg", "labels/a_/b.txt"),
    ],
)
def test_an_image_has_its_labels_where_they_are_sought(name: str, image: str, labels: str) -> None:
    assert YoloPaths().place(name) == (image, labels)
    assert labels_path_sought(image) == labels


def test_images_that_would_share_a_label_file_are_told_apart() -> None:
    paths = YoloPaths()
    placed = [paths.place(name) for name in ("a.jpg", "a.png", "A.JPG", "a.jpg", "a")]
    assert len({labels.casefold() for _, labels in placed}) == 5
    assert placed[1] == ("images/a_png.png", "labels/a_png.txt")


@given(st.lists(PARTS, min_size=1, max_size=6))
def test_no_name_leaves_the_folder_or_breaks_a_line(names: list[str]) -> None:
    paths = YoloPaths()
    placed = [paths.place(name) for name in names]
    assert len({labels.casefold() for _, labels in placed}) == len(names)
    for image, labels in placed:
        for path in (image, labels):
            assert not path.startswith("/")
            assert not {"", ".", ".."} & set(path.split("/"))
            assert len(path.splitlines()) == 1
            assert "./" not in path


def test_labels_are_centers_and_sizes_as_shares() -> None:
    text = write_labels([(3, (10, 20, 60, 120)), (0, (-10, 0, 20, 400)), (1, (300, 0, 400, 1))], width=200, height=400)
    assert text == "3 0.175000 0.175000 0.250000 0.250000\n0 0.050000 0.500000 0.100000 1.000000\n"
    assert write_labels([], width=200, height=400) == ""


def test_names_are_numbered_from_0_and_quoted() -> None:
    text = write_data_yaml(["car", 'a "b" \\', "x: # y", "é💥", "tab\t\x7f\u2028"])
    assert re.findall(r"^  (\d): (.*)$", text, re.MULTILINE) == [
        ("0", '"car"'),
        ("1", '"a \\"b\\" \\\\"'),
        ("2", '"x: # y"'),
        ("3", '"é💥"'),
        ("4", '"tab\\U00000009\\U0000007F\\U00002028"'),
    ]
    assert "nc: 5\n" in text
    assert "names: {}\n" in write_data_yaml([])
