"""Random changes to one training picture: (3, H, W) normalised floats in, the same out; all chance is the generator's.

Each takes `generator` and `progress` (share of the training that is done, 0 .. 1), whether it uses them or not.
"""

import math
from typing import Literal

import torch
from torch import Generator, Tensor
from torch.nn.functional import interpolate

from passerby.images import normalise


def flip(image: Tensor, *, generator: Generator, progress: float, p: float = 0.5) -> Tensor:
    """Mirror left and right with probability p."""
    _check_probability("flip", p)
    return image.flip(2) if _uniform(generator) < p else image


def pad_crop(
    image: Tensor,
    *,
    generator: Generator,
    progress: float,
    pad: int = 10,
    fill: Literal["mean", "black"] = "mean",
) -> Tensor:
    """Shift by up to `pad` pixels in each direction.

    Args:
        image: (3, H, W), normalised.
        generator: of all chance.
        progress: not used.
        pad: pixels, 0 or more.
        fill: colour of the uncovered border: `mean`, which is 0 after normalisation, or `black`, which is what padding
            before normalisation gives.

    Raises:
        ValueError: if pad is negative or fill another.
    """
    if pad < 0:
        raise ValueError(f"augment.pad_crop.pad is {pad}; give 0 or more pixels.")
    if fill not in ("mean", "black"):
        raise ValueError(f"augment.pad_crop.fill is {fill!r}; give mean or black.")
    _, height, width = image.shape
    colour = torch.zeros(3, 1, 1) if fill == "mean" else normalise(torch.zeros(3, 1, 1, dtype=torch.uint8))
    padded = colour.to(image).repeat(1, height + 2 * pad, width + 2 * pad)
    padded[:, pad : pad + height, pad : pad + width] = image
    top, left = _below(2 * pad + 1, generator), _below(2 * pad + 1, generator)
    return padded[:, top : top + height, left : left + width]


def random_resized_crop(
    image: Tensor,
    *,
    generator: Generator,
    progress: float,
    area: tuple[float, float] = (0.08, 1.0),
    aspect: tuple[float, float] = (3 / 4, 4 / 3),
    size: tuple[int, int] | None = None,
    p: float = 1.0,
    keep_aspect: bool = False,
) -> Tensor:
    """With probability p, a random part of the picture, resized (bilinear, with anti-aliasing).

    The part's share of the area is uniform, its aspect log-uniform, its place uniform; where no such part is found in
    10 tries, it is the largest one in the middle whose aspect is allowed.
    Source: Szegedy et al., Going Deeper with Convolutions, section 6; the tries and the middle are torchvision's
    RandomResizedCrop.

    Args:
        image: (3, H, W), normalised.
        generator: of all chance.
        progress: not used.
        area: smallest and largest share of the picture, in (0, 1].
        aspect: smallest and largest width / height in pixels of `image`, so after any distortion; above 0.
        size: height and width of the result; None for those of `image`.
        p: probability; below 1 only where `size` is None, so that pictures keep the size that they have.
        keep_aspect: True to keep the picture's own aspect whatever `aspect` says, so that nothing is distorted.

    Raises:
        ValueError: if area, aspect or size is out of range.
    """
    _check_probability("random_resized_crop", p)
    if p < 1 and size is not None:
        raise ValueError(f"augment.random_resized_crop.p is {p} with size {size}; give p=1, or no size.")
    if not 0 < area[0] <= area[1] <= 1:
        raise ValueError(f"augment.random_resized_crop.area is {area}; give (least, most) in (0, 1].")
    if not 0 < aspect[0] <= aspect[1]:
        raise ValueError(f"augment.random_resized_crop.aspect is {aspect}; give (least, most), above 0.")
    if keep_aspect:
        aspect = (image.shape[2] / image.shape[1],) * 2
    wanted = tuple(image.shape[1:]) if size is None else tuple(size)
    if min(wanted) < 1:
        raise ValueError(f"augment.random_resized_crop.size is {size}; give height and width, 1 or more.")
    if p < 1 and _uniform(generator) >= p:
        return image
    top, left, rows, columns = _part(image, area, aspect, generator)
    part = image[:, top : top + rows, left : left + columns]
    if (rows, columns) == wanted:
        return part
    return interpolate(part[None], wanted, mode="bilinear", antialias=True)[0]


def _part(
    image: Tensor, area: tuple[float, float], aspect: tuple[float, float], generator: Generator
) -> tuple[int, int, int, int]:
    """Top, left, rows and columns of a random part."""
    _, height, width = image.shape
    for _ in range(10):
        size = height * width * (area[0] + (area[1] - area[0]) * _uniform(generator))
        ratio = aspect[0] * (aspect[1] / aspect[0]) ** _uniform(generator)
        rows, columns = round(math.sqrt(size / ratio)), round(math.sqrt(size * ratio))
        if 0 < rows <= height and 0 < columns <= width:
            top = _below(height - rows + 1, generator)
            return top, _below(width - columns + 1, generator), rows, columns
    rows = min(height, max(1, round(width / aspect[0])))
    columns = min(width, max(1, round(height * aspect[1])))
    return (height - rows) // 2, (width - columns) // 2, rows, columns


