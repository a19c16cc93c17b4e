"""Learning rates: the share of the highest rate at a fractional epoch."""

import math
from collections.abc import Sequence


def warmup_cosine(epoch: float, *, epochs: int, warmup: float = 0.0, start: float = 0.01, end: float = 0.0) -> float:
    """Rise in a straight line from `start` to 1 over `warmup` epochs, then fall along half a cosine to `end`.

    Source: the cosine is eq. (5) of Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts.

    Raises:
        ValueError: if warmup is not in [0, epochs), or start or end not in [0, 1].
    """
    if not 0 <= warmup < epochs:
        raise ValueError(f"schedule.warmup is {warmup} of {epochs} epochs; give 0 or more, below the number of epochs.")
    _check_shares(start=start, end=end)
    if epoch < warmup:
        return start + (1 - start) * epoch / warmup
    return end + (1 - end) * 0.5 * (1 + math.cos(math.pi * (epoch - warmup) / (epochs - warmup)))


def warmup_steps(
    epoch: float, *, epochs: int, steps: Sequence[float], factor: float = 0.1, warmup: float = 0.0, start: float = 0.01
) -> float:
    """Rise in a line from `start` to 1 over `warmup` epochs; from each epoch in `steps` on, be `factor` times as much.

    Raises:
        ValueError: if warmup is negative, or start or factor not in [0, 1].
    """
    if warmup < 0:
        raise ValueError(f"schedule.warmup is {warmup}; give 0 or more epochs.")
    _check_shares(start=start, factor=factor)
    rise = start + (1 - start) * epoch / warmup if epoch < warmup else 1.0
    return rise * factor ** sum(epoch >= step for step in steps)


def _check_shares(**shares: float) -> None:
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise ValueError(f"schedule.{name} is {share}; give a share of the highest rate, in [0, 1].")
