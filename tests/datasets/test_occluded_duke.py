from passerby.datasets import occluded_duke
from passerby.datasets.official import official
from passerby.types import Crop

NAMES = {
    "bounding_box_train": ["0001_c2_f0046182.jpg"],
    "query": ["0005_c2_f0046985.jpg"],
    "bounding_box_test": ["0005_c5_f0051781.jpg", "0002_c1_f0044158.jpg"],
}  # what is refused stands with the tests of DukeMTMC-reID


def test_names_are_read_as_those_of_dukemtmc(tmp_path):
    for folder, files in NAMES.items():
        (tmp_path / folder).mkdir()
        for name in files:
            (tmp_path / folder / name).touch()
    people = occluded_duke.load(tmp_path)
    assert (people.name, people.version, people.attributes) == ("occluded_duke", "", {})
    assert people.query == (Crop(tmp_path / "query" / "0005_c2_f0046985.jpg", 5, 2, 46_985.0),)
    assert [(crop.pid, crop.camid) for crop in people.train + people.gallery] == [(1, 2), (2, 1), (5, 5)]
    assert "query has 1 pictures of 1 people; the official set has 2,210 of 519" in official(people)
