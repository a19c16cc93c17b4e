import io
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from passerby import npz
from passerby.types import JUNK, UNKNOWN, Crop, Embeddings, ModelId

MODEL = ModelId("demo", "ab" * 32, "RGB, bilinear to 64x32, ImageNet mean and std")


def embeddings(crops, dim=4, model=None):
    return Embeddings(torch.randn(len(crops), dim, generator=torch.Generator().manual_seed(0)), tuple(crops), model)


def arrays(**changes):
    """What a small valid file holds, with changes; None leaves an array out."""
    plain = {"vectors": np.ones((2, 3), np.float32), "pids": np.array([1, 2]), "camids": np.array([0, -1])}
    return {name: value for name, value in {**plain, **changes}.items() if value is not None}


def saved(path, **changes):
    np.savez(path, **arrays(**changes))
    return path


def same(one, other):
    return torch.equal(one.vectors, other.vectors) and one.crops == other.crops and one.model == other.model


@pytest.mark.parametrize("model", [None, MODEL, ModelId("histogram", "", "RGB")])
def test_what_is_written_is_read(tmp_path, model):
    made = embeddings(
        [
            Crop(Path("a b.jpg"), 1, 0, 12.5, 3, (1.0, 2.0, 3.5, 4.0)),
            Crop(Path("/x/é.jpg"), JUNK),
            Crop(Path("c.jpg"), UNKNOWN, 2, None, None, None),
        ],
        model=model,
    )
    npz.write(tmp_path / "x.npz", made)
    assert same(npz.read(tmp_path / "x.npz"), made)


def test_facts_that_no_crop_has_get_no_array(tmp_path):
    npz.write(tmp_path / "x.npz", embeddings([Crop(Path("a.jpg"), 1)]))
    with np.load(tmp_path / "x.npz") as file:
        assert sorted(file.files) == ["paths", "pids", "vectors"]


def test_no_crops_at_all_are_written_and_read(tmp_path):
    npz.write(tmp_path / "x.npz", embeddings([]))
    assert npz.read(tmp_path / "x.npz").vectors.shape == (0, 4)


def test_rows_that_do_not_lie_side_by_side_are_written_as_they_are(tmp_path):
    wide = torch.arange(24.0).view(4, 6)
    made = Embeddings(wide[:, ::2], tuple(Crop(Path(f"{i}.jpg"), 1) for i in range(4)))
    npz.write(tmp_path / "x.npz", made)
    assert torch.equal(npz.read(tmp_path / "x.npz").vectors, wide[:, ::2])


def test_a_file_of_numpys_own_is_read(tmp_path):
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "x.npz", **arrays(times=np.array([1, 2]), trackids=np.array([7, -1], np.int32)))
        read = npz.read(tmp_path / "x.npz")
        assert read.crops[0] == Crop(Path(f"{tmp_path / 'x.npz'}[0]"), 1, 0, 1.0, 7)
        assert read.crops[1].camid is None
        assert read.crops[1].trackid is None


def test_vectors_in_columns_are_read(tmp_path):
    vectors = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3))
    assert torch.equal(npz.read(saved(tmp_path / "x.npz", vectors=vectors)).vectors, torch.arange(6.0).view(2, 3))


@pytest.mark.parametrize("pids", [np.array([1, 2], kind) for kind in (np.int8, np.uint8, np.int32, np.uint64)])
def test_any_whole_numbers_are_pids(tmp_path, pids):
    assert [crop.pid for crop in npz.read(saved(tmp_path / "x.npz", pids=pids)).crops] == [1, 2]


def test_writing_replaces_a_file_in_one_piece_and_leaves_nothing_else(tmp_path, monkeypatch):
    file = tmp_path / "x.npz"
    npz.write(file, embeddings([Crop(Path("old.jpg"), 1)]))

    def broken(stream, **_):
        stream.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", broken)
    with pytest.raises(OSError, match="disk full"):
        npz.write(file, embeddings([Crop(Path("new.jpg"), 1)]))
    assert npz.read(file).crops[0].path == Path("old.jpg")
    assert [path.name for path in tmp_path.iterdir()] == ["x.npz"]


