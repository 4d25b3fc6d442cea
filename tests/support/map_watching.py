"""A map in a browser as tests see it: where points are, what was drawn, and hands that draw around them."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Page
from tests.support.browser import PATIENCE_MS, Looking

Pixel = tuple[float, float]

INK = """canvas => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d');
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  const words = new Uint32Array(data.buffer);
  return words.reduce((inked, word) => inked + (word === words[0] ? 0 : 1), 0);
}"""


class Map:
    """The map on a page of the embedding view. Pixels are those of its canvas."""

    def __init__(self, looking: Looking) -> None:
        self.page = looking.page
        self.page.add_init_script("window.__SWATH_E2E__ = true")
        self._looking = looking
        self.canvas = self.page.locator("canvas")

    def open(self, path: str) -> Page:
        self._looking.open(path)
        self.wait()
        return self.page

    def wait(self) -> None:
        """Wait until the picture is complete."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while not self.page.evaluate("() => window.__swath !== undefined && !window.__swath.isBusy()"):
            assert time.monotonic() < deadline, "the map is not drawn"
            self.page.wait_for_timeout(25)

    def pixel_of(self, sample: int) -> Pixel:
        """Where the point of a sample is."""
        place = self.page.evaluate("sample => window.__swath.project(sample)", sample)
        assert place is not None, f"sample {sample} is not on the map"
        return place["x"], place["y"]

    def view(self) -> dict[str, float]:
        found: dict[str, float] = self.page.evaluate("() => window.__swath.view()")
        return found

    def inked(self) -> int:
        """How many pixels are not of the ground."""
        self.wait()
        return int(self.canvas.evaluate(INK))

    def middle(self) -> Pixel:
        size = self._box()
        return size["width"] / 2, size["height"] / 2

    def point_at(self, pixel: Pixel) -> None:
        box = self._box()
        self.page.mouse.move(box["left"] + pixel[0], box["top"] + pixel[1])

    def click(self, pixel: Pixel) -> None:
        box = self._box()
        self.page.mouse.click(box["left"] + pixel[0], box["top"] + pixel[1])

    def draw(self, path: Sequence[Pixel], *held: str) -> list[tuple[float, float]]:
        """Draw with keys held; the polygon of the map that was drawn around."""
        polygon = self.polygon(path)
        for key in held:
            self.page.keyboard.down(key)
        self.point_at(path[0])
        self.page.mouse.down()
        for pixel in path[1:]:
            self.point_at(pixel)
        self.page.mouse.up()
        for key in held:
            self.page.keyboard.up(key)
        return polygon

    def polygon(self, path: Sequence[Pixel]) -> list[tuple[float, float]]:
        """Pixels as places of the map, by the very numbers that the page computes with."""
        view, box = self.view(), self._box()
        return [
            (
                view["x"] + (x - box["width"] / 2) * view["scale"],
                view["y"] - (y - box["height"] / 2) * view["scale"],
            )
            for x, y in path
        ]

    def _box(self) -> dict[str, Any]:
        found: dict[str, Any] = self.canvas.evaluate(
            "canvas => ({ ...canvas.getBoundingClientRect().toJSON(), "
            "width: canvas.clientWidth, height: canvas.clientHeight })"
        )
        return found


def star(middle: Pixel, radius: float, *, points: int = 5) -> list[Pixel]:
    """A star whose lines cross: part of what it encloses lies in it twice, and so outside."""
    turns = [2 * math.pi * 2 * turn / points for turn in range(points)]
    return [(round(middle[0] + radius * math.sin(turn)), round(middle[1] - radius * math.cos(turn))) for turn in turns]


def wobbly(middle: Pixel, radius: float) -> list[Pixel]:
    """A line around a place as a hand draws it."""
    turns = [2 * math.pi * step / 36 for step in range(36)]
    return [
        (
            round(middle[0] + radius * (1 + 0.2 * math.sin(5 * turn)) * math.cos(turn)),
            round(middle[1] + radius * (1 + 0.2 * math.sin(5 * turn)) * math.sin(turn)),
        )
        for turn in turns
    ]
