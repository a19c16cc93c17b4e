from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from passerby.evaluation.common_protocol import common_protocol
from passerby.evaluation.digest import digest, digest_of_galleries
from passerby.evaluation.score import score
from passerby.types import Crop, Embeddings

CROP = Crop(Path("a.jpg"), 1, 2, trackid=3, box=(0, 1, 4, 8))


@pytest.mark.parametrize("kind", [np.int8, np.uint16, np.int32, np.int64, np.uint64])
def test_equal_crops_have_one_digest_whatever_the_type_of_their_whole_numbers(kind):
    other = Crop(Path("a.jpg"), kind(1), kind(2), trackid=kind(3), box=tuple(map(kind, CROP.box)))
    assert other == CROP
    assert digest([other]) == digest([CROP])


@pytest.mark.parametrize("kind", [float, np.float32, np.float64])
def test_equal_crops_have_one_digest_whatever_the_type_of_their_box(kind):
    other = replace(CROP, box=tuple(map(kind, CROP.box)))
    assert other == CROP
    assert digest([other]) == digest([CROP])
    assert digest([replace(CROP, box=(0.5, 1, 4, 8))]) != digest([CROP])


def test_of_the_folders_the_last_one_counts():
    told = digest([replace(CROP, path=Path("here/0001/a.jpg"))])
    assert digest([replace(CROP, path=Path("/far/there/0001/a.jpg"))]) == told
    assert digest([replace(CROP, path=Path("here/0002/a.jpg"))]) != told
    assert digest([replace(CROP, path=Path("here/0001/b.jpg"))]) != told


@pytest.mark.parametrize("name", ["a[7].jpg", "a[7]", "a.npz[x]", "a.npz[7].jpg", "npz[7]"])
def test_the_name_of_a_file_with_square_brackets_counts(name):
    assert digest([replace(CROP, path=Path(name))]) != digest([replace(CROP, path=Path(f"other{name}"))])


def test_the_name_of_a_row_of_a_file_of_vectors_does_not_count():
    rows = [replace(CROP, path=Path(name)) for name in ("a.npz[7]", "b.npz[123]", "folder/a.npz[0]")]
    assert len({digest([row]) for row in rows}) == 1


def test_the_time_of_a_crop_is_not_part_of_its_digest():
    assert digest([replace(CROP, time=7.5)]) == digest([CROP])


@pytest.mark.parametrize("number", ["camid", "trackid"])
def test_what_is_not_known_is_not_0(number):
    assert digest([replace(CROP, **{number: None})]) != digest([replace(CROP, **{number: 0})])


def test_a_crop_is_not_cut_elsewhere():
    crops = [Crop(Path("a"), 11, 1), Crop(Path("a"), 1, 11), Crop(Path("a1"), 1, 1)]
    assert len({digest([crop]) for crop in crops}) == 3


def test_a_digest_stays_the_same_from_version_to_version():
    crops = [CROP, Crop(Path("far/folder/b.jpg"), -1), Crop(Path("vectors.npz[7]"), 0, 0, box=(0.5, 0, 1, 2))]
    assert digest(crops) == "94dcc0ee21b2a0d3f2baca0959864d54b2a64785785c8fa0a2bdb6cebeb09b4f"
    galleries = digest_of_galleries({0: (4, 1, 3), 1: (0,)}, 2, 5)
    assert galleries == "ad8e1a8440ff811475ffc0401518dc3ffe4bf96f54e87b710af5c79d45075392"


@pytest.mark.parametrize("own", [(0, 1, 1), (1, 0), (1, 1, 0, 0), np.array([0, 1, 0], dtype=np.int16), [0, np.int8(1)]])
def test_a_gallery_that_names_a_crop_twice_is_the_same_gallery(own):
    assert digest_of_galleries({0: own}, 1, 2) == digest_of_galleries({0: (0, 1)}, 1, 2)
    side = Embeddings(torch.eye(2), (Crop(Path("a"), 1, 1), Crop(Path("b"), 2, 1)))
    common_protocol({str(other): score(side, side, galleries={0: (0, 1), 1: other}) for other in ((0, 1), own)})


def test_the_order_of_the_queries_matters_to_the_digest_of_galleries_and_that_of_the_mapping_does_not():
    one = digest_of_galleries({0: (0,), 1: (1,)}, 2, 2)
    assert digest_of_galleries({1: (1,), 0: (0,)}, 2, 2) == one
    assert digest_of_galleries({0: (1,), 1: (0,)}, 2, 2) != one


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ((), "The gallery of query 1 is empty"),
        ((0, 2), "The gallery of query 1 names crop 2; there are 2 crops"),
        ((-1,), "The gallery of query 1 names crop -1"),
        ((0.5,), "The gallery of query 1 holds float64"),
    ],
)
def test_galleries_that_cannot_be_searched_have_no_digest(own, message):
    with pytest.raises(ValueError, match=message):
        digest_of_galleries({0: (0,), 1: own}, 2, 2)
