import math
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.evaluation.score import score
from passerby.search.expand import ORDERS, augment, expand, expansion
from passerby.search.neighbours import Neighbours, neighbours
from passerby.search.self_neighbours import self_neighbours
from passerby.types import Crop, Embeddings


def rng(seed):
    return torch.Generator().manual_seed(seed)


def unit(vector):
    length = math.sqrt(sum(x * x for x in vector))
    return [x / length for x in vector]


def plain(vectors, gallery, k, alpha, *, own, same):
    """The definition, one vector after another, in Python's float64."""
    vectors, gallery = [unit(v) for v in vectors.tolist()], [unit(v) for v in gallery.tolist()]
    moved = []
    for i, vector in enumerate(vectors):
        near = []
        for j, crop in enumerate(gallery):
            if not (same and i == j):
                near.append((sum(a * b for a, b in zip(vector, crop, strict=True)), j))
        near.sort(key=lambda pair: (-pair[0], pair[1]))
        total = list(vector) if own else [0.0] * len(vector)
        for cosine, j in near[:k]:
            count = 1.0 if alpha == 0 else max(cosine, 0.0) ** alpha
            total = [t + count * x for t, x in zip(total, gallery[j], strict=True)]
        moved.append(unit([t / (k + own) for t in total]))
    return torch.tensor(moved, dtype=torch.float64)


@settings(derandomize=True)  # two cosines within float32's rounding of each other could swap
@given(
    count=st.integers(1, 5),
    size=st.integers(3, 14),
    seed=st.integers(0, 999),
    alpha=st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0]),
    own=st.booleans(),
    block=st.sampled_from([1, 3, None]),
    data=st.data(),
)
def test_both_sides_are_a_plain_loops(count, size, seed, alpha, own, block, data):
    # No cosine is below 0, so that no mean is lost; lengths differ.
    queries, gallery = torch.rand(count, 6, generator=rng(seed)), torch.rand(size, 6, generator=rng(seed + 1000))
    gallery *= torch.logspace(-3, 3, size)[:, None]
    k = data.draw(st.integers(1, size - 1))
    expected = plain(gallery, gallery, k, alpha, own=own, same=True)
    moved = augment(gallery, k, alpha=alpha, without_own=not own, block=block)
    torch.testing.assert_close(moved.double(), expected, atol=1e-5, rtol=0)
    both = expansion(queries, gallery, database_k=k, query_k=2, alpha=alpha, without_own=not own, block=block)
    torch.testing.assert_close(both.gallery, moved, atol=0, rtol=0)
    # Against the same float32 database, or a tie within its rounding could fall otherwise.
    expected = plain(queries, moved, 2, alpha, own=own, same=False)
    torch.testing.assert_close(both.queries.double(), expected, atol=1e-5, rtol=0)


@settings(derandomize=True)
@given(seed=st.integers(0, 999), alpha=st.sampled_from([0.0, 0.5, 2.0, 3.0]))
def test_cosines_below_zero_count_nothing_above_alpha_0_and_fully_at_0(seed, alpha):
    gallery = torch.randn(8, 5, generator=rng(seed))
    moved = augment(gallery, 7, alpha=alpha)
    assert moved.isfinite().all()
    expected = plain(gallery, gallery, 7, alpha, own=True, same=True)
    # At alpha 0 all 8 vectors are averaged, and a mean near zero magnifies rounding.
    torch.testing.assert_close(moved.double(), expected, atol=1e-5 if alpha else 1e-4, rtol=0)


def test_the_defaults_are_ten_for_the_database_first_then_five_for_the_queries():
    queries, gallery = torch.randn(4, 16, generator=rng(0)), torch.randn(30, 16, generator=rng(1))
    moved = augment(gallery, 10, alpha=0.0)
    done = expansion(queries, gallery)
    assert torch.equal(done.gallery, moved)
    assert torch.equal(done.queries, expand(queries, moved, 5, alpha=0.0))


