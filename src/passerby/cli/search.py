"""`passerby search`."""

from os.path import realpath
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from passerby import terminal, terminal_bars
from passerby.cli.arguments import Device
from passerby.gallery.rate import RATE


def search(
    folder: Annotated[Path, Argument(metavar="RUN", help="Folder that training made.")],
    *,
    query: Annotated[Path, Option(help="Picture of the person to look for.")],
    gallery: Annotated[Path, Option(help="Folder of pictures, a CSV, or an .npz file of `passerby embed`.")],
    count: Annotated[
        int | None, Option("--count", "-k", help="How many to show; 10 by default, or all of fewer.", min=1)
    ] = None,
    rate: Annotated[
        float, Option(help="Where the run is calibrated: share of searches for somebody absent that may find somebody.")
    ] = RATE,
    device: Device = "cpu",
) -> None:
    """Find the pictures that look most like the person in one picture, and say how likely it is that person."""
    from passerby import calibrate, run
    from passerby.lookup import lookup

    trained = run.load(folder)
    calibration = calibrate.of(trained)
    with terminal_bars.drawing("embedding") as done:
        found = lookup(
            trained, query, gallery, count=count, calibration=calibration, rate=rate, device=device, on_progress=done
        )
    if found.gallery.model is None:
        terminal.remark(f"{gallery} does not say which model made its vectors; they are taken to be of this run.")
    terminal.broken(found.broken, total=len(found.broken) + len(found.gallery.crops))
    itself = any(crop.box is None and realpath(crop.path) == realpath(query) for crop, _ in found.answers)
    if itself:
        terminal.remark(
            "The query itself is among the pictures that were searched; its answer says nothing, and so nothing is "
            "said of the answers as a whole."
        )
    if found.worth is None:
        terminal.remark(f"{folder} is {calibrate.UNCALIBRATED}.")
    terminal.lookup(f"Most like {query}", found.answers, worth=found.worth)
    for line in () if itself else found.sentences():
        terminal.say(line)
