from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from gallery.made_records import MODEL, START, made_records, unit, vectors_of
from gallery.plain_gallery import PlainGallery, cosine, passes
from passerby.gallery.contract import MOST, OtherModel, Unavailable
from passerby.gallery.live import DEEP, Found, look_for
from passerby.gallery.rate import RATE
from passerby.gallery.record import Record
from passerby.gallery.where import Where
from passerby.search.rerank import rerank
from passerby.types import ModelId
from plain_rerank import rerank as plain_rerank


@dataclass(frozen=True)
class FakeCalibration:
    """Probability is (1 + similarity) / 2, less a hundredth of the sum of the cameras; thresholds tell their size."""

    model: ModelId = MODEL

    def probability(self, similarity, *, cameras=None):
        return (1 + similarity) / 2 - (0 if cameras is None else sum(camid or 0 for camid in cameras) / 100)

    def nobody_below(self, rate, *, size):
        return 1 - rate - 1 / size

    def nobody_misses(self, rate, *, size):
        return rate + 1 / size

    def measured(self, rate, *, size):
        return size == 120

    def top1(self, similarity, *, size):
        return similarity / size


def filled(number=120, **made):
    gallery = PlainGallery(MODEL, 32)
    records = made_records(number, **made)
    gallery.add(records)
    return gallery, records


def plain_order(query, records):
    """Ids, the most alike first."""
    return [one.id for one in sorted(records, key=lambda one: (-cosine(one.embedding, query), one.id))]


def ids(answer):
    return [found.record.id for found in answer.hits]


def asked(seed, *, dim=32, pictures=1):
    return np.stack([unit(row) for row in np.random.default_rng(seed).standard_normal((pictures, dim))])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("way", ["exact", "approximate"])
def test_answers_are_the_nearest_records_with_their_cosines(seed, way):
    gallery, records = filled(seed=seed)
    query = asked(seed)
    answer = look_for(gallery, query, k=7, way=way)
    assert ids(answer) == plain_order(query[0], records)[:7]
    by_id = {record.id: record for record in records}
    for found in answer.hits:
        assert found.similarity == pytest.approx(cosine(by_id[found.record.id].embedding, query[0]), abs=1e-6)
    assert answer.size == 120


def test_several_pictures_are_one_query_by_the_mean_of_their_directions():
    gallery, records = filled()
    queries = asked(3, pictures=4)
    mean = sum(row.astype(np.float64) / np.linalg.norm(row.astype(np.float64)) for row in queries)
    assert ids(look_for(gallery, queries, k=20)) == plain_order(mean, records)[:20]
    assert ids(look_for(gallery, np.ascontiguousarray(queries[::-1]), k=20)) == ids(look_for(gallery, queries, k=20))


FILTERS = {
    "none": Where(),
    "one camera": Where(cameras=(2,)),
    "not a camera": Where(not_cameras=(1, 3)),
    "a time": Where(since=START + 100, until=START + 300),
    "a label": Where(labels={"upper": "red"}),
    "people": Where(pids=(2, 4, 6)),
    "all": Where(cameras=(1, 2), since=START, until=START + 500, labels={"upper": "red"}),
}


@pytest.mark.parametrize("expand", [0, 3])
@pytest.mark.parametrize("rerank", [False, True])
@pytest.mark.parametrize("name", FILTERS)
def test_only_what_passes_the_filter_is_found_and_counted(name, rerank, expand):
    gallery, records = filled()
    there = [record for record in records if passes(record, FILTERS[name])]
    answer = look_for(gallery, asked(1), k=500, where=FILTERS[name], rerank=rerank, expand=expand)
    assert sorted(ids(answer)) == sorted(record.id for record in there)
    assert answer.size == len(there)


def test_records_that_are_left_out_are_neither_found_nor_counted_nor_missed():
    gallery, records = filled()
    query = records[5].embedding[None]
    order = plain_order(query[0], records)
    answer = look_for(gallery, query, k=10, without=order[:4])
    assert ids(answer) == order[4:14]
    assert answer.size == 116


def test_a_record_left_out_that_the_filter_leaves_out_anyway_is_not_counted_twice():
    gallery, records = filled()
    one, two = (next(record.id for record in records if record.camid == camid) for camid in (1, 2))
    answer = look_for(gallery, asked(1), where=Where(cameras=(1,)), without=(one, two))
    assert answer.size == sum(record.camid == 1 for record in records) - 1


@pytest.mark.parametrize(("number", "depth"), [(120, 120), (400, DEEP)])
def test_reranking_is_that_of_the_candidates_alone_and_keeps_the_cosines(number, depth):
    gallery, records = filled(number)
    query = records[0].embedding[None]
    answer = look_for(gallery, query, k=30, rerank=True, calibration=FakeCalibration())
    candidates = [{record.id: record for record in records}[one] for one in plain_order(query[0], records)[:depth]]
    vectors = vectors_of(candidates)
    distances = rerank(torch.from_numpy(query), torch.from_numpy(vectors), metric="cosine")[0]
    plain = plain_rerank(query, vectors, metric="cosine")[0]
    assert distances.numpy() == pytest.approx(plain, abs=1e-5)
    order = sorted(range(depth), key=lambda row: (float(distances[row]), row))
    assert ids(answer) == [candidates[row].id for row in order[:30]]
    for found in answer.hits:
        assert found.similarity == pytest.approx(cosine(found.record.embedding, query[0]), abs=1e-6)
        assert found.probability == pytest.approx((1 + found.similarity) / 2)
    assert ids(answer) != ids(look_for(gallery, query, k=30))


