"""The definitions of ranking scores as plain loops over lists, to compare the judge with.

Written from the protocols' definitions: no array library, no sort by counting, no blocks. Vectors are lists of numbers.
"""

import math
import struct


def judge(keys, queries, gallery, *, cameras=True, ap="step", galleries=None):
    """Average precision, inverse negative penalty and first rank of each query; (nan, nan, 0) without a match."""
    return [
        one(row, query, gallery, cameras=cameras, ap=ap, own=None if galleries is None else galleries[number])
        for number, (row, query) in enumerate(zip(keys, queries, strict=True))
    ]


def one(row, query, gallery, *, cameras, ap, own=None):
    ranking = sorted(kept(query, gallery, cameras=cameras, own=own), key=lambda i: (row[i], i))
    right, precisions, first, last = 0, [], 0, 0
    for place, i in enumerate(ranking, start=1):
        before = right / (place - 1) if place > 1 else 1.0
        if gallery[i].pid != query.pid:
            continue
        right += 1
        precisions.append(right / place if ap == "step" else (before + right / place) / 2)
        first, last = first or place, place
    if not right:
        return math.nan, math.nan, 0
    return sum(precisions) / right, right / last, first


def kept(query, gallery, *, cameras, own=None):
    """Indices of the crops that are ranked for a query; what is outside of its own gallery is not there.

    A picture that shows the query's person rightly is not wrong under another person's name too.
    """
    there = [i for i, crop in enumerate(gallery) if not is_junk(query, crop, cameras=cameras)]
    right = [(gallery[i].path, gallery[i].box) for i in there if gallery[i].pid == query.pid]
    return [
        i
        for i in there
        if (own is None or i in own) and (gallery[i].pid == query.pid or (gallery[i].path, gallery[i].box) not in right)
    ]


def is_junk(query, crop, *, cameras):
    if crop.pid == -1 or (crop.path, crop.box) == (query.path, query.box):
        return True
    return cameras and crop.pid == query.pid and crop.camid == query.camid


def right(queries, gallery, *, cameras=True, galleries=None):
    """How many right answers each query has."""
    counts = []
    for number, query in enumerate(queries):
        count = 0
        for i in kept(query, gallery, cameras=cameras, own=None if galleries is None else galleries[number]):
            if gallery[i].pid == query.pid:
                count += 1
        counts.append(count)
    return counts


def cmc(firsts, length):
    """At each k = 1 .. length: the share of queries with a match that have one among the first k."""
    answered = [first for first in firsts if first > 0]
    return [
        sum(first <= k for first in answered) / len(answered) if answered else math.nan for k in range(1, length + 1)
    ]


def inner(queries, gallery):
    """Minus the inner products, which rank like cosines where all lengths are 1."""
    return [[-sum(a * b for a, b in zip(one, other, strict=True)) for other in gallery] for one in queries]


def squared(queries, gallery):
    """Squared Euclidean distances."""
    return [[sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) for other in gallery] for one in queries]


def pool(vectors, how):
    """Largest value, or mean, of each dimension, then divided by the length: each number rounded to float32.

    Exact where sums and squares are whole numbers below 2**24: a root or quotient in float64, rounded to float32, is
    the float32 nearest to the true one.
    """
    pooled = []
    for values in zip(*vectors, strict=True):
        pooled.append(max(values) if how == "max" else single(sum(values) / len(values)))
    length = single(math.sqrt(sum(value * value for value in pooled)))
    return [single(value / length) for value in pooled]


def single(number):
    """The float32 that is nearest."""
    return struct.unpack("f", struct.pack("f", number))[0]


def tracks(crops):
    """Rows of each tracklet, tracklets in the order in which they appear."""
    found = []
    for crop in crops:
        if crop.trackid not in found:
            found.append(crop.trackid)
    return [[row for row, crop in enumerate(crops) if crop.trackid == trackid] for trackid in found]


def boxes(query, further):
    """Rows of the further pictures of the query's person from the query's camera."""
    return [row for row, crop in enumerate(further) if crop.pid == query.pid and crop.camid == query.camid]


def once(crops):
    """Crops without those whose file and box stood before."""
    found = []
    for crop in crops:
        if all((crop.path, crop.box) != (other.path, other.box) for other in found):
            found.append(crop)
    return found


def equal(ours, theirs):
    return len(ours) == len(theirs) and all(
        (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=0, abs_tol=1e-12)
        for a, b in zip(ours, theirs, strict=True)
    )
