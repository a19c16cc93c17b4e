"""`passerby compare`."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from passerby import terminal


def compare(
    a: Annotated[Path, Argument(metavar="A.json", help="A result, as `passerby eval` writes it.")],
    b: Annotated[Path, Argument(metavar="B.json", help="Another one, on the same queries and gallery.")],
    *,
    as_json: Annotated[bool, Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell whether result B is better than result A, or whether that may be luck; unlike protocols are refused."""
    from passerby.compare import compare as hold_against

    found = hold_against(a, b)
    if as_json:
        terminal.say(found.to_json())
    else:
        terminal.compared(found)
