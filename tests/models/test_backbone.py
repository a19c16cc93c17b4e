import pytest
import safetensors.torch
import torch

from passerby.models.backbone import backbone


@pytest.mark.parametrize(("name", "fine", "coarse"), [("resnet18", 8, 4), ("resnet50", 8, 4), ("resnet10t", 8, 4)])
def test_without_its_last_stride_the_map_is_twice_as_fine_and_no_weight_changes(name, fine, coarse):
    torch.manual_seed(0)
    plain = backbone(name)
    torch.manual_seed(0)
    changed = backbone(name, last_stride=1)
    images = torch.randn(1, 3, 128, 64)
    assert plain.eval()(images).shape[2:] == (coarse, coarse // 2)
    assert changed.eval()(images).shape[2:] == (fine, fine // 2)
    for one, other in zip(plain.state_dict().values(), changed.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_weights_come_from_a_file_with_or_without_its_classifier(tmp_path):
    network = backbone("resnet18", channels=(8, 8, 8, 8))
    tensors = {**network.state_dict(), "fc.weight": torch.zeros(3, 8), "fc.bias": torch.zeros(3)}
    safetensors.torch.save_file(tensors, tmp_path / "w.safetensors")
    filled = backbone("resnet18", channels=(8, 8, 8, 8), pretrained=tmp_path / "w.safetensors")
    assert torch.equal(filled.state_dict()["conv1.weight"], network.state_dict()["conv1.weight"])


def test_weights_of_another_architecture_are_refused(tmp_path):
    safetensors.torch.save_file(backbone("resnet18", channels=(8, 8, 8, 8)).state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match="another architecture"):
        backbone("resnet18", channels=(8, 8, 8, 16), pretrained=tmp_path / "w.safetensors")


def test_a_broken_weights_file_is_refused(tmp_path):
    (tmp_path / "w.safetensors").write_bytes(b"\x00" * 50)
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        backbone("resnet18", pretrained=tmp_path / "w.safetensors")


def test_wrong_names_and_strides_are_refused():
    with pytest.raises(ValueError, match="no network 'resnet1'"):
        backbone("resnet1")
    with pytest.raises(ValueError, match="last_stride is 3"):
        backbone("resnet18", last_stride=3)
    with pytest.raises(ValueError, match="no layer4"):
        backbone("mobilenetv3_small_050", last_stride=1)
    with pytest.raises(ValueError, match="checkpoint_path cannot be set"):
        backbone("resnet18", checkpoint_path="anything.pth")
    with pytest.raises(ValueError, match="does not take"):
        backbone("resnet18", colour="red")
