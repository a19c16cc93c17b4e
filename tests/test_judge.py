"""A run judged on a data set: what is embedded, what is pooled, what is broken, and what the result says of it.

The network of most tests here gives a picture's mean colour in whole numbers, so that a vector does not depend on what
else is embedded with it, and the judged ranking is the one of vectors that are made one by one.
"""

import json
import platform
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn

import people
import plain_judge
from passerby import card, embed_units, run
from passerby.asked import asked
from passerby.datasets import market1501
from passerby.evaluation.common_protocol import SYSTEM, common_protocol
from passerby.evaluation.expanded import expanded
from passerby.evaluation.pooled import pooled
from passerby.evaluation.reranked import reranked
from passerby.evaluation.reranking import Reranking
from passerby.evaluation.rules import Rules
from passerby.evaluation.score import score
from passerby.evaluation.validation import validation
from passerby.images import MEAN, STD
from passerby.judge import judge, save_scores
from passerby.training.loop import Machine
from passerby.types import DISTRACTOR, JUNK, UNKNOWN, Crop, Embeddings, Output, PersonSet
from passerby.with_distractors import with_distractors


class Colour(nn.Module):
    """The mean colour, 0 .. 255 for each channel; remembers how many pictures it saw."""

    def __init__(self):
        super().__init__()
        self.seen = 0

    def forward(self, images):
        self.seen += len(images)
        mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
        return Output(((images * std + mean) * 255).mean(dim=(2, 3)).round())


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    data = market1501.load(people.market(folder / "market"))
    return run.train(
        "demo", data=data, out=folder / "run", changes=people.SMALL, machine=Machine(accelerator="cpu"), seed=5
    )


@pytest.fixture
def coloured(trained):
    return replace(trained, model=Colour())


@pytest.fixture
def draw(tmp_path):
    """Draws a picture of one colour, which its name decides, and gives its crop."""

    def one(name, pid, camid=None, **more):
        path = tmp_path / f"{name}.jpg"
        chance = random.Random(name)
        Image.new("RGB", (8, 16), tuple(chance.randrange(20, 236) for _ in range(3))).save(path, quality=95)
        return Crop(path, pid, camid, **more)

    return one


