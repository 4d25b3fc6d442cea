"""What light does on flat ground: shadows, haze, mirrors in the wet, cones of headlamps. Works on the final size."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from swath.demo.buildings import building_solid
from swath.demo.canvas import Canvas
from swath.demo.scenery import FAR, trees_in_view
from swath.demo.scenes import Scene
from swath.demo.solids import Pose, outline, painting_order
from swath.demo.streets import Building
from swath.demo.vehicles import vehicle_solid

GLOW_SCALE = 4  # light spreads softly: its layer is this many times smaller than the picture


def cast_shadows(picture: Image.Image, scene: Scene) -> None:
    """Soft shadows of vehicles, trees and people, thrown by the sun and, below them, by the sky."""
    camera, light = scene.camera, scene.light
    shrink = 2  # soft things need few pixels
    mask = Image.new("L", (camera.width // shrink, camera.height // shrink), 0)
    pen = ImageDraw.Draw(mask)

    def cast(points: NDArray[np.float64], strength: float) -> None:
        if camera.depth_of(points).min() > 1.0:
            hull = outline(camera.project(points)[:, :2])
            pen.polygon((hull / shrink).ravel().tolist(), fill=int(255 * strength))

    for tree in trees_in_view(scene):
        angles = np.arange(14) * (2 * math.pi / 14)
        r = tree.height * 0.3
        crown = np.stack(
            [tree.x + r * np.cos(angles), tree.y + r * np.sin(angles), np.full(14, tree.height * 0.66)], axis=1
        )
        if 4 < camera.depth_of(crown).min() < 90:
            trunk = np.array([[tree.x + dx, tree.y + dx, z] for dx in (-0.22, 0.22) for z in (0.0, tree.height * 0.6)])
            cast(_on_ground(trunk, light.sun), light.shadow * 0.8)
            cast(_on_ground(crown, light.sun), light.shadow * 0.8)
    for person in scene.pedestrians:
        body = np.array(
            [[person.x + dx, person.y + dy, z] for dx in (-0.2, 0.2) for dy in (-0.2, 0.2) for z in (0, person.height)]
        )
        cast(_on_ground(body, light.sun), light.shadow)
    for vehicle in scene.vehicles:
        solid = vehicle_solid(vehicle.kind, vehicle.paint, vehicle.style)
        cast(_on_ground(vehicle.pose.to_world(solid.points), light.sun), light.shadow)
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
    picture.paste((16, 20, 34), (0, top * shrink), ground)


def fade_into_air(picture: Image.Image, scene: Scene) -> None:
    """Fade the ground into the air. All of a row is equally far on flat ground, so one column says it all."""
    camera, light = scene.camera, scene.light
    horizon = int(np.clip(camera.horizon, 0, camera.height - 1))
    rows = np.arange(horizon, camera.height) + 0.5
    # depth at which a row meets the ground, from the pinhole equations with z = 0
    below = (rows - camera.height / 2) / camera.focal
    drop = math.sin(camera.pitch) + below * math.cos(camera.pitch)
    depth = camera.eye[2] / np.maximum(drop, 1e-4)
    lost = 255 * (1 - np.exp(-depth / light.sight))
    column = Image.fromarray(lost.astype(np.uint8)[:, None]).resize((camera.width, len(rows)), Image.Resampling.NEAREST)
    red, green, blue = (int(value) for value in light.air)
    picture.paste((red, green, blue), (0, horizon), column)


def reflect_in_wet_road(picture: Image.Image, scene: Scene) -> None:
    """What a wet road shows: everything that stands on it upside down, blurred downwards."""
    camera, half = scene.camera, scene.rig.road_half
    mirror = Canvas.blank(camera, scene.light, oversampling=1)
    red, green, blue = (int(value * 0.9) for value in scene.light.sky_low)
    mirror.show(Image.new("RGB", picture.size, (red, green, blue)))
    for building in _far_first(scene):
        mirror.solid(building_solid(building), Pose(x=0, y=0, heading=0), mirrored=True)
    for vehicle in sorted(scene.vehicles, key=lambda vehicle: -vehicle.depth):
        mirror.solid(vehicle_solid(vehicle.kind, vehicle.paint, vehicle.style), vehicle.pose, mirrored=True)
    # squeezing and stretching blurs mostly along the columns, as ripples do
    squeezed = mirror.image.resize((picture.width // 2, max(picture.height // 14, 1)), Image.Resampling.BOX)
    mask = Image.new("L", picture.size, 0)
    surface = camera.clip([(-half, -FAR, 0), (half, -FAR, 0), (half, FAR, 0), (-half, FAR, 0)])
    ImageDraw.Draw(mask).polygon(camera.project(surface)[:, :2].ravel().tolist(), fill=96)
    picture.paste(squeezed.resize(picture.size, Image.Resampling.BICUBIC), (0, 0), mask)


def _far_first(scene: Scene) -> list[Building]:
    things = scene.town.buildings
    if not things:
        return []
    lows = np.array([[min(thing.x0, thing.x1), thing.y0] for thing in things])
    highs = np.array([[max(thing.x0, thing.x1), thing.y1] for thing in things])
    return [things[i] for i in painting_order(lows, highs, np.array(scene.camera.eye[:2]))]


def shine_on_ground(picture: Image.Image, scene: Scene) -> None:
    """What street lights and headlamps throw on the road; it comes before all that stands there."""
    camera = scene.camera
    factor = 1 / GLOW_SCALE
    layer = Image.new("RGB", (camera.width // GLOW_SCALE, camera.height // GLOW_SCALE))
    pen = ImageDraw.Draw(layer)
    for x, y, side in scene.town.street_lights:
        ring = [(x - side * 1.9 + 5 * math.cos(a), y + 5 * math.sin(a), 0.0) for a in np.arange(16) * (math.pi / 8)]
        shape = camera.clip(ring)
        if len(shape) > 2:
            pen.polygon((camera.project(shape)[:, :2] * factor).ravel().tolist(), fill=(70, 54, 32))
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
    picture.paste(ImageChops.screen(picture, layer.resize(picture.size, Image.Resampling.BILINEAR)))


def _on_ground(points: NDArray[np.float64], sun: tuple[float, float, float]) -> NDArray[np.float64]:
    """Where the sun throws points (N, 3) on the ground: (N, 3) with z = 0."""
    reach = points[:, 2:3] / max(sun[2], 0.2)
    return np.concatenate([points[:, :2] - reach * np.array(sun[:2]), np.zeros((len(points), 1))], axis=1)
