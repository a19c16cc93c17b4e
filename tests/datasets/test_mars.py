import gc
import os

import numpy as np
import pytest
import scipy.io

from passerby.datasets import mars
from passerby.evaluation.describe import describe
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


def test_the_queries_tracklets_can_be_taken_out_of_the_gallery(tmp_path):
    whole, rest = mars.load(tree(tmp_path, queries=[4])), mars.queries_removed(tmp_path)
    assert (whole.version, rest.version) == ("", "queries removed")
    assert (rest.train, rest.query) == (whole.train, whole.query)
    assert rest.gallery == tuple(crop for crop in whole.gallery if crop.trackid != 3)
    assert [describe(people).right for people in (whole, rest)] == [1, 1]
    assert describe(mars.queries_removed(tree(tmp_path / "both"))).unanswered == 2
    assert mars.VARIANTS["queries_removed"] is mars.queries_removed
    assert mars.OFFICIAL.keys() == mars.TRACKLETS.keys() == {whole.version, rest.version}


@pytest.mark.parametrize("on", [True, False])
def test_what_collects_garbage_is_left_as_it_was(tmp_path, on):
    tree(tmp_path / "good")
    tree(tmp_path / "bad", train=[[2, 2, 1, 1]])
    try:
        (gc.enable if on else gc.disable)()
        mars.load(tmp_path / "good")
        assert gc.isenabled() == on
        with pytest.raises(ValueError, match="frames count from 1"):
            mars.load(tmp_path / "bad")
        assert gc.isenabled() == on
    finally:
        gc.enable()


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
    told = r"1 of 4 pictures in .*0002 that .*test_name\.txt .* \(0002C5T0004F002\.jpg\), and 1 of 6 in all 3 folders"
    with pytest.raises(FileNotFoundError, match=told):
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
        (
            {"test_names": [*names(TEST)[:-1], names(TEST)[-2]]},
            r"test_name\.txt: 0002C5T0004F001\.jpg stands there twice; a picture stands there once",
        ),
        ({"queries": [-1]}, "query_IDX holds -1; indices count from 1 to 4"),
        ({"test_names": ["../0001C1T0001F001.jpg", *names(TEST)[1:]]}, "is not named as in MARS"),
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
        ({"train": changed(TRAIN, 2, 2, 2)}, r"mars has 1 of its people in train and in query or gallery \(pid 2\)"),
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


@pytest.mark.parametrize("name", ["tracks_train_info", "tracks_test_info", "query_IDX"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + b"\x89HDF\r\n\x1a\n", "version 7.3 .*save it with -v7"),
        (b"", "is not a MATLAB file"),
        ({"other": np.ones((2, 4))}, "has no (track_.*_info|query_IDX)"),
        ({"track_train_info": "x", "track_test_info": "x", "query_IDX": "x"}, "has no (track_.*_info|query_IDX)"),
    ],
)
def test_a_file_that_is_built_otherwise_is_named(tmp_path, name, content, reason):
    file = tree(tmp_path) / "info" / f"{name}.mat"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        scipy.io.savemat(file, content)
    with pytest.raises(ValueError, match=rf"{name}\.mat .*{reason}"):
        mars.load(tmp_path)
