"""Which attributes are recognised, and from which horizontal bands of the picture."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Head:
    """One attribute: how many classes it has and where it is seen.

    Args:
        classes: number of classes, 2 or more.
        bands: the horizontal bands that show it, 1 for the top one; ascending.

    Raises:
        ValueError: if there are less than 2 classes, no bands, a band below 1, or bands that do not ascend.
    """

    classes: int
    bands: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.classes < 2:
            raise ValueError(f"classes is {self.classes}; an attribute has 2 or more.")
        if not self.bands or self.bands[0] < 1 or list(self.bands) != sorted(set(self.bands)):
            raise ValueError(f"bands is {self.bands}; give one or more numbers, 1 or more, ascending.")


Heads = Mapping[str, Head]
"""Attribute name to its head; the names are those of `datasets.attributes`."""

_WHOLE, _FIRST, _UPPER, _LOWER, _LAST = (1, 2, 3, 4), (1,), (1, 2), (3, 4), (4,)

MARKET_HEADS: Heads = MappingProxyType(
    {
        "gender": Head(2, _WHOLE),
        "age": Head(4, _WHOLE),
        "hair_length": Head(2, _FIRST),
        "sleeve_length": Head(2, _UPPER),
        "hat": Head(2, _FIRST),
        "backpack": Head(2, _UPPER),
        "bag": Head(2, _UPPER),
        "handbag": Head(2, _UPPER),
        "upper_colour": Head(8, _UPPER),
        "lower_length": Head(2, _LOWER),
        "lower_type": Head(2, _LOWER),
        "lower_colour": Head(9, _LOWER),
    }
)
"""The 12 attributes of Market-1501.

Source: Zhang, Xu, Person Re-identification by Mid-level Attribute and Part-based Identity Learning, table 1.
"""

DUKE_HEADS: Heads = MappingProxyType(
    {
        "gender": Head(2, _WHOLE),
        "upper_length": Head(2, _UPPER),
        "hat": Head(2, _FIRST),
        "backpack": Head(2, _UPPER),
        "bag": Head(2, _UPPER),
        "handbag": Head(2, _UPPER),
        "upper_colour": Head(8, _UPPER),
        "lower_colour": Head(7, _LOWER),
        "shoe_type": Head(2, _LAST),
        "shoe_colour": Head(2, _LAST),
    }
)
"""The 10 attributes of DukeMTMC-reID; source as for MARKET_HEADS."""


def other_colour(heads: Heads) -> Heads:
    """The same heads with one class more in `upper_colour` and `lower_colour`, for a colour that has no name."""
    return MappingProxyType(
        {name: replace(h, classes=h.classes + 1) if name in _COLOURS else h for name, h in heads.items()}
    )


def _binary(heads: Heads, upper: str, lower: str) -> Heads:
    """The heads with each colour as a yes or no of its own, where the colour stood."""
    split: dict[str, Head] = {}
    for name, head in heads.items():
        if name in _COLOURS:
            part, colours = ("upper", upper) if name == "upper_colour" else ("lower", lower)
            split |= {f"{part}_{colour}": Head(2, head.bands) for colour in colours.split()}
        else:
            split[name] = head
    return MappingProxyType(split)


_COLOURS = ("upper_colour", "lower_colour")

MARKET_BINARY_HEADS: Heads = _binary(
    MARKET_HEADS,
    upper="black white red purple gray blue green yellow",
    lower="black white pink gray blue green brown yellow purple",
)
"""The 27 labels of Market-1501, all two-way but age."""

DUKE_BINARY_HEADS: Heads = _binary(
    DUKE_HEADS,
    upper="black white red purple gray blue green brown",
    lower="black white red gray blue green brown",
)
"""The 23 labels of DukeMTMC-reID, all two-way."""
