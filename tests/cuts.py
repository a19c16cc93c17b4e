"""Judging in other pieces, and by other approximate keys, than would be chosen: the ranks must be the same."""

import math
from contextlib import contextmanager
from unittest import mock

from hypothesis import strategies as st

from passerby.search.counting import choose, closer
from passerby.search.counting import pieces as sizes

CUTS = st.tuples(
    st.sampled_from([None, (1, 5), (2, 3), (5, 2), (3, 16)]),
    st.sampled_from([None, "classes", (0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]),
)
"""Queries and crops of a tile; which keys: by one digit (0), by two (1), by float32 (2), one after the other."""


@contextmanager
def cut(pieces, kinds):
    most, least = (sizes.MOST, sizes.LEAST) if pieces is None else (pieces, pieces)
    with mock.patch.multiple(sizes, MOST=most, LEAST=least):
        if kinds is None:
            yield
            return
        with (
            mock.patch.object(closer, "TIES", -1.0 if kinds == "classes" else 2.0),
            mock.patch.multiple(
                choose,
                ALL=(math.inf, 0),
                CUT=-1e9,
                _chains=lambda count: [tuple(kind for kind in kinds if kind < count) or (count - 1,)],
            ),
            mock.patch.object(choose, "_int8_cost", return_value=0.0),
        ):
            yield
