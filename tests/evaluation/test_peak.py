"""What ranking is said to take is what it takes at most, and no number depends on the budget."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from clustered import clustered
from passerby.evaluation.peak import peak
from passerby.evaluation.post_processed import post_processed
from passerby.evaluation.reranking import Reranking
from passerby.evaluation.rules import Rules
from passerby.search.counting.pieces import needed, pieces
from passerby.types import DISTRACTOR, JUNK, Crop, Embeddings

EXPAND, RERANK, BOTH = (Rules(post_processing=steps) for steps in ("expansion", "reranking", "expansion+reranking"))


def crops(count, *, people=50, first=0, pid=None):
    return tuple(Crop(Path(f"{first + n}.jpg"), pid or 1 + n % people, n % 4) for n in range(count))


def sides(queries=60, gallery=400, *, people=9, dim=32):
    vectors, pids, camids = clustered(queries + gallery, people, dim=dim, spread=1.5)
    pids[queries::11] = JUNK
    named = tuple(Crop(Path(f"{n}"), int(pid), int(camids[n])) for n, pid in enumerate(pids))
    return Embeddings(vectors[:queries], named[:queries]), Embeddings(vectors[queries:], named[queries:])


def least(*given, **options):
    """The smallest budget, as the refusal of one byte tells it."""
    with pytest.raises(ValueError, match=r"memory is 1 bytes; .* beside the vectors: give that much or more") as told:
        peak(*given, memory=1, **options)
    return int(str(told.value).split(" beside")[0].split()[-1].replace(",", ""))


def test_it_is_told_in_one_sentence():
    given = crops(100), crops(19_732)
    assert str(peak(*given, 512, Rules(), memory=10**8)) == (
        "Ranking 100 queries in 19,732 crops of 512 dimensions: at most 0.09 GB beside the vectors (0.05 GB)."
    )
    more = peak(*given, 512, Rules(), memory=10**8, added=500_000, at_once=4096)
    assert str(more).startswith("Ranking 100 queries in 19,732 crops and 500,000 more, of 512 dimensions: at most ")
    assert more.vectors == 4 * 512 * (100 + 19_732 + 4096)
    for rules, words in ((EXPAND, "Expanding and ranking"), (RERANK, "Re-ranking"), (BOTH, "Expanding and re-ranking")):
        told = str(peak(*given, 512, rules))
        assert told.startswith(f"{words} 100 queries in 19,732 crops of 512 dimensions: about 0.")
    assert str(peak(crops(3), crops(8), 8, Rules())).endswith(" MB beside the vectors (0.01 MB).")


@pytest.mark.parametrize("rules", [Rules(), EXPAND, RERANK, BOTH])
@pytest.mark.parametrize("options", [{}, {"added": 30_000, "at_once": 4096}, {"by_camera": True}])
def test_no_more_than_the_budget_is_told_and_one_byte_less_than_is_needed_is_refused(rules, options):
    chance = random.Random(0)
    for _ in range(6):
        given = crops(chance.randrange(1, 2000)), crops(chance.randrange(21, 20_000)), chance.randrange(1, 2048), rules
        smallest = least(*given, **options)
        for budget in (smallest, smallest + chance.randrange(10**7), smallest * chance.randrange(2, 50)):
            assert peak(*given, memory=budget, **options).beside <= budget
        with pytest.raises(ValueError, match="give that much or more"):
            peak(*given, memory=smallest - 1, **options)


@pytest.mark.parametrize("tight", [1.0, 1.01, 1.3, 3.0, 100.0])
def test_pieces_never_take_more_than_they_may(tight):
    chance = random.Random(1)
    for _ in range(500):
        sizes = [int(10 ** chance.uniform(0, most)) for most in (4, 6, 3.5)]
        budget = int(tight * needed(*sizes))
        assert pieces(*sizes, memory=budget).memory <= budget


def test_more_crops_people_and_dimensions_take_more_and_junk_is_not_ranked():
    one = peak(crops(100), crops(1000), 64, Rules()).beside
    assert peak(crops(100), crops(2000), 64, Rules()).beside > one
    assert peak(crops(100, people=2), crops(1000, people=2), 64, Rules()).beside > one
    assert peak(crops(100), crops(1000), 640, Rules()).beside > one
    junk = crops(1000, first=1000, pid=JUNK)
    with_junk, without = (peak(crops(100), (*crops(1000), *more), 64, Rules()).beside for more in (junk, ()))
    nobody = crops(1000, first=1000)
    assert without < with_junk < peak(crops(100), (*crops(1000), *nobody), 64, Rules()).beside


def test_what_is_said_to_leave_out_is_what_was_asked_for():
    for rules, words in ((EXPAND, "or leave expansion out"), (BOTH, "or leave expansion and reranking out")):
        with pytest.raises(
            ValueError, match=f"needs about [0-9,]+ beside the vectors: give that much or more, {words}"
        ):
            peak(crops(5), crops(50), 8, rules, memory=1000)


@pytest.mark.parametrize("rules", [Rules(), EXPAND, Rules(ap="trapezoid", cameras=False)])
def test_no_number_and_no_fact_depends_on_the_budget(rules):
    given = sides()
    smallest = least(given[0].crops, given[1].crops, 32, rules)
    without = post_processed(*given, rules).scores
    for memory in (smallest, 2 * smallest, 10**9):
        found = post_processed(*given, rules, memory=memory).scores
        assert found.protocol == without.protocol
        for name in ("ap", "inp", "first"):
            assert getattr(found, name).nan_to_num(7.0).equal(getattr(without, name).nan_to_num(7.0))


def test_a_budget_that_is_too_small_is_refused_and_else_told_before_the_long_work(monkeypatch):
    def began(*_, **__):
        raise RuntimeError("the long work began")

    for work in ("score", "expanded", "reranked"):
        monkeypatch.setattr(f"passerby.evaluation.post_processed.{work}", began)
    for rules in (Rules(), EXPAND, RERANK, BOTH):
        told = []
        with pytest.raises(ValueError, match="memory is 1,000 bytes"):
            post_processed(*sides(), rules, memory=1000, on_peak=told.append)
        assert told == []
        with pytest.raises(RuntimeError, match="began"):
            post_processed(*sides(), rules, on_peak=told.append)
        assert [(one.queries, one.crops, one.steps) for one in told] == [(60, 400, rules.steps)]


MEASURE = """
import json, sys
from pathlib import Path
import numpy as np, torch
from passerby.evaluation.post_processed import post_processed
from passerby.evaluation.rules import Rules
from passerby.types import Crop, Embeddings

