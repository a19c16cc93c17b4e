"""The one reader of pictures, and the one place that knows mean, standard deviation and channel order."""

import io
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from passerby.types import Crop

MEAN = (0.485, 0.456, 0.406)
"""Mean of ImageNet's training pictures, RGB in 0 .. 1; what the pretrained backbones expect."""
STD = (0.229, 0.224, 0.225)
"""Standard deviation of ImageNet's training pictures, RGB in 0 .. 1."""
MAX_PIXELS = 64_000_000
"""Pictures with more pixels are refused before they are decoded."""
ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
"""File endings, in lower case, that count as pictures when a folder is listed."""
FORMATS = ("JPEG", "PNG", "BMP", "WEBP")
"""What Pillow is asked to recognise: some of its other readers start programs or are little tested."""
ENDING_FORMATS = ("JPEG", "JPEG", "PNG", "BMP", "WEBP")
"""The format of each of the file endings."""


class TooManyPixels(ValueError):
    """A picture's header says that it has more pixels than are read."""


@dataclass(frozen=True, slots=True)
class Size:
    """Height and width in pixels that a model sees.

    Raises:
        ValueError: if either is below 1.
    """

    height: int
    width: int

    def __post_init__(self) -> None:
        if self.height < 1 or self.width < 1:
            raise ValueError(f"size is {self.height} x {self.width}; give a height and a width of 1 or more.")

    def __str__(self) -> str:
        return f"{self.height}x{self.width}"


@dataclass(frozen=True, slots=True)
class Largest:
    """The largest side of a picture in pixels that a model sees; the other side follows, nothing is distorted.

    Source: Almazan, Gajic, Murray, Larlus, Re-ID done right, section 3.2, "Image size".

    Raises:
        ValueError: if side is below 1.
    """

    side: int

    def __post_init__(self) -> None:
        if self.side < 1:
            raise ValueError(f"size.side is {self.side}; give 1 pixel or more.")

    def of(self, height: int, width: int) -> Size:
        """The size that a picture of this height and width is scaled to, up or down; at least 1 pixel a side."""
        largest = max(height, width)
        return Size(*(max(1, math.floor(side * self.side / largest + 0.5)) for side in (height, width)))

    def __str__(self) -> str:
        return f"largest side {self.side}"


def preprocessing(size: Size | Largest) -> str:
    """What `load` and `normalise` do to a picture, in words: part of a model's identity."""
    return f"RGB, bilinear to {size}, ImageNet mean and std"


def read(path: Path) -> Image.Image:
    """The picture in a file, decoded to the last row, turned upright where its EXIF says so, as RGB.

    Transparency is left out: the colours under it are taken.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not a picture, is truncated or broken, or has more than MAX_PIXELS pixels (TooManyPixels).
    """
    try:
        return _decoded(path, str(path), FORMATS, MAX_PIXELS)
    except FileNotFoundError:
        raise FileNotFoundError(f"No picture at {path}; check the path.") from None
    except IsADirectoryError:
        raise ValueError(f"{path} is a folder; give the file of one picture.") from None


def decode(
    data: bytes, *, name: str = "The picture", formats: tuple[str, ...] = FORMATS, pixels: int = MAX_PIXELS
) -> Image.Image:
    """The picture in these bytes, as `read` gives that of a file.

    Args:
        data: a whole file.
        name: what the messages of errors call it.
        formats: of `FORMATS`; what Pillow is asked to recognise.
        pixels: a picture with more is refused by its header, before it is decoded.

    Raises:
        TooManyPixels: if it has more pixels.
        ValueError: if it is not a picture, or is truncated or broken.
    """
    return _decoded(io.BytesIO(data), name, formats, pixels)