def test_writing_into_no_folder_or_a_text_that_is_too_long_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No folder .*none to write x\.npz"):
        npz.write(tmp_path / "none" / "x.npz", embeddings([]))
    with pytest.raises(ValueError, match="more than 4096 characters"):
        npz.write(tmp_path / "x.npz", embeddings([Crop(Path("x" * 5000), 1)]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vectors": np.ones((2, 3))}, r"vectors is float64 of shape \(2, 3\); give float32 .*astype"),
        ({"vectors": np.ones((2, 3), np.float16)}, "vectors is float16"),
        ({"vectors": np.ones((2, 3), ">f4")}, "vectors is >f4"),
        ({"vectors": np.ones(2, np.float32)}, r"vectors is float32 of shape \(2,\)"),
        ({"vectors": np.ones((2, 0), np.float32)}, r"vectors is float32 of shape \(2, 0\)"),
        ({"vectors": np.ones((3, 3), np.float32)}, "3 vectors for 2 crops"),
        ({"vectors": np.full((2, 3), np.nan, np.float32)}, r"2 of 2 vectors hold NaN or infinity \(row 0, 1\)"),
        ({"vectors": np.full((2, 3), np.inf, np.float32)}, "2 of 2 vectors hold NaN or infinity"),
        ({"vectors": np.array([[object()] * 3] * 2)}, "vectors is object"),
        ({"vectors": None}, "needs vectors and pids"),
        ({"pids": None}, "holds camids, vectors; it needs vectors and pids"),
        ({"pids": np.array([1.0, 2.0])}, r"pids is float64 of shape \(2,\); give integers of shape \(N,\)"),
        ({"pids": np.array([[1, 2]])}, r"pids is int64 of shape \(1, 2\)"),
        ({"pids": np.array(["a", "b"])}, "pids is <U1"),
        ({"pids": np.array([1, None])}, "pids is object"),
        ({"pids": np.array([1, -3])}, "pid of .* is -3"),
        ({"pids": np.array([1, 2**63], np.uint64)}, "pids hold 9223372036854775808"),
        ({"pids": np.array([1, 2, 3]), "camids": None}, "2 vectors for 3 crops"),
        ({"camids": np.array([1])}, "1 camids for 2 pids"),
        ({"camids": np.array([1, -2])}, "camids hold -2; give 0 or more, or -1"),
        ({"camids": np.array([1.0, 2.0])}, "camids is float64"),
        ({"trackids": np.array([-5, 2])}, "trackids hold -5"),
        ({"times": np.array(["1", "2"])}, "times is <U1"),
        ({"times": np.ones((2, 1))}, r"times is float64 of shape \(2, 1\); give numbers of shape \(N,\)"),
        ({"times": np.float64(1)}, r"times is float64 of shape \(\)"),
        ({"times": np.array([1j, 2])}, "times is complex128"),
        ({"boxes": np.ones((2, 3))}, r"boxes is float64 of shape \(2, 3\); give numbers of shape \(N, 4\)"),
        ({"boxes": np.array([[0, 0, 1, 1], [0, 0, 0, 1]])}, "box of .* is"),
        ({"boxes": np.array([[0, 0, np.nan, 1], [0, 0, 1, 1]])}, "box of .* is"),
        ({"paths": np.array([b"a", b"b"])}, r"paths is \|S1 of shape \(2,\); give text"),
        ({"paths": np.array(["x" * 5000, ""])}, "paths is <U5000 .* at most 4096 characters"),
        ({"paths": np.array("a")}, r"paths is <U1 of shape \(\)"),
        ({"model_name": np.array("demo")}, "holds model_name only; give all of"),
        ({"model_name": np.array(["demo"])}, r"model_name is <U4 of shape \(1,\)"),
        ({"embeddings": np.ones(2)}, "holds camids, embeddings, pids, vectors; it needs .* Rename or leave out"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_named(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message) as caught:
        npz.read(saved(tmp_path / "x.npz", **changes))
    assert str(tmp_path / "x.npz") in str(caught.value)


def test_nothing_is_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "sprung",))

    file = saved(tmp_path / "x.npz", vectors=np.array([Trap()], dtype=object))
    with pytest.raises(ValueError, match="vectors is object"):
        npz.read(file)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04", b"PK\x05\x06" + b"\0" * 18, b"\x93NUMPY" + b"\0" * 90])
def test_what_is_no_vector_file_is_named(tmp_path, data):
    (tmp_path / "x.npz").write_bytes(data)
    with pytest.raises(ValueError, match=r"x\.npz (is not an \.npz file|holds nothing)"):
        npz.read(tmp_path / "x.npz")


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path):
    with pytest.raises(FileNotFoundError, match="No vector file at"):
        npz.read(tmp_path / "x.npz")
    with pytest.raises(ValueError, match="is a folder"):
        npz.read(tmp_path)


def member(name, array):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array)
    return name, stream.getvalue()


def zipped(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


PIDS = member("pids.npy", np.array([1, 2]))


def header(shape, kind="<f4"):
    text = repr({"descr": kind, "fortran_order": False, "shape": shape}).encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + 1) + text + b"\n"


