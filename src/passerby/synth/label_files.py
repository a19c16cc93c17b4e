"""The label files of a drawn world, built as the real ones are."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.io import savemat

from passerby.synth.labels import Labels
from passerby.synth.people import Person

Field = Callable[[Labels], int]


def _yes(name: str) -> Field:
    return lambda labels: 1 + bool(getattr(labels, name))


def _is(name: str, colour: str) -> Field:
    return lambda labels: 1 + (getattr(labels, name) == colour)


_MARKET_UP = ("black", "white", "red", "purple", "yellow", "gray", "blue", "green")
_MARKET_DOWN = ("black", "white", "pink", "purple", "yellow", "gray", "blue", "green", "brown")
_DUKE_UP = ("black", "white", "red", "purple", "gray", "blue", "green", "brown")
_DUKE_DOWN = ("black", "white", "red", "gray", "blue", "green", "brown")
_MARKET: Mapping[str, Field] = {
    "age": lambda labels: labels.age,
    "backpack": _yes("backpack"),
    "bag": _yes("bag"),
    "handbag": _yes("handbag"),
    "clothes": lambda labels: 1 if labels.dress else 2,
    "down": _yes("short_lower"),
    "up": lambda labels: 1 if labels.long_sleeves else 2,
    "hair": _yes("long_hair"),
    "hat": _yes("hat"),
    "gender": _yes("female"),
    **{f"up{colour}": _is("upper", colour) for colour in _MARKET_UP},
    **{f"down{colour}": _is("lower", colour) for colour in _MARKET_DOWN},
}
_DUKE: Mapping[str, Field] = {
    "backpack": _yes("backpack"),
    "bag": _yes("bag"),
    "handbag": _yes("handbag"),
    "boots": _yes("boots"),
    "gender": _yes("female"),
    "hat": _yes("hat"),
    "shoes": _yes("light_shoes"),
    "top": _yes("long_top"),
    **{f"down{colour}": _is("lower", colour) for colour in _DUKE_DOWN},
    **{f"up{colour}": _is("upper", colour) for colour in _DUKE_UP},
}
# the real files list train and test in different orders, which a reader by position gets wrong
_MARKET_TRAIN = (
    *("age", "backpack", "bag", "handbag"),
    *(f"down{colour}" for colour in ("black", "blue", "brown", "gray", "green", "pink", "purple", "white", "yellow")),
    *(f"up{colour}" for colour in ("black", "blue", "green", "gray", "purple", "red", "white", "yellow")),
    *("clothes", "down", "up", "hair", "hat", "gender"),
)
_DUKE_TEST = (
    *("boots", "shoes", "top", "gender", "hat", "backpack", "bag", "handbag"),
    *(f"down{colour}" for colour in _DUKE_DOWN),
    *(f"up{colour}" for colour in ("black", "white", "red", "gray", "blue", "green", "purple", "brown")),
)


def label_files(root: Path, people: Sequence[Person], train: Sequence[int], test: Sequence[int]) -> None:
    """Write market_attribute.mat and duke_attribute.mat.

    Each holds a struct of two structs, train and test, with one row of uint8 a label and the pids as text of four
    digits, ascending, in `image_index`. 1 is no and 2 yes; age is 1 .. 4.

    Args:
        root: the world's folder.
        people: the person of pid p at place p - 1.
        train: training pids, ascending.
        test: test pids, ascending.
    """
    told = [person.labels for person in people]
    market = {
        "test": _struct(told, test, tuple(_MARKET), _MARKET),
        "train": _struct(told, train, _MARKET_TRAIN, _MARKET),
    }
    duke = {"train": _struct(told, train, tuple(_DUKE), _DUKE), "test": _struct(told, test, _DUKE_TEST, _DUKE)}
    _save(root / "market_attribute.mat", {"market_attribute": market})
    _save(root / "duke_attribute.mat", {"duke_attribute": duke})


def _struct(
    told: Sequence[Labels], pids: Sequence[int], order: Sequence[str], fields: Mapping[str, Field]
) -> dict[str, np.ndarray]:
    rows = {name: np.array([[fields[name](told[pid - 1]) for pid in pids]], dtype=np.uint8) for name in order}
    index = np.empty((1, len(pids)), dtype=object)
    index[0] = [f"{pid:04d}" for pid in pids]
    return {**rows, "image_index": index}


def _save(file: Path, content: Mapping[str, object]) -> None:
    part = file.with_name(f"{file.name}.part")
    savemat(part, dict(content), appendmat=False, format="5", do_compression=False)
    # the first 116 bytes are free text, where the library puts the hour: the same labels give the same file
    part.write_bytes(b"MATLAB 5.0 MAT-file, labels of drawn people".ljust(116) + part.read_bytes()[116:])
    part.replace(file)
