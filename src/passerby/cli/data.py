"""`passerby data`."""

from pathlib import Path
from typing import Annotated

from typer import Argument

from passerby import terminal


def data(
    name: Annotated[str, Argument(help="Of the data set, such as market1501 or synthetic.")],
    folder: Annotated[Path, Argument(metavar="DIR", help="Where it lies.")],
) -> None:
    """Count a data set, and say why any query has no valid match."""
    from passerby.data_argument import load

    terminal.data_set(load(name, folder))
