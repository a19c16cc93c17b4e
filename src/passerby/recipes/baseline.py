"""The plain baseline: a classifier of identities on the globally pooled map, without any of the systems' ideas.

Source: Zheng, Yang, Hauptmann, Person Re-identification: Past, Present and Future ("IDE"), here without last stride.
`small` is what each system's small recipe is measured against and derived from: backbone, size, epochs, optimiser and
schedule are the same in all of them. What it reaches on the drawn world stands in docs/papers/results.md.

    passerby train baseline.small --data WORLD --out RUN        minutes on two CPU cores
"""

from functools import partial

from torch.optim import AdamW

from passerby.datasets import synthetic
from passerby.images import Size
from passerby.losses.identity import identity
from passerby.models.backbone import backbone
from passerby.models.identity_embedding import IdentityEmbedding
from passerby.training.augment import flip
from passerby.training.batches import shuffled
from passerby.training.recipe import Recipe
from passerby.training.schedule import warmup_cosine

narrow = partial(
    backbone,
    name="resnet18",
    layers=(1, 1, 1, 3),
    channels=(16, 32, 64, 128),
    last_stride=1,
    zero_init_last=False,  # each weight learns from the first step on, as in torchvision's networks
)
"""A ResNet-18 of a quarter of the width, with three blocks in the last stage as a ResNet-50 has."""

small = Recipe(
    model=partial(IdentityEmbedding, backbone=narrow),
    data=synthetic.load,
    size=Size(128, 64),
    epochs=6,
    batches=partial(shuffled, size=32),
    augment={"flip": flip},
    losses={"identity": (1.0, identity)},
    optimizer=partial(AdamW, lr=3e-3, weight_decay=5e-2),
    schedule=partial(warmup_cosine, warmup=1.0),
)
