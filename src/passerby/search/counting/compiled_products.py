"""Inner products of pairs of rows, in float64.

Import this where it is called and not before: Numba takes half a second to load.
"""

import numpy as np

from passerby.search.counting.compiled import ANY_ORDER, Array, compiled

FOUR = 4
"""Pairs of one row that are worked out together: it is read once, and the other rows are waited for together."""


def _four(row: Array, others: Array, places: Array, found: Array) -> None:
    one, two, three, four = others[places[0]], others[places[1]], others[places[2]], others[places[3]]
    first, second, third, fourth = 0.0, 0.0, 0.0, 0.0
    for place in range(len(row)):
        number = np.float64(row[place])
        first += number * np.float64(one[place])
        second += number * np.float64(two[place])
        third += number * np.float64(three[place])
        fourth += number * np.float64(four[place])
    found[0], found[1], found[2], found[3] = first, second, third, fourth


def _products(start: int, end: int, queries: Array, crops: Array, asked: Array, looked: Array, found: Array) -> None:
    """Inner products of pairs of rows: fastest where pairs of one query, or of one crop, follow each other."""
    pair = start
    while pair < end:
        query, crop = asked[pair], looked[pair]
        same_query = same_crop = pair + FOUR <= end
        if same_query:
            for other in range(pair + 1, pair + FOUR):
                same_query &= asked[other] == query
                same_crop &= looked[other] == crop
        if same_crop:
            _four(crops[crop], queries, asked[pair : pair + FOUR], found[pair : pair + FOUR])
            pair += FOUR
        elif same_query:
            _four(queries[query], crops, looked[pair : pair + FOUR], found[pair : pair + FOUR])
            pair += FOUR
        else:
            one, other_one, total = queries[query], crops[crop], 0.0
            for place in range(len(one)):
                total += np.float64(one[place]) * np.float64(other_one[place])
            found[pair] = total
            pair += 1


_four = compiled(_four, flags=ANY_ORDER)
products = compiled(_products, flags=ANY_ORDER)