def _decoded(source: Path | io.BytesIO, name: str, formats: tuple[str, ...], pixels: int) -> Image.Image:
    try:
        with Image.open(source, formats=formats) as image:
            if image.width * image.height <= pixels:
                return _rgb(image)
    except (FileNotFoundError, IsADirectoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        pass
    except UnidentifiedImageError:
        endings = [ending for ending, kind in zip(ENDINGS, ENDING_FORMATS, strict=True) if kind in formats]
        raise ValueError(f"{name} is not a picture that can be read; accepted are {', '.join(endings)}.") from None
    except Exception as error:  # Pillow's decoders raise many kinds for damaged files, AttributeError among them
        raise ValueError(f"{name} is broken or truncated ({error}); replace it or leave it out.") from None
    raise TooManyPixels(f"{name} has more than {pixels:,} pixels: shrink it.")


def _rgb(image: Image.Image) -> Image.Image:
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut off at 255
        grey = np.asarray(image, dtype=np.float64) / 257
        return Image.fromarray(grey.round().clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode == "P" and isinstance(image.info.get("transparency"), bytes):
        return image.convert("RGBA").convert("RGB")  # the way that Pillow asks for
    return image.convert("RGB")


def crop(image: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    """The part of a picture inside a box, (x, y, w, h) in pixels, cut to the picture.

    Raises:
        ValueError: if the box lies outside of the picture or is not finite.
    """
    if not all(map(math.isfinite, box)):
        raise ValueError(f"box {box} is not finite; give (x, y, w, h) in pixels.")
    x, y, w, h = box
    left, top = max(0, round(x)), max(0, round(y))
    right, bottom = min(image.width, round(x + w)), min(image.height, round(y + h))
    if right <= left or bottom <= top:
        raise ValueError(f"box {box} lies outside of a picture of {image.width} x {image.height} pixels.")
    return image.crop((left, top, right, bottom))


def resize(image: Image.Image, size: Size | Largest) -> Tensor:
    """A picture as (3, H, W) uint8, RGB, stretched or scaled to a size (bilinear, with anti-aliasing)."""
    if isinstance(size, Largest):
        size = size.of(image.height, image.width)
    if (image.height, image.width) != (size.height, size.width):
        image = image.resize((size.width, size.height), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(image, dtype=np.uint8)).permute(2, 0, 1).contiguous()


def load(one: Crop, size: Size | Largest) -> Tensor:
    """A crop's picture as (3, H, W) uint8, RGB: read, cut to its box, resized.

    Raises:
        FileNotFoundError: if the file is missing.
        ValueError: if it cannot be read, or the box lies outside; the message names the file.
    """
    image = read(one.path)
    if one.box is None:
        return resize(image, size)
    try:
        return resize(crop(image, one.box), size)
    except ValueError as error:
        raise ValueError(f"{one.path}: {error}") from None


def normalise(images: Tensor) -> Tensor:
    """(..., 3, H, W) uint8 RGB as float32 with ImageNet's mean 0 and standard deviation 1."""
    mean = torch.tensor(MEAN, device=images.device).view(3, 1, 1)
    std = torch.tensor(STD, device=images.device).view(3, 1, 1)
    return (images.float() / 255 - mean) / std


def denormalise(images: Tensor) -> Tensor:
    """The inverse of `normalise`, without rounding: (..., 3, H, W) float32 RGB in 0 .. 1."""
    mean = torch.tensor(MEAN, device=images.device).view(3, 1, 1)
    std = torch.tensor(STD, device=images.device).view(3, 1, 1)
    return images * std + mean


def unreadable(crops: Sequence[Crop], *, workers: int = 2) -> list[str]:
    """Why pictures cannot be read or cut, one sentence each, in the crops' order; empty where all can.

    Each file is read and decoded to its last row, which takes about as long as an epoch's reading.

    Args:
        crops: the pictures.
        workers: threads that read, 1 or more.
    """
    with ThreadPoolExecutor(workers) as pool:
        return [reason for reason in pool.map(_why_unreadable, crops) if reason is not None]


def check_readable(crops: Sequence[Crop]) -> None:
    """Refuse pictures that cannot be read or cut.

    Raises:
        ValueError: if there are any; the message lists them.
    """
    broken = unreadable(crops)
    if broken:
        raise ValueError(
            f"{len(broken)} of {len(crops)} pictures cannot be read: {' '.join(broken)} "
            "Replace them or take them out of the data set."
        )


def _why_unreadable(one: Crop) -> str | None:
    try:
        load(one, Size(8, 4))
    except (OSError, ValueError) as error:
        return str(error)
    return None
