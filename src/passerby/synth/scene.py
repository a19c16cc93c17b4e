"""The place that a camera watches: ground, wall, and things that stand about."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator, default_rng
from torch import Tensor
from torch.nn.functional import interpolate

from passerby.synth.camera import Camera
from passerby.synth.chance import choose
from passerby.synth.cloth import Cloth, table
from passerby.synth.palette import palette

GROUND_METRES = 9.0
"""Side of the square that the ground's texture covers before it is mirrored."""
PATCHES_METRES = 22.0
"""Side of the square that the ground's patches cover before they are mirrored."""
WALL_METRES = (18.0, 6.0)
"""Width and height that the wall's texture covers before it is mirrored."""
REACH = {"pole": 0.3, "bin": 0.35, "bench": 0.9, "bicycle": 0.9, "bush": 1.0, "car": 2.2}
"""Metres from the middle that each kind of thing reaches."""
KINDS = tuple(REACH)
"""Things that stand about."""
_SIZE = 128
_DULL = {"gray": 0.5, "brown": 0.2, "green": 0.12, "white": 0.1, "blue": 0.05, "red": 0.03}


@dataclass(frozen=True, slots=True)
class Scene:
    """One camera's place. The camera stands at (0, 0); y is the way it looks, in metres.

    Args:
        ground: (3, S, S) the ground's texture, about 1 on the whole.
        patches: (3, S, S) linear RGB of lawns, paths and shadows, that the texture is laid over.
        wall: (3, S, 2S) linear RGB, upright.
        wall_at: y of the wall.
        kinds: the things' kinds, each a name of KINDS.
        feet: (T, 2) where they stand.
        headings: (T,) radians.
        cloths: (columns, 2T) their two cloths each.
    """

    ground: Tensor
    patches: Tensor
    wall: Tensor
    wall_at: float
    kinds: tuple[str, ...]
    feet: Tensor
    headings: Tensor
    cloths: Tensor


def scene(camera: Camera, *, things: int = 14, device: torch.device | str = "cpu") -> Scene:
    """The place of a camera, always the same for the same camera.

    Args:
        camera: whose place.
        things: how many things stand about, 1 or more.
        device: where its tensors lie.
    """
    generator = default_rng([camera.scene, 3])
    ground, patches = _ground(generator), _patches(generator)
    wall = _wall(generator)
    wall_at = camera.distance[1] + 1.5 + 7 * float(generator.random())
    near = camera.distance[0]
    across, away = generator.random((2, things))
    feet = np.stack((10 * (across - 0.5), near + 0.5 + (wall_at - near - 0.8) * away), axis=1)
    shares = {"pole": 0.2, "bin": 0.12, "bench": 0.13, "bicycle": 0.25, "bush": 0.15, "car": 0.15}
    kinds = tuple(choose(shares, generator) for _ in range(things))
    headings = generator.random(things) * 6.28
    cloths = [_paint(kind, part, generator) for kind in kinds for part in range(2)]
    return Scene(
        ground.to(device),
        patches.to(device),
        wall.to(device),
        wall_at,
        kinds,
        torch.tensor(feet, dtype=torch.float32, device=device),
        torch.tensor(headings, dtype=torch.float32, device=device),
        table(cloths).to(device),
    )


def _paint(kind: str, part: int, generator: Generator) -> Cloth:
    if kind == "bush":
        return Cloth(colour=palette("green", generator), second=palette("green", generator), stripes=(7.0, 9.0, 11.0),
                     cross=(-13.0, 6.0, 8.0), weight=0.6, cross_weight=0.4, folds=0.8, crease=part)  # fmt: skip
    shares = {"black": 0.4, "gray": 0.6} if part else {**_DULL, "black": 0.3}
    return Cloth(colour=palette(choose(shares, generator), generator))


