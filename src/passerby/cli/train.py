"""`passerby train`."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from passerby import terminal
from passerby.cli.arguments import Data, Seed, Workers


def train(
    recipe: Annotated[str, Argument(help="Name of the recipe, such as demo.")],
    changes: Annotated[list[str] | None, Argument(metavar="[FIELD=VALUE]...", help="Changes of the recipe.")] = None,
    *,
    data: Data,
    out: Annotated[Path, Option(help="Folder of the run.")],
    seed: Seed = 0,
    resume: Annotated[bool, Option("--resume", help="Go on with the run in OUT where it was broken off.")] = False,
    accelerator: Annotated[str, Option(help="auto, cpu or cuda.")] = "auto",
    devices: Annotated[int, Option(help="Devices on each node.", min=1)] = 1,
    nodes: Annotated[int, Option(help="Machines that train together.", min=1)] = 1,
    workers: Workers = 0,
    checkpoint_every: Annotated[float, Option(help="Seconds between checkpoints; 0: each step.", min=0)] = 30.0,
) -> None:
    """Train a recipe on a data set's training people."""
    from passerby import run
    from passerby.data_argument import load, named
    from passerby.training.loop import Machine

    found = run.recipe(recipe, changes or [])
    name, folder = named(data)
    people = load(name, folder) if name else found.data(folder)
    machine = Machine(accelerator=accelerator, devices=devices, nodes=nodes, workers=workers)
    with terminal.training(f"training {recipe}") as report:
        done = run.train(
            recipe,
            data=people,
            out=out,
            changes=changes or [],
            seed=seed,
            resume=resume,
            machine=machine,
            every=checkpoint_every,
            on_step=report,
        )
    if run.first_process():
        terminal.say(f"{done.model_id} lies in {out}.")
