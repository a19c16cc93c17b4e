"""Embeddings in a NumPy file: written in one piece, read without pickle and without trusting a declared size."""

import math
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
import torch

from passerby import files
from passerby.types import Crop, Embeddings, ModelId

REQUIRED = ("vectors", "pids")
"""Arrays that every file has: `vectors` (N, D) float32 and `pids` (N,) of an integer type."""
OPTIONAL = (
    "camids",
    "trackids",
    "times",
    "boxes",
    "paths",
    "model_name",
    "model_weights",
    "model_preprocessing",
)
"""Arrays that a file may have: `camids` and `trackids` (N,) integers, -1 where not known; `times` (N,) numbers and
`boxes` (N, 4) numbers (x, y, w, h), nan where not known; `paths` (N,) text; the three parts of a ModelId, text of
shape ()."""
MAX_INFLATED = 256 * 2**20
"""Bytes that a compressed file may always grow to; a bigger one may grow to INFLATION times its own size."""
INFLATION = 20
"""How many times its own size a compressed file may grow to; descriptors hardly compress."""
MAX_TEXT = 4096
"""Characters that one text may have."""

_Array = npt.NDArray[np.generic]


def write(path: Path, embeddings: Embeddings) -> None:
    """Write embeddings as an .npz file, uncompressed; a reader sees the old file or the whole new one.

    Facts that no crop has (camera, time, ...) get no array; see REQUIRED and OPTIONAL for the arrays.

    Args:
        path: the file; its folder exists. A file that is there is replaced.
        embeddings: N descriptors with their crops.

    Raises:
        FileNotFoundError: if the folder does not exist.
        ValueError: if a path or a part of the model's id is longer than MAX_TEXT characters.
    """
    arrays = _arrays(embeddings)
    for name in ("paths", "model_name", "model_weights", "model_preprocessing"):
        if name in arrays and arrays[name].dtype.itemsize > 4 * MAX_TEXT:
            raise ValueError(f"{name} for {path} hold a text of more than {MAX_TEXT} characters; shorten it.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"No folder {path.parent} to write {path.name} into; make it first.")
    with files.whole(path) as partial, partial.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # a keyword of savez is a bool


def read(path: Path) -> Embeddings:
    """Embeddings of an .npz file, as `write` or NumPy's `savez` and `savez_compressed` write it.

    Nothing is repaired: another type, a missing array or a NaN is an error. Sizes are checked against the file before
    memory is taken for them, and the vectors are held once.

    Args:
        path: the file. Where it has no `camids`, no camera is known; where it has no `paths`, crop i is called
            `FILE[i]`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no such file, or an array is missing, unknown, too large, of another type or shape, or
            holds a value that is out of range; the message names the file.
    """
    if path.is_dir():
        raise ValueError(f"{path} is a folder; give an .npz file.")
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            arrays = _read_all(path, archive)
    except FileNotFoundError:
        raise FileNotFoundError(f"No vector file at {path}; `passerby embed` writes one.") from None
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError) as error:
        if str(error).startswith(str(path)):
            raise
        raise ValueError(
            f"{path} is not an .npz file or is broken ({_short(str(error))}); "
            "write it with numpy.savez or `passerby embed`."
        ) from None
    vectors = torch.from_numpy(arrays.pop("vectors"))
    try:
        return Embeddings(vectors, _crops(path, arrays), _model(path, arrays))
    except ValueError as error:
        raise error if str(error).startswith(str(path)) else ValueError(f"{path}: {error}") from None


def _arrays(embeddings: Embeddings) -> dict[str, _Array]:
    crops = embeddings.crops
    arrays: dict[str, _Array] = {
        "vectors": embeddings.vectors.detach().cpu().numpy(),
        "pids": np.array([crop.pid for crop in crops], dtype=np.int64),
        "paths": np.array([str(crop.path) for crop in crops], dtype=np.str_),
    }
    camids, trackids = [crop.camid for crop in crops], [crop.trackid for crop in crops]
    for name, numbers in (("camids", camids), ("trackids", trackids)):
        if any(number is not None for number in numbers):
            arrays[name] = np.array([-1 if number is None else number for number in numbers], dtype=np.int64)
    if any(crop.time is not None for crop in crops):
        times = [math.nan if crop.time is None else crop.time for crop in crops]
        arrays["times"] = np.array(times, dtype=np.float64)
    if any(crop.box is not None for crop in crops):
        boxes = [(math.nan,) * 4 if crop.box is None else crop.box for crop in crops]
        arrays["boxes"] = np.array(boxes, dtype=np.float64)
    if embeddings.model is not None:
        for part in ("name", "weights", "preprocessing"):
            arrays[f"model_{part}"] = np.array(getattr(embeddings.model, part), dtype=np.str_)
    return arrays


def _read_all(path: Path, archive: zipfile.ZipFile) -> dict[str, _Array]:
    members = archive.infolist()
    names = [member.filename.removesuffix(".npy") for member in members]
    unknown = sorted(set(names) - {*REQUIRED, *OPTIONAL})
    missing = [name for name in REQUIRED if name not in names]
    if unknown or missing:
        raise ValueError(
            f"{path} holds {', '.join(map(_short, sorted(names)[:12])) or 'nothing'}; "
            f"it needs {' and '.join(REQUIRED)}, and may have {', '.join(OPTIONAL)}. Rename or leave out the rest."
        )
    if len(set(names)) < len(names):
        raise ValueError(f"{path} holds an array twice ({', '.join(sorted(names))}); write it again.")
    size, inflated = path.stat().st_size, sum(member.file_size for member in members)
    limit = max(MAX_INFLATED, INFLATION * size)
    if inflated > limit:
        raise ValueError(
            f"{path} has {size} bytes and would grow to {inflated}; at most {limit} are read: write it uncompressed."
        )
    for member in members:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{path} is compressed in an unusual way; write it with numpy.savez.")
        if member.compress_size > size:
            raise ValueError(f"{path} is cut off: {member.filename} should have {member.compress_size} bytes.")
    return {name: _read_one(path, archive, member) for name, member in zip(names, members, strict=True)}


