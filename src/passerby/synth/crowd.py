"""The people of a world as tensors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from passerby.synth.body import columns
from passerby.synth.cloth import table
from passerby.synth.people import Person
from passerby.synth.wardrobe import Wardrobe


@dataclass(frozen=True, slots=True)
class Crowd:
    """P people, ready to be drawn.

    Args:
        count: P.
        body: name of a field of `Body` to (P,) float32.
        cloths: (columns, P, parts) of `cloth.table`, parts in the order of `Wardrobe`.
    """

    count: int
    body: Mapping[str, Tensor]
    cloths: Tensor


def crowd(people: Sequence[Person], *, device: torch.device | str = "cpu") -> Crowd:
    """People as tensors.

    Raises:
        ValueError: if there are fewer than 2: nobody could stand beside the one.
    """
    if len(people) < 2:
        raise ValueError(f"{len(people)} people; give 2 or more.")
    names = [field.name for field in fields(Wardrobe)]
    cloths = table([getattr(person.wardrobe, name) for person in people for name in names])
    body = {name: numbers.to(device) for name, numbers in columns([person.body for person in people]).items()}
    return Crowd(len(people), body, cloths.view(len(cloths), len(people), len(names)).to(device))
