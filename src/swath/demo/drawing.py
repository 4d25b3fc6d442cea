"""Paints one scene: from the sky to the rain on the lens, in the order in which things hide one another."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from swath.demo import ground_light, scenery, sky
from swath.demo.buildings import building_solid
from swath.demo.canvas import OVERSAMPLING, Canvas
from swath.demo.ground_light import GLOW_SCALE
from swath.demo.scenes import Scene
from swath.demo.solids import Finish, Pose, painting_order
from swath.demo.vehicles import vehicle_solid

Bounds = tuple[float, float, float, float]

JPEG_QUALITY = 90

_TEXTURE = 3  # stream of random numbers


def draw_scene(scene: Scene) -> Image.Image:
    """The picture of a scene, RGB, of the size its camera says."""
    rng = np.random.default_rng([scene.texture_seed, _TEXTURE])
    canvas = Canvas.blank(scene.camera, scene.light)
    sky.draw_sky(canvas, scene, rng)
    scenery.draw_ground(canvas, scene)
    # the ground is all there is so far, and soft effects need no enlarged canvas: shrink, apply, enlarge again
    ground = canvas.image.reduce(OVERSAMPLING)
    ground_light.cast_shadows(ground, scene)
    ground_light.fade_into_air(ground, scene)
    if scene.light.wet:
        ground_light.reflect_in_wet_road(ground, scene)
    if scene.weather in ("night", "dusk"):
        ground_light.shine_on_ground(ground, scene)
    canvas.show(ground)
    _standing(canvas, scene)
    picture = canvas.image.reduce(OVERSAMPLING)
    if scene.light.lamps:
        picture = _glow(picture, canvas, scene)
    if scene.weather == "rain":
        picture = _rain(picture, rng)
    return _grain(picture, rng)


def encode_scene(scene: Scene) -> bytes:
    """The JPEG file of a scene; the same bytes each time."""
    buffer = io.BytesIO()
    draw_scene(scene).save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()


def _standing(canvas: Canvas, scene: Scene) -> None:
    """Everything upright, far things first. Each thing comes with its bounds on the ground: x, y low, x, y high."""
    town = scene.town
    things: list[tuple[Callable[[], None], Bounds]] = []
    for building in town.buildings:
        x = sorted((building.x0, building.x1))
        paint = partial(canvas.solid, building_solid(building), Pose(x=0, y=0, heading=0))
        things.append((paint, (x[0], building.y0, x[1], building.y1)))
    things += [
        (partial(scenery.draw_tree, canvas, tree), _around(tree.x, tree.y, 0.6, 0.6))
        for tree in scenery.trees_in_view(scene)
    ]
    things += [
        (partial(scenery.draw_street_light, canvas, x, y, side), _around(x, y, 0.2, 0.2))
        for x, y, side in town.street_lights
    ]
    things += [
        (partial(scenery.draw_prop, canvas, prop), _around(prop.x, prop.y, *prop.size[:2])) for prop in town.props
    ]
    things += [
        (partial(scenery.draw_pedestrian, canvas, person), _around(person.x, person.y, 0.6, 0.6))
        for person in scene.pedestrians
    ]
    for vehicle in scene.vehicles:
        solid = vehicle_solid(vehicle.kind, vehicle.paint, vehicle.style)
        world = vehicle.pose.to_world(solid.points)
        (left, near), (right, far) = world[:, :2].min(axis=0).tolist(), world[:, :2].max(axis=0).tolist()
        things.append((partial(canvas.solid, solid, vehicle.pose), (left, near, right, far)))
    bounds = np.array([bound for _, bound in things])
    corners = [np.insert(bounds[:, [i, j]], 2, 1.0, axis=1) for i in (0, 2) for j in (1, 3)]
    kept = np.flatnonzero(np.max([canvas.camera.depth_of(corner) for corner in corners], axis=0) > 1.0)
    for index in painting_order(bounds[kept, :2], bounds[kept, 2:], np.array(canvas.camera.eye[:2])):
        draw, _ = things[int(kept[index])]
        draw()


def _around(x: float, y: float, across: float, along: float) -> Bounds:
    return (x - across / 2, y - along / 2, x + across / 2, y + along / 2)


def _glow(picture: Image.Image, canvas: Canvas, scene: Scene) -> Image.Image:
    """Add the light around lamps, stronger the darker it is."""
    camera = canvas.camera
    size = (picture.width // GLOW_SCALE, picture.height // GLOW_SCALE)
    factor = 1 / (OVERSAMPLING * GLOW_SCALE)
    dark = {"night": 1.0, "dusk": 0.55, "fog": 0.5}.get(scene.weather, 0.4)
    halos = Image.new("RGB", size)
    pen = ImageDraw.Draw(halos)
    for lamp in filter(canvas.shows, canvas.lamps):
        reach = {Finish.HEADLAMP: 0.27, Finish.TAILLAMP: 0.2, Finish.BEACON: 0.4}.get(lamp.finish, 0.5)
        r = max(reach * camera.focal / lamp.depth * factor, 0.8)
        x, y = lamp.column * factor, lamp.row * factor
        pen.ellipse((x - r, y - r, x + r, y + r), fill=_scaled(lamp.painted, 0.8 * dark))
    soft = ImageChops.add(halos.filter(ImageFilter.GaussianBlur(2.0)), halos.filter(ImageFilter.GaussianBlur(6.0)))
    layer = soft.resize(picture.size, Image.Resampling.BICUBIC)
    return ImageChops.screen(picture, layer)


def _scaled(colour: tuple[int, int, int], factor: float) -> tuple[int, int, int]:
    red, green, blue = (min(int(value * factor), 255) for value in colour)
    return (red, green, blue)


def _rain(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Slanting streaks, a few of them near and bright."""
    mask = Image.new("L", picture.size, 0)
    pen = ImageDraw.Draw(mask)
    slant = float(rng.uniform(-0.28, 0.28))
    for _ in range(int(picture.width * 0.42)):
        x, y = float(rng.uniform(-20, picture.width + 20)), float(rng.uniform(-20, picture.height))
        length = float(rng.uniform(10, 30))
        pen.line((x, y, x + slant * length, y + length), fill=int(rng.uniform(24, 84)))
    mask = mask.filter(ImageFilter.GaussianBlur(0.6))
    picture.paste((214, 222, 232), (0, 0), mask)
    return picture


def _grain(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Sensor noise and a slight fall of light towards the corners."""
    tile = rng.normal(0, 1.3, (128, 128)).astype(np.float32)
    repeats = (picture.height // 128 + 1, picture.width // 128 + 1)
    noise = np.tile(tile, repeats)[: picture.height, : picture.width]
    y, x = np.ogrid[-1 : 1 : picture.height * 1j, -1 : 1 : picture.width * 1j]
    fall = (1.02 - 0.07 * (x * x + y * y)).astype(np.float32)
    pixels = np.asarray(picture, dtype=np.float32) * fall[:, :, None] + noise[:, :, None]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
