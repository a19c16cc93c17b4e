"""What the labels of a drawn person say."""

from dataclasses import dataclass

from numpy.random import Generator

from passerby.synth.chance import choose

UPPER = {"white": 0.27, "black": 0.15, "gray": 0.13, "red": 0.1, "yellow": 0.06, "blue": 0.075, "green": 0.065,
         "purple": 0.035, "brown": 0.035, "pink": 0.045, "orange": 0.035}  # fmt: skip
"""Colours above the waist and how often they are worn."""
LOWER = {"black": 0.385, "blue": 0.18, "gray": 0.165, "brown": 0.08, "white": 0.07, "pink": 0.032, "green": 0.022,
         "red": 0.035, "yellow": 0.012, "purple": 0.008, "orange": 0.011}  # fmt: skip
"""Colours below the waist and how often they are worn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """The named attributes of one person: the union of what the Market-1501 and the DukeMTMC labels tell.

    Args:
        female: whether a woman.
        age: 1 young, 2 teenager, 3 adult, 4 old.
        long_hair: whether the hair reaches the shoulders.
        long_sleeves: whether sleeves reach the wrists.
        short_lower: whether trousers or skirt end above the knee or at it.
        dress: whether a dress or a skirt is worn, not trousers.
        hat: whether a hat is worn.
        backpack: whether a backpack is carried.
        bag: whether a bag hangs from a shoulder.
        handbag: whether a bag is held in a hand.
        boots: whether boots are worn.
        light_shoes: whether shoes or boots are of a light colour.
        long_top: whether the upper clothing reaches the thighs.
        upper: a colour of UPPER.
        lower: a colour of LOWER.
    """

    female: bool
    age: int
    long_hair: bool
    long_sleeves: bool
    short_lower: bool
    dress: bool
    hat: bool
    backpack: bool
    bag: bool
    handbag: bool
    boots: bool
    light_shoes: bool
    long_top: bool
    upper: str
    lower: str


def labels(generator: Generator) -> Labels:
    """One person's labels, with frequencies as unequal as in the real sets.

    Args:
        generator: where chance comes from; the same number of draws whatever comes out.
    """
    draw = generator.random(13)
    female = bool(draw[0] < 0.44)
    age = int(choose({1: 0.012, 2: 0.80, 3: 0.178, 4: 0.01}, generator))
    upper, lower = choose(UPPER, generator), choose(LOWER, generator)
    dress = female and bool(draw[1] < 0.29)
    backpack = bool(draw[6] < 0.26)
    bag = not backpack and bool(draw[7] < 0.33)
    boots = bool(draw[9] < (0.3 if female else 0.1))
    return Labels(
        female=female,
        age=age,
        long_hair=bool(draw[2] < (0.75 if female else 0.025)),
        long_sleeves=bool(draw[3] < 0.056),
        short_lower=bool(draw[4] < (0.9 if dress else 0.585)),
        dress=dress,
        hat=bool(draw[5] < 0.03),
        backpack=backpack,
        bag=bag,
        handbag=bool(draw[8] < (0.19 if female else 0.045)),
        boots=boots,
        light_shoes=bool(draw[10] < 0.3),
        long_top=not dress and bool(draw[11] < 0.13),
        upper=upper,
        lower=upper if dress and draw[12] < 0.55 and upper in LOWER else lower,
    )
