"""The judge against plain loops, on thousands of random cases.

Why the two may be asked to agree to the last bit of an order, ties with it: plain Python's products are exact here.
Vectors are small whole numbers where nothing is pooled. Where vectors are pooled, and so divided by their length,
either

- each pooled vector has only entries 1 and -1 before it is divided, and 4 or 16 of them, so that its length is 2 or 4
  and its entries become 1/2 or 1/4 (max of such frames; mean of frames whose deviations from such a vector cancel); or
- each query is one axis, so that a product is one entry of the gallery's vector, and this entry is a whole number
  divided by the root of a whole number: rounded to float32 once for each, by both sides alike (`plain_judge.pool`).
"""

import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import plain_judge
from cuts import CUTS, cut
from passerby.evaluation.answers import answers
from passerby.evaluation.average_precision import DEFINITIONS
from passerby.evaluation.enlarged import enlarged
from passerby.evaluation.leave_one_out import leave_one_out
from passerby.evaluation.multi_query import multi_query
from passerby.evaluation.pooled import POOLS, pooled
from passerby.evaluation.score import score
from passerby.evaluation.tracklets import heads, tracklets
from passerby.evaluation.unanswered import unanswered
from passerby.types import DISTRACTOR, JUNK, Crop, Embeddings, PersonSet

SEEDS = st.integers(0, 2**32)
PEOPLE = st.integers(1, 4)
AP = st.sampled_from(DEFINITIONS)
EXACT = st.sampled_from(["dot", "euclidean"])


def many(examples):
    return settings(max_examples=examples, deadline=None)


def camera(rng, pid, *, cameras):
    """One of three; none for some crops where cameras do not count, and for some of nobody anyway."""
    return None if rng.random() < 0.2 and (not cameras or pid <= DISTRACTOR) else rng.randrange(3)


def crops(rng, count, *, people, least, cameras, pictures=40):
    """Crops of few people; a picture may stand in queries and gallery, and twice in the gallery."""
    found = []
    for _ in range(count):
        pid = rng.randint(least, people)
        box = rng.choice([None, None, None, (0, 0, 4, 8)])
        found.append(Crop(Path(f"p{rng.randrange(pictures)}"), pid, camera(rng, pid, cameras=cameras), box=box))
    return tuple(found)


def whole_numbers(rng, count, *, dim=3, values=2):
    return [[rng.randint(-values, values) for _ in range(dim)] for _ in range(count)]


def embeddings(vectors, crops):
    return Embeddings(torch.tensor(vectors, dtype=torch.float32).reshape(len(crops), -1), tuple(crops))


def keys_of(query, gallery, metric):
    """Plain Python's, of vectors that are lists."""
    return (plain_judge.squared if metric == "euclidean" else plain_judge.inner)(query, gallery)


def own_galleries(rng, queries, gallery):
    """For each query: all, some (once or twice, in any order), a single crop, or none of its person."""
    found = {}
    for number, query in enumerate(queries):
        everything = list(range(len(gallery)))
        strangers = [i for i in everything if gallery[i].pid != query.pid]
        kind = rng.choice(["all", "some", "some", "twice", "single", "strangers"])
        if kind == "all":
            there = everything
        elif kind == "single" or (kind == "strangers" and not strangers):
            there = [rng.choice(everything)]
        elif kind == "strangers":
            there = strangers
        else:
            there = rng.sample(everything, rng.randint(1, len(everything))) * (2 if kind == "twice" else 1)
        found[number] = rng.choice([tuple, list, np.array, lambda rows: np.array(rows, dtype=np.int32)])(there)
    return found


def agree(found, expected):
    """Each value of each query, and the curve beyond the gallery's end."""
    ap, inp, first = (list(values) for values in zip(*expected, strict=True))
    assert found.first.tolist() == first
    assert plain_judge.equal(found.ap.tolist(), ap)
    assert plain_judge.equal(found.inp.tolist(), inp)
    assert plain_judge.equal(found.cmc(32).tolist(), plain_judge.cmc(first, 32))


def judged_alike(query, gallery, keys, *, pieces, ap, cameras, galleries=None, **options):
    with cut(*pieces):
        found = score(query, gallery, ap=ap, cameras=cameras, galleries=galleries, **options)
    agree(found, plain_judge.judge(keys, query.crops, gallery.crops, ap=ap, cameras=cameras, galleries=galleries))
    assert found.people.tolist() == [crop.pid for crop in query.crops]


