"""Sizes of memory, as they are written on the command line."""

import re
from fractions import Fraction

from passerby.evaluation.printable import printable

UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?|\.[0-9]{1,15}) ?([KMGT]I?)?B", re.ASCII | re.IGNORECASE)


def size(text: str) -> int:
    """Bytes of a size such as 500MB, 1.5GB or 2GiB; parts of a byte are cut off.

    Args:
        text: a decimal number and a unit: B, KB, MB, GB, TB (1 MB is 1,000,000 bytes) or KiB, MiB, GiB, TiB
            (1 MiB is 1,048,576 bytes), in large or small letters.

    Raises:
        ValueError: if it is no such size, or less than 1 byte.
    """
    found = _SIZE.fullmatch(text.strip())
    bytes_ = 0 if found is None else int(Fraction(found[1]) * UNITS[f"{found[2] or ''}B".upper()])
    if bytes_ < 1:
        raise ValueError(f"--memory is {printable(text)!r}; give a number and a unit, such as 500MB, 1.5GB or 2GiB.")
    return bytes_
