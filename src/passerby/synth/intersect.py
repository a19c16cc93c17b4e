"""Where rays meet solids, in each solid's own unit frame."""

from collections.abc import Callable

import torch
from torch import Tensor

ELLIPSOID, CAPSULE, FRUSTUM, BOX = range(4)
"""Kinds of solid. In its unit frame an ellipsoid is the unit sphere; a capsule is every ball on the axis from z = 0 to
z = 1 whose radius runs from taper[0] to taper[1]; a frustum has radius 1 at z = 0 and taper[0] at z = 1, with lids; a
box is the cube from -1 to 1."""
MISS = 1e6
"""Distances from here on are misses."""
# Conditions are written as penalties, not as `where`: that is ten times as slow on a CPU.
_PENALTY = 1e30
_TINY = 1e-12


def intersect(kind: int, origin: Tensor, direction: Tensor, taper: Tensor) -> Tensor:
    """How far along each ray its first hit lies, in units of the direction's length.

    Args:
        kind: ELLIPSOID, CAPSULE, FRUSTUM or BOX.
        origin: (3, ...) where each ray starts, outside of the solid, in the solid's unit frame.
        direction: (3, ...) where it goes, any length above 0.
        taper: (2, ...) radii of a capsule; of a frustum the second one is not used. A capsule's radii differ by less
            than 1, its length.

    Returns:
        (...) distance, the three broadcast together; MISS or more where the ray misses or the solid lies behind it.

    Raises:
        ValueError: if the kind is not one of the four.
    """
    if kind not in _KINDS:
        raise ValueError(f"kind is {kind}; give {', '.join(str(known) for known in _KINDS)}.")
    return _KINDS[kind](origin, direction, taper)


def _ellipsoid(origin: Tensor, direction: Tensor, taper: Tensor) -> Tensor:
    return _ball(origin, direction, _dot(direction, direction), torch.ones_like(taper[0]))


def _ball(origin: Tensor, direction: Tensor, a: Tensor, radius: Tensor) -> Tensor:
    b = _dot(origin, direction)
    c = _dot(origin, origin) - radius * radius
    inside = b * b - a * c
    near = -(b + inside.relu().sqrt()) / a
    return near + ((-inside).relu() + (-near).relu()) * _PENALTY


def _capsule(origin: Tensor, direction: Tensor, taper: Tensor) -> Tensor:
    """The lateral cone that touches both balls, and the two balls."""
    slope = taper[0] - taper[1]
    cosine = (1 - slope * slope).sqrt()
    side = _side(
        origin,
        direction,
        start=taper[0] / cosine,
        growth=-slope / cosine,
        low=taper[0] * slope,
        high=1 + taper[1] * slope,
    )
    square = _dot(direction, direction)
    first = _ball(origin, direction, square, taper[0])
    second = _ball(torch.stack((origin[0], origin[1], origin[2] - 1)), direction, square, taper[1])
    return torch.minimum(side, torch.minimum(first, second))


def _frustum(origin: Tensor, direction: Tensor, taper: Tensor) -> Tensor:
    one = torch.ones_like(taper[0])
    side = _side(origin, direction, start=one, growth=taper[0] - 1, low=0 * one, high=one)
    steep = direction[2] + _TINY
    bottom = _lid(origin, direction, -origin[2] / steep, one)
    top = _lid(origin, direction, (1 - origin[2]) / steep, taper[0])
    return torch.minimum(side, torch.minimum(bottom, top))


def _side(origin: Tensor, direction: Tensor, start: Tensor, growth: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """First hit of the cone x^2 + y^2 = (start + growth z)^2 between two heights."""
    radius = start + growth * origin[2]
    widening = growth * direction[2]
    a = direction[0].square() + direction[1].square() - widening.square() + _TINY
    b = origin[0] * direction[0] + origin[1] * direction[1] - radius * widening
    c = origin[0].square() + origin[1].square() - radius.square()
    inside = b * b - a * c
    root = inside.relu().sqrt()
    outside = (-inside).relu()
    # a ray steeper than the cone (a < 0) may meet the near side at either root
    first, second = -(b + root) / a, (root - b) / a
    return torch.minimum(*(_between(origin, direction, way, outside, low, high) for way in (first, second)))


def _between(origin: Tensor, direction: Tensor, distance: Tensor, outside: Tensor, low: Tensor, high: Tensor) -> Tensor:
    height = origin[2] + distance * direction[2]
    beyond = ((height - low) * (height - high)).relu()
    return distance + (outside + beyond + (-distance).relu()) * _PENALTY


def _lid(origin: Tensor, direction: Tensor, distance: Tensor, radius: Tensor) -> Tensor:
    x = origin[0] + distance * direction[0]
    y = origin[1] + distance * direction[1]
    return distance + ((x * x + y * y - radius * radius).relu() + (-distance).relu()) * _PENALTY


def _box(origin: Tensor, direction: Tensor, taper: Tensor) -> Tensor:
    way = 1 / (direction + _TINY)
    first, second = (-1 - origin) * way, (1 - origin) * way
    into, out = torch.minimum(first, second), torch.maximum(first, second)
    enter = torch.maximum(into[0], torch.maximum(into[1], into[2]))
    leave = torch.minimum(out[0], torch.minimum(out[1], out[2]))
    return enter + ((enter - leave).relu() + (-enter).relu()) * _PENALTY


def _dot(first: Tensor, second: Tensor) -> Tensor:
    return first[0] * second[0] + first[1] * second[1] + first[2] * second[2]


_KINDS: dict[int, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    ELLIPSOID: _ellipsoid,
    CAPSULE: _capsule,
    FRUSTUM: _frustum,
    BOX: _box,
}
