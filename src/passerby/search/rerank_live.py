"""Re-ranking of one query's first crops, in milliseconds, against the stored graph of a gallery."""

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor

from passerby.search._k_reciprocal import Floats, Rows, expand_queries, half, smaller_sums, squared
from passerby.search._points import Points, exact
from passerby.search.distance import check
from passerby.search.graph import Graph
from passerby.search.rerank import check_lam


def rerank_live(query: Tensor, rows: Tensor, graph: Graph, gallery: Tensor, *, lam: float = 0.3) -> Tensor:
    """Re-ranked distance of a query's nearest crops, as if it alone had been added to the gallery.

    Args:
        query: (D,) float32, finite.
        rows: (k,) int64, the query's k nearest rows of the gallery (all k, in any order), k1 or more of them.
        graph: `graph` of the gallery.
        gallery: (G, D) float32; only the few rows concerned are read, so it may be a memory map.
        lam: weight of the distance from before, 0 .. 1.

    Returns:
        (k,) float32, smaller is closer; what is not in `rows` stays behind it.

    Raises:
        ValueError: if the graph is of another gallery's size, rows are too few, out of range or not all different, lam
            is out of range, or see `distance.check`.

    Differs: from `rerank.blocks`, which knows all queries at once. Other queries are nobody's neighbours here. The
        query joins the lists of the crops that it is near enough to, and their encodings, yet pushes nobody out of them
        and is in no set that others' neighbours bring in. The distance that its own distances are divided by is that
        of its nearest crop.
    """
    _check(query, rows, graph, gallery, lam)
    here = rows.numpy()
    order = np.lexsort((here, before := _distances(query, gallery, here, graph.metric)))
    near, distances = here[order], before[order]
    known = squared(graph.found.distances[near], graph.metric)
    farthest = squared(graph.found.farthest[near], graph.metric)
    # As near as the crop that is last in a list, the query would stand in that list: queries come first.
    small = half(graph.k1)
    joins = distances[: graph.k1] <= known[: graph.k1, graph.k1]
    joins_small = distances[:small] <= known[:small, small]
    mutual = near[: graph.k1][joins]
    members = _expanded(graph.nearer, mutual, near[:small][joins_small])

    largest = farthest[0]
    weights = np.append(np.exp(-_distances(query, gallery, members, graph.metric) / largest), 1)
    columns = np.append(members, len(gallery))
    own = sparse.csr_array((weights / weights.sum(), columns, [0, len(columns)]), shape=(1, len(gallery) + 1))
    received = dict(
        zip(mutual.tolist(), np.exp(-distances[: graph.k1][joins] / farthest[: graph.k1][joins]).tolist(), strict=True)
    )
    codes = _averaged(graph, own, received, near, distances <= known[:, graph.k2 - 1])
    shared = smaller_sums(codes[:1], sparse.csr_array(codes[1:].T))[0].astype(np.float64)
    mixed = np.empty(len(here))
    mixed[order] = (1 - lam) * (1 - shared / (2 - shared)) + lam * distances / largest
    return torch.from_numpy(mixed).float()


def _check(query: Tensor, rows: Tensor, graph: Graph, gallery: Tensor, lam: float) -> None:
    check_lam(lam)
    if query.ndim != 1:
        raise ValueError(f"query has the shape {tuple(query.shape)}; give one vector, of shape (D,).")
    size = len(graph.found.indices)
    if len(gallery) != size:
        raise ValueError(f"the graph is of {size} crops and the gallery has {len(gallery)}; make its graph again.")
    if rows.dtype != torch.int64 or rows.ndim != 1:
        raise ValueError(f"rows are {rows.dtype} of shape {tuple(rows.shape)}; give int64 of shape (k,).")
    least = max(graph.k1, graph.k2 - 1)
    if len(rows) < least:
        raise ValueError(f"{len(rows)} rows are given; this graph needs the query's {least} nearest or more.")
    if int(rows.min()) < 0 or int(rows.max()) >= size or len(set(rows.tolist())) < len(rows):
        raise ValueError(f"rows must be different numbers from 0 to {size - 1}.")
    check(query[None], gallery[rows], metric=graph.metric)


def _distances(query: Tensor, gallery: Tensor, rows: Rows, metric: str) -> Floats:
    """Squared distances of the query to some rows."""
    taken = torch.from_numpy(rows)
    given = Points((query[None], gallery[taken]), metric, torch.empty(0), torch.empty(0))
    halves = exact(given, torch.zeros_like(taken), torch.arange(1, len(rows) + 1)).numpy()
    return halves * 2 if metric == "euclidean" else halves


def _expanded(nearer: sparse.csr_array, mutual: Rows, with_query: Rows) -> Rows:
    """The query's reciprocal neighbours, and those around them of which it shares more than two thirds."""
    joined = [mutual]
    for crop in mutual.tolist():
        around = nearer.indices[nearer.indptr[crop] : nearer.indptr[crop + 1]]
        query_too = int(crop in with_query)
        common = int(np.isin(around, mutual).sum()) + query_too
        if 3 * common > 2 * (len(around) + query_too):
            joined.append(around.astype(np.int64))
    return np.unique(np.concatenate(joined))


def _averaged(
    graph: Graph, own: sparse.csr_array, received: dict[int, float], near: Rows, in_mean: npt.NDArray[np.bool_]
) -> sparse.csr_array:
    """(1 + k, G + 1): encodings of the query and of its crops, averaged over neighbours with the query among them."""
    # The query is number -1 here; a list that it joins loses its last.
    lists = graph.found.indices.numpy()[near, : graph.k2] if graph.k2 > 1 else near[:, None]
    if graph.k2 > 1:
        lists = np.where(in_mean[:, None], np.insert(lists[:, :-1], 0, -1, axis=1), lists)
    lists = np.concatenate((np.append(-1, near[: graph.k2 - 1])[None], lists))
    names, places = np.unique(lists, return_inverse=True)  # -1 comes first
    crops = graph.codes[names[1:]]
    gained = np.array([received.get(name, 0.0) for name in names[1:].tolist()])
    lines = np.repeat(np.arange(crops.shape[0]), np.diff(crops.indptr))
    selves = crops.indices == names[1:][lines]
    shares = np.zeros(crops.shape[0])
    # A weight on itself is 1 before division by the sum: so it tells the sum.
    shares[lines[selves]] = gained[lines[selves]] * crops.data[selves]
    shares /= 1 + shares
    crops.data *= (1 - shares)[lines]
    column = sparse.csr_array(shares[:, None])
    codes = sparse.csr_array(sparse.vstack((own, sparse.hstack((crops, column)))))
    places = places.reshape(lists.shape)
    return expand_queries(codes, places, graph.k2) if graph.k2 > 1 else codes[places[:, 0]].astype(np.float32)
