import numpy as np
import pytest

from gallery.made_records import MODEL, START, made_records, unit
from gallery.plain_gallery import PlainGallery, cosine
from gallery.test_live import FakeCalibration, ids, plain_order
from passerby.gallery.by_record import NoSuchRecord, by_record
from passerby.gallery.record import Record
from passerby.gallery.where import Where


def filled(number=150, **made):
    gallery = PlainGallery(MODEL, 32)
    records = made_records(number, **made)
    gallery.add(records)
    return gallery, records


def same_track(one, other):
    return None not in (one.camid, one.trackid) and (one.camid, one.trackid) == (other.camid, other.trackid)


@pytest.mark.parametrize("number", [1, 2, 8])
@pytest.mark.parametrize("expand", [0, 3])
@pytest.mark.parametrize("rerank", [False, True])
def test_the_records_and_their_own_tracks_are_left_out_and_nothing_else(number, expand, rerank):
    gallery, records = filled(people=4, cameras=2)
    own = records[10 : 10 + number]
    left = [one for one in records if one not in own and not any(same_track(one, other) for other in own)]
    assert len(left) < len(records) - number  # some track is longer than one
    answer = by_record(gallery, [one.id for one in own], k=200, expand=expand, rerank=rerank)
    assert sorted(ids(answer)) == sorted(one.id for one in left)
    assert answer.size == len(left)


def test_the_order_is_that_of_the_mean_of_the_records():
    gallery, records = filled()
    own = records[:3]
    mean = sum(one.embedding.astype(np.float64) for one in own)
    left = [one for one in records if one not in own and not any(same_track(one, other) for other in own)]
    assert ids(by_record(gallery, [one.id for one in own], k=20)) == plain_order(mean, left)[:20]


def test_a_record_without_a_track_is_left_out_too_and_its_cameras_others_are_not():
    gallery = PlainGallery(MODEL, 4)
    rows = [unit(row) for row in np.random.default_rng(0).standard_normal((6, 4))]
    records = [Record(embedding=row, camid=1, path=f"{n}.jpg") for n, row in enumerate(rows)]
    gallery.add(records)
    assert sorted(ids(by_record(gallery, [records[0].id]))) == sorted(one.id for one in records[1:])


def test_the_same_track_number_before_another_camera_is_another_track():
    gallery = PlainGallery(MODEL, 4)
    row = unit(np.ones(4))
    records = [Record(embedding=row, camid=camid, trackid=7, path=f"{camid}.jpg") for camid in (1, 2, None)]
    gallery.add(records)
    assert sorted(ids(by_record(gallery, [records[0].id]))) == sorted(one.id for one in records[1:])
    assert sorted(ids(by_record(gallery, [records[2].id]))) == sorted(one.id for one in records[:2])


def test_their_cameras_are_left_out_where_other_cameras_only_are_asked_for():
    gallery, records = filled()
    own = [next(one for one in records if one.camid == camid) for camid in (1, 2)]
    answer = by_record(gallery, [one.id for one in own], k=200, other_cameras_only=True)
    expected = [one for one in records if one.camid not in (1, 2)]
    assert sorted(ids(answer)) == sorted(one.id for one in expected)
    assert any(one.camid is None for one in expected)  # nobody knows that these are of those cameras


def test_filters_hold_as_well():
    gallery, records = filled()
    own = next(one for one in records if one.camid == 1)
    where = Where(cameras=(1, 2), not_tracks=((2, 5),), since=START + 50)
    for found in by_record(gallery, [own.id], k=200, where=where, other_cameras_only=True).hits:
        assert found.record.camid == 2
        assert found.record.time >= START + 50


def test_the_camera_of_the_records_is_what_the_calibration_sees_where_it_is_one():
    gallery, records = filled()
    one, two = (next(record for record in records if record.camid == camid) for camid in (1, 2))
    for found in by_record(gallery, [one.id], calibration=FakeCalibration()).hits:
        less = (1 + (found.record.camid or 0)) / 100
        assert found.probability == pytest.approx((1 + found.similarity) / 2 - less)
    for found in by_record(gallery, [one.id, two.id], calibration=FakeCalibration()).hits:
        assert found.probability == pytest.approx((1 + found.similarity) / 2)


def test_a_record_that_is_asked_twice_counts_once():
    gallery, records = filled()
    one, two = records[0].id, records[1].id
    twice, once = by_record(gallery, [one, one, two], k=10), by_record(gallery, [one, two], k=10)
    assert [(found.record.id, found.similarity) for found in twice.hits] == [
        (found.record.id, found.similarity) for found in once.hits
    ]


def test_the_similarity_is_the_cosine_to_the_record():
    gallery, records = filled()
    for found in by_record(gallery, [records[0].id], k=5, expand=2, rerank=True).hits:
        assert found.similarity == pytest.approx(cosine(found.record.embedding, records[0].embedding), abs=1e-6)


def test_a_record_that_is_not_there_is_named():
    gallery, records = filled(10)
    with pytest.raises(NoSuchRecord, match=r"no record '0{32}'"):
        by_record(gallery, [records[0].id, "0" * 32])


@pytest.mark.parametrize("number", [0, 65])
def test_no_record_or_too_many_are_refused(number):
    gallery, records = filled(70)
    with pytest.raises(ValueError, match=rf"^{number} records are asked about; give 1 \.\. 64\.$"):
        by_record(gallery, [one.id for one in records[:number]])
