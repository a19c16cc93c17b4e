import re
from collections import Counter
from dataclasses import replace

import pytest

from passerby.synth.camera import cameras
from passerby.synth.plan import GALLERY, HAND, QUERY, TRAIN, pids, plan
from passerby.synth.request import Request

ASKED = Request(
    train_ids=30, test_ids=40, cameras=6, seed=2, boxes="detector", junk=0.3, distractors=0.2, hand_share=0.5,
    height=128, width=64,
)  # fmt: skip
NAME = re.compile(r"(-1|\d{4})_c(\d+)s(\d+)_(\d{6})_(\d{2})\.jpg")


@pytest.fixture(scope="module")
def shots():
    return plan(ASKED)


def seen(shots, folder):
    """(pid, camera) of each file of a folder."""
    names = [shot.file.split("/")[1] for shot in shots if shot.file.startswith(f"{folder}/")]
    return [(int(found[1]), int(found[2])) for found in map(NAME.fullmatch, names)]


def test_names_are_those_of_market_and_no_two_are_equal(shots):
    files = [file for shot in shots for file in (shot.file, shot.also) if file]
    assert len(set(files)) == len(files)
    assert all(NAME.fullmatch(file.split("/")[1]) for file in files)
    assert [shot.number for shot in shots] == list(range(len(shots)))
    for shot in shots:
        assert int(NAME.fullmatch(shot.file.split("/")[1])[2]) == shot.camid


def test_train_and_test_people_are_mixed_and_disjoint(shots):
    train, test = pids(ASKED)
    assert sorted(train + test) == list(range(1, 71))
    assert train[0] < test[-1]
    assert test[0] < train[-1]
    assert {pid for pid, _ in seen(shots, TRAIN)} == set(train)
    assert {pid for pid, _ in seen(shots, GALLERY)} - {-1, 0} == set(test)
    assert {pid for pid, _ in seen(shots, QUERY)} == set(test)


def test_each_test_person_has_one_query_a_camera_and_an_answer_elsewhere(shots):
    queries, gallery = seen(shots, QUERY), seen(shots, GALLERY)
    assert len(set(queries)) == len(queries)
    assert set(queries) == {(pid, camid) for pid, camid in gallery if pid > 0}
    watched = Counter(pid for pid, _ in queries)
    assert min(watched.values()) >= 2
    assert max(watched.values()) <= 6
    assert 3.9 < len(queries) / ASKED.test_ids < 5.2


def test_people_have_about_as_many_pictures_as_in_market(shots):
    labelled = [pid for pid, _ in seen(shots, GALLERY) if pid > 0]
    assert 12 < len(labelled) / ASKED.test_ids < 23
    assert 12 < len(seen(shots, TRAIN)) / ASKED.train_ids < 23


def test_junk_and_distractors_come_as_asked_for(shots):
    gallery = seen(shots, GALLERY)
    labelled = sum(pid > 0 for pid, _ in gallery)
    assert sum(pid == -1 for pid, _ in gallery) == round(0.3 * labelled)
    assert sum(pid == 0 for pid, _ in gallery) == round(0.2 * labelled)
    for shot in shots:
        if shot.file.startswith(f"{GALLERY}/-1"):
            assert shot.box == "junk"
            assert shot.person < 70
        if shot.file.startswith(f"{GALLERY}/0000"):
            assert shot.person >= 70


def test_queries_are_boxed_by_hand_and_lie_in_gt_bbox_too(shots):
    for shot in shots:
        if shot.file.startswith(QUERY):
            assert shot.box == "hand"
            assert shot.also == shot.file.replace(QUERY, HAND)
            assert shot.file.endswith("_00.jpg")


def test_a_hand_drawn_box_of_gt_bbox_shows_the_instant_of_a_picture(shots):
    instants = {shot.moment for shot in shots if shot.box == "detector"}
    extra = [shot for shot in shots if shot.file.startswith(HAND)]
    assert extra
    assert all(shot.moment in instants for shot in extra)


def test_the_same_request_gives_the_same_plan(shots):
    assert plan(ASKED) == shots
    assert plan(replace(ASKED, seed=3)) != shots


def test_sixteen_cameras_differ():
    watching = cameras(16, seed=0)
    assert [camera.camid for camera in watching] == list(range(1, 17))
    assert len({camera.heading for camera in watching}) == 16
    assert min(camera.rows for camera in watching) < 64
    assert cameras(6, seed=0) == watching[:6]
    with pytest.raises(ValueError, match="give 1 to 16 cameras"):
        cameras(17, seed=0)