def test_what_lies_behind_the_deepest_candidate_keeps_its_place(monkeypatch):
    monkeypatch.setattr("passerby.gallery.live.DEEP", 10)
    monkeypatch.setattr("passerby.gallery.live.DEEPEST", 40)
    gallery, records = filled()
    query = records[0].embedding[None]
    order = plain_order(query[0], records)
    found = ids(look_for(gallery, query, k=100, rerank=True))
    assert found[40:] == order[40:100]
    assert sorted(found[:40]) == sorted(order[:40])
    assert found[:40] != order[:40]


@pytest.mark.parametrize("number", range(6))
def test_few_candidates_are_all_found_when_reranked(number):
    gallery, records = filled(number)
    assert sorted(ids(look_for(gallery, asked(1), rerank=True, expand=2))) == sorted(one.id for one in records)


@pytest.mark.parametrize("expand", [0, 1, 3])
def test_many_copies_of_the_query_itself_can_be_reranked(expand):
    gallery = PlainGallery(MODEL, 32)
    copies = [Record(embedding=asked(1)[0], path=f"{row}.jpg") for row in range(30)]
    gallery.add(copies)
    answer = look_for(gallery, asked(1), rerank=True, expand=expand)
    assert ids(answer) == sorted(one.id for one in copies)
    assert all(found.similarity == pytest.approx(1) for found in answer.hits)


@pytest.mark.parametrize("expand", [1, 3, 100])
def test_an_expanded_query_orders_by_the_mean_with_its_nearest_and_tells_the_cosine_to_itself(expand):
    gallery, records = filled(60)
    query = asked(2)
    near = [{record.id: record for record in records}[one] for one in plain_order(query[0], records)[:expand]]
    mean = query[0].astype(np.float64)
    for record in near:
        mean = mean + record.embedding.astype(np.float64)
    answer = look_for(gallery, query, k=60, expand=expand, calibration=FakeCalibration())
    assert ids(answer) == plain_order(mean, records)
    assert ids(answer) != plain_order(query[0], records)
    for found in answer.hits:
        assert found.similarity == pytest.approx(cosine(found.record.embedding, query[0]), abs=1e-6)
    assert answer.top1 == pytest.approx(cosine(near[0].embedding, query[0]) / 60, abs=1e-6)


def test_expansion_comes_before_reranking():
    gallery, records = filled(60)
    query = asked(2)
    by_id = {record.id: record for record in records}
    mean = query[0] + by_id[plain_order(query[0], records)[0]].embedding
    candidates = [by_id[one] for one in plain_order(mean, records)]
    distances = plain_rerank(unit(mean)[None], vectors_of(candidates), metric="cosine")[0]
    found = ids(look_for(gallery, query, k=60, expand=1, rerank=True))
    assert found == [candidates[row].id for row in np.argsort(distances, kind="stable")]


def test_a_probability_and_what_is_probably_nobody_come_from_the_calibration():
    gallery, records = filled()
    answer = look_for(gallery, records[0].embedding[None], k=5, calibration=FakeCalibration(), rate=0.1)
    assert answer.calibrated
    assert answer.nobody_below == pytest.approx(1 - 0.1 - 1 / 120)
    assert answer.probably_nobody is False
    assert answer.nobody_misses == pytest.approx(0.1 + 1 / 120)
    assert answer.nobody_measured is True
    assert answer.top1 == pytest.approx(1 / 120)
    assert [found.probability for found in answer.hits] == [pytest.approx((1 + x.similarity) / 2) for x in answer.hits]
    nobody = look_for(gallery, asked(1), k=5, calibration=FakeCalibration(), rate=0.1)
    assert nobody.probably_nobody is True
    assert len(nobody.hits) == 5


def test_the_size_that_the_calibration_sees_is_that_of_what_passes_the_filter():
    gallery, records = filled()
    where = Where(cameras=(1,))
    answer = look_for(gallery, records[0].embedding[None], where=where, calibration=FakeCalibration())
    assert answer.nobody_below == pytest.approx(1 - RATE - 1 / sum(record.camid == 1 for record in records))
    told = look_for(gallery, records[0].embedding[None], where=where, calibration=FakeCalibration(), size=50)
    assert (told.size, told.nobody_below, told.nobody_measured) == (50, pytest.approx(1 - RATE - 1 / 50), False)


