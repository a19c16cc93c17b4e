"""The weights of the best epoch so far, in one file that is either whole or not there."""

import math
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from passerby import weights

FILE = "best.safetensors"
"""Its name in a run's folder, while the training goes on."""


@dataclass(frozen=True, kw_only=True)
class Best:
    """How good an epoch is.

    Args:
        epoch: epochs done.
        mAP: on the held-out people, in [0, 1].
        rank1: likewise.
    """

    epoch: int
    mAP: float
    rank1: float


def keep(model: nn.Module, file: Path, numbers: Best) -> bool:
    """Write a network's weights into a file if its mAP is above that of the file's; whether that was so.

    An epoch that is gone through again, since the training was broken off, does not take the place of itself.

    Raises:
        ValueError: if mAP is nan, or the file is damaged.
    """
    if math.isnan(numbers.mAP):
        raise ValueError(f"mAP of epoch {numbers.epoch} is not defined; no query has a match.")
    if file.is_file() and numbers.mAP <= read(file).mAP:
        return False
    about = {"epoch": str(numbers.epoch), "mAP": repr(numbers.mAP), "rank1": repr(numbers.rank1)}
    weights.save_tensors(model.state_dict(), file, about=about)
    return True


def read(file: Path) -> Best:
    """How good the epoch in a file is.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged.
    """
    if not file.is_file():
        raise FileNotFoundError(f"No {file.name} in {file.parent}, with the weights of the best epoch; train again.")
    told = weights.about(file)
    try:
        return Best(epoch=int(told["epoch"]), mAP=float(told["mAP"]), rank1=float(told["rank1"]))
    except (KeyError, ValueError):
        raise ValueError(f"{file} does not say which epoch it is of; delete it and train again.") from None
