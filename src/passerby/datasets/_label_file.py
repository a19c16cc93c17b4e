"""The label files of Market-1501 and DukeMTMC-reID."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from passerby.datasets._matlab import Value, matlab


def label_file(file: Path, variable: str, *, title: str) -> Mapping[int, Mapping[str, int]]:
    """Labels by pid: field name to its code, of training and test people together.

    Args:
        file: a struct with the fields `train` and `test`, each a struct with one row of numbers for each field and the
            pids as text in `image_index`. Fields are read by name: their order differs between train and test.
        variable: the struct's name, `market_attribute` or `duke_attribute`.
        title: the data set's name in messages.

    Raises:
        ValueError: if it is not such a file or is damaged (see `matlab`), or names a pid twice.
    """
    both = matlab(file).get(variable)
    labels: dict[int, Mapping[str, int]] = {}
    try:
        for part in ("train", "test"):
            for pid, row in _people(both.get(part) if isinstance(both, dict) else None, variable):
                if pid in labels:
                    raise ValueError(f"pid {pid} stands there twice")
                labels[pid] = row
    except ValueError as error:
        raise ValueError(
            f"{file} is not the label file of {title} ({error}); download it again, or move it away to go without "
            "labels."
        ) from None
    return MappingProxyType(dict(sorted(labels.items())))


def _people(part: Value | None, variable: str) -> Iterator[tuple[int, Mapping[str, int]]]:
    index = part.get("image_index") if isinstance(part, dict) else None
    if not isinstance(part, dict) or not isinstance(index, list):
        raise ValueError(f"it has no {variable} with train and test, each with image_index")
    pids = [int(cell) if isinstance(cell, str) else -1 for cell in index]
    if any(pid < 1 for pid in pids):
        raise ValueError("image_index holds something else than pids as text")
    columns = {name: column for name, column in sorted(part.items()) if name != "image_index"}
    codes: dict[str, list[int]] = {}
    for name, column in columns.items():
        if not isinstance(column, np.ndarray) or column.dtype.kind not in "iu" or column.size != len(pids):
            raise ValueError(f"{name} is not {len(pids)} whole numbers, one for each person")
        codes[name] = column.ravel().tolist()
    for row, pid in enumerate(pids):
        yield pid, MappingProxyType({name: column[row] for name, column in codes.items()})
