"""The label file of Market-1501."""

import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import scipy.io

MAX_BYTES = 64 * 2**20
"""What a label file may take in memory; the real one takes less than one megabyte."""


def market_attributes(file: Path) -> Mapping[int, Mapping[str, int]]:
    """Labels by pid: attribute name to its code, of training and test people together.

    Args:
        file: `market_attribute.mat`: a struct with the fields `train` and `test`, each a struct with one row of numbers
            for each attribute and the pids as text in `image_index`. Fields are read by name: their order differs.

    Raises:
        ValueError: if it is not such a file, would take more than MAX_BYTES, or names a pid twice.
    """
    _guard(file)
    try:
        content = scipy.io.loadmat(file, variable_names=["market_attribute"], appendmat=False)
        both = content["market_attribute"][0, 0]
        labels: dict[int, Mapping[str, int]] = {}
        for part in ("train", "test"):
            for pid, row in _people(both[part][0, 0]):
                if pid in labels:
                    raise ValueError(f"pid {pid} stands there twice")
                labels[pid] = row
    except (ValueError, TypeError, KeyError, IndexError, NotImplementedError, OSError, MemoryError) as error:
        raise ValueError(
            f"{file} is not the label file of Market-1501 ({type(error).__name__}: {error}); "
            "download it again, or move it away to go without labels."
        ) from None
    return MappingProxyType(dict(sorted(labels.items())))


def _people(part: np.void) -> Iterator[tuple[int, Mapping[str, int]]]:
    names = sorted(name for name in part.dtype.names or () if name != "image_index")
    pids = [int(str(cell.item())) for cell in part["image_index"].ravel()]
    columns = {name: part[name].ravel().tolist() for name in names}
    for name, column in columns.items():
        if len(column) != len(pids) or not all(isinstance(code, int) for code in column):
            raise ValueError(f"{name} has {len(column)} values for {len(pids)} people, or others than whole numbers")
    for row, pid in enumerate(pids):
        yield pid, MappingProxyType({name: columns[name][row] for name in names})


def _guard(file: Path) -> None:
    """Refuse a file that would grow beyond MAX_BYTES, before it is read as a whole."""
    size = file.stat().st_size
    if size > MAX_BYTES:
        raise ValueError(f"{file} has {size} bytes; at most {MAX_BYTES} are read. Is it the label file of Market-1501?")
    data = file.read_bytes()
    order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
    if order is None:
        raise ValueError(f"{file} is not a MATLAB file of version 5 .. 7; save it again with -v7.")
    left, place = MAX_BYTES, 128
    while place + 8 <= len(data):
        kind, length = struct.unpack_from(f"{order}2I", data, place)
        body = memoryview(data)[place + 8 : place + 8 + length]
        if kind == 15:
            try:
                left -= len(zlib.decompressobj().decompress(body, left + 1))
            except zlib.error as error:
                raise ValueError(f"{file} is broken ({error}); download it again.") from None
            if left < 0:
                raise ValueError(
                    f"{file} would grow to more than {MAX_BYTES} bytes, which is no label file; delete it."
                )
        place += 8 + length
