import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import market_lists
import plain_judge
from passerby.evaluation.score import score
from passerby.search.distance import distance
from passerby.types import DISTRACTOR, JUNK, Crop, Embeddings, ModelId


def crops(name, pids, camids):
    return tuple(Crop(Path(f"{name}{i}"), pid, cam) for i, (pid, cam) in enumerate(zip(pids, camids, strict=True)))


def small(seed, queries, gallery, people, values):
    """Descriptors of few small whole numbers, so that many distances are equal and every product exact."""
    rng = np.random.default_rng(seed)

    def side(name, size, least):
        vectors = torch.from_numpy(rng.integers(-values, values + 1, (size, 3)).astype(np.float32))
        return Embeddings(
            vectors, crops(name, rng.integers(least, people + 1, size).tolist(), rng.integers(0, 3, size).tolist())
        )

    return side("q", queries, 1), side("g", gallery, JUNK)


def agrees(query, gallery, *, cameras, ap, metric):
    found = score(query, gallery, ap=ap, metric=metric, cameras=cameras)
    keys = distance(query.vectors, gallery.vectors, metric=metric).tolist()
    expected = plain_judge.judge(keys, query.crops, gallery.crops, cameras=cameras, ap=ap)
    for ours, theirs in zip((found.ap, found.inp, found.first), zip(*expected, strict=True), strict=True):
        assert plain_judge.equal(ours.tolist(), theirs)


@given(
    seed=st.integers(0, 10**6),
    queries=st.integers(1, 6),
    gallery=st.integers(1, 25),
    people=st.integers(1, 6),
    values=st.integers(0, 3),
    cameras=st.booleans(),
    ap=st.sampled_from(["step", "trapezoid"]),
    metric=st.sampled_from(["dot", "euclidean"]),
)
def test_the_judge_is_a_plain_loop_whatever_the_ties(seed, queries, gallery, people, values, cameras, ap, metric):
    agrees(*small(seed, queries, gallery, people, values), cameras=cameras, ap=ap, metric=metric)


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "dot"])
@pytest.mark.parametrize("ap", ["step", "trapezoid"])
def test_the_judge_is_a_plain_loop_on_descriptors_as_they_come(metric, ap):
    rng = np.random.default_rng(1)
    queries = crops("q", rng.integers(1, 20, 40).tolist(), rng.integers(0, 4, 40).tolist())
    gallery = crops("g", rng.integers(-1, 20, 500).tolist(), rng.integers(0, 4, 500).tolist())
    one = Embeddings(torch.from_numpy(rng.standard_normal((40, 32), dtype=np.float32)), queries)
    other = Embeddings(torch.from_numpy(rng.standard_normal((500, 32), dtype=np.float32)), gallery)
    agrees(one, other, cameras=True, ap=ap, metric=metric)


def test_embeddings_that_are_the_labels_rank_perfectly():
    pids, camids = [1, 2, 3] * 4, [0] * 3 + [1] * 3 + [2] * 6
    gallery = Embeddings(torch.eye(4)[torch.tensor(pids)], crops("g", pids, camids))
    query = Embeddings(torch.eye(4)[torch.tensor([1, 2, 3])], crops("q", [1, 2, 3], [0, 1, 2]))
    for ap in ("step", "trapezoid"):
        found = score(query, gallery, ap=ap)
        assert (found.mAP, found.mINP, found.rank(1), found.queries_without_match) == (1, 1, 1, 0)


def test_shuffled_embeddings_rank_by_chance():
    rng = np.random.default_rng(0)
    pids = rng.integers(1, 11, 2000).tolist()
    vectors = torch.from_numpy(rng.standard_normal((2000, 8), dtype=np.float32))
    found = score(
        Embeddings(vectors[:500], crops("q", pids[:500], [0] * 500)),
        Embeddings(vectors[500:], crops("g", pids[500:], [1] * 1500)),
    )
    assert found.rank(1) == pytest.approx(0.1, abs=0.04)
    assert found.mAP == pytest.approx(0.1, abs=0.02)


def test_a_query_without_match_is_nan_and_not_counted():
    query = Embeddings(torch.ones(3, 2), crops("q", [1, 2, 3], [0, 0, 0]))
    gallery = Embeddings(torch.ones(3, 2), crops("g", [1, 2, DISTRACTOR], [1, 0, 0]))
    found = score(query, gallery)
    assert found.first.tolist() == [1, 0, 0]
    assert [math.isnan(value) for value in found.ap.tolist()] == [False, True, True]
    assert (found.queries, found.queries_without_match, found.mAP) == (1, 2, 1.0)


