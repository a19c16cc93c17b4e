"""Boxes around people: as a hand draws them, and as a detector finds them."""

from collections.abc import Sequence

import torch
from torch import Tensor

from passerby.synth.shot import Box

_WIDE = 0.38


def crop_box(tight: Tensor, boxes: Sequence[Box], chance: Tensor) -> Tensor:
    """Windows, a little narrower than the pictures that they are stretched to.

    Args:
        tight: (B, 4) left, top, right, bottom of each person.
        boxes: how each box lies. A hand's is a little larger than the person and nearly in the middle; a detector's is
            shifted, of another size, and cuts off feet or head now and then; junk shows half a body, or hardly any.
        chance: (B, 6) numbers in 0 .. 1.

    Returns:
        (B, 4) left, top, width, height.
    """
    left, top, right, bottom = tight.unbind(1)
    high = bottom - top
    middle, centre = (left + right) / 2, (top + bottom) / 2
    either = 2 * chance - 1
    size, across, down = torch.ones_like(high), torch.zeros_like(high), torch.zeros_like(high)
    hand = torch.tensor([box == "hand" for box in boxes], device=tight.device)
    junk = torch.tensor([box in ("junk", "false") for box in boxes], device=tight.device)
    size = torch.where(hand, 1.01 + 0.04 * either[:, 0], 1.02 + 0.08 * either[:, 0])
    across = torch.where(hand, 0.015 * either[:, 1], 0.045 * either[:, 1])
    down = torch.where(hand, 0.01 * either[:, 2], 0.045 * either[:, 2])
    # one detector box in twelve is cut: it holds 60 to 85 % of the height, from the head down or from the feet up
    cut = ~hand & ~junk & (chance[:, 3] < 0.08)
    share = 0.6 + 0.25 * chance[:, 4]
    way = torch.where(chance[:, 5] < 0.7, -1.0, 1.0)
    size = torch.where(cut, share, size)
    down = torch.where(cut, way * (0.52 - share / 2), down)
    # junk: half a body, or a window that is far off
    half = junk & (chance[:, 3] < 0.45)
    off = junk & ~half
    size = torch.where(half, 0.34 + 0.22 * chance[:, 4], torch.where(off, 0.8 + 0.9 * chance[:, 4], size))
    down = torch.where(half, either[:, 2] * 0.33, torch.where(off, 0.35 * either[:, 2], down))
    sideways = torch.where(chance[:, 5] < 0.5, -1.0, 1.0) * (0.2 + 0.2 * chance[:, 1])
    across = torch.where(off, sideways, across)
    tall = high * size
    wide = _WIDE * tall * (1 + torch.where(hand, 0.03, 0.09) * either[:, 4])
    return torch.stack((middle + across * high - wide / 2, centre + down * high - tall / 2, wide, tall), 1)