def spoil(*crops):
    for crop in crops:
        whole = crop.path.read_bytes()
        crop.path.write_bytes(whole[: len(whole) // 2])


def alone(run_, crops):
    """Embeddings made one by one."""
    vectors = torch.cat([run.embeddings(run_, [crop]).vectors for crop in crops])
    return Embeddings(vectors, tuple(crops), run_.model_id)


def same(found, expected):
    for name in ("ap", "inp", "first", "people"):
        assert getattr(found, name).nan_to_num(7.0).equal(getattr(expected, name).nan_to_num(7.0)), name


@pytest.fixture
def pictures(draw):
    """Eight people from four cameras, junk and distractors, in Market-1501's manner."""
    shown = [(pid, camid) for pid in range(1, 9) for camid in range(1, 5)]
    return PersonSet(
        name="market1501",
        query=tuple(draw(f"q{pid}", pid, 1) for pid in range(1, 9)),
        gallery=(
            *(draw(f"j{n}", JUNK, 2) for n in range(2)),
            *(draw(f"g{pid}c{camid}", pid, camid) for pid, camid in shown),
            *(draw(f"n{n}", DISTRACTOR, 3) for n in range(6)),
            draw("j9", JUNK, 1),
        ),
    )


def tracklet(draw, trackid, pid, camid, frames):
    return tuple(draw(f"t{trackid}f{frame}", pid, camid, trackid=trackid) for frame in range(frames))


@pytest.fixture
def tracks(draw):
    """Tracklets of one to four frames, of which every third is a query and stays in the gallery, as in MARS."""
    shown = [(pid, camid) for pid in range(1, 6) for camid in (1, 2, 3)] + [(JUNK, 1), (DISTRACTOR, 2)]
    found = [tracklet(draw, n, pid, camid, 1 + n % 4) for n, (pid, camid) in enumerate(shown)]
    return PersonSet(
        name="mars",
        query=tuple(crop for frames in found[0:15:3] for crop in frames),
        gallery=tuple(crop for frames in found for crop in frames),
    )


def test_a_trained_network_is_judged_by_vectors_that_are_made_one_by_one(trained, tmp_path):
    data = market1501.load(people.market(tmp_path / "market"))
    found = judge(trained, data)
    for side, crops in ((found.query, data.query), (found.gallery, data.gallery)):
        assert side.crops == crops
        assert side.model == trained.model_id
        assert torch.allclose(side.vectors, alone(trained, crops).vectors, atol=1e-5)
    same(found.scores, score(found.query, found.gallery))
    assert (found.galleries, found.broken, found.rules) == (None, (), Rules())


@pytest.mark.parametrize("rules", [Rules(), Rules(ap="trapezoid"), Rules(cameras=False), Rules(tracklets="none")])
def test_pictures_are_judged_one_by_one(coloured, pictures, rules):
    found = judge(coloured, pictures, rules=rules)
    expected = score(
        alone(coloured, pictures.query), alone(coloured, pictures.gallery), ap=rules.ap, cameras=rules.cameras
    )
    same(found.scores, expected)
    assert 0 < found.scores.mAP < 1
    told = expected.protocol
    assert {name: found.scores.protocol[name] for name in told} == told


def test_the_query_split_of_a_common_gallery_may_stand_in_it_and_is_embedded_once(coloured, pictures):
    data = replace(pictures, gallery=(*pictures.gallery[:9], *pictures.query[2:], *pictures.gallery[9:]))
    done = []
    found = judge(coloured, data, on_progress=done.append)
    same(found.scores, score(alone(coloured, data.query), alone(coloured, data.gallery)))
    assert done[-1] == asked(data, Rules()).pictures == len(data.gallery) + 2
    assert done == sorted(done)


def test_no_budget_changes_a_result_and_one_that_is_too_small_is_refused_before_a_picture_is_read(
    coloured, pictures, nobody, monkeypatch
):
    one, other = (judge(coloured, pictures, memory=memory) for memory in (None, 10**7))
    same(one.scores, other.scores)
    assert one.scores.protocol == other.scores.protocol
    grown = [with_distractors(coloured, one, nobody, (0, 2), memory=memory) for memory in (None, 10**7)]
    for size in (0, 2):
        same(grown[0][size], grown[1][size])
        assert grown[0][size].protocol == grown[1][size].protocol
    monkeypatch.setattr("passerby.images.load", lambda *_: pytest.fail("a picture was read"))
    with pytest.raises(ValueError, match="memory is 1,000 bytes; ranking 8 queries in 41 crops of 3 dimensions needs"):
        judge(coloured, pictures, memory=1000)
    with pytest.raises(ValueError, match="memory is 1,000 bytes; ranking 8 queries in 41 crops"):
        with_distractors(coloured, one, nobody, (0, 2), memory=1000)


def test_an_expanded_result_is_that_of_expanded_vectors_and_says_so(coloured, pictures, nobody):
    rules = Rules(post_processing="expansion")
    found = judge(coloured, pictures, rules=rules)
    moved = expanded(alone(coloured, pictures.query), alone(coloured, pictures.gallery))
    same(found.scores, score(*moved))
    assert torch.allclose(found.gallery.vectors, moved[1].vectors, atol=1e-5)
    assert found.scores.protocol["post_processing"] == "expansion (database 10, queries 5, alpha 0)"
    with pytest.raises(ValueError, match="unlike protocols: post_processing is expansion"):
        common_protocol({"expanded": found.scores, "plain": judge(coloured, pictures).scores})
    with pytest.raises(ValueError, match="depends on the whole gallery"):
        with_distractors(coloured, found, nobody, (0,))


@pytest.mark.parametrize("rule", ["reranking", "expansion+reranking"])
def test_a_re_ranked_result_is_that_of_re_ranked_distances_and_says_so(coloured, pictures, nobody, rule):
    settings = Reranking(k1=5, k2=2, lam=0.2)
    found = judge(coloured, pictures, rules=Rules(post_processing=rule, reranking=settings))
    sides = alone(coloured, pictures.query), alone(coloured, pictures.gallery)
    if rule != "reranking":
        sides = expanded(*sides)
    expected = reranked(*sides, reranking=settings)
    same(found.scores, expected.scores)
    assert found.nearest.indices.equal(expected.nearest.indices)
    assert torch.allclose(found.gallery.vectors, sides[1].vectors, atol=1e-5)
    stated = found.scores.protocol["post_processing"]
    assert stated.endswith("k-reciprocal re-ranking (k1 5, k2 2, lambda 0.2)")
    assert stated.startswith("expansion (database 10") == (rule != "reranking")
    assert found.scores.protocol["metric"] == "cosine"
    others = [Rules(), Rules(post_processing="reranking"), Rules(post_processing="expansion")]
    for other in others:
        with pytest.raises(ValueError, match="unlike protocols: post_processing is "):
            common_protocol({"re-ranked": found.scores, "other": judge(coloured, pictures, rules=other).scores})
    with pytest.raises(ValueError, match="is expanded or re-ranked depends on the whole gallery"):
        with_distractors(coloured, found, nobody, (0,))


def test_tracklets_and_several_queries_are_pooled_before_they_are_re_ranked(coloured, tracks, pictures, draw):
    settings = Reranking(k1=4, k2=2)
    found = judge(coloured, tracks, rules=Rules(post_processing="reranking", reranking=settings))
    query, gallery = (pooled_alone(coloured, side, "max") for side in (tracks.query, tracks.gallery))
    same(found.scores, reranked(query, gallery, reranking=settings).scores)
    boxes = tuple(draw(f"b{n}", 1 + n % 8, 1) for n in range(16))
    rules = Rules(post_processing="reranking", multi_query="mean")
    found = judge(coloured, replace(pictures, multi_query=boxes), rules=rules)
    rows = [plain_judge.boxes(query, boxes) for query in pictures.query]
    query = pooled(alone(coloured, boxes), rows, pictures.query, pool="mean")
    same(found.scores, reranked(query, alone(coloured, pictures.gallery)).scores)


def test_leaving_one_out_embeds_each_picture_once(coloured, pictures):
    rules, done = Rules(leave_one_out=True), []
    found = judge(coloured, pictures, rules=rules, on_progress=done.append)
    assert done[-1] == asked(pictures, rules).pictures == coloured.model.seen == 49
    everything = alone(coloured, [*pictures.query, *pictures.gallery])
    named = [row for row, crop in enumerate(everything.crops) if crop.pid > 0]
    query = Embeddings(everything.vectors[named], tuple(everything.crops[row] for row in named), everything.model)
    same(found.scores, score(query, everything))
    assert found.scores.protocol["leave_one_out"] is True
    assert found.scores.protocol["queries"] == 40


def pooled_alone(coloured, crops, pool):
    rows = plain_judge.tracks(crops)
    return pooled(alone(coloured, crops), rows, [crops[group[0]] for group in rows], pool=pool)


@pytest.mark.parametrize("pool", ["max", "mean"])
@pytest.mark.parametrize("stay", [True, False])
def test_frames_of_a_tracklet_are_pooled_and_shared_ones_embedded_once(coloured, tracks, pool, stay):
    data = tracks
    if not stay:
        asked_for = {crop.trackid for crop in tracks.query}
        data = replace(tracks, gallery=tuple(crop for crop in tracks.gallery if crop.trackid not in asked_for))
    rules, done = Rules(tracklets=pool), []
    found = judge(coloured, data, rules=rules, on_progress=done.append)
    assert done[-1] == asked(data, rules).pictures == coloured.model.seen == len(tracks.gallery)
    query, gallery = (pooled_alone(coloured, side, pool) for side in (data.query, data.gallery))
    for side, expected in ((found.query, query), (found.gallery, gallery)):
        assert side.crops == expected.crops
        assert torch.allclose(side.vectors, expected.vectors, atol=1e-7)
    same(found.scores, score(query, gallery))
    assert (found.scores.protocol["tracklets"], found.scores.protocol["queries"]) == (pool, 5)
    assert 0 < found.scores.mAP < 1


def test_frames_of_tracklets_are_pooled_by_their_largest_values_unless_told_otherwise(coloured, tracks):
    one, other, single = (judge(coloured, tracks, rules=Rules(tracklets=how)) for how in ("auto", "max", "none"))
    assert one.scores.protocol == other.scores.protocol
    same(one.scores, other.scores)
    facts = single.scores.protocol
    assert (facts["tracklets"], facts["pooled_sha256"], facts["queries"]) == ("not pooled", "none", len(tracks.query))
    same(single.scores, score(alone(coloured, tracks.query), alone(coloured, tracks.gallery)))


@pytest.mark.parametrize("pool", ["max", "mean"])
def test_several_pictures_of_a_query_are_pooled_and_the_query_itself_is_not_looked_at(coloured, pictures, draw, pool):
    boxes = tuple(draw(f"b{pid}n{n}", pid, 1) for n in range(3) for pid in range(1, 9) if n < 1 + pid % 3)
    others = (draw("b1c2", 1, 2), draw("b99", 99, 1))
    data = replace(pictures, multi_query=(*others, *boxes))
    rules, done = Rules(multi_query=pool), []
    spoil(*data.query)
    found = judge(coloured, data, rules=rules, on_progress=done.append)
    assert done[-1] == asked(data, rules).pictures == coloured.model.seen == len(boxes) + len(data.gallery)
    rows = [plain_judge.boxes(query, data.multi_query) for query in data.query]
    query = pooled(alone(coloured, data.multi_query), rows, data.query, pool=pool)
    same(found.scores, score(query, alone(coloured, data.gallery)))
    assert found.query.crops == data.query
    assert (found.scores.protocol["multi_query"], found.scores.protocol["tracklets"]) == (pool, "none")


OWN = {n: tuple(range(n, 41, 3)) if n % 2 else tuple(range(40 - n, -1, -2)) for n in range(8)}


def test_each_query_is_searched_in_its_own_gallery(coloured, pictures):
    data = replace(pictures, galleries=OWN)
    found = judge(coloured, data)
    same(found.scores, score(alone(coloured, data.query), alone(coloured, data.gallery), galleries=OWN))
    assert found.galleries == OWN
    whole = judge(coloured, pictures)
    assert found.scores.protocol["galleries"] != whole.scores.protocol["galleries"]
    assert not found.scores.first.equal(whole.scores.first)


def without(crops, lost):
    return tuple(crop for crop in crops if all(crop is not other for other in lost))


SPOILT = [((0,), ()), ((), (0,)), ((), (40,)), ((3, 7), (1, 2, 20, 39)), ((0, 1, 2, 3, 4, 5, 6), tuple(range(3, 30)))]


@pytest.mark.parametrize(("queries", "crops"), SPOILT)
def test_broken_pictures_are_left_out_and_named(coloured, pictures, queries, crops):
    lost = [*(pictures.gallery[row] for row in crops), *(pictures.query[row] for row in queries)]
    spoil(*lost)
    done = []
    found = judge(coloured, pictures, on_progress=done.append)
    assert [crop for crop, _ in found.broken] == lost
    assert all(crop.path.name in reason for crop, reason in found.broken)
    kept = replace(pictures, query=without(pictures.query, lost), gallery=without(pictures.gallery, lost))
    expected = judge(coloured, kept)
    assert (found.query.crops, found.gallery.crops) == (kept.query, kept.gallery)
    same(found.scores, expected.scores)
    assert found.scores.protocol == {**expected.scores.protocol, "unreadable": len(lost)}
    assert done[-1] == asked(pictures, Rules()).pictures


@pytest.mark.parametrize(("queries", "crops"), SPOILT[:4])
def test_broken_pictures_do_not_shift_the_galleries(coloured, pictures, queries, crops):
    data = replace(pictures, galleries=OWN)
    lost = [*(data.gallery[row] for row in crops), *(data.query[row] for row in queries)]
    spoil(*lost)
    found = judge(coloured, data)
    assert [crop for crop, _ in found.broken] == lost
    left = [number for number in range(8) if number not in queries]
    assert found.query.crops == tuple(data.query[number] for number in left)
    for row, number in enumerate(left):
        there = [found.gallery.crops[index] for index in found.galleries[row]]
        assert there == [data.gallery[index] for index in OWN[number] if index not in crops]
    same(found.scores, score(found.query, found.gallery, galleries=found.galleries))
    assert data.galleries == OWN


def test_a_query_whose_gallery_cannot_be_read_is_named_by_its_own_number(coloured, pictures):
    spoil(pictures.query[0], pictures.gallery[5])
    with pytest.raises(ValueError, match=r"^No picture in the gallery of query 3 \(.*q4\.jpg\) can be read; [^\n]*$"):
        judge(coloured, replace(pictures, galleries={**OWN, 3: (5,)}))
    # the gallery of a query that cannot be read itself is nobody's
    assert judge(coloured, replace(pictures, galleries={**OWN, 0: (5,)})).scores.protocol["queries"] == 7


def test_a_broken_query_that_stands_in_the_gallery_is_missing_in_both_and_named_once(coloured, pictures):
    spoil(pictures.query[4])
    found = judge(coloured, pictures, rules=Rules(leave_one_out=True))
    assert [crop for crop, _ in found.broken] == [pictures.query[4]]
    assert pictures.query[4] not in found.query.crops
    assert pictures.query[4] not in found.gallery.crops
    assert (found.scores.protocol["queries"], found.scores.protocol["unreadable"]) == (39, 1)


@pytest.mark.parametrize("chunk", [1, 3, 4096])
@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_tracklet_with_a_broken_frame_is_pooled_of_the_others(coloured, tracks, monkeypatch, chunk, place):
    monkeypatch.setattr(embed_units, "CHUNK", chunk)
    lost = [crop for crop in tracks.gallery if crop.path.stem in (f"t3f{place}", f"t7f{place}")]
    spoil(*lost)
    found = judge(coloured, tracks)
    assert [crop for crop, _ in found.broken] == lost
    heads = tuple(tracks.gallery[group[0]] for group in plain_judge.tracks(tracks.gallery))
    assert found.gallery.crops == heads  # of the first frame, be it broken or not
    row_of = {crop.trackid: row for row, crop in enumerate(heads)}
    for side in (found.query, found.gallery):
        for crop, vector in zip(side.crops, side.vectors, strict=True):
            frames = [other for other in tracks.gallery if other.trackid == crop.trackid and other not in lost]
            expected = pooled_alone(coloured, tuple(frames), "max").vectors[0]
            assert torch.allclose(vector, expected, atol=1e-7)
            assert vector.equal(found.gallery.vectors[row_of[crop.trackid]])


@pytest.mark.parametrize("chunk", [1, 2, 4096])
@pytest.mark.parametrize("trackids", [(0,), (1,), (3, 4, 16)])
def test_a_tracklet_whose_frames_are_all_broken_is_left_out(coloured, tracks, monkeypatch, chunk, trackids):
    monkeypatch.setattr(embed_units, "CHUNK", chunk)
    lost = [crop for crop in tracks.gallery if crop.trackid in trackids]
    spoil(*lost)
    found = judge(coloured, tracks)
    assert [crop for crop, _ in found.broken] == lost
    kept = replace(tracks, query=without(tracks.query, lost), gallery=without(tracks.gallery, lost))
    expected = judge(coloured, kept)
    assert (found.query.crops, found.gallery.crops) == (expected.query.crops, expected.gallery.crops)
    same(found.scores, expected.scores)


@pytest.mark.parametrize("split", ["query", "gallery"])
def test_a_split_of_which_nothing_can_be_read_is_an_error(coloured, pictures, split):
    spoil(*getattr(pictures, split))
    with pytest.raises(ValueError, match=r"None of the (8|41) .*can be read"):
        judge(coloured, pictures)


@pytest.mark.parametrize("chunk", [1, 4096])
def test_tracklets_of_which_nothing_can_be_read_are_an_error(coloured, tracks, monkeypatch, chunk):
    monkeypatch.setattr(embed_units, "CHUNK", chunk)
    spoil(*tracks.gallery)
    with pytest.raises(ValueError, match=f"None of the {len(tracks.gallery)} pictures .*can be read"):
        judge(coloured, tracks)


def test_queries_that_stand_in_the_gallery_are_judged_where_all_others_are_broken(coloured, pictures):
    data = replace(pictures, gallery=(*pictures.gallery, *pictures.query[1:]))
    spoil(data.query[0])
    found = judge(coloured, data)
    assert [crop for crop, _ in found.broken] == [data.query[0]]
    same(found.scores, judge(coloured, replace(data, query=data.query[1:])).scores)


def test_queries_that_are_all_broken_in_the_gallery_too_are_an_error(coloured, pictures):
    data = replace(pictures, gallery=(*pictures.gallery, *pictures.query))
    spoil(*data.query)
    with pytest.raises(ValueError, match="None of the 8 queries can be read; there is nothing to judge"):
        judge(coloured, data)


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 30])
def test_tracklets_are_embedded_in_chunks_and_the_result_is_the_same(coloured, tracks, monkeypatch, chunk):
    whole = judge(coloured, tracks)
    calls, done = [], []

    def counted(run_, crops, **options):
        calls.append(len(crops))
        return run.embeddings(run_, crops, **options)

    monkeypatch.setattr(embed_units, "CHUNK", chunk)
    monkeypatch.setattr(embed_units, "embeddings", counted)
    found = judge(coloured, tracks, on_progress=done.append)
    assert len(calls) > 1
    assert max(calls) < chunk + 4  # a tracklet is never cut, and none here has more than four frames
    assert (done, sum(calls)) == (sorted(done), len(tracks.gallery))
    assert done[-1] == len(tracks.gallery)
    assert found.query.vectors.equal(whole.query.vectors)
    assert found.gallery.vectors.equal(whole.gallery.vectors)
    same(found.scores, whole.scores)
    assert found.scores.protocol == whole.scores.protocol


