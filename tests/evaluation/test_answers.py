from pathlib import Path

import numpy as np
import pytest

from passerby.evaluation.answers import answers
from passerby.evaluation.protocol import protocol
from passerby.types import Crop


@pytest.mark.parametrize("cameras", [True, False])
@pytest.mark.parametrize("seed", range(30))
def test_answers_are_the_matches_of_the_protocol(seed, cameras):
    rng = np.random.default_rng(seed)

    def side(size, least):
        return [
            Crop(Path(f"{rng.integers(12)}"), int(rng.integers(least, 5)), int(rng.integers(3))) for _ in range(size)
        ]

    queries, gallery = side(15, 1), side(40, -1)
    expected = protocol(queries, gallery, cameras=cameras)(slice(None)).match.sum(dim=1)
    assert answers(queries, gallery, cameras=cameras).equal(expected)


def test_answers_outside_of_a_querys_own_gallery_do_not_count():
    queries = [Crop(Path(f"q{n}"), 1, 0) for n in range(4)]
    gallery = [Crop(Path(f"g{n}"), 1, n % 2) for n in range(5)] + [queries[3]]
    galleries = {0: (1, 3), 1: (0, 2, 4), 2: (3, 3, 0), 3: (1, 5)}
    assert answers(queries, gallery, galleries=galleries).tolist() == [2, 0, 1, 1]
    assert answers(queries, gallery, cameras=False, galleries=galleries).tolist() == [2, 3, 2, 1]


@pytest.mark.parametrize(
    ("galleries", "message"),
    [
        ({}, "There are galleries for 0 queries and 1 queries"),
        ({0: ()}, "The gallery of query 0 is empty"),
        ({0: (0, 2)}, "The gallery of query 0 names crop 2"),
        ({0: (-1,)}, "The gallery of query 0 names crop -1"),
    ],
)
@pytest.mark.parametrize("pid", [1, 2])
def test_a_gallery_that_is_missing_or_empty_or_points_outside_is_refused(galleries, message, pid):
    gallery = [Crop(Path("a"), pid, 1), Crop(Path("b"), pid, 2)]
    with pytest.raises(ValueError, match=message):
        answers([Crop(Path("q"), 1, 0)], gallery, galleries=galleries)


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(ValueError, match="give at least one of each"):
        answers([], [])
    with pytest.raises(ValueError, match="have no camera"):
        answers([Crop(Path("a"), 1)], [Crop(Path("b"), 1)])
