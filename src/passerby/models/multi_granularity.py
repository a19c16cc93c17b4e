"""Multi-granularity operation (MGO): which rows of a feature map are looked at together."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from torch import Tensor

Granularity = Literal["windows", "disjoint"]
"""`windows`: level p has p windows that overlap; `disjoint`: level p cuts the map into p windows."""


class Window(NamedTuple):
    """Stripes `first` to `last` of k, counted from 1 at the top, both included: the paper's H_first~last."""

    level: int
    first: int
    last: int


def windows(k: int, *, levels: Sequence[int] | None = None, mgo: Granularity = "windows") -> tuple[Window, ...]:
    """The windows of each level in turn, each level from top to bottom.

    Level p has p windows. They are k + 1 - p stripes long and start at the stripes 1 .. p, so that level 1 is the whole
    map and level k its stripes; k = 6 gives 1 + 2 + ... + 6 = 21.
    Source: Zhang, Yang, Zheng et al., Hybrid-Attention Guided Network with Multiple Resolution Features for Person
    Re-Identification, section III.C.
    Differs: `disjoint` is there to see what the overlap is worth.

    Args:
        k: equal horizontal stripes that the map is cut into, 1 or more.
        levels: which levels, each 1 .. k; None for all of them (with `disjoint`: all that divide k).
        mgo: see `Granularity`.

    Raises:
        ValueError: if k is below 1, levels is empty, holds a level twice or one that there is not, or mgo is another.
    """
    if k < 1:
        raise ValueError(f"k is {k}; give 1 stripe or more.")
    if mgo not in ("windows", "disjoint"):
        raise ValueError(f"mgo is {mgo!r}; give windows or disjoint.")
    possible = [p for p in range(1, k + 1) if mgo == "windows" or k % p == 0]
    chosen = possible if levels is None else list(levels)
    if not chosen or len(set(chosen)) < len(chosen) or not set(chosen) <= set(possible):
        raise ValueError(
            f"levels is {tuple(chosen)}; with k={k} and mgo={mgo!r} give some of "
            f"{', '.join(map(str, possible))}, none of them twice."
        )
    if mgo == "disjoint":
        return tuple(Window(p, 1 + n * k // p, (n + 1) * k // p) for p in chosen for n in range(p))
    return tuple(Window(p, start, start + k - p) for p in chosen for start in range(1, p + 1))


def cut(feature_map: Tensor, chosen: Sequence[Window], *, k: int) -> list[Tensor]:
    """The rows of (B, C, h, w) in each window, as views.

    Raises:
        ValueError: if h is no multiple of k.
    """
    height = feature_map.shape[2]
    if height % k:
        raise ValueError(f"The feature map is {height} rows high, which k={k} stripes do not divide.")
    rows = height // k
    return [feature_map[:, :, (window.first - 1) * rows : window.last * rows] for window in chosen]
