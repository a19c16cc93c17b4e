"""MATLAB files, read without trust: SciPy's own reader can crash the process on a damaged file."""

import math
import struct
import zlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

MAX_BYTES = 32 * 2**20
"""What a file may take, once inflated."""
MAX_DEPTH = 16
"""How deep structs and cells may lie in each other."""
HEADER = 128
"""Bytes before the first variable."""
SMALL = 128
"""Texts and arrays of at most so many bytes are remembered: lists of pictures repeat them thousands of times."""
DAMAGES = (ValueError, OverflowError, TypeError, IndexError, KeyError, struct.error, zlib.error)
"""What reading a damaged file raises."""


class Table(NamedTuple):
    """A struct array of any size but 1 x 1: field to the values of its elements, column by column."""

    columns: dict[str, list["Value"]]


Value = npt.NDArray[np.generic] | str | list["Value"] | dict[str, "Value"] | Table
"""A numeric array of its shape, in the type that it is stored in; text; the cells of a cell array, column by column;
the fields of a 1 x 1 struct; a struct array of another size."""

_STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_NUMERIC = range(6, 16)
CELL, STRUCT, _CHAR = 1, 2, 4
MATRIX, COMPRESSED, _UTF8 = 14, 15, 16
_EMPTY = np.empty((0, 0))


def matlab(file: Path) -> dict[str, Value]:
    """Variables by name of a MATLAB file of version 5 to 7.

    Args:
        file: holds real numbers, text of one row, cells and structs.

    Raises:
        ValueError: if it is no such file, is damaged, holds anything else, or would take more than MAX_BYTES.
    """
    size = file.stat().st_size
    if size > MAX_BYTES:
        raise ValueError(f"{file} has {size} bytes; at most {MAX_BYTES} are read.")
    data = file.read_bytes()
    order = byte_order(file, data[:HEADER])
    try:
        return dict(_variables(memoryview(data)[HEADER:], order))
    except DAMAGES as error:
        raise damaged(file, error) from None


def byte_order(file: Path, header: bytes) -> str:
    """The sign of `struct` for a file's byte order, from its first HEADER bytes.

    Raises:
        ValueError: if it is no MATLAB file of version 5 to 7.
    """
    order = {b"IM": "<", b"MI": ">"}.get(header[126:128])
    if header.startswith(b"MATLAB 7.3"):
        raise ValueError(f"{file} is a MATLAB file of version 7.3 (HDF5); versions 5 to 7 are read: save it with -v7.")
    if order is None:
        raise ValueError(f"{file} is not a MATLAB file of version 5 to 7; save it with -v7.")
    return order


def damaged(file: Path, error: Exception) -> ValueError:
    """What to raise for a file that is damaged or holds something that is not read."""
    return ValueError(f"{file} cannot be read as a MATLAB file ({error}); download it again, or save it with -v7.")


class Element(NamedTuple):
    """One element of a file: its kind, its bytes, and where the next one starts."""

    kind: int
    body: memoryview
    end: int


def element_at(data: memoryview, place: int, order: str) -> Element:
    """The element that starts at a place of the data."""
    kind, size = struct.unpack_from(f"{order}2I", data, place)
    start = place + 8
    if kind >> 16:  # a small one: size and kind share four bytes, the data takes the other four
        kind, size, start = kind & 0xFFFF, kind >> 16, place + 4
        end = place + 8
    else:
        end = start + size + (-size % 8 if kind != COMPRESSED else 0)
    if start + size > len(data) or (start == place + 4 and size > 4):
        raise ValueError("it ends too early")
    return Element(kind, data[start : start + size], end)


def _variables(data: memoryview, order: str) -> list[tuple[str, Value]]:
    found, place, left = [], 0, MAX_BYTES
    while place < len(data):
        element = element_at(data, place, order)
        place = element.end
        if element.kind == COMPRESSED:
            inflated = zlib.decompressobj().decompress(element.body, left + 1)
            left -= len(inflated)
            if left < 0:
                raise ValueError(f"it would grow to more than {MAX_BYTES} bytes")
            element = element_at(memoryview(inflated), 0, order)
        if element.kind != MATRIX:
            raise ValueError(f"it holds an element of kind {element.kind}, and not a variable")
        found.append(_matrix(element.body, order, 0))
    return found


