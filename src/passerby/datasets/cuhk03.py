"""CUHK03: 1,467 people, 2 cameras (Li et al., DeepReID), in the new protocol of 767 and 700 people (Zhong et al.)."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from passerby.datasets import _cuhk03_original
from passerby.datasets._listed import check_present, indices, integers
from passerby.datasets._market_layout import splits
from passerby.datasets._matlab import matlab
from passerby.datasets._unpacked import unpacked
from passerby.types import Crop, PersonSet

TITLE = "CUHK03"
"""What messages call it."""
_PICTURES = "http://www.ee.cuhk.edu.hk/~xgwang/CUHK_identification.html"
SOURCE = (
    f"{_PICTURES} (cuhk-03.mat, of which `passerby data cuhk03 DIR --unpack` makes pictures) and "
    "https://github.com/zhunzhong07/person-re-ranking (new protocol)"
)
"""Where it can be had."""
OFFICIAL: Mapping[str, Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        "labeled": {"train": (7_368, 767), "query": (1_400, 700), "gallery": (5_328, 700)},
        "detected": {"train": (7_365, 767), "query": (1_400, 700), "gallery": (5_332, 700)},
    }
)
"""Version to split to pictures and people of the whole set."""
VERSIONS = ("detected", "labeled")
"""Boxes of a detector, and boxes drawn by hand."""
ORIGINALS = ("cuhk-03.mat", "cuhk03_release/cuhk-03.mat")
"""Where the authors' file may lie."""

_LISTED = re.compile(r"(?P<person>\d_\d{3,4})_(?P<camid>\d)_\d{2,}\.(png|jpg)", re.ASCII)  # 1_001_1_01.png
_SORTED = re.compile(r"(?P<pid>\d{4,9})_c(?P<camid>\d)[0-9A-Za-z_]*\.(png|jpg)", re.ASCII)  # 0001_c1_21.png


def load(root: Path) -> PersonSet:
    """CUHK03 with the boxes of a detector: the same as `detected`."""
    return detected(root)


def detected(root: Path) -> PersonSet:
    """CUHK03 in the new protocol, with the boxes of a detector. Nothing is dropped.

    Two layouts are read:

    - `cuhk03_new_protocol_config_detected.mat` beside `images_detected/`, with the pictures of `cuhk-03.mat` named as
      in the file's `filelist` (`1_001_1_01.png`: pair of cameras, person, camera, picture); `unpack` writes them.
      Where both layouts are there, this one is taken.
    - `detected/` with `bounding_box_train`, `query` and `bounding_box_test`, the pictures named `0001_c1_...png`.

    Pids are 1 .. 1467 and cameras 1 and 2, as both give them: five pairs of cameras took the pictures, and the protocol
    tells only the two of a pair apart.

    Args:
        root: the folder that holds one of the two.

    Raises:
        FileNotFoundError: if neither is there, or a picture is missing.
        ValueError: if a file cannot be read, an index is out of range, a picture stands in no split or has another
            name than the forms above, or a person stands in train and in query or gallery.
    """
    return _load(Path(root), "detected")


def labeled(root: Path) -> PersonSet:
    """CUHK03 in the new protocol, with boxes drawn by hand; the rest as in `detected`, with `labeled` in the names."""
    return _load(Path(root), "labeled")


VARIANTS: Mapping[str, Callable[[Path], PersonSet]] = MappingProxyType({"detected": detected, "labeled": labeled})
"""The two versions, by name."""


