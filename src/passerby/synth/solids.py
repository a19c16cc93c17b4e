"""The solids of a batch of pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Solids:
    """N solids, each in one picture. The world's x is the camera's right, y its forward, z up, in metres.

    Args:
        kind: (N,) int64, one of the kinds of `intersect`.
        picture: (N,) int64 which picture of the batch each stands in.
        frame: (N, 3, 3) rows are the solid's own x, y, z axes in the world, of length 1.
        centre: (N, 3) the world's point at the solid's own origin.
        scale: (N, 3) metres per unit along each own axis.
        taper: (N, 2) as `intersect` takes it.
        cloth: (N,) int64 row of the table of cloths it is covered with.
        beyond: (N,) int64 row of the cloth from `cut` on.
        cut: (N,) height along the own z, in metres, where `beyond` begins.
        shift: (N,) metres added to the own z before the cloth's pattern is looked up, so that it runs on across solids.
        axis: (N, 2) x and y of the vertical line that the solid stands around; surfaces that face it lie in shade.
    """

    kind: Tensor
    picture: Tensor
    frame: Tensor
    centre: Tensor
    scale: Tensor
    taper: Tensor
    cloth: Tensor
    beyond: Tensor
    cut: Tensor
    shift: Tensor
    axis: Tensor

    def __len__(self) -> int:
        return len(self.kind)

    def pick(self, chosen: Tensor) -> "Solids":
        """Some of the solids, by (N,) bool or (M,) int64."""
        return Solids(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def corners(self) -> Tensor:
        """(N, 8, 3) corners in the world of a box around each solid, along its own axes."""
        ends = torch.tensor([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], device=self.kind.device)
        round_ = self.kind.unsqueeze(1) == 1  # a capsule
        flat = self.kind.unsqueeze(1) == 2  # a frustum
        wide = torch.where(round_, self.taper.amax(1, keepdim=True), 1.0)
        wide = torch.where(flat, self.taper[:, :1].clamp(min=1), wide)
        low = torch.where(round_, -self.taper[:, :1], torch.where(flat, 0.0, -1.0))
        high = torch.where(round_, 1 + self.taper[:, 1:], 1.0)
        least = torch.cat((-wide, -wide, low), dim=1) * self.scale
        most = torch.cat((wide, wide, high), dim=1) * self.scale
        own = torch.where(ends.bool(), most.unsqueeze(1), least.unsqueeze(1))
        return own @ self.frame + self.centre.unsqueeze(1)


def join(parts: Sequence[Solids]) -> Solids:
    """All solids of several sets, in order.

    Raises:
        ValueError: if there is no set.
    """
    if not parts:
        raise ValueError("There are no solids to join; give at least one set.")
    return Solids(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(Solids)))
