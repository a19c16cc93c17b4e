from collections import Counter
from functools import partial
from pathlib import Path

import pytest
import scipy.io

from market_lists import protocol_data
from passerby.datasets import attributes, dukemtmc, market1501
from passerby.datasets._label_file import label_file
from passerby.types import MISSING, Crop, PersonSet

MARKET = {
    **{"age": 3, "backpack": 1, "bag": 2, "handbag": 1, "clothes": 1, "down": 2, "up": 1, "hair": 2, "hat": 1},
    "gender": 2,
    **{f"up{colour}": 1 for colour in attributes.MARKET_UPPER},
    **{f"down{colour}": 1 for colour in attributes.MARKET_LOWER},
}
DUKE = {
    **{"backpack": 1, "bag": 2, "handbag": 1, "boots": 2, "gender": 2, "hat": 1, "shoes": 1, "top": 2},
    **{f"up{colour}": 1 for colour in attributes.DUKE_UPPER},
    **{f"down{colour}": 1 for colour in attributes.DUKE_LOWER},
}
FUNCTIONS = [
    (attributes.market, MARKET),
    (attributes.duke, DUKE),
    (attributes.market_binary, MARKET),
    (attributes.duke_binary, DUKE),
]


def people(rows, pids=None):
    train = tuple(Crop(Path(f"{pid}.jpg"), pid) for pid in pids or rows)
    return PersonSet(name="drawn", train=train, query=(Crop(Path("q.jpg"), 9000),), attributes=rows)


def test_codes_become_classes_from_0_in_the_order_of_the_heads():
    assert dict(attributes.market(people({2: {**MARKET, "upgray": 2, "downblue": 2}}))[2]) == {
        **{"gender": 1, "age": 2, "hair_length": 1, "sleeve_length": 0, "hat": 0, "backpack": 0, "bag": 1},
        **{"handbag": 0, "upper_colour": 4, "lower_length": 1, "lower_type": 0, "lower_colour": 4},
    }
    assert dict(attributes.duke(people({2: {**DUKE, "upbrown": 2, "downwhite": 2}}))[2]) == {
        **{"gender": 1, "upper_length": 1, "hat": 0, "backpack": 0, "bag": 1, "handbag": 0, "upper_colour": 7},
        **{"lower_colour": 1, "shoe_type": 1, "shoe_colour": 0},
    }


@pytest.mark.parametrize(
    ("function", "plain", "prefix", "name", "colours"),
    [
        (attributes.market, MARKET, "up", "upper_colour", "black white red purple gray blue green yellow"),
        (attributes.market, MARKET, "down", "lower_colour", "black white pink gray blue green brown yellow purple"),
        (attributes.duke, DUKE, "up", "upper_colour", "black white red purple gray blue green brown"),
        (attributes.duke, DUKE, "down", "lower_colour", "black white red gray blue green brown"),
    ],
)
def test_colours_have_a_fixed_order_and_the_first_of_several_counts(function, plain, prefix, name, colours):
    order = colours.split()
    for place, colour in enumerate(order):
        later = {f"{prefix}{other}": 2 for other in order[place:]}
        assert function(people({2: {**plain, f"{prefix}{colour}": 2}}))[2][name] == place
        assert function(people({2: {**plain, **later}}))[2][name] == place


def test_no_colour_is_missing_or_a_class_of_its_own():
    for function, plain, classes in ((attributes.market, MARKET, (8, 9)), (attributes.duke, DUKE, (8, 7))):
        row = function(people({2: plain}))[2]
        assert (row["upper_colour"], row["lower_colour"]) == (MISSING, MISSING)
        row = function(people({2: plain}), colour_missing="other_class")[2]
        assert (row["upper_colour"], row["lower_colour"]) == classes