def test_each_order_expands_what_it_names_against_what_it_names():
    queries, gallery = torch.randn(4, 16, generator=rng(0)) * 3, torch.randn(30, 16, generator=rng(1)) * 5
    moved, units = augment(gallery), torch.nn.functional.normalize(gallery)
    done = {order: expansion(queries, gallery, order=order) for order in ORDERS}
    assert torch.equal(done["queries first"].gallery, moved)
    assert torch.equal(done["queries first"].queries, expand(queries, gallery))
    assert torch.equal(done["queries"].queries, expand(queries, gallery))
    torch.testing.assert_close(done["queries"].gallery, units)
    assert torch.equal(done["database"].gallery, moved)
    torch.testing.assert_close(done["database"].queries, torch.nn.functional.normalize(queries))
    assert not torch.allclose(done["database first"].queries, done["queries first"].queries)


@pytest.mark.parametrize("order", ORDERS)
def test_every_vector_comes_out_with_length_1_and_nothing_given_is_changed(order):
    queries, gallery = torch.randn(4, 16, generator=rng(0)) * 1e5, torch.randn(30, 16, generator=rng(1)) * 1e-5
    before = queries.clone(), gallery.clone()
    for side in expansion(queries, gallery, alpha=1.5, order=order):
        assert side.dtype == torch.float32
        torch.testing.assert_close(side.norm(dim=1), torch.ones(len(side)))
    assert torch.equal(queries, before[0])
    assert torch.equal(gallery, before[1])


