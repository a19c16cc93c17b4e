"""The facts that every store must meet, against PlainGallery; a store's test file imports them and gives two fixtures.

from gallery.conformance import *  # noqa: F403

@pytest.fixture
def make():  # (model=MODEL, dim=32) -> an empty gallery of the store, closed by the fixture
@pytest.fixture
def reopen():  # (gallery, **model and dim) -> closes it and opens the same one again
"""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from gallery.made_records import MODEL, START, made_records, unit, vectors_of
from gallery.plain_gallery import PlainGallery
from passerby.gallery.contract import MOST, Added, OtherModel, Unavailable
from passerby.gallery.record import Record
from passerby.gallery.where import EVERYTHING, Where
from passerby.types import ModelId

DIM = 32
RECORDS = made_records(300, dim=DIM, thumbnails=True)
FIRST = RECORDS[0]
WHERES = {
    "everything": EVERYTHING,
    "cameras": Where(cameras=(1, 3)),
    "a camera twice": Where(cameras=(2, 2)),
    "no camera at all": Where(cameras=()),
    "not a camera": Where(not_cameras=(2,)),
    "not an unknown camera": Where(not_cameras=(999,)),
    "since": Where(since=START + 700.0),
    "until": Where(until=START + 700.0),
    "a time": Where(since=START + 100.0, until=START + 900.0),
    "a time without records": Where(since=5.0, until=6.0),
    "people": Where(pids=(2, 4, 77)),
    "no people at all": Where(pids=()),
    "a label": Where(labels={"upper": "red"}),
    "two labels": Where(labels={"upper": "red", "bag": "backpack"}),
    "an unknown label": Where(labels={"hat": "yes"}),
    "an awkward label": Where(labels={'up"per\\': "r'ed -- %s {} \U0001f600"}),
    "ids": Where(ids=(*(record.id for record in RECORDS[10:20]), "0" * 32, "no id at all")),
    "no ids at all": Where(ids=()),
    "not a track": Where(not_tracks=((RECORDS[1].camid or 1, RECORDS[1].trackid or 1), (9, 9))),
    "numbers out of range": Where(not_cameras=(2**40, -5), pids=(2**70, 2), not_tracks=((2**40, 1),)),
    "all together": Where(
        cameras=(1, 2, 3), not_cameras=(2,), since=START + 50.0, until=START + 1300.0, labels={"upper": "green"}
    ),
}


def plain(records=RECORDS, dim=DIM):
    gallery = PlainGallery(MODEL, dim)
    gallery.add(records)
    return gallery


def shown(hits):
    return [(hit.record.id, hit.similarity) for hit in hits]


def same(a, b):
    """Whether two records say the same, vector and all."""
    values = ("id", "camid", "time", "trackid", "pid", "path", "box", "thumbnail")
    return (
        all(getattr(a, name) == getattr(b, name) for name in values)
        and dict(a.labels) == dict(b.labels)
        and a.embedding.dtype == np.float32
        and a.embedding.tobytes() == b.embedding.tobytes()
    )


def check_answers(found, right):
    """The same records in the same order, similarities to 1e-6; equally close ones by id."""
    assert len(found) == len(right)
    for hits, expected in zip(found, right, strict=True):
        assert [one.record.id for one in hits] == [one.record.id for one in expected]
        assert np.allclose([one.similarity for one in hits], [one.similarity for one in expected], rtol=0, atol=1e-6)
        assert all(one.record.thumbnail is None for one in hits)


@pytest.fixture
def filled(make):
    gallery = make()
    gallery.add(RECORDS)
    return gallery


def test_a_record_comes_back_as_it_was_added(filled):
    by_id = {record.id: record for record in RECORDS}
    assert all(same(one, replace(by_id[one.id], thumbnail=None)) for one in filled.get(list(by_id)))
    assert all(filled.thumbnail(id) == by_id[id].thumbnail for id in list(by_id)[:20])


def test_awkward_values_come_back(make):
    gallery = make()
    awkward = [
        Record(embedding=unit(np.ones(DIM)), camid=0, time=-1.5e9, trackid=0, path="ü/\\'\"%s{}\n\t\U0001f600.jpg"),
        Record(
            embedding=unit(np.eye(DIM)[0]), camid=2**31 - 1, time=0.1 + 0.2, pid=2**31 - 1, box=(-1e-9, 0, 1e9, 0.1)
        ),
        Record(embedding=-unit(np.ones(DIM)), labels={'up"per\\': "r'ed -- %s {} \U0001f600", "b" * 200: "c" * 200}),
        Record(embedding=unit(np.arange(DIM) + 1e-30), time=253402300799.0, path=""),
    ]
    assert gallery.add(awkward) == Added(new=4, replaced=0)
    assert all(
        same(found, given) for found, given in zip(gallery.get([one.id for one in awkward]), awkward, strict=True)
    )
    assert gallery.count(WHERES["an awkward label"]) == 1
    assert gallery.labels() == {'up"per\\': ["r'ed -- %s {} \U0001f600"], "b" * 200: ["c" * 200]}