def test_binary_labels_say_yes_or_no_for_each_colour():
    row = attributes.market_binary(people({2: {**MARKET, "upgray": 2, "upred": 2}}))[2]
    assert len(row) == 27
    assert (row["upper_gray"], row["upper_red"], row["upper_black"], row["age"]) == (1, 1, 0, 2)
    row = attributes.duke_binary(people({2: {**DUKE, "downred": 2}}))[2]
    assert len(row) == 23
    assert (row["lower_red"], row["lower_black"], row["upper_red"]) == (1, 0, 0)


@pytest.mark.parametrize("function", [attributes.duke, attributes.duke_binary])
def test_the_two_bad_tops_are_corrected_or_ignored(function):
    data = people({370: {**DUKE, "top": 0}, 679: {**DUKE, "top": 0}, 700: DUKE})
    assert [row["upper_length"] for row in function(data).values()] == [0, 1, 1]
    assert [row["upper_length"] for row in function(data, bad_top="ignore").values()] == [MISSING, MISSING, 1]


def test_a_bad_top_of_anybody_else_is_refused_and_a_good_one_is_kept():
    with pytest.raises(ValueError, match=r"top of pid 371 is 0; duke_attribute\.mat has 1 \.\. 2"):
        attributes.duke(people({371: {**DUKE, "top": 0}}))
    with pytest.raises(ValueError, match="hat of pid 370 is 0"):
        attributes.duke(people({370: {**DUKE, "hat": 0}}))
    assert attributes.duke(people({370: {**DUKE, "top": 2}}), bad_top="ignore")[370]["upper_length"] == 1


@pytest.mark.parametrize(("function", "plain"), FUNCTIONS)
def test_only_training_people_need_labels_and_get_classes(function, plain):
    data = people({7: plain, 2: plain, 9000: {"nonsense": 17}}, pids=[7, 2, 7])
    assert list(function(data)) == [2, 7]


@pytest.mark.parametrize(("function", "plain"), FUNCTIONS)
def test_training_people_without_labels_are_listed(function, plain):
    data = people({1: plain}, pids=[*range(1, 9)])
    with pytest.raises(ValueError, match=r"7 of 8 training people of drawn have .* \(pid 2, 3, 4, 5, 6, \.\.\.\)"):
        function(data)
    with pytest.raises(ValueError, match=r"1 of 2 training people of drawn have .* \(pid 2\)"):
        function(people({1: plain}, pids=[1, 2]))


@pytest.mark.parametrize(("function", "plain"), FUNCTIONS)
def test_a_set_without_labels_is_told_which_file_brings_them(function, plain):
    file = "market" if plain is MARKET else "duke"
    with pytest.raises(ValueError, match=rf"drawn has no attribute labels; put {file}_attribute\.mat into its folder"):
        function(people({}, pids=[1]))


@pytest.mark.parametrize(("field", "code"), [("age", 0), ("age", 5), ("hat", 3), ("upred", 0), ("downpink", -1)])
def test_another_code_is_refused_with_pid_field_and_value(field, code):
    for function in (attributes.market, attributes.market_binary):
        with pytest.raises(ValueError, match=f"{field} of pid 2 is {code}; market_attribute.mat has 1"):
            function(people({2: {**MARKET, field: code}}))


def test_the_other_sets_labels_are_refused():
    with pytest.raises(ValueError, match=r"pid 2 has no label 'top'; duke_attribute\.mat has one"):
        attributes.duke(people({2: MARKET}))
    with pytest.raises(ValueError, match="pid 2 has no label 'age'"):
        attributes.market(people({2: DUKE}))


def test_unknown_options_are_refused():
    with pytest.raises(ValueError, match="colour_missing is 'zero'; give ignore or other_class"):
        attributes.market(people({2: MARKET}), colour_missing="zero")
    with pytest.raises(ValueError, match="bad_top is 'zero'; give corrected or ignore"):
        attributes.duke_binary(people({2: DUKE}), bad_top="zero")


