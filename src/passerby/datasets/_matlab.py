"""MATLAB files, read without trust: SciPy's own reader can crash the process on a damaged file."""

import math
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

MAX_BYTES = 32 * 2**20
"""What a file may take, once inflated."""
MAX_DEPTH = 16
"""How deep structs and cells may lie in each other."""

Value = npt.NDArray[np.generic] | str | list["Value"] | dict[str, "Value"]
"""A numeric array of its shape, in the type that it is stored in; text; the cells of a cell array, column by column;
the fields of a 1 x 1 struct."""

_STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_NUMERIC = range(6, 16)
_CELL, _STRUCT, _CHAR = 1, 2, 4
_MATRIX, _COMPRESSED, _UTF8 = 14, 15, 16
_EMPTY = np.empty((0, 0))


def matlab(file: Path) -> dict[str, Value]:
    """Variables by name of a MATLAB file of version 5 to 7.

    Args:
        file: holds real numbers, text of one row, cells and structs of one element.

    Raises:
        ValueError: if it is no such file, is damaged, holds anything else, or would take more than MAX_BYTES.
    """
    size = file.stat().st_size
    if size > MAX_BYTES:
        raise ValueError(f"{file} has {size} bytes; at most {MAX_BYTES} are read.")
    data = file.read_bytes()
    order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
    if order is None:
        raise ValueError(f"{file} is not a MATLAB file of version 5 to 7; save it with -v7.")
    try:
        return dict(_variables(memoryview(data)[128:], order))
    except (ValueError, TypeError, IndexError, KeyError, struct.error, zlib.error) as error:
        raise ValueError(
            f"{file} cannot be read as a MATLAB file ({error}); download it again, or save it with -v7."
        ) from None


class _Element(NamedTuple):
    kind: int
    body: memoryview
    end: int


def _element(data: memoryview, place: int, order: str) -> _Element:
    kind, size = struct.unpack_from(f"{order}2I", data, place)
    start = place + 8
    if kind >> 16:  # a small one: size and kind share four bytes, the data takes the other four
        kind, size, start = kind & 0xFFFF, kind >> 16, place + 4
        end = place + 8
    else:
        end = start + size + (-size % 8 if kind != _COMPRESSED else 0)
    if start + size > len(data) or (start == place + 4 and size > 4):
        raise ValueError("it ends too early")
    return _Element(kind, data[start : start + size], end)


def _variables(data: memoryview, order: str) -> list[tuple[str, Value]]:
    found, place, left = [], 0, MAX_BYTES
    while place < len(data):
        element = _element(data, place, order)
        place = element.end
        if element.kind == _COMPRESSED:
            inflated = zlib.decompressobj().decompress(element.body, left + 1)
            left -= len(inflated)
            if left < 0:
                raise ValueError(f"it would grow to more than {MAX_BYTES} bytes")
            element = _element(memoryview(inflated), 0, order)
        if element.kind != _MATRIX:
            raise ValueError(f"it holds an element of kind {element.kind}, and not a variable")
        found.append(_matrix(element.body, order, 0))
    return found


def _matrix(data: memoryview, order: str, depth: int) -> tuple[str, Value]:
    if not len(data):
        return "", _EMPTY
    if depth > MAX_DEPTH:
        raise ValueError(f"it is more than {MAX_DEPTH} levels deep")
    flags, dims, name = (part := _Parts(data, order)).take(), part.take(), part.take()
    kind = int(_numbers(flags, order)[0])
    shape = tuple(int(x) for x in _numbers(dims, order))
    number = math.prod(shape)
    if kind & 0x800 or len(shape) < 2 or min(shape) < 0:
        raise ValueError("it holds complex numbers or an array without a shape")
    return bytes(name.body).decode("ascii"), _content(part, kind & 0xFF, shape, number, depth)


class _Parts:
    """The elements of a matrix, one after another."""

    def __init__(self, data: memoryview, order: str) -> None:
        self.data, self.order, self.place = data, order, 0

    def take(self) -> _Element:
        element = _element(self.data, self.place, self.order)
        self.place = element.end
        return element

    def matrix(self, depth: int) -> Value:
        element = self.take()
        if element.kind != _MATRIX:
            raise ValueError(f"it holds an element of kind {element.kind} where an array should be")
        return _matrix(element.body, self.order, depth + 1)[1]


def _content(part: _Parts, kind: int, shape: tuple[int, ...], number: int, depth: int) -> Value:
    if kind in _NUMERIC:
        numbers = _numbers(part.take(), part.order)
        if len(numbers) != number:
            raise ValueError(f"{len(numbers)} numbers do not fill the shape {shape}")
        return numbers.reshape(shape, order="F")
    if kind == _CHAR:
        return _text(part.take(), part.order, shape)
    if kind == _CELL:
        return [part.matrix(depth) for _ in range(number)]  # each takes 8 bytes at least, or it ends too early
    if kind == _STRUCT and number == 1:
        width = int(_numbers(part.take(), part.order)[0])
        names = bytes(part.take().body)
        if width < 1 or len(names) % width:
            raise ValueError("the names of a struct's fields are damaged")
        fields = [names[i : i + width].split(b"\0")[0].decode("ascii") for i in range(0, len(names), width)]
        return {field: part.matrix(depth) for field in fields}
    raise ValueError(f"it holds an array of class {kind} and shape {shape}, which is not read")


def _numbers(element: _Element, order: str) -> npt.NDArray[np.generic]:
    if element.kind not in _STORED:
        raise ValueError(f"it holds an element of kind {element.kind} where numbers should be")
    return np.frombuffer(element.body, dtype=order + _STORED[element.kind])


def _text(element: _Element, order: str, shape: tuple[int, ...]) -> str:
    if shape[0] > 1:
        raise ValueError("it holds text of several rows")
    if element.kind == _UTF8:
        return bytes(element.body).decode("utf-8")
    return _numbers(element, order).astype("<u4").tobytes().decode("utf-32-le")
