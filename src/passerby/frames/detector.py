"""A detector of people by its name."""

from pathlib import Path

import torch
import torchvision
from PIL import Image
from torchvision.transforms.functional import pil_to_tensor

from passerby import weights as stored
from passerby.frames.frame import Box, Detect
from passerby.frames.hog import NAME, hog

PERSON = 1
"""COCO's class of people, as torchvision's detectors number them."""
DOWNLOAD = "download"
"""What is given for weights to have torchvision fetch its own."""
LEAST = 0.2
"""Boxes that torchvision's detectors are less sure of are left out."""


def detectors() -> list[str]:
    """Names of all detectors."""
    return [NAME, *torchvision.models.list_models(module=torchvision.models.detection)]


def detector(name: str, *, weights: str | None = None, device: str = "cpu") -> Detect:
    """A detector of people.

    Args:
        name: one of `detectors`: OpenCV's, or one of torchvision's detection models.
        weights: for one of torchvision's, a .safetensors file or a state dict that torch wrote; DOWNLOAD to let
            torchvision fetch its own; None to take those that it has fetched before, and fetch nothing.
        device: what torchvision's run on.

    Raises:
        FileNotFoundError: if there is no such file, or nothing has been fetched before.
        ValueError: if no detector is called so, or the weights do not fit it.
    """
    if name not in detectors():
        raise ValueError(f"No detector is called {name!r}; there is {', '.join(detectors())}.")
    if name == NAME:
        if weights is not None:
            raise ValueError(f"The detector {NAME} has no weights; leave --weights out.")
        return hog()
    state = _weights(name, weights)
    model = torchvision.models.get_model(name, weights=None, weights_backbone=None)
    try:
        model.load_state_dict(state)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise ValueError(
            f"The weights {weights or ''} do not fit {name} ({' '.join(str(error).split())[:200]})."
        ) from None
    model.to(device).eval()

    def detect(image: Image.Image) -> tuple[Box, ...]:
        with torch.inference_mode():
            found = model([pil_to_tensor(image).float().div(255).to(device)])[0]
        people = (found["labels"] == PERSON) & (found["scores"] >= LEAST)
        sides = found["boxes"][people].cpu().double().tolist()
        sure = found["scores"][people].cpu().double().tolist()
        return tuple(
            Box(left, top, right - left, bottom - top, score)
            for (left, top, right, bottom), score in zip(sides, sure, strict=True)
            if right > left and bottom > top
        )

    return detect


def _weights(name: str, given: str | None) -> dict[str, torch.Tensor]:
    if given in (None, DOWNLOAD):
        return _own(name, fetch=given == DOWNLOAD)
    path = Path(str(given))
    if not path.is_file():
        raise FileNotFoundError(f"No weights at {path}; give a .safetensors file, a state dict, or {DOWNLOAD}.")
    if path.suffix == ".safetensors":
        return dict(stored.read(path))
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the unpickler raises many kinds for damaged files
        raise ValueError(f"{path} is no state dict of tensors ({' '.join(str(error).split())[:120]}).") from None
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ValueError(f"{path} is no state dict; save `model.state_dict()`.")
    return state


def _own(name: str, *, fetch: bool) -> dict[str, torch.Tensor]:
    """Torchvision's own weights, from its folder or, if asked, from its server."""
    own = torchvision.models.get_model_weights(name).DEFAULT
    there = Path(torch.hub.get_dir()) / "checkpoints" / Path(own.url).name
    if not fetch and not there.is_file():
        raise FileNotFoundError(
            f"{name} needs weights: give --weights FILE, or --weights {DOWNLOAD} to fetch torchvision's into {there}; "
            f"the detector {NAME} needs none."
        )
    try:
        return dict(own.get_state_dict(progress=False, check_hash=True, weights_only=True, map_location="cpu"))
    except (OSError, RuntimeError) as error:
        raise OSError(f"torchvision's weights of {name} cannot be had ({error}); give --weights FILE.") from None
