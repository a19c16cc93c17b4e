import pytest
import torch
from PIL import Image
from torch import nn

from passerby import images
from passerby.embed import attribute_classes, embed, predict_attributes
from passerby.images import Largest, Size
from passerby.types import Crop, Output

COLOURS = {"red": (200, 0, 0), "green": (0, 200, 0), "blue": (0, 0, 200)}


class Telling(nn.Module):
    """Says which colour is the strongest, and whether the left half is brighter than the right one."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, batch):
        self.seen.append((tuple(batch.shape), self.training))
        colours = images.denormalise(batch).mean(dim=(2, 3))
        left, right = batch[:, :, :, : batch.shape[3] // 2], batch[:, :, :, batch.shape[3] // 2 :]
        side = (left.mean(dim=(1, 2, 3)) - right.mean(dim=(1, 2, 3))).unsqueeze(1)
        return Output(colours, attributes={"colour": colours, "left": torch.cat([-side, side], dim=1)})


class Fixed(nn.Module):
    """Gives the same scores for each picture."""

    def __init__(self, **scores):
        super().__init__()
        self.scores = scores

    def forward(self, batch):
        shown = {
            name: torch.tensor(scores).expand(len(batch), *torch.tensor(scores).shape)
            for name, scores in self.scores.items()
        }
        return Output(batch.mean(dim=(2, 3)), attributes=shown)


@pytest.fixture
def crops(tmp_path):
    """Seven pictures of two sizes, in turn red, green and blue, the first bright at its left half only."""
    made = []
    for n in range(7):
        file = tmp_path / f"{n}.png"
        picture = Image.new("RGB", (8, 16) if n % 2 else (16, 16), list(COLOURS.values())[n % 3])
        if n == 0:
            picture.paste((0, 0, 0), (8, 0, 16, 16))
        picture.save(file)
        made.append(Crop(file, n + 1))
    return made


@pytest.mark.parametrize("size", [Size(16, 8), Largest(16)])
@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_classes_are_the_most_likely_ones_in_the_order_of_the_crops(crops, size, batch_size):
    model = Telling()
    found = predict_attributes(model, crops, size=size, batch_size=batch_size)
    assert {name: classes.tolist() for name, classes in found.classes.items()} == {
        "colour": [0, 1, 2, 0, 1, 2, 0],
        "left": [1, 0, 0, 0, 0, 0, 0],
    }
    assert found.classes["colour"].dtype == torch.int64
    assert found.crops == tuple(crops)
    assert not any(training for _, training in model.seen)
    shapes = {shape[2:] for shape, _ in model.seen}
    assert shapes == ({(16, 8)} if isinstance(size, Size) else {(16, 8), (16, 16)})


def test_the_mirror_image_is_not_looked_at(crops):
    model = Telling()
    predict_attributes(model, crops, size=Size(16, 8), batch_size=64)
    assert [shape[0] for shape, _ in model.seen] == [1, 7]  # the black picture that tells the heads, and all crops once


def test_of_equal_scores_the_lower_class_counts(crops):
    assert predict_attributes(Fixed(x=[1.0, 2.0, 2.0]), crops, size=Size(4, 4)).classes["x"].tolist() == [1] * 7


def test_the_mean_probability_of_the_bands_decides(crops):
    # one band is sure of class 1; in two others class 0 leads by less; scores alone would say class 1
    bands = [[0.0, 9.0, 0.0], [3.0, 0.0, 0.0], [3.0, 0.0, 0.0]]
    scores = torch.tensor(bands)
    assert scores.mean(dim=0).argmax() == 1
    expected = sum(row.exp() / row.exp().sum() for row in scores) / 3
    assert expected.argmax() == 0
    assert predict_attributes(Fixed(x=bands), crops[:2], size=Size(4, 4)).classes["x"].tolist() == [0, 0]
    assert attribute_classes(Fixed(x=bands), size=Size(4, 4)) == {"x": 3}


def test_the_heads_and_their_classes_are_found_without_a_crop():
    for size in (Size(16, 8), Largest(16)):
        assert attribute_classes(Telling(), size=size) == {"colour": 3, "left": 2}
        assert attribute_classes(Fixed(), size=size) == {}


def test_pictures_that_cannot_be_read_are_left_out_or_refused(crops):
    crops[1].path.write_bytes(b"no picture")
    told = []
    found = predict_attributes(Telling(), crops, size=Size(16, 8), on_broken=lambda crop, why: told.append((crop, why)))
    assert found.crops == (crops[0], *crops[2:])
    assert found.classes["colour"].tolist() == [0, 2, 0, 1, 2, 0]
    assert [crop for crop, _ in told] == [crops[1]]
    with pytest.raises(ValueError, match=r"1\.png is not a picture"):
        predict_attributes(Telling(), crops, size=Size(16, 8))
    with pytest.raises(ValueError, match="None of the 1 pictures can be read"):
        predict_attributes(Telling(), crops[1:2], size=Size(16, 8), on_broken=lambda *_: None)


def test_progress_counts_crops(crops):
    done = []
    predict_attributes(Telling(), crops, size=Size(16, 8), batch_size=3, on_progress=done.append)
    assert done == [3, 6, 7]


def test_a_network_without_heads_or_with_broken_ones_is_refused(crops):
    with pytest.raises(ValueError, match="predicts no attributes"):
        predict_attributes(Fixed(), crops, size=Size(4, 4))
    for wrong in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="scores of hat are not finite"):
            predict_attributes(Fixed(hat=[0.0, wrong]), crops, size=Size(4, 4))


@pytest.mark.parametrize("options", [{"batch_size": 0}, {"workers": 0}])
def test_numbers_out_of_range_are_refused_for_both(crops, options):
    for function in (embed, predict_attributes):
        with pytest.raises(ValueError, match="give 1 or more of both"):
            function(Telling(), crops, size=Size(4, 4), **options)
        with pytest.raises(ValueError, match="nothing to embed"):
            function(Telling(), [], size=Size(4, 4))
        with pytest.raises(ValueError, match="device is 'gpu'"):
            function(Telling(), crops, size=Size(4, 4), device="gpu")


def test_what_comes_out_can_be_changed_and_learned_from(crops):
    found = predict_attributes(Telling(), crops, size=Size(4, 4))
    assert not any(classes.is_inference() for classes in found.classes.values())
    assert not embed(Telling(), crops, size=Size(4, 4)).vectors.is_inference()