@pytest.mark.parametrize("pids", [[JUNK] * 4, [DISTRACTOR] * 4, [JUNK, 0, JUNK, 0]])
def test_a_gallery_of_junk_and_distractors_answers_nobody(pids):
    query = Embeddings(torch.ones(2, 2), crops("q", [1, 2], [0, 0]))
    found = score(query, Embeddings(torch.ones(4, 2), crops("g", pids, [1] * 4)))
    assert (found.queries, found.queries_without_match) == (0, 2)
    assert math.isnan(found.mAP)


def test_a_distractor_ahead_costs_and_junk_ahead_does_not():
    query = Embeddings(torch.tensor([[1.0, 0.0]]), crops("q", [1], [0]))
    vectors = torch.tensor([[1.0, 0.1], [1.0, 0.5]])

    def first(pid, camid):
        return score(query, Embeddings(vectors, crops("g", [pid, 1], [camid, 1]))).first.item()

    assert first(JUNK, 1) == 1
    assert first(1, 0) == 1
    assert first(DISTRACTOR, 1) == 2
    assert first(2, 0) == 2


def test_junk_anywhere_in_the_gallery_changes_nothing():
    query, gallery = small(3, 20, 200, 5, 3)
    kept = [i for i, crop in enumerate(gallery.crops) if crop.pid != JUNK]
    without = Embeddings(gallery.vectors[kept], tuple(gallery.crops[i] for i in kept))
    for order in (kept, [i for i in range(200) if i not in kept] + kept):
        moved = Embeddings(gallery.vectors[order], tuple(gallery.crops[i] for i in order))
        assert torch.equal(
            score(query, moved, metric="dot").ap.nan_to_num(7), score(query, without, metric="dot").ap.nan_to_num(7)
        )
    assert score(query, gallery, metric="dot").mAP == score(query, without, metric="dot").mAP


