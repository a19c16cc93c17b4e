"""HDF5 files as MATLAB 7.3 writes them, read without trust: HDF5's own library can crash on a damaged file."""

import math
import os
import struct
import zlib
from collections.abc import Iterator
from itertools import product
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

DAMAGES = (ValueError, OverflowError, TypeError, IndexError, KeyError, struct.error, zlib.error)
"""What reading a damaged file raises."""
REFERENCE = "reference"
"""The kind of an array of addresses: MATLAB's cells."""
MAX_HEADER = 2**16
"""Bytes of one block of an object's header, and of the names of a group."""
MAX_BLOCKS = 16
"""Blocks of an object's header."""
MAX_MESSAGES = 256
"""Messages in an object's header, MATLAB's few attributes among them."""
MAX_ENTRIES = 4096
"""Names in a group, chunks of an array, and entries of the tree that leads to either."""
MAX_CHUNKS = 500_000
"""Chunks that are read of one file: some 17 for each of CUHK03's 28,192 pictures, which MATLAB keeps in few."""
MAX_FILTERS = 2
"""What may be done to a chunk: MATLAB shuffles bytes and packs them, or packs them only."""
MAX_RANK = 8
"""Dimensions of an array."""
SLACK = 2**16
"""Bytes that chunks may take beyond eight times the array: the last ones in each dimension hang over."""

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_STARTS = (512, 0, 1024, 2048)  # MATLAB leaves 512 bytes for a text
_DATASPACE, _DATATYPE, _LAYOUT, _FILTERS, _CONTINUED, _GROUP = 0x1, 0x3, 0x8, 0xB, 0x10, 0x11
_KINDS = {(0, 0, size): f"<u{size}" for size in (1, 2, 4, 8)} | {(7, 0, 8): REFERENCE}
_DEFLATE, _SHUFFLE = 1, 2
_COMPACT, _CONTIGUOUS, _CHUNKED = range(3)
_NOWHERE = 2**64 - 1


class Array(NamedTuple):
    """What the header of an array tells.

    Args:
        shape: its dimensions, the reverse of MATLAB's.
        kind: a NumPy type of whole numbers, REFERENCE, or "" for anything else, which is not read.
        layout: how and where it lies: HDF5's message.
        filters: what was done to its chunks, in this order.
    """

    shape: tuple[int, ...]
    kind: str
    layout: bytes
    filters: tuple[int, ...]

    @property
    def size(self) -> int:
        """Bytes that it takes in memory."""
        return math.prod(self.shape) * _type(self).itemsize


