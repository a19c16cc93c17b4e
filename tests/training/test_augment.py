import pytest
import torch
from torch import Generator

from passerby.training.augment import erase, flip, pad_crop

IMAGE = torch.arange(3 * 20 * 10, dtype=torch.float32).view(3, 20, 10) + 1


def chance(seed):
    return {"generator": Generator().manual_seed(seed), "progress": 0.5}


@pytest.mark.parametrize("change", [flip, pad_crop, erase])
def test_a_change_is_a_function_of_its_generator_and_leaves_its_argument_alone(change):
    before = IMAGE.clone()
    results = [change(IMAGE, **chance(seed)) for seed in range(30)]
    assert torch.equal(IMAGE, before)
    assert all(result.shape == IMAGE.shape for result in results)
    assert torch.equal(results[3], change(IMAGE, **chance(3)))
    assert any(not torch.equal(results[0], result) for result in results[1:])


def test_flip_mirrors_left_and_right():
    assert torch.equal(flip(IMAGE, **chance(0), p=1.0), IMAGE.flip(2))
    assert torch.equal(flip(IMAGE, **chance(0), p=0.0), IMAGE)


def test_erase_sets_one_rectangle_of_the_asked_area_to_zero():
    for seed in range(50):
        erased = erase(IMAGE, **chance(seed), p=1.0, area=(0.1, 0.3))
        gone = (erased == 0).all(dim=0)
        rows, columns = gone.any(dim=1).sum(), gone.any(dim=0).sum()
        assert gone.sum() == rows * columns
        assert 0.05 < float(gone.float().mean()) < 0.4
        assert torch.equal(erased[:, ~gone], IMAGE[:, ~gone])


def test_pad_crop_shifts_the_picture():
    shifts = set()
    for seed in range(200):
        shifted = pad_crop(IMAGE, **chance(seed), pad=1)
        place = (shifted[0] == IMAGE[0, 9, 5]).nonzero().tolist()
        shifts.add((place[0][0] - 9, place[0][1] - 5))
    assert shifts == {(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (flip, {"p": 1.5}),
        (pad_crop, {"pad": -1}),
        (erase, {"p": -0.1}),
        (erase, {"area": (0.5, 0.1)}),
        (erase, {"aspect": 0.0}),
    ],
)
def test_values_out_of_range_are_refused(change, wrong):
    with pytest.raises(ValueError, match=f"augment.{change.__name__}"):
        change(IMAGE, **chance(0), **wrong)
