"""`passerby synth`."""

from pathlib import Path
from typing import Annotated, Literal

from typer import Argument, Option

from passerby import terminal
from passerby.cli.arguments import Seed


def synth(
    folder: Annotated[Path | None, Argument(metavar="DIR", help="Where to draw, in Market-1501's layout.")] = None,
    *,
    train_ids: Annotated[int, Option(help="People in train.")] = 751,
    test_ids: Annotated[int, Option(help="People in query and gallery.")] = 750,
    cameras: Annotated[int, Option(help="Cameras.")] = 6,
    seed: Seed = 0,
    workers: Annotated[int, Option(help="Processes that draw.", min=1)] = 2,
    boxes: Annotated[Literal["hand", "detector"], Option(help="How well boxes fit.")] = "detector",
    sheet: Annotated[Path | None, Option(help="Draw one PNG with 60 pictures of the world.")] = None,
) -> None:
    """Draw a world of people: a data set in Market-1501's layout, or a sheet to look at."""
    from passerby.synth import world
    from passerby.synth.sheet import sheet as draw_sheet

    if folder is None and sheet is None:
        raise ValueError("Nothing to draw; give a folder DIR, --sheet FILE.png, or both.")
    if folder is not None:
        with terminal.drawing("drawing people") as show:
            world.write(
                folder,
                train_ids=train_ids,
                test_ids=test_ids,
                cameras=cameras,
                seed=seed,
                workers=workers,
                boxes=boxes,
                progress=show,
            )
        terminal.say(f"A world of {train_ids} + {test_ids} people lies in {folder}.")
    if sheet is not None:
        draw_sheet(sheet, seed=seed)
        terminal.say(f"60 pictures of it are in {sheet}.")