@given(
    seed=SEEDS,
    queries=st.integers(1, 6),
    size=st.integers(1, 30),
    people=PEOPLE,
    values=st.integers(0, 2),
    cameras=st.booleans(),
    own=st.booleans(),
    metric=EXACT,
    pieces=CUTS,
    ap=AP,
)
@many(300)
def test_the_judge_is_a_plain_loop_in_common_galleries_and_own_ones(
    seed, queries, size, people, values, cameras, own, metric, pieces, ap
):
    rng = random.Random(seed)
    query = crops(rng, queries, people=people, least=1, cameras=cameras)
    gallery = crops(rng, size, people=people, least=JUNK, cameras=cameras)
    one, other = (whole_numbers(rng, count, values=values) for count in (queries, size))
    galleries = own_galleries(rng, query, gallery) if own else None
    judged_alike(
        embeddings(one, query),
        embeddings(other, gallery),
        keys_of(one, other, metric),
        cameras=cameras,
        galleries=galleries,
        metric=metric,
        pieces=pieces,
        ap=ap,
    )


@given(
    seed=SEEDS,
    queries=st.integers(1, 6),
    size=st.integers(1, 30),
    people=st.integers(1, 6),
    pictures=st.sampled_from([2, 40]),
    cameras=st.booleans(),
    own=st.booleans(),
)
@many(200)
def test_right_answers_are_counted_by_a_plain_loop(seed, queries, size, people, pictures, cameras, own):
    rng = random.Random(seed)
    query = crops(rng, queries, people=people, least=1, cameras=cameras, pictures=pictures)
    gallery = crops(rng, size, people=people, least=JUNK, cameras=cameras, pictures=pictures)
    galleries = own_galleries(rng, query, gallery) if own else None
    right = plain_judge.right(query, gallery, cameras=cameras, galleries=galleries)
    assert answers(query, gallery, cameras=cameras, galleries=galleries).tolist() == right
    told = unanswered(query, gallery, cameras=cameras, galleries=galleries)
    assert [number for number, _ in told] == [number for number, count in enumerate(right) if count == 0]
    for number, reason in told:
        there = [crop for i, crop in enumerate(gallery) if galleries is None or i in galleries[number]]
        assert ("is not in the gallery" in reason) == all(crop.pid != query[number].pid for crop in there)


@given(
    seed=SEEDS,
    queries=st.integers(1, 5),
    size=st.integers(1, 20),
    more=st.integers(0, 20),
    cuts=st.lists(st.integers(0, 20), max_size=5),
    sizes=st.sets(st.integers(0, 20), min_size=1, max_size=5),
    people=PEOPLE,
    values=st.integers(0, 2),
    cameras=st.booleans(),
    metric=EXACT,
    pieces=CUTS,
    ap=AP,
)
@many(120)
def test_a_gallery_that_grows_is_judged_like_one_that_was_large_from_the_start(
    seed, queries, size, more, cuts, sizes, people, values, cameras, metric, pieces, ap
):
    rng = random.Random(seed)
    query = crops(rng, queries, people=people, least=1, cameras=cameras)
    gallery = crops(rng, size, people=people, least=JUNK, cameras=cameras)
    added = tuple(Crop(Path(f"d{n}"), DISTRACTOR, camera(rng, DISTRACTOR, cameras=cameras)) for n in range(more))
    sizes = sorted(wanted for wanted in sizes if wanted <= more) or [0]
    one, other, third = (whole_numbers(rng, count, values=values) for count in (queries, size, more))
    bounds = sorted({0, more, *(cut for cut in cuts if cut < more)})
    parts = [embeddings(third[start:end], added[start:end]) for start, end in pairwise(bounds)]
    options = {"ap": ap, "metric": metric, "cameras": cameras}
    with cut(*pieces):
        found = enlarged(embeddings(one, query), embeddings(other, gallery), parts, sizes=sizes, **options)
    assert list(found) == sizes
    for wanted, scores in found.items():
        grown = gallery + added[:wanted]
        keys = keys_of(one, other + third[:wanted], metric)
        agree(scores, plain_judge.judge(keys, query, grown, cameras=cameras, ap=ap))
        whole = score(embeddings(one, query), embeddings(other + third[:wanted], grown), **options)
        for values_of in ("ap", "inp", "first", "people"):
            mine, its = (getattr(side, values_of) for side in (scores, whole))
            assert torch.equal(mine.nan_to_num(7.0), its.nan_to_num(7.0))
        assert scores.protocol["distractors_added"] == wanted
        assert ("distractors_sha256" in scores.protocol) == (wanted > 0)
        of_its_own = {"distractors_added", "distractors_sha256", "gallery_sha256"}
        assert {name: fact for name, fact in scores.protocol.items() if name not in of_its_own} == {
            name: fact for name, fact in whole.protocol.items() if name not in of_its_own
        }


