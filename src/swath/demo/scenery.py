"""Draws the ground and what stands on it besides houses and vehicles: trees, street lights, people, small things."""

from __future__ import annotations

import math

import numpy as np

from swath.demo.canvas import Canvas, Lamp
from swath.demo.cars import darker
from swath.demo.kinds import Rgb
from swath.demo.scenes import Pedestrian, Scene
from swath.demo.solids import Finish, Pose, SolidBuilder
from swath.demo.streets import Prop, Side, Tree

FAR = 700.0  # metres: where the ground is taken to end
BULB: Rgb = (255, 236, 190)

Fill = tuple[int, int, int]


def tint(canvas: Canvas, colour: Rgb, depth: float, strength: float = 1.0) -> Fill:
    """A colour lit from above, seen through `depth` metres of air; `strength` makes it lighter or darker first."""
    known = canvas.tints.get((colour, depth, strength))
    if known is not None:
        return known
    shaded = canvas.light.shade(
        np.array([colour], dtype=np.float64) * strength, np.array([[0.0, 0.0, 1.0]]), np.array([Finish.MATTE]), depth
    )
    red, green, blue = shaded[0].tolist()
    return canvas.tints.setdefault((colour, depth, strength), (red, green, blue))


def draw_ground(canvas: Canvas, scene: Scene) -> None:
    """Land, road, pavements and markings; all of it flat."""
    rig, camera = scene.rig, canvas.camera
    horizon = int(np.clip(camera.horizon, 0, camera.height))
    grass: Rgb = (112, 148, 84)
    paving: Rgb = (176, 170, 160)
    wide = rig.left is Side.MEADOW
    canvas.pen.rectangle((0, horizon, camera.width, camera.height), fill=tint(canvas, grass if wide else paving, 0.0))
    road = rig.road_half
    for sign, side in ((-1, rig.left), (1, rig.right)):
        edge = sign * (road + rig.pavement)
        colour = {Side.MEADOW: grass, Side.SUBURB: grass, Side.WATER: (70, 126, 150)}.get(side, paving)
        strip(canvas, edge, sign * FAR, colour)
        if rig.pavement:
            strip(canvas, sign * road, edge, (190, 184, 174))
            for joint in range(-60, 140, 3):
                if abs(joint - camera.eye[1]) < 45:
                    quad(canvas, sign * road, edge, joint, joint + 0.05, (170, 164, 155))
            strip(canvas, sign * (road - 0.02), sign * (road + 0.22), (212, 208, 200))
        if side is Side.WATER:
            strip(canvas, edge - 0.1, edge + 0.5, (150, 146, 140))
    asphalt: Rgb = (112, 114, 118)
    strip(canvas, -road, road, asphalt)
    lane = 3.3
    for index in range(rig.lanes):  # tyres polish the asphalt
        for sign in (-1, 1):
            middle = sign * (rig.median / 2 + (index + 0.5) * lane)
            for track in (-0.8, 0.8):
                strip(canvas, middle + track - 0.28, middle + track + 0.28, (106, 108, 113))
    white: Rgb = (226, 226, 222)
    if rig.median:
        strip(canvas, -rig.median / 2, rig.median / 2, (124, 142, 96))
        for sign in (-1, 1):
            strip(canvas, sign * (rig.median / 2 + 0.15), sign * (rig.median / 2 + 0.3), white)
    else:
        for offset in (-0.14, 0.14) if rig.lanes > 1 else ():
            strip(canvas, offset - 0.06, offset + 0.06, (226, 190, 84))
        if rig.lanes == 1:
            dashes(canvas, 0.0, (226, 226, 222))
    for sign in (-1, 1):
        for index in range(1, rig.lanes):
            dashes(canvas, sign * (rig.median / 2 + index * lane), white)
        outer = sign * (rig.median / 2 + rig.lanes * lane + 0.1)
        strip(canvas, outer - 0.07, outer + 0.07, white)
        if rig.parking:
            for y in range(-48, 120, 6):
                quad(canvas, outer, sign * road, y, y + 0.12, white)
    if rig.pavement:  # a crossing
        start = 30.0 if abs(rig.yaw) < 40 else 13.0
        x = -road + 0.5
        while x < road - 0.6:
            quad(canvas, x, x + 0.55, start, start + 3.2, white)
            x += 1.1


def quad(canvas: Canvas, x0: float, x1: float, y0: float, y1: float, colour: Rgb) -> None:
    """A rectangle on the ground, as it looks from near by; `ground_light.fade_into_air` does the rest."""
    canvas.ground([(x0, y0, 0), (x1, y0, 0), (x1, y1, 0), (x0, y1, 0)], tint(canvas, colour, 0.0))


def strip(canvas: Canvas, x0: float, x1: float, colour: Rgb) -> None:
    """A band along the street from end to end."""
    quad(canvas, x0, x1, -FAR, FAR, colour)


def dashes(canvas: Canvas, x: float, colour: Rgb) -> None:
    for y in range(-60, 150, 9):
        quad(canvas, x - 0.07, x + 0.07, y, y + 3.2, colour)


