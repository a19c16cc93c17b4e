"""Large MATLAB files, one element of an array after another."""

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from passerby.datasets._matlab import (
    CELL,
    COMPRESSED,
    DAMAGES,
    HEADER,
    MATRIX,
    MAX_BYTES,
    STRUCT,
    Element,
    Value,
    byte_order,
    damaged,
    fields,
    header,
    value_of,
)

CHUNK = 2**16
"""Bytes that are read, or inflated, at once."""


def rows(file: Path, name: str) -> Iterator[dict[str, Value]]:
    """The elements of one variable, each a struct, column by column; only one is held in memory at a time.

    Args:
        file: a MATLAB file of version 5 to 7, of any size.
        name: a struct array, or a cell array of structs of one element.

    Raises:
        ValueError: if the file is no such file, is damaged, or has no such variable, or a field of one element would
            take more than MAX_BYTES.
    """
    with file.open("rb") as stream:
        order = byte_order(file, stream.read(HEADER))
        try:
            yield from _rows(stream, order, name)
        except DAMAGES as error:
            raise damaged(file, error) from None


def _rows(stream: BinaryIO, order: str, name: str) -> Iterator[dict[str, Value]]:
    size = os.fstat(stream.fileno()).st_size
    while (place := stream.tell()) < size:
        kind, length = struct.unpack(f"{order}2I", _exactly(stream, 8))
        if kind not in (MATRIX, COMPRESSED):
            raise ValueError(f"it holds an element of kind {kind}, and not a variable")
        source = _Source(_chunks(stream, length), order)
        if kind == COMPRESSED:
            source = _Source(_inflated(source.chunks), order)
            source.bytes(8)  # kind and size of the variable itself
        head = header(source)
        if head.name == name:
            yield from _elements(source, head.kind, head.number)
            return
        stream.seek(place + 8 + length)
    raise ValueError(f"it has no {name}")


def _elements(source: "_Source", kind: int, number: int) -> Iterator[dict[str, Value]]:
    names = fields(source) if kind == STRUCT else []
    if kind != CELL and not names:
        raise ValueError("it holds neither structs nor cells")
    for _ in range(number):
        if kind == STRUCT:
            yield {field: source.value() for field in names}
        elif isinstance(cell := source.value(), dict):
            yield cell
        else:
            raise ValueError("a cell is not a struct")


class _Source:
    """The elements of a matrix that is still being read, one after another."""

    def __init__(self, chunks: Iterator[bytes], order: str) -> None:
        self.chunks, self.order, self.held, self.place = chunks, order, b"", 0

    def bytes(self, size: int) -> bytes:
        if size > MAX_BYTES:
            raise ValueError(f"one part of it takes {size} bytes; at most {MAX_BYTES} are read")
        got, have = [self.held[self.place : self.place + size]], min(size, len(self.held) - self.place)
        self.place += have
        while have < size:
            self.held = next(self.chunks, b"")
            if not self.held:
                raise ValueError("it ends too early")
            self.place = min(size - have, len(self.held))
            got.append(self.held[: self.place])
            have += self.place
        return b"".join(got)

    def take(self) -> Element:
        first = self.bytes(8)
        kind, size = struct.unpack(f"{self.order}2I", first)
        if not kind >> 16:
            return Element(kind, memoryview(self.bytes(size + -size % 8))[:size], 0)
        if kind >> 16 > 4:  # a small one: size and kind share four bytes, the data takes the other four
            raise ValueError("it ends too early")
        return Element(kind & 0xFFFF, memoryview(first)[4 : 4 + (kind >> 16)], 0)

    def value(self) -> Value:
        return value_of(self.take(), self.order, 1)


def _chunks(stream: BinaryIO, length: int) -> Iterator[bytes]:
    while length:
        chunk = _exactly(stream, min(length, CHUNK))
        length -= len(chunk)
        yield chunk


def _inflated(chunks: Iterator[bytes]) -> Iterator[bytes]:
    packed = zlib.decompressobj()
    for chunk in chunks:
        inflated = packed.decompress(chunk, CHUNK)
        while inflated:
            yield inflated
            inflated = packed.decompress(packed.unconsumed_tail, CHUNK)
        if packed.eof:
            return


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise ValueError("it ends too early")
    return data
