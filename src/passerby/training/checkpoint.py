"""The state of a training, so that it can go on."""

import pickle
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import nn
from torch.optim import Optimizer

from passerby import files

STATE = {"step", "world", "model", "optimizer", "precision"}
"""What a checkpoint holds."""


def save(checkpoint: Path, done: int, fabric: Fabric, model: nn.Module, optimizer: Optimizer) -> None:
    """Write a training's state after `done` steps, whole or not at all."""
    state = {
        "step": done,
        "world": fabric.world_size,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "precision": fabric.strategy.precision.state_dict(),  # 16-mixed scales its gradients by what it has seen
    }
    with files.whole(checkpoint) as partial:
        torch.save(state, partial)


def restore(checkpoint: Path, fabric: Fabric, model: nn.Module, optimizer: Optimizer) -> int:
    """Fill network and optimiser from a checkpoint; the number of steps that were done.

    Raises:
        ValueError: if the file is damaged, or of another number of processes.
    """
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        if not isinstance(state, dict) or state.keys() != STATE:
            raise ValueError("it is no checkpoint of this version")
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise ValueError(f"{checkpoint} is damaged ({str(error).splitlines()[0]}); delete it to train anew.") from None
    world = fabric.world_size
    if state["world"] != world:
        raise ValueError(
            f"{checkpoint} is of {state['world']} processes, and {world} go on; use as many as it began with."
        )
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    fabric.strategy.precision.load_state_dict(state["precision"])
    return int(state["step"])
