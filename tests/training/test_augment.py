import math
from statistics import mean

import pytest
import torch
from torch import Generator
from torch.nn.functional import pad as padded
from torchvision.transforms import functional

from passerby.images import denormalise, normalise
from passerby.training import augment
from passerby.training.augment import cutout, erase, flip, pad_crop, random_resized_crop

IMAGE = torch.arange(3 * 20 * 10, dtype=torch.float32).view(3, 20, 10) + 1
CHANGES = [flip, pad_crop, erase, random_resized_crop, cutout]
LARGE = torch.full((3, 80, 60), 9.0)
"""Larger than any noise and than black, so that what was changed can be seen."""


def chance(seed, progress=0.5):
    return {"generator": Generator().manual_seed(seed), "progress": progress}


def rectangle(changed, before):
    """Top, left, rows and columns of what differs, which must be a full rectangle; None where nothing does."""
    gone = (changed != before).any(dim=0)
    if not gone.any():
        return None
    rows, columns = gone.any(dim=1).nonzero().flatten(), gone.any(dim=0).nonzero().flatten()
    top, left, height, width = rows.min(), columns.min(), rows.max() - rows.min() + 1, columns.max() - columns.min() + 1
    assert gone.sum() == height * width
    return int(top), int(left), int(height), int(width)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_a_function_of_its_generator_and_leaves_its_argument_alone(change):
    before = IMAGE.clone()
    torch.manual_seed(1)
    results = [change(IMAGE, **chance(seed)) for seed in range(30)]
    torch.manual_seed(2)
    state = torch.get_rng_state()
    assert torch.equal(IMAGE, before)
    assert all(result.shape == IMAGE.shape for result in results)
    assert all(torch.equal(result, change(IMAGE, **chance(seed))) for seed, result in enumerate(results))
    assert any(not torch.equal(results[0], result) for result in results[1:])
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 7), (7, 1), (3, 2), (33, 17), (16, 64)])
def test_any_height_and_width_stay_and_the_values_are_finite(change, height, width):
    image = torch.randn(3, height, width, generator=Generator().manual_seed(0))
    for seed in range(20):
        for progress in (0.0, 0.3, 1.0):
            changed = change(image, **chance(seed, progress))
            assert changed.shape == image.shape
            assert changed.dtype == image.dtype
            assert changed.isfinite().all()


@pytest.mark.parametrize("change", CHANGES)
def test_memory_need_not_be_contiguous(change):
    image = IMAGE.permute(1, 2, 0).contiguous().permute(2, 0, 1)
    assert not image.is_contiguous()
    for seed in range(10):
        assert torch.equal(change(image, **chance(seed)), change(IMAGE, **chance(seed)))


def test_flip_mirrors_left_and_right():
    assert torch.equal(flip(IMAGE, **chance(0), p=1.0), IMAGE.flip(2))
    assert torch.equal(flip(IMAGE, **chance(0), p=0.0), IMAGE)
    flipped = [not torch.equal(flip(IMAGE, **chance(seed)), IMAGE) for seed in range(1000)]
    assert 0.45 < mean(flipped) < 0.55


def test_pad_crop_shifts_the_picture():
    shifts = set()
    for seed in range(200):
        shifted = pad_crop(IMAGE, **chance(seed), pad=1)
        place = (shifted[0] == IMAGE[0, 9, 5]).nonzero().tolist()
        shifts.add((place[0][0] - 9, place[0][1] - 5))
    assert shifts == {(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)}


@pytest.mark.parametrize("fill", ["mean", "black"])
def test_pad_crop_is_a_window_of_the_padded_picture(fill):
    picture = torch.randint(1, 256, (3, 20, 10), generator=Generator().manual_seed(0), dtype=torch.uint8)
    # what padding before normalisation gives; the mean colour is no byte, so it is padded after it
    whole = normalise(padded(picture, (3, 3, 3, 3))) if fill == "black" else padded(normalise(picture), (3, 3, 3, 3))
    windows = [whole[:, top : top + 20, left : left + 10] for top in range(7) for left in range(7)]
    for seed in range(20):
        shifted = pad_crop(normalise(picture), **chance(seed), pad=3, fill=fill)
        assert any(torch.equal(shifted, window) for window in windows)


