"""Things that stand about, as solids."""

from collections.abc import Callable

import torch
from torch import Tensor

from passerby.synth.assembly import Assembly
from passerby.synth.scene import KINDS
from passerby.synth.solids import Solids


def things(kind: str, *, heading: Tensor, foot: Tensor, picture: Tensor) -> Solids:
    """The solids of T things of one kind; thing t wears the cloths 2t and 2t + 1.

    Args:
        kind: a name of KINDS.
        heading: (T,) radians that each is turned by.
        foot: (T, 3) metres, where each stands.
        picture: (T,) int64 which picture each stands in.

    Raises:
        ValueError: if the kind is not known.
    """
    if kind not in _BUILT:
        raise ValueError(f"kind is {kind!r}; give one of {', '.join(KINDS)}.")
    on = Assembly(heading)
    _BUILT[kind](on, torch.ones_like(heading))
    return on.place(heading=heading, foot=foot, picture=picture, parts=2)


def _pole(on: Assembly, one: Tensor) -> None:
    on.frustum(on.up(0 * one), on.up(3.5 * one), 0.07 * one, 0.07 * one, 0.9 * one, 0)
    on.box(on.up(2.4 * one), 0.28 * one, 0.03 * one, 0.22 * one, 1)


def _bin(on: Assembly, one: Tensor) -> None:
    on.frustum(on.up(0 * one), on.up(0.85 * one), 0.24 * one, 0.24 * one, 1.12 * one, 0)
    on.ellipsoid(on.up(0.86 * one), 0.28 * one, 0.28 * one, 0.09 * one, 1)


def _bench(on: Assembly, one: Tensor) -> None:
    on.box(on.up(0.44 * one), 0.8 * one, 0.22 * one, 0.03 * one, 0)
    on.box(on.up(0.68 * one) - on.front(0.22 * one), 0.8 * one, 0.02 * one, 0.14 * one, 0)
    for side in (-0.65, 0.65):
        on.box(on.up(0.22 * one) + on.right(side * one), 0.04 * one, 0.2 * one, 0.22 * one, 1)


def _bicycle(on: Assembly, one: Tensor) -> None:
    for side in (-0.52, 0.52):
        hub = on.up(0.33 * one) + on.right(side * one)
        for turn in range(8):
            start, end = (_rim(on, one, hub, turn + step) for step in (0, 1))
            on.capsule(start, end, 0.022 * one, 0.022 * one, 1)
    crank, saddle = on.up(0.3 * one), on.up(0.82 * one) - on.right(0.18 * one)
    bar = on.up(0.86 * one) + on.right(0.38 * one)
    back, front = on.up(0.33 * one) - on.right(0.52 * one), on.up(0.33 * one) + on.right(0.52 * one)
    for start, end in ((crank, saddle), (crank, bar), (saddle, bar), (back, crank), (back, saddle), (bar, front)):
        on.capsule(start, end, 0.024 * one, 0.024 * one, 0)
    on.ellipsoid(saddle + on.up(0.05 * one), 0.13 * one, 0.07 * one, 0.04 * one, 1)
    on.capsule(bar + on.up(0.1 * one) - on.front(0.25 * one), bar + on.up(0.101 * one) + on.front(0.25 * one),
               0.02 * one, 0.02 * one, 1)  # fmt: skip


def _rim(on: Assembly, one: Tensor, hub: Tensor, turn: int) -> Tensor:
    angle = turn * torch.pi / 4 + 0.1
    return hub + on.up(0.31 * one * torch.tensor(angle).sin()) + on.right(0.31 * one * torch.tensor(angle).cos())


def _bush(on: Assembly, one: Tensor) -> None:
    on.ellipsoid(on.up(0.5 * one), 0.6 * one, 0.5 * one, 0.55 * one, 0)
    on.ellipsoid(on.up(0.7 * one) + on.right(0.45 * one), 0.45 * one, 0.45 * one, 0.6 * one, 1)


def _car(on: Assembly, one: Tensor) -> None:
    on.box(on.up(0.62 * one), 2.0 * one, 0.85 * one, 0.3 * one, 0)
    on.frustum(on.up(0.9 * one), on.up(1.45 * one), 1.3 * one, 0.8 * one, 0.75 * one, 1)
    for along in (-1.25, 1.25):
        for side in (-0.8, 0.8):
            wheel = on.up(0.32 * one) + on.right(along * one) + on.front(side * one)
            on.ellipsoid(wheel, 0.32 * one, 0.14 * one, 0.32 * one, 1)


_BUILT: dict[str, Callable[[Assembly, Tensor], None]] = {
    "pole": _pole,
    "bin": _bin,
    "bench": _bench,
    "bicycle": _bicycle,
    "bush": _bush,
    "car": _car,
}
