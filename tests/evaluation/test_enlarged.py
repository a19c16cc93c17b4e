from pathlib import Path

import pytest
import torch

from passerby.evaluation.enlarged import enlarged
from passerby.evaluation.score import score
from passerby.types import DISTRACTOR, JUNK, UNKNOWN, Crop, Embeddings, ModelId

QUERY = Embeddings(torch.tensor([[1.0], [1.0]]), (Crop(Path("q"), 1, 0), Crop(Path("r"), 2, 0)))
GALLERY = Embeddings(
    torch.tensor([[5.0], [3.0], [9.0]]), (Crop(Path("a"), 1, 1), Crop(Path("b"), 1, 2), Crop(Path("c"), JUNK, 1))
)


def nobody(*values, first=0, pid=DISTRACTOR, model=None):
    crops = tuple(Crop(Path(f"d{n}"), pid, 1) for n in range(first, first + len(values)))
    return Embeddings(torch.tensor(values, dtype=torch.float32).reshape(-1, 1), crops, model)


def grown(parts, sizes, **more):
    return enlarged(QUERY, GALLERY, parts, sizes=sizes, metric="dot", **more)


def test_distractors_that_are_closer_cost_ranks_and_equal_ones_stand_behind():
    found = grown([nobody(6, 5, 4, 3, 2)], [0, 1, 2, 3, 4, 5])
    assert [scores.first.tolist() for scores in found.values()] == [[1, 0], *[[2, 0]] * 5]
    assert [scores.inp[0].item() for scores in found.values()] == [1, 2 / 3, 2 / 4, 2 / 5, 2 / 5, 2 / 5]


def test_the_facts_tell_how_many_were_added_and_which():
    found = grown([nobody(1, 2)], [0, 1, 2], protocol={"data": "x"})
    facts = [scores.protocol for scores in found.values()]
    assert [fact["distractors_added"] for fact in facts] == [0, 1, 2]
    assert [fact["distractors"] for fact in facts] == [0, 1, 2]
    assert [fact["gallery"] for fact in facts] == [3, 4, 5]
    assert [fact["data"] for fact in facts] == ["x"] * 3
    assert "distractors_sha256" not in facts[0]
    assert facts[1]["distractors_sha256"] != facts[2]["distractors_sha256"]
    assert len({fact["gallery_sha256"] for fact in facts}) == 1
    assert facts[0] == score(QUERY, GALLERY, metric="dot", protocol={"data": "x"}).protocol


def test_the_digest_of_distractors_knows_their_order_and_not_how_they_were_cut():
    def told(*parts):
        return grown(parts, [3])[3].protocol["distractors_sha256"]

    assert told(nobody(1, 2, 3)) == told(nobody(1), nobody(2, 3, first=1))
    assert told(nobody(1, 2, 3)) != told(nobody(1, 2, first=1), nobody(3))


def test_no_more_parts_are_looked_at_than_are_needed():
    looked = []

    def parts():
        for first in range(0, 100, 2):
            looked.append(first)
            yield nobody(1, 1, first=first)

    assert list(grown(parts(), [1, 5])) == [1, 5]
    assert looked == [0, 2, 4]


def test_parts_without_a_distractor_are_passed_over():
    found = grown([nobody(), nobody(6), nobody(), nobody(6, first=1), nobody()], [0, 1, 2])
    assert [scores.first[0].item() for scores in found.values()] == [1, 2, 3]


def test_without_any_distractor_the_result_is_the_plain_one():
    for parts in ([], [nobody()], [nobody(9)]):
        found = grown(parts, [0])[0]
        assert found.protocol == score(QUERY, GALLERY, metric="dot").protocol
        assert found.first.tolist() == [1, 0]


@pytest.mark.parametrize("sizes", [[], [-1], [-1, 0], [2, 1], [1, 1], (0, 2, 2)])
def test_sizes_that_do_not_ascend_are_refused(sizes):
    with pytest.raises(ValueError, match="give one number or more, each 0 or more, ascending"):
        grown([nobody(1, 2, 3)], sizes)