def trees_in_view(scene: Scene) -> list[Tree]:
    """The trees to draw: not those behind the camera, nor those so near that their leaves would hide the street."""
    camera = scene.camera
    feet = np.array([[tree.x, tree.y, 0.0] for tree in scene.town.trees]).reshape(-1, 3)
    return [
        tree
        for tree, depth in zip(scene.town.trees, camera.depth_of(feet).tolist(), strict=True)
        if depth > 5 and _crown(tree) * camera.focal / depth < 0.085 * camera.width
    ]


def _crown(tree: Tree) -> float:
    """Half the width of a tree, in metres."""
    return tree.height * (0.2 if tree.conifer else 0.3)


def draw_tree(canvas: Canvas, tree: Tree) -> None:
    foot = np.array([[tree.x, tree.y, 0.0], [tree.x, tree.y, tree.height]])
    depth = float(canvas.camera.depth_of(foot).min())
    (column, row, _), (top_column, top, _) = canvas.camera.project(foot).tolist()
    scale = canvas.camera.focal / depth
    half = _crown(tree) * scale
    if column + 2 * half < 0 or column - 2 * half > canvas.camera.width:
        return
    rng = np.random.default_rng(tree.style)
    trunk = tint(canvas, (112, 88, 68), depth, 0.8)
    w = max(0.045 * tree.height * 0.5 * scale, 1)
    canvas.pen.polygon(
        [(column - w, row), (column + w, row), (top_column + w * 0.6, top + half), (top_column - w * 0.6, top + half)],
        fill=trunk,
    )
    base = (66 + int(rng.integers(-14, 26)), 122 + int(rng.integers(-16, 18)), 62 + int(rng.integers(-14, 10)))
    tones = [tint(canvas, base, depth, strength) for strength in (0.66, 0.86, 1.06)]
    span = row - top
    if tree.conifer:
        for level in range(5):
            y = top + span * (0.12 + 0.17 * level)
            reach = half * (0.35 + 0.17 * level)
            canvas.pen.polygon(
                [(column - reach, y + span * 0.16), (column + reach, y + span * 0.16), (column, y - span * 0.13)],
                fill=tones[0],
            )
            canvas.pen.polygon(
                [
                    (column - reach * 0.2, y + span * 0.14),
                    (column + reach * 0.75, y + span * 0.14),
                    (column, y - span * 0.13),
                ],
                fill=tones[1],
            )
        return
    centre = top + span * 0.34
    leaves = [
        (float(rng.normal(0, 0.42)), float(rng.normal(0, 0.4)), float(rng.uniform(0.34, 0.56))) for _ in range(13)
    ]
    towards_sun = (
        1.0
        if canvas.light.sun[0] * math.cos(canvas.camera.yaw) - canvas.light.sun[1] * math.sin(canvas.camera.yaw) > 0
        else -1.0
    )
    for index, tone in enumerate(tones):
        shift = index * 0.13
        for dx, dy, r in leaves:
            x = column + (np.clip(dx, -0.8, 0.8) + towards_sun * shift) * half
            y = centre + (np.clip(dy, -0.75, 0.75) - shift * 1.2) * half
            size = r * half * (1 - 0.24 * index)
            canvas.pen.ellipse((x - size, y - size * 0.92, x + size, y + size * 0.92), fill=tone)


