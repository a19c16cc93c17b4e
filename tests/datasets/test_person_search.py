import os
import pickle
import warnings

import numpy as np
import pytest
import scipy.io

from passerby.datasets import person_search
from passerby.datasets.person_search import load
from passerby.evaluation.describe import describe
from passerby.types import Crop

pytestmark = pytest.mark.filterwarnings("ignore:.*are not searched in 100 scenes")  # made-up galleries are small

NONE = np.empty((0, 0))


def structs(*rows):
    """A MATLAB struct array of 1 x n from dicts with the same keys."""
    made = np.empty((1, len(rows)), dtype=[(name, object) for name in rows[0]])
    for index, row in enumerate(rows):
        made[0, index] = tuple(row.values())
    return made


def box(*numbers):
    return np.array([numbers], np.float64)


def place(scene, where=NONE):
    return {"imname": scene, "idlocate": where, "ishard": np.zeros((1, 1), np.uint8) if where.size else NONE}


IMAGES = {
    "s1.jpg": [(1, 2, 10, 20), (30, 2, 10, 20)],
    "s2.jpg": [(5, 6, 11, 21)],
    "s3.jpg": [(7, 8, 12, 22), (50, 8, 12, 22)],
    "s4.jpg": [(9, 9, 13, 23)],
    "s5.jpg": [(1, 1, 4, 8)],
}
TRAIN = {"p7": [("s1.jpg", (1, 2, 10, 20)), ("s2.jpg", (5, 6, 11, 21))], "p3": [("s1.jpg", (30, 2, 10, 20))]}
TEST = [
    ("p20", ("s5.jpg", (1, 1, 4, 8)), [("s4.jpg", None), ("s3.jpg", (50, 8, 12, 22))]),
    ("p10", ("s4.jpg", (9, 9, 13, 23)), [("s3.jpg", (7, 8, 12, 22))]),
]


def tree(root, images=IMAGES, train=TRAIN, test=TEST, size=100, files=IMAGES):
    """Annotations nested as the real ones are, and empty scenes."""
    lists = root / "annotation" / "test" / "train_test"
    lists.mkdir(parents=True)
    (root / "Image" / "SSM").mkdir(parents=True)
    for scene in files:
        (root / "Image" / "SSM" / scene).touch()
    seen = [
        {
            "imname": scene,
            "nAppear": len(boxes),
            "box": structs(*({"idlocate": box(*one), "ishard": 0} for one in boxes)) if boxes else NONE,
        }
        for scene, boxes in images.items()
    ]
    scipy.io.savemat(root / "annotation" / "Images.mat", {"Img": structs(*seen)}, do_compression=True)
    people = np.empty((len(train), 1), dtype=object)
    for index, (name, places) in enumerate(train.items()):
        scenes = structs(*(place(scene, box(*where)) for scene, where in places)) if places else NONE
        people[index, 0] = structs({"idname": name, "nAppear": len(places), "scene": scenes})
    scipy.io.savemat(lists / "Train.mat", {"Train": people}, do_compression=True)
    searches = [
        {
            "Query": structs({**place(query[0], box(*query[1])), "idname": person}),
            "Gallery": structs(*(place(scene, NONE if where is None else box(*where)) for scene, where in gallery))
            if gallery
            else NONE,
        }
        for person, query, gallery in test
    ]
    scipy.io.savemat(lists / f"TestG{size}.mat", {f"TestG{size}": structs(*searches)}, do_compression=True)
    return root


def boxes(*numbers):
    return tuple(map(float, numbers))


def test_training_people_are_numbered_in_the_order_of_the_list(tmp_path):
    people = load(tree(tmp_path))
    scenes = tmp_path / "Image" / "SSM"
    assert (people.name, people.version) == ("person_search", "gallery 100")
    assert people.train == (
        Crop(scenes / "s1.jpg", 1, box=boxes(1, 2, 10, 20)),
        Crop(scenes / "s2.jpg", 1, box=boxes(5, 6, 11, 21)),
        Crop(scenes / "s1.jpg", 2, box=boxes(30, 2, 10, 20)),
    )