def real(folder, prefix, variable, file, title):
    """The training half of a real set: its pids in the order of the list, and its labels."""
    lines = (protocol_data(folder) / f"{prefix}_train.csv").read_text().splitlines()
    train = tuple(Crop(Path(path), int(pid)) for pid, path in (line.split(",") for line in lines))
    labels = label_file(protocol_data(folder) / file, variable, title=title)
    return PersonSet(name=folder, train=train, attributes=labels)


@pytest.fixture(scope="module")
def market():
    return real("market1501", "market1501", "market_attribute", market1501.LABELS, market1501.TITLE)


@pytest.fixture(scope="module")
def duke():
    return real("dukemtmc", "dukeMTMC", "duke_attribute", dukemtmc.LABELS, dukemtmc.TITLE)


def missing(data, found, name):
    """People and pictures without a class."""
    people = {pid for pid, row in found.items() if row[name] == MISSING}
    return len(people), sum(crop.pid in people for crop in data.train)


def test_market_people_without_a_colour_are_as_many_as_known(market):
    found = attributes.market(market)
    assert len(found) == 751
    assert missing(market, found, "upper_colour") == (78, 1_240)
    assert missing(market, found, "lower_colour") == (30, 560)
    assert all(missing(market, found, name) == (0, 0) for name in found[2] if not name.endswith("_colour"))
    counts = Counter(row["upper_colour"] for row in attributes.market(market, colour_missing="other_class").values())
    assert (counts[8], counts[MISSING], set(counts)) == (78, 0, set(range(9)))


def test_duke_people_without_a_colour_are_as_many_as_known(duke):
    found = attributes.duke(duke)
    assert len(found) == 702
    assert missing(duke, found, "upper_colour") == (1, 122)
    assert missing(duke, found, "lower_colour") == (0, 0)


def test_the_real_bad_tops_are_those_two_people(duke):
    assert {pid for pid, row in duke.attributes.items() if row["top"] == 0} == {370, 679}
    assert [attributes.duke(duke)[pid]["upper_length"] for pid in (370, 679)] == [0, 1]
    assert missing(duke, attributes.duke(duke, bad_top="ignore"), "upper_length")[0] == 2


@pytest.mark.parametrize("name", ["market1501", "dukemtmc"])
def test_the_real_files_are_read_as_scipy_reads_them(name, market, duke):
    data, variable, file = (
        (market, "market_attribute", market1501.LABELS)
        if name == "market1501"
        else (duke, "duke_attribute", dukemtmc.LABELS)
    )
    both = scipy.io.loadmat(protocol_data(name) / file)[variable][0, 0]
    for part in ("train", "test"):
        inner = both[part][0, 0]
        pids = [int(cell.item()) for cell in inner["image_index"].ravel()]
        for field in inner.dtype.names:
            if field != "image_index":
                assert [data.attributes[pid][field] for pid in pids] == inner[field].ravel().tolist()


def test_binary_labels_of_the_real_sets_miss_nothing(market, duke):
    for found in (attributes.market_binary(market), attributes.duke_binary(duke)):
        assert MISSING not in {value for row in found.values() for value in row.values()}


GALLERY = (Crop(Path("g1"), 5), Crop(Path("g2"), 3), Crop(Path("g3"), 5))


def right(function, rows, crops=GALLERY):
    """Attribute to the classes that are right for each crop."""
    data = PersonSet(name="drawn", gallery=tuple(crops), attributes=rows)
    found = attributes.accepted(function, data, crops)
    return {name: [row.nonzero().flatten().tolist() for row in each] for name, each in found.items()}


def test_a_code_has_one_right_class_and_a_colour_each_class_that_is_set():
    found = right(
        attributes.market, {5: {**MARKET, "upred": 2, "upyellow": 2, "downpurple": 2}, 3: {**MARKET, "age": 1}}
    )
    assert found["age"] == [[2], [0], [2]]
    assert found["upper_colour"] == [[2, 7], [], [2, 7]]
    assert found["lower_colour"] == [[8], [], [8]]
    found = right(attributes.duke, {5: {**DUKE, "upbrown": 2, "downbrown": 2}, 3: {**DUKE, "top": 1}})
    assert (found["upper_length"], found["upper_colour"], found["lower_colour"]) == (
        *([[1], [0], [1]], [[7], [], [7]]),
        [[6], [], [6]],
    )


