import tracemalloc

import numpy as np
import pytest
import scipy.io

from passerby.datasets import _matlab_rows
from passerby.datasets._matlab import Table, matlab
from passerby.datasets._matlab_rows import rows

NAMES = ("imname", "box")


def structs(*elements, names=NAMES, shape=(1, -1)):
    """A MATLAB struct array."""
    made = np.empty(len(elements), dtype=[(name, object) for name in names])
    for index, element in enumerate(elements):
        made[index] = tuple(element)
    return made.reshape(shape)


PEOPLE = structs(*((f"s{index}.jpg", structs((np.arange(index), "x"), (1, ""))) for index in range(40)))


def plain(value):
    if isinstance(value, Table):
        return {name: plain(column) for name, column in value.columns.items()}
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else np.asarray(value).tolist()


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("chunk", [1, 7, 4096])
def test_structs_are_the_same_one_by_one_as_all_at_once(tmp_path, monkeypatch, packed, chunk):
    monkeypatch.setattr(_matlab_rows, "CHUNK", chunk)
    content = {"first": np.arange(5), "people": PEOPLE, "last": "x"}
    scipy.io.savemat(tmp_path / "x.mat", content, do_compression=packed)
    columns = matlab(tmp_path / "x.mat")["people"].columns
    found = list(rows(tmp_path / "x.mat", "people"))
    assert len(found) == 40
    for name in NAMES:
        assert [plain(row[name]) for row in found] == [plain(value) for value in columns[name]]


@pytest.mark.parametrize("shape", [(1, -1), (-1, 1)])
def test_cells_that_are_structs_and_a_single_struct_are_read_too(tmp_path, shape):
    cells = np.empty(3, dtype=object)
    cells[:] = [{"a": index, "b": "x"} for index in range(3)]
    scipy.io.savemat(tmp_path / "x.mat", {"cells": cells.reshape(shape), "one": {"a": 7}})
    assert [int(row["a"][0, 0]) for row in rows(tmp_path / "x.mat", "cells")] == [0, 1, 2]
    assert [int(row["a"][0, 0]) for row in rows(tmp_path / "x.mat", "one")] == [7]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"other": 1}, "it has no people"),
        ({"people": np.arange(3)}, "it holds neither structs nor cells"),
        ({"people": np.array(["a", "b"], dtype=object)}, "a cell is not a struct"),
    ],
)
def test_what_holds_no_structs_is_refused(tmp_path, content, reason):
    scipy.io.savemat(tmp_path / "x.mat", content)
    with pytest.raises(ValueError, match=rf"x\.mat cannot be read as a MATLAB file \({reason}"):
        list(rows(tmp_path / "x.mat", "people"))


def test_what_is_no_file_of_these_versions_is_refused(tmp_path):
    for data, reason in ((b"hello", "not a MATLAB file"), (b"MATLAB 7.3".ljust(126) + b"IM", r"version 7\.3")):
        (tmp_path / "x.mat").write_bytes(data)
        with pytest.raises(ValueError, match=rf"x\.mat is .*{reason}"):
            list(rows(tmp_path / "x.mat", "people"))


def test_a_part_that_would_take_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_matlab_rows, "MAX_BYTES", 2**16)
    scipy.io.savemat(tmp_path / "x.mat", {"people": structs((np.zeros(2**16), 1))}, do_compression=True)
    with pytest.raises(ValueError, match=r"one part of it takes .* at most 65536 are read"):
        list(rows(tmp_path / "x.mat", "people"))


def test_a_file_far_larger_than_its_parts_is_read_in_little_memory(tmp_path):
    many = structs(*((f"{index}.jpg", np.zeros(2**15)) for index in range(100)))
    scipy.io.savemat(tmp_path / "x.mat", {"people": many}, do_compression=True)
    tracemalloc.start()
    assert sum(row["box"].size for row in rows(tmp_path / "x.mat", "people")) == 100 * 2**15
    assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    tracemalloc.stop()


def test_any_cut_and_any_changed_byte_give_rows_or_a_named_error(tmp_path):
    rng = np.random.default_rng(0)
    for packed in (True, False):
        scipy.io.savemat(tmp_path / "whole.mat", {"people": PEOPLE[:, :6]}, do_compression=packed)
        data = (tmp_path / "whole.mat").read_bytes()
        for turn in range(200):
            changed = bytearray(data[: int(rng.integers(len(data)))] if turn % 4 == 0 else data)
            for place in rng.integers(0, max(1, len(changed)), 1 + turn % 3):
                if len(changed):
                    changed[place] = rng.integers(256)
            (tmp_path / "x.mat").write_bytes(changed)
            told = outcome(tmp_path / "x.mat")
            assert told is None or str(tmp_path / "x.mat") in told


def outcome(file):
    try:
        list(rows(file, "people"))
    except ValueError as error:
        return str(error)
    return None
