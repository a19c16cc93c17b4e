"""What part of a scene each picture of a batch shows."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

_NEAREST = 0.2


@dataclass(frozen=True, slots=True)
class View:
    """B windows. A window lies on the plane one metre before its camera, x to the right and y down from the middle.

    Args:
        eye: (B, 3) metres, where the camera stands.
        right: (B, 3) the camera's right in the world, of length 1.
        up: (B, 3) its up.
        forward: (B, 3) where it looks.
        window: (B, 4) left, top, width and height of what is shown.
    """

    eye: Tensor
    right: Tensor
    up: Tensor
    forward: Tensor
    window: Tensor

    def shows(self, window: Tensor) -> "View":
        """The same cameras with other windows, (B, 4)."""
        return replace(self, window=window)

    def project(self, points: Tensor, picture: Tensor) -> Tensor:
        """(N, C, 2) where (N, C, 3) points stand on the planes of their (N,) pictures; nan behind the camera."""
        way = points - self.eye[picture].unsqueeze(1)
        axes = torch.stack((self.right, -self.up, self.forward), 2)[picture]
        across, down, depth = (way @ axes).unbind(2)
        depth = torch.where(depth > _NEAREST, depth, torch.nan)
        return torch.stack((across / depth, down / depth), 2)

    def rays(self, rows: int, columns: int) -> tuple[Tensor, Tensor, Tensor]:
        """Directions through the windows: (B, 3) of the first pixel's middle, and what a column and a row add to it."""
        left, top, width, height = self.window.unsqueeze(2).unbind(1)
        across = self.right * (width / columns)
        down = -self.up * (height / rows)
        first = self.forward + self.right * left - self.up * top + (across + down) / 2
        return first, across, down


def look(eye: Tensor, at: Tensor, roll: Tensor) -> View:
    """Cameras that look at a point, with windows of no size.

    Args:
        eye: (B, 3) where they stand.
        at: (B, 3) where they look, not straight up or down.
        roll: (B,) radians that they hang askew.
    """
    forward = torch.nn.functional.normalize(at - eye, dim=1)
    upright = torch.tensor([0.0, 0.0, 1.0], device=eye.device).expand_as(forward)
    right = torch.nn.functional.normalize(torch.linalg.cross(forward, upright), dim=1)
    up = torch.linalg.cross(right, forward)
    cosine, sine = roll.cos().unsqueeze(1), roll.sin().unsqueeze(1)
    window = torch.zeros(len(eye), 4, device=eye.device)
    return View(eye, cosine * right + sine * up, cosine * up - sine * right, forward, window)
