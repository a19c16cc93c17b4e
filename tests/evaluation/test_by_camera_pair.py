import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import plain_judge
from passerby.evaluation import by_camera_pair as place
from passerby.evaluation.by_camera_pair import by_camera_pair
from passerby.evaluation.score import score
from passerby.evaluation.significance import interval
from passerby.search.distance import distance
from passerby.types import Crop, Embeddings


def side(rng, name, size, least, people, *, bare):
    pids, camids = rng.integers(least, people + 1, size).tolist(), rng.integers(-1 if bare else 0, 3, size).tolist()
    crops = tuple(
        Crop(Path(f"{name}{i}"), pid, None if cam < 0 else cam)
        for i, (pid, cam) in enumerate(zip(pids, camids, strict=True))
    )
    return Embeddings(torch.from_numpy(rng.integers(-2, 3, (size, 3)).astype(np.float32)), crops)


def plain(query, gallery, *, cameras, ap, metric):
    """Camera pair to average precisions, first ranks and people: each query searched for in one camera's crops."""
    keys = distance(query.vectors, gallery.vectors, metric=metric).tolist()
    found = {}
    for there in {crop.camid for crop in gallery.crops} - {None}:
        kept = [row for row, crop in enumerate(gallery.crops) if crop.camid == there]
        for crop, row in zip(query.crops, keys, strict=True):
            if crop.camid is None:
                continue
            part = [gallery.crops[i] for i in kept]
            ((value, _, first),) = plain_judge.judge([[row[i] for i in kept]], [crop], part, cameras=cameras, ap=ap)
            found.setdefault((f"c{crop.camid}", f"c{there}"), []).append((value, first, crop.pid))
    return found


@settings(deadline=None, max_examples=200)
@given(
    seed=st.integers(0, 10**6),
    queries=st.integers(1, 8),
    gallery=st.integers(1, 30),
    people=st.integers(1, 5),
    cameras=st.booleans(),
    ap=st.sampled_from(["step", "trapezoid"]),
    metric=st.sampled_from(["euclidean", "dot"]),
)
def test_each_pair_is_a_loop_over_the_queries_of_one_camera_in_the_crops_of_another(
    seed, queries, gallery, people, cameras, ap, metric
):
    rng = np.random.default_rng(seed)
    query = side(rng, "q", queries, 1, people, bare=not cameras)
    searched = side(rng, "g", gallery, -1, people, bare=not cameras)
    expected = plain(query, searched, cameras=cameras, ap=ap, metric=metric)
    scores = score(query, searched, ap=ap, metric=metric, cameras=cameras)
    if not expected:
        with pytest.raises(ValueError, match="has a camera"):
            by_camera_pair(scores, query, searched)
        return
    found = by_camera_pair(scores, query, searched)
    assert [one.part for one in found.slices] == sorted(expected)
    for one in found.slices:
        matched = [(value, first, pid) for value, first, pid in expected[one.part] if first]
        assert (one.queries, one.queries_without_match) == (len(matched), len(expected[one.part]) - len(matched))
        assert one.people == len({pid for _, _, pid in matched})
        if cameras and one.part[0] == one.part[1]:
            assert not matched
        if not matched:
            assert math.isnan(one.mAP)
            assert math.isnan(one.rank1)
            continue
        values = torch.tensor([value for value, _, _ in matched], dtype=torch.float64)
        tops = torch.tensor([first == 1 for _, first, _ in matched]).double()
        who = torch.tensor([pid for _, _, pid in matched])
        assert one.mAP == pytest.approx(float(values.mean()), abs=1e-12)
        assert one.rank1 == pytest.approx(float(tops.mean()), abs=1e-12)
        assert tuple(one.mAP_interval) == pytest.approx(tuple(interval(values, who)), abs=1e-9, nan_ok=True)
        assert tuple(one.rank1_interval) == pytest.approx(tuple(interval(tops, who)), abs=1e-9, nan_ok=True)


def two_cameras():
    """Persons 1 and 2, seen by cameras 2 and 10; a wrong answer of camera 10 is ahead of the right one."""
    query = Embeddings(torch.eye(2), (Crop(Path("q1"), 1, 2), Crop(Path("q2"), 2, 10)))
    crops = (
        *(Crop(Path("a"), 1, 2), Crop(Path("b"), 1, 10), Crop(Path("c"), 2, 2), Crop(Path("d"), 2, 10)),
        *(Crop(Path("e"), 0, 10), Crop(Path("f"), -1, 10), Crop(Path("g"), 0, None)),
    )
    vectors = torch.tensor([[1.0, 0], [1, 0.1], [0, 1], [0, 1], [1, 0], [1, 0], [1, 0]])
    return query, Embeddings(vectors, crops)