def swapped(draw, crops, trackid):
    """Another picture in place of the tracklet's last one; its first one, which stands for it, is as before."""
    last = max(row for row, crop in enumerate(crops) if crop.trackid == trackid)
    other = draw(f"other of {trackid}", crops[last].pid, crops[last].camid, trackid=trackid)
    return (*crops[:last], other, *crops[last + 1 :])


def shortened(_, crops, trackid):
    last = max(row for row, crop in enumerate(crops) if crop.trackid == trackid)
    return (*crops[:last], *crops[last + 1 :])


def lengthened(draw, crops, trackid):
    same_tracklet = next(crop for crop in crops if crop.trackid == trackid)
    return (*crops, draw(f"more of {trackid}", same_tracklet.pid, same_tracklet.camid, trackid=trackid))


@pytest.mark.parametrize("change", [swapped, shortened, lengthened])
@pytest.mark.parametrize(("side", "trackid"), [("query", 6), ("gallery", 6), ("gallery", 7)])
def test_a_result_over_other_frames_is_one_of_another_protocol(coloured, tracks, draw, side, trackid, change):
    other = replace(tracks, **{side: change(draw, getattr(tracks, side), trackid)})
    one, two = (judge(coloured, data).scores for data in (tracks, other))
    assert one.protocol["gallery_sha256"] == two.protocol["gallery_sha256"]
    with pytest.raises(ValueError, match=r"unlike protocols: pooled_sha256 is [0-9a-f]{64} and [0-9a-f]{64};"):
        common_protocol({"a": one, "b": two})


