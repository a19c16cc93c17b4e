import random
import shutil
import warnings
import zlib

import h5py
import numpy as np
import pytest
import scipy.io
from PIL import Image

from passerby import cli
from passerby.datasets import _cuhk03_original, _hdf5, cuhk03

STORED = {
    "in one piece": {},
    "in chunks": {"chunks": (1, 4, 5)},
    "packed": {"chunks": (1, 4, 5), "compression": "gzip", "compression_opts": 3},
    "shuffled": {"chunks": (2, 6, 4), "compression": "gzip", "shuffle": True},
}
HEAD = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM"
PEOPLE = (2, 1, 1, 1, 1)


def picture(seed, height=11, width=7):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


SHOWN = {  # version, pair, person, cell: all from 1
    ("detected", 1, 1, 1): picture(1),
    ("detected", 1, 2, 6): picture(2, 13, 6),
    ("detected", 5, 1, 10): picture(3, 1, 1),
    ("labeled", 1, 1, 5): picture(4),
    ("labeled", 2, 1, 7): picture(5, 30, 20),
    ("labeled", 3, 1, 2): picture(6),
}
NAMES = {
    "detected": ["1_001_1_01.png", "1_002_2_06.png", "5_001_2_10.png"],
    "labeled": ["1_001_1_05.png", "2_001_2_07.png", "3_001_1_02.png"],
}


