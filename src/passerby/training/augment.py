"""Random changes to one training picture: (3, H, W) normalised floats in, the same out; all chance is the generator's.

Each takes `generator` and `progress` (share of the training that is done, 0 .. 1), whether it uses them or not.
"""

import math

import torch
from torch import Generator, Tensor


def flip(image: Tensor, *, generator: Generator, progress: float, p: float = 0.5) -> Tensor:
    """Mirror left and right with probability p."""
    _check_probability("flip", p)
    return image.flip(2) if _uniform(generator) < p else image


def pad_crop(image: Tensor, *, generator: Generator, progress: float, pad: int = 10) -> Tensor:
    """Shift by up to `pad` pixels in each direction; the uncovered border is 0, the mean colour.

    Raises:
        ValueError: if pad is negative.
    """
    if pad < 0:
        raise ValueError(f"augment.pad_crop.pad is {pad}; give 0 or more pixels.")
    _, height, width = image.shape
    padded = torch.nn.functional.pad(image, (pad, pad, pad, pad))
    top = int(torch.randint(2 * pad + 1, (), generator=generator))
    left = int(torch.randint(2 * pad + 1, (), generator=generator))
    return padded[:, top : top + height, left : left + width]


def erase(
    image: Tensor,
    *,
    generator: Generator,
    progress: float,
    p: float = 0.5,
    area: tuple[float, float] = (0.02, 0.4),
    aspect: float = 0.3,
) -> Tensor:
    """Random erasing: with probability p, one rectangle is set to 0, the mean colour.

    Source: Zhong, Zheng, Kang, Li, Yang, Random Erasing Data Augmentation, algorithm 1.
    Differs: filled with the mean colour, not with noise, as re-identification code usually does; where no rectangle of
    this area and aspect is found in 100 tries, nothing is erased.

    Args:
        image: (3, H, W), normalised.
        generator: of all chance.
        progress: not used.
        p: probability.
        area: smallest and largest share of the picture, in (0, 1].
        aspect: smallest height / width; the largest is its inverse. In (0, 1].

    Raises:
        ValueError: if p, area or aspect is out of range.
    """
    _check_probability("erase", p)
    if not 0 < area[0] <= area[1] <= 1 or not 0 < aspect <= 1:
        raise ValueError(f"augment.erase has area {area} and aspect {aspect}; give (least, most) and one in (0, 1].")
    if _uniform(generator) >= p:
        return image
    _, height, width = image.shape
    for _ in range(100):
        size = height * width * (area[0] + (area[1] - area[0]) * _uniform(generator))
        ratio = aspect + (1 / aspect - aspect) * _uniform(generator)
        rows, columns = round(math.sqrt(size * ratio)), round(math.sqrt(size / ratio))
        if 0 < rows < height and 0 < columns < width:
            top = int(torch.randint(height - rows + 1, (), generator=generator))
            left = int(torch.randint(width - columns + 1, (), generator=generator))
            erased = image.clone()
            erased[:, top : top + rows, left : left + columns] = 0
            return erased
    return image


def _uniform(generator: Generator) -> float:
    return float(torch.rand((), generator=generator))


def _check_probability(name: str, p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"augment.{name}.p is {p}; give a probability in [0, 1].")
