"""What a surface looks like: a shade, a pattern, a cut, an opening, a print."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

RGB = tuple[float, float, float]
"""A colour in linear light, each 0 .. 1."""
OFF: RGB = (0.0, 0.0, 0.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cloth:
    """One cloth. Places on it are metres in the own frame of the solid it covers: x sideways, y to the front, z along.

    Args:
        colour: shade of the ground.
        second: shade of stripes and of what lies beyond the cut.
        stripes: cycles a metre along x, y, z; zeros for none.
        phase: where the stripes start, in cycles.
        duty: -1 .. 1, how narrow the stripes are; 0 for as wide as the gaps.
        weight: 0 .. 1, how far a stripe goes from `colour` to `second`.
        cross: cycles a metre of a second set of stripes, for checks.
        cross_weight: as `weight`, for the second set; the two add up.
        cut: (x, y, z) direction across a two-tone cut; zeros for none.
        cut_at: where along that direction the second shade begins, in metres.
        opening: half the width in metres of an open jacket's front; 0 for a closed one.
        under: shade inside the opening.
        print_side: 1 for a print on the front, -1 on the back, 0 for none.
        print_at: (x, z) of the print's centre.
        print_size: (width, height) of half the print.
        print_round: 1 for an ellipse, 0 for a rectangle.
        print_colour: its shade.
        folds: how strongly it creases, 0 for skin and leather.
        crease: where its creases lie, in radians.
    """

    colour: RGB
    second: RGB = OFF
    stripes: RGB = OFF
    phase: float = 0.0
    duty: float = 0.0
    weight: float = 0.0
    cross: RGB = OFF
    cross_weight: float = 0.0
    cut: RGB = OFF
    cut_at: float = 9.0
    opening: float = 0.0
    under: RGB = OFF
    print_side: float = 0.0
    print_at: tuple[float, float] = (0.0, 0.0)
    print_size: tuple[float, float] = (1.0, 1.0)
    print_round: float = 0.0
    print_colour: RGB = OFF
    folds: float = 0.0
    crease: float = 0.0


def table(cloths: Sequence[Cloth]) -> Tensor:
    """(columns, N) float32, one column vector a cloth: what `texture` reads."""
    rows = [[number for field in fields(Cloth) for number in _numbers(getattr(one, field.name))] for one in cloths]
    return torch.tensor(rows, dtype=torch.float32).T.contiguous()


def _numbers(value: float | tuple[float, ...]) -> tuple[float, ...]:
    return value if isinstance(value, tuple) else (value,)


def _places() -> dict[str, slice]:
    places, start = {}, 0
    for field, value in zip(fields(Cloth), _plain(), strict=True):
        places[field.name] = slice(start, start + len(value))
        start += len(value)
    return places


def _plain() -> list[tuple[float, ...]]:
    plain = Cloth(colour=OFF)
    return [_numbers(getattr(plain, field.name)) for field in fields(Cloth)]


PLACES = _places()
"""Rows of `table` that hold each field."""