def _read_one(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> _Array:
    name = member.filename.removesuffix(".npy")
    with archive.open(member) as stream:
        try:
            version = np.lib.format.read_magic(stream)
            header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
            shape, fortran, dtype = header(stream)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path}: {name} is not a NumPy array ({_short(str(error))}); write it again.") from None
        _check(path, name, shape, dtype)
        declared, there = math.prod(shape) * dtype.itemsize, member.file_size - stream.tell()
        if declared != there:
            raise ValueError(f"{path}: {name} of shape {shape} needs {declared} bytes and has {there}; write it again.")
        array = np.empty(shape, dtype, order="F" if fortran else "C")
        _fill(array.reshape(-1, order="A").view(np.uint8), stream)
    return array


def _fill(target: npt.NDArray[np.uint8], stream: IO[bytes]) -> None:
    done = 0
    while done < len(target):
        piece = stream.read(min(2**22, len(target) - done))
        if not piece:
            raise EOFError("the file ends too early")
        target[done : done + len(piece)] = np.frombuffer(piece, dtype=np.uint8)
        done += len(piece)
    stream.read(1)  # at its end a zip member checks its checksum


def _check(path: Path, name: str, shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> None:
    given = f"{path}: {name} is {_short(str(dtype))} of shape {_short(str(shape))}"
    text = dtype.kind == "U" and dtype.isnative
    if name == "vectors":
        if dtype != np.float32 or len(shape) != 2 or shape[1] < 1:
            raise ValueError(f"{given}; give float32 of shape (N, D): vectors.astype('float32') converts.")
    elif name in ("pids", "camids", "trackids"):
        if dtype.kind not in "iu" or not dtype.isnative or len(shape) != 1:
            raise ValueError(f"{given}; give integers of shape (N,).")
    elif name in ("times", "boxes"):
        numbers = dtype.kind in "iuf" and dtype.itemsize <= 8 and dtype.isnative
        if not numbers or shape[1:] != ((4,) if name == "boxes" else ()) or len(shape) < 1:
            raise ValueError(f"{given}; give numbers of shape {'(N, 4)' if name == 'boxes' else '(N,)'}.")
    elif not text or len(shape) != (1 if name == "paths" else 0) or dtype.itemsize > 4 * MAX_TEXT:
        wanted = "(N,)" if name == "paths" else "()"
        raise ValueError(f"{given}; give text of shape {wanted}, at most {MAX_TEXT} characters each.")


def _crops(path: Path, arrays: dict[str, _Array]) -> tuple[Crop, ...]:
    pids = _integers(path, "pids", arrays["pids"])
    for name in ("camids", "trackids", "times", "boxes", "paths"):
        if name in arrays and len(arrays[name]) != len(pids):
            raise ValueError(f"{path}: {len(arrays[name])} {name} for {len(pids)} pids; give one for each vector.")
    nothing = [None] * len(pids)
    camids = _known(path, "camids", arrays)
    trackids = _known(path, "trackids", arrays)
    times = [None if math.isnan(x) else float(x) for x in arrays["times"].tolist()] if "times" in arrays else nothing
    boxes = [_box(row) for row in arrays["boxes"].tolist()] if "boxes" in arrays else nothing
    paths = arrays["paths"].tolist() if "paths" in arrays else [f"{path}[{row}]" for row in range(len(pids))]
    return tuple(
        Crop(Path(file), pid, camid, time, trackid, box)
        for file, pid, camid, time, trackid, box in zip(paths, pids, camids, times, trackids, boxes, strict=True)
    )


def _integers(path: Path, name: str, array: _Array) -> list[int]:
    numbers: list[int] = array.tolist()
    if numbers and max(numbers) >= 2**63:
        raise ValueError(f"{path}: {name} hold {max(numbers)}; give numbers below 2**63.")
    return numbers


def _known(path: Path, name: str, arrays: dict[str, _Array]) -> Sequence[int | None]:
    if name not in arrays:
        return [None] * len(arrays["pids"])
    numbers = _integers(path, name, arrays[name])
    if numbers and min(numbers) < -1:
        raise ValueError(f"{path}: {name} hold {min(numbers)}; give 0 or more, or -1 where it is not known.")
    return [None if number == -1 else number for number in numbers]


def _box(row: Sequence[float]) -> tuple[float, float, float, float] | None:
    x, y, w, h = map(float, row)
    return None if all(map(math.isnan, (x, y, w, h))) else (x, y, w, h)


def _model(path: Path, arrays: dict[str, _Array]) -> ModelId | None:
    parts = [f"model_{part}" for part in ("name", "weights", "preprocessing")]
    there = [part for part in parts if part in arrays]
    if not there:
        return None
    if len(there) < len(parts):
        raise ValueError(f"{path} holds {', '.join(there)} only; give all of {', '.join(parts)}, or none.")
    return ModelId(*(str(arrays[part]) for part in parts))


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."