@pytest.mark.parametrize("way", ["exact", "approximate"])
def test_a_search_is_that_of_plain_loops(filled, way):
    queries = vectors_of([RECORDS[0], *made_records(1, dim=DIM, seed=1)])
    held = plain()
    for name, where in WHERES.items():
        for k in (1, 7, 400) if name in ("everything", "not a camera") else (25,):
            if name not in ("an unknown label", "an awkward label"):  # these are refused
                check_answers(filled.search(queries, k, where=where, way=way), held.search(queries, k, where=where))


def test_everything_else_is_that_of_plain_loops(filled):
    held = plain()
    assert filled.cameras() == held.cameras()
    assert filled.labels() == held.labels()
    for name, where in WHERES.items():
        assert filled.count(where) == held.count(where), name
        assert filled.statistics(where) == held.statistics(where), name
        found, right = filled.sightings(where, limit=50), held.sightings(where, limit=50)
        assert len(found) == len(right), name
        assert all(same(a, b) for a, b in zip(found, right, strict=True)), name
        assert [one.id for one in filled.records(where)] == [one.id for one in held.records(where)], name


def test_a_label_whose_last_record_another_process_deleted_is_refused(make):
    gallery, other = make(), make()
    gallery.add(RECORDS)
    where = Where(labels={"upper": "red"})
    assert gallery.search(vectors_of(RECORDS[:1]), 1, where=where)[0]  # from now on the label is remembered
    other.delete(where)

    def search():
        end = time.monotonic() + 30
        while time.monotonic() < end:  # what another process did is seen by Milvus within a second or so
            gallery.search(vectors_of(RECORDS[:1]), 1, where=where)

    with pytest.raises(ValueError, match="No record of label upper=red"):
        search()


def test_an_empty_gallery_answers(make):
    gallery = make()
    assert gallery.search(vectors_of(RECORDS[:2]), 5) == [[], []]
    assert gallery.search(np.empty((0, DIM), np.float32), 5) == []
    assert gallery.count() == 0
    assert gallery.cameras() == {}
    assert gallery.labels() == {}
    assert gallery.statistics() == []
    assert gallery.sightings() == []
    assert list(gallery.records()) == []
    assert gallery.get([FIRST.id]) == []
    assert gallery.thumbnail(FIRST.id) is None
    assert gallery.add([]) == Added(new=0, replaced=0)
    assert gallery.delete(Where(ids=(FIRST.id,))) == 0
    gallery.ready()


def test_the_same_vector_twice_is_ordered_by_id(make):
    gallery, held = make(), PlainGallery(MODEL, DIM)
    centre = unit(np.random.default_rng(3).standard_normal(DIM))
    same_ones = [Record(embedding=centre, path=f"{number}.jpg", camid=number % 3) for number in range(200)]
    gallery.add(same_ones)
    held.add(same_ones)
    for way in ("exact", "approximate"):
        check_answers(gallery.search(centre[None], 30, way=way), held.search(centre[None], 30))


def test_near_ties_are_told_apart(make):
    gallery, held = make(), PlainGallery(MODEL, DIM)
    rng = np.random.default_rng(4)
    centre = unit(rng.standard_normal(DIM))
    close = [Record(embedding=unit(centre + 3e-5 * rng.standard_normal(DIM)), path=f"{row}.jpg") for row in range(400)]
    gallery.add(close)
    held.add(close)
    check_answers(gallery.search(centre[None], 20, way="exact"), held.search(centre[None], 20))


def test_adding_again_replaces(filled):
    changed = [replace(record, pid=7, labels={"upper": "white"}, thumbnail=None) for record in RECORDS[:10]]
    more = made_records(5, dim=DIM, seed=9)
    assert filled.add([*changed, *more]) == Added(new=5, replaced=10)
    assert filled.count() == len(RECORDS) + 5
    assert all(same(a, b) for a, b in zip(filled.get([one.id for one in changed]), changed, strict=True))
    assert all(filled.thumbnail(one.id) is None for one in changed)
    assert filled.thumbnail(RECORDS[11].id) == RECORDS[11].thumbnail
    assert filled.add(changed) == Added(new=0, replaced=10)
    assert filled.search(changed[0].embedding[None], 1, where=Where(pids=(7,)))[0][0].record.id == changed[0].id


