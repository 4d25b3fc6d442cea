"""Paints one scene: from the sky to the rain on the lens, in the order in which things hide one another."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from swath.demo import scenery
from swath.demo.buildings import building_solid
from swath.demo.canvas import OVERSAMPLING, Canvas
from swath.demo.scenes import Scene
from swath.demo.solids import Finish, Pose, outline, painting_order
from swath.demo.streets import Building
from swath.demo.vehicles import vehicle_solid

Bounds = tuple[float, float, float, float]

JPEG_QUALITY = 90
GLOW_SCALE = 4  # light spreads softly: its layer is this many times smaller than the picture

_TEXTURE = 3  # stream of random numbers


def draw_scene(scene: Scene) -> Image.Image:
    """The picture of a scene, RGB, of the size its camera says."""
    rng = np.random.default_rng([scene.texture_seed, _TEXTURE])
    canvas = Canvas.blank(scene.camera, scene.light)
    scenery.draw_sky(canvas, scene, rng)
    scenery.draw_ground(canvas, scene)
    _shadows(canvas, scene)
    if scene.light.wet:
        _reflections(canvas, scene)
    if scene.weather in ("night", "dusk"):
        _light_on_ground(canvas, scene)
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


def _shadows(canvas: Canvas, scene: Scene) -> None:
    """Soft shadows of vehicles, trees and people, thrown by the sun and, below them, by the sky."""
    camera, light = canvas.camera, canvas.light
    shrink = 4
    mask = Image.new("L", (camera.width // shrink, camera.height // shrink), 0)
    pen = ImageDraw.Draw(mask)

    def cast(points: NDArray[np.float64], strength: float) -> None:
        if camera.depth_of(points).min() > 1.0:
            hull = outline(camera.project(points)[:, :2])
            pen.polygon((hull / shrink).ravel().tolist(), fill=int(255 * strength))

    for tree in scene.town.trees:
        angles = np.arange(14) * (2 * math.pi / 14)
        r = tree.height * 0.3
        crown = np.stack(
            [tree.x + r * np.cos(angles), tree.y + r * np.sin(angles), np.full(14, tree.height * 0.66)], axis=1
        )
        if 4 < camera.depth_of(crown).min() < 90:
            trunk = np.array([[tree.x + dx, tree.y + dx, z] for dx in (-0.22, 0.22) for z in (0.0, tree.height * 0.6)])
            cast(scenery.shadow_outline(trunk, light.sun), light.shadow * 0.8)
            cast(scenery.shadow_outline(crown, light.sun), light.shadow * 0.8)
    for person in scene.pedestrians:
        body = np.array(
            [[person.x + dx, person.y + dy, z] for dx in (-0.2, 0.2) for dy in (-0.2, 0.2) for z in (0, person.height)]
        )
        cast(scenery.shadow_outline(body, light.sun), light.shadow)
    for vehicle in scene.vehicles:
        solid = vehicle_solid(vehicle.kind, vehicle.paint, vehicle.style)
        cast(scenery.shadow_outline(vehicle.pose.to_world(solid.points), light.sun), light.shadow)
    near = max((vehicle.depth for vehicle in scene.vehicles), default=40.0)
    mask = mask.filter(ImageFilter.GaussianBlur(max(1.0, 0.05 * camera.focal / max(near, 10) / shrink)))
    contact = Image.new("L", mask.size, 0)
    contact_pen = ImageDraw.Draw(contact)
    for vehicle in scene.vehicles:
        solid = vehicle_solid(vehicle.kind, vehicle.paint, vehicle.style)
        low, high = solid.part_lows.min(axis=0), solid.part_highs.max(axis=0)
        if vehicle.category == "motorbike":
            low, high = low * np.array([1, 0.3, 1]), high * np.array([1, 0.3, 1])
        foot = vehicle.pose.to_world(np.array([[x, y, 0.0] for x in (low[0], high[0]) for y in (low[1], high[1])]))
        hull = outline(camera.project(foot)[:, :2]) / shrink
        contact_pen.polygon(hull.ravel().tolist(), fill=int(255 * min(light.shadow + 0.28, 0.7)))
    contact = contact.filter(ImageFilter.GaussianBlur(0.9))
    top = int(np.clip(camera.horizon / shrink, 0, mask.height - 1))
    ground = ImageChops.lighter(mask, contact).crop((0, top, mask.width, mask.height))
    ground = ground.resize((camera.width, camera.height - top * shrink), Image.Resampling.BILINEAR)
    canvas.image.paste((16, 20, 34), (0, top * shrink), ground)
    canvas.pen = ImageDraw.Draw(canvas.image)


def _reflections(canvas: Canvas, scene: Scene) -> None:
    """What a wet road shows: everything that stands on it upside down, blurred downwards."""
    large = canvas.camera
    size = (large.width // OVERSAMPLING, large.height // OVERSAMPLING)
    mirror = Canvas.blank(scene.camera, scene.light)
    mirror.camera = scene.camera
    red, green, blue = (int(value * 0.9) for value in scene.light.sky_low)
    mirror.image = Image.new("RGB", size, (red, green, blue))
    mirror.pen = ImageDraw.Draw(mirror.image)
    for building in _in_order(mirror, scene.town.buildings):
        mirror.solid(building_solid(building), Pose(x=0, y=0, heading=0), mirrored=True, keep_lamps=False)
    for vehicle in sorted(scene.vehicles, key=lambda vehicle: -vehicle.depth):
        solid = vehicle_solid(vehicle.kind, vehicle.paint, vehicle.style)
        mirror.solid(solid, vehicle.pose, mirrored=True, keep_lamps=False)
    # squeezing and stretching blurs along the columns only, as ripples do
    squeezed = mirror.image.resize((size[0] // 2, max(size[1] // 14, 1)), Image.Resampling.BOX)
    blurred = squeezed.resize((large.width, large.height), Image.Resampling.BICUBIC)
    mask = Image.new("L", (large.width, large.height), 0)
    surface = large.clip(scenery.road_outline(scene.rig))
    ImageDraw.Draw(mask).polygon(large.project(surface)[:, :2].ravel().tolist(), fill=96)
    canvas.image.paste(blurred, (0, 0), mask)
    canvas.pen = ImageDraw.Draw(canvas.image)


def _in_order(canvas: Canvas, things: tuple[Building, ...]) -> list[Building]:
    lows = np.array([[min(t.x0, t.x1), t.y0] for t in things]).reshape(-1, 2)
    highs = np.array([[max(t.x0, t.x1), t.y1] for t in things]).reshape(-1, 2)
    return [things[i] for i in painting_order(lows, highs, np.array(canvas.camera.eye[:2]))] if things else []


def _standing(canvas: Canvas, scene: Scene) -> None:
    """Everything upright, far things first. Each thing comes with its bounds on the ground: x, y low, x, y high."""
    town = scene.town
    things: list[tuple[Callable[[], None], Bounds]] = []
    for building in town.buildings:
        x = sorted((building.x0, building.x1))
        paint = partial(canvas.solid, building_solid(building), Pose(x=0, y=0, heading=0))
        things.append((paint, (x[0], building.y0, x[1], building.y1)))
    things += [(partial(scenery.draw_tree, canvas, tree), _around(tree.x, tree.y, 0.6, 0.6)) for tree in town.trees]
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


def _light_on_ground(canvas: Canvas, scene: Scene) -> None:
    """What street lights and headlamps throw on the road; it comes before all that stands there."""
    camera = canvas.camera
    factor = 1 / (OVERSAMPLING * GLOW_SCALE)
    layer = Image.new("RGB", (scene.camera.width // GLOW_SCALE, scene.camera.height // GLOW_SCALE))
    pen = ImageDraw.Draw(layer)
    for x, y, side in scene.town.street_lights:
        _pool(pen, canvas, x - side * 1.9, y, 5.0, (70, 54, 32), factor)
    for vehicle in scene.vehicles:
        if vehicle.parked:
            continue
        half = 0.7 if vehicle.category != "motorbike" else 0.2
        nose = float(vehicle_solid(vehicle.kind, vehicle.paint, vehicle.style).part_highs[:, 0].max())
        beam = vehicle.pose.to_world(
            np.array([[nose, half, 0], [nose + 9, half + 1.5, 0], [nose + 9, -half - 1.5, 0], [nose, -half, 0]])
        )
        shape = camera.clip([(x, y, z) for x, y, z in beam.tolist()])
        if len(shape) > 2:
            pen.polygon((camera.project(shape)[:, :2] * factor).ravel().tolist(), fill=(84, 80, 62))
    layer = layer.filter(ImageFilter.GaussianBlur(layer.width * 0.012))
    layer = layer.resize((camera.width, camera.height), Image.Resampling.BILINEAR)
    canvas.image.paste(ImageChops.screen(canvas.image, layer))


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


def _pool(
    pen: ImageDraw.ImageDraw, canvas: Canvas, x: float, y: float, r: float, fill: tuple[int, int, int], factor: float
) -> None:
    angles = np.arange(16) * (2 * math.pi / 16)
    ring = [(x + r * math.cos(a), y + r * math.sin(a), 0.0) for a in angles.tolist()]
    shape = canvas.camera.clip(ring)
    if len(shape) > 2:
        pen.polygon((canvas.camera.project(shape)[:, :2] * factor).ravel().tolist(), fill=fill)


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
