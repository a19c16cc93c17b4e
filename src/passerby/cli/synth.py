"""`passerby synth`."""

from pathlib import Path
from typing import Annotated, Literal

from typer import Argument, Option

from passerby import terminal, terminal_bars
from passerby.cli.arguments import Seed


def synth(
    folder: Annotated[Path | None, Argument(metavar="DIR", help="Where to draw, in Market-1501's layout.")] = None,
    *,
    train_ids: Annotated[int, Option(help="People in train.")] = 751,
    test_ids: Annotated[int, Option(help="People in query and gallery.")] = 750,
    cameras: Annotated[int | None, Option(help="Cameras; 6 by default.")] = None,
    seed: Seed = 0,
    workers: Annotated[int, Option(help="Processes that draw.", min=1)] = 2,
    boxes: Annotated[Literal["hand", "detector"], Option(help="How well boxes fit.")] = "detector",
    sheet: Annotated[Path | None, Option(help="Draw one PNG with 60 pictures of the world.")] = None,
    videos: Annotated[
        bool, Option("--videos", help="Draw a video a camera in DIR instead, with true boxes; 3 cameras by default.")
    ] = False,
    people: Annotated[int | None, Option(help="With --videos: people who walk past; 12 by default.")] = None,
    seconds: Annotated[float | None, Option(help="With --videos: that each camera films; 10 by default.")] = None,
    fps: Annotated[int | None, Option(help="With --videos: frames a second; 10 by default.")] = None,
) -> None:
    """Draw a world of people: a data set in Market-1501's layout, videos of several cameras, or a sheet to look at."""
    from passerby.synth import world
    from passerby.synth.sheet import sheet as draw_sheet

    if folder is None and sheet is None:
        raise ValueError("Nothing to draw; give a folder DIR, --sheet FILE.png, or both.")
    asked = {"people": people, "seconds": seconds, "fps": fps}
    if not videos and any(value is not None for value in asked.values()):
        raise ValueError("--people, --seconds and --fps are of videos; add --videos.")
    if folder is not None and videos:
        from passerby.frames.encode import encode
        from passerby.synth import video

        numbers = {name: value for name, value in {**asked, "count": cameras}.items() if value is not None}
        with terminal_bars.drawing("filming people") as show:
            video.write(folder, encode=encode, seed=seed, progress=show, **numbers)  # type: ignore[arg-type]
        terminal.say(f"Videos and true boxes lie in {folder}; {folder / video.LIST} lists them.")
    elif folder is not None:
        with terminal_bars.drawing("drawing people") as show:
            world.write(
                folder,
                train_ids=train_ids,
                test_ids=test_ids,
                **({} if cameras is None else {"cameras": cameras}),
                seed=seed,
                workers=workers,
                boxes=boxes,
                progress=show,
            )
        terminal.say(f"A world of {train_ids} + {test_ids} people lies in {folder}.")
    if sheet is not None:
        draw_sheet(sheet, seed=seed)
        terminal.say(f"60 pictures of it are in {sheet}.")
