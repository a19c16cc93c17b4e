"""Whether a loaded data set is the official one, as far as counts tell."""

from collections.abc import Mapping

from passerby import datasets, names
from passerby.types import DISTRACTOR, PersonSet

OPTIONAL = ("multi_query", "distractors")
"""Splits that a copy may lack and be the official one all the same."""


def official(people: PersonSet) -> str:
    """What a result says of its data set: "yes", "no: ..." with the differences, or "not known"."""
    found = differences(people)
    if found is None:
        return "not known"
    return f"no: {'. '.join(found)}." if found else "yes"


def differences(people: PersonSet) -> list[str] | None:
    """How the counts of a data set differ from those of the official one: a sentence a split, without the stop.

    Splits whose official counts nobody tells, and those of OPTIONAL that this copy lacks, are not compared.

    Returns:
        None where there is no official set: own pictures, drawn worlds, a version that has none.
    """
    wanted = _official(people)
    if wanted is None:
        return None
    found = []
    for split, (pictures, persons) in wanted.items():
        crops = getattr(people, split)
        shown = len({crop.pid for crop in crops if crop.pid > DISTRACTOR})
        if (len(crops), shown) == (pictures, persons) or (split in OPTIONAL and not crops):
            continue
        here, there = (f" of {shown:,} people", f" of {persons:,}") if shown or persons else ("", "")
        found.append(f"{split} has {len(crops):,} pictures{here}; the official set has {pictures:,}{there}")
    return found


def _official(people: PersonSet) -> Mapping[str, tuple[int, int]] | None:
    """Split to pictures and people."""
    if people.name not in names.names(datasets):
        return None
    known: Mapping[str, Mapping[str, tuple[int, int]]] = getattr(names.module(datasets, people.name), "OFFICIAL", {})
    return known.get(people.version)
