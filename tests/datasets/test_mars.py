import os
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from market_lists import protocol_data
from passerby.datasets import _listed, mars
from passerby.datasets._matlab import matlab
from passerby.evaluation.answers import answers
from passerby.types import Crop

TRAIN = [[1, 2, 1, 1], [3, 3, 1, 2], [4, 4, 7, 6]]
TEST = [[1, 1, -1, 1], [2, 2, 0, 3], [3, 4, 2, 1], [5, 6, 2, 5]]
QUERIES = [4, 3]


def names(tracks):
    """Names of a made-up list that fits the tracklets."""
    return [
        f"{'00-1' if pid == -1 else f'{pid:04d}'}C{camid}T{number:04d}F{frame:03d}.jpg"
        for number, (first, last, pid, camid) in enumerate(tracks, start=1)
        for frame in range(1, last - first + 2)
    ]


def tree(root, train=TRAIN, test=TEST, queries=QUERIES, **listed):
    """Lists and empty frames; the loader reads names only."""
    (root / "info").mkdir(parents=True)
    for part, tracks in (("train", train), ("test", test)):
        files = listed.get(f"{part}_names") or names(tracks)
        (root / "info" / f"{part}_name.txt").write_text("\n".join(files))
        table = {f"track_{part}_info": np.array(tracks, np.int32)}
        scipy.io.savemat(root / "info" / f"tracks_{part}_info.mat", table)
        for name in files:
            frame = root / f"bbox_{part}" / name[:4] / name
            frame.parent.mkdir(parents=True, exist_ok=True)
            frame.touch()
    scipy.io.savemat(root / "info" / "query_IDX.mat", {"query_IDX": np.array([queries], np.int32)})
    return root


def test_each_frame_is_a_crop_of_its_tracklet(tmp_path):
    people = mars.load(tree(tmp_path))
    assert people.train[1] == Crop(tmp_path / "bbox_train" / "0001" / "0001C1T0001F002.jpg", 1, 1, 2.0, 0)
    assert [(crop.pid, crop.camid, crop.trackid) for crop in people.train] == [
        (1, 1, 0),
        (1, 1, 0),
        (1, 2, 1),
        (7, 6, 2),
    ]
    assert [(crop.pid, crop.camid, crop.time, crop.trackid) for crop in people.gallery] == [
        (-1, 1, 1.0, 0),
        (0, 3, 1.0, 1),
        (2, 1, 1.0, 2),
        (2, 1, 2.0, 2),
        (2, 5, 1.0, 3),
        (2, 5, 2.0, 3),
    ]
    assert people.gallery[0].path == tmp_path / "bbox_test" / "00-1" / "00-1C1T0001F001.jpg"


def test_queries_stand_in_their_order_and_stay_in_the_gallery(tmp_path):
    people = mars.load(tree(tmp_path))
    assert [crop.trackid for crop in people.query] == [3, 3, 2, 2]
    assert all(any(crop is other for other in people.gallery) for crop in people.query)


@pytest.mark.parametrize(
    "part", ["bbox_train", "bbox_test", "info/train_name.txt", "info/tracks_test_info.mat", "info/query_IDX.mat"]
)
def test_a_missing_part_is_named_with_where_to_get_it(tmp_path, part):
    tree(tmp_path / "MARS")
    os.rename(tmp_path / "MARS" / part, tmp_path / "MARS" / "elsewhere")
    with pytest.raises(FileNotFoundError, match=f"No {part} in .*; get MARS from http.* so that .*{part} exists"):
        mars.load(tmp_path / "MARS")


def test_the_folder_above_is_told_where_to_look(tmp_path):
    tree(tmp_path / "MARS")
    with pytest.raises(FileNotFoundError, match=r"there is one in .*MARS: give that folder"):
        mars.load(tmp_path)


def test_a_missing_frame_is_named(tmp_path):
    (tree(tmp_path) / "bbox_test" / "0002" / "0002C5T0004F002.jpg").unlink()
    with pytest.raises(FileNotFoundError, match=r"1 of 4 pictures in .*test_name\.txt .* \(0002C5T0004F002\.jpg\)"):
        mars.load(tmp_path)


