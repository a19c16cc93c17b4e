"""k-reciprocal re-ranking stated directly: whole matrices in float64, sets of Python, one vector after another."""

import numpy as np


def squared_distances(every, metric):
    every = np.asarray(every, dtype=np.float64)
    if metric == "cosine":
        every = every / np.linalg.norm(every, axis=1, keepdims=True)
    return np.stack([((every - one) ** 2).sum(axis=1) for one in every])


def encodings(every, *, k1, k2, metric="euclidean"):
    """The (N, N) encodings after the mean over neighbours, and the distances divided by the largest of their row."""
    distances = squared_distances(every, metric)
    order = distances.argsort(axis=1, kind="stable")
    distances = distances / distances.max(axis=1, keepdims=True)
    half = int(np.around(k1 / 2))
    full, small = reciprocal(order, k1 + 1), reciprocal(order, half + 1)
    codes = np.zeros_like(distances)
    for i, own in enumerate(full):
        members = set(own)
        for j in own:
            if 3 * len(small[j] & own) > 2 * len(small[j]):
                members |= small[j]
        if members:
            chosen = sorted(members)
            weights = np.exp(-distances[i, chosen])
            codes[i, chosen] = weights / weights.sum()
    if k2 > 1:
        codes = np.stack([codes[near[:k2]].mean(axis=0) for near in order])
    return codes, distances


def reciprocal(order, size):
    lists = [set(row[:size].tolist()) for row in order]
    return [{j for j in near if i in lists[j]} for i, near in enumerate(lists)]


def jaccard_distances(codes, others):
    sums = np.empty((len(codes), len(others)))
    for row, one in enumerate(codes):
        held = one.nonzero()[0]  # elsewhere the smaller value is 0
        sums[row] = np.minimum(one[held], others[:, held]).sum(axis=1)
    return 1 - sums / (2 - sums)


def rerank(query, gallery, *, k1=20, k2=6, lam=0.3, metric="euclidean"):
    codes, distances = encodings(np.concatenate([query, gallery]), k1=k1, k2=k2, metric=metric)
    number = len(query)
    return (1 - lam) * jaccard_distances(codes[:number], codes[number:]) + lam * distances[:number, number:]
