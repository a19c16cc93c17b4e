import json
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import torch
from hypothesis import given
from hypothesis import strategies as st

from market_lists import protocol_data
from passerby.datasets import attributes, dukemtmc, market1501
from passerby.datasets._label_file import label_file
from passerby.evaluation.attribute_accuracy import attribute_accuracy
from passerby.types import Crop, PersonSet

HAT = {"hat": torch.tensor([[True, False], [False, True], [False, True], [False, False]])}


def test_every_picture_counts_also_one_for_which_nothing_is_right():
    (hat,) = attribute_accuracy({"hat": torch.tensor([0, 1, 0, 1])}, HAT).attributes
    assert (hat.name, hat.right, hat.majority_right, hat.pictures) == ("hat", 2, 2, 4)
    assert (hat.accuracy, hat.majority) == (0.5, 0.5)


def test_each_of_several_right_classes_is_right():
    accepted = {"colour": torch.tensor([[True, False, True], [True, True, False], [False, False, False]])}
    for classes, right in (([0, 0, 0], 2), ([2, 1, 1], 2), ([1, 2, 2], 0)):
        found = attribute_accuracy({"colour": torch.tensor(classes)}, accepted)
        assert (found.attributes[0].right, found.attributes[0].majority_right) == (right, 2)


def test_the_mean_is_over_attributes_and_the_order_is_that_of_the_labels():
    accepted = {"b": torch.eye(2, dtype=torch.bool), "a": torch.ones(2, 3, dtype=torch.bool)}
    found = attribute_accuracy({"a": torch.tensor([2, 0]), "b": torch.tensor([0, 0])}, accepted)
    assert [one.name for one in found.attributes] == ["b", "a"]
    assert (found.mean, found.majority_mean) == (0.75, 0.75)


@given(seed=st.integers(0, 10**6), pictures=st.integers(1, 20), classes=st.integers(1, 5))
def test_accuracy_and_majority_are_loops_over_pictures(seed, pictures, classes):
    rng = np.random.default_rng(seed)
    accepted = rng.random((pictures, classes)) < 0.4
    predicted = rng.integers(0, classes, pictures)
    (found,) = attribute_accuracy({"x": torch.from_numpy(predicted)}, {"x": torch.from_numpy(accepted)}).attributes
    assert found.right == sum(bool(accepted[n][predicted[n]]) for n in range(pictures))
    assert found.majority_right == max(sum(bool(row[c]) for row in accepted) for c in range(classes))


def test_the_result_keeps_what_it_depends_on_and_becomes_a_table_and_json():
    found = attribute_accuracy({"hat": torch.tensor([0, 1, 0, 0])}, HAT, protocol={"data": "drawn", "rule": "R"})
    assert found.cells() == (
        ["attribute", "accuracy", "majority", "right", "pictures"],
        [["hat", "50.0", "50.0", "2", "4"], ["mean", "50.0", "50.0", "", ""]],
    )
    assert found.notes[0] == "In percent of 4 pictures, by the rule of the label authors: R."
    document = json.loads(found.to_json())
    assert document == {
        "mean": 0.5,
        "majority_mean": 0.5,
        "protocol": {"data": "drawn", "rule": "R"},
        "attributes": {"hat": {"accuracy": 0.5, "majority": 0.5, "right": 2, "majority_right": 2, "pictures": 4}},
    }


WRONG = [
    ({}, HAT, "only labelled: hat"),
    ({"hat": torch.zeros(4, dtype=torch.int64), "bag": torch.zeros(4, dtype=torch.int64)}, HAT, "only predicted: bag"),
    ({"bag": torch.zeros(4, dtype=torch.int64)}, HAT, "only predicted: bag; only labelled: hat"),
    ({}, {}, "there are none"),
    ({"hat": torch.zeros(3, dtype=torch.int64)}, HAT, r"hat are torch.int64 \(3,\); give int64 of shape \(4,\)"),
    ({"hat": torch.zeros(4, 2, dtype=torch.int64)}, HAT, r"hat are torch.int64 \(4, 2\); give int64 of shape \(4,\)"),
    ({"hat": torch.zeros(4)}, HAT, r"hat are torch.float32 \(4,\)"),
    ({"hat": torch.full((4,), float("nan"))}, HAT, r"hat are torch.float32 \(4,\)"),
    ({"hat": torch.tensor([0, 1, 2, -1])}, HAT, r"2 predictions of hat are no class \(such as 2\); give 0 .. 1"),
    ({"hat": torch.zeros(0, dtype=torch.int64)}, {"hat": torch.zeros(0, 2, dtype=torch.bool)}, "labels of 0 pictures"),
    ({"hat": torch.zeros(4, dtype=torch.int64)}, {"hat": torch.zeros(4, 0, dtype=torch.bool)}, "give bool of shape"),
    ({"hat": torch.zeros(4, dtype=torch.int64)}, {"hat": torch.zeros(4, dtype=torch.bool)}, "give bool of shape"),
    ({"hat": torch.zeros(4, dtype=torch.int64)}, {"hat": torch.zeros(4, 2)}, "torch.float32"),
    (
        {"hat": torch.zeros(4, dtype=torch.int64), "bag": torch.zeros(3, dtype=torch.int64)},
        {**HAT, "bag": torch.zeros(3, 2, dtype=torch.bool)},
        "labels of 3, 4 pictures",
    ),
]


