"""Attribute classes for training, from the codes of the label files."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from passerby.types import MISSING, PersonSet

Classes = Mapping[int, Mapping[str, int]]
"""Training pid to attribute name to class, from 0, or MISSING."""
ColourMissing = Literal["ignore", "other_class"]
"""What no named colour becomes: MISSING, or a class of its own after the named ones."""
BadTop = Literal["corrected", "ignore"]
"""What DukeMTMC's two 0 in `top` become: the codes of BAD_TOP, or MISSING."""

MARKET_UPPER = ("black", "white", "red", "purple", "gray", "blue", "green", "yellow")
"""Colours of upper-body clothing in Market-1501, in the order of their classes."""
MARKET_LOWER = ("black", "white", "pink", "gray", "blue", "green", "brown", "yellow", "purple")
"""Colours of lower-body clothing in Market-1501, in the order of their classes."""
DUKE_UPPER = ("black", "white", "red", "purple", "gray", "blue", "green", "brown")
"""Colours of upper-body clothing in DukeMTMC-reID, in the order of their classes."""
DUKE_LOWER = ("black", "white", "red", "gray", "blue", "green", "brown")
"""Colours of lower-body clothing in DukeMTMC-reID, in the order of their classes."""
BAD_TOP = {370: 1, 679: 2}
"""DukeMTMC's training people whose `top` is 0, where 1 (short) or 2 (long) should stand, and the codes that the public
Person-Attribute-Recognition-MarketDuke code gives them."""


class _Code(NamedTuple):
    """A field whose codes are 1 .. largest."""

    field: str
    largest: int = 2


class _Colour(NamedTuple):
    """Flags of one piece of clothing: the fields `prefix` + colour, each 1 (no) or 2 (yes)."""

    prefix: str
    colours: tuple[str, ...]


_MARKET: Mapping[str, _Code | _Colour] = {
    "gender": _Code("gender"),
    "age": _Code("age", 4),
    "hair_length": _Code("hair"),
    "sleeve_length": _Code("up"),
    "hat": _Code("hat"),
    "backpack": _Code("backpack"),
    "bag": _Code("bag"),
    "handbag": _Code("handbag"),
    "upper_colour": _Colour("up", MARKET_UPPER),
    "lower_length": _Code("down"),
    "lower_type": _Code("clothes"),
    "lower_colour": _Colour("down", MARKET_LOWER),
}
_DUKE: Mapping[str, _Code | _Colour] = {
    "gender": _Code("gender"),
    "upper_length": _Code("top"),
    "hat": _Code("hat"),
    "backpack": _Code("backpack"),
    "bag": _Code("bag"),
    "handbag": _Code("handbag"),
    "upper_colour": _Colour("up", DUKE_UPPER),
    "lower_colour": _Colour("down", DUKE_LOWER),
    "shoe_type": _Code("boots"),
    "shoe_colour": _Code("shoes"),
}


def market(data: PersonSet, *, colour_missing: ColourMissing = "ignore") -> Classes:
    """Classes of the 12 attributes of Market-1501, the two colours with one class for each colour.

    Where several colours are set, the first in the order of the classes counts.

    Args:
        data: with the labels of `market_attribute.mat`: Market-1501, or a drawn world.
        colour_missing: see `ColourMissing`. `other_class` needs a model whose colour heads have one class more:
            `models.attribute_heads.other_colour`.

    Raises:
        ValueError: if the data set has no labels, a training identity has none, or a label is missing or has another
            code than those of the data set.
    """
    return _classes(data, _MARKET, "market_attribute.mat", colour_missing, {})


def duke(data: PersonSet, *, colour_missing: ColourMissing = "ignore", bad_top: BadTop = "corrected") -> Classes:
    """Classes of the 10 attributes of DukeMTMC-reID, the two colours with one class for each colour.

    Args:
        data: with the labels of `duke_attribute.mat`.
        colour_missing: as for `market`.
        bad_top: see `BadTop`.

    Raises:
        ValueError: as for `market`.
    """
    return _classes(data, _DUKE, "duke_attribute.mat", colour_missing, _mended(bad_top))


