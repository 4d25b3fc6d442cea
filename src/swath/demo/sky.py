"""Draws what is far away: sky, clouds, stars, hills and towers on the horizon."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from swath.demo.canvas import Canvas
from swath.demo.kinds import Rgb
from swath.demo.scenery import tint
from swath.demo.scenes import Scene
from swath.demo.streets import Side


def draw_sky(canvas: Canvas, scene: Scene, rng: np.random.Generator) -> None:
    """Sky with clouds or stars, down to the horizon, then the far hills and towers."""
    camera, light = scene.camera, scene.light
    horizon = int(np.clip(camera.horizon, 1, camera.height))
    picture = Image.new("RGB", (camera.width, camera.height))
    steps = np.linspace(0, 1, 64)[:, None] ** 0.8
    gradient = np.array(light.sky_high) * (1 - steps) + np.array(light.sky_low) * steps
    column = Image.fromarray(gradient.astype(np.uint8)[:, None, :])
    picture.paste(column.resize((camera.width, horizon + 2), Image.Resampling.BICUBIC), (0, 0))
    if scene.weather == "night":
        for _ in range(70):
            place = (int(rng.uniform(0, camera.width)), int(rng.uniform(0, horizon * 0.8)))
            value = int(rng.uniform(70, 190))
            picture.putpixel(place, (value, value, min(value + 20, 255)))
    elif scene.weather != "fog":
        _clouds(picture, scene, horizon, rng)
    canvas.show(picture)
    if scene.weather != "fog":
        _far_ring(canvas, scene)


def _clouds(picture: Image.Image, scene: Scene, horizon: int, rng: np.random.Generator) -> None:
    width = picture.width
    small = (max(width // 4, 8), max(horizon // 4, 8))
    mask = Image.new("L", small, 0)
    pen = ImageDraw.Draw(mask)
    sunny = scene.weather in ("sunny", "dusk")
    for _ in range(int(rng.integers(2, 8)) if sunny else 14):
        x, y = rng.uniform(-0.1, 1.1) * small[0], rng.uniform(0.0, 0.85) * small[1]
        size = rng.uniform(0.05, 0.13) * small[0]
        for _ in range(7):
            dx, dy = rng.normal(0, size), rng.normal(0, size * 0.14)
            r = rng.uniform(0.35, 0.8) * size
            pen.ellipse((x + dx - r, y + dy - r * 0.42, x + dx + r, y + dy + r * 0.36), fill=int(rng.uniform(120, 225)))
    mask = mask.filter(ImageFilter.GaussianBlur(2.2 if sunny else 5)).resize((width, horizon), Image.Resampling.BICUBIC)
    if scene.weather == "dusk":
        colour: Rgb = (240, 150, 130)
    elif sunny:
        colour = (250, 252, 255)
    else:
        red, green, blue = (int(value * 0.86) for value in scene.light.sky_high)
        colour = (red, green, blue)
    picture.paste(colour, (0, 0), mask)


def _far_ring(canvas: Canvas, scene: Scene) -> None:
    """Hills, then towers, as silhouettes against the sky."""
    camera, light, town = canvas.camera, canvas.light, scene.town
    eye = np.array([camera.eye[0], camera.eye[1], 0.0])
    angles = np.arange(len(town.hills)) * (2 * math.pi / len(town.hills))
    crest = np.stack([1800 * np.sin(angles), 1800 * np.cos(angles), np.array(town.hills)], axis=1) + eye
    ahead = np.flatnonzero(camera.depth_of(crest) > 200)
    flat = camera.project(crest[ahead])
    order = np.argsort(flat[:, 0])
    points = [(float(column), float(row)) for column, row in flat[order, :2]]
    base = camera.horizon + 4
    sight = np.array(light.sky_low) * 0.66
    hill = sight + np.array((84, 110, 104)) * np.array(light.ambient) * 0.34
    fill = tuple(int(value) for value in np.clip(hill, 0, 255))
    if len(points) > 1:
        canvas.pen.polygon([(points[0][0], base), *points, (points[-1][0], base)], fill=fill)
    for x, y, width, height in town.towers if scene.rig.right is not Side.MEADOW else ():
        if scene.rig.right is Side.WATER and x > 40:
            continue  # the open sea
        foot = np.array([[x, y, 0.0], [x, y, height]]) + eye
        if camera.depth_of(foot).min() < 100:
            continue
        (column, row, depth), (_, roof, _) = camera.project(foot).tolist()
        half = width / 2 * camera.focal / depth
        shade = tint(canvas, (150, 156, 170), 330)
        canvas.pen.rectangle((column - half, roof, column + half, max(row, roof)), fill=shade)