@pytest.mark.parametrize(("predicted", "accepted", "message"), WRONG)
def test_what_does_not_fit_is_refused(predicted, accepted, message):
    with pytest.raises(ValueError, match=message):
        attribute_accuracy(predicted, accepted)


# The real label files and lists. What follows reads them without the library, to compare it with.

MARKET_COLUMNS = [
    ("gender", "gender"), ("hair_length", "hair"), ("age", "age"), ("sleeve_length", "up"), ("lower_length", "down"),
    ("lower_type", "clothes"), ("hat", "hat"), ("backpack", "backpack"), ("bag", "bag"), ("handbag", "handbag"),
    ("upper_colour", "up black white red purple gray blue green yellow"),
    ("lower_colour", "down black white pink gray blue green brown yellow purple"),
]  # fmt: skip
"""Our name, and the field or the prefix and colours of a column, in the order in which the authors' columns stand."""
DUKE_COLUMNS = [
    ("gender", "gender"), ("upper_length", "top"), ("shoe_type", "boots"), ("hat", "hat"), ("backpack", "backpack"),
    ("bag", "bag"), ("handbag", "handbag"), ("shoe_colour", "shoes"),
    ("upper_colour", "up black white red purple gray blue green brown"),
    ("lower_colour", "down black white red gray blue green brown"),
]  # fmt: skip
MAJORITY = {
    "market1501": {
        **{"gender": 0.559, "hair_length": 0.639, "age": 0.871, "sleeve_length": 0.935, "lower_length": 0.670},
        **{"lower_type": 0.881, "hat": 0.971, "backpack": 0.749, "bag": 0.757, "handbag": 0.905},
    },
    "dukemtmc": {
        **{"gender": 0.617, "upper_length": 0.878, "shoe_type": 0.778, "hat": 0.752, "backpack": 0.546},
        # 14,773 of 17,661 are .83648; where three digits are printed, .837 may stand, rounded twice
        **{"bag": 0.8365, "handbag": 0.936, "shoe_colour": 0.884},
    },
}
NO_COLOUR = {"market1501": {"train": (1_240, 560), "test": (1_149, 788)},
             "dukemtmc": {"train": (122, 0), "test": (282, 307)}}  # fmt: skip
PICTURES = {"market1501": 13_115, "dukemtmc": 17_661}
LABELS = {"market1501": attributes.market, "dukemtmc": attributes.duke}


def pids_of(name, split):
    prefix = {"market1501": "market1501", "dukemtmc": "dukeMTMC"}[name]
    lines = (protocol_data(name) / f"{prefix}_{split}.csv").read_text().splitlines()
    return [int(line.split(",")[0]) for line in lines]


@pytest.fixture(scope="module", params=PICTURES)
def real(request):
    """A real set by name: its labels, its training crops and its whole gallery, as the library reads them."""
    name = request.param
    module = {"market1501": market1501, "dukemtmc": dukemtmc}[name]
    variable = {"market1501": "market_attribute", "dukemtmc": "duke_attribute"}[name]
    labels = label_file(protocol_data(name) / module.LABELS, variable, title=module.TITLE)
    sides = {
        side: tuple(Crop(Path(f"{side}{n}"), pid) for n, pid in enumerate(pids_of(name, split)))
        for side, split in (("train", "train"), ("gallery", "test"))
    }
    return PersonSet(name=name, attributes=labels, **sides)


def pictures_of_people(data):
    return [crop for crop in data.gallery if crop.pid > 0]