@pytest.mark.parametrize("parts", [[], [nobody(1)], [nobody(1), nobody(2, first=1)]])
def test_more_distractors_than_there_are_cannot_be_added(parts):
    count = sum(len(part.crops) for part in parts)
    with pytest.raises(ValueError, match=f"There are {count} distractors, and sizes asks for 3"):
        grown(parts, [1, 3] if parts else [3])


@pytest.mark.parametrize("pid", [1, 7, JUNK, UNKNOWN])
def test_a_distractor_that_is_somebody_is_refused(pid):
    with pytest.raises(ValueError, match=f"d1 has pid {pid}; a distractor has pid 0"):
        grown([nobody(1), nobody(1, first=1, pid=pid)], [2])


@pytest.mark.parametrize("name", ["q", "r", "a", "b", "c"])
def test_a_distractor_that_is_a_picture_of_query_or_gallery_is_refused(name):
    picture = Embeddings(torch.ones(1, 1), (Crop(Path(name), DISTRACTOR, 1),))
    for parts in ([picture, nobody(1)], [nobody(1), picture]):
        with pytest.raises(ValueError, match=f"^{name} is a query's or the gallery's picture too; take it out"):
            grown(parts, [2])


@pytest.mark.parametrize("name", ["q", "a"])
def test_another_box_of_a_scene_may_be_a_distractor(name):
    box = Embeddings(torch.tensor([[6.0]]), (Crop(Path(name), DISTRACTOR, 0, box=(0, 0, 4, 8)),))
    assert grown([box], [1])[1].first.tolist() == [2, 0]


def test_distractors_of_another_model_or_dimension_are_refused():
    query = Embeddings(QUERY.vectors, QUERY.crops, ModelId("a", "", "RGB"))
    with pytest.raises(ValueError, match="two models cannot be compared"):
        enlarged(query, GALLERY, [nobody(1, model=ModelId("b", "", "RGB"))], sizes=[1], metric="dot")
    wide = Embeddings(torch.ones(1, 2), (Crop(Path("d"), DISTRACTOR),))
    with pytest.raises(ValueError, match="1 and of 2 dimensions"):
        grown([wide], [1])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"ap": "area"}, "ap is 'area'"),
        ({"protocol": {"distractors_added": 3}}, "protocol gives distractors_added, which the judge states itself"),
        ({"memory": 0}, "memory is 0 bytes"),
    ],
)
def test_what_the_judge_refuses_is_refused_before_a_distractor_is_looked_at(more, message):
    def parts():
        pytest.fail("a distractor was looked at")
        yield nobody(1)

    with pytest.raises(ValueError, match=message):
        grown(parts(), [1], **more)


@pytest.mark.parametrize("ap", ["step", "trapezoid"])
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "dot"])
def test_descriptors_as_they_come_lose_as_much_as_in_a_large_gallery(ap, metric):
    generator = torch.Generator().manual_seed(0)
    pids = [1 + n % 7 for n in range(60)]
    crops = tuple(Crop(Path(f"{n}"), pid, n % 3) for n, pid in enumerate(pids))
    vectors = torch.randn(60, 8, generator=generator) + torch.eye(8)[torch.tensor(pids)]
    query, gallery = Embeddings(vectors[:20], crops[:20]), Embeddings(vectors[20:], crops[20:])
    away = torch.randn(300, 8, generator=generator)
    added = tuple(Crop(Path(f"d{n}"), DISTRACTOR) for n in range(300))
    parts = [Embeddings(away[n : n + 70], added[n : n + 70]) for n in range(0, 300, 70)]
    found = enlarged(query, gallery, parts, sizes=[0, 10, 300], ap=ap, metric=metric)
    for size, scores in found.items():
        whole = Embeddings(torch.cat([gallery.vectors, away[:size]]), gallery.crops + added[:size])
        assert scores.mAP == pytest.approx(score(query, whole, ap=ap, metric=metric).mAP, abs=1e-9)
    assert found[300].mAP < found[10].mAP < found[0].mAP