def test_a_picture_is_never_its_own_answer():
    found = Embeddings(
        torch.eye(2).repeat_interleave(2, dim=0), tuple(Crop(Path(f"{i}"), 1 + i // 2) for i in range(4))
    )
    assert score(found, found, cameras=False).first.tolist() == [1, 1, 1, 1]
    assert score(found, found, cameras=False, metric="euclidean").queries == 4


def test_the_result_carries_its_protocol():
    model = ModelId("demo", "ab" * 32, "RGB")
    query = Embeddings(torch.ones(1, 2), crops("q", [1], [0]), model)
    gallery = Embeddings(torch.ones(4, 2), crops("g", [JUNK, 0, 0, 1], [1] * 4))
    found = score(query, gallery, ap="trapezoid", metric="dot", protocol={"data": "market1501", "seed": 3}).protocol
    expected = {"ap": "trapezoid", "metric": "dot", "cameras": True, "distractors": 2, "queries": 1, "gallery": 4}
    assert {name: found[name] for name in expected} == expected
    assert (found["gallery_junk"], found["model"], found["data"], found["seed"]) == (1, str(model), "market1501", 3)
    assert found["torch"] == torch.__version__
    assert "own camera" in str(found["junk"])
    assert "own camera" not in str(score(query, gallery, cameras=False).protocol["junk"])


STATED = (
    *("ap", "metric", "cameras", "galleries", "distractors", "distractors_added", "queries", "gallery", "gallery_junk"),
    *("junk", "query_sha256", "gallery_sha256", "post_processing", "model", "passerby", "torch"),
)


@pytest.mark.parametrize("name", STATED)
def test_a_fact_that_the_judge_states_cannot_be_given(name):
    side = small(0, 3, 5, 2, 2)
    assert name in score(*side, metric="dot").protocol
    with pytest.raises(ValueError, match=f"protocol gives {name}, which the judge states itself; leave it out"):
        score(*side, metric="dot", protocol={name: "x"})


ONE = Crop(Path("here/0001.jpg"), 1, 1, 2.0, 3, (0, 0, 4, 8))
OTHER = Crop(Path("here/0002.jpg"), 2, 1, 2.0, 3, (0, 0, 4, 8))


def digests(crops):
    """Of the same crops as queries and as gallery."""
    side = Embeddings(torch.ones(len(crops), 2), tuple(crops))
    found = score(side, side).protocol
    assert found["query_sha256"] == found["gallery_sha256"]
    return found["query_sha256"]


@pytest.mark.parametrize(
    "changed",
    [
        {"path": Path("here/0003.jpg")},
        {"pid": 3},
        {"camid": 2},
        {"trackid": 4},
        {"trackid": None},
        {"box": (0, 0, 4, 9)},
        {"box": None},
    ],
    ids=str,
)
def test_the_digest_tells_crops_apart(changed):
    assert digests([ONE, OTHER]) != digests([ONE, replace(OTHER, **changed)])
    assert digests([ONE, OTHER]) != digests([replace(ONE, **changed), OTHER])


def test_the_digest_knows_order_and_number_and_the_last_folder_alone():
    here, there, another = (
        [replace(crop, path=Path(folder) / crop.path.name) for crop in (ONE, OTHER)]
        for folder in ("a/anna", "b/c/anna", "a/ulla")
    )
    assert digests(here) == digests(there)
    assert digests(here) != digests(another)
    assert len({digests(crops) for crops in ([ONE, OTHER], [OTHER, ONE], [ONE], [ONE, OTHER, OTHER])}) == 4


def test_rows_of_a_file_of_vectors_are_the_same_crops_whatever_the_file_is_called():
    rows = [[Crop(Path(f"{name}.npz[{row}]"), 1 + row, 0) for row in range(2)] for name in ("old", "new")]
    assert digests(rows[0]) == digests(rows[1])


GALLERIES = {0: (4, 1, 3), 1: (0,), 2: (2, 3)}


def told_of(galleries):
    return score(*small(5, 3, 5, 2, 2), metric="dot", galleries=galleries).protocol["galleries"]


def test_the_digest_of_galleries_knows_what_is_in_them_and_not_in_which_order():
    told = told_of(GALLERIES)
    assert re.fullmatch(r"one for each query \(sha256 [0-9a-f]{64}\)", told)
    assert told == told_of({2: [3, 2], 1: np.array([0]), 0: np.array([1, 3, 4], dtype=np.int16)})
    assert told_of(None) == "one for all queries"
    others = [
        {**GALLERIES, 0: (4, 1, 2)},
        {**GALLERIES, 0: (4, 1)},
        {0: (0,), 1: (4, 1, 3), 2: (2, 3)},
        {0: (1, 3), 1: (4,), 2: (0, 2, 3)},  # the same numbers in one row, cut elsewhere
        dict.fromkeys(range(3), (0, 1, 2, 3, 4)),
    ]
    assert len({told, told_of(None), *map(told_of, others)}) == 7


def test_judging_changes_nothing_that_it_was_given():
    query, gallery = small(5, 3, 40, 3, 2)
    galleries = {n: np.random.default_rng(n).permutation(40)[: 10 + n] for n in range(3)}
    galleries[1].setflags(write=False)
    facts = {"data": "x"}
    before = ({n: own.copy() for n, own in galleries.items()}, query.vectors.clone(), gallery.vectors.clone())
    score(query, gallery, metric="dot", galleries=galleries, protocol=facts)
    assert all((galleries[n] == before[0][n]).all() for n in range(3))
    assert query.vectors.equal(before[1])
    assert gallery.vectors.equal(before[2])
    assert facts == {"data": "x"}


@pytest.mark.parametrize("ends", [(0, 0), (2, 0), (0, 3), (2, 3)])
def test_junk_at_the_gallerys_ends_does_not_shift_the_galleries(ends):
    before, after = ends
    pids = [JUNK] * before + [2, 1, 0, 1] + [JUNK] * after
    query = Embeddings(torch.tensor([[1.0], [1.0]]), crops("q", [1, 2], [0, 0]))
    gallery = Embeddings(torch.arange(len(pids), 0, -1.0)[:, None], crops("g", pids, [1] * len(pids)))
    everything = tuple(range(len(pids)))
    for own, expected in (
        ({0: everything, 1: everything}, [2, 1]),
        ({0: (before + 3,), 1: (before, before + 2)}, [1, 1]),
        ({0: (before + 2, before + 3), 1: (before + 1, before + 2)}, [2, 0]),
        ({0: (before,), 1: everything}, [0, 1]),
    ):
        assert score(query, gallery, metric="dot", galleries=own).first.tolist() == expected


def test_a_gallery_of_its_own_that_is_all_junk_answers_nobody():
    query = Embeddings(torch.ones(1, 1), crops("q", [1], [0]))
    gallery = Embeddings(torch.ones(4, 1), crops("g", [JUNK, 1, 1, JUNK], [1, 0, 1, 1]))
    assert score(query, gallery, galleries={0: (0, 1, 3)}).first.tolist() == [0]
    assert score(query, gallery, galleries={0: (0, 1, 2)}).first.tolist() == [1]


@pytest.mark.parametrize(
    ("galleries", "message"),
    [
        ({0: (0,), 1: (0,)}, "There are galleries for 2 queries and 3 queries"),
        ({1: (0,), 2: (0,), 3: (0,)}, "give one for each, by the query's number from 0"),
        ({0: (0,), 1: (0,), 2: ()}, "The gallery of query 2 is empty"),
        ({0: (0,), 1: (0, 5), 2: (0,)}, "The gallery of query 1 names crop 5; there are 5 crops"),
        ({0: (-1,), 1: (0,), 2: (0,)}, "The gallery of query 0 names crop -1"),
    ],
)
def test_galleries_that_do_not_fit_are_refused(galleries, message):
    with pytest.raises(ValueError, match=message):
        score(*small(0, 3, 5, 2, 2), metric="dot", galleries=galleries)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"ap": "area"}, "ap is 'area'; give one of step, trapezoid"),
        ({"metric": "hamming"}, "metric is 'hamming'"),
        ({"memory": 0}, "memory is 0 bytes"),
        ({"protocol": {"junk": "", "ap": "step", "seed": 1}}, "protocol gives ap, junk, which the judge states itself"),
    ],
)
def test_an_unknown_argument_is_refused(more, message):
    with pytest.raises(ValueError, match=message):
        score(*small(0, 3, 5, 2, 2), **more)