def now(name):
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith(name))

def side(chance, count, folder):
    pids = chance.integers(1, 300, count)
    centres, noise = (chance.standard_normal((rows, dim), np.float32) for rows in (300, count))
    vectors = centres[pids - 1] + 2 * noise
    crops = tuple(Crop(Path(f"/a/folder/of/{folder}/{n:07d}_c1.jpg"), int(pid), n % 6) for n, pid in enumerate(pids))
    return Embeddings(torch.from_numpy(vectors), crops)

torch.set_num_threads(1)
steps, queries, gallery, dim, memory = json.loads(sys.argv[1])
rules = Rules(post_processing=steps)
chance = np.random.default_rng(0)
small = side(chance, 40, "a"), side(chance, 300, "b")
post_processed(*small, rules)
given = side(chance, queries, "query"), side(chance, gallery, "gallery")
told = []
before = now("VmRSS")
Path("/proc/self/clear_refs").write_text("5")
post_processed(*given, rules, memory=memory, on_peak=told.append)
print(json.dumps([told[0].beside, now("VmHWM") - before]))
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks of memory are read from Linux's /proc")
@pytest.mark.parametrize(
    ("queries", "gallery", "dim", "spare"),
    [(1000, 6000, 512, 1.0), (1000, 6000, 512, None), (300, 4000, 2048, 1.5), (200, 30_000, 32, 1.0)],
)
def test_a_process_holds_no_more_than_was_told(queries, gallery, dim, spare):
    smallest = least(crops(queries, people=300), crops(gallery, people=300), dim, Rules())
    given = ["none", queries, gallery, dim, spare and int(1.02 * spare * smallest)]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, json.dumps(given)], capture_output=True, text=True, check=True
    )
    told, taken = json.loads(done.stdout)
    assert taken <= told


def test_distractors_and_cameras_are_reckoned_in():
    given = crops(500), crops(300), 256, Rules()
    alone = peak(*given, memory=10**9)
    assert peak(*given, memory=10**9, added=4096, at_once=4096).beside > alone.beside
    assert peak(*given, memory=10**9, added=4, at_once=4096).beside == alone.beside
    named = tuple(Crop(Path(f"{n}"), DISTRACTOR, 2) for n in range(5000))
    whole = peak(crops(5), named, 2048, Rules(), memory=2 * 10**8)
    cut = peak(crops(5), named, 2048, Rules(), memory=2 * 10**8, by_camera=True)
    assert cut.beside - whole.beside > 0
    assert peak(*given[:3], Rules(post_processing="reranking", reranking=Reranking(k1=50, k2=15))).beside > (
        peak(*given[:3], RERANK).beside
    )
