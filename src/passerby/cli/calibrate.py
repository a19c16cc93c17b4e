"""`passerby calibrate`."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from passerby import terminal, terminal_bars
from passerby.cli.arguments import Data, Device, NoCameras, Seed
from passerby.cli.stopped import stoppable


def calibrate(
    folder: Annotated[Path, Argument(metavar="RUN", help="Folder that training made.")],
    *,
    data: Data,
    validate: Annotated[
        bool, Option("--validate", help="Calibrate on the training people that `train --validate` held out.")
    ] = False,
    prior: Annotated[
        float | None,
        Option(metavar="SHARE", help="Share of pairs that show one person; by default that among the data's pairs."),
    ] = None,
    no_cameras: NoCameras = False,
    seed: Seed = 0,
    device: Device = "cpu",
) -> None:
    """Say what a run's similarities mean: probabilities, thresholds, and when it is probably nobody."""
    from passerby import data_argument, run
    from passerby.calibrate import calibrate as fit
    from passerby.calibrate import chosen

    trained = run.load(folder)
    name, root = data_argument.named(data)
    people = data_argument.load(name, root) if name else trained.recipe.data(root)
    if validate:
        people = run.validation_of(trained, people)
    crops = chosen(trained, people, cameras=not no_cameras)
    with stoppable(lambda: "nothing was written"), terminal_bars.progress("embedding", len(crops)) as done:
        made = fit(trained, people, prior=prior, cameras=not no_cameras, device=device, seed=seed, on_progress=done)
    terminal.broken(made.broken, total=len(crops))
    terminal.say(made.report)
    for file in made.written:
        terminal.say(f"Written: {file}")
