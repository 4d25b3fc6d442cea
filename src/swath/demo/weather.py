"""Weather and hour as light: what shines from where, in which colour, and how the air dims it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.demo.solids import Finish

WEATHERS = {"sunny": 0.75, "rain": 0.12, "night": 0.08, "fog": 0.025, "dusk": 0.025}
"""How often each weather is drawn."""

PANE = (44, 56, 70)  # what a window looks like when nobody has switched on the light

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """Everything about the light of one picture; colours are 0 to 255, strengths are factors on a face's own colour.

    `sun` points to the sun (length 1). `air` is the colour distance fades into, `sight` the distance in metres at
    which about two thirds of a colour are lost.
    """

    sun: tuple[float, float, float]
    sun_strength: Colour
    ambient: Colour
    sky_high: Colour
    sky_low: Colour
    air: Colour
    sight: float
    shadow: float  # 0 none, 1 black
    lamps: bool
    wet: bool

    def shade(
        self,
        colours: NDArray[np.float64],
        normals: NDArray[np.float64],
        finishes: NDArray[np.int64],
        distance: NDArray[np.float64] | float,
    ) -> NDArray[np.uint8]:
        """Colours (F, 3) of faces as they look under this light from `distance` metres away."""
        facing = np.maximum(normals @ np.array(self.sun), 0.0)
        upward = normals[:, 2]
        # Lambert's law for the sun; the sky lights what looks up a little more than what looks down
        glow = np.array(self.ambient) * (0.86 + 0.14 * upward[:, None]) + np.array(self.sun_strength) * facing[:, None]
        seen = colours * glow
        sky = np.array(self.sky_low) * 0.5 + np.array(self.sky_high) * 0.5
        mirror = np.zeros(len(colours))
        mirror[finishes == Finish.PAINT] = 0.03
        mirror[finishes == Finish.GLASS] = 0.10
        mirror *= 1 + 2.2 * np.clip(upward, 0, 1)
        seen = seen * (1 - mirror[:, None]) + sky * mirror[:, None]
        shining = finishes == Finish.BEACON
        if self.lamps:
            shining |= (finishes == Finish.HEADLAMP) | (finishes == Finish.TAILLAMP)
            seen[finishes == Finish.LIT] = colours[finishes == Finish.LIT]
        else:
            seen[finishes == Finish.LIT] = np.array(PANE) * np.array(self.ambient) + sky * 0.1
        seen[shining] = np.minimum(colours[shining] * 1.15 + 12, 255)
        return self.fade(seen, distance)

    def fade(self, colours: NDArray[np.float64], distance: NDArray[np.float64] | float) -> NDArray[np.uint8]:
        """Colours (F, 3) after `distance` metres of air."""
        kept = np.exp(-np.asarray(distance, dtype=np.float64) / self.sight).reshape(-1, 1)
        mixed = colours * kept + np.array(self.air) * (1 - kept)
        faded: NDArray[np.uint8] = np.clip(mixed, 0, 255).astype(np.uint8)
        return faded


def light_of(weather: str, rng: np.random.Generator) -> Light:
    """The light of a weather, a little different each time."""
    azimuth = float(rng.uniform(0, 2 * math.pi))
    height = math.radians(float(rng.uniform(32, 58)))
    tint = float(rng.uniform(-1, 1))
    if weather == "dusk":
        height = math.radians(float(rng.uniform(10, 18)))
    flat = math.cos(height)
    sun = (flat * math.cos(azimuth), flat * math.sin(azimuth), math.sin(height))
    match weather:
        case "sunny":
            warm = 0.05 * tint
            return Light(
                sun=sun, sun_strength=(0.66 + warm, 0.63, 0.56 - warm), ambient=(0.60, 0.62, 0.66),
                sky_high=(86 + 22 * tint, 146 + 14 * tint, 214 + 8 * tint), sky_low=(206, 226, 240),
                air=(196, 214, 230), sight=620, shadow=0.42, lamps=False, wet=False,
            )  # fmt: skip
        case "rain":
            return Light(
                sun=(0.0, 0.0, 1.0), sun_strength=(0.16, 0.17, 0.18), ambient=(0.56, 0.59, 0.63),
                sky_high=(112 + 8 * tint, 122 + 8 * tint, 134 + 8 * tint), sky_low=(164, 172, 180),
                air=(152, 161, 170), sight=150, shadow=0.22, lamps=True, wet=True,
            )  # fmt: skip
        case "night":
            return Light(
                sun=sun, sun_strength=(0.07, 0.08, 0.12), ambient=(0.31, 0.32, 0.42),
                sky_high=(9, 13, 32), sky_low=(44 + 8 * tint, 48, 80), air=(28, 32, 54), sight=420,
                shadow=0.3, lamps=True, wet=bool(rng.random() < 0.25),
            )  # fmt: skip
        case "fog":
            grey = 204 + 8 * tint
            return Light(
                sun=(0.0, 0.0, 1.0), sun_strength=(0.18, 0.18, 0.18), ambient=(0.66, 0.67, 0.68),
                sky_high=(grey - 10, grey - 6, grey - 2), sky_low=(grey, grey + 2, grey + 3),
                air=(grey - 2, grey, grey + 2), sight=46, shadow=0.16, lamps=True, wet=False,
            )  # fmt: skip
        case "dusk":
            return Light(
                sun=sun, sun_strength=(0.62, 0.38, 0.20), ambient=(0.42, 0.38, 0.46),
                sky_high=(70, 78, 134), sky_low=(252, 176 + 8 * tint, 118), air=(206, 154, 138), sight=420,
                shadow=0.34, lamps=True, wet=False,
            )  # fmt: skip
    raise AssertionError(f"no light for {weather}")
