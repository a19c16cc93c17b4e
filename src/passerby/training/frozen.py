"""Batch norms that training leaves alone."""

from typing import Literal

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def freeze_batch_norm(network: nn.Module, kind: Literal["statistics", "all"]) -> None:
    """Put every batch norm of a network into eval mode, so that it uses its running statistics and keeps them.

    `network.train()` undoes that: call this after it, as often as you like. What `all` does to weights and biases
    stays, and is best done before the optimiser is built.

    Source: for `all`, Almazan, Gajic, Murray, Larlus, Re-ID done right, section 3.2: pictures go through the network
    one by one, where a batch has no statistics.
    Differs: the paper does not say what happens to its batch norms; that weights and biases are frozen too is how a
    later retrieval code of the same laboratory does it.

    Args:
        network: is changed.
        kind: `statistics` keeps the running mean and variance, and weight and bias are trained on; `all` takes their
            gradients away too.

    Raises:
        ValueError: if kind is another, the network has no batch norm, or one of them has no running statistics.
    """
    if kind not in ("statistics", "all"):
        raise ValueError(f"kind is {kind!r}; give statistics or all.")
    norms = {name: module for name, module in network.named_modules() if isinstance(module, _BatchNorm)}
    if not norms:
        raise ValueError(f"{type(network).__name__} has no batch norm to freeze; set frozen_batch_norm to none.")
    for name, norm in norms.items():
        if norm.running_mean is None:
            raise ValueError(f"{name} has no running statistics to use; build it with track_running_stats=True.")
    for norm in norms.values():
        norm.eval()
        if kind == "all":
            for parameter in norm.parameters():
                parameter.requires_grad_(False)
