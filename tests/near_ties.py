"""Vectors whose distances rounding would put in another order, and their order without any."""

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import torch


def exact_key(query, crop, metric):
    """Whatever orders crops as their distances do, without any rounding."""
    q, g = ([Fraction(x) for x in side.tolist()] for side in (query, crop))
    product = sum(a * b for a, b in zip(q, g, strict=True))
    if metric == "dot":
        return -product
    if metric == "euclidean":
        return sum((a - b) ** 2 for a, b in zip(q, g, strict=True))
    return -product * abs(product) / sum(b * b for b in g)


def exact_distance(query, crop, metric):
    """Distance to 80 digits, rounded to float64 and then to float32."""
    key = exact_key(query, crop, metric)
    if metric == "cosine":
        key /= sum(Fraction(a) ** 2 for a in query.tolist())
    with localcontext(prec=80):
        number = Decimal(key.numerator) / Decimal(key.denominator)
        if metric == "euclidean":
            number = number.sqrt()
        elif metric == "cosine":
            number = 1 + abs(number).sqrt().copy_sign(number)
        return float(np.float32(float(number)))


def whole(rows, columns, dim, generator):
    """Small whole numbers, 0 and -0 among them: many distances are equal."""
    both = [torch.randint(-1, 3, (count, dim), generator=generator).float() for count in (rows, columns)]
    for side in both:
        side[(side == 0) & (torch.rand(side.shape, generator=generator) < 0.5)] = -0.0
    return both


def close(rows, columns, dim, generator):
    """All within some last digits of float32 from each other; the queries too, or opposite."""
    centre = torch.randn(1, dim, generator=generator)
    step = torch.finfo(torch.float32).eps * torch.randint(-2, 3, (rows + columns, dim), generator=generator)
    vectors = centre * (1 + step)
    return vectors[:rows] * torch.randint(2, (rows, 1), generator=generator).mul(2).sub(1), vectors[rows:]


def far(rows, columns, dim, generator):
    """Queries thousands of times as long as the crops, and nearly equally far from all of them."""
    queries, gallery = close(rows, columns, dim, generator)
    return queries * 4000, gallery


def shuffled(rows, columns, dim, generator):
    """The same numbers in another order, so that a query of equal numbers is equally far from all."""
    numbers = torch.randn(dim, generator=generator) * 10.0 ** torch.randint(-8, 3, (dim,), generator=generator)
    gallery = torch.stack([numbers[torch.randperm(dim, generator=generator)] for _ in range(columns)])
    queries = torch.full((rows, dim), 1.1)
    queries[1:] += torch.rand(rows - 1, 1, generator=generator)
    return queries, gallery


def multiples(rows, columns, dim, generator):
    """Two directions, each many times as long or short as itself."""
    sides = torch.randint(-9, 10, (2, dim), generator=generator).float()
    sides[:, 0] = 1
    gallery = sides[torch.randint(2, (columns,), generator=generator)]
    gallery = gallery * torch.randint(1, 40, (columns, 1), generator=generator)
    return torch.randn(rows, dim, generator=generator), gallery


def spread(rows, columns, dim, generator):
    """Numbers and lengths of every size."""
    exponents = [torch.randint(-5, 6, shape, generator=generator) for shape in ((rows + columns, dim), (rows, 1))]
    vectors = torch.randn(rows + columns, dim, generator=generator) * 10.0 ** exponents[0]
    return vectors[:rows] * 10.0 ** exponents[1], vectors[rows:]


def tiny(rows, columns, dim, generator):
    """So small that float32 products are 0; lengths all the same that every metric accepts."""
    both = torch.randn(rows + columns, dim, generator=generator) * 10.0 ** torch.randint(
        -44, -18, (rows + columns, 1), generator=generator
    )
    both[:, 0] = 2e-12
    return both[:rows], both[rows:]


def near_ties(count, dim, seed=0):
    """Vectors about a common one, many copies, and ever smaller differences."""
    generator = torch.Generator().manual_seed(seed)
    vectors = torch.randn(count, dim, generator=generator)
    vectors *= 10.0 ** -torch.randint(0, 8, (count, 1), generator=generator)
    vectors += torch.randn(1, dim, generator=generator)
    return vectors[torch.randint(count, (count,), generator=generator)]


KINDS = {f.__name__: f for f in (whole, close, far, shuffled, multiples, spread, tiny)}