def table(name, split):
    """Field to code by pid, as scipy reads one half of the label file."""
    variable = {"market1501": "market_attribute", "dukemtmc": "duke_attribute"}[name]
    file = protocol_data(name) / {"market1501": "market_attribute.mat", "dukemtmc": "duke_attribute.mat"}[name]
    half = scipy.io.loadmat(file)[variable][0, 0][split][0, 0]
    pids = [int(cell.item()) for cell in half["image_index"].ravel()]
    fields = [field for field in half.dtype.names if field != "image_index"]
    columns = {field: half[field].ravel().tolist() for field in fields}
    return {pid: {field: columns[field][row] for field in fields} for row, pid in enumerate(pids)}


def authors_rule(codes, pids, columns, predicted):
    """Right predictions of each column; predicted[n][c] is a code from 1, for a colour its place among the colours."""
    right = [0] * len(columns)
    for n, pid in enumerate(pids):
        for c, (_, what) in enumerate(columns):
            first, *colours = what.split()
            if colours:
                right[c] += codes[pid][f"{first}{colours[predicted[n][c] - 1]}"] == 2
            else:
                right[c] += codes[pid][first] == predicted[n][c]
    return right


def test_the_people_of_the_label_files_are_those_of_the_lists(real):
    halves = {split: set(table(real.name, split)) for split in ("train", "test")}
    assert halves["train"] == {crop.pid for crop in real.train}
    assert halves["test"] == {crop.pid for crop in pictures_of_people(real)}
    assert set(real.attributes) == halves["train"] | halves["test"]


def test_the_majority_class_reaches_what_is_known(real):
    crops = pictures_of_people(real)
    accepted = attributes.accepted(LABELS[real.name], real, crops)
    predicted = {name: right.sum(dim=0).argmax().repeat(len(crops)) for name, right in accepted.items()}
    found = attribute_accuracy(predicted, accepted)
    reached = {one.name: one.majority for one in found.attributes}
    assert {name: reached[name] for name in MAJORITY[real.name]} == pytest.approx(MAJORITY[real.name], abs=5e-4)
    assert {one.pictures for one in found.attributes} == {PICTURES[real.name]}
    assert all(one.right == one.majority_right for one in found.attributes)


def test_as_many_pictures_lack_a_colour_as_known(real):
    for split, crops in (("train", real.train), ("test", pictures_of_people(real))):
        accepted = attributes.accepted(LABELS[real.name], real, crops)
        none = tuple(int((~accepted[f"{part}_colour"].any(dim=1)).sum()) for part in ("upper", "lower"))
        assert none == NO_COLOUR[real.name][split]
        assert all((right.sum(dim=1) == 1).all() for name, right in accepted.items() if not name.endswith("_colour"))


@pytest.mark.parametrize("seed", range(3))
def test_random_predictions_count_as_by_the_authors_rule(real, seed):
    columns = {"market1501": MARKET_COLUMNS, "dukemtmc": DUKE_COLUMNS}[real.name]
    crops = pictures_of_people(real)
    pids = [crop.pid for crop in crops]
    accepted = attributes.accepted(LABELS[real.name], real, crops)
    assert {name for name, _ in columns} == set(accepted)
    rng = np.random.default_rng(seed)
    codes = np.stack([rng.integers(1, accepted[name].shape[1] + 1, len(pids)) for name, _ in columns], axis=1)
    expected = authors_rule(table(real.name, "test"), pids, columns, codes.tolist())
    predicted = {name: torch.from_numpy(codes[:, c] - 1) for c, (name, _) in enumerate(columns)}
    found = {one.name: one.right for one in attribute_accuracy(predicted, accepted).attributes}
    assert [found[name] for name, _ in columns] == expected


def test_the_order_of_the_fields_differs_between_train_and_test_of_market():
    variable = scipy.io.loadmat(protocol_data("market1501") / "market_attribute.mat")["market_attribute"][0, 0]
    one, other = (variable[half][0, 0].dtype.names for half in ("train", "test"))
    assert set(one) == set(other)
    assert one != other


def test_binary_labels_of_the_real_tests_have_one_right_class_each(real):
    function = {"market1501": attributes.market_binary, "dukemtmc": attributes.duke_binary}[real.name]
    accepted = attributes.accepted(function, real, pictures_of_people(real))
    assert len(accepted) == {"market1501": 27, "dukemtmc": 23}[real.name]
    assert all((right.sum(dim=1) == 1).all() for right in accepted.values())
