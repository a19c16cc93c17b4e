"""Loops over numbers, compiled by Numba when they are first called, and shared out among threads.

Import this where it is called and not before: Numba takes half a second to load.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numba
import numpy.typing as npt
import torch

_Work = TypeVar("_Work", bound=Callable[..., Any])
Array = npt.NDArray[Any]
_FASTER = frozenset({"contract"})
"""A product and a sum may be rounded once instead of twice, which is never farther from the true sum."""
ANY_ORDER = frozenset({"reassoc", "contract"})
"""Further, sums may be taken in any order."""


def compiled(work: _Work, *, flags: frozenset[str] = _FASTER) -> _Work:
    """A function, compiled when it is first called; what was compiled is kept for the next program where it can be.

    Args:
        work: a function on arrays and numbers, which lets other threads go on meanwhile.
        flags: what LLVM may take for granted in its arithmetic.
    """
    options: dict[str, Any] = {"nogil": True, "fastmath": set(flags), "error_model": "numpy"}
    try:
        made: _Work = numba.njit(cache=True, **options)(work)
    except RuntimeError:  # there is no folder to keep it in
        made = numba.njit(**options)(work)
    return made


def shared(work: Callable[..., None], number: int, *given: object, least: int) -> None:
    """Call `work(start, end, *given)` for all of 0 .. number, in as many threads as PyTorch uses.

    Args:
        work: a compiled function.
        number: how much there is to do.
        least: how much of it is worth a thread.
        given: what else it is given.
    """
    parts = max(1, min(torch.get_num_threads(), number // least))
    if parts == 1:
        work(0, number, *given)
        return
    ends = [number * part // parts for part in range(parts + 1)]
    with ThreadPoolExecutor(parts) as threads:
        for done in [threads.submit(work, *ends[part : part + 2], *given) for part in range(parts)]:
            done.result()