def test_get_keeps_the_order_asked_for(filled):
    ids = [RECORDS[5].id, "f" * 32, RECORDS[2].id, "", "no id'; --", RECORDS[5].id]
    assert [one.id for one in filled.get(ids)] == [RECORDS[5].id, RECORDS[2].id, RECORDS[5].id]
    assert filled.thumbnail("no id'; --") is None


def test_what_is_deleted_is_gone_and_nothing_else(filled):
    for name, where in WHERES.items():
        if name == "everything":
            continue
        held = plain()
        assert filled.delete(where) == held.delete(where), name
        left = [one.id for one in held.records()]
        assert [one.id for one in filled.records()] == left, name
        gone = [one for one in RECORDS if one.id not in set(left)]
        assert filled.get([one.id for one in gone]) == []
        assert all(filled.thumbnail(one.id) is None for one in gone[:3])
        check_answers(filled.search(vectors_of(RECORDS[:1]), 50), held.search(vectors_of(RECORDS[:1]), 50))
        assert filled.cameras() == held.cameras()
        assert filled.labels() == held.labels()
        assert filled.add(RECORDS) == Added(new=len(gone), replaced=len(left))


def test_an_empty_filter_deletes_nothing(filled):
    for where in (EVERYTHING, Where(labels={}), Where(not_cameras=())):
        with pytest.raises(ValueError, match="Delete which"):
            filled.delete(where)
    assert filled.count() == len(RECORDS)


def test_records_come_with_thumbnails_if_asked(filled):
    held = plain()
    some = Where(cameras=(1,))
    found = list(filled.records(some, thumbnails=True))
    assert all(same(a, b) for a, b in zip(found, held.records(some, thumbnails=True), strict=True))
    assert all(one.thumbnail is None for one in filled.records(some))


def test_records_can_be_left_half_way(filled):
    few = filled.records()
    assert len([next(few), next(few)]) == 2
    few.close()
    assert filled.add(RECORDS[:1]) == Added(new=0, replaced=1)


@pytest.mark.parametrize("where", [EVERYTHING, WHERES["not a camera"]])
def test_pages_of_sightings_make_the_whole(filled, where):
    right = [one.id for one in plain().sightings(where, limit=MOST)]
    found, after = [], None
    while page := filled.sightings(where, limit=37, after=after):
        found += [one.id for one in page]
        after = found[-1]
    assert found == right


def test_a_page_after_nothing_is_refused(filled):
    for after in ("f" * 32, "", "no id"):
        with pytest.raises(ValueError, match="No record"):
            filled.sightings(after=after)


def test_labels_have_at_most_200_values(make):
    gallery = make()
    held = PlainGallery(MODEL, DIM)
    many = [replace(record, labels={"upper": f"{row:03d}"}, id="") for row, record in enumerate(RECORDS[:250])]
    gallery.add(many)
    held.add(many)
    assert gallery.labels() == held.labels() == {"upper": [f"{row:03d}" for row in range(200)]}


def nasty_records():
    good = made_records(3, dim=DIM, seed=5)
    vector = good[0].embedding
    nan, inf = vector.copy(), vector.copy()
    nan[3], inf[4] = np.nan, np.inf
    yield [*good, replace(good[0], embedding=nan, id="9" * 32)], "finite"
    yield [*good, replace(good[0], embedding=inf, id="9" * 32)], "finite"
    yield [*good, replace(good[0], embedding=np.zeros(DIM, np.float32), id="9" * 32)], "length 0"
    yield [*good, replace(good[0], embedding=1.01 * vector, id="9" * 32)], "length 1.01"
    yield [*good, replace(good[0], embedding=np.full(DIM, 3e38, np.float32), id="9" * 32)], "length"
    yield [*good, replace(good[0], embedding=vector[:-1], id="9" * 32)], "shape"
    yield [*good, replace(good[0], embedding=vector[None], id="9" * 32)], "shape"
    yield [*good, replace(good[0], embedding=vector.astype(np.float64), id="9" * 32)], "float64"
    yield [*good, replace(good[0], embedding=vector.astype(np.float16), id="9" * 32)], "float16"
    yield [*good, good[1]], "twice"


def test_a_wrong_record_keeps_all_of_its_batch_out(filled):
    for records, says in nasty_records():
        with pytest.raises(ValueError, match=says):
            filled.add(records)
        assert filled.count() == len(RECORDS), says


