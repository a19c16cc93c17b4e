import pytest
import torch

from passerby.synth.intersect import BOX, CAPSULE, ELLIPSOID, FRUSTUM, MISS, intersect
from passerby.synth.normal import normal

KINDS = (ELLIPSOID, CAPSULE, FRUSTUM, BOX)


def inside(kind, point, taper):
    """The definition: whether points lie in the solid; (N,) bool."""
    x, y, z = point
    if kind == ELLIPSOID:
        return x**2 + y**2 + z**2 <= 1
    if kind == BOX:
        return point.abs().amax(0) <= 1
    if kind == FRUSTUM:
        return (z >= 0) & (z <= 1) & (x**2 + y**2 <= (1 + (taper[0] - 1) * z) ** 2)
    balls = torch.linspace(0, 1, 301, dtype=torch.float64).view(-1, 1)
    radius = taper[0] + (taper[1] - taper[0]) * balls
    return ((x**2 + y**2 + (z - balls) ** 2) <= radius**2).any(0)


def rays(kind, count=150):
    generator = torch.Generator().manual_seed(kind)
    origin = torch.nn.functional.normalize(torch.randn(3, count, generator=generator, dtype=torch.float64), dim=0) * 5
    aim = torch.randn(3, count, generator=generator, dtype=torch.float64) * 0.8
    speed = 0.5 + torch.rand(count, generator=generator, dtype=torch.float64)
    taper = 0.1 + 0.5 * torch.rand(2, count, generator=generator, dtype=torch.float64)
    return origin, (aim - origin) * speed, taper


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_hit_is_where_marching_first_comes_inside(kind):
    origin, direction, taper = rays(kind)
    found = intersect(kind, origin, direction, taper)
    steps = torch.linspace(0, 3, 300, dtype=torch.float64)
    marched = torch.stack([inside(kind, origin + step * direction, taper) for step in steps])
    first = torch.where(marched.any(0), steps[marched.int().argmax(0)], torch.inf)
    width = steps[1]
    hit = found < MISS
    assert 20 < hit.sum() < 135
    assert not (first.isfinite() & ~hit).any()
    # a hit that marching steps over only grazes the solid
    assert ((first - found)[hit & first.isfinite()] > -1e-3).all()
    assert ((first - found)[hit & first.isfinite()] < width + 1e-3).all()
    assert (hit & first.isinf()).sum() < 8


@pytest.mark.parametrize("kind", KINDS)
def test_a_hit_lies_on_the_surface_and_its_normal_points_out(kind):
    origin, direction, taper = rays(kind)
    distance = intersect(kind, origin, direction, taper)
    hit = distance < MISS
    point = (origin + distance * direction)[:, hit]
    taper = taper[:, hit]
    out = normal(kind, point, taper)
    out = out / out.square().sum(0).sqrt()
    assert not inside(kind, point + 1e-3 * out, taper).any()
    assert inside(kind, point - 5e-3 * out, taper).float().mean() > 0.97
    assert ((out * direction[:, hit]).sum(0) < 1e-6).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_solid_behind_the_ray_is_a_miss(kind):
    origin, direction, taper = rays(kind, 50)
    assert (intersect(kind, origin, -direction, taper) >= MISS).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_ray_along_an_axis_is_no_nan(kind):
    origin = torch.tensor([[0.0, 0.0, 5.0, 5.0], [0.0, 3.0, 0.0, 0.0], [5.0, 5.0, 0.5, 8.0]])
    direction = torch.tensor([[0.0, 0.0, -1.0, -1.0], [0.0, 0.0, 0.0, 0.0], [-1.0, -1.0, 0.0, 0.0]])
    distance = intersect(kind, origin, direction, torch.full((2, 4), 0.5))
    assert not distance.isnan().any()
    assert ((distance < MISS) == torch.tensor([True, False, True, False])).all()


def test_an_unknown_kind_is_refused():
    ray = torch.ones(3, 1)
    with pytest.raises(ValueError, match="kind is 7; give 0, 1, 2, 3"):
        intersect(7, ray, ray, ray[:2])
    with pytest.raises(ValueError, match="kind is 7"):
        normal(7, ray, ray[:2])
