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


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(ValueError, match="give at least one of each"):
        answers([], [])
    with pytest.raises(ValueError, match="have no camera"):
        answers([Crop(Path("a"), 1)], [Crop(Path("b"), 1)])
