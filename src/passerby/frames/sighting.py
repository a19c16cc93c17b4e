"""Somebody who was seen, before anything is embedded."""

import io
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image
from torch import Tensor

HEIGHT = 160
"""Rows of a thumbnail, at most; columns likewise."""
QUALITY = 82
"""Of its JPEG."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Sighting:
    """One person once past one camera, or one picture.

    Args:
        camid: camera.
        time: seconds since 1970-01-01 UTC of the best picture.
        trackid: of the track.
        pid: who it is, where the source says so.
        path: where the best picture lies.
        box: of the best picture.
        crops: (3, H, W) uint8 RGB each, of the size that the model sees, best first; one or more.
        thumbnail: JPEG of the best picture.
    """

    camid: int | None
    time: float | None
    trackid: int | None
    pid: int | None
    path: str
    box: tuple[float, float, float, float] | None
    crops: tuple[Tensor, ...]
    thumbnail: bytes


def jpeg(image: Image.Image) -> bytes:
    """A small JPEG of a picture: nothing of its file but the pixels."""
    small = image.copy()
    small.thumbnail((HEIGHT, HEIGHT), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    Image.frombytes("RGB", small.size, small.tobytes()).save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


def sharpness(image: Image.Image) -> float:
    """Standard deviation of the Laplacian of a picture's grey, scaled to 64 x 32: blur and few pixels make it small."""
    grey = np.asarray(image.convert("L").resize((32, 64), Image.Resampling.BILINEAR), dtype=np.float32)
    return float(cv2.Laplacian(grey, cv2.CV_32F).std())
