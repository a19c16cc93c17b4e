from dataclasses import replace

import torch

from passerby.synth.cast import cast
from passerby.synth.intersect import MISS, intersect
from passerby.synth.solids import Solids, join
from passerby.synth.view import look

ROWS, COLUMNS = 24, 12


def crowded(count=60, pictures=3):
    """Random solids in front of three cameras, many of them cut by the windows' edges."""
    generator = torch.Generator().manual_seed(3)

    def numbers(*shape):
        return torch.rand(*shape, generator=generator)

    frame = torch.linalg.qr(numbers(count, 3, 3) - 0.5)[0]
    kind = torch.arange(count) % 4
    scale = 0.1 + 0.4 * numbers(count, 3)
    scale = torch.where((kind == 1).unsqueeze(1), scale[:, :1], scale)
    zero = torch.zeros(count)
    solids = Solids(
        kind=kind,
        picture=torch.arange(count) // 4 % pictures,
        frame=frame,
        centre=torch.stack((3 * numbers(count) - 1.5, 3 + 2 * numbers(count), 3 * numbers(count)), 1),
        scale=scale,
        taper=0.2 + 0.5 * numbers(count, 2),
        cloth=torch.arange(count),
        beyond=torch.arange(count),
        cut=zero + 9,
        shift=zero,
        axis=torch.zeros(count, 2),
    )
    eye = torch.tensor([[0.0, 0.0, 2.0], [0.5, 0.0, 3.0], [-0.5, -1.0, 1.0]])
    view = look(eye, torch.tensor([[0.0, 4.0, 1.5]]).expand(3, 3), torch.tensor([0.0, 0.1, -0.1]))
    return solids, view.shows(torch.tensor([[-0.2, -0.4, 0.4, 0.8]]).expand(3, 4))


def test_every_ray_meets_the_solid_that_a_loop_over_all_solids_finds():
    solids, view = crowded()
    hits = cast(solids, view, rows=ROWS, columns=COLUMNS)
    found = dict(zip(hits.sample.tolist(), hits.solid.tolist(), strict=True))
    assert len(found) == len(hits.sample)
    first, across, down = view.rays(ROWS, COLUMNS)
    nearest = torch.full((3, ROWS, COLUMNS), MISS)
    best = torch.full((3, ROWS, COLUMNS), -1)
    for place in range(len(solids)):
        picture = int(solids.picture[place])
        own = solids.frame[place] / solids.scale[place].unsqueeze(1)
        origin = own @ (view.eye[picture] - solids.centre[place])
        for row in range(ROWS):
            column = torch.arange(COLUMNS).unsqueeze(1)
            way = own @ (first[picture] + column * across[picture] + row * down[picture]).T
            distance = intersect(int(solids.kind[place]), origin.view(3, 1), way, solids.taper[place].view(2, 1))
            closer = distance < nearest[picture, row]
            nearest[picture, row] = torch.where(closer, distance, nearest[picture, row])
            best[picture, row] = torch.where(closer, place, best[picture, row])
    assert [found.get(sample, -1) for sample in range(best.numel())] == best.flatten().tolist()
    assert 100 < (best >= 0).sum() < best.numel()


def test_normals_face_the_camera_and_have_length_one():
    solids, view = crowded()
    hits = cast(solids, view, rows=ROWS, columns=COLUMNS)
    assert torch.allclose(hits.facing.square().sum(0), torch.ones(len(hits.sample)), atol=1e-4)
    frame, centre = solids.frame[hits.solid], solids.centre[hits.solid]
    point = (hits.place.T.unsqueeze(1) @ frame).squeeze(1) + centre
    ray = point - view.eye[solids.picture[hits.solid]]
    assert ((ray * hits.facing.T).sum(1) < 1e-3).all()


def test_a_solid_behind_the_camera_is_left_out():
    solids, view = crowded()
    behind = replace(solids.pick(torch.tensor([0])), centre=torch.tensor([[0.0, -4.0, 2.0]]))
    assert len(cast(behind, view, rows=ROWS, columns=COLUMNS).sample) == 0


def test_joined_solids_keep_their_order():
    solids, _ = crowded(8)
    both = join((solids, solids.pick(torch.tensor([1, 2]))))
    assert len(both) == 10
    assert both.cloth.tolist() == [*range(8), 1, 2]
