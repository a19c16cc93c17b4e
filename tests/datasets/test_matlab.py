import numpy as np
import pytest
import scipy.io

from market_lists import protocol_data
from passerby.datasets._matlab import Table, matlab

CELLS = np.array([["0001", "é2"], ["", "4"]], dtype=object)
CONTENT = {
    "numbers": np.arange(6, dtype=np.int32).reshape(2, 3),
    "real": np.array([[0.5, -2.0]]),
    "bytes": np.arange(20, dtype=np.uint8).reshape(4, 5),
    "text": "hello",
    "cells": CELLS,
    "inside": {"b": np.array([[1, 2]], np.uint16), "a": {"deep": "x", "cells": CELLS}},
    "nothing": np.empty((0, 0)),
    "people": np.array([[("ann", 1), ("bob", np.arange(3))]], dtype=[("name", object), ("box", object)]),
    "nobody": np.empty((0, 1), dtype=[("name", object), ("box", object)]),
    "scenes": {"of": np.array([[("ann", CELLS), ("bob", {"a": 1})]], dtype=[("name", object), ("deep", object)])},
}


def same(ours, theirs):
    """Whether our value is what SciPy's reader gives."""
    if isinstance(ours, Table):
        columns = {name: same(column, theirs[name]) for name, column in ours.columns.items()}
        return set(columns) == set(theirs.dtype.names) and all(columns.values())
    if isinstance(ours, dict):
        return set(ours) == set(theirs.dtype.names) and all(same(ours[name], theirs[name][0, 0]) for name in ours)
    if isinstance(ours, list):
        return len(ours) == theirs.size and all(map(same, ours, theirs.ravel(order="F")))
    if isinstance(ours, str):
        return "".join(theirs.ravel()) == ours
    return ours.shape == theirs.shape and ours.dtype == theirs.dtype and np.array_equal(ours, theirs)


@pytest.mark.parametrize("packed", [True, False])
def test_what_scipy_writes_is_read_as_scipy_reads_it(tmp_path, packed):
    scipy.io.savemat(tmp_path / "x.mat", CONTENT, do_compression=packed)
    ours, theirs = matlab(tmp_path / "x.mat"), scipy.io.loadmat(tmp_path / "x.mat")
    assert list(ours) == list(CONTENT)
    assert all(same(ours[name], theirs[name]) for name in CONTENT)
    assert ours["cells"] == ["0001", "", "é2", "4"]
    assert ours["inside"]["a"]["deep"] == "x"
    assert ours["people"].columns["name"] == ["ann", "bob"]
    assert ours["nobody"] == Table({"name": [], "box": []})


@pytest.mark.parametrize(
    "name",
    [
        "market1501/market_attribute.mat",
        "dukemtmc/duke_attribute.mat",
        "cuhk03_np/cuhk03_new_protocol_config_labeled.mat",
        "mars/tracks_test_info.mat",
    ],
)
def test_real_files_are_read_as_scipy_reads_them(name):
    file = protocol_data(name.split("/")[0]) / name.split("/")[1]
    theirs = scipy.io.loadmat(file)
    assert all(same(value, theirs[key]) for key, value in matlab(file).items())


@pytest.mark.parametrize("content", [{"x": 1j}, {"x": np.array(["ab", "cd"])}, {"x": scipy.sparse.eye_array(3)}])
def test_what_is_not_read_is_refused(tmp_path, content):
    scipy.io.savemat(tmp_path / "x.mat", content)
    with pytest.raises(ValueError, match=r"x\.mat cannot be read as a MATLAB file \(it holds"):
        matlab(tmp_path / "x.mat")


def nested(depth):
    return {"x": nested(depth - 1)} if depth else 1


def test_a_file_that_goes_too_deep_is_refused(tmp_path):
    scipy.io.savemat(tmp_path / "x.mat", {"x": nested(20)})
    with pytest.raises(ValueError, match="more than 16 levels deep"):
        matlab(tmp_path / "x.mat")


def test_a_file_of_version_7_3_is_told(tmp_path):
    (tmp_path / "x.mat").write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + b"\x89HDF\r\n\x1a\n")
    with pytest.raises(ValueError, match=r"x\.mat is a MATLAB file of version 7\.3 \(HDF5\).*save it with -v7"):
        matlab(tmp_path / "x.mat")


def struct_array(number, names, rest=b""):
    """A file that says it holds a struct array of so many elements."""

    def element(kind, body):
        return np.array([kind, len(body)], "<u4").tobytes() + body + b"\0" * (-len(body) % 8)

    head = element(6, np.array([2, 0], "<u4").tobytes()) + element(5, np.array([number, 1], "<i4").tobytes())
    packed = b"".join(name.encode().ljust(8, b"\0") for name in names)
    fields = element(5, np.array([8], "<i4").tobytes()) + element(1, packed)
    return b"MATLAB 5.0".ljust(124) + b"\x00\x01IM" + element(14, head + element(1, b"x") + fields + rest)


@pytest.mark.parametrize(
    ("names", "reason"),
    [(("a", "b"), "unpack_from requires|it ends too early"), (("a", "a"), "two fields of one name")],
)
def test_a_struct_array_that_promises_more_than_it_holds_is_refused(tmp_path, names, reason):
    (tmp_path / "x.mat").write_bytes(struct_array(2**31 - 1, names, b"\x0e\0\0\0\0\0\0\0" * 8))
    with pytest.raises(ValueError, match=rf"x\.mat cannot be read as a MATLAB file \(.*({reason})"):
        matlab(tmp_path / "x.mat")


def test_structs_without_fields_take_no_memory_however_many_they_are(tmp_path):
    (tmp_path / "x.mat").write_bytes(struct_array(2**31 - 1, ()))
    assert matlab(tmp_path / "x.mat") == {"x": Table({})}


def test_any_cut_and_any_changed_byte_give_values_or_a_named_error(tmp_path):
    rng = np.random.default_rng(0)
    file = tmp_path / "x.mat"
    for packed in (True, False):
        scipy.io.savemat(tmp_path / "whole.mat", CONTENT, do_compression=packed)
        data = (tmp_path / "whole.mat").read_bytes()
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
        matlab(file)
    except ValueError as error:
        return str(error)
    return None