def test_each_query_has_a_gallery_of_the_boxes_of_its_scenes(tmp_path):
    people = load(tree(tmp_path))
    scenes = tmp_path / "Image" / "SSM"
    assert people.query == (
        Crop(scenes / "s5.jpg", 3, box=boxes(1, 1, 4, 8)),
        Crop(scenes / "s4.jpg", 4, box=boxes(9, 9, 13, 23)),
    )
    assert people.gallery == (
        Crop(scenes / "s3.jpg", 4, box=boxes(7, 8, 12, 22)),
        Crop(scenes / "s3.jpg", 3, box=boxes(50, 8, 12, 22)),
        Crop(scenes / "s4.jpg", 4, box=boxes(9, 9, 13, 23)),
    )
    assert people.galleries == {0: (2, 0, 1), 1: (0, 1)}


def test_a_box_of_nobody_is_a_distractor(tmp_path):
    people = load(tree(tmp_path, images={**IMAGES, "s3.jpg": [*IMAGES["s3.jpg"], (0, 0, 3, 3)]}))
    assert [crop.pid for crop in people.gallery] == [4, 3, 0, 4]
    assert people.galleries[1] == (0, 1, 2)


def test_a_box_of_two_people_stands_there_once_for_each(tmp_path):
    test = [TEST[0], ("p10", TEST[1][1], [("s3.jpg", (50, 8, 12, 22))])]
    people = load(tree(tmp_path, test=test))
    assert [(crop.pid, crop.box[0]) for crop in people.gallery] == [(0, 7.0), (3, 50.0), (4, 50.0), (4, 9.0)]


def test_one_person_may_be_searched_for_twice(tmp_path):
    people = load(tree(tmp_path, test=[*TEST, ("p20", ("s3.jpg", (50, 8, 12, 22)), [("s5.jpg", (1, 1, 4, 8))])]))
    assert [crop.pid for crop in people.query] == [3, 4, 3]
    assert people.gallery[people.galleries[2][0]].pid == 3


def test_the_galleries_are_made_when_asked_for_and_hold_like_a_mapping(tmp_path):
    galleries = load(tree(tmp_path)).galleries
    assert (len(galleries), list(galleries), 2 in galleries, -1 in galleries) == (2, [0, 1], False, False)
    with pytest.raises(KeyError):
        galleries[2]
    assert pickle.loads(pickle.dumps(galleries)) == galleries


@pytest.mark.parametrize("size", person_search.SIZES)
def test_the_size_of_the_galleries_chooses_the_list_and_a_gallery_of_another_size_is_told(tmp_path, size):
    told = rf"TestG{size}\.mat: 2 of 2 queries are not searched in {size} scenes \(query 1 in 2\)"
    with pytest.warns(UserWarning, match=told):
        people = load(tree(tmp_path, size=size), size=size)
    assert people.version == f"gallery {size}"
    with pytest.warns(UserWarning, match=told):
        assert person_search.VARIANTS[f"gallery_{size}"](tmp_path) == people


def test_there_is_a_variant_for_each_size():
    assert list(person_search.VARIANTS) == [f"gallery_{size}" for size in person_search.SIZES]
    assert set(person_search.OFFICIAL) == {f"gallery {size}" for size in person_search.SIZES}


def test_another_size_is_refused_and_a_missing_one_named(tmp_path):
    with pytest.raises(ValueError, match="size is 60; give one of 50, 100, 500, 1000, 2000, 4000"):
        load(tree(tmp_path), size=60)
    with pytest.raises(FileNotFoundError, match=r"No annotation/test/train_test/TestG50\.mat in .*; get Person Search"):
        load(tmp_path, size=50)


@pytest.mark.parametrize("part", ["annotation/Images.mat", "Image/SSM", "annotation/test/train_test/Train.mat"])
def test_a_missing_part_is_named_with_where_to_get_it(tmp_path, part):
    tree(tmp_path / "dataset")
    os.rename(tmp_path / "dataset" / part, tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError, match=rf"No {part} in .*; get Person Search .* from http.* so that .*{part}"):
        load(tmp_path / "dataset")


