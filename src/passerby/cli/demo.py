"""`passerby demo`."""

import shlex
from pathlib import Path
from typing import Annotated

from typer import Option

from passerby import terminal
from passerby.cli.arguments import Seed
from passerby.cli.called import called
from passerby.cli.stopped import stoppable


def demo(
    folder: Annotated[Path, Option("--out", help="Where the world, the run, the page and the gallery are put.")] = Path(
        "demo"
    ),
    *,
    seed: Seed = 1,
) -> None:
    """Draw a world, train on some of its people, search for the others, and fill a gallery to search on a page."""
    from passerby.demo import demo as show

    with stoppable(lambda: "the same command goes on where it stopped"):
        done = show(folder, seed=seed)
    ratio = done.trained.mAP / done.baseline.mAP
    terminal.say(f"The trained network reaches {ratio:.1f} times the mAP of the colour histogram.")
    terminal.say(f"Open {done.page} to see the ranked lists.")
    program, trained = called(), shlex.quote(str(done.run))
    pictures = shlex.quote(str(done.world / "bounding_box_test"))
    terminal.say(f"Search on a page of your own: {program} serve {shlex.quote(str(done.gallery))} {trained}")
    terminal.say(f"Search: {program} search {trained} --query PICTURE --gallery {pictures}")