def test_lengths_do_not_count():
    queries, gallery = torch.randn(4, 16, generator=rng(0)), torch.randn(30, 16, generator=rng(1))
    scaled = expansion(queries * 1e6, gallery * torch.logspace(-6, 6, 30)[:, None], alpha=2.0)
    for one, other in zip(scaled, expansion(queries, gallery, alpha=2.0), strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


@pytest.mark.parametrize("alpha", [0.0, 3.0])
def test_another_order_of_the_gallery_gives_the_same_vectors_in_that_order(alpha):
    queries, gallery = torch.randn(6, 16, generator=rng(0)), torch.randn(40, 16, generator=rng(1))
    order = torch.randperm(40, generator=rng(2))
    one, other = expansion(queries, gallery, alpha=alpha), expansion(queries, gallery[order], alpha=alpha)
    torch.testing.assert_close(other.gallery, one.gallery[order], atol=1e-6, rtol=0)
    torch.testing.assert_close(other.queries, one.queries, atol=1e-6, rtol=0)


def test_people_whose_crops_are_one_vector_each_stay_where_they_are():
    people = torch.eye(5).repeat_interleave(12, dim=0)
    done = expansion(torch.eye(5), people)
    torch.testing.assert_close(done.gallery, people)
    torch.testing.assert_close(done.queries, torch.eye(5))


def test_a_large_alpha_leaves_what_has_no_twin_in_its_place():
    gallery = torch.randn(20, 16, generator=rng(0))
    torch.testing.assert_close(augment(gallery, 1, alpha=1e4), torch.nn.functional.normalize(gallery))


def test_the_mean_of_one_neighbour_alone_is_that_neighbour():
    queries, gallery = torch.randn(6, 16, generator=rng(0)), torch.randn(20, 16, generator=rng(1))
    nearest = neighbours(queries, gallery, 1).indices[:, 0]
    moved = expand(queries, gallery, 1, without_own=True)
    torch.testing.assert_close(moved, torch.nn.functional.normalize(gallery[nearest]))


def test_a_crop_is_never_its_own_neighbour_even_among_copies_of_itself():
    # Row 4 is a copy of rows 0 .. 3, which come before it at distance 0; k = 2 does not reach it.
    gallery = torch.tensor([[1.0, 0.0]] * 5 + [[0.0, 1.0], [0.6, 0.8]])
    found = augment(gallery, 5, without_own=True)
    copies = torch.nn.functional.normalize(4 * torch.tensor([1.0, 0.0]) + torch.tensor([0.6, 0.8]), dim=0)
    torch.testing.assert_close(found[:5], copies.expand(5, 2))
    torch.testing.assert_close(augment(gallery, 2, without_own=True)[:5], gallery[:5])


def test_crops_at_equal_distance_are_taken_in_the_gallerys_order():
    gallery = torch.eye(6)[[0, 1, 2, 3, 4, 5]]
    first = expand(torch.ones(1, 6), gallery, 2, without_own=True)
    torch.testing.assert_close(first, torch.tensor([[1.0, 1, 0, 0, 0, 0]]) / math.sqrt(2))
    last = augment(gallery, 2, without_own=True)[0]
    torch.testing.assert_close(last, torch.tensor([0.0, 1, 1, 0, 0, 0]) / math.sqrt(2))


def test_the_other_definition_counts_the_crop_itself_among_k_over_both_sides_together():
    """k nearest of queries and gallery together, the crop itself first, each times cosine ** 3."""
    queries, gallery = (torch.nn.functional.normalize(torch.randn(n, 8, generator=rng(n)) + 1) for n in (5, 20))
    together = torch.cat([queries, gallery])
    cosines = together.double() @ together.double().T
    nearest = cosines.topk(5, dim=1)
    expected = (nearest.values.pow(3)[..., None] * together.double()[nearest.indices]).mean(dim=1)
    moved = augment(together, 5 - 1, alpha=3.0)
    torch.testing.assert_close(moved.double(), torch.nn.functional.normalize(expected), atol=1e-5, rtol=0)


@pytest.mark.parametrize("alpha", [0.0, 3.0])
def test_lists_that_are_there_already_give_the_same(alpha):
    queries, gallery = torch.randn(6, 16, generator=rng(0)), torch.randn(20, 16, generator=rng(1))
    for longer in (neighbours(gallery, gallery, 15), self_neighbours(gallery, 15)):
        moved = augment(gallery, 4, alpha=alpha, found=longer)
        torch.testing.assert_close(moved, augment(gallery, 4, alpha=alpha), atol=1e-6, rtol=0)
    longer = neighbours(queries, gallery, 15)
    assert torch.equal(expand(queries, gallery, 4, alpha=alpha, found=longer), expand(queries, gallery, 4, alpha=alpha))


def test_rows_that_do_not_lie_side_by_side_give_the_same():
    queries, gallery = torch.randn(6, 16, generator=rng(0)), torch.randn(20, 16, generator=rng(1))
    spread = expansion(queries[:, ::2], gallery[:, ::2])
    packed = expansion(queries[:, ::2].contiguous(), gallery[:, ::2].contiguous())
    assert torch.equal(spread.queries, packed.queries)
    assert torch.equal(spread.gallery, packed.gallery)


def test_no_query_gives_no_query():
    assert expansion(torch.empty(0, 3), torch.eye(3)[[0, 0, 1, 2]], database_k=1, query_k=1).queries.shape == (0, 3)


def crowd(people, crops, *, noise, seed):
    """Synthetic descriptors: a centre for each person, and noise around it; the query's camera is not the gallery's."""
    generator = rng(seed)
    centres = torch.randn(people, 32, generator=generator)
    pids = torch.arange(people).repeat_interleave(crops)
    gallery = centres[pids] + noise * torch.randn(len(pids), 32, generator=generator)
    queries = centres + noise * torch.randn(people, 32, generator=generator)
    return (
        Embeddings(queries, tuple(Crop(Path(f"q{i}"), i + 1, 1) for i in range(people))),
        Embeddings(gallery, tuple(Crop(Path(f"g{i}"), int(pid) + 1, 2) for i, pid in enumerate(pids))),
    )


@pytest.mark.parametrize("alpha", [0.0, 3.0])
@pytest.mark.parametrize("order", ORDERS)
def test_on_synthetic_clusters_each_form_raises_the_map(order, alpha):
    query, gallery = crowd(60, 15, noise=1.4, seed=0)
    done = expansion(query.vectors, gallery.vectors, order=order, alpha=alpha)
    before = score(query, gallery).mAP
    after = score(Embeddings(done.queries, query.crops), Embeddings(done.gallery, gallery.crops)).mAP
    assert 0.3 < before < after - 0.05


NAN, ZERO = torch.ones(12, 3), torch.ones(12, 3)
NAN[7, 1] = math.nan
ZERO[3] = 0
GOOD = torch.ones(12, 3)


@pytest.mark.parametrize(
    ("queries", "gallery", "changes", "told"),
    [
        (GOOD, NAN, {}, r"vectors of the gallery hold NaN or infinity \(row 7\)"),
        (NAN, GOOD, {}, r"vectors of the queries hold NaN or infinity \(row 7\)"),
        (GOOD, ZERO, {}, r"vectors of the gallery are zero, or nearly \(row 3\)"),
        (ZERO, GOOD, {}, r"vectors of the queries are zero, or nearly \(row 3\)"),
        (torch.ones(2, 4), GOOD, {}, "queries have 4 dimensions and the gallery 3"),
        (GOOD.double(), GOOD, {}, "queries are torch.float64"),
        (GOOD, GOOD, {"database_k": 0}, r"k of the database is 0; each of its 12 crops has 11 others: give 1 \.\. 11"),
        (GOOD, GOOD, {"database_k": 12}, "k of the database is 12"),
        (GOOD, GOOD, {"query_k": 0}, r"k of the queries is 0; the gallery has 12 crops: give 1 \.\. 12"),
        (GOOD, GOOD, {"query_k": 13}, "k of the queries is 13"),
        (GOOD, torch.ones(1, 3), {}, "a database of 2 crops or more"),
        (GOOD, torch.empty(0, 3), {}, "each of its 0 crops has 0 others"),
        (GOOD, GOOD, {"alpha": -1.0}, r"alpha is -1\.0; give 0"),
        (GOOD, GOOD, {"alpha": math.nan}, "alpha is nan"),
        (GOOD, GOOD, {"alpha": math.inf}, "alpha is inf"),
        (GOOD, GOOD, {"order": "both"}, "order is 'both'; give one of database first"),
        (GOOD, GOOD, {"block": 0}, "block is 0"),
    ],
)
def test_what_cannot_be_expanded_is_refused(queries, gallery, changes, told):
    with pytest.raises(ValueError, match=told):
        expansion(queries, gallery, **changes)


@pytest.mark.parametrize(
    ("queries", "changes"), [(NAN, {}), (ZERO, {}), (GOOD, {"query_k": 13}), (GOOD, {"alpha": -1})]
)
def test_queries_are_refused_before_the_database_is_looked_through(queries, changes, monkeypatch):
    for search in ("neighbours", "self_neighbours"):
        monkeypatch.setattr(f"passerby.search.expand.{search}", lambda *_, **__: pytest.fail("the long work began"))
    with pytest.raises(ValueError, match=r"queries|alpha"):
        expansion(queries, GOOD, **changes)


def test_a_k_that_is_not_used_is_not_checked():
    expansion(GOOD, GOOD[:4], order="queries", query_k=4)
    expansion(GOOD, GOOD[:4], order="database", database_k=3, query_k=99)


def test_vectors_that_cancel_out_are_named():
    gallery = torch.tensor([[1.0, 2.0], [-1.0, -2.0]])
    with pytest.raises(ValueError, match=r"2 of 2 means for the gallery have no direction \(row 0, 1\)"):
        augment(gallery, 1)
    torch.testing.assert_close(augment(gallery, 1, alpha=1.0), torch.nn.functional.normalize(gallery))


def test_neighbours_that_all_count_nothing_are_named_where_the_own_vector_does_not_count():
    queries, gallery = torch.eye(3)[:2], torch.eye(3)[[0, 2]]
    with pytest.raises(ValueError, match=r"1 of 2 means for the queries have no direction \(row 1\).*at alpha 0\.5"):
        expand(queries, gallery, 2, alpha=0.5, without_own=True)


@pytest.mark.parametrize(
    ("shape", "row", "told"),
    [
        ((12, 2), 0, r"found has lists of shape \(12, 2\); give shape \(12, 3\) or longer"),
        ((11, 3), 0, r"lists of shape \(11, 3\)"),
        ((12, 3), -1, r"found names crops outside 0 \.\. 11"),
        ((12, 3), 12, r"found names crops outside 0 \.\. 11"),
    ],
)
def test_lists_of_another_gallery_are_refused(shape, row, told):
    found = Neighbours(torch.zeros(shape), torch.full(shape, row))
    with pytest.raises(ValueError, match=told):
        augment(GOOD, 2, found=found)
    with pytest.raises(ValueError, match=told):
        expand(GOOD, GOOD, 3, found=found)