def test_the_folder_above_is_told_where_to_look(tmp_path):
    tree(tmp_path / "dataset")
    with pytest.raises(FileNotFoundError, match=r"there is one in .*dataset: give that folder"):
        load(tmp_path)


@pytest.mark.parametrize("scene", ["s2.jpg", "s3.jpg", "s5.jpg"])
def test_a_missing_scene_of_training_gallery_or_query_is_named(tmp_path, scene):
    with pytest.raises(FileNotFoundError, match=rf"1 of \d pictures in .*SSM .* are not there \({scene}\)"):
        load(tree(tmp_path, files=[name for name in IMAGES if name != scene]))


@pytest.mark.parametrize(
    ("images", "reason", "pids"),
    [
        ({"s3.jpg": [*IMAGES["s3.jpg"], (4, 4, 0, 9)]}, "1 boxes of the galleries have no width or height", [4, 3, 4]),
        ({"s3.jpg": [*IMAGES["s3.jpg"], (7, 8, 12, 22)]}, "1 boxes stand twice in one scene", [4, 3, 4]),
        ({"s3.jpg": IMAGES["s3.jpg"][:1]}, "lacks 1 boxes of queries' people; they are added", [4, 3, 4]),
    ],
)
def test_boxes_that_are_left_out_or_added_are_told(tmp_path, images, reason, pids):
    with pytest.warns(UserWarning, match=reason):
        people = load(tree(tmp_path, images={**IMAGES, **images}))
    assert [crop.pid for crop in people.gallery] == pids


def test_a_scene_that_stands_twice_in_a_gallery_counts_once_and_is_told(tmp_path):
    test = [(*TEST[0][:2], [*TEST[0][2], ("s4.jpg", None)]), TEST[1]]
    with pytest.warns(UserWarning, match="1 scenes stand twice in one gallery; they count once"):
        assert load(tree(tmp_path, test=test)).galleries == {0: (2, 0, 1), 1: (0, 1)}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"test": [(*TEST[0][:2], []), TEST[1]]}, r"TestG100\.mat, query 1 has an empty gallery"),
        (
            {"images": {**IMAGES, "s3.jpg": []}, "test": [(*TEST[0][:2], [("s3.jpg", None)])]},
            r"TestG100\.mat, query 1: no scene of its gallery has a box",
        ),
        ({"test": [("p7", *TEST[0][1:])]}, r"TestG100\.mat: p7 is a training person too"),
        ({"test": [("", *TEST[0][1:])]}, r"TestG100\.mat, query 1 has no idname"),
        ({"test": [("p20", ("s5.jpg", (1, 1, 4)), TEST[0][2])]}, r"query 1: a box in s5\.jpg is not x, y, w, h"),
        ({"test": [("p20", ("s5.jpg", (1, 1, 0, 4)), TEST[0][2])]}, r"box of .*s5\.jpg is .* with w and h above 0"),
        ({"test": [("p20", ("s5.jpg", (1, 1, np.nan, 4)), TEST[0][2])]}, r"a box in s5\.jpg is not x, y, w, h"),
        ({"test": [("p20", ("../s5.jpg", (1, 1, 4, 8)), TEST[0][2])]}, "imname is not the name of a picture"),
        ({"test": [(*TEST[0][:2], [("../../s3.jpg", None)])]}, "imname is not the name of a picture"),
        ({"images": {name: IMAGES[name] for name in ("s1.jpg", "s4.jpg")}}, r"lacks 1 scenes of .* \(s3\.jpg\)"),
        ({"train": {**TRAIN, "p3": []}}, r"Train\.mat, person 2: p3 has no box"),
        ({"train": {"": TRAIN["p3"]}}, r"Train\.mat, person 1 has no idname"),
        ({"train": {"p3": [("s1.jpg", (1, 1))]}}, r"Train\.mat, person 1: a box in s1\.jpg is not x, y, w, h"),
    ],
)
def test_annotations_with_a_mistake_are_refused(tmp_path, changes, reason):
    with pytest.raises(ValueError, match=reason):
        load(tree(tmp_path, **changes))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (
            "Images.mat",
            {"Img": structs(*({"imname": "s3.jpg", "box": NONE},) * 2)},
            "image 2: s3.jpg stands there twice",
        ),
        ("Images.mat", {"Img": structs({"imname": "s3.jpg", "nAppear": 1})}, "image 1 has no box with idlocate"),
        ("Images.mat", {"x": 1}, r"cannot be read as a MATLAB file \(it has no Img"),
        ("test/train_test/Train.mat", {"Train": np.empty((0, 1), dtype=object)}, "has no people"),
        ("test/train_test/Train.mat", {"Train": np.array([["p1"], ["p2"]], dtype=object)}, "a cell is not a struct"),
        ("test/train_test/TestG100.mat", {"TestG100": np.empty((1, 0), dtype=[("Query", object)])}, "has no queries"),
        ("test/train_test/TestG100.mat", {"TestG100": structs({"Query": NONE, "Gallery": NONE})}, "has no Query"),
        ("test/train_test/TestG100.mat", {"TestG50": structs({"Query": NONE, "Gallery": NONE})}, "it has no TestG100"),
    ],
)
def test_a_file_that_is_built_otherwise_is_refused(tmp_path, name, content, reason):
    tree(tmp_path)
    scipy.io.savemat(tmp_path / "annotation" / name, content)
    with pytest.raises(ValueError, match=rf"{name.split('/')[-1]}.*{reason}"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["Images.mat", "test/train_test/Train.mat", "test/train_test/TestG100.mat"])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + b"\x89HDF\r\n\x1a\n", "version 7.3 .*save it with -v7"),
        (b"", "is not a MATLAB file"),
        (b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + b"\x0e\0\0\0\xff\0\0\0", "it ends too early"),
    ],
)
def test_a_file_that_is_none_of_matlab_version_5_to_7_is_named(tmp_path, name, data, reason):
    (tree(tmp_path) / "annotation" / name).write_bytes(data)
    with pytest.raises(ValueError, match=rf"{name.split('/')[-1]} .*{reason}"):
        load(tmp_path)


