"""The cameras of a world."""

import math
from dataclasses import dataclass

from numpy.random import default_rng

from passerby.synth.cloth import RGB

MOST = 16
"""How many cameras a world can have."""
_HEADINGS = (0.15, 3.0, 1.45, -0.65, 2.35, -1.7, 0.75, -2.5)
_ROWS = (112, 96, 112, 48, 80, 104, 72, 96)


@dataclass(frozen=True, kw_only=True, slots=True)
class Camera:
    """One camera and the place it watches.

    Args:
        camid: its number, from 1 on.
        height: metres above the ground.
        distance: metres to the people, nearest and farthest.
        heading: radians; the way most people walk past it, 0 towards the camera, a quarter turn to its right.
        turns: share of people who come the other way.
        roll: radians that it hangs askew.
        rows: pixels that a person's box is high: its true resolution.
        light: direction to the light, of length 1, x right, y away, z up.
        key: strength of that light, as RGB.
        sky: strength of light from above, as RGB.
        ground: strength of light from below, as RGB.
        gain: exposure of red, green and blue.
        saturation: 1 for true colours, 0 for none.
        contrast: 1 for none added.
        noise: standard deviation of the sensor's noise in 0 .. 1.
        blur: standard deviation of its focus, in its own pixels.
        motion: most pixels that a moving person is smeared over.
        quality: of the JPEG files, 1 .. 95.
        occluded: share of pictures with something in front of the person.
        scene: seed of ground, walls and things that stand about.
    """

    camid: int
    height: float
    distance: tuple[float, float]
    heading: float
    turns: float
    roll: float
    rows: int
    light: RGB
    key: RGB
    sky: RGB
    ground: RGB
    gain: RGB
    saturation: float
    contrast: float
    noise: float
    blur: float
    motion: float
    quality: int
    occluded: float
    scene: int


def cameras(count: int, *, seed: int) -> tuple[Camera, ...]:
    """Cameras that differ in view, resolution, light and colour; the fourth of every eight is a coarse one.

    Args:
        count: how many, 1 .. MOST.
        seed: 0 or more.

    Raises:
        ValueError: if count or seed is out of range.
    """
    if not 1 <= count <= MOST or seed < 0:
        raise ValueError(f"count is {count} and seed {seed}; give 1 to {MOST} cameras and a seed of 0 or more.")
    return tuple(_camera(camid, seed) for camid in range(1, count + 1))


def _camera(camid: int, seed: int) -> Camera:
    generator = default_rng([seed, 2, camid])

    def between(low: float, high: float) -> float:
        return low + (high - low) * float(generator.random())

    place = (camid - 1) % len(_HEADINGS)
    rows = _ROWS[place]
    near = between(5, 8) * (128 / rows) ** 0.5
    azimuth, elevation = between(-math.pi, math.pi), between(0.5, 1.2)
    overcast = between(0.0, 1.0)
    key, warm = 0.75 - 0.5 * overcast, between(-0.04, 0.08)
    sky = 0.42 + 0.3 * overcast
    exposure = between(0.92, 1.13)
    tint, green = between(-0.04, 0.04), between(-0.016, 0.016)
    return Camera(
        camid=camid,
        height=between(2.4, 4.6),
        distance=(near, near * between(1.6, 2.3)),
        heading=_HEADINGS[place] + between(-0.2, 0.2),
        turns=between(0.12, 0.4),
        roll=between(-0.05, 0.05),
        rows=rows,
        light=(
            math.cos(elevation) * math.sin(azimuth),
            math.cos(elevation) * math.cos(azimuth),
            math.sin(elevation),
        ),
        key=(key * (1 + warm), key, key * (1 - warm)),
        sky=(sky * (1 - 0.3 * warm), sky, sky * (1 + 0.5 * warm)),
        ground=(0.22, 0.21, 0.19),
        gain=(exposure * (1 + tint), exposure * (1 + green), exposure * (1 - tint)),
        saturation=between(0.85, 1.12),
        contrast=between(0.92, 1.14),
        noise=between(0.008, 0.026),
        blur=between(0.25, 0.6),
        motion=between(0.5, 3.0),
        quality=round(between(60, 90)),
        occluded=between(0.06, 0.2),
        scene=int(generator.integers(2**31)),
    )
