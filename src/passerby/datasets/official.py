"""Whether a loaded data set is the official one, as far as counts tell."""

from collections.abc import Collection, Mapping
from typing import Any

from passerby import datasets, names
from passerby.types import DISTRACTOR, PersonSet

OPTIONAL = ("multi_query", "distractors")
"""Splits that a copy may lack and be the official one all the same."""
SPLITS = ("train", "query", "gallery", *OPTIONAL)
"""Splits that may be compared."""


def official(people: PersonSet, splits: Collection[str] | None = None) -> str:
    """What a result says of its data set: "yes", "no: ..." with the differences, or "not known".

    Args:
        people: the data set.
        splits: of SPLITS, those that matter; None for all.

    Raises:
        ValueError: if one of the splits is none of SPLITS.
    """
    found = differences(people, splits)
    if found is None:
        return "not known"
    return f"no: {'. '.join(found)}." if found else "yes"


def differences(people: PersonSet, splits: Collection[str] | None = None) -> list[str] | None:
    """How the counts of a data set differ from those of the official one, in sentences without the stop.

    Compared are pictures and people and, where the official set consists of them, tracklets. Splits whose official
    counts nobody tells, and those of OPTIONAL that this copy lacks, are not compared.

    Args:
        people: the data set.
        splits: of SPLITS, those that matter; None for all.

    Returns:
        None where there is no official set (own pictures, drawn worlds, a version that has none), or none of the splits
        has official counts.

    Raises:
        ValueError: if one of the splits is none of SPLITS.
    """
    odd = sorted(set(splits or ()) - set(SPLITS))
    if odd:
        raise ValueError(f"{odd[0]!r} is no split; give some of {', '.join(SPLITS)}.")
    wanted = _official(people, "OFFICIAL", splits)
    if not wanted:
        return None
    tracklets = _official(people, "TRACKLETS", splits)
    found = []
    for split, (pictures, persons) in wanted.items():
        crops = getattr(people, split)
        if split in OPTIONAL and not crops:
            continue
        shown = len({crop.pid for crop in crops if crop.pid > DISTRACTOR})
        if (len(crops), shown) != (pictures, persons):
            here, there = (f" of {shown:,} people", f" of {persons:,}") if shown or persons else ("", "")
            found.append(f"{split} has {len(crops):,} pictures{here}; the official set has {pictures:,}{there}")
        tracks = len({crop.trackid for crop in crops if crop.trackid is not None})
        if tracks != tracklets.get(split, tracks):
            found.append(f"{split} has {tracks:,} tracklets; the official set has {tracklets[split]:,}")
    return found


def _official(people: PersonSet, counts: str, splits: Collection[str] | None) -> Mapping[str, Any]:
    """What a data set's file tells of this version under that name, by split; empty where it tells nothing."""
    if people.name not in names.names(datasets):
        return {}
    known = getattr(names.module(datasets, people.name), counts, {}).get(people.version, {})
    return {split: told for split, told in known.items() if splits is None or split in splits}