def test_vectors_that_cannot_be_judged_are_refused():
    query = Embeddings(torch.ones(1, 2), crops("q", [1], [0]), ModelId("a", "", "RGB"))
    with pytest.raises(ValueError, match="two models cannot be compared"):
        score(query, Embeddings(torch.ones(1, 2), crops("g", [1], [1]), ModelId("b", "", "RGB")))
    with pytest.raises(ValueError, match="2 and of 3 dimensions"):
        score(query, Embeddings(torch.ones(1, 3), crops("g", [1], [1])))
    with pytest.raises(ValueError, match=r"1 of 1 vectors of the gallery are zero"):
        score(query, Embeddings(torch.zeros(1, 2), crops("g", [1], [1])))
    with pytest.raises(ValueError, match="have no camera"):
        score(query, Embeddings(torch.ones(1, 2), crops("g", [1], [None])))
    assert score(query, Embeddings(torch.ones(1, 2), crops("g", [1], [None])), cameras=False).mAP == 1


def real(split):
    found = []
    for path in market_lists.names(split):
        pid, camid = re.match(r"(-1|\d+)_c(\d+)s", Path(path).name).groups()
        found.append(Crop(Path(path), int(pid), int(camid)))
    return tuple(found)


def made_up(crops, seed):
    """Descriptors that are the sum of a person's, a camera's and a crop's own part, by a stated recipe."""

    def normal(*key):
        return np.random.default_rng(key).standard_normal(32)

    people = {crop.pid: normal(7, 1, crop.pid + 2) for crop in crops}
    cameras = {crop.camid: normal(7, 2, crop.camid) for crop in crops}
    own = np.random.default_rng([7, seed]).standard_normal((len(crops), 32))
    sums = np.stack([people[crop.pid] + 0.5 * cameras[crop.camid] for crop in crops]) + 0.9 * own
    unit = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return Embeddings(torch.from_numpy(unit.astype(np.float32)), crops)


@pytest.fixture(scope="module")
def market():
    return made_up(real("query"), 10), made_up(real("test"), 11)


@pytest.mark.parametrize(("ap", "expected"), [("step", 0.300136), ("trapezoid", 0.285369)])
def test_made_up_descriptors_on_the_real_market_lists_have_the_agreed_scores(market, ap, expected):
    found = score(*market, ap=ap)
    assert found.mAP == pytest.approx(expected, abs=1e-6)
    assert found.mINP == pytest.approx(0.057674, abs=1e-6)
    assert [int((found.first <= k).sum()) for k in (1, 5, 10)] == [1706, 2538, 2763]
    assert (found.queries, found.queries_without_match) == (3368, 0)


@pytest.mark.parametrize(("ap", "expected"), [("step", 0.001061), ("trapezoid", 0.000998)])
def test_a_gallery_in_the_order_of_the_market_list_has_the_agreed_map(market, ap, expected):
    query, gallery = (Embeddings(torch.ones(len(side.crops), 1), side.crops) for side in market)
    assert score(query, gallery, ap=ap).mAP == pytest.approx(expected, abs=5e-7)