def erase(
    image: Tensor,
    *,
    generator: Generator,
    progress: float,
    p: float = 0.5,
    area: tuple[float, float] = (0.02, 0.4),
    aspect: float = 0.3,
    point: Literal["top_left", "center"] = "top_left",
) -> Tensor:
    """Random erasing: with probability p, one rectangle is set to 0, the mean colour.

    Source: Zhong, Zheng, Kang, Li, Yang, Random Erasing Data Augmentation, algorithm 1; with `point="center"`,
    "Hybrid-attention guided network with multiple resolution features for person re-identification", section III.F.
    Differs: filled with the mean colour, not with noise, as re-identification code usually does; the corner is drawn
    among those where the rectangle fits, not among all; where no rectangle of this area and aspect is found in 100
    tries, nothing is erased.

    Args:
        image: (3, H, W), normalised.
        generator: of all chance.
        progress: not used.
        p: probability.
        area: smallest and largest share of the picture, in (0, 1].
        aspect: smallest height / width; the largest is its inverse. In (0, 1].
        point: what the random point is to the rectangle: its `top_left` corner, which leaves all of it inside; or its
            `center`, which may be any pixel, so that a part of the rectangle may lie outside.

    Raises:
        ValueError: if p, area, aspect or point is out of range.
    """
    _check_probability("erase", p)
    if not 0 < area[0] <= area[1] <= 1 or not 0 < aspect <= 1:
        raise ValueError(f"augment.erase has area {area} and aspect {aspect}; give (least, most) and one in (0, 1].")
    if point not in ("top_left", "center"):
        raise ValueError(f"augment.erase.point is {point!r}; give top_left or center.")
    if _uniform(generator) >= p:
        return image
    _, height, width = image.shape
    for _ in range(100):
        size = height * width * (area[0] + (area[1] - area[0]) * _uniform(generator))
        ratio = aspect + (1 / aspect - aspect) * _uniform(generator)
        rows, columns = round(math.sqrt(size * ratio)), round(math.sqrt(size / ratio))
        if 0 < rows < height and 0 < columns < width:
            if point == "top_left":
                top, left = _below(height - rows + 1, generator), _below(width - columns + 1, generator)
            else:
                top, left = _below(height, generator) - rows // 2, _below(width, generator) - columns // 2
            erased = image.clone()
            erased[:, max(0, top) : top + rows, max(0, left) : left + columns] = 0
            return erased
    return image


Growth = Literal["linear", "step", "const"]
"""How cut-out grows: evenly from nothing; in four equal steps, the first at the start; or not, at its end at once."""


def cutout(
    image: Tensor,
    *,
    generator: Generator,
    progress: float,
    final: float = 0.5,
    schedule: Growth = "linear",
) -> Tensor:
    """Cut-out: one rectangle becomes noise, and its largest size grows while training goes on.

    With a the largest share of a side at this progress, height and width of the rectangle are each, on their own,
    uniform in [a/2, a) of the picture's height and width, so that it covers a^2/4 to a^2 of the picture. Each pixel of
    it is a uniform RGB colour. Where a side would be less than a pixel, nothing happens.
    Source: Almazan, Gajic, Murray, Larlus, Re-ID done right: towards good practices for person re-identification,
    section 3.2, "Data augmentation", and 3.3.
    Differs: the paper says neither how large the regions become nor how they grow; the rule of the sides is that of a
    later code of the same laboratory, `final` and `schedule` are ours.

    Args:
        image: (3, H, W), normalised; any height and width.
        generator: of all chance.
        progress: share of the training that is done, in [0, 1].
        final: what a is at the end, in [0, 1].
        schedule: how a gets there: `linear`, `step` or `const`, see `Growth`.

    Raises:
        ValueError: if progress or final is not in [0, 1], or schedule is another.
    """
    if not 0 <= final <= 1:
        raise ValueError(f"augment.cutout.final is {final}; give a share of a side, in [0, 1].")
    most = final * _grown(progress, schedule)
    _, height, width = image.shape
    rows, columns = _side(height, most, generator), _side(width, most, generator)
    if rows < 1 or columns < 1:
        return image
    top, left = _below(height - rows + 1, generator), _below(width - columns + 1, generator)
    noise = torch.randint(256, (3, rows, columns), generator=generator, dtype=torch.uint8)
    changed = image.clone()
    changed[:, top : top + rows, left : left + columns] = normalise(noise)
    return changed


def _grown(progress: float, schedule: Growth) -> float:
    """Share of its end that cut-out has reached."""
    if not 0 <= progress <= 1:
        raise ValueError(f"progress is {progress}; give a share of the training, in [0, 1].")
    if schedule == "linear":
        return progress
    if schedule == "step":
        return min(1.0, (math.floor(4 * progress) + 1) / 4)
    if schedule == "const":
        return 1.0
    raise ValueError(f"augment.cutout.schedule is {schedule!r}; give linear, step or const.")


def _side(whole: int, most: float, generator: Generator) -> int:
    """A number of pixels, uniform in [most / 2, most) of a side; 0 where there is none."""
    low, high = int(whole * most / 2), int(whole * most)
    return low + _below(high - low, generator) if low < high else 0


def _below(count: int, generator: Generator) -> int:
    return int(torch.randint(count, (), generator=generator))


def _uniform(generator: Generator) -> float:
    return float(torch.rand((), generator=generator))


def _check_probability(name: str, p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"augment.{name}.p is {p}; give a probability in [0, 1].")
