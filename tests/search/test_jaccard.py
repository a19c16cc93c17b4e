import numpy as np
import pytest
import torch

import plain_rerank
from clustered import clustered
from passerby.search.jaccard import jaccard
from passerby.search.self_neighbours import METRICS


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("k1", "k2"), [(20, 6), (30, 6), (5, 1), (1, 1)])
def test_stored_distances_are_those_of_a_direct_statement_and_all_others_are_one(metric, k1, k2):
    vectors = clustered(300, 12)[0]
    vectors[100:140] = vectors[7]
    found = jaccard(vectors, k1=k1, k2=k2, metric=metric)
    codes = plain_rerank.encodings(vectors.numpy(), k1=k1, k2=k2, metric=metric)[0]
    wanted = plain_rerank.jaccard_distances(codes, codes)
    dense = np.ones(found.shape)
    rows = np.repeat(np.arange(300), np.diff(found.indptr))
    dense[rows, found.indices] = found.data
    assert np.abs(dense - wanted).max() < 1e-6
    assert found.nnz == np.count_nonzero(wanted < 1)


def test_the_matrix_is_symmetric_and_its_zeros_are_stored():
    found = jaccard(clustered(300, 12)[0])
    assert abs(found - found.T).max() < 1e-6
    assert all(row in found[[row]].indices for row in range(300))
    assert found.diagonal().max() < 1e-6
    assert found.has_sorted_indices
    assert found.dtype == np.float32


def test_copies_are_at_no_distance():
    vectors = clustered(200, 12)[0]
    vectors[50] = vectors[3]
    assert jaccard(vectors)[3, 50] < 1e-6


@pytest.mark.parametrize(
    ("vectors", "options", "message"),
    [
        (torch.eye(10), {"k1": 10}, r"k1 is 10; there are 10 vectors .*give 1 \.\. 9"),
        (torch.eye(10), {"k1": 3, "k2": 11}, r"k2 is 11"),
        (torch.ones(10, 3), {"k1": 3}, "all 10 vectors are the same"),
        (torch.eye(10), {"k1": 3, "metric": "dot"}, "metric is 'dot'"),
        (torch.full((10, 2), float("nan")), {"k1": 3}, "10 of 10 vectors .* hold NaN or infinity"),
        (torch.zeros(10, 2), {"k1": 3, "metric": "cosine"}, "10 of 10 vectors .* are zero"),
    ],
)
def test_what_cannot_be_clustered_is_refused(vectors, options, message):
    with pytest.raises(ValueError, match=message):
        jaccard(vectors, **options)