def test_results_over_tracklets_with_other_broken_frames_are_of_unlike_protocols(coloured, tracks):
    frames = {crop.path.stem: crop for crop in tracks.gallery}
    scores = {}
    for name in ("t7f1", "t7f2"):
        whole = frames[name].path.read_bytes()
        spoil(frames[name])
        scores[name] = judge(coloured, tracks).scores
        frames[name].path.write_bytes(whole)
    assert [one.protocol["unreadable"] for one in scores.values()] == [1, 1]
    with pytest.raises(ValueError, match="unlike protocols: pooled_sha256 is "):
        common_protocol(scores)


@pytest.mark.parametrize("change", ["swapped", "shortened", "lengthened"])
def test_a_result_over_other_pictures_of_the_queries_is_one_of_another_protocol(coloured, pictures, draw, change):
    boxes = tuple(draw(f"b{n}", 1 + n % 8, 1) for n in range(16))
    other = {
        "swapped": (*boxes[:-1], draw("other", 8, 1)),
        "shortened": boxes[:-1],
        "lengthened": (*boxes, draw("more", 8, 1)),
    }[change]
    one, two = (
        judge(coloured, replace(pictures, multi_query=some), rules=Rules(multi_query="mean")).scores
        for some in (boxes, other)
    )
    assert one.protocol["query_sha256"] == two.protocol["query_sha256"]
    with pytest.raises(ValueError, match=r"unlike protocols: pooled_sha256 is [0-9a-f]{64} and [0-9a-f]{64};"):
        common_protocol({"a": one, "b": two})


