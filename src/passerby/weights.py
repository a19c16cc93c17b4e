"""The one place where weights are written, read and named: safetensors, never a pickle."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor, nn

from passerby import files


def save(model: nn.Module, path: Path) -> None:
    """Write a model's parameters and buffers, by name."""
    save_tensors(model.state_dict(), path)


def save_tensors(tensors: Mapping[str, Tensor], path: Path, *, about: Mapping[str, str] | None = None) -> None:
    """Write tensors by name, and words about them into the file's header."""
    with files.whole(path) as partial:
        safetensors.torch.save_file(
            {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()},
            partial,
            dict(about) if about else None,
        )


def read(path: Path) -> dict[str, Tensor]:
    """The tensors in a safetensors file, by name.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not a whole safetensors file.
    """
    if not path.is_file():
        raise FileNotFoundError(f"No weights at {path}; give a .safetensors file.")
    try:
        return safetensors.torch.load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path} is not a whole safetensors file ({error}); copy or make it again.") from None


def about(path: Path) -> dict[str, str]:
    """The words in a safetensors file's header, by name.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not a whole safetensors file.
    """
    if not path.is_file():
        raise FileNotFoundError(f"No weights at {path}; give a .safetensors file.")
    try:
        with safetensors.safe_open(path, "pt") as file:
            return dict(file.metadata() or {})
    except SafetensorError as error:
        raise ValueError(f"{path} is not a whole safetensors file ({error}); copy or make it again.") from None


def fill(model: nn.Module, tensors: dict[str, Tensor], *, source: Path) -> None:
    """Put tensors into a model, every one of them and nothing else.

    Raises:
        ValueError: if a tensor is missing, unknown, or of another shape; `source` is named as where they came from.
    """
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    given = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if wanted != given:
        missing = sorted(wanted.keys() - given.keys())
        unknown = sorted(given.keys() - wanted.keys())
        reshaped = sorted(name for name in wanted.keys() & given.keys() if wanted[name] != given[name])
        told = [
            f"{len(names)} {what} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
            for what, names in (("missing", missing), ("unknown", unknown), ("of another shape", reshaped))
            if names
        ]
        raise ValueError(f"{source} holds weights of another architecture: {'; '.join(told)}.")
    model.load_state_dict(tensors)


def digest(path: Path) -> str:
    """SHA-256 of a weights file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
