"""Crops that may be among the nearest of a query: all that the error of a product cannot rule out."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

CHUNKS = 512
"""Into how many chunks a tile's columns are shared out, at least; the least key of each says where to look."""
HELD = 2
"""Candidates for each neighbour, on average, above which the bounds are sharpened by what is held."""
ROUNDING = {torch.float32: 2.0**-24, torch.float64: 2.0**-53}
LARGEST_DIM = 2**18
"""Dimensions up to which the error of a float32 product is a small share of it."""
Rows = npt.NDArray[np.int64]
Keys = npt.NDArray[np.float32] | npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """A gallery made ready for its keys.

    A key is minus the product with the query (of length 1 but under euclidean), then times or plus a number of the
    crop. Exact arithmetic would put it, but for a number that is the same for all crops of the query, between the key
    and the key plus `width` of the crop plus that of the query.

    Args:
        vectors: (G, D) float32 on the device.
        metric: one of `distance.METRICS`.
        number: (G,) of the keys' type, on the device.
        width: (G,) likewise.
    """

    vectors: Tensor
    metric: str
    number: Tensor
    width: Tensor


class Found(NamedTuple):
    """Candidates of B queries.

    Args:
        rows: (P,) which query, ascending.
        columns: (P,) which crop.
        crowded: (R,) queries for which there would be too many; they have none here.
    """

    rows: Rows
    columns: Rows
    crowded: Rows


class _Held(NamedTuple):
    rows: Rows
    columns: Rows
    keys: Keys


def share(dim: int, dtype: torch.dtype) -> float:
    """By how much a key may be wrong, as a share of what bounds it (Cauchy and Schwarz): 1, lengths, or their squares.

    D roundings u for the product, summed up in any order, D for each of two lengths worked out in the same type, and
    less than 32 for all other steps; x / (1 - x) for x = (3 D + 32) u covers the products of these.

    Source: Higham, Accuracy and stability of numerical algorithms, lemma 3.1 and equation 3.5.
    """
    x = (3 * dim + 32) * ROUNDING[dtype]
    return x / (1 - x)


def is_full(dim: int) -> bool:
    """Whether PyTorch multiplies float32 in float32, not in TF32 or bfloat16, and the bound says something."""
    try:
        return torch.get_float32_matmul_precision() == "highest" and dim <= LARGEST_DIM
    except RuntimeError:  # set for one backend alone
        return False


def searched(gallery: Tensor, norms: Tensor, metric: str, dtype: torch.dtype) -> Searched:
    """Make a gallery ready.

    Args:
        gallery: (G, D) float32 on the device.
        norms: (G,) float64 lengths, right to (D + 8) roundings of `dtype`.
        metric: one of `distance.METRICS`.
        dtype: float32 or float64, in which the products are taken.
    """
    wrong = share(gallery.shape[1], dtype)
    size = {"cosine": torch.ones_like(norms), "euclidean": norms.square() / 2}.get(metric, norms)
    number = {"cosine": 1 / norms, "euclidean": size * (1 - wrong)}.get(metric, -wrong * size)
    number, width = (side.to(gallery.device, dtype) for side in (number, 2 * wrong * size))
    return Searched(gallery, metric, number, width)


def candidates(
    given: Searched,
    queries: Tensor,
    norms: Tensor,
    k: int,
    *,
    left_out: Tensor | None,
    columns: int,
    limit: int | None = None,
) -> Found:
    """Crops of which each query's k nearest are some, in the order of exact arithmetic.

    Args:
        given: the gallery.
        queries: (B, D) float32.
        norms: (B,) float64 lengths.
        k: how many nearest crops are wanted.
        left_out: (B, G) bool on the device, True where a crop is not in the query's list.
        columns: crops in a tile, 1 or more.
        limit: candidates of one query that are too many; by default all are had, however many.
    """
    total = len(given.vectors)
    limit = total if limit is None else limit
    sides, widths = _sides(given, queries, norms)
    bounds = torch.full_like(widths, math.inf)
    memory = sides.new_empty(len(queries) * min(columns, total))
    held: list[_Held] = []
    counts = np.zeros(len(queries), dtype=np.int64)
    for start in range(0, total, columns):
        part = slice(start, min(start + columns, total))
        keys = _tile(given, sides, part, memory)
        if left_out is not None:
            keys.masked_fill_(left_out[:, part], math.inf)
        bounds, found = _near(keys, given.width[part], widths, bounds, k, crowds=limit < total)
        held.append(found._replace(columns=found.columns + start))
        counts += np.bincount(found.rows, minlength=len(counts))
        if part.stop == total or counts.max() > limit or counts.sum() > HELD * k * len(counts):
            bounds, rest = _pruned(held, given, widths, bounds, k, limit)
            held, counts = [rest], np.bincount(rest.rows, minlength=len(counts))
            if not (bounds > -math.inf).any():
                break
    return Found(rest.rows, rest.columns, np.flatnonzero((bounds == -math.inf).cpu().numpy()))


