import math

import pytest
import torch
from torch import nn

from passerby import weights
from passerby.training import best
from passerby.training.best import Best


def network(value):
    made = nn.Linear(2, 1)
    nn.init.constant_(made.weight, value)
    return made


def test_the_first_of_the_best_epochs_stays(tmp_path):
    file = tmp_path / best.FILE
    for epoch, mAP in enumerate([0.25, 0.5, 0.5, 0.125, 0.1 + 0.2], 1):
        assert best.keep(network(epoch), file, Best(epoch=epoch, mAP=mAP, rank1=mAP / 3)) == (epoch < 3)
    assert best.read(file) == Best(epoch=2, mAP=0.5, rank1=0.5 / 3)
    assert torch.equal(weights.read(file)["weight"], torch.full((1, 2), 2.0))
    assert [each.name for each in tmp_path.iterdir()] == [best.FILE]


def test_an_epoch_that_comes_again_does_not_take_the_place_of_itself(tmp_path):
    file = tmp_path / best.FILE
    one = Best(epoch=1, mAP=1 / 3, rank1=0.0)
    assert best.keep(network(1), file, one)
    assert not best.keep(network(1), file, one)


def test_a_mean_that_is_not_defined_is_refused(tmp_path):
    with pytest.raises(ValueError, match="mAP of epoch 3 is not defined"):
        best.keep(network(1), tmp_path / best.FILE, Best(epoch=3, mAP=math.nan, rank1=math.nan))
    assert not list(tmp_path.iterdir())


def test_a_missing_or_damaged_file_is_refused(tmp_path):
    file = tmp_path / best.FILE
    with pytest.raises(FileNotFoundError, match=r"No best\.safetensors in .*; train again"):
        best.read(file)
    weights.save(network(1), file)
    with pytest.raises(ValueError, match="does not say which epoch it is of"):
        best.read(file)
    file.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        best.read(file)
