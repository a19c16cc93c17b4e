"""`passerby search`."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from passerby import terminal
from passerby.cli.arguments import Device


def search(
    folder: Annotated[Path, Argument(metavar="RUN", help="Folder that training made.")],
    *,
    query: Annotated[Path, Option(help="Picture of the person to look for.")],
    gallery: Annotated[Path, Option(help="Folder of pictures, a CSV, or an .npz file of `passerby embed`.")],
    count: Annotated[
        int | None, Option("--count", "-k", help="How many to show; 10 by default, or all of fewer.", min=1)
    ] = None,
    device: Device = "cpu",
) -> None:
    """Find the pictures that look most like the person in one picture."""
    from passerby import run
    from passerby.lookup import lookup

    trained = run.load(folder)
    with terminal.drawing("embedding") as done:
        found = lookup(trained, query, gallery, count=count, device=device, on_progress=done)
    if found.gallery.model is None:
        terminal.remark(f"{gallery} does not say which model made its vectors; they are taken to be of this run.")
    terminal.broken(found.broken, total=len(found.broken) + len(found.gallery.crops))
    terminal.lookup(f"Most like {query}", found.answers)