def signs(rng, dim):
    return [rng.choice([-1, 1]) for _ in range(dim)]


def about(rng, target, count):
    """Frames whose mean is the target times 60, whatever each one is."""
    away = whole_numbers(rng, count - 1, dim=len(target), values=90)
    away.append([-sum(column) for column in zip(*away, strict=True)] if away else [0] * len(target))
    return [[60 * goal + step for goal, step in zip(target, frame, strict=True)] for frame in away]


def frames_of(rng, count, *, pool, dim, axis):
    """Frames for which pooling is exact (see above): along one axis, or any whole numbers, or about signs."""
    if axis is not None:
        return [[60 * rng.randint(1, 3) if axis == place else 0 for place in range(dim)] for _ in range(count)]
    if pool == "max":
        return [signs(rng, dim) for _ in range(count)]
    return about(rng, signs(rng, dim), count)


def any_frames(rng, count, dim):
    """Whole numbers of which no dimension's largest or mean is 0 everywhere; their means are whole numbers too."""
    return [[60] + [60 * rng.randint(-2, 2) for _ in range(dim - 1)] for _ in range(count)]


def mixed(rng, groups):
    """Pairs of crop and vector of all groups, in random order or one group after the other."""
    found = [pair for group in groups for pair in group]
    if rng.random() < 0.5:
        rng.shuffle(found)
    return found


def made_tracklets(rng, count, *, first, people, least, cameras, frames):
    """Groups of crop and frame; each is of one person and one camera."""
    groups = []
    for trackid in range(first, first + count):
        pid = rng.randint(least, people)
        camid = camera(rng, pid, cameras=cameras)
        group = [
            (Crop(Path(f"t{trackid}f{n}"), pid, camid, trackid=trackid), frame)
            for n, frame in enumerate(frames(rng.randint(1, 5)))
        ]
        groups.append(group)
    return groups


@given(
    seed=SEEDS,
    queries=st.integers(1, 5),
    size=st.integers(1, 14),
    people=PEOPLE,
    pool=st.sampled_from(POOLS),
    dim=st.sampled_from([4, 16]),
    along_axes=st.booleans(),
    stay=st.booleans(),
    cameras=st.booleans(),
    metric=st.sampled_from(["cosine", "dot", "euclidean"]),
    pieces=CUTS,
    ap=AP,
)
@many(140)
def test_tracklets_are_pooled_and_judged_by_plain_loops(
    seed, queries, size, people, pool, dim, along_axes, stay, cameras, metric, pieces, ap
):
    rng = random.Random(seed)
    metric = "dot" if along_axes else metric

    def searched(count):
        return frames_of(rng, count, pool=pool, dim=dim, axis=rng.randrange(dim) if along_axes else None)

    def found(count):
        return any_frames(rng, count, dim) if along_axes else searched(count)

    facts = {"people": people, "cameras": cameras}
    asked = made_tracklets(rng, queries, first=0, least=1, frames=searched, **facts)
    there = made_tracklets(rng, size, first=queries, least=JUNK, frames=found, **facts)
    if stay:
        there += asked
        rng.shuffle(there)
    sides = []
    for groups in (asked, there):
        rows, vectors = zip(*mixed(rng, groups), strict=True)
        places = plain_judge.tracks(rows)
        assert tracklets(rows) == places
        ours = pooled(embeddings(vectors, rows), tracklets(rows), heads(rows), pool=pool)
        theirs = [plain_judge.pool([vectors[row] for row in group], pool) for group in places]
        assert ours.vectors.tolist() == theirs
        assert ours.crops == tuple(rows[group[0]] for group in places)
        sides.append((ours, theirs))
    (query, one), (gallery, other) = sides
    judged_alike(query, gallery, keys_of(one, other, metric), ap=ap, cameras=cameras, metric=metric, pieces=pieces)