class Hdf5:
    """An open file. Where it is damaged, each method raises one of DAMAGES; none reads more than it must.

    Args:
        data: the file, open for reading bytes, with arrays of whole numbers and of references, in the first version of
            HDF5's form, as MATLAB writes it.
    """

    def __init__(self, data: BinaryIO) -> None:
        self._data, self._base, self._chunks = data, 0, 0
        self._end = data.seek(0, os.SEEK_END)
        starts = [start for start in _STARTS if start + 96 <= self._end and self._bytes(start, 8) == _SIGNATURE]
        if not starts:
            raise ValueError("it is no HDF5 file")
        self._base = starts[0]

    def root(self) -> dict[str, int]:
        """Names and addresses of what stands in the outermost group."""
        block = self._bytes(0, 96)
        if block[8] != 0 or block[13:15] != b"\x08\x08":
            raise ValueError("it is not in the first version of HDF5's form")
        (address,) = struct.unpack_from("<Q", block, 64)
        for kind, message in self._messages(address):
            if kind == _GROUP:
                return dict(self._names(*struct.unpack_from("<2Q", message)))
        raise ValueError("its outermost group has no names")

    def array(self, address: int) -> Array:
        """The header of the array at an address."""
        shape: tuple[int, ...] | None = None
        filters: tuple[int, ...] = ()
        kind, layout = "", b""
        for number, message in self._messages(address):
            if number == _DATASPACE:
                shape = _shape(message)
            elif number == _DATATYPE:
                kind = _KINDS.get((message[0] & 15, message[1] & 9, struct.unpack_from("<I", message, 4)[0]), "")
            elif number == _LAYOUT:
                layout = message
            elif number == _FILTERS:
                filters = _filters(message)
        if shape is None or not layout:
            raise ValueError(f"no array lies at {address}")
        return Array(shape, kind, layout, filters)

    def read(self, array: Array, *, limit: int) -> npt.NDArray[np.generic]:
        """The numbers of an array, or the addresses that it refers to.

        Args:
            array: its header.
            limit: bytes that it may take; more are refused before they are read.
        """
        if not array.kind:
            raise ValueError("it holds an array of something else than whole numbers and references")
        if array.size > limit:
            raise ValueError(f"an array of shape {array.shape} takes {array.size} bytes; at most {limit} are read")
        if array.layout[0] != 3:
            raise ValueError(f"it holds an array of layout {array.layout[0]}, which is not read")
        if array.layout[1] == _CHUNKED:
            return self._chunked(array)
        if array.filters:
            raise ValueError("an array in one piece is compressed")
        if array.layout[1] == _COMPACT:
            data = array.layout[4 : 4 + struct.unpack_from("<H", array.layout, 2)[0]]
        elif array.layout[1] == _CONTIGUOUS:
            address, size = struct.unpack_from("<2Q", array.layout, 2)
            if size != array.size:
                raise ValueError(f"{size} bytes do not fill the shape {array.shape}")
            data = self._bytes(address, size)
        else:
            raise ValueError(f"it holds an array of layout class {array.layout[1]}, which is not read")
        return np.frombuffer(data, _type(array)).reshape(array.shape)

    def _bytes(self, address: int, size: int) -> bytes:
        if address < 0 or self._base + address + size > self._end:
            raise ValueError("it ends too early, or points behind its end")
        self._data.seek(self._base + address)
        data = self._data.read(size)
        if len(data) != size:
            raise ValueError("it ends too early")
        return data

    def _messages(self, address: int) -> Iterator[tuple[int, bytes]]:
        """Kinds and contents of the messages in an object's header."""
        version, _, number, _, size = struct.unpack("<2BH2I", self._bytes(address, 12))
        if version != 1 or number > MAX_MESSAGES:
            raise ValueError(f"no object of HDF5's first version lies at {address}")
        blocks = [(address + 16, size)]
        for start, length in blocks:
            if length > MAX_HEADER or len(blocks) > MAX_BLOCKS:
                raise ValueError(f"the header of the object at {address} is too large")
            data, place = self._bytes(start, length), 0
            while place + 8 <= length and number > 0:
                kind, long, flags = struct.unpack_from("<2HB", data, place)
                message = data[place + 8 : place + 8 + long]
                if len(message) < long or (flags & 2 and kind in (_DATASPACE, _DATATYPE, _LAYOUT, _FILTERS)):
                    raise ValueError(f"the header of the object at {address} is damaged, or shares parts with others")
                if kind == _CONTINUED:
                    blocks.append(struct.unpack_from("<2Q", message))
                yield kind, message
                place += 8 + long
                number -= 1

    def _names(self, tree: int, heap: int) -> Iterator[tuple[str, int]]:
        signature, _, size, _, start = struct.unpack("<4s4s3Q", self._bytes(heap, 32))
        if signature != b"HEAP" or size > MAX_HEADER:
            raise ValueError("the names of a group are damaged")
        names, total = self._bytes(start, size), 0
        for _, address in self._leaves(tree, 0, 8):
            signature, _, number = struct.unpack("<4s2sH", self._bytes(address, 8))
            total += number
            if signature != b"SNOD" or total > MAX_ENTRIES:
                raise ValueError(f"a group is damaged, or has more than {MAX_ENTRIES} names")
            entries = self._bytes(address + 8, 40 * number)
            for place in range(0, len(entries), 40):
                name, target = struct.unpack_from("<2Q", entries, place)
                yield names[name : names.index(b"\0", name)].decode(), target

    def _leaves(self, tree: int, kind: int, key: int) -> Iterator[tuple[bytes, int]]:
        """Keys and addresses in the lowest nodes of a tree; a key has so many bytes."""
        nodes: list[tuple[int, int | None]] = [(tree, None)]
        total = 0
        for address, expected in nodes:
            signature, found, level, number = struct.unpack("<4s2BH", self._bytes(address, 8))
            if signature != b"TREE" or found != kind or (expected is not None and level != expected):
                raise ValueError("the tree of a group or of an array is damaged")
            total += number
            if total > MAX_ENTRIES:
                raise ValueError(f"a group or an array has more than {MAX_ENTRIES} parts")
            entries = self._bytes(address + 24, number * (key + 8))
            for place in range(0, len(entries), key + 8):
                (child,) = struct.unpack_from("<Q", entries, place + key)
                if level:
                    nodes.append((child, level - 1))
                else:
                    yield entries[place : place + key], child

    def _chunked(self, array: Array) -> npt.NDArray[np.generic]:
        rank = len(array.shape)
        dimensions, tree = struct.unpack_from("<BQ", array.layout, 2)
        *chunk, width = struct.unpack_from(f"<{dimensions}I", array.layout, 11)
        size = math.prod(chunk) * width
        if len(chunk) != rank or width != _type(array).itemsize or min(chunk) < 1:
            raise ValueError(f"the chunks of an array of shape {array.shape} are damaged")
        corners = [range(0, whole, part) for whole, part in zip(array.shape, chunk, strict=True)]
        number = math.prod(map(len, corners))
        if number > MAX_ENTRIES or number * size > 8 * array.size + SLACK:
            raise ValueError(f"{number} chunks of {size} bytes are too many for an array of shape {array.shape}")
        self._chunks += number
        if self._chunks > MAX_CHUNKS:
            raise ValueError(f"its arrays have more than {MAX_CHUNKS} chunks together")
        missing = set(product(*corners))
        values = np.empty(array.shape, _type(array))
        for key, address in self._leaves(tree, 1, 16 + 8 * rank) if tree != _NOWHERE else ():
            stored, skipped, *corner = struct.unpack(f"<2I{rank}Q", key[:-8])
            if tuple(corner) not in missing:
                raise ValueError(f"a chunk of an array of shape {array.shape} stands there twice, or outside of it")
            missing.remove(tuple(corner))
            data = _unfiltered(self._stored(address, stored, size), array.filters, skipped, size, width)
            cut = tuple(slice(start, start + part) for start, part in zip(corner, chunk, strict=True))
            room = values[cut]
            room[...] = np.frombuffer(data, values.dtype).reshape(chunk)[tuple(map(slice, room.shape))]
        if missing:
            raise ValueError(f"{len(missing)} chunks of an array of shape {array.shape} are missing")
        return values

    def _stored(self, address: int, stored: int, size: int) -> bytes:
        if stored > size + size // 100 + 1024:  # what cannot be compressed grows by less
            raise ValueError("a chunk takes more bytes than it holds")
        return self._bytes(address, stored)


