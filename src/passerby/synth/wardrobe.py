"""The cloths a person wears: what no label names."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from passerby.synth.chance import choose
from passerby.synth.cloth import RGB, Cloth
from passerby.synth.labels import UPPER, Labels
from passerby.synth.palette import palette

_DESIGNS = {"plain": 0.34, "stripes": 0.13, "pinstripes": 0.05, "checks": 0.11, "two-tone": 0.11, "open": 0.12,
            "sleeves": 0.14}  # fmt: skip
_PRINT = ("print_side", "print_at", "print_size", "print_round", "print_colour")
_ACCENTS = {**UPPER, "black": 0.25}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wardrobe:
    """One cloth for each part of a person, in the order that `figures` reads them."""

    skin: Cloth
    face: Cloth
    hair: Cloth
    hat: Cloth
    top: Cloth
    sleeve: Cloth
    lower: Cloth
    shoe: Cloth
    boot: Cloth
    sock: Cloth
    pack: Cloth
    bag: Cloth
    handbag: Cloth
    strap: Cloth
    collar: Cloth


def wardrobe(labels: Labels, generator: Generator) -> Wardrobe:
    """Cloths that fit the labels, each shade and pattern by chance.

    Args:
        labels: what the cloths must agree with: colours above and below the waist, shoes, age.
        generator: where chance comes from.
    """
    complexion = palette("skin", generator)
    skin = Cloth(colour=complexion, crease=_turn(generator))
    hair_kind = "gray hair" if labels.age == 4 else choose({"hair": 0.86, "fair hair": 0.14}, generator)
    hair = Cloth(colour=palette(hair_kind, generator), folds=0.25, crease=_turn(generator))
    top = _top(labels, generator)
    lower = _lower(labels, generator)
    if labels.dress and labels.upper == labels.lower:
        lower = replace(lower, colour=top.colour, second=top.second)
    shoe = palette(_shoe(labels, generator), generator)
    carried = [palette(choose(_ACCENTS, generator), generator) for _ in range(4)]
    sleeve = top.colour
    if choose(_DESIGNS, generator) == "sleeves":
        sleeve = palette(choose(_ACCENTS, generator), generator)
    plain_sleeve = Cloth(colour=sleeve, folds=0.5, crease=_turn(generator))
    striped = top.weight > 0 and sleeve == top.colour
    return Wardrobe(
        skin=skin,
        face=_face(skin, hair, labels, generator),
        hair=hair,
        hat=Cloth(colour=carried[0], second=carried[1], cut=(0.0, 0.0, -1.0), cut_at=-0.02, folds=0.2),
        top=top,
        sleeve=replace(top, opening=0.0, cut=(0.0, 0.0, 0.0), print_side=0.0) if striped else plain_sleeve,
        lower=lower,
        shoe=Cloth(colour=shoe, second=palette("white", generator), cut=(0.0, -1.0, 0.0), cut_at=_sole(generator)),
        boot=Cloth(colour=shoe, folds=0.2, crease=_turn(generator)),
        sock=Cloth(colour=palette(choose({"white": 0.5, "black": 0.3, "gray": 0.2}, generator), generator)),
        pack=_bag(carried[1], generator),
        bag=_bag(carried[2], generator),
        handbag=_bag(carried[3], generator),
        strap=Cloth(colour=carried[1] if labels.backpack else carried[2]),
        collar=Cloth(colour=palette(choose(_ACCENTS, generator), generator), folds=0.3),
    )


def dressed_alike(own: Wardrobe, worn: Wardrobe, generator: Generator) -> Wardrobe:
    """Somebody's own wardrobe with another one's top and trousers, or skirt, in nearly the same shades.

    Print, sleeves (half of the time), shoes, bags, collar, hat, hair and skin stay the person's own.

    Args:
        own: of the person.
        worn: where the top and the lower cloth come from.
        generator: where chance comes from.
    """
    top = _faded(worn.top, generator)
    shown = {name: getattr(own.top, name) for name in _PRINT}
    if worn.top.opening and own.top.print_side > 0:
        shown["print_side"] = 0.0
    sleeve = _faded(worn.sleeve, generator) if generator.random() < 0.5 else own.sleeve
    return replace(own, top=replace(top, **shown), lower=_faded(worn.lower, generator), sleeve=sleeve)


def _faded(cloth: Cloth, generator: Generator) -> Cloth:
    """The same cloth after other washings."""
    red, green, blue = np.exp(0.07 * generator.standard_normal() + 0.03 * generator.standard_normal(3)).tolist()
    first, second = cloth.colour, cloth.second
    return replace(
        cloth,
        colour=(min(1.0, first[0] * red), min(1.0, first[1] * green), min(1.0, first[2] * blue)),
        second=(min(1.0, second[0] * red), min(1.0, second[1] * green), min(1.0, second[2] * blue)),
        crease=_turn(generator),
    )


def _top(labels: Labels, generator: Generator) -> Cloth:
    design = choose(_DESIGNS, generator)
    colour = palette(labels.upper, generator)
    accent = _unlike(labels.upper, UPPER, generator)
    second = palette(accent, generator)
    plain = Cloth(colour=colour, second=second, folds=0.35 + 0.5 * generator.random(), crease=_turn(generator))
    count, share, at = generator.random(3)
    if design == "stripes":
        upright = generator.random() < 0.25
        cycles = 5 + 9 * count
        way = (cycles, 0.0, 0.0) if upright else (0.0, 0.0, cycles)
        plain = replace(plain, stripes=way, duty=0.3 + 0.4 * share, weight=1.0, phase=at)
    elif design == "pinstripes":
        plain = replace(plain, stripes=(10 + 6 * count, 0.0, 0.0), duty=0.6, weight=0.6, phase=at)
    elif design == "checks":
        cycles = 5 + 7 * count
        across, along = (cycles, 0.0, 0.0), (0.0, 0.0, cycles)
        plain = replace(plain, stripes=across, cross=along, weight=0.5, cross_weight=0.5, duty=0.5 * share, phase=at)
    elif design == "two-tone":
        slant = choose({(0.0, 0.0, -1.0): 0.5, (0.6, 0.0, -0.8): 0.2, (0.0, 0.0, 1.0): 0.3}, generator)
        height = 0.02 + 0.14 * at
        plain = replace(plain, cut=slant, cut_at=-height if slant[2] < 0 else 0.32 + 0.1 * at)
    elif design == "open":
        plain = replace(plain, opening=0.025 + 0.05 * share, under=second)
    return _printed(plain, generator)


def _printed(top: Cloth, generator: Generator) -> Cloth:
    side = choose({0.0: 0.42, 1.0: 0.28, -1.0: 0.30}, generator)
    width, height, x, z, round_ = generator.random(5)
    colour = palette(choose(_ACCENTS, generator), generator)
    if top.opening and side > 0:
        return top
    small = generator.random() < 0.3 and side > 0
    return replace(
        top,
        print_side=side,
        print_at=(0.09 * (1 if x > 0.5 else -1), 0.33) if small else (0.04 * (x - 0.5), 0.20 + 0.13 * z),
        print_size=(0.04, 0.035) if small else (0.05 + 0.08 * width, 0.03 + 0.09 * height),
        print_round=1.0 if round_ > 0.5 else 0.0,
        print_colour=colour,
    )


def _lower(labels: Labels, generator: Generator) -> Cloth:
    colour = palette(labels.lower, generator)
    second = palette(_unlike(labels.lower, UPPER, generator), generator)
    plain = Cloth(colour=colour, second=second, folds=0.3 + 0.4 * generator.random(), crease=_turn(generator))
    count, share = generator.random(2)
    designs = {"plain": 0.6, "checks": 0.22, "hem": 0.18} if labels.dress else {"plain": 0.8, "side": 0.12, "hem": 0.08}
    design = choose(designs, generator)
    if design == "checks":
        cycles = 6 + 8 * count
        across, along = (cycles, 0.0, 0.0), (0.0, 0.0, cycles)
        return replace(
            plain, stripes=across, cross=along, weight=0.5, cross_weight=0.5 if share < 0.6 else 0.0, duty=0.3
        )
    if design == "side":
        return replace(plain, cut=(1.0 if share < 0.5 else -1.0, 0.0, 0.0), cut_at=0.052)
    if design == "hem":
        return replace(plain, cut=(0.0, 0.0, 1.0), cut_at=0.26 + 0.1 * share)
    return plain


def _face(skin: Cloth, hair: Cloth, labels: Labels, generator: Generator) -> Cloth:
    """Skin with a dark bar at the eyes (wider for glasses), and a beard for some men."""
    glasses = generator.random() < 0.2
    beard = generator.random() < 0.18 and not labels.female and labels.age > 1
    red, green, blue = skin.colour
    face = replace(
        skin,
        second=hair.colour,
        print_side=1.0,
        print_at=(0.0, 0.012),
        print_size=(0.06, 0.014) if glasses else (0.045, 0.007),
        print_colour=(0.01, 0.01, 0.01) if glasses else (0.3 * red, 0.3 * green, 0.3 * blue),
    )
    return replace(face, cut=(0.0, 0.3, -1.0), cut_at=0.06) if beard else face


def _bag(colour: RGB, generator: Generator) -> Cloth:
    band = palette(choose(_ACCENTS, generator), generator)
    side, at, size = generator.random(3)
    bag = Cloth(colour=colour, second=band, folds=0.2, crease=_turn(generator))
    if side < 0.35:
        return replace(bag, cut=(0.0, 0.0, -1.0), cut_at=0.1 * (at - 0.3))
    if side < 0.65:
        return replace(
            bag,
            stripes=(0.0, 0.0, 0.0),
            print_side=-1.0,
            print_at=(0.0, 0.1 * (at - 0.5)),
            print_size=(0.05 + 0.05 * size, 0.04 + 0.04 * at),
            print_colour=band,
        )
    return bag


def _shoe(labels: Labels, generator: Generator) -> str:
    if labels.light_shoes:
        return choose({"white": 0.6, "pink": 0.12, "yellow": 0.13, "orange": 0.15}, generator)
    return choose({"black": 0.55, "brown": 0.15, "gray": 0.1, "blue": 0.1, "red": 0.1}, generator)


def _unlike(colour: str, shares: dict[str, float], generator: Generator) -> str:
    return choose({name: share for name, share in shares.items() if name != colour}, generator)


def _sole(generator: Generator) -> float:
    return 0.01 if generator.random() < 0.4 else 9.0


def _turn(generator: Generator) -> float:
    return 6.28 * float(generator.random())
