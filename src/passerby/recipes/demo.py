"""A small network for the drawn world, trained in minutes on two CPU cores. No paper's result.

The network of "Re-ID done right" (global pooling, fully connected layer, L2) on a narrow ResNet-18 from random weights,
with the identity and the batch-hard triplet loss at once. What it reaches stands in docs/demo.md.

    passerby train demo --data WORLD --out RUN
"""

from functools import partial

from torch.optim import AdamW

from passerby.datasets import synthetic
from passerby.images import Size
from passerby.losses.batch_hard_triplet import batch_hard_triplet
from passerby.losses.identity import identity
from passerby.models.backbone import backbone
from passerby.models.global_embedding import GlobalEmbedding
from passerby.training.augment import erase, flip, pad_crop
from passerby.training.batches import people_by_pictures
from passerby.training.recipe import Recipe
from passerby.training.schedule import warmup_cosine

demo = Recipe(
    model=partial(
        GlobalEmbedding,
        backbone=partial(backbone, name="resnet18", layers=(1, 1, 1, 1), channels=(32, 64, 128, 256), last_stride=1),
        dim=256,
        pool="max",
        neck=True,
    ),
    data=synthetic.load,
    size=Size(96, 48),
    epochs=8,
    batches=partial(people_by_pictures, people=8, pictures=4),
    augment={
        "flip": flip,
        "pad_crop": partial(pad_crop, pad=5),
        "erase": partial(erase, p=0.2),
    },
    losses={
        "identity": (1.0, partial(identity, smoothing=0.1)),
        "triplet": (1.0, partial(batch_hard_triplet, margin=0.3)),
    },
    optimizer=partial(AdamW, lr=4e-3, weight_decay=5e-2),
    schedule=partial(warmup_cosine, warmup=1.0),
)