def test_erase_sets_one_rectangle_of_the_asked_area_to_zero():
    for seed in range(50):
        erased = erase(IMAGE, **chance(seed), p=1.0, area=(0.1, 0.3))
        gone = (erased == 0).all(dim=0)
        rows, columns = gone.any(dim=1).sum(), gone.any(dim=0).sum()
        assert gone.sum() == rows * columns
        assert 0.05 < float(gone.float().mean()) < 0.4
        assert torch.equal(erased[:, ~gone], IMAGE[:, ~gone])


def test_erase_draws_area_and_aspect_from_their_ranges():
    found = [rectangle(erase(LARGE, **chance(seed), p=1.0), LARGE) for seed in range(1000)]
    areas = [rows * columns / 4800 for _, _, rows, columns in found]
    aspects = [rows / columns for _, _, rows, columns in found]
    assert 0.017 < min(areas) < 0.03
    assert 0.37 < max(areas) < 0.41
    assert 0.26 < min(aspects) < 0.4
    assert 3 < max(aspects) < 3.7
    assert min(top for top, *_ in found) == min(left for _, left, *_ in found) == 0
    assert max(top + rows for top, _, rows, _ in found) == 80
    assert max(left + columns for _, left, _, columns in found) == 60


def test_erase_does_it_with_its_probability():
    done = [rectangle(erase(LARGE, **chance(seed), p=0.3), LARGE) is not None for seed in range(500)]
    assert 0.25 < mean(done) < 0.35