def test_with_the_cameras_of_both_sides_known_the_pair_of_them_is_asked_for():
    gallery, _ = filled()
    for found in look_for(gallery, asked(1), k=120, camera=3, calibration=FakeCalibration()).hits:
        less = (3 + (found.record.camid or 0)) / 100
        assert found.probability == pytest.approx((1 + found.similarity) / 2 - less)


def test_without_a_calibration_nothing_is_said_about_nobody():
    gallery, _ = filled()
    answer = look_for(gallery, asked(1), k=3)
    assert (answer.calibrated, answer.nobody_below, answer.probably_nobody, answer.top1) == (False, None, None, None)
    assert (answer.nobody_misses, answer.nobody_measured) == (None, None)
    assert [found.probability for found in answer.hits] == [None, None, None]


@pytest.mark.parametrize("rerank", [False, True])
def test_where_nothing_was_searched_nothing_is_said_about_nobody(rerank):
    gallery, _ = filled()
    where = Where(since=0, until=1)
    answer = look_for(gallery, asked(1), where=where, calibration=FakeCalibration(), expand=3, rerank=rerank)
    assert (answer.hits, answer.size, answer.calibrated) == ([], 0, True)
    assert (answer.nobody_below, answer.probably_nobody, answer.top1) == (None, None, None)
    assert (answer.nobody_misses, answer.nobody_measured) == (None, None)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"k": 0}, r"k is 0; give 1 \.\. 10000"),
        ({"k": 10**9}, "k is 1000000000"),
        ({"k": -1}, "k is -1"),
        ({"rate": 0.0}, "rate is"),
        ({"rate": 1.0}, "rate is"),
        ({"rate": float("nan")}, "rate is nan"),
        ({"expand": -1}, "expand is -1"),
        ({"expand": 101}, "expand is 101"),
        ({"where": Where(cameras=(99,))}, "camera 99"),
        ({"way": "quick"}, "way is 'quick'"),
    ],
)
def test_what_is_out_of_range_is_refused(wrong, told):
    gallery, _ = filled(10)
    with pytest.raises(ValueError, match=told):
        look_for(gallery, asked(1), **wrong)


@pytest.mark.parametrize(
    "queries",
    [
        asked(1)[0],
        asked(1).astype(np.float64),
        np.empty((0, 32), np.float32),
        np.zeros((1, 32), np.float32),
        np.full((1, 32), np.nan, np.float32),
        np.full((2, 32), np.inf, np.float32),
        np.stack((asked(1)[0], -asked(1)[0])),
        asked(1, dim=31),
        asked(1, pictures=65),
    ],
    ids=["one axis", "float64", "none", "zero", "nan", "infinite", "opposite", "other dimensions", "too many"],
)
def test_a_query_that_cannot_be_asked_is_refused(queries):
    gallery, _ = filled(10)
    with pytest.raises(ValueError, match="quer"):
        look_for(gallery, queries)


def test_a_calibration_of_another_model_is_refused():
    gallery, _ = filled(10)
    with pytest.raises(OtherModel, match="calibrate that model"):
        look_for(gallery, asked(1), calibration=FakeCalibration(replace(MODEL, weights="cd" * 32)))


@pytest.mark.parametrize("k", [1, 5, 29, 30, 31])
@pytest.mark.parametrize("left_out", [0, 3, 30])
def test_what_is_searched_is_counted_however_many_are_asked_for(k, left_out):
    gallery, records = filled(60, awkward=False)
    where = Where(cameras=(1,))
    there = [record for record in records if record.camid == 1]
    others = [record for record in records if record.camid != 1]
    without = [record.id for record in (*there[: left_out // 3], *others[:left_out])]
    answer = look_for(gallery, asked(1), k=k, where=where, without=without)
    assert answer.size == len(there) - left_out // 3
    assert len(answer.hits) == min(k, answer.size)


def test_records_that_are_deleted_meanwhile_do_not_make_an_answer_fail():
    gallery, _ = filled(30)
    gallery.count = lambda where: 0
    answer = look_for(gallery, asked(1), k=5, calibration=FakeCalibration())
    assert (answer.size, len(answer.hits)) == (5, 5)


def test_a_cosine_that_rounding_has_put_above_1_is_1():
    gallery, records = filled(30)
    search = gallery.search

    def rounded(*given, **how):
        return [[hit._replace(similarity=hit.similarity * 1.0000001) for hit in row] for row in search(*given, **how)]

    gallery.search = rounded
    answer = look_for(gallery, records[0].embedding[None], k=5, calibration=FakeCalibration())
    assert answer.hits[0].similarity == 1


def test_as_many_as_a_gallery_gives_can_be_asked_for_with_some_left_out():
    gallery, records = filled(30)
    answer = look_for(gallery, asked(1), k=MOST, without=[records[0].id])
    assert len(answer.hits) == 29


def test_a_gallery_that_is_gone_says_so():
    gallery, _ = filled(10)
    gallery.break_it()
    with pytest.raises(Unavailable):
        look_for(gallery, asked(1))


def test_an_answer_names_its_parts():
    assert Found._fields == ("record", "similarity", "probability")