def _ground(generator: Generator) -> Tensor:
    kind = choose({"tiles": 0.45, "plain": 0.3, "slabs": 0.25}, generator)
    rough = 0.4 * _noise(generator, 8, _SIZE, _SIZE) + 0.5 * _noise(generator, 64, _SIZE, _SIZE)
    picture = (1 + rough).expand(3, -1, -1).clone()
    if kind != "plain":
        step = 8 if kind == "tiles" else 21
        line = torch.ones(_SIZE, _SIZE)
        line[::step] = 0.72
        line[:, :: step if kind == "tiles" else 2 * step] = 0.72
        shades = torch.tensor(generator.random((_SIZE // step + 1, _SIZE // step + 1)), dtype=torch.float32)
        tile = shades.repeat_interleave(step, 0).repeat_interleave(step, 1)[:_SIZE, :_SIZE]
        picture = picture * line * (0.85 + 0.3 * tile)
    return picture.clamp(0.3, 1.7)


def _patches(generator: Generator) -> Tensor:
    """Three grounds side by side, with patches of shadow and a painted line or two."""
    grounds = {"gray": 0.6, "green": 0.17, "brown": 0.23}
    picture = _flat(grounds, generator).expand(3, _SIZE, _SIZE).clone()
    for cells in (4, 5):
        share = (20 * (_noise(generator, cells, _SIZE, _SIZE) - 0.02) + 0.5).clamp(0, 1)
        picture = torch.lerp(picture, _flat(grounds, generator).expand_as(picture), share.expand_as(picture))
    picture = picture * (1 - 0.4 * (12 * (_noise(generator, 7, _SIZE, _SIZE) - 0.1)).clamp(0, 1))
    for stripe in generator.integers(_SIZE, size=2).tolist():
        picture[:, :, stripe : stripe + 2] = 0.65
    return picture


def _flat(shares: dict[str, float], generator: Generator) -> Tensor:
    colour = torch.tensor(palette(choose(shares, generator), generator))
    return (0.6 * colour + 0.06 + 0.16 * float(generator.random())).view(3, 1, 1)


def _wall(generator: Generator) -> Tensor:
    kind = choose({"building": 0.4, "brick": 0.2, "hedge": 0.2, "shops": 0.2}, generator)
    rough = 0.6 * _noise(generator, 6, _SIZE, 2 * _SIZE)
    rough = rough + (0.9 if kind == "hedge" else 0.25) * _noise(generator, 48, _SIZE, 2 * _SIZE)
    picture = (1 + rough).expand(3, -1, -1).clone()
    column = 0
    while column < 2 * _SIZE:
        wide = int(generator.integers(30, 80))
        colour = "green" if kind == "hedge" else choose(_DULL, generator)
        picture[:, :, column : column + wide] *= (0.65 * torch.tensor(palette(colour, generator)) + 0.06).view(3, 1, 1)
        column += wide
    if kind == "brick":
        picture[:, ::5] *= 0.75
    if kind in ("building", "shops"):
        wide, high = (16, 22) if kind == "building" else (38, 50)
        for column in range(4, 2 * _SIZE - wide, round(wide * 1.7)):
            for row in range(20, _SIZE - high, round(high * 1.6)):
                glass = 0.5 * torch.tensor(palette(choose(_DULL, generator), generator)) + 0.03
                picture[:, row : row + high, column : column + wide] = glass.view(3, 1, 1)
    for _ in range(int(generator.integers(4, 12))):
        row, column, high, wide = (int(part) for part in generator.integers((50, 0, 6, 4), (118, 250, 30, 24)))
        bright = torch.tensor(palette(choose({**_DULL, "red": 0.15, "yellow": 0.1}, generator), generator))
        picture[:, row : row + high, column : column + wide] = 0.8 * bright.view(3, 1, 1)
    return picture.clamp(0.01, 0.9)


def _noise(generator: Generator, cells: int, rows: int, columns: int) -> Tensor:
    """(rows, columns) smooth noise in -0.5 .. 0.5."""
    grid = torch.tensor(generator.random((1, 1, cells, max(2, cells * columns // rows))), dtype=torch.float32) - 0.5
    return interpolate(grid, size=(rows, columns), mode="bilinear", align_corners=False)[0, 0]