def _matrix(data: memoryview, order: str, depth: int) -> tuple[str, Value]:
    if not len(data):
        return "", _EMPTY
    if depth > MAX_DEPTH:
        raise ValueError(f"it is more than {MAX_DEPTH} levels deep")
    head = header(part := _Parts(data, order))
    return head.name, _content(part, head.kind, head.shape, head.number, depth)


class Taker(Protocol):
    """Gives the elements of a matrix, one after another."""

    order: str

    def take(self) -> Element:
        """The next element."""
        ...


class Header(NamedTuple):
    """What stands before a matrix's content: its name, its class, its shape and its number of elements."""

    name: str
    kind: int
    shape: tuple[int, ...]
    number: int


def header(part: Taker) -> Header:
    """The header of a matrix, of which nothing has been taken yet."""
    flags, dims, name = part.take(), part.take(), part.take()
    kind = int(_numbers(flags, part.order)[0])
    shape = tuple(int(x) for x in _numbers(dims, part.order))
    if kind & 0x800 or len(shape) < 2 or min(shape) < 0:
        raise ValueError("it holds complex numbers or an array without a shape")
    return Header(bytes(name.body).decode("ascii"), kind & 0xFF, shape, math.prod(shape))


def fields(part: Taker) -> list[str]:
    """Names of a struct array's fields, which follow its header."""
    width = int(_numbers(part.take(), part.order)[0])
    names = bytes(part.take().body)
    if width < 1 or len(names) % width:
        raise ValueError("the names of a struct's fields are damaged")
    found = [names[i : i + width].split(b"\0")[0].decode("ascii") for i in range(0, len(names), width)]
    if len(set(found)) < len(found):
        raise ValueError("a struct has two fields of one name")
    return found


def value_of(element: Element, order: str, depth: int) -> Value:
    """The value of an element that is a matrix, `depth` levels deep."""
    if element.kind != MATRIX:
        raise ValueError(f"it holds an element of kind {element.kind} where an array should be")
    body = element.body
    if 16 <= len(body) <= SMALL and body[8 if order == "<" else 11] not in (CELL, STRUCT):  # those can be changed
        return _small(bytes(body), order, depth)
    return _matrix(body, order, depth)[1]


@lru_cache(2**15)
def _small(body: bytes, order: str, depth: int) -> Value:
    return _matrix(memoryview(body), order, depth)[1]


class _Parts:
    """The elements of a matrix in memory, one after another."""

    def __init__(self, data: memoryview, order: str) -> None:
        self.data, self.order, self.place = data, order, 0

    def take(self) -> Element:
        element = element_at(self.data, self.place, self.order)
        self.place = element.end
        return element

    def matrix(self, depth: int) -> Value:
        return value_of(self.take(), self.order, depth + 1)


def _content(part: _Parts, kind: int, shape: tuple[int, ...], number: int, depth: int) -> Value:
    if kind in _NUMERIC:
        numbers = _numbers(part.take(), part.order)
        if len(numbers) != number:
            raise ValueError(f"{len(numbers)} numbers do not fill the shape {shape}")
        return numbers.reshape(shape, order="F")
    if kind == _CHAR:
        return _text(part.take(), part.order, shape)
    if kind == CELL:
        return [part.matrix(depth) for _ in range(number)]  # each takes 8 bytes at least, or it ends too early
    if kind == STRUCT and number == 1:
        return {field: part.matrix(depth) for field in fields(part)}
    if kind == STRUCT:
        columns: dict[str, list[Value]] = {field: [] for field in fields(part)}
        for _ in range(number if columns else 0):  # without fields there is nothing that would end too early
            for column in columns.values():
                column.append(part.matrix(depth))
        return Table(columns)
    raise ValueError(f"it holds an array of class {kind} and shape {shape}, which is not read")


def _numbers(element: Element, order: str) -> npt.NDArray[np.generic]:
    if element.kind not in _STORED:
        raise ValueError(f"it holds an element of kind {element.kind} where numbers should be")
    return np.frombuffer(element.body, dtype=order + _STORED[element.kind])


def _text(element: Element, order: str, shape: tuple[int, ...]) -> str:
    if shape[0] > 1:
        raise ValueError("it holds text of several rows")
    if element.kind == _UTF8:
        return bytes(element.body).decode("utf-8")
    return _numbers(element, order).astype("<u4").tobytes().decode("utf-32-le")