def _sides(given: Searched, queries: Tensor, norms: Tensor) -> tuple[Tensor, Tensor]:
    """Minus the queries, of length 1 but under euclidean, and by how much more their keys may be wrong."""
    place, dtype = given.number.device, given.number.dtype
    if given.metric == "euclidean":
        widths = share(queries.shape[1], dtype) * norms.square()
        return queries.to(place, dtype).neg(), widths.to(place, dtype)
    inverse = (-1 / norms.clamp(min=torch.finfo(torch.float32).tiny)).to(place, dtype)
    return queries.to(place, dtype) * inverse[:, None], torch.zeros_like(inverse)


def _tile(given: Searched, sides: Tensor, part: slice, memory: Tensor) -> Tensor:
    """(B, columns) keys of some crops."""
    crops = given.vectors[part].to(sides.dtype)
    out = memory[: len(sides) * len(crops)].view(len(sides), len(crops))
    keys = torch.mm(sides, crops.T, out=out)
    return keys.mul_(given.number[part]) if given.metric == "cosine" else keys.add_(given.number[part])


def _near(keys: Tensor, width: Tensor, widths: Tensor, bounds: Tensor, k: int, *, crowds: bool) -> tuple[Tensor, _Held]:
    """Keys that are not beyond the bounds, and these, sharpened where that spares many, or -inf for a crowd."""
    lines, columns = keys.shape
    count = min(columns, max(CHUNKS, 1 << (4 * k - 1).bit_length()))
    least = _least(keys, count)
    near = least <= bounds[:, None]
    if count >= k and int(near.count_nonzero()) > 2 * k * lines:
        # Each chunk holds a crop that is not beyond this, so k of them do.
        worst = least - _least(-width[None], count)
        bounds = torch.minimum(bounds, worst.topk(k, largest=False, sorted=False).values.amax(dim=1) + widths)
        near = least <= bounds[:, None]
        if crowds:
            bounds = bounds.masked_fill(near.sum(dim=1) > max(count // 2, 2 * k), -math.inf)
            near = least <= bounds[:, None]
    line, chunk = places(near)
    column = chunk[:, None] + torch.arange(0, columns, count, device=keys.device)
    values = keys.take((line[:, None] * columns + column).clamp_(max=keys.numel() - 1))
    which, step = places((column < columns) & (values <= bounds[line, None]) & (values < math.inf))
    rows, found, values = line[which], column[which, step], values[which, step]
    return bounds, _Held(rows.cpu().numpy(), found.cpu().numpy(), values.cpu().numpy())


def _least(keys: Tensor, count: int) -> Tensor:
    """(B, count): the least key of each chunk, which is the columns c, c + count, c + 2 * count, ..."""
    lines, columns = keys.shape
    whole = columns - columns % count
    least = keys[:, :whole].view(lines, -1, count).amin(dim=1)
    rest = least[:, : columns - whole]
    torch.minimum(rest, keys[:, whole:], out=rest)
    return least


def _pruned(
    held: list[_Held], given: Searched, widths: Tensor, bounds: Tensor, k: int, limit: int
) -> tuple[Tensor, _Held]:
    """Bounds by all that is held, or -inf for a crowd, and what is not beyond them, row after row."""
    rows, columns, keys = (np.concatenate(parts) for parts in zip(*held, strict=True))
    order = np.argsort(rows, kind="stable")
    rows, columns, keys = rows[order], columns[order], keys[order]
    counts = np.bincount(rows, minlength=len(bounds))
    most = int(counts.max())
    if most >= k:
        side_by_side = np.full((len(bounds), most), math.inf, keys.dtype)
        side_by_side[rows, np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]] = (
            keys + given.width.cpu().numpy()[columns]
        )
        side_by_side.partition(k - 1, axis=1)
        worst = torch.from_numpy(side_by_side[:, k - 1].copy()).to(bounds.device)
        bounds = torch.minimum(bounds, worst + widths)
    counts = np.bincount(rows[keys <= bounds.cpu().numpy()[rows]], minlength=len(bounds))
    bounds = bounds.masked_fill(torch.from_numpy(counts > limit).to(bounds.device), -math.inf)
    kept = keys <= bounds.cpu().numpy()[rows]
    return bounds, _Held(rows[kept], columns[kept], keys[kept])


def places(there: Tensor) -> tuple[Tensor, Tensor]:
    """Rows and columns of what is True, row after row."""
    if there.device.type == "cpu":
        flat = torch.from_numpy(np.flatnonzero(there.numpy()))
    else:
        flat = there.flatten().nonzero().flatten()
    rows = flat.div(there.shape[1], rounding_mode="floor")
    return rows, flat - rows * there.shape[1]
