import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from near_ties import KINDS, close, exact_distance, exact_key, far, near_ties, whole
from passerby.search import _candidates, _rescore
from passerby.search import neighbours as module
from passerby.search.distance import METRICS
from passerby.search.neighbours import neighbours
from passerby.search.self_neighbours import self_neighbours

ALL_CROWDED = -(10**9)


def check_by_loop(found, queries, gallery, k, metric, out):
    for row, query in enumerate(queries):
        kept = [i for i in range(len(gallery)) if not out[row, i]]
        expected = sorted(kept, key=lambda i: (exact_key(query, gallery[i], metric), i))[:k]
        missing = k - len(expected)
        assert found.indices[row].tolist() == expected + [-1] * missing
        distances = [exact_distance(query, gallery[i], metric) for i in expected]
        assert found.distances[row].tolist() == distances + [math.inf] * missing
        assert not found.distances[row][found.distances[row] == 0].signbit().any()


@given(
    kind=st.sampled_from(sorted(KINDS)),
    metric=st.sampled_from(METRICS),
    rows=st.integers(1, 4),
    columns=st.integers(1, 24),
    dim=st.integers(1, 9),
    seed=st.integers(0, 99999),
    copies=st.booleans(),
    skipping=st.booleans(),
    block=st.sampled_from([None, 1, 3]),
    tiled=st.booleans(),
    crowd=st.sampled_from([module.CROWD, ALL_CROWDED]),
    data=st.data(),
)
def test_lists_and_distances_are_those_of_exact_arithmetic(
    kind, metric, rows, columns, dim, seed, copies, skipping, block, tiled, crowd, data
):
    generator = torch.Generator().manual_seed(seed)
    queries, gallery = KINDS[kind](rows, columns, dim, generator)
    if copies:
        gallery = gallery[torch.randint(columns, (columns,), generator=generator)]
    if metric == "cosine":
        queries[(queries == 0).all(dim=1)] = 1
        gallery[(gallery == 0).all(dim=1)] = 1
    k = data.draw(st.integers(1, columns))
    out = torch.rand(rows, columns, generator=generator) < (0.4 if skipping else 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CROWD", crowd)
        patch.setattr(module, "LEAST_COLUMNS", 4)
        patch.setattr(module, "COLUMNS", 4)
        patch.setattr(_candidates, "CHUNKS", data.draw(st.sampled_from([1, 3, 512])))
        patch.setattr(_rescore, "FEW", data.draw(st.sampled_from([0, 10, 4096])))
        patch.setattr(_rescore, "CHUNK_BYTES", 8 * dim * data.draw(st.sampled_from([1, 2, 100])))
        skip = (lambda part: out[part]) if skipping else None
        memory = (block or 1) * (16 * dim + 300 * k + skipping * columns + 8 * min(4, columns)) if tiled else None
        found = neighbours(queries, gallery, k, metric=metric, block=block, memory=memory, skip=skip)
    check_by_loop(found, queries, gallery, k, metric, out)


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize("metric", METRICS)
def test_blocks_memory_and_threads_change_no_bit(metric, threads, monkeypatch):
    vectors = near_ties(600, 24)
    queries = vectors[:20]
    threads(1)
    first = neighbours(queries, vectors, 20, metric=metric)
    monkeypatch.setattr(_rescore, "FEW", 0)
    for count in (1, 2):
        threads(count)
        for settings in ({"block": 1}, {"block": 7}, {"block": 20}, {"memory": 60_000}, {"memory": 10**6}):
            again = neighbours(queries, vectors, 20, metric=metric, **settings)
            assert torch.equal(again.indices, first.indices), (count, settings)
            assert torch.equal(again.distances, first.distances), (count, settings)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("make", [lambda *_: (near_ties(400, 6)[:3], near_ties(400, 6)), close, far])
@pytest.mark.parametrize("k", [3, 60])
def test_near_ties_of_many_crops_are_those_of_exact_arithmetic(make, metric, k):
    queries, gallery = make(3, 400, 6, torch.Generator().manual_seed(0))
    found = neighbours(queries, gallery, k, metric=metric, memory=10**5)
    check_by_loop(found, queries, gallery, k, metric, torch.zeros(3, 400, dtype=torch.bool))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("nearest_last", [True, False])
def test_a_sorted_gallery_gives_the_same_lists_in_small_tiles(metric, nearest_last, monkeypatch):
    monkeypatch.setattr(_candidates, "CHUNKS", 32)
    generator = torch.Generator().manual_seed(0)
    query, gallery = torch.randn(1, 8, generator=generator), torch.randn(3000, 8, generator=generator)
    order = neighbours(query, gallery, 3000, metric=metric).indices[0]
    gallery = gallery[order.flip(0) if nearest_last else order]
    found = neighbours(query.expand(9, -1), gallery, 7, metric=metric, memory=60_000)
    expected = list(range(2999, 2992, -1)) if nearest_last else list(range(7))
    assert found.indices.tolist() == [expected] * 9


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("k", [1, 50])
def test_a_gallery_of_copies_is_listed_in_its_order(metric, k):
    gallery = torch.randn(1, 16, generator=torch.Generator().manual_seed(0)).repeat(3000, 1)
    queries = torch.randn(3, 16, generator=torch.Generator().manual_seed(1))
    found = neighbours(queries, gallery, k, metric=metric)
    assert found.indices.tolist() == [list(range(k))] * 3
    found = neighbours(queries, gallery, k, metric=metric, skip=lambda _: torch.arange(3000).expand(3, -1) % 3 < 2)
    assert found.indices.tolist() == [list(range(2, 3 * k, 3))] * 3


@pytest.mark.parametrize("crowd", [module.CROWD, 0, ALL_CROWDED])
def test_what_is_left_out_stays_so_where_too_many_crops_are_near(crowd, monkeypatch):
    monkeypatch.setattr(module, "CROWD", crowd)
    monkeypatch.setattr(module, "LEAST_COLUMNS", 16)
    generator = torch.Generator().manual_seed(0)
    queries, gallery = torch.randn(9, 4, generator=generator), torch.ones(60, 4)
    gallery[::7] = torch.randn(9, 4, generator=generator)
    out = torch.rand(9, 60, generator=generator) < 0.7
    memory = 4 * (16 * 4 + 300 * 3 + 60 + 8 * 16)
    found = neighbours(queries, gallery, 3, block=4, memory=memory, skip=lambda part: out[part])
    check_by_loop(found, queries, gallery, 3, "cosine", out)


def test_few_crops_are_looked_at_in_float64_though_most_distances_agree_to_six_digits(monkeypatch):
    looked_at = []
    real = module.exact
    monkeypatch.setattr(module, "exact", lambda *a, **b: looked_at.append(len(a[2])) or real(*a, **b))
    generator = torch.Generator().manual_seed(0)
    vectors = 1 + 1e-5 * torch.randn(4000, 32, generator=generator)
    neighbours(vectors[:10], vectors, 5)
    assert sum(looked_at) < 10 * 20


def test_near_zero_distances_are_right():
    query = torch.randn(1, 64, generator=torch.Generator().manual_seed(0))
    gallery = query.repeat(3, 1)
    gallery[0, 5] = torch.nextafter(query[0, 5], torch.tensor(9.0))
    gallery[1, 7] = torch.nextafter(query[0, 7], torch.tensor(9.0))
    for metric in METRICS:
        check_by_loop(neighbours(query, gallery, 3, metric=metric), query, gallery, 3, metric, torch.zeros(1, 3) > 0)
    assert neighbours(query, gallery, 3, metric="euclidean").distances[0, 0] == 0
    assert 0 < neighbours(query, gallery, 3, metric="euclidean").distances[0, 1] < 1e-6
    assert 0 < neighbours(query, gallery, 3).distances[0, 1] < 1e-12


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"tiny"}))
def test_exact_keys_lie_within_the_stated_bound(kind, metric, dtype):
    queries, gallery = KINDS[kind](3, 12, 40, torch.Generator().manual_seed(1))
    norms, own = (side.double().norm(dim=1) for side in (gallery, queries))
    given = _candidates.searched(gallery, norms, metric, dtype)
    sides, widths = _candidates._sides(given, queries, own)
    keys = _candidates._tile(given, sides, slice(0, 12), torch.empty(36, dtype=dtype))
    share = _candidates.share(40, dtype)
    for row, query in enumerate(queries):
        length = Fraction(float(own[row]))
        for column, crop in enumerate(gallery):
            product = sum(Fraction(a) * Fraction(b) for a, b in zip(query.tolist(), crop.tolist(), strict=True))
            key = {
                "dot": -product / length,
                "cosine": -product / length / Fraction(float(norms[column])) + Fraction(share),
                "euclidean": sum(Fraction(a) ** 2 for a in crop.tolist()) / 2
                - product
                + Fraction(share) * length**2 / 2,
            }[metric]
            low = Fraction(keys[row, column].item())
            assert low <= key <= low + Fraction(given.width[column].item()) + Fraction(widths[row].item())


