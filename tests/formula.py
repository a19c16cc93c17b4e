"""Weights and pictures by formula, for golden numbers that no generator of random numbers can change."""

import math

import torch


def weights(model):
    """Fill every weight by its place: matrices swing about 0, as wide as their inputs ask; norms stay near 1 and 0."""
    for k, (name, tensor) in enumerate(sorted(model.state_dict().items())):
        if not tensor.is_floating_point():
            continue
        wave = torch.sin(torch.arange(tensor.numel(), dtype=torch.float64) * 12.9898 + k).reshape(tensor.shape)
        if tensor.ndim > 1:
            tensor.copy_(wave * math.sqrt(2 / tensor[0].numel()))
        else:
            tensor.copy_(0.1 * wave + (0.0 if name.endswith(("bias", "mean")) else 1.0))
    return model


def pictures(count, height, width):
    """(count, 3, height, width) of slow waves within -1 .. 1."""
    wave = torch.sin(torch.arange(count * 3 * height * width, dtype=torch.float64) * 0.01)
    return wave.float().reshape(count, 3, height, width)
