"""`passerby score` with expansion and re-ranking: what it prints and writes, and what it refuses."""

import json

import numpy as np
import pytest

from clustered import clustered
from command import passerby
from passerby import npz
from passerby.evaluation import post_processed
from passerby.evaluation.expanded import expanded
from passerby.evaluation.reranked import reranked
from passerby.evaluation.reranking import Reranking
from passerby.evaluation.saved import read
from passerby.evaluation.score import score

RERANKED = "k-reciprocal re-ranking (k1 20, k2 6, lambda 0.3)"
EXPANDED = "expansion (database 10, queries 5, alpha 0)"


def write(folder, *, queries=25, gallery=90, change=lambda sides: None, **options):
    vectors, pids, camids = (part.numpy() for part in clustered(queries + gallery, 9, spread=1.5, **options))
    sides = {}
    for name, part in (("query", slice(None, queries)), ("gallery", slice(queries, None))):
        sides[name] = {"vectors": vectors[part].copy(), "pids": pids[part], "camids": camids[part]}
    change(sides)
    for name, arrays in sides.items():
        np.savez(folder / f"{name}.npz", **arrays)
    return [str(folder / f"{name}.npz") for name in sides]


def call(capsys, *arguments):
    return passerby(capsys, "score", *arguments)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_re_ranked_vectors_are_judged_and_the_result_says_so(capsys, tmp_path, metric):
    files = write(tmp_path)
    out = tmp_path / "scores.json"
    code, printed, err = call(capsys, *files, "--rerank", "--metric", metric, "--json", "--out", out)
    assert code == 0, err
    wanted = reranked(*(npz.read(tmp_path / f"{name}.npz") for name in ("query", "gallery")), metric=metric).scores
    told = json.loads(printed)
    assert (told["mAP"], told["rank1"]) == (wanted.mAP, wanted.rank(1))
    assert told["post_processing"] == read(out).protocol["post_processing"] == RERANKED
    assert read(out).protocol["metric"] == metric
    _, printed, _ = call(capsys, *files, "--rerank", "--metric", metric)
    assert f"after {RERANKED};" in " ".join(printed.split())


@pytest.mark.parametrize(
    ("options", "stated"),
    [
        ((), "none"),
        (("--expand",), EXPANDED),
        (("--expand", "--rerank"), f"{EXPANDED}, then {RERANKED}"),
        (
            ("--rerank", "--rerank-k1", "9", "--rerank-k2", "3", "--rerank-lambda", "0.5"),
            "k-reciprocal re-ranking (k1 9, k2 3, lambda 0.5)",
        ),
    ],
)
def test_the_options_say_what_is_done_and_what_is_stated(capsys, tmp_path, options, stated):
    code, printed, err = call(capsys, *write(tmp_path), *options, "--json")
    assert code == 0, err
    sides = tuple(npz.read(tmp_path / f"{name}.npz") for name in ("query", "gallery"))
    if "--expand" in options:
        sides = expanded(*sides)
    settings = Reranking(k1=9, k2=3, lam=0.5) if "--rerank-k1" in options else Reranking()
    wanted = reranked(*sides, reranking=settings).scores if "--rerank" in options else score(*sides)
    told = json.loads(printed)
    assert (told["post_processing"], told["mAP"]) == (stated, wanted.mAP)


def test_frames_are_pooled_before_they_are_re_ranked(capsys, tmp_path):
    def tracked(sides):
        for arrays in sides.values():
            arrays["trackids"] = np.arange(len(arrays["pids"])) // 2
            for name in ("pids", "camids"):
                arrays[name] = np.repeat(arrays[name][::2], 2)

    files = write(tmp_path, queries=24, change=tracked)
    code, printed, err = call(capsys, *files, "--tracklets", "mean", "--rerank", "--json")
    assert code == 0, err
    assert json.loads(printed)["queries"] <= 12


def nan(sides):
    sides["gallery"]["vectors"][[4, 17]] = np.nan


def zero(sides):
    sides["gallery"]["vectors"][7] = 0


def narrow(sides):
    sides["query"]["vectors"] = sides["query"]["vectors"][:, :5]


def alike(sides):
    for arrays in sides.values():
        arrays["vectors"][:] = 1


BAD = [
    (("--rerank", "--metric", "dot"), {}, "metric is 'dot', and re-ranking needs a distance under which a crop is"),
    (("--expand", "--metric", "dot"), {}, "metric is 'dot', and expansion finds its neighbours by cosine"),
    (("--expand", "--rerank", "--metric", "euclidean"), {}, "metric is 'euclidean', and expansion"),
    (("--rerank-k1", "20"), {}, "--rerank-k1 says how to re-rank; add --rerank"),
    (("--rerank", "--rerank-k1", "0"), {}, "k1 of the re-ranking is 0; give 1 or more"),
    (("--rerank", "--rerank-k2", "116"), {}, "k2 of the re-ranking is 116, and queries and gallery have 115 crops"),
    (("--rerank", "--rerank-lambda", "nan"), {}, "lambda of the re-ranking is nan; give 0"),
    (("--rerank",), {"queries": 2, "gallery": 18}, "k1 of the re-ranking is 20, and queries and gallery have 20 crops"),
    (("--expand",), {"gallery": 10}, "The gallery has 10 crops; expansion"),
    (("--rerank",), {"change": nan}, "2 of 90 vectors hold NaN or infinity (row 4, 17)"),
    (("--rerank",), {"change": zero}, "1 of 90 vectors of the gallery are zero, or nearly (row 7)"),
    (("--expand", "--rerank"), {"change": zero}, "1 of 90 vectors of the gallery are zero, or nearly (row 7)"),
    (("--rerank",), {"change": narrow}, "Vectors of 5 and of 32 dimensions cannot be compared"),
    (("--expand",), {"change": narrow}, "Vectors of 5 and of 32 dimensions cannot be compared"),
]