def test_results_over_the_same_pooled_pictures_may_stand_side_by_side(trained, coloured, pictures, tracks, draw):
    boxes = tuple(draw(f"b{n}", 1 + n % 8, 1) for n in range(16))
    further = (draw("b99", 99, 1), draw("b1c2", 1, 2))  # of nobody who is asked for from there
    one, two = (replace(pictures, multi_query=some) for some in (boxes, (*further, *boxes)))
    several = Rules(multi_query="max")
    for result, other in (
        (judge(coloured, tracks), judge(trained, tracks)),
        (judge(coloured, one, rules=several), judge(trained, two, rules=several)),
    ):
        shared = common_protocol({"a": result.scores, "b": other.scores})
        assert len(shared["pooled_sha256"]) == 64


PROTOCOL = {
    *("data", "version", "official", "train", "ap", "cameras", "galleries", "tracklets", "multi_query"),
    *("leave_one_out", "distractors", "distractors_added", "queries", "gallery", "gallery_junk", "junk"),
    *("query_sha256", "gallery_sha256", "pooled_sha256", "post_processing", "unreadable"),
}


def test_the_result_says_what_it_depends_on(coloured, pictures, tmp_path):
    data = replace(pictures, version="2", distractors=())
    found = judge(coloured, data, official="no: query has 8 pictures")
    facts = found.scores.protocol
    assert facts.keys() - SYSTEM == PROTOCOL
    assert facts.keys() & SYSTEM == SYSTEM - {"run"}
    expected = {
        "data": "market1501",
        "version": "2",
        "official": "no: query has 8 pictures",
        "train": run.trained_on(coloured),
        "ap": "step",
        "metric": "cosine",
        "cameras": True,
        "galleries": "one for all queries",
        "tracklets": "none",
        "multi_query": "none",
        "leave_one_out": False,
        "distractors": 6,
        "distractors_added": 0,
        "queries": 8,
        "gallery": 41,
        "gallery_junk": 3,
        "pooled_sha256": "none",
        "post_processing": "none",
        "unreadable": 0,
        "recipe": " ".join(("demo", *people.SMALL)),
        "seed": 5,
        "preprocessing": coloured.model_id.preprocessing,
        "flip": coloured.recipe.flip_test,
        "device": "cpu",
        "python": platform.python_version(),
    }
    assert {name: facts[name] for name in expected} == expected
    assert judge(coloured, data).scores.protocol["official"] == "not known"
    save_scores(found.scores, tmp_path / "deep" / "scores.json")
    document = json.loads((tmp_path / "deep" / "scores.json").read_text())
    assert document["protocol"] == facts
    assert document["per_query"]["people"] == list(range(1, 9))


