"""The definitions of ranking scores as plain loops over lists, to compare the judge with."""

import math


def judge(keys, queries, gallery, *, cameras=True, ap="step"):
    """Average precision, inverse negative penalty and first rank of each query; (nan, nan, 0) without a match."""
    return [one(row, query, gallery, cameras=cameras, ap=ap) for row, query in zip(keys, queries, strict=True)]


def one(row, query, gallery, *, cameras, ap):
    kept = [i for i, crop in enumerate(gallery) if not is_junk(query, crop, cameras=cameras)]
    ranking = sorted(kept, key=lambda i: (row[i], i))
    places = [place for place, i in enumerate(ranking) if gallery[i].pid == query.pid]
    if not places:
        return math.nan, math.nan, 0
    precisions = []
    for k, place in enumerate(places, start=1):
        new = k / (place + 1)
        old = 1.0 if place == 0 else (k - 1) / place
        precisions.append(new if ap == "step" else (old + new) / 2)
    return sum(precisions) / len(places), len(places) / (places[-1] + 1), places[0] + 1


def is_junk(query, crop, *, cameras):
    if crop.pid == -1 or (crop.path, crop.box) == (query.path, query.box):
        return True
    return cameras and crop.pid == query.pid and crop.camid == query.camid


def equal(ours, theirs):
    return len(ours) == len(theirs) and all(
        (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=0, abs_tol=1e-12)
        for a, b in zip(ours, theirs, strict=True)
    )