@pytest.mark.parametrize(("options", "given", "message"), BAD)
def test_what_cannot_be_is_one_line_and_exit_code_2_before_the_long_work(
    capsys, tmp_path, monkeypatch, options, given, message
):
    files = write(tmp_path, **given)
    for long_work in ("passerby.search.rerank._blocks", "passerby.search.expand.self_neighbours"):
        monkeypatch.setattr(long_work, lambda *_, **__: pytest.fail("the long work began"))
    code, out, err = call(capsys, *files, *options, "--out", tmp_path / "scores.json")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert not (tmp_path / "scores.json").exists()


def test_vectors_that_are_all_the_same_are_refused_before_they_are_re_ranked(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("passerby.search.rerank._blocks", lambda *_, **__: pytest.fail("the long work began"))
    code, out, err = call(capsys, *write(tmp_path, change=alike), "--rerank")
    assert (code, out) == (2, "")
    assert "all 115 vectors are the same; nothing can be ranked by them" in err.splitlines()[-1]


@pytest.mark.parametrize("options", [(), ("--expand",), ("--rerank",), ("--metric", "euclidean")])
def test_what_ranking_takes_is_told_beside_the_result_and_no_number_depends_on_the_budget(capsys, tmp_path, options):
    files = write(tmp_path)
    out = [tmp_path / f"{name}.json" for name in ("one", "other")]
    code, printed, err = call(capsys, *files, *options, "--json", "--out", out[0])
    assert code == 0, err
    word = {"--expand": "Expanding and ranking", "--rerank": "Re-ranking"}.get((*options, "")[0], "Ranking")
    assert err.startswith(f"{word} 25 queries in 90 crops of 32 dimensions: a")
    assert err.endswith(" MB beside the vectors (0.02 MB).\n")
    assert call(capsys, *files, *options, "--json", "--memory", "20MB", "--out", out[1]) == (code, printed, err)
    assert out[0].read_bytes() == out[1].read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--memory", "1KB"), "memory is 1,000 bytes; ranking 25 queries in 90 crops of 32 dimensions needs "),
        (("--memory", "1KB", "--rerank"), "memory is 1,000 bytes; re-ranking 25 queries in 90 crops"),
        (("--memory", "1KB", "--expand"), "give that much or more, or leave expansion out"),
        (("--memory", "lots"), "--memory is 'lots'; give a number and a unit, such as 500MB, 1.5GB or 2GiB"),
    ],
)
def test_a_budget_that_is_none_or_too_small_is_one_line_and_exit_code_2(
    capsys, tmp_path, monkeypatch, options, message
):
    for long_work in ("passerby.evaluation.exact_ranks.closer", "passerby.search.expand.self_neighbours"):
        monkeypatch.setattr(long_work, lambda *_, **__: pytest.fail("the long work began"))
    code, out, err = call(capsys, *write(tmp_path), *options, "--out", tmp_path / "scores.json")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert not (tmp_path / "scores.json").exists()


def test_a_metric_is_refused_before_a_file_is_read(capsys, monkeypatch):
    monkeypatch.setattr(npz, "read", lambda _: pytest.fail("a file was read"))
    code, _, err = call(capsys, "nowhere.npz", "nowhere.npz", "--rerank", "--metric", "dot")
    assert code == 2
    assert "re-ranking needs" in err


def test_a_zero_vector_under_euclidean_distance_is_re_ranked(capsys, tmp_path):
    code, printed, err = call(capsys, *write(tmp_path, change=zero), "--rerank", "--metric", "euclidean", "--json")
    assert code == 0, err
    assert 0 < json.loads(printed)["mAP"] < 1


def test_the_re_ranking_is_done_once(capsys, tmp_path, monkeypatch):
    calls = []

    def counted(*sides, **options):
        calls.append(options)
        return reranked(*sides, **options)

    monkeypatch.setattr(post_processed, "reranked", counted)
    assert call(capsys, *write(tmp_path), "--rerank", "--json")[0] == 0
    assert len(calls) == 1


def test_further_pictures_of_the_queries_are_pooled_before_they_are_re_ranked(capsys, tmp_path):
    files = write(tmp_path)
    stored = dict(np.load(files[0]))
    np.savez(tmp_path / "boxes.npz", **{name: np.concatenate((array, array)) for name, array in stored.items()})
    _, plain, _ = call(capsys, *files, "--rerank", "--json")
    out = tmp_path / "scores.json"
    code, printed, err = call(capsys, *files, "--boxes", tmp_path / "boxes.npz", "--rerank", "--json", "--out", out)
    assert code == 0, err
    facts = read(out).protocol
    assert (facts["multi_query"], facts["post_processing"]) == ("mean", RERANKED)
    assert json.loads(printed)["queries"] == json.loads(plain)["queries"]
    assert json.loads(printed)["mAP"] != json.loads(plain)["mAP"]  # queries of one person and camera became one vector