def test_right_answers_are_counted_in_each_querys_own_gallery(tmp_path):
    """One person is searched for twice; the second time no scene of the gallery shows it, the first time one does."""
    test = [*TEST, ("p20", ("s2.jpg", (5, 6, 11, 21)), [("s4.jpg", None)])]
    found = describe(load(tree(tmp_path, test=test)))
    assert (found.right, found.right_range, found.unanswered, found.cameras) == (2, (0, 1), 1, False)


def test_a_set_of_the_official_form_gives_the_counts_of_its_lists(tmp_path):
    """100 scenes for each of 40 queries, with 1 to 4 boxes of the query's person among them."""
    rng = np.random.default_rng(0)
    images = {f"s{index}.jpg": [(x, 1, 9, 19) for x in range(1 + index % 7)] for index in range(300)}
    test, entries = [], 0
    for query in range(40):
        scenes = rng.permutation(299)[:100]
        shown = 1 + query % 4
        entries += shown
        gallery = [(f"s{scene}.jpg", (0, 1, 9, 19) if index < shown else None) for index, scene in enumerate(scenes)]
        test.append((f"q{query}", ("s299.jpg", (query % 6, 1, 9, 19)), gallery))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        people = load(tree(tmp_path, images=images, test=test, files=images))
    assert len(people.query) == 40
    for index, query in enumerate(people.query):
        wanted = [(scene, x) for scene, _ in test[index][2] for x in range(1 + int(scene[1:-4]) % 7)]
        gallery = [people.gallery[row] for row in people.galleries[index]]
        assert list(dict.fromkeys((crop.path.name, int(crop.box[0])) for crop in gallery)) == wanted
        assert sum(crop.pid == query.pid for crop in gallery) == 1 + index % 4
    found = describe(people)
    assert (found.right, found.right_range, found.unanswered) == (entries, (1, 4), 0)
