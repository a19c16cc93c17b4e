"""`passerby demo`."""

from pathlib import Path
from typing import Annotated

from typer import Option

from passerby import terminal
from passerby.cli.arguments import Seed


def demo(
    folder: Annotated[Path, Option("--out", help="Where the world, the run, the page and the gallery are put.")] = Path(
        "demo"
    ),
    *,
    seed: Seed = 1,
) -> None:
    """Draw a world, train on some of its people, search for the others, and fill a gallery to search on a page."""
    from passerby.demo import demo as show

    done = show(folder, seed=seed)
    ratio = done.trained.mAP / done.baseline.mAP
    terminal.say(f"The trained network reaches {ratio:.1f} times the mAP of the colour histogram.")
    terminal.say(f"Open {done.page} to see the ranked lists.")
    terminal.say(f"Search on a page of your own: passerby serve {done.gallery} {done.run}")
    terminal.say(f"Search: passerby search {done.run} --query PICTURE --gallery {done.world / 'bounding_box_test'}")
