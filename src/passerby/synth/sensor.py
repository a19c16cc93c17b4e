"""What a camera makes of the light that reaches it."""

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

from passerby.synth.camera import Camera

_LUMA = (0.3, 0.59, 0.11)


def sensor(
    light: Tensor, camera: Camera, *, gain: Tensor, motion: Tensor, grain: Tensor, height: int, width: int
) -> Tensor:
    """Pictures as the camera gives them, before they are stored.

    Args:
        light: (B, 3, rows, columns) linear RGB, 0 or more.
        camera: whose blur, colours and noise.
        gain: (B, 3) exposure of each picture on top of the camera's own.
        motion: (B,) 0 .. 1 how much of the camera's motion blur each picture has.
        grain: (B, 3, rows, columns) standard normal noise.
        height: pixels that a picture is scaled to.
        width: pixels that a picture is scaled to.

    Returns:
        (B, 3, height, width) uint8 RGB.
    """
    device = light.device
    smear = (motion * camera.motion / 5).view(-1, 1, 1, 1).clamp(max=0.2)
    wide = pad(light, (2, 2, 0, 0), mode="replicate")
    columns = light.shape[3]
    beside = wide[..., 1 : 1 + columns] + wide[..., 3 : 3 + columns]
    apart = wide[..., 0:columns] + wide[..., 4 : 4 + columns]
    focus = min(0.3, camera.blur**2 / 2)
    light = light * (1 - 4 * smear) + (beside + apart) * smear
    light = _soft(_soft(light, focus, 2), focus, 3)
    own = torch.tensor(camera.gain, device=device)
    light = light * (gain * own).view(-1, 3, 1, 1)
    luma = sum(share * light[:, part : part + 1] for part, share in enumerate(_LUMA))
    light = (luma + (light - luma) * camera.saturation).clamp(min=0)
    # a soft shoulder, then the display's curve
    bright = (1.35 * light / (1 + 0.35 * light)).sqrt()
    bright = 0.5 + (bright - 0.5) * camera.contrast + grain * camera.noise
    scaled = interpolate(bright, size=(height, width), mode="bilinear", align_corners=False)
    return (scaled * 255).round().clamp(0, 255).to(torch.uint8)


def _soft(light: Tensor, share: float, way: int) -> Tensor:
    """Give a share of each pixel to each of its two neighbours along a dimension."""
    room = (0, 0, 1, 1) if way == 2 else (1, 1, 0, 0)
    wide = pad(light, room, mode="replicate")
    size = light.shape[way]
    return light * (1 - 2 * share) + (wide.narrow(way, 0, size) + wide.narrow(way, 2, size)) * share
