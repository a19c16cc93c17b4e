"""What lies behind the solids: the ground and the wall."""

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from passerby.synth.camera import Camera
from passerby.synth.scene import GROUND_METRES, PATCHES_METRES, WALL_METRES, Scene
from passerby.synth.view import View


def backdrop(
    scene: Scene, camera: Camera, view: View, *, bearing: Tensor, shadow: Tensor, rows: int, columns: int
) -> Tensor:
    """Light from the ground and the wall through every pixel's middle.

    Args:
        scene: whose ground and wall.
        camera: its lights.
        view: B windows whose cameras stand above the scene's (0, 0).
        bearing: (B,) radians that each looks to the right of the scene's y.
        shadow: (B,) metres from the camera to the person who throws a shadow; infinity for none.
        rows: pixels down a window.
        columns: pixels across it.

    Returns:
        (B, 3, rows, columns) linear RGB.
    """
    device = bearing.device
    first, across, down = view.rays(rows, columns)
    x = torch.arange(columns, device=device).view(1, 1, columns)
    y = torch.arange(rows, device=device).view(1, rows, 1)
    right, away, rise = (
        first[:, axis].view(-1, 1, 1) + across[:, axis].view(-1, 1, 1) * x + down[:, axis].view(-1, 1, 1) * y
        for axis in range(3)
    )
    cosine, sine = bearing.cos().view(-1, 1, 1), bearing.sin().view(-1, 1, 1)
    east, north = right * cosine + away * sine, away * cosine - right * sine
    height = view.eye[:, 2].view(-1, 1, 1)
    to_wall = torch.where(north > 0.05, scene.wall_at / north, 1e4)
    to_ground = torch.where(rise < -1e-3, -height / rise, 1e4)
    low = to_ground < to_wall
    far = torch.minimum(to_ground, to_wall)
    lit_ground, lit_wall = _light(camera, up=1.0), _light(camera, up=0.35)
    floor = _look_up(scene.ground, far * east / GROUND_METRES * 2, far * north / GROUND_METRES * 2)
    floor = floor * _look_up(scene.patches, far * east / PATCHES_METRES * 2, far * north / PATCHES_METRES * 2)
    floor = floor * lit_ground.to(device).view(1, 3, 1, 1)
    upright = height + far * rise
    wall = _look_up(scene.wall, far * east / WALL_METRES[0] * 2, 1 - 2 * upright / WALL_METRES[1])
    wall = wall * lit_wall.to(device).view(1, 3, 1, 1)
    dark = _shadow(far * right, far * away - shadow.view(-1, 1, 1), camera)
    return torch.lerp(wall, floor * (1 - dark).unsqueeze(1), low.unsqueeze(1).float())


def _look_up(picture: Tensor, across: Tensor, down: Tensor) -> Tensor:
    """(B, 3, rows, columns) of a mirrored texture at places where -1 .. 1 is its whole width."""
    places = torch.stack((across, down), 3).clamp(-1e3, 1e3)
    flat = places.reshape(1, -1, places.shape[2], 2)
    found: Tensor = grid_sample(
        picture.unsqueeze(0), flat, mode="bilinear", padding_mode="reflection", align_corners=False
    )
    return found.view(3, *places.shape[:3]).transpose(0, 1)


def _light(camera: Camera, *, up: float) -> Tensor:
    key, sky = torch.tensor(camera.key), torch.tensor(camera.sky)
    return key * max(camera.light[2], 0.3) * (0.4 + 0.6 * up) + sky * (0.5 + 0.5 * up)


def _shadow(right: Tensor, away: Tensor, camera: Camera) -> Tensor:
    """Share of the light that the person keeps from the ground: close around the feet, and away from the light."""
    contact = 0.55 / (1 + (right.square() + away.square()) / 0.07).square()
    length = 1.6 / max(camera.light[2], 0.35)
    sideways, along = -camera.light[0] * length, -camera.light[1] * length
    share = ((right * sideways + away * along) / (sideways**2 + along**2 + 1e-6)).clamp(0, 1)
    distance = (right - share * sideways).square() + (away - share * along).square()
    thrown = min(0.75, camera.key[1]) / (1 + distance / 0.06).square()
    return 1 - (1 - contact) * (1 - thrown)
