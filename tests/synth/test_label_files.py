import pytest
from scipy.io import loadmat

from passerby.synth.label_files import label_files
from passerby.synth.people import people

# the fields of the real files, in their order
MARKET_TEST = (
    "age backpack bag handbag clothes down up hair hat gender upblack upwhite upred uppurple upyellow upgray upblue "
    "upgreen downblack downwhite downpink downpurple downyellow downgray downblue downgreen downbrown image_index"
)
MARKET_TRAIN = (
    "age backpack bag handbag downblack downblue downbrown downgray downgreen downpink downpurple downwhite downyellow "
    "upblack upblue upgreen upgray uppurple upred upwhite upyellow clothes down up hair hat gender image_index"
)
DUKE_TRAIN = (
    "backpack bag handbag boots gender hat shoes top downblack downwhite downred downgray downblue downgreen downbrown "
    "upblack upwhite upred uppurple upgray upblue upgreen upbrown image_index"
)
DUKE_TEST = (
    "boots shoes top gender hat backpack bag handbag downblack downwhite downred downgray downblue downgreen downbrown "
    "upblack upwhite upred upgray upblue upgreen uppurple upbrown image_index"
)
TRAIN, TEST = [1, 2, 5, 8, 9, 11, 12], [3, 4, 6, 7, 10]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labels")
    label_files(folder, people(12, seed=0), TRAIN, TEST)
    return folder


def read(folder, name):
    return loadmat(folder / f"{name}.mat")[name]


@pytest.mark.parametrize(
    ("name", "order", "fields"),
    [
        ("market_attribute", ("test", "train"), {"test": MARKET_TEST, "train": MARKET_TRAIN}),
        ("duke_attribute", ("train", "test"), {"train": DUKE_TRAIN, "test": DUKE_TEST}),
    ],
)
def test_a_file_is_built_as_the_real_one(folder, name, order, fields):
    struct = read(folder, name)
    assert struct.shape == (1, 1)
    assert struct.dtype.names == order
    for part, pids in (("train", TRAIN), ("test", TEST)):
        inner = struct[0, 0][part]
        assert inner.shape == (1, 1)
        assert " ".join(inner.dtype.names) == fields[part]
        row = inner[0, 0]
        assert [cell.item() for cell in row["image_index"].ravel()] == [f"{pid:04d}" for pid in pids]
        for field in inner.dtype.names[:-1]:
            assert row[field].shape == (1, len(pids))
            assert row[field].dtype == "uint8"
            assert set(row[field].ravel()) <= ({1, 2, 3, 4} if field == "age" else {1, 2})


def test_the_files_say_what_the_people_are(folder):
    row = people(12, seed=0)
    market, duke = read(folder, "market_attribute"), read(folder, "duke_attribute")
    for part, pids in (("train", TRAIN), ("test", TEST)):
        told, also = market[0, 0][part][0, 0], duke[0, 0][part][0, 0]
        for place, pid in enumerate(pids):
            labels = row[pid - 1].labels
            assert told["gender"][0, place] == 1 + labels.female == also["gender"][0, place]
            assert told["hair"][0, place] == 1 + labels.long_hair
            assert told["up"][0, place] == 2 - labels.long_sleeves
            assert told["down"][0, place] == 1 + labels.short_lower
            assert told["clothes"][0, place] == 2 - labels.dress
            assert told["age"][0, place] == labels.age
            assert told["backpack"][0, place] == 1 + labels.backpack == also["backpack"][0, place]
            assert also["boots"][0, place] == 1 + labels.boots
            assert also["shoes"][0, place] == 1 + labels.light_shoes
            assert also["top"][0, place] == 1 + labels.long_top
            flags = {field for field in MARKET_TEST.split() if field.startswith("up") and field != "up"}
            named = {field for field in flags if told[field][0, place] == 2}
            assert named == ({f"up{labels.upper}"} & flags)


def test_the_same_labels_give_the_same_bytes(folder, tmp_path):
    label_files(tmp_path, people(12, seed=0), TRAIN, TEST)
    for name in ("market_attribute.mat", "duke_attribute.mat"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
