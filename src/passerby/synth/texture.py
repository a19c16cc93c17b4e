"""The colour of cloth at places on it."""

import math

import torch
from torch import Tensor

from passerby.synth.cloth import PLACES

_SHARP = 3.0


def texture(cloth: Tensor, place: Tensor) -> Tensor:
    """Shade of each place before any light falls on it.

    Args:
        cloth: (columns, N) one column of `cloth.table` a place.
        place: (3, N) metres in the own frame of the solid: x sideways, y to the front, z along.

    Returns:
        (3, N) linear RGB in 0 .. 1.
    """
    part = {name: cloth[rows] for name, rows in PLACES.items()}
    x, y, z = place
    phase, duty = part["phase"][0], part["duty"][0]
    waves = _wave(part["stripes"], place, phase, duty) * part["weight"][0]
    waves = waves + _wave(part["cross"], place, phase, duty) * part["cross_weight"][0]
    beyond = _dot(part["cut"], place) > part["cut_at"][0]
    # shades are mixed by shares of 0 and 1, not chosen with `where`: that is ten times as slow on a CPU
    shade = torch.lerp(part["colour"], part["second"], (waves + beyond).clamp(0, 1))
    opened = (x.abs() < part["opening"][0]) & (y > 0)
    shade = torch.lerp(shade, part["under"], opened.float())
    side = (x - part["print_at"][0]).abs() / part["print_size"][0]
    along = (z - part["print_at"][1]).abs() / part["print_size"][1]
    round_ = part["print_round"][0]
    reach = round_ * (side * side + along * along) + (1 - round_) * torch.maximum(side, along)
    inside = (reach < 1) & (part["print_side"][0] * y > 0)
    return torch.lerp(shade, part["print_colour"], inside.float())


def _wave(cycles: Tensor, place: Tensor, phase: Tensor, duty: Tensor) -> Tensor:
    """(N,) 1 on a stripe, 0 beside it, with soft edges."""
    turn = (2 * math.pi) * (_dot(cycles, place) + phase)
    return ((turn.sin() - duty) * _SHARP + 0.5).clamp(0, 1)


def _dot(first: Tensor, second: Tensor) -> Tensor:
    return first[0] * second[0] + first[1] * second[1] + first[2] * second[2]