def test_binary_labels_have_one_right_class_each():
    found = right(attributes.market_binary, {5: {**MARKET, "upred": 2, "upyellow": 2}, 3: MARKET})
    assert (found["upper_red"], found["upper_yellow"], found["upper_black"]) == ([[1], [0], [1]],) * 2 + ([[0]] * 3,)
    assert len(found) == 27
    assert len(right(attributes.duke_binary, {5: DUKE, 3: DUKE})) == 23


@pytest.mark.parametrize(("function", "plain"), FUNCTIONS)
def test_the_class_that_is_trained_is_right_in_a_test(function, plain):
    rows = {5: {**plain, "upgreen": 2, "downblack": 2}, 3: {**plain, "upblue": 2, "downblue": 2}}
    trained = function(PersonSet(name="drawn", train=GALLERY, attributes=rows))
    found = right(function, rows)
    assert list(found) == list(trained[5])
    for name, each in found.items():
        assert each == [[trained[crop.pid][name]] for crop in GALLERY]


def test_the_class_of_no_colour_is_never_right():
    function = partial(attributes.market, colour_missing="other_class")
    data = PersonSet(name="drawn", gallery=GALLERY, attributes={5: MARKET, 3: {**MARKET, "upred": 2}})
    found = attributes.accepted(function, data, GALLERY)
    assert (found["upper_colour"].shape, found["lower_colour"].shape, found["hat"].shape) == ((3, 9), (3, 10), (3, 2))
    assert not found["upper_colour"][:, 8].any()
    assert found["upper_colour"].sum().item() == 1


def test_a_bad_top_is_mended_or_has_no_right_class():
    crops = (Crop(Path("a"), 370), Crop(Path("b"), 679))
    rows = {370: {**DUKE, "top": 0}, 679: {**DUKE, "top": 0}}
    assert right(attributes.duke, rows, crops)["upper_length"] == [[0], [1]]
    assert right(partial(attributes.duke, bad_top="ignore"), rows, crops)["upper_length"] == [[], []]
    with pytest.raises(ValueError, match="top of pid 371 is 0"):
        right(attributes.duke, {371: {**DUKE, "top": 0}}, (Crop(Path("a"), 371),))


@pytest.mark.parametrize(
    ("function", "crops", "rows", "message"),
    [
        (dict, GALLERY, {5: MARKET, 3: MARKET}, "labels is 'dict'; .* known for market, duke, market_binary, duke_bin"),
        (attributes.market, (), {5: MARKET}, "There is no crop"),
        (
            attributes.market,
            (*GALLERY, Crop(Path("d"), 0)),
            {5: MARKET, 3: MARKET},
            r"1 of 4 crops show nobody .*\(d\)",
        ),
        (attributes.market, GALLERY, {5: MARKET}, r"1 of 2 test people of drawn have no attribute labels \(pid 3\)"),
        (attributes.market, GALLERY, {}, r"drawn has no attribute labels; put market_attribute\.mat"),
        (attributes.duke, GALLERY, {}, r"drawn has no attribute labels; put duke_attribute\.mat"),
        (attributes.market, GALLERY, {5: MARKET, 3: {**MARKET, "hat": 3}}, "hat of pid 3 is 3"),
        (attributes.duke, GALLERY, {5: MARKET, 3: MARKET}, "pid 3 has no label 'top'"),
        (partial(attributes.duke, bad_top="zero"), GALLERY, {5: DUKE, 3: DUKE}, "bad_top is 'zero'"),
    ],
)
def test_right_classes_of_odd_labels_are_refused(function, crops, rows, message):
    data = PersonSet(name="drawn", gallery=GALLERY, attributes=rows)
    with pytest.raises(ValueError, match=message):
        attributes.accepted(function, data, crops)
