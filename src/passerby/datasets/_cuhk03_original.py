"""The pictures of CUHK03 as its authors give them: all in one MATLAB file of version 7.3."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from passerby import files
from passerby.datasets._hdf5 import DAMAGES, REFERENCE, Array, Hdf5
from passerby.datasets._listed import files_in

PAIRS = 5
"""Pairs of cameras."""
PICTURES = 10
"""Cells of one person: five for each camera of the pair."""
MAX_CELLS = 40_000
"""Cells of one version; the real file has 14,670."""
MAX_PICTURE = 16 * 2**20
"""Bytes that one picture may take; the real ones have some 100,000."""
MAX_PICTURES = 16 * 2**30
"""Bytes that all pictures together may take."""

_MAX_LIST = 8 * MAX_CELLS  # bytes


def unpack(
    file: Path,
    folders: Sequence[tuple[str, Path]],
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write the pictures of `cuhk-03.mat` as PNG files, those that are not there yet, and return how many it wrote.

    A name such as `1_001_2_06.png` tells the pair of cameras, the person within it, the camera and the cell, all from
    1, as in the `filelist` of the new protocol. No file is ever half there.

    Args:
        file: the MATLAB file; it is never read as a whole.
        folders: versions (`labeled` or `detected`) and the folder for the pictures of each, which is made.
        on_progress: told how many cells are done, and of how many, after each; cells of pictures that were there do
            not count.

    Raises:
        ValueError: if the file is damaged, two cells that are not empty are the same one, or a cell holds something
            else than a picture in colours. What was written so far stays.
    """
    with file.open("rb") as opened:
        with _told(file):
            data = Hdf5(opened)
            root = data.root()
            cells = [(folder, _cells(data, root, version)) for version, folder in folders]
            _check_distinct(data, [(f"{folder.name}/{name}", cell) for folder, named in cells for name, cell in named])
        todo: list[tuple[Path, int]] = []
        for folder, named in cells:
            folder.mkdir(parents=True, exist_ok=True)
            there = files_in(folder)
            todo += [(folder / name, address) for name, address in named if name not in there]
        written, left = 0, MAX_PICTURES
        for done, (path, address) in enumerate(todo, start=1):
            with _told(file):
                pixels = _picture(data, address, path.stem, left)
            if pixels is not None:
                left -= pixels.nbytes
                written += 1
                with files.whole(path) as partial:
                    Image.fromarray(pixels).save(partial, format="PNG")
            if on_progress is not None:
                on_progress(done, len(todo))
    return written


@contextmanager
def _told(file: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGES as error:
        raise ValueError(f"{file} cannot be read as the MATLAB file of CUHK03 ({error}); download it again.") from None


def _cells(data: Hdf5, root: Mapping[str, int], version: str) -> list[tuple[str, int]]:
    """Names of pictures and addresses of their cells."""
    if version not in root:
        raise ValueError(f"it has no {version}")
    pairs = _addresses(data, root[version])
    if len(pairs) != PAIRS:
        raise ValueError(f"{version} has {len(pairs)} pairs of cameras instead of {PAIRS}")
    found = []
    for pair, address in enumerate(pairs, start=1):
        array = data.array(address)
        if len(array.shape) != 2 or array.shape[0] != PICTURES:
            raise ValueError(f"pair {pair} of {version} has the shape {array.shape} instead of ({PICTURES}, people)")
        for place, cell in enumerate(_addresses(data, address)):
            picture, person = divmod(place, array.shape[1])
            camera = 1 + picture // (PICTURES // 2)
            found.append((f"{pair}_{person + 1:03d}_{camera}_{picture + 1:02d}.png", cell))
        if len(found) > MAX_CELLS:
            raise ValueError(f"{version} has more than {MAX_CELLS} cells")
    return sorted(found)


def _check_distinct(data: Hdf5, cells: Sequence[tuple[str, int]]) -> None:
    """Refuse a picture that is several cells': a small file could name one of much work ten thousands of times."""
    seen: dict[int, str] = {}
    empty: set[int] = set()
    for name, address in cells:
        if address in seen and address not in empty:
            if not _is_empty(data.array(address)):
                raise ValueError(f"{seen[address]} and {name} are one and the same cell")
            empty.add(address)
        seen.setdefault(address, name)


def _addresses(data: Hdf5, address: int) -> list[int]:
    array = data.array(address)
    if array.kind != REFERENCE:
        raise ValueError("it holds an array of numbers where cells should be")
    return data.read(array, limit=_MAX_LIST).ravel().tolist()


def _picture(data: Hdf5, address: int, name: str, left: int) -> npt.NDArray[np.uint8] | None:
    """The (height, width, 3) pixels of a cell; None for an empty one."""
    array = data.array(address)
    if _is_empty(array):
        return None
    if array.kind != "<u1" or len(array.shape) != 3 or array.shape[0] != 3:
        raise ValueError(f"{name} of shape {array.shape} is no picture in colours")
    pixels = data.read(array, limit=min(MAX_PICTURE, left))
    return np.ascontiguousarray(pixels.transpose(2, 1, 0), np.uint8)


def _is_empty(array: Array) -> bool:
    return math.prod(array.shape) == 0 or (len(array.shape) == 1 and array.kind == "<u8")  # MATLAB writes [0 0] then