def _type(array: Array) -> np.dtype[np.generic]:
    return np.dtype({"": "u1", REFERENCE: "<u8"}.get(array.kind, array.kind))


def _shape(message: bytes) -> tuple[int, ...]:
    version, rank = message[0], message[1]
    if version not in (1, 2) or rank > MAX_RANK:
        raise ValueError(f"it holds an array of {rank} dimensions")
    return struct.unpack_from(f"<{rank}Q", message, 8 if version == 1 else 4)


def _filters(message: bytes) -> tuple[int, ...]:
    version, number = message[0], message[1]
    found, place = [], 8
    if number > MAX_FILTERS:
        raise ValueError(f"it holds an array with {number} filters; at most {MAX_FILTERS} are read")
    for _ in range(number):
        kind, name, _, values = struct.unpack_from("<4H", message, place)
        if version != 1 or kind not in (_DEFLATE, _SHUFFLE):
            raise ValueError(f"it holds an array with the filter {kind}, which is not read")
        found.append(kind)
        place += 8 + name + 4 * (values + values % 2)
    return tuple(found)


def _unfiltered(data: bytes, filters: tuple[int, ...], skipped: int, size: int, width: int) -> bytes:
    """The bytes of a chunk, of which there must be `size`."""
    for place, kind in reversed(list(enumerate(filters))):
        if skipped >> place & 1:
            continue
        if kind == _DEFLATE:
            data = zlib.decompressobj().decompress(data, size + 1)
        else:
            data = np.frombuffer(data, "u1").reshape(width, -1).T.tobytes()
    if len(data) != size:
        raise ValueError(f"a chunk holds {len(data)} bytes instead of {size}")
    return data
