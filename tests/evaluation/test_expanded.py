from pathlib import Path

import pytest
import torch

from passerby.evaluation.expanded import EXPANSION, check_size, expanded
from passerby.search.expand import expansion
from passerby.types import Crop, Embeddings, ModelId


def side(name, count, model=None):
    vectors = torch.randn(count, 8, generator=torch.Generator().manual_seed(count))
    return Embeddings(vectors, tuple(Crop(Path(f"{name}{i}"), 1, 1) for i in range(count)), model)


def test_the_vectors_are_expanded_and_all_else_stays():
    model = ModelId("some", "", "none")
    query, gallery = side("q", 3, model), side("g", 20, model)
    moved = expansion(query.vectors, gallery.vectors)
    done = expanded(query, gallery)
    assert [(one.crops, one.model) for one in done] == [(one.crops, one.model) for one in (query, gallery)]
    assert torch.equal(done[0].vectors, moved.queries)
    assert torch.equal(done[1].vectors, moved.gallery)


def test_the_protocol_tells_the_defaults():
    assert EXPANSION == "expansion (database 10, queries 5, alpha 0)"


def test_vectors_of_two_models_are_refused():
    with pytest.raises(ValueError, match="Vectors of two models"):
        expanded(side("q", 3, ModelId("some", "", "none")), side("g", 20, ModelId("other", "", "none")))


def test_eleven_crops_are_the_least_that_can_be_expanded():
    expanded(side("q", 3), side("g", 11))
    with pytest.raises(ValueError, match=r"The gallery has 10 crops; .* needs 11 or more"):
        expanded(side("q", 3), side("g", 10))
    with pytest.raises(ValueError, match="The gallery has 0 crops"):
        check_size(0)