def test_a_wrong_question_is_refused(filled):
    query = vectors_of(RECORDS[:1])
    for k in (0, -1, MOST + 1, 10**9):
        with pytest.raises(ValueError, match=r"k is .*give 1 \.\. 10,000"):
            filled.search(query, k)
        with pytest.raises(ValueError, match=r"limit is .*give 1 \.\. 10,000"):
            filled.sightings(limit=k)
    wrong = [query[0], query[:, :-1], np.nan * query, 2 * query, 0 * query, query.astype(np.float64), query[:0, :0]]
    for queries in wrong:
        with pytest.raises(ValueError, match=r"queries are|Query 0"):
            filled.search(queries, 3)
    with pytest.raises(ValueError, match="way is"):
        filled.search(query, 3, way="roughly")
    with pytest.raises(ValueError, match="No record of camera 77"):
        filled.search(query, 3, where=Where(cameras=(1, 77)))
    with pytest.raises(ValueError, match="No record of camera"):
        filled.search(query, 3, where=Where(cameras=(2**40, -1)))
    for label in ({"upper": "rde"}, {"hat": "yes"}, {"upper": "red", "bag": "red"}):
        told = ", ".join(f"{name}={value}" for name, value in label.items() if (name, value) != ("upper", "red"))
        with pytest.raises(ValueError, match=f"No record of label {told}; .*(bag|upper)"):
            filled.search(query, 3, where=Where(labels=label))


def test_a_label_is_unknown_until_a_record_has_it_and_again_once_its_last_one_is_deleted(filled):
    where = Where(labels={"hat": "grey"})
    query = vectors_of([FIRST])
    added = replace(made_records(1, dim=DIM, seed=5)[0], labels=dict(where.labels))
    for _ in range(2):
        with pytest.raises(ValueError, match="No record of label hat=grey; labels are bag, upper"):
            filled.search(query, 3, where=where)
        filled.add([added])
        assert [hit.record.id for hit in filled.search(query, 3, where=where)[0]] == [added.id]
        assert filled.search(query, 3, where=Where(labels=where.labels, since=5.0, until=6.0)) == [[]]
        assert filled.delete(Where(ids=(added.id,))) == 1


def test_it_is_there_again(filled, reopen):
    again = reopen(filled)
    assert again.about.model == MODEL
    assert again.about.dim == DIM
    right = plain()
    check_answers(again.search(vectors_of(RECORDS[:3]), 20), right.search(vectors_of(RECORDS[:3]), 20))
    assert again.count() == len(RECORDS)
    assert again.thumbnail(RECORDS[1].id) == RECORDS[1].thumbnail


def test_another_model_is_refused(filled, reopen):
    other = ModelId("made", "cd" * 32, "none")
    with pytest.raises(OtherModel, match="holds vectors of"):
        reopen(filled, model=other, dim=DIM)
    with pytest.raises(OtherModel, match="dimensions"):
        reopen(filled, model=MODEL, dim=DIM + 1)


def test_a_closed_gallery_is_unavailable(filled):
    filled.close()
    filled.close()
    for ask in (filled.ready, filled.count, filled.cameras, lambda: filled.add(RECORDS[:1])):
        with pytest.raises(Unavailable):
            ask()
    with pytest.raises(Unavailable):
        filled.search(vectors_of(RECORDS[:1]), 3)


def test_threads_may_use_it_at_once(make):
    gallery = make()
    parts = [made_records(60, dim=DIM, seed=50 + number % 3) for number in range(6)]  # each batch by two threads
    wrong = []

    def work(records):
        try:
            gallery.add(records)
            [hits] = gallery.search(records[0].embedding[None], 1)
            assert hits[0].record.id == records[0].id
            assert gallery.count() >= 60
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert gallery.count() == 180


@pytest.mark.parametrize("dim", [1, 2, 1_500, 10_752])
def test_many_and_few_dimensions(make, dim):
    gallery, held = make(dim=dim), PlainGallery(MODEL, dim)
    records = made_records(60, dim=dim, people=6)
    gallery.add(records)
    held.add(records)
    assert all(same(a, b) for a, b in zip(gallery.records(), held.records(), strict=True))
    for way in ("exact", "approximate"):
        check_answers(gallery.search(vectors_of(records[:2]), 20, way=way), held.search(vectors_of(records[:2]), 20))


def test_too_many_dimensions_are_refused(make):
    for dim in (0, -1, 10_753):
        with pytest.raises(ValueError, match="dimensions"):
            make(dim=dim)