def unpack(
    root: Path,
    *,
    version: Literal["detected", "labeled", "both"] = "both",
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write the pictures of `cuhk-03.mat`, a MATLAB file of version 7.3, and return how many it wrote.

    They go to `images_detected/` and `images_labeled/` as PNG files, named as in the `filelist` of the new protocol:
    `1_001_2_06.png` is the pair of cameras, the person within it, the camera, and the picture of 10, of which 1 .. 5
    are the first camera's. Pictures that are there already are left as they are, and none is ever half there.

    Args:
        root: the folder that holds `cuhk-03.mat` or `cuhk03_release/cuhk-03.mat`.
        version: whose pictures.
        on_progress: called with the cells of the file that are done, and of how many.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the version is another word, or the file is damaged or is another one. What was written so far
            stays.
    """
    root = Path(root)
    if version not in (*VERSIONS, "both"):
        raise ValueError(f"version is {version!r}; give one of {', '.join(VERSIONS)}, both.")
    unpacked(root, (), title=TITLE, source=SOURCE)
    original = _original(root)
    if original is None:
        raise FileNotFoundError(f"No cuhk-03.mat in {root} or in {root / 'cuhk03_release'}; get it from {SOURCE}.")
    wanted = VERSIONS if version == "both" else (version,)
    folders = [(one, root / f"images_{one}") for one in wanted]
    return _cuhk03_original.unpack(original, folders, on_progress=on_progress)


def _original(root: Path) -> Path | None:
    return next((root / name for name in ORIGINALS if (root / name).is_file()), None)


def _load(root: Path, version: str) -> PersonSet:
    config = f"cuhk03_new_protocol_config_{version}.mat"
    if (root / version).is_dir() and not (root / config).is_file():
        found = splits(root / version, _sorted_crop, title=TITLE, source=SOURCE)
    else:
        _check_extracted(root, version, config)
        unpacked(root, (config, f"images_{version}"), title=TITLE, source=SOURCE)
        found = _listed_crops(root / config, root / f"images_{version}", _advice(root, version))
    return PersonSet(
        name="cuhk03", version=version, train=found["train"], query=found["query"], gallery=found["gallery"]
    )


def _check_extracted(root: Path, version: str, config: str) -> None:
    folder, original = f"images_{version}", _original(root)
    if (root / folder).exists() or (original is None and not (root / config).is_file()):
        return
    if original is None:
        if any(root.glob(f"*/{folder}")):
            return  # that is told by `unpacked`
        there = f"No {folder} in {root}, and no {ORIGINALS[0]} to make it of; get that from {_PICTURES}, put it there"
        raise FileNotFoundError(f"{there}, and write its pictures: {_command(root, version)}")
    raise FileNotFoundError(
        f"No {folder} in {root}, only {original}; write its pictures there: {_command(root, version)}"
    )


def _command(root: Path, version: str) -> str:
    return f"passerby data cuhk03.{version} {root} --unpack"


def _advice(root: Path, version: str) -> str:
    """What to do where pictures are missing: what was unpacked once is not whole when it is unpacked again."""
    original = _original(root)
    if original is None:
        return f"put a whole {ORIGINALS[0]} into {root} and write its pictures: {_command(root, version)}"
    return (
        f"{_command(root, version)} writes those that {original} holds; where it writes none, that file lacks them: "
        "download it again"
    )


def _listed_crops(config: Path, folder: Path, advice: str) -> Mapping[str, tuple[Crop, ...]]:
    content = matlab(config)
    names = content.get("filelist")
    if not isinstance(names, list) or not names:
        raise ValueError(f"{config} has no filelist; download it again.")
    pids, camids = (integers(config, name, content.get(name)) for name in ("labels", "camId"))
    if not len(names) == len(pids) == len(camids):
        raise ValueError(
            f"{config}: filelist, labels and camId have {len(names)}, {len(pids)} and {len(camids)} entries; "
            "each picture has one of each. Download the file again."
        )
    people: dict[str, int] = {}
    persons: dict[int, str] = {}
    crops = []
    for name, pid, camid in zip(names, pids, camids, strict=True):
        found = _LISTED.fullmatch(name) if isinstance(name, str) else None
        if found is None or int(found["camid"]) != camid:
            raise ValueError(
                f"{config}: {name!r} of camera {camid} is not named pair_person_camera_picture.png, "
                "such as 1_001_1_01.png of camera 1."
            )
        person = found["person"]
        if pid < 1 or people.setdefault(person, pid) != pid or persons.setdefault(pid, person) != person:
            raise ValueError(
                f"{config}: {name} has the label {pid}; labels are 1 or more, one for each person, and each person has "
                "a label of its own. Download the file again."
            )
        crops.append(Crop(folder / found[0], pid, camid))
    pictures = [crop.path.name for crop in crops]
    check_present(folder, pictures, listed=f"filelist of {config}", title=TITLE, advice=advice)
    splits = {
        split: indices(config, f"{split}_idx", content.get(f"{split}_idx"), len(crops))
        for split in ("train", "query", "gallery")
    }
    left = set(range(len(crops))).difference(*splits.values())
    if left:
        raise ValueError(
            f"{config}: {len(left)} of {len(crops)} pictures stand in no split ({names[min(left)]}); "
            "download the file again."
        )
    return {split: tuple(crops[index] for index in found) for split, found in splits.items()}


def _sorted_crop(folder: Path, name: str) -> Crop:
    found = _SORTED.fullmatch(name)
    if found is None:
        raise ValueError(
            f"{folder / name} is not named as in CUHK03-NP: pid_c<camera>_<picture>.png, such as 0001_c1_21.png; "
            "move it away or rename it."
        )
    return Crop(folder / name, int(found["pid"]), int(found["camid"]))