def draw_street_light(canvas: Canvas, x: float, y: float, side: int) -> None:
    points = np.array(
        [[x, y, 0], [x, y, 7.2], [x - side * 1.7, y, 7.6], [x - side * 1.1, y, 7.5], [x - side * 1.9, y, 7.5]],
        dtype=np.float64,
    )
    depth = float(canvas.camera.depth_of(points).min())
    if depth < 10:  # a post right before the lens hides the street
        return
    flat = canvas.camera.project(points)[:, :2]
    colour = tint(canvas, (92, 98, 104), depth, 0.9)
    thick = max(int(0.12 * canvas.camera.focal / depth), 1)
    canvas.pen.line([tuple(flat[0]), tuple(flat[1])], fill=colour, width=thick)
    canvas.pen.line([tuple(flat[1]), tuple(flat[2])], fill=colour, width=max(thick * 2 // 3, 1))
    canvas.pen.line([tuple(flat[3]), tuple(flat[4])], fill=BULB if canvas.light.lamps else colour, width=thick + 1)
    if canvas.light.lamps:
        column, row = (flat[3] + flat[4]) / 2
        canvas.lamps.append(Lamp(column=column, row=row, depth=depth, finish=Finish.LIT, painted=BULB))


def draw_prop(canvas: Canvas, prop: Prop) -> None:
    b = SolidBuilder()
    across, along, up = prop.size
    x, y = (-across / 2, across / 2), (-along / 2, along / 2)
    pale: Rgb = (236, 230, 218)
    match prop.name:
        case "boat":
            b.part()
            hull = []
            for bow, low, high, deck in (
                (y[0], 0.36, 0.5, 1.1),
                (y[1] * 0.4, 0.4, 0.5, 1.1),
                (y[1], 0.02, 0.04, 1.3),
            ):
                low, high = low * across, high * across
                hull.append([(-low, bow, 0.0), (low, bow, 0.0), (high, bow, deck), (-high, bow, deck)])
            b.loft(np.array(hull), prop.colour)
            b.part()
            b.block((-across * 0.3, across * 0.3), (-along * 0.2, along * 0.12), (1.3, 2.3), pale)
            b.part()
            b.bar((0, along * 0.16, 1.3), (0, along * 0.16, up), 0.09, (120, 96, 72))
            b.part()
            b.face(
                [(0.1, along * 0.12, 1.9), (0.1, -along * 0.38, 2.1), (0.1, along * 0.12, up - 0.4)],
                (244, 242, 236),
                Finish.MATTE,
            )
            b.face(
                [(-0.1, along * 0.12, 1.9), (-0.1, -along * 0.38, 2.1), (-0.1, along * 0.12, up - 0.4)],
                (244, 242, 236),
                Finish.MATTE,
            )
        case "shelter":
            b.part()
            for sy in y:
                b.block((x[0], x[0] + 0.1), (sy - 0.05, sy + 0.05), (0.0, up - 0.15), (90, 96, 102))
            b.part()
            b.block((x[1] - 0.12, x[1]), y, (0.3, up - 0.2), (150, 186, 196), Finish.GLASS)
            b.part()
            b.block(x, y, (up - 0.15, up), prop.colour)
        case "kiosk" | "stall":
            b.part()
            b.block(
                (x[0] * 0.9, x[1] * 0.9),
                (y[0] * 0.9, y[1] * 0.9),
                (0.0, up * 0.8),
                pale if prop.name == "stall" else prop.colour,
            )
            for sx in (x[0] * 0.9, x[1] * 0.9):
                b.face(
                    [
                        (sx, y[0] * 0.7, up * 0.36),
                        (sx, y[1] * 0.7, up * 0.36),
                        (sx, y[1] * 0.7, up * 0.72),
                        (sx, y[0] * 0.7, up * 0.72),
                    ],
                    (255, 222, 160),
                    Finish.LIT,
                )
            b.part()
            b.block(x, y, (up * 0.8, up * 0.92), prop.colour if prop.name == "stall" else darker(prop.colour, 0.7))
        case _:
            b.part()
            b.block(x, y, (0.0, up * 0.86), prop.colour)
            for rib in range(1, 6):
                ry = y[0] + (y[1] - y[0]) * rib / 6
                for sx in x:
                    b.face(
                        [(sx, ry, 0.1), (sx, ry + 0.08, 0.1), (sx, ry + 0.08, up * 0.8), (sx, ry, up * 0.8)],
                        darker(prop.colour, 0.8),
                        Finish.MATTE,
                    )
            b.part()
            b.block((x[0] * 1.04, x[1] * 1.04), (y[0] * 1.02, y[1] * 1.02), (up * 0.86, up), darker(prop.colour, 0.75))
    canvas.solid(b.build(), Pose(x=prop.x, y=prop.y, heading=0.0))


def draw_pedestrian(canvas: Canvas, person: Pedestrian) -> None:
    b = SolidBuilder()
    h = person.height
    stride = 0.2
    for side, step in ((0.08, stride), (-0.08, -stride)):
        b.part()
        b.bar((step, side, 0.0), (0.0, side, 0.48 * h), 0.07, person.bottom)
    b.part()
    b.loft(np.array([
        [(0.11, y, 0.46 * h) for y in (0.15, -0.15)] + [(-0.11, y, 0.46 * h) for y in (-0.15, 0.15)],
        [(0.12, y, 0.8 * h) for y in (0.2, -0.2)] + [(-0.12, y, 0.8 * h) for y in (-0.2, 0.2)],
        [(0.06, y, 0.85 * h) for y in (0.08, -0.08)] + [(-0.06, y, 0.85 * h) for y in (-0.08, 0.08)],
    ]), person.top, Finish.MATTE)  # fmt: skip
    for side in (0.24, -0.24):
        b.part()
        b.bar((0.0, side, 0.8 * h), (0.12 * math.copysign(1, -side), side, 0.48 * h), 0.05, darker(person.top, 0.9))
    b.part()
    b.ball((0.02, 0.0, 0.93 * h), 0.115, (206, 160, 128), stretch=1.15)
    b.part()
    b.ball((-0.03, 0.0, 0.96 * h), 0.105, (58, 44, 38), stretch=1.0)
    if person.umbrella:
        b.part()
        b.bar((0.2, 0.1, 0.6 * h), (0.2, 0.1, 1.2 * h), 0.015, (40, 40, 44))
        angles = np.arange(10) * (2 * math.pi / 10)
        rim = np.stack([0.15 + 0.55 * np.cos(angles), 0.55 * np.sin(angles), np.full(10, 1.1 * h)], axis=1)
        tip = np.stack([0.15 + 0.1 * np.cos(angles), 0.1 * np.sin(angles), np.full(10, 1.24 * h)], axis=1)
        b.part()
        b.loft(np.stack([rim, tip]), person.top)
    canvas.solid(b.build(), Pose(x=person.x, y=person.y, heading=person.direction * math.pi / 2))
