"""Which pictures of a batch belong together."""

import torch
from torch import Tensor


def pairs(pids: Tensor) -> tuple[Tensor, Tensor]:
    """Two (B, B) bool: the other pictures of each picture's person, and the pictures of other people.

    Raises:
        ValueError: if a picture has none of either.
    """
    same = pids.unsqueeze(0) == pids.unsqueeze(1)
    positive = same & ~torch.eye(len(same), dtype=torch.bool, device=same.device)
    if not bool((positive.any(dim=1) & (~same).any(dim=1)).all()):
        raise ValueError(
            "A picture of the batch has no other picture of its person, or none of another person; "
            "sample P people with K pictures each, both 2 or more."
        )
    return positive, ~same