class Untouched(nn.Module):
    def forward(self, images):
        pytest.fail("a picture was embedded")


def flawed(**changes):
    return lambda data: replace(data, **{name: make(data) for name, make in changes.items()})


@pytest.mark.parametrize(
    ("change", "rules", "message"),
    [
        (
            flawed(query=lambda _: ()),
            Rules(),
            "has 0 queries and 41 gallery crops; give both, or judge it by leave-one",
        ),
        (flawed(gallery=lambda _: ()), Rules(), "has 8 queries and 0 gallery crops"),
        (flawed(), Rules(tracklets="mean"), "tracklets is mean, but not every crop of market1501 is in one tracklet"),
        (flawed(), Rules(multi_query="mean"), "no further pictures of the queries' people"),
        (
            flawed(multi_query=lambda data: data.gallery[2:6]),
            Rules(multi_query="max"),
            "7 of 8 queries have no further picture",
        ),
        (flawed(galleries=lambda _: OWN), Rules(leave_one_out=True), "has a gallery for each query; leave-one-out"),
        (
            flawed(galleries=lambda _: OWN),
            Rules(post_processing="expansion"),
            "has a gallery for each query; expansion",
        ),
        (
            flawed(gallery=lambda data: data.gallery[-10:]),
            Rules(post_processing="expansion", cameras=False),
            "The gallery has 10 crops; expansion",
        ),
        (
            flawed(galleries=lambda _: OWN),
            Rules(post_processing="reranking"),
            "market1501 has a gallery for each query; reranking needs one for all",
        ),
        (
            flawed(galleries=lambda _: OWN),
            Rules(post_processing="expansion+reranking"),
            "market1501 has a gallery for each query; expansion and reranking needs one for all",
        ),
        (
            flawed(),
            Rules(post_processing="reranking", reranking=Reranking(k1=49)),
            r"k1 of the re-ranking is 49, and queries and gallery have 49 crops together: give 1 \.\. 48",
        ),
        (
            flawed(gallery=lambda data: data.gallery[-12:]),
            Rules(post_processing="expansion+reranking", cameras=False),
            "k1 of the re-ranking is 20, and queries and gallery have 20 crops",
        ),
        (flawed(galleries=lambda _: {0: (1,)}), Rules(), "There are galleries for 1 queries and 8 queries"),
        (flawed(galleries=lambda _: {**OWN, 3: ()}), Rules(), "The gallery of query 3 is empty"),
        (flawed(galleries=lambda _: {**OWN, 7: (41,)}), Rules(), "The gallery of query 7 names crop 41; there are 41"),
        (flawed(galleries=lambda _: {**OWN, 0: (-1,)}), Rules(), "The gallery of query 0 names crop -1"),
        (flawed(galleries=lambda _: {**OWN, 5: (0.9,)}), Rules(), "The gallery of query 5 holds float64"),
        (
            flawed(gallery=lambda data: (*data.gallery, Crop(Path("x.jpg"), 1))),
            Rules(),
            "1 of 42 gallery crops have no camera",
        ),
        (
            flawed(gallery=lambda data: (*data.gallery, Crop(Path("x.jpg"), UNKNOWN, 1))),
            Rules(cameras=False),
            "1 of 42 gallery crops show a person whom nobody has named",
        ),
    ],
)
def test_what_cannot_be_judged_is_refused_before_a_picture_is_embedded(coloured, pictures, change, rules, message):
    untouched = replace(coloured, model=Untouched())
    for ask in (lambda data: judge(untouched, data, rules=rules), lambda data: asked(data, rules)):
        with pytest.raises(ValueError, match=message):
            ask(change(pictures))