def market_binary(data: PersonSet) -> Classes:
    """Classes of the 27 labels of Market-1501: each colour says yes or no for itself, age has 4 classes.

    Args and errors as those of `market`. Each colour is labelled, so that nothing is MISSING.
    """
    return _classes(data, _split(_MARKET), "market_attribute.mat", "ignore", {})


def duke_binary(data: PersonSet, *, bad_top: BadTop = "corrected") -> Classes:
    """Classes of the 23 labels of DukeMTMC-reID: each colour says yes or no for itself.

    Args and errors as those of `duke`.
    """
    return _classes(data, _split(_DUKE), "duke_attribute.mat", "ignore", _mended(bad_top))


def _split(scheme: Mapping[str, _Code | _Colour]) -> Mapping[str, _Code]:
    heads: dict[str, _Code] = {}
    for name, head in scheme.items():
        if isinstance(head, _Code):
            heads[name] = head
        else:
            part = name.removesuffix("_colour")
            heads |= {f"{part}_{colour}": _Code(f"{head.prefix}{colour}") for colour in head.colours}
    return heads


def _mended(bad_top: BadTop) -> Mapping[tuple[int, str], int]:
    """Code by pid and field, where the file has 0; MISSING stands for one that is not to be used."""
    if bad_top not in ("corrected", "ignore"):
        raise ValueError(f"bad_top is {bad_top!r}; give corrected or ignore.")
    return {(pid, "top"): MISSING if bad_top == "ignore" else code for pid, code in BAD_TOP.items()}


def _classes(
    data: PersonSet,
    scheme: Mapping[str, _Code | _Colour],
    file: str,
    colour_missing: ColourMissing,
    mended: Mapping[tuple[int, str], int],
) -> Classes:
    if colour_missing not in ("ignore", "other_class"):
        raise ValueError(f"colour_missing is {colour_missing!r}; give ignore or other_class.")
    if not data.attributes:
        raise ValueError(
            f"{data.name} has no attribute labels; put {file} into its folder, or choose a recipe that needs none."
        )
    pids = sorted({crop.pid for crop in data.train})
    without = [pid for pid in pids if pid not in data.attributes]
    if without:
        shown = ", ".join(map(str, without[:5]))
        raise ValueError(
            f"{len(without)} of {len(pids)} training people of {data.name} have no attribute labels (pid {shown}"
            f"{', ...' if len(without) > 5 else ''}); each one needs its row in {file}."
        )
    found: dict[int, Mapping[str, int]] = {}
    for pid in pids:
        read = _Reader(pid, data.attributes[pid], file, mended)
        found[pid] = MappingProxyType({name: read.head(head, colour_missing) for name, head in scheme.items()})
    return MappingProxyType(found)


class _Reader(NamedTuple):
    """The labels of one person."""

    pid: int
    row: Mapping[str, int]
    file: str
    mended: Mapping[tuple[int, str], int]

    def head(self, head: _Code | _Colour, colour_missing: ColourMissing) -> int:
        if isinstance(head, _Code):
            return self.code(head.field, head.largest)
        flags = [self.code(f"{head.prefix}{colour}", 2) for colour in head.colours]
        if 1 in flags:
            return flags.index(1)
        return len(flags) if colour_missing == "other_class" else MISSING

    def code(self, field: str, largest: int) -> int:
        if field not in self.row:
            raise ValueError(f"pid {self.pid} has no label {field!r}; {self.file} has one. Is it another set's file?")
        code = self.row[field]
        if code == 0 and (self.pid, field) in self.mended:
            code = self.mended[self.pid, field]
            if code == MISSING:
                return MISSING
        if not 1 <= code <= largest:
            raise ValueError(f"{field} of pid {self.pid} is {code}; {self.file} has 1 .. {largest}.")
        return code - 1
