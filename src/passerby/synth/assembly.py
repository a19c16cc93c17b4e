"""Solids put together in a figure's own space."""

from dataclasses import dataclass

import torch
from torch import Tensor

from passerby.synth.intersect import BOX, CAPSULE, ELLIPSOID, FRUSTUM
from passerby.synth.solids import Solids


@dataclass(frozen=True, slots=True)
class _Part:
    """One solid of B figures, from (B, 3) to (B, 3), with three numbers (B,) that its kind knows how to read."""

    kind: int
    start: Tensor
    end: Tensor
    numbers: tuple[Tensor, Tensor, Tensor]
    cloth: int
    beyond: int
    cut: Tensor
    shift: Tensor
    when: Tensor


class Assembly:
    """Collects the solids of B figures in the figures' own space: x to the right, y to the front, z up, metres.

    Args:
        like: (B,) a tensor whose device and length the figures share.
    """

    def __init__(self, like: Tensor) -> None:
        self._zero = torch.zeros_like(like)
        self._far = self._zero + 9
        self._always = self._zero == 0
        self._up = torch.tensor([0.0, 0.0, 1.0], device=like.device)
        self._front = torch.tensor([0.0, 1.0, 0.0], device=like.device)
        self._right = torch.tensor([1.0, 0.0, 0.0], device=like.device)
        self._parts: list[_Part] = []

    def up(self, length: Tensor) -> Tensor:
        """(B, 3) a way up, from (B,) metres."""
        return length.unsqueeze(1) * self._up

    def front(self, length: Tensor) -> Tensor:
        """(B, 3) a way to the front, from (B,) metres."""
        return length.unsqueeze(1) * self._front

    def right(self, length: Tensor) -> Tensor:
        """(B, 3) a way to the right, from (B,) metres."""
        return length.unsqueeze(1) * self._right

    def ellipsoid(self, centre: Tensor, wide: Tensor, deep: Tensor, high: Tensor, cloth: int, *,
                  shift: Tensor | None = None, when: Tensor | None = None) -> None:  # fmt: skip
        """Add an upright ellipsoid of half width, half depth and half height (B,)."""
        self._add(ELLIPSOID, centre, centre + self._up, (wide, deep, high), cloth, shift=shift, when=when)

    def box(self, centre: Tensor, wide: Tensor, deep: Tensor, high: Tensor, cloth: int, *,
            when: Tensor | None = None) -> None:  # fmt: skip
        """Add an upright box of half width, half depth and half height (B,)."""
        self._add(BOX, centre, centre + self._up, (wide, deep, high), cloth, when=when)

    def capsule(self, start: Tensor, end: Tensor, first: Tensor, second: Tensor, cloth: int, *,
                beyond: int | None = None, cut: Tensor | None = None, when: Tensor | None = None) -> None:  # fmt: skip
        """Add a tapered capsule from (B, 3) to (B, 3) with radii (B,); from `cut` metres on it wears `beyond`."""
        self._add(CAPSULE, start, end, (first, second, first), cloth, beyond=beyond, cut=cut, when=when)

    def frustum(self, start: Tensor, end: Tensor, wide: Tensor, deep: Tensor, narrowing: Tensor, cloth: int, *,
                shift: Tensor | None = None, when: Tensor | None = None) -> None:  # fmt: skip
        """Add an elliptic frustum: half width and depth (B,) at the start, `narrowing` times as much at the end."""
        self._add(FRUSTUM, start, end, (wide, deep, narrowing), cloth, shift=shift, when=when)

    def place(self, *, heading: Tensor, foot: Tensor, picture: Tensor, parts: int) -> Solids:
        """The solids that are there, turned and set in their pictures; `parts` is the number of cloths of a figure."""
        count, many, device = len(self._parts), len(heading), heading.device
        cosine, sine, zero = heading.cos(), heading.sin(), self._zero
        # the figure's x, y, z axes in the world: heading 0 faces the camera, which looks along y
        turn = torch.stack((-cosine, -sine, zero, sine, -cosine, zero, zero, zero, zero + 1), 1).view(many, 3, 3)
        starts = torch.stack([part.start for part in self._parts])
        frames, lengths = _along(starts, torch.stack([part.end for part in self._parts]))
        numbers = torch.stack([torch.stack(part.numbers) for part in self._parts]).permute(1, 0, 2)
        kinds = torch.tensor([part.kind for part in self._parts], device=device).repeat_interleave(many)
        scale, taper = _sizes(kinds.view(count, many), numbers, lengths)
        first = (torch.arange(many, device=device) * parts).view(1, many)
        cloths = torch.tensor([[part.cloth, part.beyond] for part in self._parts], device=device)
        every = Solids(
            kind=kinds,
            picture=picture.repeat(count),
            frame=(frames @ turn).flatten(0, 1),
            centre=((starts.unsqueeze(2) @ turn).squeeze(2) + foot).flatten(0, 1),
            scale=scale.flatten(0, 1),
            taper=taper.flatten(0, 1),
            cloth=(cloths[:, :1] + first).flatten(),
            beyond=(cloths[:, 1:] + first).flatten(),
            cut=torch.cat([part.cut for part in self._parts]),
            shift=torch.cat([part.shift for part in self._parts]),
            axis=foot[:, :2].repeat(count, 1),
        )
        return every.pick(torch.cat([part.when for part in self._parts]).nonzero().flatten())

    def _add(self, kind: int, start: Tensor, end: Tensor, numbers: tuple[Tensor, Tensor, Tensor], cloth: int, *,
             beyond: int | None = None, cut: Tensor | None = None, shift: Tensor | None = None,
             when: Tensor | None = None) -> None:  # fmt: skip
        self._parts.append(
            _Part(
                kind,
                start,
                end,
                numbers,
                cloth,
                cloth if beyond is None else beyond,
                self._far if cut is None else cut,
                self._zero if shift is None else shift,
                self._always if when is None else when,
            )
        )


def _sizes(kinds: Tensor, numbers: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """(S, B, 3) metres per unit and (S, B, 2) tapers of S solids of B figures."""
    first, second, third = numbers
    # of a capsule's balls neither may hold the other
    most = 0.95 * lengths
    second_ball = torch.minimum(torch.maximum(second, first - most), first + most)
    capsule, frustum = kinds == CAPSULE, kinds == FRUSTUM
    high = torch.where(capsule | frustum, lengths, third)
    scale = torch.stack((torch.where(capsule, lengths, first), torch.where(capsule, lengths, second), high), 2)
    narrow = torch.where(frustum, third, 0.0)
    taper = (torch.where(capsule, first / lengths, narrow), torch.where(capsule, second_ball / lengths, narrow))
    return scale, torch.stack(taper, 2)


def _along(start: Tensor, end: Tensor) -> tuple[Tensor, Tensor]:
    """(..., 3, 3) axes with z from start to end and x close to the figure's right; (...) the length."""
    way = end - start
    length = way.square().sum(-1).sqrt()
    z = way / length.unsqueeze(-1)
    right = torch.tensor([1.0, 0.0, 0.0], device=way.device)
    x = right - z * z[..., :1]
    x = x / x.square().sum(-1, keepdim=True).sqrt()
    # z points down in limbs, up in the trunk: y always looks to the front
    y = torch.linalg.cross(z, x)
    y = torch.where(y[..., 1:2] < 0, -y, y)
    return torch.stack((x, y, z), -2), length