@pytest.mark.parametrize("answer", ["high", "medium", RuntimeError])
def test_products_are_in_float64_where_float32_ones_would_be_rounded_further(answer, monkeypatch):
    def precision():
        if isinstance(answer, str):
            return answer
        raise answer("set for one backend alone")

    monkeypatch.setattr(torch, "get_float32_matmul_precision", precision)
    kinds = set()
    real = torch.mm
    monkeypatch.setattr(torch, "mm", lambda one, *rest, **more: kinds.add(one.dtype) or real(one, *rest, **more))
    vectors = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
    assert neighbours(vectors, vectors, 1).indices[:, 0].tolist() == list(range(50))
    assert kinds == {torch.float64}


@pytest.mark.parametrize("metric", METRICS)
def test_what_another_device_runs_gives_the_same(metric, monkeypatch):
    vectors = near_ties(300, 12)
    expected = neighbours(vectors[:40], vectors, 10, metric=metric)

    def places(there):
        flat = there.flatten().nonzero().flatten()
        return flat // there.shape[1], flat % there.shape[1]

    monkeypatch.setattr(_candidates, "places", places)
    monkeypatch.setattr(_rescore, "_products_on_cpu", _rescore._products_on_device)
    monkeypatch.setattr(_rescore, "DEVICE_PAIRS", 100)
    found = neighbours(vectors[:40], vectors, 10, metric=metric)
    assert torch.equal(found.indices, expected.indices)
    assert torch.equal(found.distances, expected.distances)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_the_pass_over_all_pairs_gives_the_same_lists(metric):
    vectors = torch.randn(300, 16, generator=torch.Generator().manual_seed(0))
    one, other = neighbours(vectors, vectors, 12, metric=metric), self_neighbours(vectors, 12, metric=metric)
    assert torch.equal(one.indices, other.indices)


