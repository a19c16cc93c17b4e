"""What to train on."""

from dataclasses import dataclass

import torch
from lightning_fabric import Fabric

from passerby.training.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What to train on, as Lightning Fabric names it.

    Args:
        accelerator: `cpu`, `cuda`, or `auto` for the best there is.
        devices: how many on each node.
        nodes: how many machines.
        workers: processes a device that read pictures ahead.
    """

    accelerator: str = "auto"
    devices: int = 1
    nodes: int = 1
    workers: int = 0

    @property
    def device(self) -> str:
        """The device, `cpu` or `cuda`, for what is done with a network before or after its training."""
        if self.accelerator == "auto":
            return "cuda" if torch.cuda.is_available() else "cpu"
        return "cuda" if self.accelerator == "gpu" else self.accelerator


def fabric_of(machine: Machine, recipe: Recipe) -> Fabric:
    """Lightning Fabric for a machine, in a recipe's precision.

    Raises:
        ValueError: if the machine has no such device, or cannot train in this precision.
    """
    no_gpu = machine.accelerator == "cpu" or (machine.accelerator == "auto" and not torch.cuda.is_available())
    if recipe.precision == "16-mixed" and no_gpu:
        raise ValueError("precision is 16-mixed, which needs a GPU; on a CPU give 32-true or bf16-mixed.")
    try:
        return Fabric(
            accelerator=machine.accelerator,
            devices=machine.devices,
            num_nodes=machine.nodes,
            precision=recipe.precision,
        )
    except (RuntimeError, ValueError) as error:
        raise ValueError(f"accelerator {machine.accelerator} with {machine.devices} devices: {error}") from None
