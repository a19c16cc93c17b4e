import pytest
import torch
from torch import nn

from passerby.training.step import step
from passerby.types import Batch, Output


class Mean(nn.Module):
    def forward(self, images):
        return Output(images.mean(dim=(2, 3)))


def test_terms_are_weighted_and_summed():
    batch = Batch(torch.full((2, 3, 4, 4), 2.0), torch.tensor([0, 1]), torch.tensor([1, 1]))
    losses = {
        "sum": (0.5, lambda output, batch: output.embedding.sum()),
        "people": (3.0, lambda output, batch: batch.pids.sum().float()),
    }
    terms = {name: term.item() for name, term in step(Mean(), losses, batch).items()}
    assert terms == pytest.approx({"sum": 6.0, "people": 3.0, "total": 9.0})