def test_rows_that_do_not_lie_side_by_side_give_the_same():
    queries, gallery = whole(4, 9, 6, torch.Generator().manual_seed(0))
    spread = neighbours(queries[:, ::2], gallery[:, ::2], 5, metric="dot")
    packed = neighbours(queries[:, ::2].contiguous(), gallery[:, ::2].contiguous(), 5, metric="dot")
    assert torch.equal(spread.indices, packed.indices)


def test_nothing_given_is_written_to():
    queries, gallery = near_ties(30, 5), near_ties(40, 5, seed=1)
    before = queries.clone(), gallery.clone()
    for metric in METRICS:
        neighbours(queries, gallery, 3, metric=metric)
    assert torch.equal(queries, before[0])
    assert torch.equal(gallery, before[1])


@pytest.mark.parametrize("metric", METRICS)
def test_no_query_gives_no_list(metric):
    assert neighbours(torch.empty(0, 3), torch.ones(4, 3), 2, metric=metric).indices.shape == (0, 2)


@pytest.fixture
def no_product(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a product was taken before all was checked")

    monkeypatch.setattr(torch, "mm", refuse)


BAD = torch.ones(6, 3)
BAD[4, 1] = math.nan
LOST = torch.ones(6, 3)
LOST[5, 2] = -math.inf
ZERO = torch.ones(6, 3)
ZERO[2:4] = -0.0


@pytest.mark.usefixtures("no_product")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k": 0}, r"k is 0; the gallery has 6 crops: give 1 \.\. 6"),
        ({"k": -1}, r"k is -1; the gallery has 6 crops: give 1 \.\. 6"),
        ({"k": 7}, r"k is 7; the gallery has 6 crops: give 1 \.\. 6"),
        ({"gallery": torch.ones(0, 3)}, "The gallery has no crops; give one or more"),
        ({"block": 0}, "block is 0; give 1 query or more"),
        ({"metric": "manhattan"}, "metric is 'manhattan'; give one of cosine, euclidean, dot"),
        ({"queries": torch.ones(2, 4)}, "queries have 4 dimensions and the gallery 3"),
        ({"queries": torch.ones(3)}, r"queries are torch.float32 of shape \(3,\); give float32 of shape \(N, D\)"),
        ({"gallery": torch.ones(6, 3).double()}, "gallery are torch.float64"),
        ({"queries": BAD}, r"1 of 6 vectors of the queries hold NaN or infinity \(row 4\)"),
        ({"gallery": BAD}, r"1 of 6 vectors of the gallery hold NaN or infinity \(row 4\)"),
        ({"gallery": BAD, "metric": "euclidean"}, r"1 of 6 vectors of the gallery hold NaN or infinity \(row 4\)"),
        ({"gallery": LOST, "metric": "dot"}, r"1 of 6 vectors of the gallery hold NaN or infinity \(row 5\)"),
        ({"gallery": ZERO}, r"2 of 6 vectors of the gallery are zero, or nearly \(row 2, 3\)"),
        ({"queries": ZERO}, r"2 of 6 vectors of the queries are zero, or nearly \(row 2, 3\)"),
        ({"gallery": torch.full((6, 3), 1e19), "metric": "dot"}, "too large for float32 products"),
        ({"memory": 1000}, r"memory is 1000 bytes; one query against 6 crops takes \d+: give that or more"),
        ({"memory": 2000, "block": 2}, r"memory is 2000 bytes; a block of 2 queries against 6 crops takes \d+"),
        (
            {"skip": lambda _: torch.zeros(2, 6)},
            r"skip gave torch.float32 of shape \(2, 6\); give bool of shape \(2, 6\)",
        ),
        ({"skip": lambda _: torch.zeros(6) > 0}, r"skip gave .*; give bool of shape \(2, 6\), one row for each query"),
        (
            {"skip": lambda _: torch.zeros(3, 6) > 0},
            r"skip gave .*; give bool of shape \(2, 6\), one row for each query",
        ),
    ],
)
def test_what_cannot_be_searched_is_refused_before_any_product(change, message):
    given = {"queries": torch.ones(2, 3), "gallery": torch.ones(6, 3), "k": 6} | change
    with pytest.raises(ValueError, match=message):
        neighbours(given.pop("queries"), given.pop("gallery"), given.pop("k"), **given)


def test_the_memory_that_is_said_to_be_needed_is_enough():
    vectors = near_ties(300, 8)
    with pytest.raises(ValueError, match="takes") as error:
        neighbours(vectors, vectors, 10, memory=1)
    needed = int(str(error.value).split("takes ")[1].split(":")[0])
    expected = neighbours(vectors, vectors, 10)
    assert torch.equal(neighbours(vectors, vectors, 10, memory=needed).indices, expected.indices)
    with pytest.raises(ValueError, match=f"takes {needed}"):
        neighbours(vectors, vectors, 10, memory=needed - 1)


def test_no_distance_is_minus_0():
    found = neighbours(torch.tensor([[1e-25, 0]]), torch.tensor([[0, 1e-25]]), 1, metric="dot")
    assert not found.distances.signbit().any()


def test_zero_vectors_are_searched_where_they_have_a_distance():
    queries, gallery = torch.zeros(2, 3), torch.eye(3)
    gallery[1] = 0
    assert neighbours(queries, gallery, 3, metric="dot").indices.tolist() == [[0, 1, 2]] * 2
    assert neighbours(queries, gallery, 3, metric="euclidean").indices.tolist() == [[1, 0, 2]] * 2
