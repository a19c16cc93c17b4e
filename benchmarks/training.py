"""Training steps of the recipe `demo` on made-up pictures: bfloat16 against float32, each in a new process, as JSON.

python benchmarks/training.py [--steps 16] [--small]
"""

import argparse
import json

from _measure import Result, child, spend

PEOPLE, PICTURES, WARM = 8, 4, 2
PRECISIONS = ("float32", "bfloat16")


def measure(precision: str, steps: int) -> Result:
    """Time and memory of some steps, after two that do not count."""
    import torch

    from passerby import run
    from passerby.images import Size
    from passerby.training.groups import parameter_groups
    from passerby.training.step import step
    from passerby.types import Batch

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

    def train(count: int) -> None:
        for _ in range(count):
            with torch.autocast("cpu", getattr(torch, precision), enabled=precision != "float32"):
                losses = step(model, recipe.losses, batch)
            optimizer.zero_grad()
            torch.autograd.backward(losses["total"])
            optimizer.step()

    train(WARM)
    _, spent = spend(lambda: train(steps))
    return {"threads": torch.get_num_threads(), **spent}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--small", action="store_true", help="a trial of seconds, whose figures say nothing")
    given = parser.parse_args()
    steps = 1 if given.small else given.steps
    spent = {precision: child(measure, precision, steps) for precision in PRECISIONS}
    pictures = steps * PEOPLE * PICTURES
    found = {
        "recipe": "demo",
        "pictures": pictures,
        **spent,
        "pictures_a_cpu_second": {name: pictures / one["cpu_s"] for name, one in spent.items()},
        "ratios": {"bfloat16_to_float32_cpu": spent["bfloat16"]["cpu_s"] / spent["float32"]["cpu_s"]},
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
