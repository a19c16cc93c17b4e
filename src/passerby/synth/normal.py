"""Which way a solid's surface faces."""

import torch
from torch import Tensor

from passerby.synth.intersect import BOX, CAPSULE, ELLIPSOID, FRUSTUM

_LID = 1e-3


def normal(kind: int, point: Tensor, taper: Tensor) -> Tensor:
    """Outward direction of the surface at points on it, in the solid's unit frame, of any length above 0.

    Args:
        kind: ELLIPSOID, CAPSULE, FRUSTUM or BOX.
        point: (3, N) points on the surface, in the unit frame.
        taper: (2, N) as `intersect` takes it.

    Returns:
        (3, N) gradients: carried into the world by the transposed frame.

    Raises:
        ValueError: if the kind is not one of the four.
    """
    if kind == ELLIPSOID:
        return point
    if kind == CAPSULE:
        slope = taper[0] - taper[1]
        across = (point[0] ** 2 + point[1] ** 2).sqrt()
        ball = (point[2] - across * slope / (1 - slope * slope).sqrt()).clamp(0, 1)
        return torch.stack((point[0], point[1], point[2] - ball))
    if kind == FRUSTUM:
        growth = taper[0] - 1
        side = torch.stack((point[0], point[1], -growth * (1 + growth * point[2])))
        zero = torch.zeros_like(point[0])
        lid = torch.stack((zero, zero, torch.sign(point[2] - 0.5)))
        inside = point[0] ** 2 + point[1] ** 2 < (1 + growth * point[2]) ** 2 * (1 - _LID)
        flat = ((point[2] < _LID) | (point[2] > 1 - _LID)) & inside
        return torch.where(flat, lid, side)
    if kind == BOX:
        size = point.abs()
        return torch.where(size == size.amax(dim=0), torch.sign(point), 0.0)
    raise ValueError(f"kind is {kind}; give {ELLIPSOID}, {CAPSULE}, {FRUSTUM} or {BOX}.")
