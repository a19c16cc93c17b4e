"""How light makes the surfaces that rays have met look."""

import torch
from torch import Tensor

from passerby.synth.camera import Camera
from passerby.synth.cast import Hits
from passerby.synth.cloth import PLACES
from passerby.synth.solids import Solids
from passerby.synth.texture import texture

_WAVES = ((31.0, 13.0), (9.0, 47.0), (17.0, -29.0))
_DEPTH = 0.32


def shade(hits: Hits, solids: Solids, cloths: Tensor, camera: Camera) -> Tensor:
    """Light that comes from each hit.

    A key light (Lambert), light from above and from below, less light between the limbs and the trunk, creases.

    Args:
        hits: M of them.
        solids: what was hit.
        cloths: (columns, C) of `cloth.table`, numbered as the solids do.
        camera: its lights.

    Returns:
        (3, M) linear RGB, 0 or more.
    """
    device = cloths.device
    solid, place, facing = hits.solid, hits.place, hits.facing
    own = torch.stack((solids.cut, solids.shift, *solids.axis.T, *solids.centre.T[:2])).index_select(1, solid)
    frame = solids.frame[:, :, :2].flatten(1).T.contiguous().index_select(1, solid)
    further = (place[2] > own[0]).long()
    cloth = torch.stack((solids.cloth, solids.beyond)).flatten().index_select(0, further * len(solids) + solid)
    columns = cloths.index_select(1, cloth)
    albedo = texture(columns, torch.stack((place[0], place[1], place[2] + own[1])))
    facing = facing + columns[PLACES["folds"]] * _DEPTH * _creases(place, columns[PLACES["crease"]][0])
    light = torch.tensor(camera.light, device=device).view(3, 1)
    lambert = (0.85 * _dot(facing, light) + 0.15).relu()
    above = (0.5 + 0.5 * facing[2]).clamp(0, 1)
    across = own[4] - own[2] + frame[0] * place[0] + frame[2] * place[1] + frame[4] * place[2]
    away = own[5] - own[3] + frame[1] * place[0] + frame[3] * place[1] + frame[5] * place[2]
    outward = (across * facing[0] + away * facing[1]) / (across.square() + away.square() + 1e-4).sqrt()
    open_ = 0.76 + 0.24 * outward.clamp(-1, 1)
    key, sky, ground = (
        torch.tensor(strength, device=device).view(3, 1) for strength in (camera.key, camera.sky, camera.ground)
    )
    return albedo * open_ * (key * lambert + sky * above + ground * (1 - above))


def _creases(place: Tensor, start: Tensor) -> Tensor:
    """(3, M) -1 .. 1, how cloth turns its surface."""
    sideways = place[0] + 0.5 * place[1]
    return torch.stack(
        [
            (along * place[2] + across * sideways + (1 + 0.7 * turn) * start).sin()
            for turn, (along, across) in enumerate(_WAVES)
        ]
    )


def _dot(first: Tensor, second: Tensor) -> Tensor:
    return first[0] * second[0] + first[1] * second[1] + first[2] * second[2]
