"""The network that a training begins with."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from passerby import weights
from passerby.training.frozen import freeze_batch_norm
from passerby.training.recipe import Recipe


def build(recipe: Recipe, *, num_classes: int, start: Mapping[str, Tensor] | None = None) -> nn.Module:
    """The network that a training begins with: pretrained, and frozen, as the recipe says.

    Args:
        recipe: how.
        num_classes: training identities.
        start: tensors by name for the part `backbone`; None to leave it as it is.

    Raises:
        ValueError: if the recipe's weights, or these, are another network's.
    """
    with_weights = {"pretrained": recipe.pretrained} if recipe.pretrained else {}
    model = recipe.model(num_classes=num_classes, **with_weights)
    if start is not None:
        if not isinstance(getattr(model, "backbone", None), nn.Module):
            raise ValueError(f"{type(model).__name__} has no backbone, so no training can come first.")
        weights.fill(model.get_submodule("backbone"), dict(start), source=Path("first"))
    return to_train(model, recipe)


def to_train(model: nn.Module, recipe: Recipe) -> nn.Module:
    """Put a network into train mode, but for the batch norms that its recipe freezes."""
    model.train()
    if recipe.frozen_batch_norm != "none":
        freeze_batch_norm(model, recipe.frozen_batch_norm)
    return model