def test_a_wrong_answer_counts_only_in_its_own_camera_and_junk_in_none():
    query, gallery = two_cameras()
    found = by_camera_pair(score(query, gallery), query, gallery)
    assert {one.part: one.mAP for one in found.slices if one.queries} == {("c2", "c10"): 0.5, ("c10", "c2"): 1.0}


def test_a_camera_has_a_number_with_itself_only_where_cameras_are_not_used():
    query, gallery = two_cameras()
    found = by_camera_pair(score(query, gallery, cameras=False), query, gallery)
    assert {one.part: one.mAP for one in found.slices} == {
        **{("c2", "c2"): 1.0, ("c2", "c10"): 0.5},
        **{("c10", "c2"): 1.0, ("c10", "c10"): 1.0},
    }


def test_cameras_are_in_the_order_of_numbers_and_crops_without_one_are_told():
    query, gallery = two_cameras()
    found = by_camera_pair(score(query, gallery), query, gallery)
    assert found.matrix() == (["", "c2", "c10"], [["c2", "-", "50.0"], ["c10", "100.0", "-"]])
    assert "1 of 7 gallery crops have no camera and are in no pair." in found.remarks
    assert not any("queries have no camera" in remark for remark in found.remarks)
    bare = Embeddings(query.vectors, (query.crops[0], replace(query.crops[1], camid=None)))
    found = by_camera_pair(score(bare, gallery, cameras=False), bare, gallery)
    assert "1 of 2 queries have no camera and are in no pair." in found.remarks
    assert {one.part[0] for one in found.slices} == {"c2"}


def test_the_slices_carry_the_protocol_of_the_scores_and_what_cuts_them():
    query, gallery = two_cameras()
    scores = score(query, gallery, protocol={"data": "drawn", "tracklets": "max"})
    found = by_camera_pair(scores, query, gallery)
    assert found.protocol == {**scores.protocol, "slice": "camera_pair"}
    assert found.protocol["gallery"] == 7


def test_the_whole_costs_one_look_at_each_gallery_crop(monkeypatch):
    query, gallery = two_cameras()
    scores = score(query, gallery)
    seen = []
    monkeypatch.setattr(place, "score", lambda q, g, **options: seen.append(g.crops) or score(q, g, **options))
    by_camera_pair(scores, query, gallery)
    assert sorted(crop.path for crops in seen for crop in crops) == [
        crop.path for crop in gallery.crops if crop.camid is not None
    ]


def test_descriptors_of_other_crops_are_refused():
    query, gallery = two_cameras()
    scores = score(query, gallery)
    fewer = Embeddings(gallery.vectors[1:], gallery.crops[1:])
    with pytest.raises(ValueError, match=r"not of this gallery \(6 crops, other than those judged\)"):
        by_camera_pair(scores, query, fewer)
    with pytest.raises(ValueError, match=r"not of this query \(1 crops, other than those judged\)"):
        by_camera_pair(scores, Embeddings(query.vectors[:1], query.crops[:1]), gallery)


def test_galleries_of_their_own_and_processed_distances_are_refused():
    query, gallery = two_cameras()
    own = score(query, gallery, galleries={0: [0, 1], 1: [2, 3]})
    with pytest.raises(ValueError, match="Each query has a gallery of its own; pairs of cameras need one"):
        by_camera_pair(own, query, gallery)
    scores = score(query, gallery)
    again = replace(scores, protocol={**scores.protocol, "post_processing": "reranked"})
    with pytest.raises(ValueError, match=r"processed afterwards \(reranked\)"):
        by_camera_pair(again, query, gallery)


def test_sets_without_cameras_are_refused():
    query, gallery = two_cameras()
    for bare in ("queries", "gallery crops"):
        sides = [query, gallery]
        index = 0 if bare == "queries" else 1
        crops = tuple(replace(crop, camid=None) for crop in sides[index].crops)
        sides[index] = Embeddings(sides[index].vectors, crops)
        with pytest.raises(ValueError, match=f"None of the {bare} has a camera"):
            by_camera_pair(score(*sides, cameras=False), *sides)
