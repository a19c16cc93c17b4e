import pickle

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from safetensors.torch import save_file

from passerby.frames.detector import detector, detectors

NAME = "ssdlite320_mobilenet_v3_large"
GREY = Image.fromarray(np.full((200, 160, 3), 128, np.uint8))


class Fires:
    def __reduce__(self):
        return (open, ("fired", "w"))


def test_each_name_is_offered_and_the_built_in_one_needs_nothing():
    assert {"hog", NAME, "fasterrcnn_resnet50_fpn"} <= set(detectors())
    assert detector("hog")(GREY) == ()


def test_an_unknown_detector_is_refused():
    with pytest.raises(ValueError, match="No detector is called 'yolo'; there is hog"):
        detector("yolo")


def test_nothing_is_downloaded_unless_asked(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", pytest.fail)
    with pytest.raises(FileNotFoundError, match="--weights FILE, or --weights download"):
        detector(NAME)


def test_weights_come_from_a_file_of_either_kind(tmp_path):
    state = torchvision.models.get_model(NAME, weights=None, weights_backbone=None).state_dict()
    save_file(state, tmp_path / "w.safetensors")
    torch.save(state, tmp_path / "w.pth")
    for file in ("w.safetensors", "w.pth"):
        found = detector(NAME, weights=str(tmp_path / file))(GREY)
        assert all(0 <= box.confidence <= 1 and box.w > 0 for box in found)


def test_bad_weights_are_clear_errors_and_nothing_in_them_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.pth").write_bytes(pickle.dumps(Fires()))
    (tmp_path / "noise.pt").write_bytes(b"noise")
    torch.save([1, 2], tmp_path / "list.pt")
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pt")
    (tmp_path / "noise.safetensors").write_bytes(b"noise")
    for file, words in (
        ("evil.pth", "no state dict"),
        ("noise.pt", "no state dict"),
        ("list.pt", "no state dict"),
        ("other.pt", "do not fit"),
        ("noise.safetensors", "safetensors"),
    ):
        with pytest.raises(ValueError, match=words):
            detector(NAME, weights=file)
    with pytest.raises(FileNotFoundError, match="No weights at none"):
        detector(NAME, weights="none")
    assert not (tmp_path / "fired").exists()


def test_the_built_in_one_takes_no_weights():
    with pytest.raises(ValueError, match="has no weights"):
        detector("hog", weights="w.pt")