def original(path, shown=SHOWN, *, people=PEOPLE, put=None, **storage):
    """A file of HDF5's own library in the form of MATLAB 7.3; `put` may change what it holds before it is closed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", userblock_size=512) as file:
        cells = file.create_group("#refs#")

        def add(values, **how):
            return cells.create_dataset(f"{len(cells):x}", data=values, **how)

        for version in ("detected", "labeled"):
            pairs = np.empty((1, 5), dtype=h5py.ref_dtype)
            for pair, number in enumerate(people, start=1):
                table = np.empty((10, number), dtype=h5py.ref_dtype)
                for cell, person in np.ndindex(table.shape):
                    pixels = shown.get((version, pair, person + 1, cell + 1))
                    if pixels is None:
                        empty = add(np.zeros(2, np.uint64))
                        empty.attrs["MATLAB_empty"] = np.uint8(1)
                        table[cell, person] = empty.ref
                    else:
                        fits = min(pixels.shape[:2]) > 5
                        table[cell, person] = add(pixels.transpose(2, 1, 0), **(storage if fits else {})).ref
                pairs[0, pair - 1] = add(table).ref
            file.create_dataset(version, data=pairs).attrs["MATLAB_class"] = np.bytes_("cell")
        if put is not None:
            put(file)
    with path.open("r+b") as file:
        file.write(HEAD)
    return path


def written(root):
    return {version: sorted(path.name for path in (root / f"images_{version}").iterdir()) for version in NAMES}


@pytest.mark.parametrize("storage", STORED.values(), ids=STORED)
@pytest.mark.parametrize("place", ["cuhk-03.mat", "cuhk03_release/cuhk-03.mat"])
def test_each_picture_comes_out_as_it_was_under_the_name_of_the_new_protocol(tmp_path, place, storage):
    original(tmp_path / place, **storage)
    assert cuhk03.unpack(tmp_path) == len(SHOWN)
    assert written(tmp_path) == NAMES
    for (version, pair, person, cell), pixels in SHOWN.items():
        name = f"{pair}_{person:03d}_{1 if cell <= 5 else 2}_{cell:02d}.png"
        with Image.open(tmp_path / f"images_{version}" / name) as shown:
            assert np.array_equal(np.asarray(shown), pixels)


def test_one_version_alone_can_be_unpacked(tmp_path):
    original(tmp_path / "cuhk-03.mat")
    assert cuhk03.unpack(tmp_path, version="labeled") == 3
    assert not (tmp_path / "images_detected").exists()
    with pytest.raises(ValueError, match=r"version is 'hand'; give one of detected, labeled, both"):
        cuhk03.unpack(tmp_path, version="hand")


def test_only_the_pictures_that_are_not_there_are_written(tmp_path):
    original(tmp_path / "cuhk-03.mat")
    cuhk03.unpack(tmp_path)
    folder = tmp_path / "images_detected"
    (folder / NAMES["detected"][0]).write_bytes(b"mine")
    (folder / NAMES["detected"][1]).unlink()
    assert cuhk03.unpack(tmp_path) == 1
    assert cuhk03.unpack(tmp_path) == 0
    assert (folder / NAMES["detected"][0]).read_bytes() == b"mine"
    assert written(tmp_path) == NAMES


def test_progress_counts_cells(tmp_path):
    original(tmp_path / "cuhk-03.mat")
    told = []
    cuhk03.unpack(tmp_path, on_progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 120) for done in range(1, 121)]


def test_what_is_stopped_half_way_leaves_whole_pictures_only(tmp_path):
    original(tmp_path / "cuhk-03.mat")

    def stop(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cuhk03.unpack(tmp_path, on_progress=stop)
    assert written(tmp_path) == {"detected": ["1_001_1_01.png"], "labeled": []}
    with Image.open(tmp_path / "images_detected" / "1_001_1_01.png") as shown:
        shown.load()


def config(root, version, labels):
    files = NAMES[version]
    scipy.io.savemat(
        root / f"cuhk03_new_protocol_config_{version}.mat",
        {
            "filelist": np.array([[name] for name in files], dtype=object),
            "labels": np.array(labels, np.uint16)[:, None],
            "camId": np.array([int(name[6]) for name in files], np.uint8)[:, None],
            "train_idx": np.array([[1]], np.uint16),
            "query_idx": np.array([[2]], np.uint16),
            "gallery_idx": np.array([[number] for number in range(3, len(files) + 1)], np.uint16),
        },
    )


def test_the_command_line_unpacks_and_counts(tmp_path, capsys):
    original(tmp_path / "cuhk-03.mat")
    for version in NAMES:
        config(tmp_path, version, [1, 2, 3])
    assert cli.exit_code(["data", "cuhk03", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert f"; write its pictures there: passerby data cuhk03.detected {tmp_path} --unpack" in told
    assert cli.exit_code(["data", "cuhk03", str(tmp_path), "--unpack"]) == 0
    out, err = capsys.readouterr()
    assert "cuhk03: detected" in out
    assert "train has 1 pictures of 1 people; the official set has 7,365 of 767." in out
    assert f"6 pictures were written in {tmp_path}" in " ".join(err.split())
    people = cuhk03.load(tmp_path)
    assert [crop.path.name for crop in people.train + people.query + people.gallery] == NAMES["detected"]
    assert cli.exit_code(["data", "cuhk03.labeled", str(tmp_path), "--unpack"]) == 0
    out, err = capsys.readouterr()
    assert "cuhk03: labeled" in out
    assert "0 pictures were written" in err


def test_a_named_version_is_unpacked_alone(tmp_path, capsys):
    original(tmp_path / "cuhk-03.mat")
    config(tmp_path, "labeled", [1, 2, 3])
    assert cli.exit_code(["data", "cuhk03.labeled", str(tmp_path), "--unpack"]) == 0
    assert "3 pictures were written" in capsys.readouterr().err
    assert not (tmp_path / "images_detected").exists()


@pytest.mark.parametrize("name", ["cuhk03.bogus", "cuhk03.", "cuhk03.both"])
def test_a_name_that_is_no_data_sets_is_refused_before_anything_is_unpacked(tmp_path, capsys, name):
    original(tmp_path / "cuhk-03.mat")
    assert cli.exit_code(["data", name, str(tmp_path), "--unpack"]) == 2
    told = f"No data set is called '{name}'; there is cuhk03, cuhk03.detected, cuhk03.labeled."
    assert capsys.readouterr().err == f"passerby: {told}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["cuhk-03.mat"]


def test_pictures_that_the_original_lacks_are_not_to_be_unpacked_again(tmp_path, capsys):
    original(tmp_path / "cuhk-03.mat", {key: pixels for key, pixels in SHOWN.items() if key[1] < 5})
    config(tmp_path, "detected", [1, 2, 3])
    assert cli.exit_code(["data", "cuhk03", str(tmp_path), "--unpack"]) == 2
    remark, refused = capsys.readouterr().err.replace(f"{tmp_path}\n", str(tmp_path)).splitlines()[-2:]
    assert "5 pictures were written" in remark
    assert "1 of 3 pictures in " in refused
    assert f"(5_001_2_10.png); passerby data cuhk03.detected {tmp_path} --unpack writes those that " in refused
    assert refused.endswith("where it writes none, that file lacks them: download it again.")


def test_a_set_without_anything_to_unpack_is_refused(tmp_path, capsys):
    assert cli.exit_code(["data", "market1501", str(tmp_path), "--unpack"]) == 2
    assert "nothing to unpack in market1501" in capsys.readouterr().err


def test_where_there_is_no_original_it_says_where_to_get_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No cuhk-03\.mat in .*; get it from http.*cuhk"):
        cuhk03.unpack(tmp_path)
    with pytest.raises(FileNotFoundError, match="none is not a folder"):
        cuhk03.unpack(tmp_path / "none")


def replaced(place, values, **how):
    """What `put` does: other values in the place of the cell of the first picture, of a pair, or of a version."""

    def put(file):
        if place == "version":
            del file["detected"]
            if values is not None:
                file.create_dataset("detected", data=values, **how)
            return
        pairs = file["detected"][()]
        made = file["#refs#"].create_dataset("other", **({"data": values} if values is not None else {}), **how)
        if place == "pair":
            pairs[0, 0] = made.ref
            file["detected"][()] = pairs
        else:
            table = file[pairs[0, 0]]
            cells = table[()]
            cells[0, 0] = made.ref
            table[()] = cells

    return put


def shared(file, to, source):
    """One cell of the first pair in the place of another."""
    table = file[file["detected"][0, 0]]
    cells = table[()]
    cells[to] = cells[source]
    table[()] = cells


def direct(data, mask=0):
    """A picture of 3 x 40 x 50 whose one chunk is stored as given."""

    def put(file):
        made = file["#refs#"].create_dataset("direct", (3, 40, 50), "u1", chunks=(3, 40, 50), compression="gzip")
        made.id.write_direct_chunk((0, 0, 0), data, mask)
        table = file[file["detected"][0, 0]]
        cells = table[()]
        cells[0, 0] = made.ref
        table[()] = cells

    return put


CELLS = np.full((10, 8001), h5py.Reference(), dtype=h5py.ref_dtype)
BAD = {
    "no version": (replaced("version", None), "it has no detected"),
    "numbers for cells": (replaced("version", np.zeros((1, 5))), "numbers where cells should be"),
    "a group for a version": (lambda file: (file.pop("detected"), file.create_group("detected")), "no array lies at"),
    "four pairs": (replaced("version", CELLS[:1, :4], dtype=h5py.ref_dtype), "has 4 pairs of cameras instead of 5"),
    "nine cells": (replaced("pair", CELLS[:9, :2], dtype=h5py.ref_dtype), r"has the shape \(9, 2\) instead of"),
    "too many cells": (replaced("pair", CELLS, dtype=h5py.ref_dtype), r"takes 640080 bytes; at most 320000 are read"),
    "no reference": (
        replaced("pair", CELLS[:, :1], dtype=h5py.ref_dtype),
        "no object of HDF5's first version lies at 0",
    ),
    "a grey picture": (
        replaced("cell", picture(1)[:, :, 0]),
        r"1_001_1_01 of shape \(11, 7\) is no picture in colours",
    ),
    "four colours": (replaced("cell", np.zeros((4, 7, 11), np.uint8)), r"of shape \(4, 7, 11\) is no picture"),
    "16 bits": (replaced("cell", np.zeros((3, 7, 11), np.uint16)), r"of shape \(3, 7, 11\) is no picture"),
    "fractions": (replaced("cell", np.zeros((3, 7, 11))), r"of shape \(3, 7, 11\) is no picture"),
    "a text": (replaced("cell", np.bytes_("x")), r"of shape \(\) is no picture"),
    "a huge picture": (
        replaced("cell", None, shape=(3, 10**6, 10**6), dtype="u1"),
        "takes 3000000000000 bytes; at most 16777216 are read",
    ),
    "a huge picture in chunks": (
        replaced("cell", None, shape=(3, 10**6, 10**6), dtype="u1", chunks=(3, 1000, 1000)),
        "takes 3000000000000 bytes; at most 16777216 are read",
    ),
    "chunks that are not there": (
        replaced("cell", None, shape=(3, 40, 50), dtype="u1", chunks=(3, 40, 25)),
        "2 chunks of an array .* are missing",
    ),
    "bytes that are not there": (replaced("cell", None, shape=(3, 40, 50), dtype="u1"), "points behind its end"),
    "too many chunks": (
        replaced("cell", np.zeros((3, 100, 50), np.uint8), chunks=(1, 1, 1)),
        "15000 chunks of 1 bytes are too many",
    ),
    "chunks that hang over by far": (
        replaced("cell", None, shape=(3, 2, 2), maxshape=(None, None, None), dtype="u1", chunks=(100, 1000, 1000)),
        "1 chunks of 100000000 bytes are too many",
    ),
    "one picture as two cells": (
        lambda file: shared(file, (0, 1), (0, 0)),
        "images_detected/1_001_1_01.png and images_detected/1_002_1_01.png are one and the same cell",
    ),
    "one picture as cells of two versions": (
        lambda file: replaced("version", file["labeled"][()], dtype=h5py.ref_dtype)(file),
        "images_.*.png and images_.*.png are one and the same cell",
    ),
    "three filters": (
        replaced(
            "cell", picture(1).transpose(2, 1, 0), chunks=(3, 7, 11), compression="gzip", shuffle=True, fletcher32=True
        ),
        "an array with 3 filters; at most 2 are read",
    ),
    "another filter": (
        replaced("cell", np.zeros((3, 7, 11), np.uint8), chunks=(3, 7, 11), fletcher32=True),
        "with the filter 3, which is not read",
    ),
    "a chunk that would blow up": (direct(zlib.compress(bytes(6_000_000), 9)), "holds 6001 bytes instead of 6000"),
    "a chunk that takes too much": (direct(bytes(10_000)), "a chunk takes more bytes than it holds"),
    "a chunk that is too short": (direct(zlib.compress(bytes(100))), "a chunk holds 100 bytes instead of 6000"),
    "a chunk that is cut off": (direct(zlib.compress(bytes(6000))[:9]), "a chunk holds .* bytes instead of 6000"),
    "a chunk of something else": (direct(b"hello world"), "Error -3 while decompressing"),
    "a plain chunk that is too short": (direct(bytes(100), 1), "a chunk holds 100 bytes instead of 6000"),
}


@pytest.mark.parametrize(("put", "reason"), BAD.values(), ids=BAD)
def test_what_is_no_picture_or_too_large_is_refused_in_one_line_that_names_the_file(tmp_path, put, reason):
    original(tmp_path / "cuhk-03.mat", put=put)
    with pytest.raises(
        ValueError, match=rf"cuhk-03\.mat cannot be read as the MATLAB file of CUHK03 .*{reason}"
    ) as told:
        cuhk03.unpack(tmp_path)
    assert "\n" not in str(told.value)
    assert not list(tmp_path.rglob("*.partial"))


def test_empty_cells_may_be_one_and_the_same(tmp_path):
    original(tmp_path / "cuhk-03.mat", put=lambda file: shared(file, (0, 1), (1, 0)))
    assert cuhk03.unpack(tmp_path) == len(SHOWN)
    assert written(tmp_path) == NAMES


def test_chunks_are_counted_over_the_whole_file(tmp_path, monkeypatch):
    """Headers of their own that all tell of the same chunks would else make an hour of work out of a small file."""
    original(tmp_path / "cuhk-03.mat", chunks=(1, 4, 5))
    chunks = 4 * 3 * 2 * 3 + 3 * 5 * 6  # of four pictures, and of the large one; the smallest is in one piece
    monkeypatch.setattr(_hdf5, "MAX_CHUNKS", chunks)
    assert cuhk03.unpack(tmp_path) == len(SHOWN)
    for version in NAMES:
        shutil.rmtree(tmp_path / f"images_{version}")
    monkeypatch.setattr(_hdf5, "MAX_CHUNKS", chunks - 1)
    with pytest.raises(ValueError, match=f"its arrays have more than {chunks - 1} chunks together"):
        cuhk03.unpack(tmp_path)


def test_pictures_that_take_too_much_together_are_refused(tmp_path, monkeypatch):
    original(tmp_path / "cuhk-03.mat")
    monkeypatch.setattr(_cuhk03_original, "MAX_PICTURES", 300)
    with pytest.raises(ValueError, match=r"takes 234 bytes; at most 69 are read"):
        cuhk03.unpack(tmp_path)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is no HDF5 file"),
        (HEAD.ljust(512), "it is no HDF5 file"),
        (b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + bytes(600), "it is no HDF5 file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(1), "it is no HDF5 file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(200), "not in the first version of HDF5's form"),
        (b"\x89HDF\r\n\x1a\n" + bytes(5) + b"\x08\x08" + b"\xff" * 200, "points behind its end"),
    ],
)
def test_another_file_under_that_name_is_refused(tmp_path, data, reason):
    (tmp_path / "cuhk-03.mat").write_bytes(data)
    with pytest.raises(ValueError, match=reason):
        cuhk03.unpack(tmp_path)
    assert not (tmp_path / "images_detected").exists()


def test_a_file_in_hdf5s_newer_form_is_refused(tmp_path):
    with h5py.File(tmp_path / "cuhk-03.mat", "w", libver="latest") as file:
        file["detected"] = np.zeros(3)
    with pytest.raises(ValueError, match="not in the first version of HDF5's form"):
        cuhk03.unpack(tmp_path)


def test_a_file_that_ends_anywhere_is_refused(tmp_path):
    whole = original(tmp_path / "whole.mat", **STORED["packed"]).read_bytes()
    with h5py.File(tmp_path / "whole.mat") as file:
        last = max(dataset.id.get_offset() or 0 for dataset in file["#refs#"].values())
    for length in random.Random(0).sample(range(last), 60):
        root = tmp_path / str(length)
        root.mkdir()
        (root / "cuhk-03.mat").write_bytes(whole[:length])
        with pytest.raises(ValueError, match="cannot be read"):
            cuhk03.unpack(root)


def test_a_tree_that_leads_back_to_itself_is_refused(tmp_path):
    file = original(tmp_path / "cuhk-03.mat", **STORED["packed"])
    data = bytearray(file.read_bytes())
    for kind, key in ((0, 8), (1, 40)):
        place = data.index(b"TREE" + bytes([kind]))
        data[place + 5] = 1  # a level above the lowest
        data[place + 24 + key : place + 32 + key] = (place - 512).to_bytes(8, "little")
        file.write_bytes(data)
        with pytest.raises(ValueError, match=r"the tree of a group or of an array is damaged"):
            cuhk03.unpack(tmp_path)
        data = bytearray(original(file, **STORED["packed"]).read_bytes())


@pytest.mark.parametrize("seed", range(4))
def test_flipped_bytes_are_a_value_error_or_another_picture(tmp_path, seed):
    source = original(tmp_path / "source.mat", people=(1, 1, 1, 1, 1), **list(STORED.values())[seed])
    whole, chance, refused = source.read_bytes(), random.Random(seed), []
    for round_ in range(80):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 1, 4, 32))):
            data[chance.randrange(512, len(data))] = chance.choice((0, 1, 255, chance.randrange(256)))
        root = tmp_path / str(round_)
        root.mkdir()
        (root / "cuhk-03.mat").write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                cuhk03.unpack(root)
            except ValueError as error:
                refused.append((root / "cuhk-03.mat", str(error)))
    assert len(refused) > 5
    assert all(told.startswith(f"{file} cannot be read as") for file, told in refused)
