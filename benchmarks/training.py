"""Training steps of the recipe `demo` on made-up pictures: each precision against float32, in one run. Prints JSON."""

import json
import time

import torch

from passerby import run
from passerby.images import Size
from passerby.training.groups import parameter_groups
from passerby.training.step import step
from passerby.types import Batch

PEOPLE, PICTURES, WARM, STEPS = 8, 4, 2, 16


def cpu_seconds(precision: torch.dtype) -> float:
    """CPU seconds of all threads for STEPS steps."""
    recipe = run.recipe("demo")
    size = recipe.size
    if not isinstance(size, Size):
        raise TypeError("The recipe demo has one size.")
    torch.manual_seed(0)
    model = recipe.model(num_classes=200).train()
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stubs
    optimizer = recipe.optimizer(parameter_groups(model, recipe.groups))
    images = torch.randn(PEOPLE * PICTURES, 3, size.height, size.width).contiguous(memory_format=torch.channels_last)
    pids = torch.arange(PEOPLE).repeat_interleave(PICTURES)
    batch = Batch(images, pids, torch.zeros_like(pids))
    started = 0.0
    for done in range(WARM + STEPS):
        if done == WARM:
            started = time.process_time()
        with torch.autocast("cpu", precision, enabled=precision != torch.float32):
            losses = step(model, recipe.losses, batch)
        optimizer.zero_grad()
        torch.autograd.backward(losses["total"])
        optimizer.step()
    return time.process_time() - started


def main() -> None:
    spent = {name: cpu_seconds(kind) for name, kind in (("float32", torch.float32), ("bfloat16", torch.bfloat16))}
    pictures = STEPS * PEOPLE * PICTURES
    print(
        json.dumps(
            {
                "recipe": "demo",
                "pictures": pictures,
                "threads": torch.get_num_threads(),
                "cpu_seconds": spent,
                "pictures_per_cpu_second": {name: pictures / seconds for name, seconds in spent.items()},
                "bfloat16_over_float32": spent["bfloat16"] / spent["float32"],
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
