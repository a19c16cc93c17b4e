import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import plain_judge
from passerby.evaluation.by_attribute import NOT_LABELLED, by_attribute
from passerby.evaluation.score import score
from passerby.evaluation.significance import interval
from passerby.search.distance import distance
from passerby.types import Crop, Embeddings


def side(rng, name, size, least, people):
    pids, camids = rng.integers(least, people + 1, size).tolist(), rng.integers(0, 3, size).tolist()
    crops = tuple(Crop(Path(f"{name}{i}"), pid, cam) for i, (pid, cam) in enumerate(zip(pids, camids, strict=True)))
    return Embeddings(torch.from_numpy(rng.integers(-2, 3, (size, 3)).astype(np.float32)), crops)


def labels(rng, people):
    """Two fields; some people have no row, some lack a field."""
    found = {}
    for pid in range(1, people + 1):
        if rng.random() < 0.7:
            found[pid] = {name: int(rng.integers(0, 3)) for name in ("hat", "age") if rng.random() < 0.8}
    return found


def plain(query, gallery, attributes):
    """Field and code to average precisions, first ranks and people of its queries, by loops over queries."""
    keys = distance(query.vectors, gallery.vectors, metric="euclidean").tolist()
    judged = plain_judge.judge(keys, query.crops, gallery.crops)
    fields = {field for crop in query.crops for field in attributes.get(crop.pid, {})}
    found = {}
    for field in fields:
        for crop, (ap, _, first) in zip(query.crops, judged, strict=True):
            code = attributes.get(crop.pid, {}).get(field)
            found.setdefault((field, NOT_LABELLED if code is None else str(code)), []).append((ap, first, crop.pid))
    return found


@settings(deadline=None, max_examples=200)
@given(
    seed=st.integers(0, 10**6),
    queries=st.integers(1, 12),
    gallery=st.integers(1, 30),
    people=st.integers(1, 6),
)
def test_each_slice_is_a_loop_over_its_queries(seed, queries, gallery, people):
    rng = np.random.default_rng(seed)
    query, searched = side(rng, "q", queries, 1, people), side(rng, "g", gallery, -1, people)
    attributes = {query.crops[0].pid: {"bag": 2}, **labels(rng, people)}
    expected = plain(query, searched, attributes)
    if not expected:
        return
    found = by_attribute(score(query, searched, metric="euclidean"), query.crops, attributes)
    assert {one.part for one in found.slices} == set(expected)
    for one in found.slices:
        matched = [(ap, first, pid) for ap, first, pid in expected[one.part] if first]
        assert one.queries == len(matched)
        assert one.queries_without_match == len(expected[one.part]) - len(matched)
        assert one.people == len({pid for _, _, pid in matched})
        if not matched:
            assert math.isnan(one.mAP)
            assert math.isnan(one.rank1)
            assert all(map(math.isnan, (*one.mAP_interval, *one.rank1_interval)))
            continue
        aps, tops = [ap for ap, _, _ in matched], [float(first == 1) for _, first, _ in matched]
        who = torch.tensor([pid for _, _, pid in matched])
        assert one.mAP == pytest.approx(sum(aps) / len(aps), abs=1e-12)
        assert one.rank1 == pytest.approx(sum(tops) / len(tops), abs=1e-12)
        for bounds, values in ((one.mAP_interval, aps), (one.rank1_interval, tops)):
            expect = interval(torch.tensor(values, dtype=torch.float64), who)
            assert tuple(bounds) == pytest.approx(tuple(expect), abs=1e-9, nan_ok=True)


@pytest.fixture
def three():
    """Persons 1, 2 and 3, once each as query and twice in the gallery; 3 has no labels."""
    vectors = torch.eye(3)
    query = Embeddings(vectors, tuple(Crop(Path(f"q{pid}"), pid, 0) for pid in (1, 2, 3)))
    crops = tuple(Crop(Path(f"g{pid}{cam}"), pid, cam) for cam in (1, 2) for pid in (1, 2, 3))
    return query, Embeddings(torch.cat([vectors, vectors]), crops)


def test_people_without_a_label_have_a_part_of_their_own_and_nothing_is_dropped(three):
    found = by_attribute(score(*three), three[0].crops, {1: {"hat": 2}, 2: {"hat": 1, "age": 4}, 9: {"bag": 1}})
    assert [(one.part, one.queries) for one in found.slices] == [
        (("age", "4"), 1),
        (("age", NOT_LABELLED), 2),
        (("hat", "1"), 1),
        (("hat", "2"), 1),
        (("hat", NOT_LABELLED), 1),
    ]


def test_the_slices_carry_the_protocol_of_the_scores_and_what_cuts_them(three):
    scores = score(*three, ap="trapezoid", protocol={"data": "drawn"})
    found = by_attribute(scores, three[0].crops, {1: {"hat": 2}})
    assert found.protocol == {**scores.protocol, "slice": "attribute"}
    assert "slice" not in scores.protocol


def test_codes_are_in_the_order_of_numbers(three):
    rows = {1: {"age": 10}, 2: {"age": 9}, 3: {"age": 0}}
    assert [one.part[1] for one in by_attribute(score(*three), three[0].crops, rows).slices] == ["0", "9", "10"]


def test_queries_of_other_scores_are_refused(three):
    scores = score(*three)
    for crops in (three[0].crops[:2], three[0].crops[::-1], ()):
        with pytest.raises(ValueError, match=f"These {len(crops)} queries are not the 3 that the scores are of"):
            by_attribute(scores, crops, {1: {"hat": 2}})
    assert by_attribute(replace(scores, people=None), three[0].crops, {1: {"hat": 2}}).slices


@pytest.mark.parametrize("attributes", [{}, {9: {"hat": 1}}, {1: {}}])
def test_people_who_all_lack_labels_are_refused(three, attributes):
    with pytest.raises(ValueError, match="None of the 3 people of the queries has attribute labels"):
        by_attribute(score(*three), three[0].crops, attributes)
