"""Memory for large arrays."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


def memory(*shape: int, kind: npt.DTypeLike) -> Tensor:
    """A tensor on the CPU that nothing was written to yet; NumPy asks for large pages, which are there much sooner."""
    return torch.from_numpy(np.empty(shape, dtype=kind))
