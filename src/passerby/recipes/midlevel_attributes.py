"""Mid-level attribute recognition and part-based identity learning.

Source: Zhang, Xu, "Person Re-identification by Mid-level Attribute and Part-based Identity Learning", ACML 2018.
Published rank-1 / mAP: Market-1501 global 86.58 / 68.08, local 86.34 / 65.89, fused 87.89 / 70.04 (table 2);
DukeMTMC-reID global 77.73 / 59.08, local 77.19 / 57.69, fused 79.67 / 61.48 (table 3).
Ours on these data sets: not measured. On the drawn world: docs/papers/results.md.

Eq. (3), the sum of the losses: mu = 5 for `global`, nu = 4 for `local`, 0.1 for each attribute.

    passerby train midlevel_attributes.market --data DIR --out RUN      62 epochs (50,000 updates); needs a GPU
    passerby train midlevel_attributes.small --data WORLD --out RUN     minutes on two CPU cores
"""

from dataclasses import replace
from functools import partial

from torch.optim import SGD

from passerby.datasets import attributes as labels
from passerby.datasets.dukemtmc import load as load_dukemtmc
from passerby.datasets.market1501 import load as load_market1501
from passerby.images import Size
from passerby.losses.attributes import attributes
from passerby.losses.identity import identity
from passerby.models.attribute_heads import DUKE_HEADS, MARKET_HEADS
from passerby.models.backbone import backbone
from passerby.models.midlevel_attributes import MidlevelAttributes
from passerby.recipes import baseline
from passerby.training.augment import flip
from passerby.training.batches import shuffled
from passerby.training.recipe import Recipe
from passerby.training.schedule import steps

resnet50 = partial(backbone, name="resnet50.tv_in1k", zero_init_last=False)

market = Recipe(
    model=partial(MidlevelAttributes, backbone=resnet50, heads=MARKET_HEADS, parts=7),
    data=load_market1501,
    labels=labels.market,
    size=Size(224, 224),
    epochs=62,
    batches=partial(shuffled, size=16),
    augment={"flip": flip},
    losses={
        "global": (5.0, partial(identity, only=0)),
        "local": (4.0, partial(identity, only=1)),
        "attributes": (0.1, attributes),
    },
    optimizer=partial(SGD, lr=0.01, momentum=0.9, weight_decay=5e-4),
    # every 20,000 updates, of which an epoch of 12,936 pictures has 808
    schedule=partial(steps, steps=(20_000 / 808, 40_000 / 808)),
    frozen_batch_norm="statistics",
    pretrained=True,
)
dukemtmc = replace(
    market,
    model=partial(MidlevelAttributes, backbone=resnet50, heads=DUKE_HEADS, parts=7),
    data=load_dukemtmc,
    labels=labels.duke,
    # an epoch of 16,522 pictures has 1,032 updates
    epochs=48,
    schedule=partial(steps, steps=(20_000 / 1032, 40_000 / 1032)),
)

small = replace(
    baseline.small,
    # the map of a picture of 128 rows has 8, with the last stride removed
    model=partial(MidlevelAttributes, backbone=baseline.narrow, heads=MARKET_HEADS, parts=8, part_channels=64),
    labels=labels.market,
    losses=market.losses,
)
