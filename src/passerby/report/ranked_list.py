"""What a ranked list is."""

from dataclasses import dataclass

from passerby.types import Crop


@dataclass(frozen=True, slots=True)
class Result:
    """One place of a ranked list.

    Args:
        crop: the gallery's crop at this place.
        right: True where it shows the query's person.
        distance: from the query, smaller is closer; its range is the metric's.
    """

    crop: Crop
    right: bool
    distance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedList:
    """The beginning of one query's ranking, junk left out, with what was judged of the whole of it.

    Args:
        query: what was searched for.
        number: the query's place in the query set, from 0.
        ap: average precision in [0, 1]; nan for a query without a match.
        first: rank of the first match among the kept gallery, from 1; 0 for a query without a match.
        matches: right crops in the whole gallery.
        junk: crops of the gallery that were left out.
        results: the nearest kept crops, nearest first; fewer than asked for where fewer are kept.
    """

    query: Crop
    number: int
    ap: float
    first: int
    matches: int
    junk: int
    results: tuple[Result, ...]
