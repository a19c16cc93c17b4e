"""The judge on the real lists of four data sets: galleries as they stand there, and descriptors made by a recipe."""

import csv
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

import passerby.evaluation.score as judge
from market_lists import protocol_data
from passerby.datasets._matlab import matlab
from passerby.evaluation.exact_ranks import exact_ranks
from passerby.evaluation.score import score
from passerby.types import JUNK, Crop, Embeddings


def dukemtmc(split):
    with (protocol_data("dukemtmc") / f"dukeMTMC_{'test' if split == 'gallery' else split}.csv").open() as lines:
        return tuple(
            Crop(Path(path), int(pid), int(re.search(r"_c(\d)_f", path)[1])) for pid, path in csv.reader(lines)
        )


def cuhk03(split, version):
    config = matlab(protocol_data("cuhk03_np") / f"cuhk03_new_protocol_config_{version}.mat")
    chosen = config[f"{split}_idx"].ravel().astype(int) - 1
    pids, camids = (config[name].ravel() for name in ("labels", "camId"))
    return tuple(Crop(Path(config["filelist"][row]), int(pids[row]), int(camids[row])) for row in chosen)


def msmt17(split):
    lines = (protocol_data("msmt17") / f"list_{split}.txt").read_text().splitlines()
    return tuple(Crop(Path(line.split()[0]), int(line.split()[1]) + 1, int(line.split("_")[2])) for line in lines)


def mars(split):
    """Each tracklet as one crop."""
    tracks = matlab(protocol_data("mars") / "tracks_test_info.mat")["track_test_info"].tolist()
    crops = [Crop(Path(f"{row}"), pid, camid, trackid=row) for row, (_, _, pid, camid) in enumerate(tracks)]
    queries = matlab(protocol_data("mars") / "query_IDX.mat")["query_IDX"].ravel().astype(int) - 1
    return tuple(crops if split == "gallery" else (crops[row] for row in queries))


@cache
def both(name):
    read, *version = {
        "dukemtmc": (dukemtmc,),
        "cuhk03 labeled": (cuhk03, "labeled"),
        "cuhk03 detected": (cuhk03, "detected"),
        "msmt17": (msmt17,),
        "mars": (mars,),
    }[name]
    return read("query", *version), read("gallery", *version)


@pytest.fixture
def ranked_once(monkeypatch):
    """Both definitions are judged on one ranking: it is nearly all of the work, and knows neither."""
    known = {}

    def once(query, gallery, **facts):
        key = (id(query), id(gallery), *sorted(facts.items()))
        if key not in known:
            known[key] = exact_ranks(query, gallery, **facts)
        return known[key]

    monkeypatch.setattr(judge, "exact_ranks", once)


@pytest.mark.usefixtures("ranked_once")
@pytest.mark.parametrize(
    ("name", "sizes", "step", "trapezoid", "rank1"),
    [
        ("dukemtmc", (2_228, 17_661), 0.002536, 0.002379, 0),
        ("cuhk03 labeled", (1_400, 5_328), 0.004459, 0.003847, 0.001429),
        ("cuhk03 detected", (1_400, 5_332), 0.004459, 0.003848, 0.001429),
        ("msmt17", (11_659, 82_161), 0.001553, 0.001505, 0.000343),
        ("mars", (1_980, 12_180), 0.001012, 0.000937, 0),
    ],
)
def test_a_gallery_in_the_order_of_its_list_has_the_agreed_map(name, sizes, step, trapezoid, rank1):
    query, gallery = (Embeddings(torch.ones(len(crops), 1), crops) for crops in both(name))
    assert (len(query.crops), len(gallery.crops)) == sizes
    for ap, expected in (("step", step), ("trapezoid", trapezoid)):
        found = score(query, gallery, ap=ap)
        assert found.mAP == pytest.approx(expected, abs=5e-7)
        assert found.rank(1) == pytest.approx(rank1, abs=5e-7)
        assert found.queries_without_match == 0


def made_up(crops, seed):
    """Descriptors that are the sum of a person's, a camera's and a crop's own part, by a stated recipe."""

    def normal(*key):
        return np.random.default_rng(key).standard_normal(32)

    people = {crop.pid: normal(7, 1, crop.pid + 2) for crop in crops}
    cameras = {crop.camid: normal(7, 2, crop.camid) for crop in crops}
    own = np.random.default_rng([7, seed]).standard_normal((len(crops), 32))
    sums = np.stack([people[crop.pid] + 0.5 * cameras[crop.camid] for crop in crops]) + 0.9 * own
    unit = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return Embeddings(torch.from_numpy(unit.astype(np.float32)), crops)


def sorted_and_judged(keys, query, gallery):
    """Step, trapezoid, inverse negative penalty and first rank of each query: the whole gallery is sorted for it."""
    pids, camids = (np.array([getattr(crop, name) for crop in gallery]) for name in ("pid", "camid"))
    rows = []
    for crop, distances in zip(query, keys, strict=True):
        kept = np.flatnonzero((pids != JUNK) & ((pids != crop.pid) | (camids != crop.camid)))
        ranking = kept[np.argsort(distances[kept], kind="stable")]
        ranks = 1 + np.flatnonzero(pids[ranking] == crop.pid)
        found = np.arange(1, len(ranks) + 1)
        before = np.ones(len(ranks))
        np.divide(found - 1, ranks - 1, out=before, where=ranks > 1)
        after = found / ranks
        rows.append((after.mean(), (before + after).mean() / 2, len(ranks) / ranks[-1], ranks[0]))
    return np.array(rows).T


MADE_UP = {
    # mAP step, trapezoid, mINP, and queries with a match among the first 1, 5, 10: by products in float64
    "dukemtmc": (0.294335, 0.279852, 0.060547, [1111, 1658, 1819]),
    "cuhk03 labeled": (0.303466, 0.275016, 0.138459, [529, 863, 983]),
    "cuhk03 detected": (0.301973, 0.273307, 0.138241, [520, 858, 995]),
    "mars": (0.319625, 0.300221, 0.101438, [961, 1391, 1534]),
}


@pytest.mark.usefixtures("ranked_once")
@pytest.mark.parametrize("name", MADE_UP)
def test_made_up_descriptors_have_the_scores_of_a_judge_that_sorts(name):
    query, gallery = (made_up(crops, seed) for crops, seed in zip(both(name), (10, 11), strict=True))
    step, trapezoid = (score(query, gallery, ap=ap) for ap in ("step", "trapezoid"))

    keys = -query.vectors.double() @ torch.nn.functional.normalize(gallery.vectors.double()).T
    expected = sorted_and_judged(keys.numpy(), query.crops, gallery.crops)
    ours = (step.ap, trapezoid.ap, step.inp, step.first)
    for one, other in zip(ours, expected, strict=True):
        assert np.abs(one.numpy() - other).max() < 1e-9

    counts = [int((step.first <= k).sum()) for k in (1, 5, 10)]
    assert step.queries_without_match == 0
    assert (step.mAP, trapezoid.mAP, step.mINP) == pytest.approx(MADE_UP[name][:3], abs=1e-6)
    assert counts == MADE_UP[name][3]


def test_mars_without_the_queries_tracklets_judges_1840_queries():
    query, gallery = both("mars")
    queries = {crop.trackid for crop in query}
    rest = tuple(crop for crop in gallery if crop.trackid not in queries)
    found = score(*(Embeddings(torch.ones(len(crops), 1), crops) for crops in (query, rest)))
    assert (len(rest), found.queries, found.queries_without_match) == (10_200, 1_840, 140)
