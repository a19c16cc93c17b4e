"""How far apart descriptors are, and in what order a gallery stands for a query."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

METRICS = ("cosine", "euclidean", "dot")
"""cosine: 1 - cosine of the angle, 0 .. 2; euclidean: length of the difference; dot: minus the inner product."""
BLOCK_BYTES = 64 * 2**20
"""Memory of one block of queries against the whole gallery."""
NORMS = (1e-12, 1e12)
"""Norms between which float32 gives a cosine to its full precision."""
LENGTHS = 32
"""Vectors whose lengths are computed at a time; widened to float64 they stay in the cache."""
MAX_PRODUCT = 1e37
"""Inner products and squared distances that may be asked for; float32 ends at 3.4e38."""


def distance(queries: Tensor, gallery: Tensor, *, metric: str = "cosine") -> Tensor:
    """Distance of each query to each crop of the gallery, all at once; `blocks` is for whole data sets.

    Args:
        queries: (Q, D) float32, finite.
        gallery: (G, D) float32, finite.
        metric: one of METRICS.

    Returns:
        (Q, G) float32, smaller is closer.

    Raises:
        ValueError: see `blocks`.
    """
    parts = list(blocks(queries, gallery, metric=metric, block=max(1, len(queries))))
    return finish(parts[0][1], queries, metric) if parts else torch.empty(0, len(gallery))


def blocks(
    queries: Tensor,
    gallery: Tensor,
    *,
    metric: str = "cosine",
    block: int | None = None,
    device: torch.device | str = "cpu",
) -> Iterator[tuple[slice, Tensor]]:
    """Keys that put the gallery in the order of its distance, for one block of queries after another.

    A key is the distance without what is the same for all of a query's keys, which spares a rounding: minus the
    cosine; half the squared Euclidean distance less half the query's squared norm; minus the inner product.
    `finish` makes distances of keys. A product in float32 may round its last digit otherwise in a block of another
    size; the size used by default depends on that of the gallery alone.

    Args:
        queries: (Q, D) float32, finite.
        gallery: (G, D) float32, finite; copied only where it is not on the device.
        metric: one of METRICS.
        block: queries in a block; by default as many as fill BLOCK_BYTES.
        device: where the product is computed.

    Yields:
        Which queries, and their (B, G) float32 keys on the device, smaller is closer. The keys may be written to; their
        memory is used again for the next block.

    Raises:
        ValueError: if block is below 1, the metric is unknown, the shapes or types are others than (Q, D) and (G, D)
            float32, a value is not finite, a vector is zero under cosine, or float32 would overflow.
    """
    if block is not None and block < 1:
        raise ValueError(f"block is {block}; give 1 query or more.")
    query_norms, norms = checked_lengths(queries, gallery, metric)
    size = block or max(1, BLOCK_BYTES // (4 * max(1, len(gallery))))
    there = gallery.to(device)
    scale = {"cosine": 1 / norms, "euclidean": norms.square() / 2}.get(metric, norms).float().to(device)
    memory = torch.empty(min(size, len(queries)), len(gallery), device=device)
    for start in range(0, len(queries), size):
        part = slice(start, min(start + size, len(queries)))
        side = queries[part]
        if metric == "cosine":
            side = (side / query_norms[part, None]).float()
        keys = torch.mm(side.to(device), there.T, out=memory[: len(side)]).neg_()
        if metric == "cosine":
            keys.mul_(scale)
        elif metric == "euclidean":
            keys.add_(scale)
        yield part, keys


def check(queries: Tensor, gallery: Tensor, *, metric: str = "cosine") -> None:
    """Refuse descriptors that cannot be compared.

    Args:
        queries: (Q, D) float32.
        gallery: (G, D) float32.
        metric: one of METRICS.

    Raises:
        ValueError: see `blocks`; the rows at fault are named.
    """
    checked_lengths(queries, gallery, metric)


def finish(keys: Tensor, queries: Tensor, metric: str) -> Tensor:
    """Distances (B, any) of keys (B, any) of `blocks`, whose queries are (B, D); a new tensor on the keys' device.

    Of two nearly equal vectors the Euclidean distance is the root of a small difference of large float32 numbers: it is
    then right to about a thousandth of their length only.
    """
    if metric == "cosine":
        return 1 + keys
    if metric == "dot":
        return keys.clone()
    squares = lengths(queries).square().to(keys.device)[:, None]
    # Rounding can leave a small negative number where two vectors are the same.
    return (2 * keys.double() + squares).clamp(min=0).sqrt().float()


def checked_lengths(
    queries: Tensor, gallery: Tensor, metric: str, *, measured: Callable[[Tensor], Tensor] | None = None
) -> tuple[Tensor, Tensor]:
    """Lengths (Q,) and (G,) in float64 of descriptors that can be compared; otherwise as `check`.

    Args:
        queries: (Q, D) float32.
        gallery: (G, D) float32.
        metric: one of METRICS.
        measured: what gives the lengths of vectors; `lengths` by default.

    Raises:
        ValueError: see `blocks`; the rows at fault are named.
    """
    if metric not in METRICS:
        raise ValueError(f"metric is {metric!r}; give one of {', '.join(METRICS)}.")
    for name, side in (("queries", queries), ("gallery", gallery)):
        if side.ndim != 2 or side.dtype != torch.float32:
            raise ValueError(f"{name} are {side.dtype} of shape {tuple(side.shape)}; give float32 of shape (N, D).")
    if queries.shape[1] != gallery.shape[1]:
        raise ValueError(
            f"queries have {queries.shape[1]} dimensions and the gallery {gallery.shape[1]}; "
            "embed both sides with the same model."
        )
    measured = measured or lengths
    both = measured(queries), measured(gallery)
    for name, norms in zip(("queries", "gallery"), both, strict=True):
        _refuse(name, ~norms.isfinite(), "hold NaN or infinity", "embed those pictures again or leave them out")
        if metric == "cosine":
            low, high = NORMS
            remedy = f"a cosine needs norms of {low:g} .. {high:g}: embed those pictures again or leave them out"
            _refuse(name, norms < low, "are zero, or nearly", remedy)
            _refuse(name, norms > high, "are too long", remedy)
    longest = [float(norms.max()) if len(norms) else 0.0 for norms in both]
    if metric != "cosine" and sum(longest) ** 2 > MAX_PRODUCT:
        raise ValueError(
            f"vectors have norms up to {max(longest):g}, too large for float32 products; divide them, or use cosine."
        )
    return both


def _refuse(name: str, wrong: Tensor, fault: str, remedy: str) -> None:
    rows = wrong.nonzero().flatten().tolist()
    if rows:
        shown = ", ".join(str(row) for row in rows[:5]) + (", ..." if len(rows) > 5 else "")
        raise ValueError(f"{len(rows)} of {len(wrong)} vectors of the {name} {fault} (row {shown}); {remedy}.")


def lengths(vectors: Tensor) -> Tensor:
    """(N,) float64 on the CPU: lengths of vectors (N, D); in pieces, because a sum in float64 copies what it sums."""
    norms = torch.empty(len(vectors), dtype=torch.float64)
    for start in range(0, len(vectors), LENGTHS):
        part = vectors[start : start + LENGTHS]
        norms[start : start + LENGTHS] = torch.linalg.vector_norm(part.double(), dim=1).cpu()
    return norms
