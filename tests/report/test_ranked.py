import dataclasses
import math
from pathlib import Path

import pytest
import torch

import plain_judge
from passerby.evaluation.reranked import reranked
from passerby.evaluation.reranking import Reranking
from passerby.evaluation.score import score
from passerby.report.ranked import ranked
from passerby.search.neighbours import Neighbours
from passerby.search.rerank import rerank
from passerby.types import DISTRACTOR, JUNK, Crop, Embeddings, ModelId


def embeddings(vectors, pids, camids, side, model=None):
    crops = tuple(Crop(Path(f"{side}{n}.jpg"), pid, cam) for n, (pid, cam) in enumerate(zip(pids, camids, strict=True)))
    return Embeddings(vectors, crops, model)


def some(seed, queries=9, gallery=40, people=4):
    make = torch.Generator().manual_seed(seed)

    def draw(low, high, n):
        return torch.randint(low, high, (n,), generator=make).tolist()

    # Few whole numbers, so that many distances are equal.
    return (
        embeddings(torch.randint(0, 3, (queries, 2), generator=make).float(), draw(1, people, queries),
                   draw(1, 4, queries), "q"),
        embeddings(torch.randint(0, 3, (gallery, 2), generator=make).float(), draw(JUNK, people, gallery),
                   draw(1, 4, gallery), "g"),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("cameras", [True, False])
def test_the_list_is_what_a_plain_loop_makes(seed, cameras):
    query, gallery = some(seed)
    scores = score(query, gallery, metric="euclidean", cameras=cameras)
    for one in ranked(query, gallery, scores, range(9), length=40):
        person = one.query
        kept = []
        for row, crop in enumerate(gallery.crops):
            own = cameras and crop.pid == person.pid and crop.camid == person.camid
            if crop.pid != JUNK and not own:
                far = math.dist(query.vectors[one.number].tolist(), gallery.vectors[row].tolist())
                kept.append((far, row, crop))
        kept.sort(key=lambda place: place[:2])
        assert [result.crop for result in one.results] == [crop for _, _, crop in kept]
        assert [result.right for result in one.results] == [crop.pid == person.pid for _, _, crop in kept]
        assert [result.distance for result in one.results] == pytest.approx([far for far, _, _ in kept], abs=1e-6)
        assert one.junk == 40 - len(kept)
        assert one.matches == sum(result.right for result in one.results)
        places = [n for n, result in enumerate(one.results, 1) if result.right]
        assert one.first == (places[0] if places else 0)
        steps = [k / place for k, place in enumerate(places, 1)]
        assert one.ap == pytest.approx(sum(steps) / len(steps)) if places else math.isnan(one.ap)


def test_lists_come_in_the_order_asked_for_and_as_long_as_asked_for():
    query, gallery = some(1)
    lists = ranked(query, gallery, score(query, gallery, metric="euclidean"), (5, 0, 5), length=3)
    assert [one.number for one in lists] == [5, 0, 5]
    assert {len(one.results) for one in lists} == {3}
    assert ranked(query, gallery, score(query, gallery, metric="euclidean"), ()) == ()


def test_a_distractor_is_wrong_and_a_gallery_of_junk_leaves_nothing():
    query = embeddings(torch.ones(1, 2), [1], [1], "q")
    gallery = embeddings(torch.ones(2, 2), [DISTRACTOR, 2], [2, 2], "g")
    (one,) = ranked(query, gallery, score(query, gallery), (0,))
    assert [result.right for result in one.results] == [False, False]
    gallery = embeddings(torch.ones(2, 2), [JUNK, 1], [2, 1], "g")
    (one,) = ranked(query, gallery, score(query, gallery), (0,))
    assert (one.results, one.junk, one.matches, one.first) == ((), 2, 0, 0)


def test_other_descriptors_than_the_judged_ones_are_refused():
    query, gallery = some(2)
    scores = score(query, gallery, metric="euclidean")
    fewer = Embeddings(gallery.vectors[1:], gallery.crops[1:])
    with pytest.raises(ValueError, match="gallery = 40"):
        ranked(query, fewer, scores, (0,))
    with pytest.raises(ValueError, match="queries = 9"):
        ranked(Embeddings(query.vectors[:3], query.crops[:3]), gallery, scores, (0,))
    model = ModelId("demo", "ab", "as it is")
    with pytest.raises(ValueError, match="model = demo"):
        ranked(dataclasses.replace(query, model=model), dataclasses.replace(gallery, model=model), scores, (0,))
    strangers = tuple(dataclasses.replace(crop, pid=99) for crop in gallery.crops)
    with pytest.raises(ValueError, match="has 0 matches in this gallery"):
        ranked(query, dataclasses.replace(gallery, crops=strangers), scores, range(9))


def test_numbers_out_of_range_and_unstated_protocols_are_refused():
    query, gallery = some(3)
    scores = score(query, gallery, metric="euclidean")
    with pytest.raises(ValueError, match=r"no query 9; give numbers of 0 \.\. 8"):
        ranked(query, gallery, scores, (0, 9))
    with pytest.raises(ValueError, match="length is 0"):
        ranked(query, gallery, scores, (0,), length=0)
    with pytest.raises(ValueError, match="does not state metric and cameras"):
        ranked(query, gallery, dataclasses.replace(scores, protocol={"ap": "step"}), (0,))


@pytest.mark.parametrize("lam", [0.0, 0.3])
@pytest.mark.parametrize("length", [1, 5, 40])
def test_a_re_ranked_list_is_what_the_judge_kept(lam, length):
    query, gallery = some(4)
    settings = Reranking(k1=8, k2=3, lam=lam)
    far = rerank(query.vectors, gallery.vectors, k1=8, k2=3, lam=lam).tolist()
    scores, nearest = reranked(query, gallery, reranking=settings, metric="euclidean", keep=40)
    plain = ranked(query, gallery, score(query, gallery, metric="euclidean"), range(9), length=length)
    lists = ranked(query, gallery, scores, (7, *range(9)), nearest=nearest, length=length)
    assert [one.number for one in lists] == [7, *range(9)]
    for one in lists:
        kept = plain_judge.kept(one.query, gallery.crops, cameras=True)
        places = sorted(kept, key=lambda row: (far[one.number][row], row))[:length]
        assert [result.crop for result in one.results] == [gallery.crops[row] for row in places]
        assert [result.right for result in one.results] == [gallery.crops[row].pid == one.query.pid for row in places]
        assert [result.distance for result in one.results] == [far[one.number][row] for row in places]
        assert (one.junk, one.matches) == (plain[one.number].junk, plain[one.number].matches)
        assert one.first == int(scores.first[one.number])
    assert length == 1 or [one.results for one in lists[1:]] != [one.results for one in plain]


def test_lists_of_another_ranking_are_refused():
    query, gallery = some(4)
    settings = Reranking(k1=8, k2=3)
    scores, nearest = reranked(query, gallery, reranking=settings, metric="euclidean")
    with pytest.raises(ValueError, match=r"made with k-reciprocal re-ranking \(k1 8.*give the nearest crops that"):
        ranked(query, gallery, scores, (0,))
    for indices, distances, message in (
        (nearest.indices[:8], nearest.distances[:8], r"lists of shape \(8, 10\); give shape \(9, 10\)"),
        (nearest.indices[:, :9], nearest.distances[:, :9], r"lists of shape \(9, 9\); give shape \(9, 10\)"),
        (nearest.indices + 40, nearest.distances, r"names crop .*the gallery has crops 0 \.\. 39"),
        (nearest.indices.flip(0), nearest.distances.flip(0), "(holds junk|is not what the scores were made of)"),
    ):
        with pytest.raises(ValueError, match=message):
            ranked(query, gallery, scores, range(9), nearest=Neighbours(distances, indices))
    first = int(scores.first[0])
    assert 0 < first <= 10
    moved = nearest.indices.clone()
    moved[0] = moved[0].roll(1)
    told = f"first match of query 0 at {first}, and its list has it at {first % 10 + 1}"
    with pytest.raises(ValueError, match=told):
        ranked(query, gallery, scores, (0,), nearest=Neighbours(nearest.distances, moved))
    junk = next(row for row, crop in enumerate(gallery.crops) if crop.pid == JUNK)
    moved[0, 9] = junk
    with pytest.raises(ValueError, match="The list of query 0 in nearest holds junk"):
        ranked(query, gallery, scores, (0,), nearest=Neighbours(nearest.distances, moved))
