"""The people of a world."""

from dataclasses import dataclass

from numpy.random import default_rng

from passerby.synth.body import Body, body
from passerby.synth.labels import Labels, labels
from passerby.synth.wardrobe import Wardrobe, dressed_alike, wardrobe

LOOK_ALIKES = 0.6
"""Share of people who wear a common outfit: they share all labels, and nearly the shades of what is above and below
the waist, with everybody else who wears it."""
_SPREAD = 14.0


@dataclass(frozen=True, slots=True)
class Person:
    """One drawn identity.

    Args:
        labels: what a label file says.
        body: build, hair and carried things.
        wardrobe: shades and patterns.
    """

    labels: Labels
    body: Body
    wardrobe: Wardrobe


def people(count: int, *, seed: int) -> tuple[Person, ...]:
    """Different people, many of whom share all their labels.

    A person's look depends on the seed and the person's place in the row, not on how many follow.

    Args:
        count: how many, 0 or more.
        seed: 0 or more.

    Raises:
        ValueError: if count or seed is negative.
    """
    if count < 0 or seed < 0:
        raise ValueError(f"count is {count} and seed {seed}; give 0 or more for both.")
    return tuple(_person(place, seed) for place in range(count))


def _person(place: int, seed: int) -> Person:
    generator = default_rng([seed, 1, place])
    if generator.random() >= LOOK_ALIKES:
        told = labels(generator)
        return Person(told, body(told, generator), wardrobe(told, generator))
    # a few outfits are worn by many people and many outfits by a few
    common = default_rng([seed, 11, int(_SPREAD * (1 / (1 - generator.random()) - 1))])
    told = labels(common)
    worn = wardrobe(told, common)
    return Person(told, body(told, generator), dressed_alike(wardrobe(told, generator), worn, generator))