def test_erase_around_a_center_may_stick_out():
    fixed = {"p": 1.0, "area": (0.25, 0.25), "aspect": 1.0, "point": "center"}
    side = round(math.sqrt(0.25 * 4800))
    # the center c of a side s covers c - s // 2 .. c - s // 2 + s - 1, as far as that lies inside
    wanted = {
        (max(0, y - side // 2), max(0, x - side // 2), min(80, y - side // 2 + side), min(60, x - side // 2 + side))
        for y in range(80)
        for x in range(60)
    }
    found = [rectangle(erase(LARGE, **chance(seed), **fixed), LARGE) for seed in range(1000)]
    corners = [(top, left, top + rows, left + columns) for top, left, rows, columns in found]
    assert set(corners) <= wanted
    assert {top for top, *_ in wanted} == {top for top, *_ in corners}
    assert {right for *_, right in wanted} == {right for *_, right in corners}


def test_erase_by_its_corner_keeps_the_rectangle_whole():
    fixed = {"p": 1.0, "area": (0.25, 0.25), "aspect": 1.0}
    sides = {rectangle(erase(LARGE, **chance(seed), **fixed), LARGE)[2:] for seed in range(200)}
    assert sides == {(35, 35)}


def test_random_resized_crop_is_torchvisions_crop_of_some_part():
    image = torch.randn(3, 12, 9, generator=Generator().manual_seed(0))
    for seed in range(10):
        cropped = random_resized_crop(image, **chance(seed), area=(0.1, 0.6), size=(8, 6))
        assert cropped.shape == (3, 8, 6)
        near = [
            (top, left, rows, columns)
            for rows in range(1, 13)
            for columns in range(1, 10)
            if 0.05 < rows * columns / 108 < 0.7 and 0.6 < columns / rows < 1.7
            for top in range(13 - rows)
            for left in range(10 - columns)
        ]
        assert any(
            torch.allclose(functional.resized_crop(image, *part, (8, 6), antialias=True), cropped, atol=1e-5)
            for part in near
        )


def seen(monkeypatch, height, width, count, **options):
    """The parts that were cut, as (top, left, rows, columns)."""
    place = torch.arange(height * width, dtype=torch.float32).view(1, height, width).repeat(3, 1, 1)
    found = []

    def keep(part, size, **_):
        first = int(part[0, 0, 0, 0])
        found.append((first // width, first % width, *part.shape[2:]))
        return part.new_zeros(1, 3, *size)

    monkeypatch.setattr("passerby.training.augment.interpolate", keep)
    for seed in range(count):
        random_resized_crop(place, **chance(seed), size=(height + 1, width + 1), **options)
    assert len(found) == count
    return found


def test_random_resized_crop_draws_area_and_aspect_as_torchvision_does(monkeypatch):
    found = seen(monkeypatch, 300, 300, 3000)
    areas = [rows * columns / 90_000 for _, _, rows, columns in found]
    aspects = [columns / rows for _, _, rows, columns in found]
    assert 0.079 < min(areas) < 0.09
    assert 0.9 < max(areas) <= 1
    assert 0.74 < min(aspects) < 0.76
    assert 1.31 < max(aspects) < 1.35
    assert -0.02 < mean(math.log(aspect) for aspect in aspects) < 0.02
    for top, left, rows, columns in found:
        assert 0 <= top <= 300 - rows
        assert 0 <= left <= 300 - columns
    # of small parts, all of which fit, the area is uniform
    small = [rows * columns / 90_000 for *_, rows, columns in seen(monkeypatch, 300, 300, 2000, area=(0.1, 0.5))]
    assert 0.29 < mean(small) < 0.31
    assert 0.22 < sum(area < 0.2 for area in small) / 2000 < 0.28


def test_random_resized_crop_takes_the_middle_where_no_part_fits(monkeypatch):
    whole = {"area": (1.0, 1.0)}
    assert set(seen(monkeypatch, 100, 10, 5, **whole)) == {(43, 0, 13, 10)}  # 10 / (3/4) = 13.3 rows
    assert set(seen(monkeypatch, 10, 100, 5, **whole)) == {(0, 43, 10, 13)}


def test_random_resized_crop_of_all_at_its_own_aspect_is_the_picture():
    image = torch.randn(3, 12, 12, generator=Generator().manual_seed(0))
    assert torch.equal(random_resized_crop(image, **chance(0), area=(1.0, 1.0), aspect=(1.0, 1.0)), image)


def test_random_resized_crop_gives_the_size_asked_for():
    assert random_resized_crop(IMAGE, **chance(0), size=(224, 112)).shape == (3, 224, 112)
    assert random_resized_crop(IMAGE, **chance(0), size=(4, 5)).shape == (3, 4, 5)


def test_cutout_sides_are_between_half_and_all_of_its_share():
    found = [rectangle(cutout(LARGE, **chance(seed, 1.0), final=0.5), LARGE) for seed in range(1500)]
    assert {rows for *_, rows, _ in found} == set(range(20, 40))
    assert {columns for *_, columns in found} == set(range(15, 30))
    assert mean(rows for *_, rows, _ in found) == pytest.approx(29.5, abs=0.5)
    assert mean(columns for *_, columns in found) == pytest.approx(22, abs=0.5)
    # the sides are drawn on their own
    low = mean(columns for *_, rows, columns in found if rows < 30)
    high = mean(columns for *_, rows, columns in found if rows >= 30)
    assert low == pytest.approx(high, abs=0.7)
    assert min(top for top, *_ in found) == min(left for _, left, *_ in found) == 0
    assert max(top + rows for top, _, rows, _ in found) == 80
    assert max(left + columns for _, left, _, columns in found) == 60


def test_cutout_fills_with_every_colour_evenly():
    values = []
    for seed in range(20):
        changed = cutout(LARGE, **chance(seed, 1.0), final=1.0)
        top, left, rows, columns = rectangle(changed, LARGE)
        values.append(denormalise(changed[:, top : top + rows, left : left + columns]).flatten(1))
    noise = torch.cat(values, dim=1)
    assert -1e-6 <= float(noise.min()) < 0.001
    assert 0.999 < float(noise.max()) <= 1 + 1e-6
    for channel in noise:
        assert 0.495 < float(channel.mean()) < 0.505
        assert float(channel.std()) == pytest.approx(1 / math.sqrt(12), abs=0.005)
    assert abs(float(torch.corrcoef(noise)[0, 1])) < 0.01


@pytest.mark.parametrize(
    ("schedule", "shares"),
    [
        ("linear", {0.0: 0, 0.2: 0.2, 0.25: 0.25, 0.5: 0.5, 0.75: 0.75, 1.0: 1}),
        ("step", {0.0: 0.25, 0.2: 0.25, 0.25: 0.5, 0.5: 0.75, 0.75: 1, 1.0: 1}),
        ("const", {0.0: 1, 0.5: 1, 1.0: 1}),
    ],
)
def test_cutout_grows_as_asked(schedule, shares):
    for progress, share in shares.items():
        found = [rectangle(cutout(LARGE, **chance(seed, progress), schedule=schedule), LARGE) for seed in range(300)]
        if share == 0:
            assert found == [None] * 300
            continue
        most = 0.5 * share
        assert {rows for *_, rows, _ in found} == set(range(int(40 * most), int(80 * most)))
        assert {columns for *_, columns in found} == set(range(int(30 * most), int(60 * most)))


@pytest.mark.parametrize("schedule", ["linear", "step", "const"])
def test_cutout_never_shrinks_while_training_goes_on(schedule):
    means = []
    for twentieth in range(21):
        found = [
            rectangle(cutout(LARGE, **chance(seed, twentieth / 20), schedule=schedule), LARGE) for seed in range(30)
        ]
        means.append(mean(0 if one is None else one[2] * one[3] for one in found))
    # the seeds are the same ones at each progress, so that const gives the same rectangles
    assert means == sorted(means)
    assert (means[0] < means[-1]) == (schedule != "const")


def test_cutout_does_nothing_where_a_side_is_less_than_a_pixel():
    assert torch.equal(cutout(IMAGE, **chance(0, 0.0)), IMAGE)
    assert torch.equal(cutout(IMAGE, **chance(0, 1.0), final=0.0), IMAGE)
    # 10 columns at 0.5 * 0.19 are 0.95 pixels
    assert all(torch.equal(cutout(IMAGE, **chance(seed, 0.19)), IMAGE) for seed in range(50))
    assert torch.equal(cutout(torch.ones(3, 1, 50), **chance(0, 1.0)), torch.ones(3, 1, 50))


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (flip, {"p": 1.5}),
        (pad_crop, {"pad": -1}),
        (pad_crop, {"fill": "white"}),
        (erase, {"p": -0.1}),
        (erase, {"area": (0.5, 0.1)}),
        (erase, {"aspect": 0.0}),
        (erase, {"point": "middle"}),
        (random_resized_crop, {"area": (0.0, 1.0)}),
        (random_resized_crop, {"area": (0.1, 1.1)}),
        (random_resized_crop, {"aspect": (2.0, 1.0)}),
        (random_resized_crop, {"size": (0, 5)}),
        (cutout, {"final": 1.5}),
        (cutout, {"schedule": "cosine"}),
    ],
)
def test_values_out_of_range_are_refused(change, wrong):
    with pytest.raises(ValueError, match=f"augment.{change.__name__}"):
        change(IMAGE, **chance(0), **wrong)


@pytest.mark.parametrize("progress", [-0.1, 1.1])
def test_a_progress_out_of_range_is_refused_where_it_is_used(progress):
    with pytest.raises(ValueError, match="progress is"):
        cutout(IMAGE, **chance(0, progress))


def test_random_resized_crop_with_a_probability_keeps_the_picture_or_its_size():
    image = torch.randn(3, 40, 20)
    kept = sum(random_resized_crop(image, **chance(seed), p=0.3) is image for seed in range(400))
    assert 0.6 < kept / 400 < 0.8
    with pytest.raises(ValueError, match="give p=1, or no size"):
        random_resized_crop(image, **chance(0), p=0.5, size=(4, 4))


def test_random_resized_crop_that_keeps_the_aspect_distorts_nothing(monkeypatch):
    seen = []
    part = augment._part

    def look(image, area, aspect, generator):
        seen.append(part(image, area, aspect, generator))
        return seen[-1]

    monkeypatch.setattr(augment, "_part", look)
    for seed in range(50):
        assert random_resized_crop(torch.randn(3, 200, 100), **chance(seed), keep_aspect=True).shape == (3, 200, 100)
    assert all(abs(rows / columns - 2) < 0.05 for _, _, rows, columns in seen)
    assert len({rows for _, _, rows, _ in seen}) > 10
