"""Several vectors as one, and results over such vectors from files."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from command import passerby
from passerby import npz
from passerby.evaluation.pooled import pooled
from passerby.types import Crop, Embeddings, ModelId

MODEL = ModelId("demo", "ab" * 32, "RGB")
CROPS = tuple(Crop(Path(f"{n}"), 1, trackid=0) for n in range(4))
VECTORS = torch.tensor([[3.0, -8.0], [1.0, 4.0], [-2.0, -1.0], [0.0, -3.0]])
FOUR = Embeddings(VECTORS, CROPS, MODEL)


def test_the_largest_value_of_each_dimension_is_taken_with_its_sign():
    found = pooled(FOUR, [[0, 1], [2], [3, 2, 0], [2, 3]], CROPS, pool="max")
    # (3, 4), (-2, -1), (3, -1), (0, -1), each divided by its length
    expected = [[0.6, 0.8], [-2 / 5**0.5, -1 / 5**0.5], [3 / 10**0.5, -1 / 10**0.5], [0, -1]]
    assert torch.allclose(found.vectors, torch.tensor(expected), atol=1e-7)


def test_the_mean_of_each_dimension_is_taken():
    found = pooled(FOUR, [[0, 1], [2], [0, 1, 2, 3], [3, 3, 1]], CROPS, pool="mean")
    # (2, -2), (-2, -1), (0.5, -2), (1/3, -2/3)
    means = torch.tensor([[2.0, -2.0], [-2.0, -1.0], [0.5, -2.0], [1.0, -2.0]])
    assert torch.allclose(found.vectors, means / means.norm(dim=1, keepdim=True), atol=1e-7)


def test_max_is_the_default():
    assert torch.equal(pooled(FOUR, [[0, 1]], CROPS[:1]).vectors, pooled(FOUR, [[0, 1]], CROPS[:1], pool="max").vectors)


def test_each_group_has_its_head_and_the_model_stays_known():
    heads = (Crop(Path("x"), 7, 3), Crop(Path("y"), 8, 4))
    found = pooled(FOUR, ((0,), (1, 2)), heads)
    assert found.crops == heads
    assert found.model == MODEL
    assert found.vectors.dtype == torch.float32


def test_pooling_leaves_what_it_was_given():
    before = VECTORS.clone()
    for pool in ("max", "mean"):
        pooled(FOUR, [[0], [1], [2, 3]], CROPS[:3], pool=pool)
    assert VECTORS.equal(before)


def test_the_mean_of_many_frames_is_right_to_the_last_digits_of_float32():
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(2000, 8, generator=generator) + 100
    crops = tuple(Crop(Path(f"{n}"), 1) for n in range(2000))
    found = pooled(Embeddings(vectors, crops), [range(2000)], crops[:1], pool="mean").vectors[0]
    exact = [sum(column) / 2000 for column in vectors.T.tolist()]
    length = sum(value * value for value in exact) ** 0.5
    assert found.tolist() == pytest.approx([value / length for value in exact], rel=2e-7)


@pytest.mark.parametrize(
    ("groups", "heads", "pool", "message"),
    [
        ([[0]], CROPS[:1], "median", "pool is 'median'; give one of max, mean"),
        ([[0], [1]], CROPS[:1], "max", "2 groups and 1 heads; give one head for each group"),
        ([[0], [], []], CROPS[:3], "mean", r"2 of 3 groups are empty \(1\); give each a row or more"),
        ([np.array([0]), np.array([], dtype=int)], CROPS[:2], "max", r"1 of 2 groups are empty \(1\)"),
        ([[0], [1, -1]], CROPS[:2], "max", r"A group has a row below 0; rows are 0 \.\. N - 1"),
    ],
)
def test_groups_that_cannot_be_pooled_are_refused(groups, heads, pool, message):
    with pytest.raises(ValueError, match=message):
        pooled(FOUR, groups, heads, pool=pool)


def frames(prefix, camid):
    """Three frames of each of two people's tracklets."""
    return [Crop(Path(f"{prefix}{pid}f{n}"), pid, camid, trackid=10 * camid + pid) for pid in (1, 2) for n in range(3)]


QUERY, GALLERY, BOXES = frames("q", 1), frames("g", 2), frames("b", 1)


def changed(crops, change):
    """Other pictures of the last person, whose first one is as before."""
    other = replace(crops[-1], path=Path("other"))
    return {"swapped": [*crops[:-1], other], "shortened": crops[:-1], "lengthened": [*crops, other]}[change]


@pytest.fixture
def scored(tmp_path, capsys):
    """Judges vectors of crops with `passerby score` and gives the file of the result."""

    def judged(name, query, gallery, *, boxes=None, tracklets="none", folder="here/pictures"):
        arguments = ["--tracklets", tracklets]
        generator = torch.Generator().manual_seed(len(name))
        for side, crops in (("query", query), ("gallery", gallery), ("boxes", boxes)):
            if crops is not None:
                there = tuple(replace(crop, path=folder / crop.path) for crop in crops)
                npz.write(
                    tmp_path / f"{name}.{side}.npz", Embeddings(torch.randn(len(crops), 4, generator=generator), there)
                )
        if boxes is not None:
            arguments += ["--boxes", tmp_path / f"{name}.boxes.npz"]
        sides = [tmp_path / f"{name}.{side}.npz" for side in ("query", "gallery")]
        code, _, told = passerby(capsys, "score", *sides, *arguments, "--out", tmp_path / f"{name}.json")
        assert (code, told.count("\n")) == (0, 1), told  # the one line states the memory
        assert told.startswith("Ranking ")
        return tmp_path / f"{name}.json"

    return judged


def digest_in(result):
    return json.loads(result.read_text())["protocol"]["pooled_sha256"]


@pytest.mark.parametrize("change", ["swapped", "shortened", "lengthened"])
@pytest.mark.parametrize("side", ["query", "gallery", "boxes"])
def test_results_of_files_over_other_pooled_pictures_are_not_compared(capsys, scored, side, change):
    pool = {"boxes": BOXES} if side == "boxes" else {"tracklets": "max"}
    sides = {"query": QUERY, "gallery": GALLERY, **pool}
    one, two = scored("one", **sides), scored("two", **{**sides, side: changed(sides[side], change)})
    code, _, err = passerby(capsys, "compare", one, two)
    assert (code, err.count("\n")) == (2, 1)
    assert f"unlike protocols: pooled_sha256 is {digest_in(one)} and {digest_in(two)};" in err


@pytest.mark.parametrize(
    "pool", [{"boxes": BOXES}, {"tracklets": "max"}, {"tracklets": "mean"}], ids=["boxes", "max", "mean"]
)
def test_results_of_files_over_the_same_pooled_pictures_are_compared(capsys, scored, pool):
    one, other = (
        scored("one", QUERY, GALLERY, **pool),
        scored("another", QUERY, GALLERY, **pool, folder="there/pictures"),
    )
    code, _, err = passerby(capsys, "compare", one, other)
    assert (code, err) == (0, "")
    assert re.fullmatch("[0-9a-f]{64}", digest_in(one))


def test_a_result_of_files_over_single_pictures_has_no_digest_of_pooled_ones(scored):
    assert digest_in(scored("one", QUERY, GALLERY)) == "none"
