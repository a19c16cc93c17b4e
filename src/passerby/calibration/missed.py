"""How many searches for people who are there find nobody above the line that is drawn for absent people."""

from collections.abc import Sequence

import numpy as np

from passerby.calibration.drawn_galleries import Best, highest
from passerby.calibration.sightings import Flags, Floats, Ints, Pairs


def missed(searched: Best, absent: Floats, fewer: Floats, *, folds: Sequence[Ints], rates: tuple[float, ...]) -> Floats:
    """Shares of searches for present people whose best answer, whoever that shows, lies below the line.

    Each search is held against a line that was drawn from the searches for people of the other folds.

    Args:
        searched: what each query finds of each person.
        absent: (n Q, S) best answer to each query in n galleries of S sizes, where its person is absent.
        fewer: likewise with one person fewer, whose place the query's own person takes when present.
        folds: people, each in one of them.
        rates: (R,) shares of searches for absent people that may get an answer, descending.

    Returns:
        (S, R).
    """
    times = len(absent) // len(searched.own)
    own, people = np.tile(searched.own.astype(np.float64), times), np.tile(searched.people, times)
    there = own > -2
    below = np.zeros((absent.shape[1], len(rates)))
    for fold in folds:
        inside = np.isin(people, fold)
        drawn = [_lines(column, rates) for column in absent[~inside].T]
        lines = np.maximum.accumulate(np.array(drawn), axis=0)
        best = np.maximum(own[:, None], fewer)[inside & there]
        below += (best[:, :, None] < lines).sum(axis=0)
    shares: Floats = below / np.count_nonzero(there)
    return shares


def missed_pairs(pairs: Pairs, *, folds: Sequence[Ints], rates: tuple[float, ...]) -> Floats:
    """The same where the gallery is one record: (R,) shares of the pairs of one person below the line of strangers.

    Args:
        pairs: both kinds.
        folds: as for `missed`.
        rates: likewise.
    """
    below = np.zeros(len(rates))
    for fold in folds:
        inside: Flags = np.isin(pairs.people, fold)
        lines = _lines(pairs.similarity[~pairs.same & ~inside.any(axis=0)], rates)
        below += (pairs.similarity[pairs.same & inside[0]][:, None] < np.array(lines)).sum(axis=0)
    shares: Floats = below / np.count_nonzero(pairs.same)
    return shares


def _lines(similarity: Floats, rates: tuple[float, ...]) -> list[float]:
    return highest(similarity, np.ones(len(similarity)), rates)
