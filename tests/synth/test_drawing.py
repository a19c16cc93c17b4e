from dataclasses import replace

import pytest
import torch

from passerby.synth.camera import cameras
from passerby.synth.cloth import Cloth
from passerby.synth.crowd import crowd
from passerby.synth.drawing import drawing
from passerby.synth.people import Person, people
from passerby.synth.scene import KINDS, scene
from passerby.synth.shot import Shot
from passerby.synth.things import things

CAMERA = replace(cameras(1, seed=0)[0], occluded=0.0, gain=(1.0, 1.0, 1.0), saturation=1.0)


def shot(person, number=0, **changes):
    same = {"file": "", "camid": 1, "x": 0.0, "y": 6.0, "heading": 0.0, "phase": 0.3, "moment": 5, "track": 7}
    return Shot(person=person, box="hand", number=number, **{**same, **changes})


def draw(row, shots, camera=CAMERA):
    return drawing(shots, crowd(row), camera, scene(camera), seed=0, height=128, width=64).float() / 255


def dressed(person: Person, **cloths: Cloth) -> Person:
    return replace(person, wardrobe=replace(person.wardrobe, **cloths))


def plainly(person: Person) -> Person:
    """Without anything carried that could hide the trunk."""
    return replace(person, body=replace(person.body, pack_height=0.0, bag_height=0.0, hand_height=0.0, mane=0.0))


def test_the_colours_a_person_wears_appear_in_the_picture():
    red, blue = Cloth(colour=(0.7, 0.02, 0.02)), Cloth(colour=(0.02, 0.05, 0.7))
    row = [dressed(plainly(one), top=red, lower=blue) for one in people(4, seed=1)]
    pictures = draw(row, [shot(0), shot(1, 1, heading=3.1), shot(2, 2, heading=-0.3)])
    chest = pictures[:, :, 32:44, 26:38].mean((2, 3))
    hips = pictures[:, :, 80:87, 24:40].mean((2, 3))
    assert (chest[:, 0] > 1.5 * chest[:, 2]).all()
    assert (hips[:, 2] > 1.5 * hips[:, 0]).all()


@pytest.mark.parametrize(("side", "heading", "hidden"), [(-1.0, 0.0, 3.14), (1.0, 3.14, 0.0)])
def test_a_print_is_seen_from_its_side_only(side, heading, hidden):
    plain = Cloth(colour=(0.5, 0.5, 0.5))
    printed = replace(
        plain, print_side=side, print_at=(0.0, 0.3), print_size=(0.12, 0.12), print_colour=(0.0, 0.8, 0.0)
    )
    person = plainly(people(1, seed=1)[0])
    row = [dressed(person, top=plain), dressed(person, top=printed)]
    for turn, seen in ((hidden, True), (heading, False)):
        without, with_ = draw(row, [shot(0, heading=turn), shot(1, heading=turn)])
        green = (with_ - without)[1].sum().item() - (with_ - without)[0].sum().item()
        assert (green > 20) == seen
        assert seen or green == 0


def test_people_of_the_same_labels_look_different():
    row = people(80, seed=3)
    pairs = [(a, b) for a in range(80) for b in range(a) if row[a].labels == row[b].labels][:6]
    assert len(pairs) == 6
    for first, second in pairs:
        one, other = draw(row, [shot(first), shot(second)])
        assert (one - other).abs().mean() > 0.02


def test_views_from_the_front_side_and_back_differ():
    row = people(8, seed=3)
    front, side, back = draw(row, [shot(0), shot(0, heading=1.57), shot(0, heading=3.14)])
    for one, other in ((front, side), (front, back), (side, back)):
        assert (one - other).abs().mean() > 0.02


def test_a_shot_looks_the_same_whatever_is_drawn_with_it():
    row = people(6, seed=3)
    shots = [shot(place, place, moment=place, track=place, heading=float(place)) for place in range(5)]
    alone, together = draw(row, shots[3:4])[0], draw(row, shots)[3]
    assert (alone - together).abs().mean() < 1e-3


def test_one_instant_in_two_boxes_shows_the_same_person_in_another_place():
    row = people(6, seed=3)
    by_hand, found = draw(row, [shot(0, 1), replace(shot(0, 2), box="detector")])
    assert 0.002 < (by_hand - found).abs().mean() < 0.3


def test_every_box_and_every_camera_can_be_drawn():
    row = people(6, seed=3)
    for camera in cameras(8, seed=1):
        boxes = ("hand", "detector", "junk", "false")
        shots = [replace(shot(place, place, camid=camera.camid), box=box) for place, box in enumerate(boxes)]
        pictures = draw(row, shots, replace(camera, occluded=1.0))
        assert pictures.shape == (4, 3, 128, 64)
        assert (pictures.flatten(1).std(1) > 0.03).all()


def test_shots_of_another_camera_and_unknown_things_are_refused():
    row = people(2, seed=3)
    with pytest.raises(ValueError, match="give shots of camera 1"):
        draw(row, [shot(0, camid=2)])
    with pytest.raises(ValueError, match="give shots of camera 1"):
        draw(row, [])
    zero = torch.zeros(1)
    with pytest.raises(ValueError, match=f"'tree'; give one of {KINDS[0]}"):
        things("tree", heading=zero, foot=torch.zeros(1, 3), picture=zero.long())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_draws_the_same_pictures():
    row = people(6, seed=3)
    shots = [shot(place, place, heading=float(place)) for place in range(5)]
    far = drawing(shots, crowd(row, device="cuda"), CAMERA, scene(CAMERA, device="cuda"), seed=0, height=128, width=64)
    assert (far.cpu().float() / 255 - draw(row, shots)).abs().mean() < 2e-3