def changed(tracks, row, column, value):
    return [
        [*entry[:column], value, *entry[column + 1 :]] if index == row else entry for index, entry in enumerate(tracks)
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"queries": [0, 1]}, r"query_IDX holds 0; indices count from 1 to 4; was it saved counting from 0\?"),
        ({"queries": [5]}, "query_IDX holds 5; indices count from 1 to 4"),
        ({"queries": [3, 3]}, "query_IDX holds 3 twice"),
        ({"queries": [1]}, "in query of mars has pid -1"),
        ({"queries": [2]}, "in query of mars has pid 0"),
        ({"test_names": [*names(TEST)[:-1], "2.jpg"]}, r"test_name\.txt: '2\.jpg' is not named as in MARS"),
        ({"test_names": [*names(TEST)[:-1], "0002C5T0004F002.png"]}, "is not named as in MARS"),
        ({"test_names": names(TEST)[:-1]}, "tracklets hold 6 frames and the list of names 5"),
        ({"test_names": [*names(TEST), names(TEST)[0]]}, "tracklets hold 6 frames and the list of names 7"),
        (
            {"test_names": [names(TEST)[0], *names(TEST)[2:], names(TEST)[1]]},
            r"0002C1T0003F001\.jpg stands in tracklet 2, which shows person 0 in camera 3",
        ),
        ({"test_names": names(changed(TEST, 3, 3, 1))}, "stands in tracklet 4, which shows person 2 in camera 5"),
        ({"train": changed(TRAIN, 2, 0, 5)}, r"a tracklet has the frames 5 \.\. 4 after frame 3"),
        ({"train": changed(TRAIN, 0, 0, 0)}, r"a tracklet has the frames 0 \.\. 2 after frame 0; frames count from 1"),
        ({"train": changed(TRAIN, 2, 2, -2), "train_names": names(TRAIN)}, "a tracklet has the pid -2"),
        ({"train": changed(TRAIN, 2, 2, -1)}, "in train of mars has pid -1"),
        ({"train": changed(TRAIN, 2, 2, 2)}, r"1 people of mars stand in train and in query or gallery \(pid 2\)"),
        (
            {"train": [row[:3] for row in TRAIN], "train_names": names(TRAIN)},
            "has no track_train_info with first frame",
        ),
    ],
)
def test_lists_with_a_mistake_are_refused(tmp_path, changes, reason):
    with pytest.raises(ValueError, match=reason):
        mars.load(tree(tmp_path, **changes))


def test_an_empty_list_is_refused(tmp_path):
    (tree(tmp_path) / "info" / "test_name.txt").write_text("")
    with pytest.raises(ValueError, match=r"test_name\.txt is empty"):
        mars.load(tmp_path)


def tracks(part):
    return matlab(protocol_data("mars") / f"tracks_{part}_info.mat")[f"track_{part}_info"]


@pytest.mark.parametrize(("part", "split"), [("train", "train"), ("test", "gallery")])
def test_the_real_tracklets_hold_the_official_frames_one_after_another(part, split):
    file = protocol_data("mars") / f"tracks_{part}_info.mat"
    frames = mars.OFFICIAL[""][split][0]
    found = list(mars._tracks(file, f"track_{part}_info", frames))
    assert (len(found), sum(last - first + 1 for first, last, _, _ in found)) == (mars.TRACKLETS[split], frames)
    with pytest.raises(ValueError, match=f"tracklets hold {frames} frames and the list of names {frames + 1}"):
        list(mars._tracks(file, f"track_{part}_info", frames + 1))


def test_the_real_queries_hold_the_official_frames():
    queries = matlab(protocol_data("mars") / "query_IDX.mat")["query_IDX"].ravel().astype(int) - 1
    first, last = tracks("test")[queries, :2].T
    assert int((last - first + 1).sum()) == mars.OFFICIAL[""]["query"][0]


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """MARS's tracklets, each cut to one frame (all of them take a quarter of a minute), with made-up names."""
    short = {}
    for part in ("train", "test"):
        rows = tracks(part).tolist()
        short[part] = [[number, number, pid, camid] for number, (_, _, pid, camid) in enumerate(rows, start=1)]
    queries = matlab(protocol_data("mars") / "query_IDX.mat")["query_IDX"].ravel().tolist()
    root = tmp_path_factory.mktemp("mars")
    with pytest.MonkeyPatch.context() as patch:
        there = {}
        for part, rows in short.items():
            for name in names(rows):
                there.setdefault(root / f"bbox_{part}" / name[:4], set()).add(name)
        patch.setattr(_listed, "files_in", there.__getitem__)
        patch.setattr(Path, "touch", lambda *_: None)
        return mars.load(tree(root, short["train"], short["test"], queries))


def test_the_real_tracklets_give_the_official_counts(real):
    for split, crops in (("train", real.train), ("query", real.query), ("gallery", real.gallery)):
        assert len({crop.pid for crop in crops} - {0, -1}) == mars.OFFICIAL[""][split][1]
        assert len(crops) == len({crop.trackid for crop in crops}) == mars.TRACKLETS[split]
        assert {crop.camid for crop in crops} == set(range(1, 7))


def test_the_real_tracklets_give_the_official_right_answers(real):
    assert (sum(crop.pid == -1 for crop in real.gallery), sum(crop.pid == 0 for crop in real.gallery)) == (870, 3_248)
    right = answers(real.query, real.gallery)
    assert (int(right.sum()), int((right == 0).sum())) == (21_813, 0)
    stay = {crop.trackid for crop in real.query}
    rest = [crop for crop in real.gallery if crop.trackid not in stay]
    right = answers(real.query, rest)
    assert (len(rest), int(right.sum()), int((right == 0).sum())) == (10_200, 16_761, 140)
