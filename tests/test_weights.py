import pytest
import torch
from torch import nn

from passerby import files, weights


def test_weights_come_back_as_they_were(tmp_path):
    one, other = nn.Linear(3, 2), nn.Linear(3, 2)
    weights.save(one, tmp_path / "w.safetensors")
    weights.fill(other, weights.read(tmp_path / "w.safetensors"), source=tmp_path / "w.safetensors")
    assert torch.equal(one.weight, other.weight)


def test_the_digest_is_the_weights(tmp_path):
    model = nn.Linear(3, 2)
    weights.save(model, tmp_path / "a")
    weights.save(model, tmp_path / "b")
    assert weights.digest(tmp_path / "a") == weights.digest(tmp_path / "b")
    with torch.no_grad():
        model.bias += 1
    weights.save(model, tmp_path / "b")
    assert weights.digest(tmp_path / "a") != weights.digest(tmp_path / "b")


def test_every_way_of_not_fitting_is_told(tmp_path):
    tensors = {"weight": torch.zeros(9, 9), "extra": torch.zeros(1)}
    with pytest.raises(ValueError, match=r"1 missing \(bias\); 1 unknown \(extra\); 1 of another shape \(weight\)"):
        weights.fill(nn.Linear(3, 2), tensors, source=tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="No weights at"):
        weights.read(tmp_path / "w.safetensors")


def test_a_file_is_whole_or_as_it_was(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def broken_off():
        with files.whole(path) as partial:
            partial.write_text("ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    with files.whole(path) as partial:
        partial.write_text("new")
    assert path.read_text() == "new"