@given(
    seed=SEEDS,
    queries=st.integers(1, 6),
    size=st.integers(1, 25),
    more=st.integers(0, 12),
    people=PEOPLE,
    pool=st.sampled_from(POOLS),
    dim=st.sampled_from([4, 16]),
    cameras=st.booleans(),
    metric=st.sampled_from(["cosine", "dot"]),
    pieces=CUTS,
    ap=AP,
)
@many(120)
def test_several_pictures_of_a_query_are_pooled_and_judged_by_plain_loops(
    seed, queries, size, more, people, pool, dim, cameras, metric, pieces, ap
):
    rng = random.Random(seed)
    query = crops(rng, queries, people=people, least=1, cameras=cameras)
    gallery = crops(rng, size, people=people, least=JUNK, cameras=cameras)
    # each query's person and camera has some boxes; queries of one person and camera share them
    groups = []
    for pid, camid in sorted({(crop.pid, crop.camid) for crop in query}, key=str):
        frames = frames_of(rng, rng.randint(1, 4), pool=pool, dim=dim, axis=None)
        groups.append([(Crop(Path(f"b{pid}"), pid, camid), frame) for frame in frames])
    strangers = [(Crop(Path(f"s{n}"), people + 1, rng.randrange(3)), signs(rng, dim)) for n in range(more)]
    further, frames = zip(*mixed(rng, [*groups, strangers]), strict=True)
    places = [plain_judge.boxes(crop, further) for crop in query]
    assert multi_query(query, further) == places
    ours = pooled(embeddings(frames, further), multi_query(query, further), query, pool=pool)
    theirs = [plain_judge.pool([frames[row] for row in group], pool) for group in places]
    assert ours.vectors.tolist() == theirs
    other = [signs(rng, dim) for _ in gallery]
    judged_alike(
        ours,
        embeddings(other, gallery),
        plain_judge.inner(theirs, other),
        ap=ap,
        cameras=cameras,
        metric=metric,
        pieces=pieces,
    )


@given(
    seed=SEEDS,
    queries=st.integers(0, 6),
    size=st.integers(0, 20),
    shared=st.integers(0, 6),
    people=PEOPLE,
    values=st.integers(0, 2),
    cameras=st.booleans(),
    metric=EXACT,
    pieces=CUTS,
    ap=AP,
)
@many(120)
def test_leaving_one_out_is_a_plain_loop(seed, queries, size, shared, people, values, cameras, metric, pieces, ap):
    rng = random.Random(seed)
    distinct = [
        Crop(Path(f"p{n}"), pid, camera(rng, pid, cameras=cameras))
        for n, pid in enumerate([1, *(rng.randint(1, people) for _ in range(queries))])
    ]
    others = [
        Crop(Path(f"g{n}"), pid, camera(rng, pid, cameras=cameras))
        for n, pid in enumerate(rng.randint(JUNK, people) for _ in range(size))
    ]
    data = PersonSet(name="x", query=tuple(distinct), gallery=(*others, *distinct[:shared]))
    everything = plain_judge.once([*data.query, *data.gallery])
    named = [crop for crop in everything if crop.pid > 0]
    made = leave_one_out(data)
    assert (list(made.query), list(made.gallery)) == (named, everything)
    vector_of = {
        crop.path: vector for crop, vector in zip(everything, whole_numbers(rng, 40, values=values), strict=False)
    }
    one, other = ([vector_of[crop.path] for crop in side] for side in (named, everything))
    judged_alike(
        embeddings(one, made.query),
        embeddings(other, made.gallery),
        keys_of(one, other, metric),
        cameras=cameras,
        metric=metric,
        pieces=pieces,
        ap=ap,
    )


def ranked(*pids):
    """A query of person 1 in camera 0, and a gallery in this order of closeness, all of camera 1."""
    query = Crop(Path("q"), 1, 0)
    return [list(range(len(pids)))], [query], [Crop(Path(f"g{n}"), pid, 1) for n, pid in enumerate(pids)]


@pytest.mark.parametrize(
    ("pids", "step", "trapezoid", "inp", "first"),
    [
        ((1,), 1, 1, 1, 1),
        ((2, 1), 1 / 2, 1 / 4, 1 / 2, 2),
        ((1, 2, 1), (1 + 2 / 3) / 2, (1 + (1 / 2 + 2 / 3) / 2) / 2, 2 / 3, 1),
        ((-1, 0, -1, 1, 1), (1 / 2 + 2 / 3) / 2, (1 / 4 + (1 / 2 + 2 / 3) / 2) / 2, 2 / 3, 2),
    ],
)
def test_the_plain_judge_gives_what_was_worked_out_by_hand(pids, step, trapezoid, inp, first):
    for ap, expected in (("step", step), ("trapezoid", trapezoid)):
        [values] = plain_judge.judge(*ranked(*pids), ap=ap)
        assert values == pytest.approx((expected, inp, first))


def test_the_plain_judge_pools_as_worked_out_by_hand():
    assert plain_judge.pool([[3, -8], [1, 4]], "max") == [plain_judge.single(3 / 5), plain_judge.single(4 / 5)]
    assert plain_judge.pool([[60, 0], [0, 0]], "mean") == [1, 0]
