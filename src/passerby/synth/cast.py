"""Which solid each ray of a batch of pictures meets first."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from passerby.synth.intersect import MISS, intersect
from passerby.synth.normal import normal
from passerby.synth.solids import Solids
from passerby.synth.view import View

_ROOM = 65536
"""Rays that are followed at once: what stays in a core's cache."""
_SMALL = 16384
_WASTE = 1.6


@dataclass(frozen=True, slots=True)
class Hits:
    """What M rays met.

    Args:
        sample: (M,) int64 number of the ray, ((picture * rows) + row) * columns + column.
        solid: (M,) int64 which solid it met.
        place: (3, M) metres, where, in the solid's own frame.
        facing: (3, M) outward normal in the world, of length 1.
    """

    sample: Tensor
    solid: Tensor
    place: Tensor
    facing: Tensor


def cast(solids: Solids, view: View, *, rows: int, columns: int) -> Hits:
    """First hits of one ray through every pixel's middle. Solids that reach behind a camera are left out.

    Args:
        solids: N solids.
        view: B windows.
        rows: rays down a window.
        columns: rays across a window.
    """
    own = solids.frame / solids.scale.unsqueeze(2)
    first, across, down = (own @ way[solids.picture].unsqueeze(2) for way in view.rays(rows, columns))
    origin = own @ (view.eye[solids.picture] - solids.centre).unsqueeze(2)
    ways = torch.stack((first, across, down, origin)).squeeze(3).permute(0, 2, 1).reshape(12, -1).contiguous()
    bounds = _bounds(solids, view, rows, columns)
    taper = solids.taper.T.contiguous()

    met: list[tuple[Tensor, ...]] = []
    for kind, group, high, wide in _groups(solids.kind, bounds):
        chosen = torch.tensor(group, device=origin.device)
        met.append(_meet(kind, chosen, high, wide, ways, taper, bounds, solids.picture, rows, columns))
    if not met:
        none = torch.zeros(0, dtype=torch.int64, device=origin.device)
        return Hits(none, none, torch.zeros(3, 0, device=none.device), torch.zeros(3, 0, device=none.device))
    sample, solid, distance = (torch.cat(part) for part in zip(*met, strict=True))
    near = torch.full((len(view.eye) * rows * columns,), MISS, device=origin.device)
    near.scatter_reduce_(0, sample, distance, "amin")
    seen = (distance == near[sample]).nonzero().flatten()
    sample, solid, distance = (part.index_select(0, seen) for part in (sample, solid, distance))
    # of equally near ones the last, whatever the order in which a device writes
    number = torch.arange(len(seen), device=near.device)
    last = torch.full((len(near),), -1, device=near.device).scatter_reduce_(0, sample, number, "amax")
    only = (last[sample] == number).nonzero().flatten()
    sample, solid, distance = (part.index_select(0, only) for part in (sample, solid, distance))
    return _surface(sample, solid, distance, solids, own, ways, rows, columns)


def _meet(
    kind: int, chosen: Tensor, high: int, wide: int, ways: Tensor, taper: Tensor, bounds: Tensor, picture: Tensor,
    rows: int, columns: int,
) -> tuple[Tensor, ...]:  # fmt: skip
    """Ray, solid and distance of each hit of G solids whose windows have room in high x wide pixels."""
    device = ways.device
    left, top, across, down = bounds[:, chosen].view(4, -1, 1, 1).unbind()
    column = torch.arange(wide, device=device).view(1, 1, -1)
    row = torch.arange(high, device=device).view(1, -1, 1)
    first, right, below, origin = ways[:, chosen].view(4, 3, -1, 1, 1).unbind()
    direction = (first + right * (column + left)) + below * (row + top)
    # the room of a smaller window is nobody's
    spare = ((column - across + 1).relu().float() + (row - down + 1).relu().float()) * MISS
    distance = intersect(kind, origin, direction, taper[:, chosen].view(2, -1, 1, 1)) + spare
    corner = (picture[chosen].view(-1, 1, 1) * rows + top) * columns + left
    sample = corner + (row * columns + column)
    hit = (distance < MISS).flatten().nonzero().flatten()
    solid = chosen.repeat_interleave(high * wide)
    return tuple(part.flatten().index_select(0, hit) for part in (sample, solid, distance))


def _surface(
    sample: Tensor, solid: Tensor, distance: Tensor, solids: Solids, own: Tensor, ways: Tensor, rows: int, columns: int
) -> Hits:
    """Places and normals of hits, which come in the order of the solids' kinds."""
    pixel = sample % (rows * columns)
    row = torch.div(pixel, columns, rounding_mode="floor")
    way = ways.index_select(1, solid)
    point = way[9:12] + distance * (way[0:3] + way[3:6] * (pixel - row * columns) + way[6:9] * row)
    taper = solids.taper.T.contiguous().index_select(1, solid)
    counts = torch.bincount(solids.kind[solid], minlength=4).tolist()
    slopes = [
        normal(kind, some, width)
        for kind, (some, width) in enumerate(
            zip(torch.split(point, counts, 1), torch.split(taper, counts, 1), strict=True)
        )
    ]
    slope = torch.cat(slopes, 1)
    frame = own.permute(1, 2, 0).reshape(9, -1).contiguous().index_select(1, solid)
    world = frame[0:3] * slope[0] + frame[3:6] * slope[1] + frame[6:9] * slope[2]
    length = (world[0].square() + world[1].square() + world[2].square()).sqrt()
    scale = solids.scale.T.contiguous().index_select(1, solid)
    return Hits(sample, solid, point * scale, world / length)


def _groups(kinds: Tensor, bounds: Tensor) -> Iterator[tuple[int, list[int], int, int]]:
    """Solids of one kind and of about the same window, with the room that they share: (kind, places, high, wide)."""
    wide, high = bounds[2].tolist(), bounds[3].tolist()
    windows = [
        (kind, -(-high[place] // 8), wide[place], place)
        for place, kind in enumerate(kinds.tolist())
        if wide[place] and high[place]
    ]
    group: list[int] = []
    room, filled, last = (0, 0), 0, -1
    for kind, _, _, place in sorted(windows):
        more = (max(room[0], high[place]), max(room[1], wide[place]))
        full = more[0] * more[1] * (len(group) + 1)
        area = high[place] * wide[place]
        if group and (kind != last or full > _ROOM or (full > _SMALL and full > _WASTE * (filled + area))):
            yield last, group, *room
            group, more, filled = [], (high[place], wide[place]), 0
        group.append(place)
        room, filled, last = more, filled + area, kind
    if group:
        yield last, group, *room


def _bounds(solids: Solids, view: View, rows: int, columns: int) -> Tensor:
    """(4, N) int64 first column and row, columns and rows that can meet each solid; 0 where none can."""
    where = view.project(solids.corners(), solids.picture)
    window = view.window[solids.picture]
    grid = torch.tensor([columns, rows], device=where.device)
    least = (where.amin(1) - window[:, :2]) / window[:, 2:] * grid
    most = (where.amax(1) - window[:, :2]) / window[:, 2:] * grid
    before = torch.isfinite(least).all(1) & torch.isfinite(most).all(1)
    least, most = torch.where(before.unsqueeze(1), least, 0.0), torch.where(before.unsqueeze(1), most, 0.0)
    low = torch.minimum((least - 0.5).ceil().clamp(min=0), grid).long()
    high = torch.minimum((most - 0.5).floor().clamp(min=-1) + 1, grid).long()
    size = torch.where(before.unsqueeze(1), (high - low).clamp(min=0), 0)
    return torch.cat((low, size), 1).T.contiguous()
