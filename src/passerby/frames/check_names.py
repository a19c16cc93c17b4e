"""Whether files can be named in a gallery."""

from collections.abc import Iterable
from pathlib import Path

SHOWN = 5
"""Names that an error tells."""


def check_names(files: Iterable[Path]) -> None:
    """Refuse files whose names no gallery can keep, all at once.

    Args:
        files: whose whole paths are looked at.

    Raises:
        ValueError: if there are any that are no UTF-8; the message names the first SHOWN.
    """
    wrong = [file for file in files if any("\ud800" <= sign <= "\udfff" for sign in str(file))]
    if wrong:
        more = f" and {len(wrong) - SHOWN:,} more" if len(wrong) > SHOWN else ""
        whose = "is" if len(wrong) == 1 else "are"
        raise ValueError(
            f"{', '.join(repr(str(file)[-200:]) for file in wrong[:SHOWN])}{more} {whose} no UTF-8; rename "
            f"{'it' if len(wrong) == 1 else 'them'}."
        )