def test_a_run_is_not_judged_on_the_very_pictures_it_was_trained_on(trained, pictures, tmp_path):
    data = market1501.load(people.market(tmp_path / "market"))
    own = PersonSet(name="own", train=data.train)
    with pytest.raises(
        ValueError, match=r"The run in .* was trained on pictures of this gallery; a result on them says"
    ):
        judge(replace(trained, model=Untouched()), own, rules=Rules(leave_one_out=True))
    others = judge(trained, PersonSet(name="own", train=pictures.query), rules=Rules(leave_one_out=True))
    assert (others.scores.protocol["version"], others.scores.protocol["gallery"]) == ("train", 8)


def test_a_run_with_people_held_out_is_judged_on_them_alone(coloured, draw):
    crops = tuple(draw(f"p{pid}c{camid}", pid, camid) for pid in range(1, 7) for camid in (1, 2, 3))
    split = validation(PersonSet(name="own", train=crops), 2)
    facts = replace(coloured.data, names_sha256=card.digest(split.train))
    half = replace(coloured, data=facts, held_out=card.HeldOut(people=2, of=6, pids_sha256=""))
    rules = Rules(leave_one_out=True)
    for seen in (crops, split.train):
        with pytest.raises(ValueError, match="was trained on pictures of this gallery"):
            judge(replace(half, model=Untouched()), PersonSet(name="own", train=seen), rules=rules)
    assert len(judge(half, split).query.crops) == len(split.query)
    assert len(judge(half, replace(split, train=()), rules=rules).query.crops) == 6


@pytest.fixture
def nobody(draw):
    return tuple(draw(f"d{n}", DISTRACTOR) for n in range(12))


def order_of(coloured, judged, nobody, monkeypatch, **options):
    """The distractors in the order in which they are taken."""
    taken = []

    def listed(run_, crops, **options):
        taken.extend(crops)
        return run.embeddings(run_, crops, **options)

    with monkeypatch.context() as patch:
        patch.setattr(embed_units, "embeddings", listed)
        with_distractors(coloured, judged, nobody, **options)
    return taken


def test_distractors_are_added_in_one_random_order(coloured, pictures, nobody, monkeypatch):
    judged = judge(coloured, pictures)
    order = order_of(coloured, judged, nobody, monkeypatch, sizes=(12,))
    assert sorted(order, key=nobody.index) == list(nobody)
    assert order != list(nobody)
    for sizes in ((0, 3, 7), (7,), (3,), (1, 2, 3, 4, 5)):
        assert order_of(coloured, judged, nobody, monkeypatch, sizes=sizes) == order[: sizes[-1]]
    assert order_of(coloured, judged, nobody, monkeypatch, sizes=(12,), seed=1) != order
    assert order_of(coloured, judged, nobody, monkeypatch, sizes=(0,)) == []


@pytest.mark.parametrize("chunk", [1, 2, 5, 4096])
@pytest.mark.parametrize("rules", [Rules(), Rules(ap="trapezoid", cameras=False)])
def test_a_gallery_with_distractors_is_judged_like_one_that_held_them(
    coloured, pictures, nobody, monkeypatch, chunk, rules
):
    judged = judge(coloured, pictures, rules=rules)
    order = order_of(coloured, judged, nobody, monkeypatch, sizes=(12,))
    monkeypatch.setattr(embed_units, "CHUNK", chunk)
    found = with_distractors(coloured, judged, nobody, (0, 3, 7))
    assert list(found) == [0, 3, 7]
    for size, scores in found.items():
        gallery = alone(coloured, [*pictures.gallery, *order[:size]])
        same(scores, score(judged.query, gallery, ap=rules.ap, cameras=rules.cameras))
        [separate] = with_distractors(coloured, judged, nobody, (size,)).values()
        same(scores, separate)
        assert scores.protocol == separate.protocol
        assert (scores.protocol["distractors_added"], scores.protocol["gallery"]) == (size, 41 + size)
        assert scores.protocol["data"] == "market1501"
    assert found[7].mAP < found[0].mAP == judged.scores.mAP


def test_distractors_can_be_added_to_tracklets(coloured, tracks, nobody, monkeypatch):
    judged = judge(coloured, tracks)
    order = order_of(coloured, judged, nobody, monkeypatch, sizes=(5,))
    gallery = alone(coloured, order)
    whole = Embeddings(
        torch.cat([judged.gallery.vectors, gallery.vectors]), judged.gallery.crops + gallery.crops, gallery.model
    )
    same(with_distractors(coloured, judged, nobody, (5,))[5], score(judged.query, whole))


