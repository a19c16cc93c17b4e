"""`passerby attributes`."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from passerby import terminal, terminal_bars
from passerby.cli.arguments import Data, Device


def attributes(
    folder: Annotated[Path, Argument(metavar="RUN", help="Folder that training made.")],
    *,
    data: Data,
    device: Device = "cpu",
    as_json: Annotated[bool, Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Predict what the people in a data set's gallery wear and carry, and print how often that is right."""
    from passerby import run
    from passerby.data_argument import load, named
    from passerby.datasets.official import official
    from passerby.judge_attributes import gallery_of_people, judge_attributes

    trained = run.load(folder)
    name, root = named(data)
    people = load(name, root) if name else trained.recipe.data(root)
    pictures = len(gallery_of_people(people))
    with terminal_bars.progress("predicting", pictures) as done:
        judged = judge_attributes(trained, people, official=official(people), device=device, on_progress=done)
    terminal.broken(judged.broken, total=pictures)
    if as_json:
        terminal.say(judged.accuracy.to_json())
    else:
        terminal.attributes(judged.accuracy, title=f"Attributes: {trained.name} on {people.name}")