@pytest.mark.parametrize("shape", [(10**12, 2048), (2, 10**15), (2**62, 4), (2, 4)])
def test_a_shape_that_the_file_cannot_hold_takes_no_memory(tmp_path, shape):
    file = zipped(tmp_path / "x.npz", [("vectors.npy", header(shape) + b"\0" * 8), PIDS])
    with pytest.raises(ValueError, match=r"vectors of shape .* needs \d+ bytes and has 8"):
        npz.read(file)


@pytest.mark.parametrize("kind", ["|O", "<f8", "<U1000000000", [("a", "<f4")], "nonsense", ["__import__"]])
def test_a_strange_type_in_a_header_is_refused(tmp_path, kind):
    file = zipped(tmp_path / "x.npz", [("vectors.npy", header((1, 1), kind) + b"\0" * 4), PIDS])
    with pytest.raises(ValueError, match=r"x\.npz: vectors is"):
        npz.read(file)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x09\x00\x01\x00a",
        header((-1, 4)),
        header((1.5,)),
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff",
    ],
)
def test_a_broken_header_is_refused(tmp_path, data):
    file = zipped(tmp_path / "x.npz", [("vectors.npy", data), PIDS])
    with pytest.raises(ValueError, match=r"x\.npz: vectors "):
        npz.read(file)


def test_a_file_that_would_blow_up_is_refused(tmp_path, monkeypatch):
    bomb = header((2**18, 32)) + b"\0" * 2**25
    file = zipped(tmp_path / "x.npz", [("vectors.npy", bomb), PIDS], zipfile.ZIP_DEFLATED)
    assert npz.read(zipped(tmp_path / "y.npz", [("vectors.npy", header((2, 4)) + b"\0" * 32), PIDS])).crops
    monkeypatch.setattr(npz, "MAX_INFLATED", 2**20)
    with pytest.raises(ValueError, match=r"has \d+ bytes and would grow to 335\d+; at most 1048576 are read"):
        npz.read(file)


def test_a_file_that_lies_about_its_sizes_is_refused(tmp_path):
    data = zipped(tmp_path / "x.npz", [("vectors.npy", header((2, 4)) + b"\0" * 32), PIDS]).read_bytes()
    place = data.index(b"PK\x01\x02")  # the first entry of the directory: its sizes stand at 20 and 24
    lie = struct.pack("<II", 2**31, 2**31)
    (tmp_path / "y.npz").write_bytes(data[: place + 20] + lie + data[place + 28 :])
    with pytest.raises(ValueError, match="would grow to"):
        npz.read(tmp_path / "y.npz")


def test_an_array_twice_or_packed_unusually_is_refused(tmp_path):
    vectors = member("vectors.npy", np.ones((2, 3), np.float32))
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = zipped(tmp_path / "x.npz", [vectors, PIDS, PIDS])
    with pytest.raises(ValueError, match="holds an array twice"):
        npz.read(twice)
    with pytest.raises(ValueError, match="compressed in an unusual way"):
        npz.read(zipped(tmp_path / "y.npz", [vectors, PIDS], zipfile.ZIP_LZMA))


def test_any_cut_and_any_changed_byte_give_embeddings_or_a_named_error(tmp_path):
    npz.write(tmp_path / "x.npz", embeddings([Crop(Path("a.jpg"), 1, 2, 3.0)] * 3, model=MODEL))
    data = (tmp_path / "x.npz").read_bytes()
    rng = np.random.default_rng(0)
    file = tmp_path / "y.npz"
    for turn in range(400):
        changed = bytearray(data[: int(rng.integers(len(data)))] if turn % 4 == 0 else data)
        for place in rng.integers(0, max(1, len(changed)), 1 + turn % 3):
            if len(changed):
                changed[place] = rng.integers(256)
        file.write_bytes(changed)
        told = outcome(file)
        assert told is None or str(file) in told


def outcome(file):
    try:
        npz.read(file)
    except ValueError as error:
        return str(error)


def test_the_vectors_are_held_once(tmp_path):
    rows, dim = 20_000, 512  # 41 MB
    crops = tuple(Crop(Path(f"{i}.jpg"), 1, 1) for i in range(rows))
    npz.write(tmp_path / "x.npz", Embeddings(torch.ones(rows, dim), crops))
    code = (
        "import resource, sys; from pathlib import Path; from passerby import npz;"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024;"
        "before = peak(); kept = npz.read(Path(sys.argv[1])); print(peak() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "x.npz"], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 1.7 * rows * dim * 4 / 2**20