def test_no_distractors_added_is_the_plain_result(coloured, pictures, nobody):
    judged = judge(coloured, pictures)
    [found] = with_distractors(coloured, judged, nobody, (0,)).values()
    assert found.protocol == judged.scores.protocol
    assert common_protocol({"plain": judged.scores, "none added": found}) == found.protocol
    same(found, judged.scores)


@pytest.mark.parametrize("chunk", [1, 2, 3, 4096])
def test_a_broken_distractor_is_passed_over_and_the_next_one_taken(coloured, pictures, nobody, monkeypatch, chunk):
    judged = judge(coloured, pictures)
    order = order_of(coloured, judged, nobody, monkeypatch, sizes=(12,))
    monkeypatch.setattr(embed_units, "CHUNK", chunk)
    spoil(order[1], order[4])
    found = with_distractors(coloured, judged, nobody, (2, 6))
    kept = [crop for crop in order if crop not in (order[1], order[4])]
    for size, scores in found.items():
        same(scores, score(judged.query, alone(coloured, [*pictures.gallery, *kept[:size]])))
    assert list(found) == [2, 6]
    with pytest.raises(ValueError, match="Of 12 distractors 2 cannot be read, and 11 were asked for; the first is "):
        with_distractors(coloured, judged, nobody, (11,))


@pytest.mark.parametrize("lost", [(0, 1, 2), (2, 3), (3, 4, 5), tuple(range(9))])
@pytest.mark.parametrize("chunk", [1, 3, 4096])
def test_a_chunk_of_broken_distractors_is_passed_over(coloured, pictures, nobody, monkeypatch, lost, chunk):
    judged = judge(coloured, pictures)
    order = order_of(coloured, judged, nobody, monkeypatch, sizes=(12,))
    monkeypatch.setattr(embed_units, "CHUNK", chunk)
    spoil(*(order[place] for place in lost))
    found = with_distractors(coloured, judged, nobody, (1, 3))
    kept = [crop for place, crop in enumerate(order) if place not in lost]
    for size, scores in found.items():
        same(scores, score(judged.query, alone(coloured, [*pictures.gallery, *kept[:size]])))
    assert list(found) == [1, 3]


def test_distractors_of_which_none_can_be_read_are_an_error(coloured, pictures, nobody):
    judged = judge(coloured, pictures)
    spoil(*nobody)
    with pytest.raises(ValueError, match="Of 12 distractors 12 cannot be read, and 1 were asked for; the first is "):
        with_distractors(coloured, judged, nobody, (1,))


def test_broken_distractors_are_told_and_are_not_the_results_unreadable_pictures(
    coloured, pictures, nobody, monkeypatch
):
    spoil(pictures.gallery[4])
    judged = judge(coloured, pictures)
    order = order_of(coloured, judged, nobody, monkeypatch, sizes=(12,))
    spoil(order[0], order[2], order[11])
    told = []
    found = with_distractors(coloured, judged, nobody, (1, 4), on_broken=lambda *broken: told.append(broken))
    assert [crop for crop, _ in told] == [order[0], order[2]]  # the last one is not looked at
    assert all(crop.path.name in reason for crop, reason in told)
    assert [scores.protocol["unreadable"] for scores in found.values()] == [1, 1]
    told.clear()
    with_distractors(coloured, judged, order[3:11], (4,), on_broken=lambda *broken: told.append(broken))
    assert told == []


def test_distractors_that_cannot_be_added_are_refused_before_one_is_embedded(coloured, pictures, nobody):
    judged = judge(coloured, pictures)
    untouched = replace(coloured, model=Untouched())
    for sizes, message in (
        ((3, 13), "There are 12 distractors; 13 were asked for"),
        ((3, 2), "give one number or more, each 0 or more, ascending"),
        ((-1,), "give one number or more, each 0 or more, ascending"),
        ((), "give one number or more, each 0 or more, ascending"),
    ):
        with pytest.raises(ValueError, match=message):
            with_distractors(untouched, judged, nobody, sizes)
    own = judge(coloured, replace(pictures, galleries=OWN))
    with pytest.raises(ValueError, match="Each query has a gallery of its own; distractors are added to one gallery"):
        with_distractors(untouched, own, nobody, (1,))


@pytest.mark.parametrize("chunk", [1, 4, 4096])
@pytest.mark.parametrize("lost", [(), (0,), (8, 9), (0, 1, 5)])
def test_the_progress_of_distractors_ends_at_the_largest_number(coloured, pictures, nobody, monkeypatch, lost, chunk):
    judged = judge(coloured, pictures)
    order = order_of(coloured, judged, nobody, monkeypatch, sizes=(12,))
    spoil(*(order[place] for place in lost))
    monkeypatch.setattr(embed_units, "CHUNK", chunk)
    done = []
    with_distractors(coloured, judged, nobody, (2, 9), on_progress=done.append)
    assert (done[-1], done) == (9, sorted(done))
