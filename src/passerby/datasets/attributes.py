"""Attribute classes for training, and which ones are right in a test, from the codes of the label files."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from passerby.types import DISTRACTOR, MISSING, Crop, PersonSet

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


def accepted(labels: Callable[..., Classes], data: PersonSet, crops: Sequence[Crop]) -> Mapping[str, Tensor]:
    """Which classes count as right for each crop, by the rule of the label authors.

    A code has one right class. Of a colour, every class whose flag is 2 is right: several where several are set, and
    none where none is set, so that such a crop is wrong whatever is predicted.
    Source: Lin et al., Improving Person Re-identification by Attribute and Identity Learning, and the evaluation code
    that goes with its labels.

    Args:
        labels: `market`, `duke`, `market_binary` or `duke_binary`, with or without its options: what a network's heads
            were trained on. A class that `colour_missing` adds is never right, and a code that `bad_top` ignores has no
            right class.
        data: with the labels of these people.
        crops: N crops of labelled people.

    Returns:
        Attribute name to (N, classes) bool, in the order of the crops.

    Raises:
        ValueError: if `labels` is another function, there is no crop, a crop shows nobody by name, a person has no
            labels, or a label is missing or has another code than those of the data set.
    """
    function, options = (labels.func, labels.keywords) if isinstance(labels, partial) else (labels, {})
    known = {market: _MARKET, duke: _DUKE, market_binary: _split(_MARKET), duke_binary: _split(_DUKE)}
    if function not in known:
        names = ", ".join(one.__name__ for one in known)
        raise ValueError(
            f"labels is {getattr(labels, '__name__', labels)!r}; which classes are right is known for {names}."
        )
    nobody = [crop for crop in crops if crop.pid <= DISTRACTOR]
    if nobody or not crops:
        told = f"{len(nobody)} of {len(crops)} crops show nobody by name ({nobody[0].path})" if nobody else "no crop"
        raise ValueError(f"There is {told}; give crops of people who have attribute labels.")
    of_duke = function in (duke, duke_binary)
    file = "duke_attribute.mat" if of_duke else "market_attribute.mat"
    mended = _mended(options.get("bad_top", "corrected")) if of_duke else {}
    other = options.get("colour_missing") == "other_class"
    readers = _readers(data, {crop.pid for crop in crops}, "test", file, mended)
    right = {
        name: {pid: read.right(head, other=other) for pid, read in readers.items()}
        for name, head in known[function].items()
    }
    return {name: torch.tensor([by_pid[crop.pid] for crop in crops]) for name, by_pid in right.items()}


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
    readers = _readers(data, {crop.pid for crop in data.train}, "training", file, mended)
    return MappingProxyType(
        {
            pid: MappingProxyType({name: read.head(head, colour_missing) for name, head in scheme.items()})
            for pid, read in readers.items()
        }
    )


def _readers(
    data: PersonSet, pids: set[int], who: str, file: str, mended: Mapping[tuple[int, str], int]
) -> "dict[int, _Reader]":
    """The labels of each person, by ascending pid."""
    if not data.attributes:
        raise ValueError(
            f"{data.name} has no attribute labels; put {file} into its folder, or choose a recipe that needs none."
        )
    without = [pid for pid in sorted(pids) if pid not in data.attributes]
    if without:
        shown = ", ".join(map(str, without[:5]))
        raise ValueError(
            f"{len(without)} of {len(pids)} {who} people of {data.name} have no attribute labels (pid {shown}"
            f"{', ...' if len(without) > 5 else ''}); each one needs its row in {file}."
        )
    return {pid: _Reader(pid, data.attributes[pid], file, mended) for pid in sorted(pids)}


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

    def right(self, head: _Code | _Colour, *, other: bool) -> tuple[bool, ...]:
        if isinstance(head, _Code):
            code = self.code(head.field, head.largest)
            return tuple(code == one for one in range(head.largest))
        return (*(self.code(f"{head.prefix}{colour}", 2) == 1 for colour in head.colours), *([False] if other else []))

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
