"""Learning rates: the share of the highest rate at a fractional epoch.

Each takes `epochs`, the length of the training, whether it uses it or not. Other lengths are in epochs too, and
fractions are allowed: 20,000 updates of which an epoch has 808 are `20_000 / 808`.
"""

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
        return _rise(epoch, warmup, start)
    return end + (1 - end) * 0.5 * (1 + math.cos(math.pi * (epoch - warmup) / (epochs - warmup)))


def steps(epoch: float, *, epochs: int, steps: Sequence[float], factor: float = 0.1) -> float:
    """1 at first; from each epoch in `steps` on, `factor` times as much.

    A step at or after the end of the training never comes.

    Raises:
        ValueError: if steps are not above 0 and ascending, or factor is not in [0, 1].
    """
    _check_shares(factor=factor)
    _check_steps(steps)
    return _fall(epoch, steps, factor)


def warmup_steps(
    epoch: float,
    *,
    epochs: int,
    steps: Sequence[float],
    factor: float = 0.1,
    warmup: float = 0.0,
    start: float = 0.01,
    staircase: bool = False,
) -> float:
    """Rise in a line from `start` to 1 over `warmup` epochs; from each epoch in `steps` on, be `factor` times as much.

    Args:
        epoch: fractional, from 0.
        epochs: of the whole training.
        steps: epochs above 0, ascending; one at or after the end of the training never comes.
        factor: in [0, 1].
        warmup: epochs, 0 or more.
        start: in [0, 1].
        staircase: True to hold the rate through each epoch at what it is when the epoch begins. Then the first epoch
            has the rate `start`, and a step inside of an epoch counts from the next one on.

    Raises:
        ValueError: if warmup is negative, steps are not above 0 and ascending, or start or factor is not in [0, 1].
    """
    if warmup < 0:
        raise ValueError(f"schedule.warmup is {warmup}; give 0 or more epochs.")
    _check_shares(start=start, factor=factor)
    _check_steps(steps)
    if staircase:
        epoch = math.floor(epoch)
    return (_rise(epoch, warmup, start) if epoch < warmup else 1.0) * _fall(epoch, steps, factor)


def half_life(epoch: float, *, epochs: int, life: float, staircase: bool = False) -> float:
    """Fall by half with every `life` epochs: 0.5 ^ (epoch / life).

    Source: Almazan, Gajic, Murray, Larlus, Re-ID done right: towards good practices for person re-identification,
    section 4.1: "a logarithmic rate that halves the learning rate every 512 iterations".

    Args:
        epoch: fractional, from 0.
        epochs: of the whole training.
        life: epochs, above 0.
        staircase: True to fall at the end of each life only, by half at once.

    Raises:
        ValueError: if life is not above 0.
    """
    if not life > 0:
        raise ValueError(f"schedule.life is {life}; give the epochs that it takes to halve the rate, above 0.")
    lives = epoch / life
    return float(0.5 ** (math.floor(lives) if staircase else lives))


def equation_6(epoch: float, *, epochs: int) -> float:
    """The five rates of 150 epochs, as shares of 0.01; the same through an epoch.

    With e = 1 .. 150 the epoch, lr(e) = 3e-4 * e / 10 for e <= 10, then 0.01, from e = 61 on 0.005, from e = 91 on
    0.0025, from e = 121 on 0.00125. So it jumps from 3e-4 to 0.01 after the tenth epoch, where other warm-ups rise all
    the way.
    Source: "Hybrid-attention guided network with multiple resolution features for person re-identification", eq. (6).

    Args:
        epoch: fractional, from 0; e is one more than its whole part.
        epochs: of the whole training, 150 or less; a shorter training breaks off, the rates are not squeezed into it.

    Raises:
        ValueError: if epochs is above 150, or epoch is not in [0, 150).
    """
    if epochs > 150:
        raise ValueError(f"epochs is {epochs}, and equation (6) says no rate after epoch 150; give 150 or less.")
    if not 0 <= epoch < 150:
        raise ValueError(f"epoch is {epoch}; equation (6) says the rate from 0 to below 150.")
    e = math.floor(epoch) + 1
    if e <= 10:
        return 3e-4 * e / 10 / 0.01
    return 1.0 if e <= 60 else 0.5 if e <= 90 else 0.25 if e <= 120 else 0.125


def _rise(epoch: float, warmup: float, start: float) -> float:
    return start + (1 - start) * epoch / warmup


def _fall(epoch: float, steps: Sequence[float], factor: float) -> float:
    return float(factor ** sum(epoch >= step for step in steps))


def _check_steps(steps: Sequence[float]) -> None:
    if any(later <= earlier for earlier, later in zip((0, *steps), steps, strict=False)):
        raise ValueError(f"schedule.steps is {tuple(steps)}; give epochs above 0 in ascending order.")


def _check_shares(**shares: float) -> None:
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise ValueError(f"schedule.{name} is {share}; give a share of the highest rate, in [0, 1].")
